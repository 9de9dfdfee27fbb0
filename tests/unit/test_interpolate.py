"""Linear interpolation against scipy's."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from glabella.interpolate import linear


@pytest.mark.parametrize("shape", [(7,), (7, 6), (5, 7, 2), (4, 1, 3)])
def test_linear_is_scipys_order_one(shape):
    random = np.random.default_rng(0)
    values = random.standard_normal(shape)
    places = random.uniform(-1.5, np.array(shape)[:, None] + 0.5, (len(shape), 2000))
    places[:, :50] = np.rint(places[:, :50])  # on the points themselves, and on the border
    for outside, mode in ((1.0, "nearest"), (0.0, "constant")):
        expected = map_coordinates(values, places, order=1, mode=mode)
        assert np.abs(linear(shape, places, outside) @ values.ravel() - expected).max() < 1e-14


def test_one_matrix_serves_many_quantities():
    values = np.random.default_rng(1).standard_normal((12, 5))
    places = np.array([[0.5, 2.0], [1.25, 3.0]])
    together = linear((3, 4), places) @ values
    assert np.array_equal(together, np.stack([linear((3, 4), places) @ column for column in values.T], 1))
