"""The story in the lower face: the same stages on a tissue of its own, without skin and wrinkles.

Upper and lower face are computed apart. A plan treats one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters
from glabella.evidence.lower_face import with_lower_rows
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.lower_face.outcome import LowerOutcome, ThicknessCurves
from glabella.outcome import Probability
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.runs import (
    Bands,
    Named,
    Progress,
    balance_dose,
    inject,
    muscle_named_curves,
    peak_block_of,
    placement_doses,
    risk_draws,
    run_samples,
    run_settings,
)  # fmt: skip
from glabella.stages.anatomy import DEPTH_STEP_MM, STEP_MM, Anatomy, Atlas
from glabella.stages.anatomy.lower_face import build_lower_atlas
from glabella.stages.anatomy.lower_tissue import LOWER_WINDOW, build_lower_anatomy
from glabella.stages.bolus import Bolus
from glabella.stages.diffusion import DoseField, Spread, build_spread
from glabella.stages.junction import Blockade
from glabella.stages.muscle import MuscleForce
from glabella.stages.muscle.lower_face import lower_movement
from glabella.stages.muscle.masseter import Thickness, masseter_thickness, weaken_lower_muscles
from glabella.stages.unwanted import ComputedRisk
from glabella.stages.unwanted.lower_face import LOWER_STRUCTURES, rate_lower_face
from glabella.treatment import COMPILED_FROM, SAMPLE_TOLERANCE, day_grid
from glabella.version import own_version


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
    injected = inject(plan, person.anatomy, person.spread, days, parameters, offsets_mm, tolerance, compiled)
    force = weaken_lower_muscles(injected.blockade, parameters)
    movement, thickness = lower_movement(force.force, parameters), masseter_thickness(force, person.patient.sex, parameters)
    return LowerCourse(injected.boluses, injected.fields, injected.blockade, force, movement, thickness)


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

        def sample(drawn: Parameters, offsets: list[np.ndarray | None]) -> Named:
            return _curves(run_lower_course(person, plan, grid, drawn, offsets, SAMPLE_TOLERANCE, compiled=compiled))

        nominal = run_lower_course(person, plan, grid, parameters, [None] * len(plan.sessions), 1e-11)
        runs = run_samples(sample, plan, parameters, samples, seed, workers, report)
        report("side effects", 0.0)
        risks = find_lower_risks(person, plan, parameters, nominal, runs, samples, seed)
    return _outcome(person, plan, grid, parameters, nominal, runs, risks, findings, seed, samples, keep_person)


def _curves(course: LowerCourse) -> Named:
    """The curves of one run under one flat name each."""
    curves: Named = {("movement", name): values for name, values in course.movement.items()}
    curves |= muscle_named_curves(course.blockade, course.force)
    for muscle, thickness in course.thickness.items():
        curves["thickness", muscle, "rest_mm"] = thickness.rest_mm
        curves["thickness", muscle, "clench_mm"] = thickness.clench_mm
    return curves


def lower_placement_doses(person: LowerPerson, plan: Plan, parameters: Parameters, seed: int) -> dict[str, np.ndarray]:
    """Mean dose (placements,) in units/mm3 to each of ``LOWER_STRUCTURES``, the largest of the sessions."""
    return placement_doses(LOWER_STRUCTURES, plan, person.anatomy, person.spread.at(parameters), parameters, seed)


def find_lower_risks(
    person: LowerPerson, plan: Plan, parameters: Parameters, nominal: LowerCourse, runs: list, samples: int, seed: int
) -> dict[str, ComputedRisk]:
    """Chance of each side effect that has a mechanism, on placements of the needles, with bands from ``samples`` draws."""
    bite_lost = np.array([1 - float(run["movement", "clench"].min()) / 100 for run in (runs or [_curves(nominal)])])
    doses = lower_placement_doses(person, plan, parameters, seed)
    return rate_lower_face(doses, bite_lost, peak_block_of(plan.product), risk_draws(parameters, samples, seed))


def _outcome(
    person: LowerPerson, plan: Plan, grid: np.ndarray, parameters: Parameters, nominal: LowerCourse, runs: list,
    risks: Mapping[str, ComputedRisk], findings: Sequence[Finding], seed: int, samples: int, keep_person: bool,
) -> LowerOutcome:  # fmt: skip
    bands = Bands(grid, _curves(nominal), runs)
    curve = bands.curve
    unwanted = {
        name: Probability(r.value, r.low, r.high, "computed", r.onset, r.duration, r.seriousness, r.source) for name, r in risks.items()
    }
    return LowerOutcome(
        days=grid,
        movement={name: curve("movement", name) for name in nominal.movement},
        muscles=bands.muscles(nominal.blockade.blocked),
        thickness={m: ThicknessCurves(curve("thickness", m, "rest_mm"), curve("thickness", m, "clench_mm")) for m in nominal.thickness},
        unwanted=unwanted,
        dose=balance_dose(person.anatomy, nominal.boluses, nominal.fields),
        findings=tuple(findings),
        plan=plan,
        patient=person.patient,
        parameters=parameters,
        settings=run_settings(
            person.anatomy, LOWER_WINDOW.nominal_radius_mm, person.face.interpupillary_distance_mm, samples, int(grid[-1])
        ),
        seed=seed,
        version=own_version(),
        person=(person, nominal) if keep_person else None,
    )
