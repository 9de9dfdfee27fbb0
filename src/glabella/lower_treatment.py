"""The story in the lower face: the same stages on a tissue of its own, without skin and wrinkles.

Upper and lower face are computed apart. A plan treats one of them.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters
from glabella.evidence.lower_face import with_lower_rows
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.lower_outcome import LowerOutcome, ThicknessCurves
from glabella.outcome import Curve, DoseBalance, MuscleCurves, Probability, summarise
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.anatomy import DEPTH_STEP_MM, STEP_MM, Anatomy, Atlas
from glabella.stages.anatomy.lower_face import build_lower_atlas
from glabella.stages.anatomy.lower_tissue import LOWER_WINDOW, build_lower_anatomy
from glabella.stages.bolus import Bolus, place_boluses
from glabella.stages.diffusion import DoseField, Spread, build_spread, muscle_doses, spread_toxin
from glabella.stages.junction import Blockade, block_junctions, blocked_share
from glabella.stages.muscle import MuscleForce
from glabella.stages.muscle.lower_face import lower_movement
from glabella.stages.muscle.masseter import Thickness, masseter_thickness, weaken_lower_muscles
from glabella.stages.unwanted import ComputedRisk, draw_placements, map_reach, placement_offsets, structure_doses
from glabella.stages.unwanted.lower_face import LOWER_STRUCTURES, rate_lower_face
from glabella.treatment import (
    COMPILED_FROM,
    PEAK_DAYS,
    SAMPLE_TOLERANCE,
    UNWANTED_DRAWS,
    UNWANTED_PARAMETER_DRAWS,
    Progress,
    day_grid,
)


@dataclass(frozen=True)
class LowerPerson:
    """What depends on the face and the patient but not on the plan."""

    face: Face
    patient: Patient
    anatomy: Anatomy
    spread: Spread


@dataclass(frozen=True)
class LowerCourse:
    """One run of the chain for one set of parameters and one placement of the needles."""

    boluses: tuple[tuple[Bolus, ...], ...]
    fields: tuple[DoseField, ...]
    blockade: Blockade
    force: MuscleForce
    movement: Mapping[str, np.ndarray]
    thickness: Mapping[str, Thickness]


def build_lower_person(
    face: Face | None,
    patient: Patient,
    parameters: Parameters,
    *,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    atlas: Atlas | None = None,
    compiled: bool = False,
) -> LowerPerson:
    """Tissue and spread of one person's lower face; ``parameters`` with the rows of the lower face."""
    face = atlas.face if atlas else patient.shape(face or load_face(), parameters)
    anatomy = build_lower_anatomy(
        face, patient, parameters, step_mm=step_mm or STEP_MM, depth_step_mm=depth_step_mm or DEPTH_STEP_MM, atlas=atlas
    )
    spread = build_spread(anatomy, parameters)
    return LowerPerson(face, patient, anatomy, spread.compiled() if compiled else spread)


def run_lower_course(
    person: LowerPerson, plan: Plan, days: np.ndarray, parameters: Parameters, offsets_mm: Sequence[np.ndarray | None], tolerance: float,
    compiled: bool = False,
) -> LowerCourse:  # fmt: skip
    """The chain of stages; ``offsets_mm`` moves the needles of each session."""
    anatomy = person.anatomy
    spread = person.spread.at(parameters)
    boluses = tuple(place_boluses(s, plan, anatomy, parameters, offset) for s, offset in zip(plan.sessions, offsets_mm, strict=True))
    fields = tuple(spread_toxin(spread, session, tolerance) for session in boluses)
    session_days = np.array([session.day for session in plan.sessions])
    blockade = block_junctions(muscle_doses(anatomy, fields), session_days, days, parameters, plan.product, compiled=compiled)
    force = weaken_lower_muscles(blockade, parameters)
    thickness = masseter_thickness(force, person.patient.sex, parameters)
    return LowerCourse(boluses, fields, blockade, force, lower_movement(force.force, parameters), thickness)


def simulate_lower(
    plan: Plan,
    face: Face | None,
    patient: Patient,
    parameters: Parameters,
    *,
    days: int,
    samples: int,
    seed: int,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    report: Progress = lambda stage, share: None,
    keep_person: bool = True,
) -> LowerOutcome:
    """What ``simulate`` does for a plan whose sites lie in the lower face. Errors as there; arguments are checked there."""
    parameters = with_lower_rows(parameters).recording()
    with threadpool_limits(1):
        report("face and tissue", 0.0)
        atlas = build_lower_atlas(patient.shape(face or load_face(), parameters), patient, parameters)
        findings = check_plan(plan, patient, atlas)
        ensure_allowed(findings)
        compiled = samples >= COMPILED_FROM
        person = build_lower_person(None, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, atlas=atlas, compiled=compiled)
        report("spread and kinetics", 0.0)
        grid = day_grid(days)
        nominal = run_lower_course(person, plan, grid, parameters, [None] * len(plan.sessions), 1e-11)
        runs = _run_samples(person, plan, grid, parameters, samples, seed, workers, report)
        report("side effects", 0.0)
        risks = find_lower_risks(person, plan, parameters, nominal, runs, samples, seed)
    return _outcome(person, plan, grid, parameters, nominal, runs, risks, findings, seed, samples, keep_person)


def _run_samples(
    person: LowerPerson, plan: Plan, grid: np.ndarray, parameters: Parameters, samples: int, seed: int, workers: int | None,
    report: Progress,
) -> list[dict[tuple[str, ...], np.ndarray]]:  # fmt: skip
    def run(sample: int) -> dict[tuple[str, ...], np.ndarray]:
        drawn = parameters.draw(seed, sample)
        offsets = [placement_offsets(_sites(plan, n), seed, sample, n, drawn) for n in range(len(plan.sessions))]
        return _curves(run_lower_course(person, plan, grid, drawn, offsets, SAMPLE_TOLERANCE, compiled=samples >= COMPILED_FROM))

    found = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for result in pool.map(run, range(samples)):
            found.append(result)
            report("samples", len(found) / samples)
    return found


def _sites(plan: Plan, session: int) -> list[str]:
    return [injection.site for injection in plan.sessions[session].injections]


def _curves(course: LowerCourse) -> dict[tuple[str, ...], np.ndarray]:
    """The curves of one run under one flat name each."""
    curves: dict[tuple[str, ...], np.ndarray] = {("movement", name): values for name, values in course.movement.items()}
    for muscle in course.blockade.blocked:
        curves["muscle", muscle, "force"] = course.force.force[muscle]
        curves["muscle", muscle, "bulk"] = course.force.bulk[muscle]
        curves["muscle", muscle, "blocked"] = course.blockade.blocked[muscle]
    for muscle, thickness in course.thickness.items():
        curves["thickness", muscle, "rest_mm"] = thickness.rest_mm
        curves["thickness", muscle, "clench_mm"] = thickness.clench_mm
    return curves


def placement_doses(person: LowerPerson, plan: Plan, parameters: Parameters, seed: int) -> dict[str, np.ndarray]:
    """Mean dose (placements,) in units/mm3 to each of ``LOWER_STRUCTURES``, the largest of the sessions."""
    doses: dict[str, np.ndarray] = {name: np.zeros(UNWANTED_DRAWS) for name in LOWER_STRUCTURES}
    spread = person.spread.at(parameters)
    for number, session in enumerate(plan.sessions):
        needles = map_reach(LOWER_STRUCTURES, session, plan, person.anatomy, spread, parameters)
        offsets = draw_placements(_sites(plan, number), UNWANTED_DRAWS, seed, number, parameters).offsets_mm
        found = structure_doses(LOWER_STRUCTURES, needles, offsets, parameters)
        doses = {name: np.maximum(doses[name], found[name]) for name in LOWER_STRUCTURES}
    return doses


def find_lower_risks(
    person: LowerPerson, plan: Plan, parameters: Parameters, nominal: LowerCourse, runs: list, samples: int, seed: int
) -> dict[str, ComputedRisk]:
    """Chance of each side effect that has a mechanism, on placements of the needles, with bands from ``samples`` draws."""

    def peak_block(dose: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
        return blocked_share(dose, PEAK_DAYS, values, plan.product).max(-1)

    draws = [parameters, *(parameters.draw(seed, n) for n in range(min(samples, UNWANTED_PARAMETER_DRAWS)))]
    bite_lost = np.array([1 - float(run["movement", "clench"].min()) / 100 for run in (runs or [_curves(nominal)])])
    return rate_lower_face(placement_doses(person, plan, parameters, seed), bite_lost, peak_block, draws)


def _outcome(
    person: LowerPerson, plan: Plan, grid: np.ndarray, parameters: Parameters, nominal: LowerCourse, runs: list,
    risks: Mapping[str, ComputedRisk], findings: Sequence[Finding], seed: int, samples: int, keep_person: bool,
) -> LowerOutcome:  # fmt: skip
    one, anatomy = _curves(nominal), person.anatomy

    def curve(*key: str) -> Curve:
        return summarise(grid, one[key], np.stack([run[key] for run in runs]) if runs else None)

    placed = sum(field.placed_units for field in nominal.fields)
    displaced = sum(bolus.units * bolus.displaced_share for session in nominal.boluses for bolus in session) / placed
    by_muscle = {
        name: float((dose.dose_units_per_mm3.sum(0) * dose.volume_mm3).sum())
        for name, dose in muscle_doses(anatomy, nominal.fields).items()
    }
    taken_up, cleared = sum(f.taken_up_units for f in nominal.fields), sum(f.cleared_units for f in nominal.fields)
    unwanted = {
        name: Probability(r.value, r.low, r.high, "computed", r.onset, r.duration, r.seriousness, r.source) for name, r in risks.items()
    }
    return LowerOutcome(
        days=grid,
        movement={name: curve("movement", name) for name in nominal.movement},
        muscles={m: MuscleCurves(*(curve("muscle", m, q) for q in ("force", "bulk", "blocked"))) for m in nominal.blockade.blocked},
        thickness={m: ThicknessCurves(curve("thickness", m, "rest_mm"), curve("thickness", m, "clench_mm")) for m in nominal.thickness},
        unwanted=unwanted,
        dose=DoseBalance(placed, taken_up, cleared, displaced, by_muscle),
        findings=tuple(findings),
        plan=plan,
        patient=person.patient,
        parameters=parameters,
        settings={
            "samples": samples,
            "days": int(grid[-1]),
            "tissue_cells": len(anatomy.cells),
            "step_mm": round(float(anatomy.grid.steps[0] * LOWER_WINDOW.nominal_radius_mm), 6),
            "depth_step_mm": float(np.diff(anatomy.grid.edges_mm)[0]),
            "interpupillary_distance_mm": person.face.interpupillary_distance_mm,
        },
        seed=seed,
        version=version("glabella"),
        person=(person, nominal) if keep_person else None,
    )
