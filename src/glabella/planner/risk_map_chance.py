"""From adjoint fields to chances on a lattice of the skin: dose per place, the rim, which places have a number, scatter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter

from glabella.face import prolong
from glabella.names import SIDES
from glabella.planner.risk_map_reach import Reach
from glabella.planner.risk_map_scatter import REACH_SD, offsets_in_depth, scatter_matrix
from glabella.planner.risk_map_skin import Lattice, lay_lattice
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import bolus_axes_mm

SPACING_MM, FOLD = 3.0, 4  # numerical: places whose dose is computed, and how many times finer it is interpolated for the scatter
LEVELS_SD = np.array([-2.0, 0.0, 2.0])  # depths at which the dose is computed, in standard deviations of the scatter in depth
ASKED = 1  # the level of the asked depth
SAFETY = 20.0  # where even this many times the dose has no chance of an effect, one depth is enough
NO_CHANCE = 1e-7
FLOOR = 1e-30
OFF_SKIN_MM = 1.0  # a column that meets no skin within this goes through the open eye
SMOOTHED = 3  # times that the outline of the treated face, drawn by triangles, is smoothed
NEAR_RIM_MM = 15.0  # farther than this above the bony rim nothing tracks through the septum: the exact distance is of no use
Law = Callable[[np.ndarray, np.ndarray], np.ndarray]  # doses on the left and right (n,) to the chance (n,)


@dataclass(frozen=True)
class Places:
    """The treated face and what lies around it: ``coarse`` places whose dose is computed, ``fine`` ones for the scatter.

    On the fine lattice (n,): ``rim_mm`` above the bony rim of the nearer orbit, which is of ``side`` 0 left or 1 right; ``on_face``:
    a needle can go in there. ``wanted``: coarse places from which or to which a needle may come.
    """

    coarse: Lattice
    fine: Lattice
    rim_mm: np.ndarray
    side: np.ndarray
    on_face: np.ndarray
    wanted: np.ndarray

    @property
    def nodes(self) -> np.ndarray:
        """Numbers of the coarse places on the fine lattice."""
        return every(self.fine, FOLD)

    @property
    def between(self) -> np.ndarray:
        """Fractional numbers (2, n) of the fine places on the coarse lattice."""
        return np.stack(np.meshgrid(*(np.arange(n) / FOLD for n in self.fine.shape), indexing="ij")).reshape(2, -1)


def every(lattice: Lattice, stride: int) -> np.ndarray:
    """Numbers of every ``stride``-th place of a lattice in both directions."""
    return np.arange(len(lattice.entries)).reshape(lattice.shape)[::stride, ::stride].ravel()


def find_places(reach: Reach, scatter_mm: float) -> Places:
    """Lay the lattices over the treated face and as far around it as needles scatter and the tissue goes."""
    anatomy = reach.anatomy
    low, high, around = _directions(anatomy, scatter_mm)
    coarse, fine = lay_lattice(anatomy, low, high, SPACING_MM, FOLD)
    on_face = _on_face(anatomy, fine, float(bolus_axes_mm(reach.volume_ml, reach.parameters).max()))
    reached = np.ceil(around / np.array([coarse.theta[1] - coarse.theta[0], coarse.phi[1] - coarse.phi[0]])).astype(int)
    near_face = maximum_filter(on_face[every(fine, FOLD)].reshape(coarse.shape), tuple(2 * reached + 1)).ravel()
    places = Places(coarse, fine, np.zeros(0), np.zeros(0), on_face, near_face)
    rim_mm, side = _rim(reach, places)
    return Places(coarse, fine, rim_mm, side, on_face, near_face)


def local_doses(
    reach: Reach, places: Places, law: Law, units: float, depth_mm: float, tell: Callable[[float], None], workers: int | None
) -> np.ndarray:
    """Dose (levels, n, 2) in units/mm3 on the coarse lattice from a unit that stays in front of the septum, at and around the asked depth.

    Where the dose cannot matter the asked depth stands for the others. nan: the fluid finds no tissue, or no needle comes there.
    """
    level_mm = LEVELS_SD * reach.parameters["placement_depth_sd_mm"]
    local = np.full((len(level_mm), len(places.coarse.entries), 2), np.nan)
    wanted = np.flatnonzero(places.wanted)
    local[:, wanted] = reach.per_unit(places.coarse.entries.part(wanted), depth_mm, False, workers, lambda share: tell(0.7 * share))
    most = SAFETY * units * np.nan_to_num(local[ASKED])
    matters = np.flatnonzero(law(*most.T) > NO_CHANCE)
    for number in np.flatnonzero(level_mm != 0):
        start = 0.7 + 0.15 * (number > ASKED)
        entries = places.coarse.entries.part(matters)
        local[number, matters] = reach.per_unit(
            entries, depth_mm + level_mm[number], False, workers, lambda share, start=start: tell(start + 0.15 * share)
        )
    return local


def have_number(reach: Reach, places: Places, local: np.ndarray, depth_mm: float) -> np.ndarray:
    """Which fine places (n,) have a number: on the treated face, the tip in tissue that the grid holds and in front of the eyeball."""
    entries = places.fine.entries
    tip = entries.points - reach.needle_depth_mm(entries, depth_mm)[:, None] * entries.normals
    eyes = [reach.anatomy.atlas.points[f"globe_{side}"] for side in SIDES]
    in_eye = np.min([np.linalg.norm(tip - eye, axis=1) for eye in eyes], axis=0) < reach.parameters["globe_radius_mm"]
    found = places.coarse.look_up(np.isfinite(local[ASKED, :, 0]).astype(float), places.between) > 0.99
    return places.on_face & ~in_eye & found


def chances(
    reach: Reach, places: Places, local: np.ndarray, tracked: np.ndarray, beds: np.ndarray, units: float, laws: Sequence[Law]
) -> np.ndarray:
    """Chance (n, laws) on the fine lattice for a needle that enters just there, averaged over its scatter in depth.

    ``tracked`` (n, laws): share of the fluid that goes through the septum; ``beds`` (n, 2): dose of a unit that did.
    """
    depth_sd_mm = reach.parameters["placement_depth_sd_mm"]
    levels = np.log(np.maximum(_filled(local, places.coarse), FLOOR))
    levels = np.stack([np.stack([places.coarse.look_up(level[:, k], places.between) for k in range(2)], 1) for level in levels])
    deeper, weights = offsets_in_depth(depth_sd_mm)
    at = np.interp(deeper, LEVELS_SD * depth_sd_mm, np.arange(len(LEVELS_SD))) if depth_sd_mm > 0 else np.array([float(ASKED)])
    lower = np.minimum(at.astype(int), len(LEVELS_SD) - 2)
    share = (at - lower)[:, None, None]
    dose = units * np.exp(levels[lower] * (1 - share) + levels[lower + 1] * share)  # (depths, n, 2)
    most = dose.max(0) + units * tracked.max(1)[:, None] * beds
    matters = np.flatnonzero(np.max([law(*most.T) for law in laws], axis=0) > NO_CHANCE)
    found = np.zeros((len(places.fine.entries), len(laws)))
    for number, law in enumerate(laws):
        t = tracked[matters, number, None]
        both = (1 - t) * dose[:, matters] + units * t * beds[matters]
        found[matters, number] = sum(weight * law(*depth.T) for weight, depth in zip(weights, both, strict=True))
    return found


def scattered(lattice: Lattice, chance: np.ndarray, stride: int, scatter_mm: float, tell: Callable[[float], None]) -> np.ndarray:
    """Chance (m, 3) on every ``stride``-th place after scatter along the skin: nominal, 5th and 95th percentile over the laws."""
    rows = every(lattice, stride)
    found = chance[rows]
    if scatter_mm > 0:
        radius = float(np.linalg.norm(lattice.entries.points - lattice.anatomy.grid.centre, axis=1).min())
        steps = np.array([lattice.theta[1] - lattice.theta[0], lattice.phi[1] - lattice.phi[0]])
        size = tuple(2 * np.ceil(1.5 * REACH_SD * scatter_mm / radius / steps).astype(int) + 1)
        most = maximum_filter(chance.max(1).reshape(lattice.shape), size, mode="nearest")
        least = minimum_filter(chance.min(1).reshape(lattice.shape), size, mode="nearest")
        mixed = np.flatnonzero((most - least).ravel()[rows] > NO_CHANCE)
        found[mixed] = scatter_matrix(lattice, rows[mixed], scatter_mm, tell) @ chance
    value = found[:, 0]
    low, high = np.quantile(found, [0.05, 0.95], axis=1)
    return np.clip(np.stack([value, np.minimum(low, value), np.maximum(high, value)], 1), 0, 1)


def stride_for(scatter_mm: float) -> int:
    """How many fine places lie between those that get a scattered chance: with wide scatter few are enough."""
    return max(stride for stride in (1, 2, FOLD) if stride == 1 or stride * SPACING_MM / FOLD <= 0.85 * scatter_mm)


def mesh(computed: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (n,) of the places that have a number and the triangles (m, 3) between them, counter-clockwise seen from outside."""
    kept = np.flatnonzero(computed)
    number = np.full(computed.size, -1)
    number[kept] = np.arange(len(kept))
    n = number.reshape(shape)
    a, b, c, d = n[:-1, :-1].ravel(), n[1:, :-1].ravel(), n[1:, 1:].ravel(), n[:-1, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return kept, triangles[(triangles >= 0).all(1)]


def _directions(anatomy: Anatomy, scatter_mm: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Lowest and highest directions (2,) of the treated face and its surroundings, and how wide those are, in radians."""
    grid, coarse = anatomy.grid, anatomy.atlas.face.surface(1)
    angles = grid.coordinates(coarse.vertices[np.unique(coarse.triangles[anatomy.atlas.areas["face"]])])[:, :2]
    around = (REACH_SD * scatter_mm + SPACING_MM) / float(grid.radius_mm.min())
    low = np.maximum(angles.min(0) - around, [grid.theta[0], grid.phi[0]])
    high = np.minimum(angles.max(0) + around, [grid.theta[-1], grid.phi[-1]])
    return low, high, around


def _on_face(anatomy: Anatomy, fine: Lattice, margin_mm: float) -> np.ndarray:
    """Which places (n,) lie on the skin of the treated face, off the open eye and ``margin_mm`` within the tissue grid."""
    grid, entries = anatomy.grid, fine.entries
    surface = anatomy.atlas.face.surface(1)
    share, around = anatomy.atlas.areas["face"].astype(float), np.maximum(surface.vertex_areas_mm2, 1e-12)
    at_corners = np.zeros(len(around))
    for _ in range(SMOOTHED):
        at_corners = surface.sum_at_corners(share * surface.triangle_areas_mm2 / 3) / around
        share = at_corners[surface.triangles].mean(1)
    fine_share = prolong(at_corners, 1, 2)[anatomy.atlas.surface.triangles[entries.triangle]]
    inside = (fine_share * entries.barycentric).sum(1) > 0.5
    theta, phi = np.meshgrid(fine.theta, fine.phi, indexing="ij")
    asked = np.stack([theta.ravel(), phi.ravel()], 1)
    radius = np.linalg.norm(entries.points - grid.centre, axis=1)
    on_skin = np.linalg.norm(grid.coordinates(entries.points)[:, :2] - asked, axis=1) * radius < OFF_SKIN_MM
    margin = margin_mm / float(grid.radius_mm.min())
    ends = np.array([[grid.theta[0], grid.phi[0]], [grid.theta[-1], grid.phi[-1]]])
    return inside & on_skin & ((asked > ends[0] + margin) & (asked < ends[1] - margin)).all(1)


def _rim(reach: Reach, places: Places) -> tuple[np.ndarray, np.ndarray]:
    """Distance above the rim (n,) and its side (n,) on the fine lattice; far from the rim interpolated from the coarse one."""
    distance, side = reach.rim_distances(places.coarse.entries.points)
    nearest = np.ravel_multi_index(tuple(np.rint(places.between).astype(int)), places.coarse.shape)
    near = np.flatnonzero(minimum_filter(distance.reshape(places.coarse.shape), 3).ravel()[nearest] < NEAR_RIM_MM)
    rim, sides = places.coarse.look_up(distance, places.between), side[nearest]
    rim[near], sides[near] = reach.rim_distances(places.fine.entries.points[near])
    return rim, sides


def _filled(local: np.ndarray, lattice: Lattice) -> np.ndarray:
    """The same with the value of the nearest place where a place has none."""
    found = local.copy()
    for level in found:
        missing = np.isnan(level[:, 0]).reshape(lattice.shape)
        if missing.any():
            nearby = distance_transform_edt(missing, return_distances=False, return_indices=True)
            level[:] = level[np.ravel_multi_index(tuple(np.asarray(nearby)), lattice.shape).ravel()]
    return found

