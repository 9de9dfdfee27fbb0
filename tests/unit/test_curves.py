"""The atlas's interpolants against scipy's."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline, PchipInterpolator

from glabella.stages.anatomy.curves import smooth, without_overshoot

X = np.array([0.0, 0.7, 1.0, 2.5, 2.9, 4.0, 6.0])
AT = np.linspace(0, 6, 301)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((len(X), 4, 2))


def test_without_overshoot_is_scipys_pchip(values):
    values[2] = values[1]  # a flat piece
    values[-3:] = np.sort(values[-3:], axis=0)  # and a rising end
    assert np.abs(without_overshoot(X, values, AT) - PchipInterpolator(X, values)(AT)).max() < 1e-13
    assert np.abs(without_overshoot(X[:2], values[:2], AT[:30]) - PchipInterpolator(X[:2], values[:2])(AT[:30])).max() < 1e-13


def test_smooth_is_scipys_natural_spline(values):
    assert np.abs(smooth(X, values, AT) - CubicSpline(X, values, bc_type="natural")(AT)).max() < 1e-12
    assert np.abs(smooth(X[:3], values[:3, 0, 0], AT[:50]) - CubicSpline(X[:3], values[:3, 0, 0], bc_type="natural")(AT[:50])).max() < 1e-12


def test_closed_is_scipys_periodic_spline(values):
    values[-1] = values[0]
    assert np.abs(smooth(X, values, AT, closed=True) - CubicSpline(X, values, bc_type="periodic")(AT)).max() < 1e-12
