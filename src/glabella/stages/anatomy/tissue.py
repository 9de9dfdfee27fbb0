"""The layered tissue: which share of each cell is dermis, fat, muscle or bone, and how fibres run in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from glabella.face import Face
from glabella.near import SortedPoints
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import Atlas, Sheet, build_atlas
from glabella.stages.anatomy.grid import DEPTH_STEP_MM, STEP_MM, Grid, Window, build_grid
from glabella.stages.anatomy.regions import ANCHORS, blend

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

NO_BONE_MM = 60.0  # stands for no bone where depths are interpolated
LEAST_SHARE = 0.05  # a cell of which less is tissue is left out: numerical


@dataclass(frozen=True)
class MuscleCells:
    """A muscle on the grid: numbers of its cells among the tissue cells (n,), its share of each (n,), fibre directions (n, 3)."""

    cells: np.ndarray
    share: np.ndarray
    fibres: np.ndarray
    innervated: bool


@dataclass(frozen=True)
class Anatomy:
    """A person's upper face in layers. Arrays with one entry per tissue cell unless said otherwise.

    ``cells``: flat numbers on ``grid``; ``points`` (n, 3) mm; ``volume_mm3``: tissue in the cell; ``depth_mm``: true depth below
    the skin; ``dermis``: share of skin (epidermis and dermis); ``behind_septum``, ``below_fascia``: sides of the two interfaces;
    ``bone_depth_mm``, ``skin_mm``, ``septum_mm`` (nt, np): true depth to bone (infinite over the orbit), thickness of the skin and depth of
    the orbital septum per column.
    """

    atlas: Atlas
    grid: Grid
    cells: np.ndarray
    points: np.ndarray
    volume_mm3: np.ndarray
    whole: np.ndarray
    depth_mm: np.ndarray
    dermis: np.ndarray
    behind_septum: np.ndarray
    below_fascia: np.ndarray
    muscles: Mapping[str, MuscleCells]
    bone_depth_mm: np.ndarray
    skin_mm: np.ndarray
    septum_mm: np.ndarray
    epidermis_mm: float

    KEPT_DERIVED: ClassVar = ("bystanders", "fibres_near", "_beside_bellies")  # what a packed anatomy need not derive again

    @cached_property
    def number_of(self) -> np.ndarray:
        """Number of the tissue cell at each flat place of the grid, -1 where there is none."""
        number = np.full(int(np.prod(self.grid.shape)), -1)
        number[self.cells] = np.arange(len(self.cells))
        return number

    @cached_property
    def fibres_near(self) -> tuple[SortedPoints, np.ndarray, np.ndarray]:
        """All points of all muscles to be looked for, and the point and fibre direction of each number, (n, 3)."""
        sheets = list(self.atlas.muscles.values())
        points = np.concatenate([s.points.reshape(-1, 3) for s in sheets])
        return SortedPoints.of(points), points, np.concatenate([s.fibres.reshape(-1, 3) for s in sheets])

    def near_levator(self, side: str, within_mm: float) -> np.ndarray:
        """Tissue cells (n,) behind the septum less than ``within_mm`` from the middle of the levator's belly of one side."""
        return self.near_belly(self.atlas.muscles[f"levator_palpebrae_superioris_{side}"], within_mm)

    def near_belly(self, muscle: Sheet, within_mm: float) -> np.ndarray:
        """Tissue cells (n,) behind the septum less than ``within_mm`` from the middle of a muscle in the orbit."""
        reach_mm, cells, gap_mm = self._beside_bellies.get(muscle.name, (0.0, np.zeros(0, int), np.zeros(0)))
        if within_mm > reach_mm:  # look somewhat farther than asked: the next question may be answered by the same distances
            reach_mm = 2 * within_mm
            belly = muscle.points.reshape(-1, 3)
            cells = np.flatnonzero(self.behind_septum)
            cells = cells[_in_box(self.points[cells].T, belly, reach_mm)]
            gap_mm = np.asarray(tree_of(belly).query(self.points[cells], distance_upper_bound=reach_mm)[0])
            self._beside_bellies[muscle.name] = reach_mm, cells, gap_mm
        return cells[gap_mm < within_mm]

    @cached_property
    def _beside_bellies(self) -> dict[str, tuple[float, np.ndarray, np.ndarray]]:
        """What ``near_belly`` has found per muscle: how far it looked, cells and their distances in mm."""
        return {}

    @cached_property
    def bystanders(self) -> Mapping[str, MuscleCells]:
        """The atlas's bystanders on the grid: they share their cells with whatever is there, and take nothing from it."""
        return rasterise(self.atlas.bystanders, self.grid, self.cells, self.points)

    def bone_depth_at(self, points: np.ndarray) -> np.ndarray:
        """True depth to bone (n,) in mm below skin points (n, 3); ``NO_BONE_MM`` over the opening of the orbit."""
        return self.grid.on_columns(np.minimum(self.bone_depth_mm, NO_BONE_MM), points)


def build_anatomy(
    face: Face,
    patient: Patient,
    parameters: Mapping[str, float],
    *,
    step_mm: float = STEP_MM,
    depth_step_mm: float = DEPTH_STEP_MM,
    window: Window | None = None,
    atlas: Atlas | None = None,
) -> Anatomy:
    """Face surface, patient and parameters to layered tissue with muscles.

    The reference face takes the patient's sex, age and size (``Face.for_person``); the atlas is laid on that skin; layer
    thicknesses are the parameter rows of the person's sex, blended between regions.
    """
    atlas = atlas or build_atlas(face, patient, parameters)
    grid = build_grid(atlas.face, atlas.surface, step_mm, depth_step_mm, window)
    skin = grid.centre + grid.radius_mm[..., None] * grid.frames[0]
    flat = skin.reshape(-1, 3)
    sex = patient.sex
    skin_mm = blend(atlas.face, {r: parameters[f"dermis_thickness_{r}_{sex}_mm"] for r in ANCHORS}, flat).reshape(grid.shape[:2])
    skin_mm = skin_mm + parameters["epidermis_thickness_mm"]
    bone_mm = blend(atlas.face, {r: parameters[f"depth_to_bone_{r}_mm"] for r in ANCHORS}, flat).reshape(grid.shape[:2])

    low, high = grid.edges_mm[:-1], grid.edges_mm[1:]
    cosine = grid.cosine[..., None]
    above_bone = np.clip((bone_mm[..., None] / cosine - low) / (high - low), 0, 1)
    orbit = _orbit_share(atlas, grid, parameters["orbit_bulge_behind_rim_mm"])
    share = np.maximum(above_bone, orbit)
    share *= 1 - _globe_share(atlas, grid, parameters["globe_radius_mm"])
    share[grid.open] = 0

    whole_volume = grid.volume_mm3
    cells = np.flatnonzero(share.ravel() >= LEAST_SHARE)
    i, j, k = np.unravel_index(cells, grid.shape)
    depth_mm = grid.depth_mm[k] * grid.cosine[i, j]
    dermis = np.clip((skin_mm[i, j] / grid.cosine[i, j] - low[k]) / (high - low)[k], 0, 1)
    septum_mm = _septum_depth(atlas, grid, bone_mm)
    at_bone = np.clip(np.searchsorted(grid.edges_mm, bone_mm / grid.cosine) - 1, 0, grid.shape[2] - 1)
    open_column = np.take_along_axis(orbit, at_bone[..., None], 2)[..., 0] > 0.5  # the column enters through the bony opening
    roofed = (
        (orbit.ravel()[cells] > 0.5) & (grid.depth_mm[k] > bone_mm[i, j] / grid.cosine[i, j]) & ~open_column[i, j]
    )  # orbit behind the bone of its roof or wall
    behind = roofed | (open_column[i, j] & (depth_mm > septum_mm[i, j]))
    fascia = ~behind & (depth_mm > bone_mm[i, j] - parameters["deep_fascia_above_bone_mm"])
    points = grid.points.reshape(-1, 3)[cells]
    bone = np.where(open_column, np.inf, bone_mm)
    muscles = rasterise(atlas.muscles, grid, cells, points)
    return Anatomy(
        atlas,
        grid,
        cells,
        points,
        whole_volume.ravel()[cells] * share.ravel()[cells],
        share.ravel()[cells],
        depth_mm,
        dermis,
        behind,
        fascia,
        muscles,
        bone,
        skin_mm,
        septum_mm,
        parameters["epidermis_thickness_mm"],
    )


def _orbit_share(atlas: Atlas, grid: Grid, bulge_mm: float) -> np.ndarray:
    """Share of each cell (nt, np, nw) that lies in an orbit: wider just behind the rim, from a third of its depth a cone to the apex."""
    size = grid.volume_mm3 ** (1 / 3)
    share = np.zeros(grid.shape)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rim = atlas.curves[f"orbital_rim_{side}_bone"]
        middle = (rim.max(0) + rim.min(0)) / 2
        axis = atlas.points[f"orbit_apex_{side}"] - middle
        depth_mm = float(np.linalg.norm(axis))
        axis = axis / depth_mm
        beside = np.cross([0.0, 1.0, 0.0], axis) * -sign
        beside /= np.linalg.norm(beside)
        above = np.cross(axis, beside) * -sign
        away = rim - middle
        angle = np.arctan2(away @ above, away @ beside)
        order = np.argsort(angle)
        reach_mm = depth_mm + np.abs(away).max()
        near = np.logical_and.reduce([np.abs(grid.points[..., axis] - middle[axis]) < reach_mm for axis in range(3)])
        offset = grid.points[near] - middle
        along = offset @ axis / depth_mm
        u, v = offset @ beside, offset @ above
        reach = np.interp(np.arctan2(v, u), angle[order], np.hypot(away @ beside, away @ above)[order], period=2 * np.pi)
        reach = (reach + bulge_mm * np.clip(along / 0.15, 0, 1)) * np.clip(1.5 * (1 - along), 0, 1)
        inside = reach - np.hypot(u, v)
        share[near] = np.maximum(share[near], np.clip(0.5 + inside / size[near], 0, 1))
    return share


def _globe_share(atlas: Atlas, grid: Grid, radius_mm: float) -> np.ndarray:
    size = grid.volume_mm3 ** (1 / 3)
    share = np.zeros(grid.shape)
    for centre, _ in atlas.face.eyeballs:
        gap = np.sqrt(sum((grid.points[..., axis] - centre[axis]) ** 2 for axis in range(3)))
        share = np.maximum(share, np.clip(0.5 + (radius_mm - gap) / size, 0, 1))
    return share


def _septum_depth(atlas: Atlas, grid: Grid, bone_mm: np.ndarray) -> np.ndarray:
    """True depth of the orbital septum below the skin per column (nt, np); bone depth where the atlas has no septum."""
    depth = bone_mm.copy()
    theta, phi = np.meshgrid(grid.theta, grid.phi, indexing="ij")
    for sheet in atlas.septa.values():
        where = grid.coordinates(sheet.points.reshape(-1, 3))
        gap, near = tree_of(where[:, :2]).query(np.stack([theta.ravel(), phi.ravel()], 1))
        covered = (np.asarray(gap) < 2 * grid.steps[0]).reshape(depth.shape)
        along = where[near, 2].reshape(depth.shape)
        depth[covered] = (along * grid.cosine)[covered]
    return depth


def rasterise(sheets: Mapping[str, Sheet], grid: Grid, cells: np.ndarray, points: np.ndarray) -> dict[str, MuscleCells]:
    """Share of each cell that each muscle fills, scaled down where muscles would fill more than the whole."""
    found: dict[str, MuscleCells] = {}
    total = np.zeros(len(cells))
    along_axes = np.ascontiguousarray(points.T)
    for name, sheet in sheets.items():
        inside = _in_box(along_axes, sheet.points.reshape(-1, 3), 0.5 * float(np.max(sheet.thickness_mm)) + _cell_reach(grid))
        numbers, share, fibres = _sheet_share(sheet, grid, cells[inside], points[inside])
        found[name] = MuscleCells(inside[numbers], share, fibres, sheet.innervated)
        total[inside[numbers]] += share
    crowd = 1 / np.maximum(total, 1)
    return {name: replace(muscle, share=muscle.share * crowd[muscle.cells]) for name, muscle in found.items()}


def tree_of(points: np.ndarray) -> "cKDTree":
    """A tree over the evenly spread points of lattices: for these, quicker to build and to ask than scipy's usual one."""
    from scipy.spatial import cKDTree  # a part of a cold start that a run on a face built before need not pay

    return cKDTree(points, leafsize=24, balanced_tree=False, compact_nodes=False)


def _in_box(along_axes: np.ndarray, points: np.ndarray, margin_mm: float) -> np.ndarray:
    """Which of the places given as ``along_axes`` (3, n) lie in the box around ``points`` (m, 3), wider by a margin: numbers, rising."""
    found = np.arange(along_axes.shape[1])
    for axis, low, high in zip(along_axes, points.min(0) - margin_mm, points.max(0) + margin_mm, strict=True):
        at = axis[found]
        found = found[(at > low) & (at < high)]
    return found


def _cell_reach(grid: Grid) -> float:
    """How far (mm) a cell's centre may lie outside a sheet that still touches the cell."""
    return 1.5 * grid.steps[0] * float(grid.radius_mm.max()) + float(np.diff(grid.edges_mm)[0])


def _sheet_share(sheet: Sheet, grid: Grid, cells: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lattice = sheet.points.reshape(-1, 3)
    normals, fibres = sheet.normals.reshape(-1, 3), sheet.fibres.reshape(-1, 3)
    gap, near = tree_of(lattice).query(points, distance_upper_bound=0.5 * float(np.max(sheet.thickness_mm)) + _cell_reach(grid))
    close = np.flatnonzero(np.isfinite(gap))
    cells, points, near = cells[close], points[close], np.asarray(near)[close]
    offset = points - lattice[near]
    n, f = normals[near], fibres[near]
    across = np.cross(n, f)
    along_n = np.einsum("nd,nd->n", offset, n)
    # half-extent of the cell along the sheet's normal, and its size along the sheet
    edges = grid.edge_vectors(cells)
    reach = 0.5 * np.abs(np.einsum("ndk,nd->nk", edges, n)).sum(1)
    thickness = sheet.thickness_mm.ravel()[near]
    overlap = np.minimum(along_n + reach, thickness / 2) - np.maximum(along_n - reach, -thickness / 2)
    through = np.clip(overlap / (2 * reach), 0, 1)
    inside_mm, out_u, out_v = _border(sheet)
    beyond = np.maximum(np.einsum("nd,nd->n", offset, f) * out_u.ravel()[near], np.einsum("nd,nd->n", offset, across) * out_v.ravel()[near])
    edge_mm = beyond - inside_mm.ravel()[near]
    width = 0.5 * (np.abs(np.einsum("ndk,nd->nk", edges, f)).sum(1) + np.abs(np.einsum("ndk,nd->nk", edges, across)).sum(1))
    share = through * np.clip(0.5 - edge_mm / width, 0, 1)
    keep = share > 1e-6
    return close[keep], share[keep], f[keep]


def _border(sheet: Sheet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance (nu, nv) from each lattice point to the sheet's border, and which way is out along u and across v at the border."""
    nu, nv = sheet.points.shape[:2]
    step_v = np.linalg.norm(np.diff(sheet.points, axis=1), axis=2)
    from_low = np.concatenate([np.zeros((nu, 1)), np.cumsum(step_v, 1)], 1)
    inside = np.minimum(from_low, from_low[:, -1:] - from_low)
    out_u, out_v = np.zeros((nu, nv)), np.zeros((nu, nv))
    first = np.einsum("uvd,uvd->uv", sheet.points[:, 1:] - sheet.points[:, :-1], np.cross(sheet.normals, sheet.fibres)[:, 1:])
    sign = np.sign(np.median(first))
    out_v[:, 0], out_v[:, -1] = -sign, sign
    if not sheet.closed:
        step_u = np.linalg.norm(np.diff(sheet.points, axis=0), axis=2)
        from_start = np.concatenate([np.zeros((1, nv)), np.cumsum(step_u, 0)], 0)
        inside = np.minimum(inside, np.minimum(from_start, from_start[-1:] - from_start))
        out_u[0], out_u[-1] = -1, 1
    return inside, out_u, out_v
