"""Where the light comes from, told from how bright the fitted skin is by the way it faces: what makes a furrow look deeper or shallower."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

GAMMA = 2.2  # of sRGB, near enough
DARKEST_SHARE = 1e-4
LEAST_FACING = 0.35  # cosine to the camera below which skin is not looked at
SMOOTH_MM = 1.0
PASSES = 8
RIDGE = 1e-2
TILT = 0.35  # half of the tilt over which the change of light is taken, as a tangent


@dataclass(frozen=True, eq=False)
class Lighting:
    """``ln_light`` (rows, columns) of the window, smoothed; ``normals`` (rows, columns, 3) in the camera's frame; ``strengths`` (9,) of
    spherical harmonics up to the second order that tell ln light from the normal."""

    ln_light: np.ndarray
    normals: np.ndarray
    strengths: np.ndarray

    def steepness(self, row: np.ndarray, column: np.ndarray, along: np.ndarray) -> float:
        """How much ln light changes per radian that the skin at these pixels is tilted along unit vectors (n, 3)."""
        normal = _unit(self.normals[row, column])
        ends = [_harmonics(_unit(normal + way * TILT * along)) @ self.strengths for way in (1, -1)]
        change = np.abs(ends[0] - ends[1])
        return float(change[np.isfinite(change)].mean()) / (2 * TILT) if np.isfinite(change).any() else 0.0


def find_lighting(luminance: np.ndarray, normals: np.ndarray, bare: np.ndarray, pixels_per_mm: float) -> Lighting:
    """The light on ``bare`` (rows, columns) skin with ``normals``; what does not follow the skin (eyes, hair, shadows) counts little."""
    share = np.maximum((luminance / 255.0) ** GAMMA, DARKEST_SHARE)
    ln_light = np.log(gaussian_filter(share, SMOOTH_MM * pixels_per_mm))
    step = max(int(pixels_per_mm), 1)
    pick = np.zeros_like(bare)
    pick[::step, ::step] = True
    pick &= bare & (normals[..., 2] > LEAST_FACING)
    basis, seen = _harmonics(normals[pick]), ln_light[pick]
    weight, strengths = np.ones(len(seen)), np.zeros(9)
    for _ in range(PASSES if len(seen) > 9 else 0):
        weighed = basis * weight[:, None]
        strengths = np.linalg.solve(weighed.T @ weighed + RIDGE * np.eye(9), weighed.T @ (seen * weight))
        off = np.abs(seen - basis @ strengths)
        weight = 1 / (1 + (off / (1.5 * np.median(off) + 1e-6)) ** 2)
    return Lighting(ln_light, normals, strengths)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _harmonics(normals: np.ndarray) -> np.ndarray:
    x, y, z = normals.T
    return np.stack([np.ones(len(x)), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], 1)
