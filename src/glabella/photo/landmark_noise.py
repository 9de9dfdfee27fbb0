"""How the landmark model's points differ from those of our head: the mean difference, and what varies from face to face.

Both come from painted heads (``tools/fit_photo_landmarks.py``), in mm of a face with pupils 63 mm apart. What varies does so together:
the model slides whole regions along skin that has no features, so its errors are a few modes and a rest of each landmark's own.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from glabella.face import read_archive

HUNDREDTHS = 0.01


@dataclass(frozen=True, eq=False)
class LandmarkNoise:
    """``offsets_mm`` (468, 2) to the left and up in the head's frame; ``modes_mm`` (k, 468, 2) right and up in the picture, each with a
    standard normal strength; ``own_mm`` (468, 2) standard deviation of what is left."""

    offsets_mm: np.ndarray
    modes_mm: np.ndarray
    own_mm: np.ndarray

    def covariance(self, white_mm: float) -> np.ndarray:
        """(936, 936) of columns and rows in turn, rows downwards; ``white_mm`` is what painted heads do not show."""
        modes = (self.modes_mm * [1, -1]).reshape(len(self.modes_mm), -1)
        found = modes.T @ modes
        found[np.diag_indices_from(found)] += self.own_mm.ravel() ** 2 + white_mm**2
        return found

    def draw(self, random: np.random.Generator, white_mm: float) -> np.ndarray:
        """(936,) one draw of that."""
        modes = (self.modes_mm * [1, -1]).reshape(len(self.modes_mm), -1)
        own = np.sqrt(self.own_mm.ravel() ** 2 + white_mm**2) * random.normal(size=modes.shape[1])
        return random.normal(size=len(modes)) @ modes + own


@cache
def landmark_noise() -> LandmarkNoise:
    """The shipped one."""
    archive = read_archive("photo_landmarks.npz")
    return LandmarkNoise(*(HUNDREDTHS * archive[name].astype(float) for name in ("offsets", "modes", "own")))
