"""Where the light in a picture comes from: the shading of bare skin over the fitted head.

Light that falls on a matt surface from anywhere is, to first order, a constant and a direction: brightness = a + b . n for the
skin's normal n. The two are fitted to linear light with outliers (hair, shine, shadows of the nose) weighed down. Spots and beards
bend the fit the same way in every picture of a person, so it is the difference between two pictures that is trusted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from glabella.photo.photo import PhotoFace

BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIDS = (33, 133, 159, 145, 158, 153, 160, 144, 263, 362, 386, 374, 385, 380, 387, 373)
MOUTH = (61, 291, 0, 17, 37, 267, 84, 314, 13, 14)
KEEP_OFF = ((BROWS, 8.0), (LIDS, 9.0), (MOUTH, 10.0), ((2, 98, 327), 7.0))  # landmarks, and how far around them no skin is taken, mm
LOW_MM, ABOVE_MM = -62.0, 4.0  # from the eyes down to the upper lip; above the highest landmark
FACING = 0.35
BLUR_MM = 1.2
ROUNDS, TUKEY = 8, 4.685
LEAST_POINTS = 300


@dataclass(frozen=True, eq=False)
class Light:
    """``lean`` (3,) in the head's frame (left, up, ahead): how much brighter skin is, in its mean light, when it faces that way;
    ``level``: mean linear light of the skin, 0 to 1."""

    lean: np.ndarray
    level: float

    @property
    def strength(self) -> float:
        """0 for light from everywhere; near 1 for one lamp in the dark."""
        return float(np.linalg.norm(self.lean))

    @property
    def from_left_degrees(self) -> float:
        """Where it comes from, about the vertical: positive on the person's left."""
        return float(np.degrees(np.arctan2(self.lean[0], max(self.lean[2], 1e-9))))

    @property
    def from_above_degrees(self) -> float:
        """Where it comes from, above the level of the eyes."""
        return float(np.degrees(np.arctan2(self.lean[1], max(float(np.hypot(self.lean[0], self.lean[2])), 1e-9))))


def estimate_light(photo: PhotoFace) -> Light | None:
    """The light on the face of a picture; None where too little skin is seen."""
    head = photo.head
    surface, landmarks = head.seen.surface(2), head.seen.landmarks
    at, normals = surface.vertices, surface.normals
    ahead = head.camera.viewer - at
    facing = (normals * ahead).sum(1) / np.linalg.norm(ahead, axis=1)
    use = (facing > FACING) & (at[:, 1] > LOW_MM) & (at[:, 1] < landmarks[10, 1] + ABOVE_MM)
    for places, room_mm in KEEP_OFF:
        gap = at[:, None] - landmarks[list(places)]
        use &= (gap**2).sum(2).min(1) > room_mm**2
    pixels = head.pixels[:, :2]
    rows, columns = photo.picture.shape
    use &= (pixels >= 1).all(1) & (pixels[:, 0] < columns - 2) & (pixels[:, 1] < rows - 2)
    if use.sum() < LEAST_POINTS:
        return None
    low, high = pixels[use].min(0).astype(int), pixels[use].max(0).astype(int) + 2
    part = linear_light(photo.picture.pixels[low[1] : high[1], low[0] : high[0]])
    smooth = gaussian_filter(part, BLUR_MM * head.camera.pixels_per_mm)
    bright = map_coordinates(smooth, (pixels[use] - low)[:, ::-1].T, order=1, mode="nearest")
    design = np.c_[np.ones(len(bright)), normals[use]]
    weight = np.ones(len(bright))
    found = np.zeros(4)
    for _ in range(ROUNDS):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(design * root[:, None], bright * root, rcond=None)[0]
        off = np.abs(bright - design @ found)
        spread = TUKEY * max(1.4826 * float(np.median(off)), 1e-6)
        weight = np.where(off < spread, (1 - (off / spread) ** 2) ** 2, 0.0)
    level = float((weight * bright).sum() / weight.sum())
    return Light(found[1:] / max(level, 1e-6), level)


def linear_light(pixels: np.ndarray) -> np.ndarray:
    """(rows, columns) of amounts of light, 0 to 1, from 8-bit sRGB (rows, columns, 3)."""
    share = np.arange(256) / 255
    table = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return (table[pixels] @ np.array([0.2126, 0.7152, 0.0722])).astype(np.float32)
