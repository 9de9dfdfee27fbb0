"""Z-buffer: which triangle of a mesh is seen at each sample of a picture. numpy only."""

from dataclasses import dataclass

import numpy as np

from glabella.face import ragged

TRIANGLES_AT_A_TIME = 2_000


@dataclass(frozen=True)
class Fragments:
    """What the z-buffer kept: ``triangle`` (rows, columns), -1 where nothing is; ``depth_mm`` towards the viewer, -inf there."""

    triangle: np.ndarray
    depth_mm: np.ndarray


def rasterise(points: np.ndarray, triangles: np.ndarray, shape: tuple[int, int]) -> Fragments:
    """Front-most triangle at each whole (column, row) of ``shape``; ``points`` (n, 3) are column, row and height.

    Triangles seen from behind are left out. Row by row: each triangle becomes one span per picture row, each span its samples,
    and the samples go into the z-buffer, a few thousand triangles at a time so that all of it stays in the processor's cache.
    """
    rows, columns = shape
    x, y = (points[:, k][triangles] for k in (0, 1))
    area = (y[:, 1] - y[:, 0]) * (x[:, 2] - x[:, 0]) - (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0])  # rows count downwards
    first = np.maximum(np.ceil(y.min(1)), 0).astype(np.int64)
    last = np.minimum(np.floor(y.max(1)), rows - 1).astype(np.int64)
    drawn = np.flatnonzero((area > 1e-9) & (x.max(1) >= 0) & (x.min(1) <= columns - 1) & (first <= last))
    triangle, depth = np.full(rows * columns, -1), np.full(rows * columns, -np.inf)
    for start in range(0, len(drawn), TRIANGLES_AT_A_TIME):
        part = drawn[start : start + TRIANGLES_AT_A_TIME]
        owner, place, height = _samples(points[triangles[part]], first[part], last[part], columns)
        np.maximum.at(depth, place, height)
        front = height == depth[place]
        triangle[place[front]] = part[owner[front]]
    return Fragments(triangle.reshape(shape), depth.reshape(shape))


def _samples(corner: np.ndarray, first: np.ndarray, last: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(triangle, row * columns + column, height) of all samples inside triangles with corners (m, 3, 3) between two rows."""
    b, c = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    det = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    per_column = (b[:, 2] * c[:, 1] - b[:, 1] * c[:, 2]) / det
    per_row = (b[:, 0] * c[:, 2] - b[:, 2] * c[:, 0]) / det
    base = corner[:, 0, 2] - per_column * corner[:, 0, 0] - per_row * corner[:, 0, 1]

    owner, offset = ragged(last - first + 1)
    row = first[owner] + offset
    left, right = np.full(len(row), -0.5), np.full(len(row), columns - 0.5)
    for k in range(3):  # an edge that runs down the picture bounds its triangle on the left, one that runs up on the right
        start, end = corner[:, k], corner[:, (k + 1) % 3]
        rise = end[:, 1] - start[:, 1]
        run = (end[:, 0] - start[:, 0]) / np.where(rise == 0, np.inf, rise)
        crossing = (start[:, 0] - run * start[:, 1])[owner] + run[owner] * row
        np.maximum(left, crossing, out=left, where=(rise > 0)[owner])
        np.minimum(right, crossing, out=right, where=(rise < 0)[owner])
    left = np.ceil(left - 1e-6).astype(np.int64)
    length = np.maximum(np.floor(right + 1e-6).astype(np.int64) - left + 1, 0)

    span, step = ragged(length)
    height = (base[owner] + per_row[owner] * row + per_column[owner] * left)[span] + per_column[owner][span] * step
    return owner[span], (row * columns + left)[span] + step, height
