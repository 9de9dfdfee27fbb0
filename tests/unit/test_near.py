"""Nearest points by boxes: the same as scipy's tree says, and ties to the lower number."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from glabella.near import MOST, SortedPoints


def cloud(count=5000, seed=3):
    return np.random.default_rng(seed).uniform(-60, 60, (count, 3))


@pytest.mark.parametrize("places", [cloud(40, 4) * 0.1, cloud(3, 5) * 5], ids=["inside", "far outside"])
@pytest.mark.parametrize("count", [1, 12])
def test_nearest_are_those_of_a_tree(places, count):
    points = cloud()
    wanted = cKDTree(points).query(places, k=np.arange(1, count + 1))[1]
    assert np.array_equal(SortedPoints.of(points).nearest(places, count), wanted)


def test_within_are_those_of_a_tree_in_the_order_of_their_numbers():
    points = cloud()
    for reach_mm in (0.1, 5.0, 300.0):
        wanted = sorted(cKDTree(points).query_ball_point([3.0, -2.0, 8.0], reach_mm))
        assert SortedPoints.of(points).within(np.array([3.0, -2.0, 8.0]), reach_mm).tolist() == wanted


def test_of_points_equally_near_the_lower_number_comes_first():
    points = np.array([[9.0, 9, 9], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert SortedPoints.of(points).nearest(np.zeros((1, 3)), 4).tolist() == [[1, 2, 3, 4]]


def test_fewer_points_than_asked_for_are_all_there_is():
    assert SortedPoints.of(cloud(3)).nearest(np.zeros((2, 3)), 12).shape == (2, 3)


def test_a_question_for_a_tree_is_not_answered():
    assert SortedPoints.of(cloud()).nearest(cloud(MOST // 5000 + 1, 6)) is None
