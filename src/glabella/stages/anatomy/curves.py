"""Smooth curves through a few given points: the cubic interpolants that the atlas is drawn with.

The same curves as scipy's ``PchipInterpolator`` and ``CubicSpline`` (tests/unit/test_curves.py), without the third of a second that
importing ``scipy.interpolate`` costs every run.
"""

import numpy as np


def through(x: np.ndarray, y: np.ndarray, slopes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Cubic pieces with values ``y`` (n, ...) and ``slopes`` (n, ...) at rising ``x`` (n,), at places ``at`` (m,): (m, ...)."""
    index = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    length = _like(np.diff(x)[index], y)
    s = _like(at - x[index], y) / length
    rise = (y[index + 1] - y[index]) / length
    start, end = slopes[index], slopes[index + 1]
    return y[index] + length * s * (start + s * (3 * rise - 2 * start - end + s * (start + end - 2 * rise)))


def without_overshoot(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Monotone where the points are: harmonic mean slopes (Fritsch and Butland, SIAM J Sci Stat Comput 5:300, 1984)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    h = _like(np.diff(x), y)
    rise = np.diff(y, axis=0) / h
    slopes = np.empty_like(y)
    if len(x) == 2:
        slopes[:] = rise[0]
        return through(x, y, slopes, at)
    before, after = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    turns = rise[1:] * rise[:-1] <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes[1:-1] = np.where(turns, 0.0, (before + after) / (before / rise[:-1] + after / rise[1:]))
    slopes[0] = _end_slope(h[0], h[1], rise[0], rise[1])
    slopes[-1] = _end_slope(h[-1], h[-2], rise[-1], rise[-2])
    return through(x, y, slopes, at)


def _end_slope(h0: np.ndarray, h1: np.ndarray, rise0: np.ndarray, rise1: np.ndarray) -> np.ndarray:
    slope = ((2 * h0 + h1) * rise0 - h0 * rise1) / (h0 + h1)
    steep = (np.sign(rise0) != np.sign(rise1)) & (np.abs(slope) > 3 * np.abs(rise0))
    return np.where(np.sign(slope) != np.sign(rise0), 0.0, np.where(steep, 3 * rise0, slope))


def smooth(x: np.ndarray, y: np.ndarray, at: np.ndarray, closed: bool = False) -> np.ndarray:
    """Two continuous derivatives; no curvature at the ends, or ``closed`` to a ring (the last point is the first again)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    h = np.diff(x)
    rise = np.diff(y, axis=0) / _like(h, y)
    n = len(x) - 1 if closed else len(x)
    matrix, right = np.zeros((n, n)), np.zeros((n, *y.shape[1:]))
    for k in range(n) if closed else range(1, n - 1):
        matrix[k, (k - 1) % n] += h[k]
        matrix[k, k] += 2 * (h[k - 1] + h[k])
        matrix[k, (k + 1) % n] += h[k - 1]
        right[k] = 3 * (h[k] * rise[k - 1] + h[k - 1] * rise[k])
    if not closed:
        matrix[0, :2], right[0] = (2, 1), 3 * rise[0]
        matrix[-1, -2:], right[-1] = (1, 2), 3 * rise[-1]
    slopes = np.linalg.solve(matrix, right.reshape(n, -1)).reshape(right.shape)
    return through(x, y, np.concatenate([slopes, slopes[:1]]) if closed else slopes, at)


def _like(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) with as many axes as ``y``."""
    return values.reshape(-1, *(1,) * (y.ndim - 1))
