"""How much of a unit injected anywhere reaches a structure: one adjoint solve per structure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.spatial import cKDTree

from glabella.plan import Plan, Session
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import aim_needle, fill_bolus, injection_volume_ml, levator_bed, rim_distance_mm, tracked_share
from glabella.stages.diffusion import Spread

STEP_MM, STEPS = 3.5, 7  # the map of one needle covers +-10.5 mm, nearly three standard deviations of scatter
DEPTHS_MM = np.array([-1.0, 1.0])
ADJOINT_TOLERANCE = 1e-6
FAR = 12.0  # a structure more than this many reach lengths from every needle gets no dose (less than exp(-12))
FLOOR = 1e-30


@dataclass(frozen=True)
class NeedleMap:
    """One needle over its possible placements: log of the mean dose (units/mm3) to a structure by diffusion alone, and the
    entry's distance above the bony rim (mm); ``bed_dose``: dose to the structure if all units tracked through the septum."""

    log_dose: RegularGridInterpolator
    rim_distance_mm: RegularGridInterpolator
    bed_dose: float


@dataclass(frozen=True)
class StructureReach:
    """Mean dose to one structure from a session, for any placement of its needles."""

    structure: str
    needles: tuple[NeedleMap, ...]

    def dose(self, offsets_mm: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
        """Mean dose (draws,) to the structure for needle offsets (draws, injections, 3) in mm."""
        total = np.zeros(len(offsets_mm))
        half = STEP_MM * (STEPS - 1) / 2
        for n, needle in enumerate(self.needles):
            where = offsets_mm[:, n].copy()
            where[:, :2] = np.clip(where[:, :2], -half, half)
            where[:, 2] = np.clip(where[:, 2], DEPTHS_MM[0], DEPTHS_MM[1])
            tracked = tracked_share(needle.rim_distance_mm(where), parameters)
            total += (1 - tracked) * np.exp(needle.log_dose(where)) + tracked * needle.bed_dose
        return total


def structure_weights(anatomy: Anatomy, spread: Spread, structure: str) -> np.ndarray:
    """Weights (n,) over tissue cells whose product with the exposure is the mean dose of a whole muscle in units/mm3.

    The part of a muscle beyond the grid (the levator's belly near the apex of the orbit) counts as undosed.
    """
    muscle = anatomy.muscles[structure]
    volume = muscle.share * anatomy.volume_mm3[muscle.cells]
    weights = np.zeros(len(anatomy.cells))
    np.add.at(weights, muscle.cells, spread.uptake_per_day * volume / anatomy.atlas.muscles[structure].volume_mm3)
    return weights


def map_reach(
    structures: tuple[str, ...], session: Session, plan: Plan, anatomy: Anatomy, spread: Spread, parameters: Mapping[str, float]
) -> dict[str, StructureReach]:
    """For each structure: its dose from each needle of the session, mapped over the needle's possible placements."""
    entries = np.stack([aim_needle(injection, anatomy).entry for injection in session.injections])
    far_mm = FAR * np.sqrt(spread.diffusivity_mm2_per_day / spread.clearance_per_day)
    near = [name for name in structures if cKDTree(anatomy.points[anatomy.muscles[name].cells]).query(entries)[0].min() < far_mm]
    fields = {name: spread.solve(structure_weights(anatomy, spread, name), ADJOINT_TOLERANCE) for name in near}
    axis = (np.arange(STEPS) - (STEPS - 1) / 2) * STEP_MM
    grid = (axis, axis, DEPTHS_MM)
    maps: dict[str, list[NeedleMap]] = {name: [] for name in structures}
    beds = {side: levator_bed(anatomy, side, parameters) for side in ("left", "right")}
    for injection in session.injections:
        values = {name: np.full((STEPS, STEPS, len(DEPTHS_MM)), FLOOR) for name in structures}
        distance = np.empty((STEPS, STEPS, len(DEPTHS_MM)))
        for index in np.ndindex(STEPS, STEPS, len(DEPTHS_MM)):
            offset = np.array([axis[index[0]], axis[index[1]], DEPTHS_MM[index[2]]])
            needle = aim_needle(injection, anatomy, offset)
            distance[index], side = rim_distance_mm(needle.entry, anatomy)
            bolus = fill_bolus(needle, injection.units, injection_volume_ml(injection, plan), anatomy, parameters, tracking=False)
            for name, field in fields.items():
                values[name][index] = max(bolus.units * float(bolus.share @ field[bolus.cells]), FLOOR)
        to_rim = RegularGridInterpolator(grid, distance)
        cells, share = beds[side]
        for name in structures:
            bed = injection.units * float(share @ fields[name][cells]) if name in fields else 0.0
            maps[name].append(NeedleMap(RegularGridInterpolator(grid, np.log(values[name])), to_rim, bed))
    return {name: StructureReach(name, tuple(by_needle)) for name, by_needle in maps.items()}

