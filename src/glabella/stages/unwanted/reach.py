"""How much of a unit injected anywhere reaches a structure: one adjoint solve per structure, then look-ups."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from glabella.interpolate import linear
from glabella.names import without_side
from glabella.near import squared_distances
from glabella.plan import Injection, Plan, Session
from glabella.stages.anatomy import Anatomy, MuscleCells, Sheet
from glabella.stages.bolus import (
    Needle,
    aim_needles,
    bolus_axes_mm,
    bolus_frame,
    injection_volume_ml,
    lateral_rectus_bed,
    lateral_rim_distances_mm,
    laterally_tracked_share,
    levator_bed,
    rim_distances_mm,
    tracked_share,
)
from glabella.stages.diffusion import Spread
from glabella.stages.unwanted.mechanisms import LATERAL_RECTUS

STEP_MM, STEPS = 3.5, 7  # the map of one needle covers +-10.5 mm, nearly three standard deviations of scatter
DEPTHS_MM = np.array([-1.0, 1.0])
ADJOINT_TOLERANCE = 1e-6
FAR = 12.0  # a structure more than this many reach lengths from every needle gets no dose (less than exp(-12))
FAR_MM = {LATERAL_RECTUS: 20.0}  # only needles this near count for it: the deep route there begins beside the eye
FLOOR = 1e-30
NO_RIM_MM = 1e3  # stands for a rim that no fluid tracks across
_AXIS = np.linspace(-0.8, 0.8, 5)
_BALL = np.stack(np.meshgrid(_AXIS, _AXIS, _AXIS, indexing="ij"), -1).reshape(-1, 3)
_BALL = _BALL[np.linalg.norm(_BALL, axis=1) < 1]  # points that stand for the fluid of one bolus


@dataclass(frozen=True)
class NeedleMap:
    """One needle over its possible placements, on a lattice of offsets: log of the mean dose (units/mm3) to each structure by
    diffusion alone, the entry's distance above the bony rim (mm), and ``bed_dose``: dose if all units tracked through the septum.
    Beside the eye the same for the lateral rectus: the entry's distance lateral of the rim, how far below the depth of the septum the
    fluid ends (mm), and ``lateral_bed_dose``; None where it is out of reach."""

    log_dose: Mapping[str, np.ndarray]
    rim_distance_mm: np.ndarray
    bed_dose: Mapping[str, float]
    lateral_rim_distance_mm: np.ndarray | None = None
    beyond_septum_mm: np.ndarray | None = None
    lateral_bed_dose: Mapping[str, float] = field(default_factory=dict)


def structure_weights(anatomy: Anatomy, spread: Spread, structure: str) -> np.ndarray:
    """Weights (n,) over tissue cells whose product with the exposure is the mean dose of a whole muscle in units/mm3.

    The part of a muscle beyond the grid (the levator's belly near the apex of the orbit) counts as undosed.
    """
    muscle, sheet = _structure(anatomy, structure)
    volume = muscle.share * anatomy.volume_mm3[muscle.cells]
    weights = np.zeros(len(anatomy.cells))
    np.add.at(weights, muscle.cells, spread.uptake_per_day * volume / sheet.volume_mm3)
    return weights


def _structure(anatomy: Anatomy, name: str) -> tuple[MuscleCells, Sheet]:
    """A muscle of the face or a bystander, on the grid and as drawn."""
    if name in anatomy.muscles:
        return anatomy.muscles[name], anatomy.atlas.muscles[name]
    return anatomy.bystanders[name], anatomy.atlas.bystanders[name]


@dataclass(frozen=True)
class ReachFields:
    """What depends on the person only. ``fields``: mean dose to each structure (cells,) of a unit anywhere; ``room``: the share of
    each cell of the grid that fluid can fill, and next to it that share of every field (cells of the grid, 1 + structures)."""

    fields: Mapping[str, np.ndarray]
    room: np.ndarray


def solve_reach(
    structures: Sequence[str], anatomy: Anatomy, spread: Spread, known: dict[str, np.ndarray] | None = None
) -> ReachFields:
    """One adjoint solve per structure, each by itself: the same numbers on any number of threads. ``known``: what is solved already for
    this spread; what was missing is added."""
    known = {} if known is None else known
    new = [name for name in structures if name not in known]
    with ThreadPoolExecutor(min(len(new), os.cpu_count() or 1) or 1) as pool:
        solved = pool.map(lambda name: spread.solve(structure_weights(anatomy, spread, name), ADJOINT_TOLERANCE), new)
        known.update(zip(new, solved, strict=True))
    fields = {name: known[name] for name in structures}
    fluid = np.where(anatomy.behind_septum, 0.0, anatomy.whole)
    return ReachFields(fields, _on_grid(anatomy, np.stack([fluid, *(fluid * field for field in fields.values())], 1)))


def map_reach(
    structures: tuple[str, ...], session: Session, plan: Plan, anatomy: Anatomy, spread: Spread, parameters: Mapping[str, float],
    reach: ReachFields | None = None, known: dict[str, np.ndarray] | None = None,
) -> tuple[NeedleMap, ...]:  # fmt: skip
    """For each needle of the session: the dose of each structure within reach, mapped over the needle's possible placements.

    ``reach``: of all ``structures``, where it is known already; else it is solved for those that are near and not ``known``.
    """
    nominal = [aim_needles(injection, anatomy)[0] for injection in session.injections]
    far_mm = np.inf if reach else FAR * np.sqrt(spread.diffusivity_mm2_per_day / spread.clearance_per_day)
    entries = np.stack([needle.entry for needle in nominal])
    limits_mm = {name: min(far_mm, FAR_MM.get(without_side(name), np.inf)) for name in structures}
    counts = {name: _near(anatomy, name, entries, limit_mm) for name, limit_mm in limits_mm.items()}
    reach = reach or solve_reach([name for name, needles in counts.items() if needles.any()], anatomy, spread, known)
    fields, room = reach.fields, reach.room
    orbit = bool(anatomy.atlas.septa)  # the lower face has none
    beds = {side: levator_bed(anatomy, side, parameters) for side in ("left", "right")} if orbit else {}
    axis = (np.arange(STEPS) - (STEPS - 1) / 2) * STEP_MM
    offsets = np.stack(np.meshgrid(axis, axis, DEPTHS_MM, indexing="ij"), -1)
    maps = []
    for number, (injection, straight) in enumerate(zip(session.injections, nominal, strict=True)):
        needles = aim_needles(injection, anatomy, offsets.reshape(-1, 3))
        points = _BALL * bolus_axes_mm(injection_volume_ml(injection, plan), parameters) @ bolus_frame(straight, anatomy)
        places = _index_coordinates(anatomy, (np.stack([n.tip for n in needles])[:, None] + points).reshape(-1, 3))
        filled = (linear(anatomy.grid.shape, places, outside=0.0) @ room).reshape(len(needles), len(points), -1).sum(1)
        mean = np.maximum(injection.units * filled[:, 1:] / np.maximum(filled[:, :1], FLOOR), FLOOR)
        maps_of = dict(zip(fields, np.log(mean).T.reshape(-1, *offsets.shape[:3]), strict=True))
        reached = {name: field for name, field in fields.items() if without_side(name) not in FAR_MM or counts[name][number]}
        if not orbit:
            maps.append(NeedleMap(maps_of, np.full(offsets.shape[:3], NO_RIM_MM), dict.fromkeys(fields, 0.0)))
            continue
        rim, _ = rim_distances_mm(np.stack([needle.entry for needle in needles]), anatomy)
        bed, share = beds[rim_distances_mm(straight.entry[None], anatomy)[1][0]]
        bed_dose = {name: injection.units * float(share @ field[bed]) for name, field in reached.items()}
        found = NeedleMap({name: maps_of[name] for name in reached}, rim.reshape(offsets.shape[:3]), bed_dose)
        maps.append(_beside_the_eye(found, needles, injection, plan, anatomy, reached, parameters))
    return tuple(maps)


def _beside_the_eye(
    found: NeedleMap,
    needles: Sequence[Needle],
    injection: Injection,
    plan: Plan,
    anatomy: Anatomy,
    fields: Mapping[str, np.ndarray],
    parameters: Mapping[str, float],
) -> NeedleMap:
    """The same map with the way to the lateral rectus, where that is within reach."""
    rectus = {name: field for name, field in fields.items() if without_side(name) == LATERAL_RECTUS}
    septum_mm = parameters["lateral_septum_depth_mm"]  # read in any case, so that the sources do not depend on which needles were near
    if not rectus:
        return found
    entries = np.stack([needle.entry for needle in needles])
    distance_mm, sides = lateral_rim_distances_mm(entries, anatomy)
    half_mm = bolus_axes_mm(injection_volume_ml(injection, plan), parameters)[2]
    beyond_mm = np.array([needle.depth_mm for needle in needles]) + half_mm - septum_mm
    middle = sides[int(np.argmin(distance_mm))]
    bed, share = lateral_rectus_bed(anatomy, middle, parameters)
    return replace(
        found,
        lateral_rim_distance_mm=distance_mm.reshape(found.rim_distance_mm.shape),
        beyond_septum_mm=beyond_mm.reshape(found.rim_distance_mm.shape),
        lateral_bed_dose={name: injection.units * float(share @ field[bed]) for name, field in rectus.items()},
    )


def structure_doses(
    structures: tuple[str, ...], needles: tuple[NeedleMap, ...], offsets_mm: np.ndarray, parameters: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Mean dose (draws,) in units/mm3 to each structure for needle offsets (draws, injections, 3) in mm."""
    total = {name: np.zeros(len(offsets_mm)) for name in structures}
    lateral_reach_mm = parameters["lateral_septum_tracking_reach_mm"]  # read in any case, as above
    for n, needle in enumerate(needles):
        along = offsets_mm[:, n, :2].T / STEP_MM + (STEPS - 1) / 2
        deep = (offsets_mm[:, n, 2] - DEPTHS_MM[0]) / (DEPTHS_MM[1] - DEPTHS_MM[0])
        where = np.clip(np.vstack([along, deep]), 0, [[STEPS - 1], [STEPS - 1], [1]])
        between = linear((STEPS, STEPS, len(DEPTHS_MM)), where)
        tracked = tracked_share(between @ needle.rim_distance_mm.ravel(), parameters)
        for name, log_dose in needle.log_dose.items():
            diffused = (1 - tracked) * np.exp(between @ log_dose.ravel())
            total[name] += diffused + tracked * needle.bed_dose[name]
            if name in needle.lateral_bed_dose and needle.lateral_rim_distance_mm is not None and needle.beyond_septum_mm is not None:
                aside_mm = between @ needle.lateral_rim_distance_mm.ravel() - lateral_reach_mm
                lateral = laterally_tracked_share(aside_mm, between @ needle.beyond_septum_mm.ravel(), parameters)
                total[name] += lateral * ((1 - tracked) * needle.lateral_bed_dose[name] - diffused)
    return total


def _near(anatomy: Anatomy, structure: str, points: np.ndarray, within_mm: float) -> np.ndarray:
    """Which of points (n, 3) are nearer than ``within_mm`` to a cell of a structure (n,)."""
    if np.isinf(within_mm):
        return np.ones(len(points), bool)
    cells = anatomy.points[_structure(anatomy, structure)[0].cells]
    return squared_distances(points, cells).min(1) < within_mm**2


def _on_grid(anatomy: Anatomy, values: np.ndarray) -> np.ndarray:
    """Values (n, k) of the tissue cells on the whole grid, flattened (cells of the grid, k), 0 where there is no tissue."""
    whole = np.zeros((int(np.prod(anatomy.grid.shape)), values.shape[1]))
    whole[anatomy.cells] = values
    return whole


def _index_coordinates(anatomy: Anatomy, points: np.ndarray) -> np.ndarray:
    """Fractional cell indices (3, n) of points (n, 3)."""
    grid = anatomy.grid
    theta, phi, depth = grid.coordinates(points).T
    level = np.interp(depth, grid.depth_mm, np.arange(grid.shape[2]))
    return np.stack([*grid.column_index(theta, phi), level])
