"""The tissue grid: columns from the skin toward one point inside the head, cut into cells by depth.

A column is a direction (azimuth theta, elevation phi) seen from ``CENTRE``; along it the skin lies at radius r(theta, phi), and
a cell is addressed by its depth w below the skin: ``x = centre + (r - w) direction``. Because the face is star-shaped about
the centre, the Jacobian is (r - w)^2 cos(phi): cell volumes are exact and no cell can be inverted. The gradient of w carries
the slope of the skin, so the physics on top of it sees the true metric.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from glabella.face import Face, Surface

# Numerical choices, not biology: where the columns meet, what they cover, how fine they are.
CENTRE_BEHIND_NASION_MM, CENTRE_ABOVE_NASION_MM = 85.0, 5.0
HALF_WIDTH_DEGREES, LOWEST_DEGREES, HIGHEST_DEGREES = 62.0, -32.0, 48.0
STEP_MM, DEPTH_STEP_MM = 1.8, 0.9
SHALLOW_MM, DEEPEST_MM, DEPTH_GROWTH = 10.8, 44.0, 1.25
NOMINAL_RADIUS_MM = 88.0


@dataclass(frozen=True)
class Window:
    """The part of the face that a grid covers, in degrees seen from the centre of the columns, and where that centre lies."""

    azimuth_degrees: tuple[float, float] = (-HALF_WIDTH_DEGREES, HALF_WIDTH_DEGREES)
    elevation_degrees: tuple[float, float] = (LOWEST_DEGREES, HIGHEST_DEGREES)
    deepest_mm: float = DEEPEST_MM
    behind_nasion_mm: float = CENTRE_BEHIND_NASION_MM
    above_nasion_mm: float = CENTRE_ABOVE_NASION_MM
    nominal_radius_mm: float = NOMINAL_RADIUS_MM


@dataclass(frozen=True)
class Grid:
    """Columns (nt, np) and depth levels (nw); arrays of cells have the shape (nt, np, nw).

    ``theta``, ``phi``: column directions in radians; ``radius_mm``: skin along each column; ``slope_theta``, ``slope_phi``: its
    derivatives; ``edges_mm`` (nw + 1): cell borders in depth along the column; ``open``: columns through the eye opening.
    """

    centre: np.ndarray
    theta: np.ndarray
    phi: np.ndarray
    radius_mm: np.ndarray
    slope_theta: np.ndarray
    slope_phi: np.ndarray
    edges_mm: np.ndarray
    open: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """(columns in azimuth, columns in elevation, levels)."""
        return len(self.theta), len(self.phi), len(self.edges_mm) - 1

    @cached_property
    def depth_mm(self) -> np.ndarray:
        """Depth of the cell centres along the column (nw,)."""
        return (self.edges_mm[1:] + self.edges_mm[:-1]) / 2

    @cached_property
    def steps(self) -> tuple[float, float]:
        """Column spacing in radians (azimuth, elevation)."""
        return float(self.theta[1] - self.theta[0]), float(self.phi[1] - self.phi[0])

    @cached_property
    def frames(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors of each column (nt, np, 3): outward direction, along azimuth, along elevation."""
        theta, phi = np.meshgrid(self.theta, self.phi, indexing="ij")
        st, ct, sp, cp = np.sin(theta), np.cos(theta), np.sin(phi), np.cos(phi)
        zero = np.zeros_like(st)
        return np.stack([st * cp, sp, ct * cp], -1), np.stack([ct, zero, -st], -1), np.stack([-st * sp, cp, -ct * sp], -1)

    @cached_property
    def points(self) -> np.ndarray:
        """Cell centres (nt, np, nw, 3) in mm."""
        outward = self.frames[0]
        return self.centre + (self.radius_mm[..., None] - self.depth_mm)[..., None] * outward[:, :, None]

    @cached_property
    def volume_mm3(self) -> np.ndarray:
        """Exact volume of each cell (nt, np, nw)."""
        inner = np.maximum(self.radius_mm[..., None] - self.edges_mm, 0) ** 3 / 3
        band = np.sin(self.phi + self.steps[1] / 2) - np.sin(self.phi - self.steps[1] / 2)
        return (inner[..., :-1] - inner[..., 1:]) * band[None, :, None] * self.steps[0]

    @cached_property
    def cosine(self) -> np.ndarray:
        """True depth per depth along the column (nt, np): the cosine between the column and the skin's normal."""
        rho = self.radius_mm
        return 1 / np.sqrt(1 + (self.slope_theta / (rho * np.cos(self.phi))) ** 2 + (self.slope_phi / rho) ** 2)

    def gradients(self, cells: np.ndarray) -> np.ndarray:
        """Gradients (n, 3, 3) in 1/mm of the three index coordinates at flat cell numbers ``cells`` (n,)."""
        i, j, k = np.unravel_index(cells, self.shape)
        outward, east, north = (frame[i, j] for frame in self.frames)
        rho = (self.radius_mm[i, j] - self.depth_mm[k])[:, None]
        to_theta = east / (rho * np.cos(self.phi[j])[:, None])
        to_phi = north / rho
        to_depth = self.slope_theta[i, j, None] * to_theta + self.slope_phi[i, j, None] * to_phi - outward
        step_theta, step_phi = self.steps
        return np.stack([to_theta / step_theta, to_phi / step_phi, to_depth / np.diff(self.edges_mm)[k, None]], 1)

    def edge_vectors(self, cells: np.ndarray) -> np.ndarray:
        """Edges (n, 3, 3) of the cells as columns, in mm: what one step of each index coordinate moves."""
        i, j, k = np.unravel_index(cells, self.shape)
        outward, east, north = (frame[i, j] for frame in self.frames)
        rho = (self.radius_mm[i, j] - self.depth_mm[k])[:, None]
        step_theta, step_phi = self.steps
        along_theta = step_theta * (self.slope_theta[i, j, None] * outward + rho * np.cos(self.phi[j])[:, None] * east)
        along_phi = step_phi * (self.slope_phi[i, j, None] * outward + rho * north)
        return np.stack([along_theta, along_phi, -np.diff(self.edges_mm)[k, None] * outward], 2)

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """(theta, phi, depth along the column in mm) of points (n, 3); depth is negative outside the skin."""
        theta, phi, rho = _angles(np.atleast_2d(points) - self.centre)
        return np.stack([theta, phi, self._at(self.radius_mm, theta, phi) - rho], 1)

    def column_index(self, theta: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractional column numbers (n,), (n,) of directions in radians."""
        return (theta - self.theta[0]) / self.steps[0], (phi - self.phi[0]) / self.steps[1]

    def on_columns(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Values (nt, np) of the columns, bilinear at the columns through ``points`` (n, 3)."""
        away = np.atleast_2d(points) - self.centre
        return self._at(values, *_angles(away)[:2])

    def _at(self, values: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """Bilinear between columns; beyond the outermost columns their value."""
        u, v = (np.clip(at, 0, size - 1) for at, size in zip(self.column_index(theta, phi), values.shape, strict=True))
        i, j = (np.minimum(at.astype(int), size - 2) for at, size in zip((u, v), values.shape, strict=True))
        s, t = u - i, v - j
        return (1 - s) * ((1 - t) * values[i, j] + t * values[i, j + 1]) + s * ((1 - t) * values[i + 1, j] + t * values[i + 1, j + 1])


def _angles(away: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Azimuth, elevation (radians) and length of vectors (n, 3)."""
    rho = np.linalg.norm(away, axis=1)
    return np.arctan2(away[:, 0], away[:, 2]), np.arcsin(away[:, 1] / rho), rho


def build_grid(
    face: Face, surface: Surface, step_mm: float = STEP_MM, depth_step_mm: float = DEPTH_STEP_MM, window: Window | None = None
) -> Grid:
    """Columns over the ``window`` (the upper face) with spacing ``step_mm`` at its nominal radius, levels of ``depth_step_mm`` (mm)."""
    window = window or Window()
    nasion = face.landmarks[168]
    centre = np.array([0.0, nasion[1] + window.above_nasion_mm, nasion[2] - window.behind_nasion_mm])
    step = step_mm / window.nominal_radius_mm
    theta = _axis(np.radians(window.azimuth_degrees[0]), np.radians(window.azimuth_degrees[1]), step)
    phi = _axis(np.radians(window.elevation_degrees[0]), np.radians(window.elevation_degrees[1]), step)
    radius = _skin_radius(surface, centre, theta, phi)
    hole = ~np.isfinite(radius)
    for i in np.flatnonzero(hole.any(1)):  # bridge the eye opening from lid to lid
        radius[i, hole[i]] = np.interp(phi[hole[i]], phi[~hole[i]], radius[i, ~hole[i]])
    slope_theta, slope_phi = np.gradient(radius, theta, phi)
    return Grid(centre, theta, phi, radius, slope_theta, slope_phi, _levels(depth_step_mm, window.deepest_mm), hole)


def _axis(low: float, high: float, step: float) -> np.ndarray:
    """Cell centres of equal cells that fill [low, high]; symmetric about 0 when the range is."""
    count = max(round((high - low) / step), 2)
    return low + (np.arange(count) + 0.5) * (high - low) / count


def _levels(step_mm: float, deepest_mm: float) -> np.ndarray:
    edges = list(np.arange(0, min(SHALLOW_MM, deepest_mm) + step_mm / 2, step_mm))
    step = step_mm
    while edges[-1] < deepest_mm - 1e-9:
        step *= DEPTH_GROWTH ** (step_mm / DEPTH_STEP_MM)
        edges.append(edges[-1] + step)
    return np.array(edges)


def _skin_radius(surface: Surface, centre: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Outermost skin along each column (nt, np), nan where a column meets none: a raster of the triangles in (theta, phi)."""
    away = surface.vertices - centre
    rho = np.linalg.norm(away, axis=1)
    u = (np.arctan2(away[:, 0], away[:, 2]) - theta[0]) / (theta[1] - theta[0])
    v = (np.arcsin(np.clip(away[:, 1] / rho, -1, 1)) - phi[0]) / (phi[1] - phi[0])
    tri = surface.triangles
    low_u, high_u = np.ceil(u[tri].min(1) - 1e-9), np.floor(u[tri].max(1) + 1e-9)
    low_v, high_v = np.ceil(v[tri].min(1) - 1e-9), np.floor(v[tri].max(1) + 1e-9)
    seen = (high_u - low_u < len(theta) / 2) & (high_u >= 0) & (low_u < len(theta)) & (high_v >= 0) & (low_v < len(phi))
    seen &= (high_u >= low_u) & (high_v >= low_v)
    tri, low_u, high_u, low_v, high_v = tri[seen], low_u[seen], high_u[seen], low_v[seen], high_v[seen]
    wide, tall = (high_u - low_u + 1).astype(int), (high_v - low_v + 1).astype(int)
    count = wide * tall
    which = np.repeat(np.arange(len(tri)), count)
    local = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    i, j = (low_u[which] + local // tall[which]).astype(int), (low_v[which] + local % tall[which]).astype(int)
    inside = (i >= 0) & (i < len(theta)) & (j >= 0) & (j < len(phi))
    which, i, j = which[inside], i[inside], j[inside]
    a, b, c = (np.stack([u[tri[which, n]], v[tri[which, n]]], 1) for n in range(3))
    p = np.stack([i, j], 1)
    det = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    det = np.where(np.abs(det) < 1e-15, np.inf, det)
    s = ((p[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1])) / det
    t = ((b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) - (p[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])) / det
    hit = (s >= -1e-7) & (t >= -1e-7) & (s + t <= 1 + 1e-7) & np.isfinite(det)
    which, i, j, s, t = which[hit], i[hit], j[hit], s[hit], t[hit]
    corners = rho[tri[which]]
    height = corners[:, 0] * (1 - s - t) + corners[:, 1] * s + corners[:, 2] * t
    radius = np.full((len(theta), len(phi)), -np.inf)
    np.maximum.at(radius, (i, j), height)
    radius[~np.isfinite(radius)] = np.nan
    return radius
