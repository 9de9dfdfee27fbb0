"""The orthographic camera of the report's pictures; the z-buffer is the library's."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from glabella.errors import InputError
from glabella.raster import Fragments, rasterise

LARGEST_PICTURE_PIXELS = 40_000_000

__all__ = ["Camera", "Fragments", "rasterise"]


@dataclass(frozen=True)
class Camera:
    """An orthographic camera.

    ``azimuth_degrees``: 0 looks at the person from the front, +90 from the person's left; ``elevation_degrees``: positive
    looks down from above. ``centre`` (3,) mm is the middle of the picture, ``width_mm`` x ``height_mm`` what fits into it.
    """

    azimuth_degrees: float = 0.0
    elevation_degrees: float = 0.0
    centre: tuple[float, float, float] = (0.0, -8.0, 0.0)
    width_mm: float = 200.0
    height_mm: float = 256.0
    pixels_per_mm: float = 3.5

    def __post_init__(self) -> None:
        rows, columns = self.shape
        if not 0 < rows * columns <= LARGEST_PICTURE_PIXELS:
            raise InputError(
                f"camera: a picture of {columns} x {rows} pixels is empty or too large (limit {LARGEST_PICTURE_PIXELS:,}); "
                "change width_mm, height_mm or pixels_per_mm"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the picture."""
        return round(self.height_mm * self.pixels_per_mm), round(self.width_mm * self.pixels_per_mm)

    @cached_property
    def axes(self) -> np.ndarray:
        """(3, 3): rows are the picture's right, the picture's up, and the direction towards the viewer."""
        a, e = np.radians(self.azimuth_degrees), np.radians(self.elevation_degrees)
        right = np.array([np.cos(a), 0.0, -np.sin(a)])
        viewer = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
        return np.stack([right, np.cross(viewer, right), viewer])

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3): column and row in pixels (whole numbers are the middles of pixels), then mm towards the viewer."""
        seen = (np.asarray(points, float) - self.centre) @ self.axes.T
        rows, columns = self.shape
        column = seen[..., 0] * self.pixels_per_mm + (columns - 1) / 2
        row = (rows - 1) / 2 - seen[..., 1] * self.pixels_per_mm
        return np.stack([column, row, seen[..., 2]], -1)
