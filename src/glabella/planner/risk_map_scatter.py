"""Chance over the scatter of the needle: a fixed set of offsets along the skin and in depth around every place.

Along the skin the offsets are a Fibonacci lattice and its mirror image over a square of a few standard deviations, with normal
weights: as dense far out as near by, so that small chances come out as smoothly as large ones. In depth they are the nodes of Gauss
and Hermite.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from glabella.planner.risk_map_skin import Lattice
from glabella.stages.anatomy.places import skin_axes

OFFSETS, GENERATOR = 610, 377  # two Fibonacci numbers in a row
REACH_SD = 4.2
DEPTHS = 7
AT_A_TIME = 48


def offsets_along_skin(sd_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """(offsets (m, 2) in mm to the left and up, weights (m,) that add up to one) of a normal scatter of ``sd_mm`` per axis."""
    number = np.arange(OFFSETS)
    unit = np.stack([(number + 0.5) / OFFSETS, (number * GENERATOR % OFFSETS + 0.5) / OFFSETS], 1)
    away = REACH_SD * (2 * unit - 1)
    away = np.concatenate([away, away * [-1, 1]])
    weight = np.exp(-(away**2).sum(1) / 2)
    return sd_mm * away, weight / weight.sum()


def offsets_in_depth(sd_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """(offsets (k,) in mm deeper, weights (k,) that add up to one)."""
    if sd_mm <= 0:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(DEPTHS)
    return sd_mm * nodes, weights / weights.sum()


def scatter_matrix(lattice: Lattice, rows: np.ndarray, sd_mm: float, tell: Callable[[float], None]) -> sp.csr_matrix:
    """Sparse (rows, lattice): values on the lattice averaged over the scatter around the places ``rows`` (numbers into the lattice)."""
    away, weight = offsets_along_skin(sd_mm)
    points, (left, up) = lattice.entries.points[rows], skin_axes(lattice.entries.normals[rows])
    high = np.array(lattice.shape) - 2
    parts = []
    for start in range(0, len(rows), AT_A_TIME):
        here = slice(start, min(start + AT_A_TIME, len(rows)))
        moved = points[here, None] + away[:, :1] * left[here, None] + away[:, 1:] * up[here, None]
        index = np.clip(lattice.feet(moved.reshape(-1, 3)), 0, (high + 1)[:, None])
        low = np.minimum(index.astype(int), high[:, None])
        u, v = index - low
        row = np.repeat(np.arange(len(moved)), len(weight))
        first = low[0] * lattice.shape[1] + low[1]
        columns = np.stack([first, first + 1, first + lattice.shape[1], first + lattice.shape[1] + 1])
        shares = np.tile(weight, len(moved)) * np.stack([(1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v])
        entries = shares.ravel(), (np.tile(row, 4), columns.ravel())
        parts.append(sp.csr_matrix(entries, (len(moved), len(lattice.entries))))
        tell(here.stop / len(rows))
    return sp.csr_matrix(sp.vstack(parts)) if parts else sp.csr_matrix((0, len(lattice.entries)))
