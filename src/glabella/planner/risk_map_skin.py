"""The skin as a regular lattice of directions seen from the centre of the tissue grid: where needles enter, and quick look-ups between.

The tissue grid's columns meet the skin once, so that a direction names one place on the face; what is known on a lattice of
directions is known at any place by interpolation.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.ndimage import map_coordinates

from glabella.stages.anatomy import NOMINAL_RADIUS_MM, Anatomy

ROUNDS, ON_SKIN_MM, FARTHEST_MM = 3, 0.02, 2.0  # numerical: how a direction is followed to the skin


@dataclass(frozen=True)
class Entries:
    """Places where a needle can enter: ``points`` (n, 3) mm on the skin, unit ``normals`` (n, 3), ``bone_mm`` (n,) deep the bone.

    ``triangle`` (n,) and ``barycentric`` (n, 3) say where on the surface they lie.
    """

    points: np.ndarray
    normals: np.ndarray
    bone_mm: np.ndarray
    triangle: np.ndarray
    barycentric: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def part(self, chosen: np.ndarray) -> "Entries":
        """Some of the places."""
        return Entries(*(getattr(self, item.name)[chosen] for item in fields(self)))


def enter(points: np.ndarray, anatomy: Anatomy) -> Entries:
    """The places on the skin nearest to ``points`` (n, 3)."""
    surface = anatomy.atlas.surface
    foot = surface.closest(points)
    normals = surface.normal_at(foot.triangle, foot.barycentric)
    return Entries(foot.points, normals, anatomy.bone_depth_at(foot.points), foot.triangle, foot.barycentric)


@dataclass(frozen=True)
class Lattice:
    """Directions ``theta`` (a,) x ``phi`` (b,) in radians and the ``entries`` (a b,) on the skin along them, row by row."""

    anatomy: Anatomy
    theta: np.ndarray
    phi: np.ndarray
    entries: Entries

    @property
    def shape(self) -> tuple[int, int]:
        """(directions in azimuth, directions in elevation)."""
        return len(self.theta), len(self.phi)

    def index(self, points: np.ndarray) -> np.ndarray:
        """Fractional lattice numbers (2, n) of points (n, 3), by their direction."""
        away = points - self.anatomy.grid.centre
        theta = np.arctan2(away[:, 0], away[:, 2])
        phi = np.arcsin(away[:, 1] / np.linalg.norm(away, axis=1))
        steps = self.theta[1] - self.theta[0], self.phi[1] - self.phi[0]
        return np.stack([(theta - self.theta[0]) / steps[0], (phi - self.phi[0]) / steps[1]])

    def look_up(self, values: np.ndarray, index: np.ndarray, order: Literal[1, 3] = 1) -> np.ndarray:
        """Values (a b,) of the lattice at fractional numbers (2, n); outside the lattice those of its edge."""
        return map_coordinates(values.reshape(self.shape), index, order=order, mode="nearest")

    @cached_property
    def _frame(self) -> np.ndarray:
        """Distance from the centre and the normal (4, a b)."""
        radius = np.linalg.norm(self.entries.points - self.anatomy.grid.centre, axis=1)
        return np.concatenate([radius[None], self.entries.normals.T])

    def feet(self, points: np.ndarray, steps: int = 2) -> np.ndarray:
        """Lattice numbers (2, n) of the places on the skin nearest to points (n, 3) that lie a little off it."""
        centre = self.anatomy.grid.centre
        for _ in range(steps):
            index = self.index(points)
            radius, *normal = (self.look_up(row, index) for row in self._frame)
            away = points - centre
            skin = away * (radius / np.linalg.norm(away, axis=1))[:, None]
            out = np.stack(normal, 1)
            points = points - ((away - skin) * out).sum(1, keepdims=True) * out
        return self.index(points)


def _along(outward: np.ndarray, anatomy: Anatomy) -> Entries:
    """The places on the skin in directions ``outward`` (n, 3); where a direction leads through the open eye, the nearest of the lids."""
    grid = anatomy.grid
    radius = grid.on_columns(grid.radius_mm, grid.centre + outward)
    found = enter(grid.centre + radius[:, None] * outward, anatomy)
    for _ in range(ROUNDS):  # the columns know the skin between them roughly: meet the plane of the nearest place
        facing = (found.normals * outward).sum(1)
        ahead = ((found.points - grid.centre - radius[:, None] * outward) * found.normals).sum(1) / np.maximum(facing, 0.2)
        todo = np.flatnonzero(np.abs(ahead) > ON_SKIN_MM)
        radius[todo] += np.clip(ahead[todo], -FARTHEST_MM, FARTHEST_MM)
        better = enter(grid.centre + radius[todo, None] * outward[todo], anatomy)
        for item in fields(found):
            getattr(found, item.name)[todo] = getattr(better, item.name)
    return found


def lay_lattice(anatomy: Anatomy, low: np.ndarray, high: np.ndarray, step_mm: float, fold: int) -> tuple[Lattice, Lattice]:
    """Two lattices over the directions from ``low`` to ``high`` (2,) in radians: one of about ``step_mm``, and one ``fold`` times as fine.

    The coarse one is every ``fold``-th of the fine one.
    """
    count = np.maximum(np.ceil((high - low) * NOMINAL_RADIUS_MM / step_mm).astype(int), 1)
    theta, phi = (np.linspace(low[k], high[k], count[k] * fold + 1) for k in range(2))
    t, p = np.meshgrid(theta, phi, indexing="ij")
    outward = np.stack([np.sin(t) * np.cos(p), np.sin(p), np.cos(t) * np.cos(p)], -1).reshape(-1, 3)
    fine = Lattice(anatomy, theta, phi, _along(outward, anatomy))
    every = np.arange(t.size).reshape(t.shape)[::fold, ::fold].ravel()
    return Lattice(anatomy, theta[::fold], phi[::fold], fine.entries.part(every)), fine
