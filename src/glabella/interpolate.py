"""Linear interpolation on a regular grid as a sparse matrix: made once per set of places, applied to any number of quantities.

The same numbers as ``scipy.ndimage.map_coordinates`` of order 1, without the tenth of a second that importing ``scipy.ndimage`` costs
every run.
"""

from itertools import product

import numpy as np
import scipy.sparse as sp


def linear(shape: tuple[int, ...], places: np.ndarray, outside: float = 1.0) -> sp.csr_matrix:
    """Matrix (m, size of the grid) from values on a grid of ``shape`` (d), flattened, to values at fractional indices ``places`` (d, m).

    Beyond the outermost points of the grid: the value at its edge, times ``outside``.
    """
    last = np.array(shape)[:, None] - 1
    within = np.clip(places, 0, last)
    low = np.minimum(within.astype(np.intp), np.maximum(last - 1, 0))
    share = np.stack([1 - (within - low), within - low])
    stride = np.cumprod([1, *shape[:0:-1]])[::-1]
    step = np.where(np.array(shape) > 1, stride, 0)
    corners = np.array(list(product((0, 1), repeat=len(shape))))
    index = stride @ low + (corners @ step)[:, None]
    weight = np.ones(index.shape)
    for axis in range(len(shape)):
        weight *= share[corners[:, axis], axis]
    if outside != 1:
        weight *= np.where((within == places).all(0), 1.0, outside)
    rows, count = places.shape[1], len(corners)
    return sp.csr_matrix((weight.T.ravel(), index.T.ravel(), np.arange(0, rows * count + 1, count)), (rows, int(np.prod(shape))))
