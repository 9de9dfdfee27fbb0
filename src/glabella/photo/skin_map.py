"""The fitted skin as the picture's pixels see it: values of the head's vertices carried to pixels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from glabella.photo.fit import FittedHead
from glabella.raster import rasterise

ROOM = 0.12  # around the head's upper face, as a share of its width
DOWN_TO_MM = -70.0  # the map ends below the mouth


@dataclass(frozen=True, eq=False)
class SkinMap:
    """A window of the picture: ``low`` (2,) its first column and row, ``shape`` (rows, columns), ``triangle`` (rows, columns) of
    ``seen.surface(2)`` in each pixel (-1: no skin) and ``share`` (rows, columns, 3) the barycentric place in it."""

    head: FittedHead
    low: np.ndarray
    shape: tuple[int, int]
    triangle: np.ndarray
    share: np.ndarray

    @property
    def window(self) -> tuple[slice, slice]:
        """The window in the picture's rows and columns."""
        return slice(self.low[1], self.low[1] + self.shape[0]), slice(self.low[0], self.low[0] + self.shape[1])

    @cached_property
    def inside(self) -> np.ndarray:
        """(rows, columns): whether there is skin."""
        return self.triangle >= 0

    def carry(self, values: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """Values (n, ...) of the vertices of ``surface(2)`` at the pixels, (rows, columns, ...)."""
        corners = self.head.seen.surface(2).triangles[self.triangle[self.inside]]
        weights = self.share[self.inside]
        found = np.einsum("nk,nk...->n...", weights, np.asarray(values)[corners])
        whole = np.full((*self.shape, *np.shape(values)[1:]), outside)
        whole[self.inside] = found
        return whole


def map_skin(head: FittedHead, picture_shape: tuple[int, int], pixels: np.ndarray | None = None) -> SkinMap:
    """The map of the upper face inside a picture of (rows, columns); ``pixels`` (n, 3) where the vertices are, if they were moved."""
    shown = head.pixels if pixels is None else pixels
    surface = head.seen.surface(2)
    upper = surface.vertices[:, 1] > DOWN_TO_MM
    front = surface.normals @ (head.camera.turn.T @ [0.0, 0.0, 1.0]) > 0
    flat = shown[upper & front, :2]
    room = ROOM * np.ptp(flat[:, 0])
    rows, columns = picture_shape
    low = np.clip(np.floor(flat.min(0) - room), 0, [columns - 1, rows - 1]).astype(int)
    high = np.clip(np.ceil(flat.max(0) + room), 1, [columns, rows]).astype(int)
    shape = (int(high[1] - low[1]), int(high[0] - low[0]))
    moved = shown - [*low, 0.0]
    triangle = rasterise(moved, surface.triangles, shape).triangle
    share = np.zeros((*shape, 3))
    inside = triangle >= 0
    row, column = np.nonzero(inside)
    corner = moved[surface.triangles[triangle[inside]], :2]
    b, c, p = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0], np.stack([column, row], 1) - corner[:, 0]
    det = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    v = (p[:, 0] * c[:, 1] - p[:, 1] * c[:, 0]) / det
    w = (b[:, 0] * p[:, 1] - b[:, 1] * p[:, 0]) / det
    share[inside] = np.stack([1 - v - w, v, w], 1)
    return SkinMap(head, low, shape, triangle, share)
