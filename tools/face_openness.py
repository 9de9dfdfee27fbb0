"""How much of the surrounding light reaches each place of the head: ambient occlusion, baked because it takes seconds."""

import numpy as np

from glabella.face import Surface
from glabella.report.raster import Camera, rasterise

DIRECTIONS = 400
PIXELS_PER_MM = 1.0
LIFT_MM = 1.5  # the point looks out from this far above the skin, so that its own triangles do not hide the sky


def measure_openness(surface: Surface) -> np.ndarray:
    """Share (n,) 0 to 1 of the cosine-weighted sky that each vertex sees past the rest of the head."""
    used = np.bincount(surface.triangles.ravel(), minlength=len(surface.vertices)) > 0
    middle = (surface.vertices[used].min(0) + surface.vertices[used].max(0)) / 2
    size = float(np.linalg.norm(np.ptp(surface.vertices[used], axis=0))) + 10
    eye = surface.vertices + LIFT_MM * surface.normals
    seen, total = np.zeros(len(eye)), np.zeros(len(eye))
    for azimuth, elevation in _even_directions(DIRECTIONS):
        camera = Camera(azimuth, elevation, tuple(middle), size, size, PIXELS_PER_MM)
        towards = np.maximum(surface.normals @ camera.axes[2], 0)
        depth = rasterise(camera.project(surface.vertices), surface.triangles, camera.shape).depth_mm
        place = camera.project(eye)
        column, row = np.rint(place[:, :2]).astype(int).T
        seen += towards * (place[:, 2] > depth[row, column] - 0.5)
        total += towards
    openness = np.where(total > 0, seen / np.maximum(total, 1e-9), 1.0)
    openness[used] = (openness + openness[surface.mirror])[used] / 2
    return _smoothed(surface, openness)


def _even_directions(count: int) -> list[tuple[float, float]]:
    """(azimuth, elevation) in degrees, spread evenly over the sphere (a Fibonacci lattice)."""
    i = np.arange(count)
    azimuth = (360 * (i / ((1 + 5**0.5) / 2))) % 360
    elevation = np.degrees(np.arcsin(1 - (2 * i + 1) / count))
    return list(zip(azimuth.tolist(), elevation.tolist(), strict=True))


def _smoothed(surface: Surface, values: np.ndarray) -> np.ndarray:
    """One pass of averaging over the triangles around each vertex: takes out the grain of the depth pictures."""
    area = surface.triangle_areas_mm2
    around = surface.sum_at_corners(area)
    mean = surface.sum_at_corners(area * values[surface.triangles].mean(1)) / np.maximum(around, 1e-12)
    return np.where(around > 0, mean, values)
