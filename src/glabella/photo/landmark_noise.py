"""How the landmark model's points differ from those of our head: the mean difference, and what varies from face to face.

Both come from painted heads (``tools/fit_photo_landmarks.py``), in mm of a face with pupils 63 mm apart. What varies does so together,
since the model slides whole regions along skin that has no features: the covariance is that of the heads and their mirror images,
weaker between landmarks far apart, of which so few heads say little.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from glabella.face import load_face, read_archive
from glabella.photo.landmarks import mirrored_landmarks

NEAR_MM, FAR_SHARE = 25.0, 0.5  # this share of a covariance stays at any distance, the rest falls off over NEAR_MM


@dataclass(frozen=True, eq=False)
class LandmarkNoise:
    """``offsets_mm`` (468, 2) to the left and up in the head's frame; ``left_mm`` (heads, 468, 2) what was left over of each painted
    head, to the right and up in the picture."""

    offsets_mm: np.ndarray
    left_mm: np.ndarray

    @cached_property
    def varying(self) -> np.ndarray:
        """(936, 936) covariance of columns and rows in turn, rows downwards, in square mm."""
        heads = np.concatenate([self.left_mm, self.left_mm[:, mirrored_landmarks()[:468]] * [-1, 1]]) * [1, -1]
        flat, points = heads.reshape(len(heads), -1), load_face().landmarks
        squared = ((points[:, None] - points) ** 2).sum(-1)
        kept = FAR_SHARE + (1 - FAR_SHARE) * np.exp(-0.5 * squared / NEAR_MM**2)
        return flat.T @ flat / len(flat) * np.kron(kept, np.ones((2, 2)))

    def covariance(self, white_mm: float) -> np.ndarray:
        """The same with ``white_mm`` on top, which painted heads do not show."""
        return self.varying + white_mm**2 * np.eye(len(self.varying))

    def draw(self, random: np.random.Generator, white_mm: float, count: int) -> np.ndarray:
        """(936, count) draws of that."""
        whole = self.covariance(white_mm)
        return np.linalg.cholesky(whole) @ random.normal(size=(len(whole), count))


@cache
def landmark_noise() -> LandmarkNoise:
    """The shipped one."""
    archive = read_archive("photo_landmarks.npz")
    return LandmarkNoise(0.01 * archive["offsets"].astype(float), 0.1 * archive["left"].astype(float))
