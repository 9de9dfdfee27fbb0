"""Nearest of many points, for a few places close together: a box around them instead of a tree over everything.

A tree over a whole face takes longer to plant than a run asks it for, and ``scipy.spatial`` a good part of a cold start to import.
Ties go to the lower number.
"""

from dataclasses import dataclass

import numpy as np

START_MM = 8.0  # half the side of the first box; it is doubled until it is wide enough
MOST = 2_000_000  # distances at once; a question that needs more is one for a tree


def squared_distances(places: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Square of the distance from each of places (n, 3) to each of points (m, 3): (n, m)."""
    x, y, z = ((places[:, None, axis] - points[:, axis]) ** 2 for axis in range(3))
    return x + y + z


@dataclass(frozen=True, eq=False)
class SortedPoints:
    """Points (m, 3) in mm sorted by height, and the ``number`` (m,) of each among those given."""

    points: np.ndarray
    number: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray) -> "SortedPoints":
        """Sort points (m, 3)."""
        number = np.argsort(points[:, 1], kind="stable")
        return cls(points[number], number)

    def nearest(self, places: np.ndarray, count: int = 1) -> np.ndarray | None:
        """Numbers (n, count) of the points nearest to each of ``places`` (n, 3), the nearest first; None where ``MOST`` is passed."""
        reach_mm, count = START_MM, min(count, len(self.points))
        while True:
            near = self._box(places, reach_mm)
            if len(near) * len(places) > MOST:
                return None
            if len(near) >= count:
                squared = squared_distances(places, self.points[near])
                first = np.sort(np.argpartition(squared, count - 1, axis=1)[:, :count], axis=1)
                gap = np.take_along_axis(squared, first, 1)
                if len(near) == len(self.points) or gap.max() <= reach_mm**2:
                    order = np.argsort(gap, axis=1, kind="stable")
                    return self.number[near][np.take_along_axis(first, order, 1)]
            reach_mm *= 2

    def within(self, place: np.ndarray, reach_mm: float) -> np.ndarray:
        """Numbers (n,), rising, of the points at most ``reach_mm`` from a place (3,)."""
        near = self._box(place[None], reach_mm)
        return self.number[near[((self.points[near] - place) ** 2).sum(1) <= reach_mm**2]]

    def _box(self, places: np.ndarray, reach_mm: float) -> np.ndarray:
        """Which sorted points lie in the box around ``places`` and ``reach_mm`` beyond it, in the order of their numbers."""
        low, high = places.min(0) - reach_mm, places.max(0) + reach_mm
        first, last = np.searchsorted(self.points[:, 1], [low[1], high[1]], "left")
        slab = self.points[first:last]
        inside = (slab[:, 0] >= low[0]) & (slab[:, 0] <= high[0]) & (slab[:, 2] >= low[2]) & (slab[:, 2] <= high[2])
        near = first + np.flatnonzero(inside)
        return near[np.argsort(self.number[near])]
