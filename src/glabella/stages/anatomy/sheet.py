"""A muscle as a curved sheet in space, and the smooth lattices it is made of."""

from dataclasses import dataclass

import numpy as np

from glabella.stages.anatomy.curves import smooth, without_overshoot

LATTICE_STEP_MM = 0.8  # numerical: usual spacing of lattice points


@dataclass(frozen=True)
class Sheet:
    """A muscle (or the orbital septum) as a curved sheet: the middle between its two faces.

    ``points`` (nu, nv, 3) mm: u runs along the fibres from origin to insertion, v across. ``normals`` toward the skin and
    ``fibres`` along +u, both unit (nu, nv, 3). ``thickness_mm``, ``depth_mm`` (nu, nv): of the muscle, and of its middle below
    the skin along the true normal (nan where the sheet does not follow the skin). ``closed``: a ring in u, the last row next to
    the first. ``origin``: 'bone' or 'soft'. ``insertion_from``: share of the length from which it inserts into the skin.
    """

    name: str
    points: np.ndarray
    normals: np.ndarray
    fibres: np.ndarray
    thickness_mm: np.ndarray
    depth_mm: np.ndarray
    closed: bool
    origin: str
    insertion_from: float
    innervated: bool

    @property
    def area_mm2(self) -> np.ndarray:
        """Area that each lattice point stands for (nu, nv)."""
        along, across = _tangents(self.points, self.closed)
        area = np.linalg.norm(np.cross(along, across), axis=-1)
        area[:, [0, -1]] /= 2
        if not self.closed:
            area[[0, -1]] /= 2
        return area

    @property
    def volume_mm3(self) -> float:
        """Area times thickness."""
        return float((self.area_mm2 * self.thickness_mm).sum())

    @property
    def length_mm(self) -> float:
        """Mean length of the fibres."""
        return float(self.fibre_lengths_mm.mean())

    @property
    def fibre_lengths_mm(self) -> np.ndarray:
        """Length of each fibre (nv,)."""
        ends = np.concatenate([self.points, self.points[:1]]) if self.closed else self.points
        return np.linalg.norm(np.diff(ends, axis=0), axis=-1).sum(0)

    @property
    def longest_step_mm(self) -> float:
        """Largest distance between neighbours on the lattice."""
        ends = np.concatenate([self.points, self.points[:1]]) if self.closed else self.points
        return float(max(np.linalg.norm(np.diff(ends, axis=axis), axis=2).max() for axis in (0, 1)))

    @property
    def widths_mm(self) -> np.ndarray:
        """Extent across the fibres at each station along them (nu,): steps along v, less their part along the fibres."""
        step = np.diff(self.points, axis=1)
        fibre = self.fibres[:, 1:] + self.fibres[:, :-1]
        fibre = fibre / np.maximum(np.linalg.norm(fibre, axis=-1, keepdims=True), 1e-300)
        along = np.einsum("uvd,uvd->uv", step, fibre)
        return np.linalg.norm(step - along[..., None] * fibre, axis=-1).sum(1)

    @property
    def width_mm(self) -> float:
        """Mean extent across the fibres."""
        return float(self.widths_mm.mean())


def _tangents(points: np.ndarray, closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives (nu, nv, 3) of the lattice per step along u and along v."""
    if closed:
        along = (np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)) / 2
    else:
        along = np.gradient(points, axis=0)
    return along, np.gradient(points, axis=1)


def make_sheet(
    name: str,
    points: np.ndarray,
    toward_skin: np.ndarray,
    thickness_mm: np.ndarray,
    depth_mm: np.ndarray,
    *,
    closed: bool = False,
    origin: str = "bone",
    insertion_from: float = 0.5,
    innervated: bool = True,
) -> Sheet:
    """A sheet from its lattice; fibres and normals follow from the points, ``toward_skin`` says which way is out."""
    along, across = _tangents(points, closed)
    fibres = along / np.linalg.norm(along, axis=-1, keepdims=True)
    normals = np.cross(along, across)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    # one sign for the whole sheet: a fold then shows as a normal that points inward, instead of being hidden
    if np.einsum("uvd,uvd->", normals, np.broadcast_to(toward_skin, normals.shape)) < 0:
        normals = -normals
    return Sheet(name, points, normals, fibres, thickness_mm, depth_mm, closed, origin, insertion_from, innervated)


def smooth_line(stations: np.ndarray, closed: bool = False, step_mm: float = 1.0) -> np.ndarray:
    """A polyline (n, d) drawn through ``stations`` (m, d), smooth, with points about ``step_mm`` apart."""
    if closed:
        stations = np.concatenate([stations, stations[:1]])
    along = arc_length(stations)
    count = max(int(np.ceil(along[-1] / step_mm)), 2)
    at = np.linspace(0, along[-1], count + 1)
    return smooth(along, stations, at, closed=True) if closed else without_overshoot(along, stations, at)


def arc_length(points: np.ndarray) -> np.ndarray:
    """Length along a polyline (n, d) up to each point (n,), starting at 0."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


@dataclass(frozen=True)
class Lattice:
    """A smooth map from (u, v) in [0, 1] to the drawing through fibre ``lines`` (k, stations, 2), stations shared by all."""

    lines: np.ndarray
    closed: bool

    def __post_init__(self) -> None:
        if self.closed:
            object.__setattr__(self, "lines", np.concatenate([self.lines, self.lines[:, :1]], 1))

    @property
    def station_shares(self) -> np.ndarray:
        """Share u of the length at each station."""
        return np.mean([arc_length(line) / arc_length(line)[-1] for line in self.lines], 0)

    def at(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Points (nu, nv, 2)."""
        stations = self.station_shares
        if self.closed:
            rows = np.stack([smooth(stations, line, u, closed=True) for line in self.lines])
        else:
            rows = np.stack([without_overshoot(stations, line, u) for line in self.lines])
        apart = np.linalg.norm(np.diff(rows, axis=0), axis=2).mean(1)
        at_line = np.concatenate([[0.0], np.cumsum(apart)]) / apart.sum()
        if len(rows) == 2:
            points = rows[0] + v[:, None, None] * (rows[1] - rows[0])
        else:
            points = smooth(at_line, rows, v)
        return np.moveaxis(points, 0, 1)

    def at_stations(self, u: np.ndarray, values: list[float]) -> np.ndarray:
        """Values given per station, at ``u``: smooth, without overshoot."""
        given = np.array([*values, values[0]] if self.closed else values, float)
        return without_overshoot(self.station_shares, given, u)


def even_shares(points: np.ndarray, shares: np.ndarray, axis: int, step_mm: float) -> np.ndarray:
    """Shares along ``axis`` of a coarse lattice on the skin, chosen so that no step is longer than ``step_mm``."""
    step = np.linalg.norm(np.diff(points, axis=axis), axis=2).max(1 - axis)
    along = np.concatenate([[0.0], np.cumsum(step)])
    count = int(np.ceil(along[-1] / step_mm))
    return np.interp(np.linspace(0, along[-1], count + 1), along, shares)
