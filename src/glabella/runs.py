"""What a simulation does in either region of the face: needles to blocked muscles, runs over samples, placements, and the parts of an
outcome that do not depend on the region."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from glabella.evidence import Parameters
from glabella.outcome import Curve, DoseBalance, MuscleCurves, summarise
from glabella.plan import Plan, Session
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import Bolus, place_boluses
from glabella.stages.diffusion import DoseField, MuscleDose, Spread, muscle_doses, spread_toxin
from glabella.stages.junction import Blockade, block_junctions, blocked_share
from glabella.stages.muscle import MuscleForce
from glabella.stages.unwanted import draw_placements, map_reach, placement_offsets, structure_doses

UNWANTED_DRAWS = 20_000  # placements from which rare side effects are counted
UNWANTED_PARAMETER_DRAWS = 64
PEAK_DAYS = np.array([0.0, 3.0, 7.0, 14.0, 21.0, 30.0, 45.0])
Progress = Callable[[str, float], None]
Named = dict[tuple[str, ...], np.ndarray]  # curves of one run, under one flat name each


@dataclass(frozen=True)
class Injected:
    """What the needles of all sessions did: fluid, dose fields, dose of each muscle, and what is blocked from day to day."""

    boluses: tuple[tuple[Bolus, ...], ...]
    fields: tuple[DoseField, ...]
    dose: Mapping[str, MuscleDose]
    blockade: Blockade


def inject(
    plan: Plan, anatomy: Anatomy, spread: Spread, days: np.ndarray, parameters: Parameters, offsets_mm: Sequence[np.ndarray | None],
    tolerance: float, compiled: bool, boluses: tuple[tuple[Bolus, ...], ...] | None = None,
) -> Injected:  # fmt: skip
    """The stages from the needle to the junction; ``offsets_mm`` moves the needles of each session; ``compiled``: the junction's;
    ``boluses``: of each session, where they are known already."""
    spread = spread.at(parameters)
    if boluses is None:
        boluses = tuple(place_boluses(s, plan, anatomy, parameters, offset) for s, offset in zip(plan.sessions, offsets_mm, strict=True))
    fields = tuple(spread_toxin(spread, session, tolerance) for session in boluses)
    dose = muscle_doses(anatomy, fields)
    blockade = block_junctions(dose, np.array([s.day for s in plan.sessions]), days, parameters, plan.product, compiled=compiled)
    return Injected(boluses, fields, dose, blockade)


def run_samples(
    run: Callable[[Parameters, list[np.ndarray | None]], Named], plan: Plan, parameters: Parameters, samples: int, seed: int,
    workers: int | None, report: Progress, stop: Callable[[], None] = lambda: None,
) -> list[Named]:  # fmt: skip
    """``run`` for each sample: its drawn parameters and the scatter of the needles of each session. ``stop`` is called before each and may
    raise: no other sample is begun."""

    def one(sample: int) -> Named:
        stop()
        drawn = parameters.draw(seed, sample)
        return run(drawn, [placement_offsets(sites_of(session), seed, sample, n, drawn) for n, session in enumerate(plan.sessions)])

    found = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for result in pool.map(one, range(samples)):
            found.append(result)
            report("samples", len(found) / samples)
    return found


def sites_of(session: Session) -> list[str]:
    """The site of each needle."""
    return [injection.site for injection in session.injections]


def muscle_named_curves(blockade: Blockade, force: MuscleForce) -> Named:
    """Force, bulk and blocked share of every muscle under their flat names."""
    curves: Named = {}
    for muscle in blockade.blocked:
        curves["muscle", muscle, "force"] = force.force[muscle]
        curves["muscle", muscle, "bulk"] = force.bulk[muscle]
        curves["muscle", muscle, "blocked"] = blockade.blocked[muscle]
    return curves


def placement_doses(
    structures: tuple[str, ...], plan: Plan, anatomy: Anatomy, spread: Spread, parameters: Parameters, seed: int,
    known: dict[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Mean dose (placements,) in units/mm3 to each structure at risk, the largest of the sessions. ``known``: see ``solve_reach``."""
    doses = dict.fromkeys(structures, np.zeros(UNWANTED_DRAWS))
    for number, session in enumerate(plan.sessions):
        needles = map_reach(structures, session, plan, anatomy, spread, parameters, known=known)
        offsets = draw_placements(sites_of(session), UNWANTED_DRAWS, seed, number, parameters).offsets_mm
        found = structure_doses(structures, needles, offsets, parameters)
        doses = {name: np.maximum(doses[name], found[name]) for name in structures}
    return doses


def peak_block_of(product: str) -> Callable[[np.ndarray, Mapping[str, float]], np.ndarray]:
    """The largest blocked share on ``PEAK_DAYS`` for doses of the product."""

    def peak_block(dose: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
        return blocked_share(dose, PEAK_DAYS, values, product).max(-1)

    return peak_block


def risk_draws(parameters: Parameters, samples: int, seed: int) -> list[Parameters]:
    """The values in force, then the draws behind the bands of side effects."""
    return [parameters, *(parameters.draw(seed, n) for n in range(min(samples, UNWANTED_PARAMETER_DRAWS)))]


@dataclass(frozen=True)
class Bands:
    """Curves of an outcome by their flat names: of the nominal run, and of the samples behind its bands (none: no bands)."""

    days: np.ndarray
    nominal: Named
    samples: Sequence[Named]

    def curve(self, *name: str) -> Curve:
        """One of them."""
        return summarise(self.days, self.nominal[name], np.stack([run[name] for run in self.samples]) if self.samples else None)

    def muscles(self, names: Iterable[str]) -> dict[str, MuscleCurves]:
        """Force, bulk and blocked share of the muscles."""
        return {muscle: MuscleCurves(*(self.curve("muscle", muscle, what) for what in ("force", "bulk", "blocked"))) for muscle in names}


def balance_dose(anatomy: Anatomy, boluses: Sequence[Sequence[Bolus]], fields: Sequence[DoseField]) -> DoseBalance:
    """Where the units of all sessions went."""
    placed = sum(field.placed_units for field in fields)
    displaced = sum(bolus.units * bolus.displaced_share for session in boluses for bolus in session) / placed
    by_muscle = {
        name: float((dose.dose_units_per_mm3.sum(0) * dose.volume_mm3).sum()) for name, dose in muscle_doses(anatomy, fields).items()
    }
    return DoseBalance(placed, sum(f.taken_up_units for f in fields), sum(f.cleared_units for f in fields), displaced, by_muscle)


def run_settings(anatomy: Anatomy, nominal_radius_mm: float, interpupillary_distance_mm: float, samples: int, days: int) -> dict:
    """How it was computed, as an outcome tells it."""
    return {
        "samples": samples,
        "days": days,
        "tissue_cells": len(anatomy.cells),
        "step_mm": round(float(anatomy.grid.steps[0] * nominal_radius_mm), 6),
        "depth_step_mm": float(np.diff(anatomy.grid.edges_mm)[0]),
        "interpupillary_distance_mm": interpupillary_distance_mm,
    }
