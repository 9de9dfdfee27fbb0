"""The story: what a plan does to a face, from the needle to the skin and over the months."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, overload

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.names import SIDES
from glabella.outcome import (
    AREAS,
    EXPRESSIONS,
    BrowCurves,
    Outcome,
    Probability,
    Reported,
    SkinCurves,
)
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.runs import (
    PEAK_DAYS,
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
from glabella.stages.anatomy import DEPTH_STEP_MM, NOMINAL_RADIUS_MM, STEP_MM, Anatomy, Atlas, build_anatomy, build_atlas
from glabella.stages.bolus import Bolus
from glabella.stages.diffusion import DoseField, MuscleDose, Spread, build_spread
from glabella.stages.junction import Blockade, blocked_share
from glabella.stages.muscle import MuscleForce, weaken_muscles
from glabella.stages.skin import BrowLift, Skin, SkinStrain, build_lift, build_skin, frontalis_bands, lose_lift, strain_skin
from glabella.stages.unwanted import (
    ONE_OF_MANY,
    STRUCTURES,
    ComputedRisk,
    LabelRate,
    bound_blood,
    label_rates,
    measure_brows,
    rate_unwanted,
)
from glabella.stages.wrinkle import Wrinkles, grade_wrinkles
from glabella.version import own_version

if TYPE_CHECKING:
    from glabella.lower_face.outcome import LowerOutcome
    from glabella.trial.cohort import Cohort
    from glabella.trial.result import TrialResult

SAMPLE_TOLERANCE = 1e-6  # relative residual of the spread solve in samples: dose right to 1e-4, far inside any band
COMPILED_FROM = 20  # samples from which compiled spread and junction repay the second or so that they take to load
LONGEST_DAYS = 3653
FINEST_STEP_MM, COARSEST_STEP_MM = 0.2, 4.0


@dataclass(frozen=True)
class Person:
    """What depends on the face and the patient but not on the plan: tissue, spread operator and skin; and of the frontalis what each band
    of its fibres lifts, with the ``bands`` (n,) of its tissue elements, left muscle first.

    ``known_fields``: adjoint fields (cells,) of structures at risk, solved without the compiled solver when they were first needed.
    """

    face: Face
    patient: Patient
    anatomy: Anatomy
    spread: Spread
    skin: Skin
    lift: BrowLift
    bands: np.ndarray
    known_fields: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Course:
    """One run of the chain: everything per day for one set of parameters and one placement of the needles. ``raised_brow[side][part]``: mm
    up on ``PEAK_DAYS``, against the untreated brow raised as hard."""

    boluses: tuple[tuple[Bolus, ...], ...]
    fields: tuple[DoseField, ...]
    blockade: Blockade
    force: MuscleForce
    strain: SkinStrain
    wrinkles: Wrinkles
    raised_brow: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Treatment:
    """One person treated: the outcome, and what its bands were made of.

    ``samples``: every curve by its flat name (samples, days), such as ("skin", "glabellar", "maximum_frown", "grade"), empty without
    samples; ``risks``: the computed side effects, with their values per draw of the parameters.
    """

    person: Person
    outcome: Outcome
    samples: Mapping[tuple[str, ...], np.ndarray]
    risks: Mapping[str, ComputedRisk]


def day_grid(days: int) -> np.ndarray:
    """0 (before treatment), 0.5, 1, 1.5, 2, then daily to ``days``."""
    return np.concatenate([[0.0, 0.5, 1.0, 1.5], np.arange(2.0, days + 1)])


def build_person(
    face: Face | None,
    patient: Patient,
    parameters: Parameters,
    *,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    atlas: Atlas | None = None,
    compiled: bool = True,
) -> Person:
    """Tissue, spread and skin of one person: the face takes the patient's sex, age and size.

    ``compiled``: with the compiled spread solve where it is installed, since a person is mostly built to be treated again and again.
    """
    face = atlas.face if atlas else patient.shape(face or load_face(), parameters)
    atlas = atlas or build_atlas(face, patient, parameters)
    with ThreadPoolExecutor(1) as beside:  # skin and tissue need nothing of each other
        skin = beside.submit(_build_skin_and_lift, atlas, parameters)
        anatomy = build_anatomy(
            face, patient, parameters, step_mm=step_mm or STEP_MM, depth_step_mm=depth_step_mm or DEPTH_STEP_MM, atlas=atlas
        )
        spread = build_spread(anatomy, parameters)
        return Person(face, patient, anatomy, spread.compiled() if compiled else spread, *skin.result(), frontalis_bands(anatomy))


def _build_skin_and_lift(atlas: Atlas, parameters: Parameters) -> tuple[Skin, BrowLift]:
    skin = build_skin(atlas, parameters, keep_factor=True)
    lift = build_lift(skin, atlas, parameters)
    skin.membrane.forget_factor()
    return skin, lift


def run_course(
    person: Person,
    plan: Plan,
    days: np.ndarray,
    parameters: Parameters,
    offsets_mm: Sequence[np.ndarray | None],
    tolerance: float,
    compiled: bool = False,
    boluses: tuple[tuple[Bolus, ...], ...] | None = None,
) -> Course:
    """The chain of stages for one set of parameters; ``offsets_mm`` moves the needles of each session; ``compiled``: the junction's.

    ``boluses`` of each session, where they are known already: what ``place_boluses`` gives for the plan, the parameters and the offsets.
    """
    injected = inject(plan, person.anatomy, person.spread, days, parameters, offsets_mm, tolerance, compiled, boluses)
    force = weaken_muscles(injected.blockade, parameters)
    strain = strain_skin(person.skin, force, person.patient, parameters)
    wrinkles = grade_wrinkles(strain, person.patient, parameters)
    raised = _raised_brow(person, plan, injected.dose, parameters)
    return Course(injected.boluses, injected.fields, injected.blockade, force, strain, wrinkles, raised)


def _raised_brow(person: Person, plan: Plan, doses: Mapping[str, MuscleDose], parameters: Parameters) -> dict[str, dict[str, np.ndarray]]:
    """Where the brows stand when they are raised, at the peak of the session that reaches the frontalis most."""
    parts = [doses[f"frontalis_{side}"] for side in SIDES]
    dose, volume = np.concatenate([p.dose_units_per_mm3.max(0) for p in parts]), np.concatenate([p.volume_mm3 for p in parts])
    newton = dict(zip(person.skin.muscles, person.skin.tension_newton("brow_raise", person.patient, parameters), strict=True))
    blocked = blocked_share(dose, PEAK_DAYS, parameters, plan.product)
    return lose_lift(person.lift, person.bands, blocked, volume, {side: newton[f"frontalis_{side}"] for side in SIDES})


@overload
def simulate(
    plan: Plan, face: Face | None, patient: "Cohort", *, parameters: Parameters | None = None, progress: Progress | None = None,
    workers: int | None = None,
) -> "TrialResult": ...  # fmt: skip
@overload
def simulate(
    plan: Plan,
    face: Face | None = None,
    patient: Patient | None = None,
    *,
    days: int = 180,
    samples: int = 100,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    scene: bool = True,
) -> Outcome: ...
def simulate(
    plan: Plan,
    face: Face | None = None,
    patient: "Patient | Cohort | None" = None,
    *,
    days: int = 180,
    samples: int = 100,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    scene: bool = True,
) -> "Outcome | LowerOutcome | TrialResult":
    """What ``plan`` does to ``patient`` over ``days``, with bands from ``samples`` draws of parameters and needle placement.

    ``face``: the reference face unless given; it takes the patient's sex, age and size. ``samples=0``: the nominal run alone.
    The same seed gives the same numbers for any number of ``workers``. ``step_mm``, ``depth_step_mm``: another tissue grid.

    A plan for the lower face gives a ``LowerOutcome``: the same stages on a tissue of its own, without skin and wrinkles.

    A ``Cohort`` in place of the patient: a trial of many virtual people, with the cohort's own days and seed; see ``Cohort.treat``.

    Errors: RefusedError where the label forbids the plan for its purpose; InputError for anything unusable.
    """
    if patient is not None and not isinstance(patient, Patient):
        from glabella.trial.cohort import Cohort  # many people rest on this module, so it cannot come first

        if isinstance(patient, Cohort):
            return patient.treat(plan, face, parameters=parameters, workers=workers, progress=progress)
    patient = patient or Patient()
    parameters = (parameters or load_parameters()).recording()
    report = progress or (lambda stage, share: None)
    days = whole("days", days, 1, LONGEST_DAYS)
    samples, seed, workers = check_run(samples, seed, workers)
    check_arguments(plan, patient, days, {"step_mm": step_mm, "depth_step_mm": depth_step_mm})
    if plan.region == "lower_face":
        from glabella.lower_face.treatment import simulate_lower  # rests on this module, and most plans never need it

        return simulate_lower(
            plan, face, patient, parameters, days=days, samples=samples, seed=seed, workers=workers, step_mm=step_mm,
            depth_step_mm=depth_step_mm, report=report, keep_person=scene,
        )  # fmt: skip
    from glabella.built_people import find_person, keep_person  # they rest on this module

    with threadpool_limits(1):  # results must not depend on how many threads a matrix product uses
        report("face and tissue", 0.0)
        usual = face is None and step_mm is None and depth_step_mm is None
        person = find_person(patient, parameters) if usual else None
        kept = tuple(person.known_fields) if person else None
        atlas = person.anatomy.atlas if person else build_atlas(patient.shape(face or load_face(), parameters), patient, parameters)
        findings = check_plan(plan, patient, atlas)
        ensure_allowed(findings)
        if person is None:
            person = build_person(face, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, atlas=atlas, compiled=False)
        read = parameters.read
        treated = person if samples < COMPILED_FROM else replace(person, spread=person.spread.compiled())
        outcome = treat(treated, plan, parameters, days, samples, seed, workers, report, findings, scene).outcome
        if usual and kept != tuple(person.known_fields):
            keep_person(person, read, parameters)
        return outcome


def treat(
    person: Person, plan: Plan, parameters: Parameters, days: int, samples: int, seed: int, workers: int | None = None,
    report: Progress = lambda stage, share: None, findings: Sequence[Finding] | None = None, scene: bool = False,
    stop: Callable[[], None] = lambda: None,
) -> Treatment:  # fmt: skip
    """``simulate`` for a person who is built already, with the samples kept. The label is checked first, unless ``findings`` are given.

    ``stop`` is called before each sample and may raise, to give up.

    With the same seed two plans meet the same parameters and, at sites they share, the same scatter of the needles.
    """
    if findings is None:
        findings = check_plan(plan, person.patient, person.anatomy.atlas)
        ensure_allowed(findings)
    grid = day_grid(days)

    def sample(drawn: Parameters, offsets: list[np.ndarray | None]) -> Named:
        course = run_course(person, plan, grid, drawn, offsets, SAMPLE_TOLERANCE, compiled=samples >= COMPILED_FROM)
        return named_curves(course) | brow_curves(course)

    with threadpool_limits(1):
        report("spread and kinetics", 0.0)
        nominal = run_course(person, plan, grid, parameters, [None] * len(plan.sessions), tolerance=1e-11)
        runs = run_samples(sample, plan, parameters, samples, seed, workers, report, stop)
        report("side effects", 0.0)
        risks = find_risks(person, plan, parameters, nominal, runs, samples, seed)
        unwanted = with_label_rates(plan, risks)
        outcome = assemble_outcome(person, plan, grid, parameters, nominal, runs, unwanted, findings, seed, samples, scene)
    names = list(named_curves(nominal))
    return Treatment(person, outcome, {name: np.stack([run[name] for run in runs]) for name in names} if runs else {}, risks)


def named_curves(course: Course) -> dict[tuple[str, ...], np.ndarray]:
    """The curves of one run under one flat name each."""
    curves: dict[tuple[str, ...], np.ndarray] = {}
    for area in AREAS:
        for expression in EXPRESSIONS:
            curves["skin", area, expression, "strain"] = course.strain.strain[area][expression]
            curves["skin", area, expression, "grade"] = course.wrinkles.grade[area][expression]
            curves["skin", area, expression, "fine_lines"] = course.wrinkles.fine_lines[area][expression]
            curves["skin", area, expression, "depth_mm"] = course.wrinkles.depth_mm[area][expression]
    for expression, movement in course.strain.movement.items():
        curves["movement", expression] = movement
    curves |= muscle_named_curves(course.blockade, course.force)
    for side, parts in course.strain.brow.items():
        for part, height in parts.items():
            curves["brow", side, part] = height
    return curves


def brow_curves(course: Course) -> dict[tuple[str, ...], np.ndarray]:
    """Where the brows of one run stand, at rest day by day and raised at the peak."""
    states = {"brow": course.strain.brow, "raised_brow": course.raised_brow}
    return {
        (state, side, part): height for state, brows in states.items() for side, parts in brows.items() for part, height in parts.items()
    }


def find_risks(
    person: Person, plan: Plan, parameters: Parameters, nominal: Course, runs: list, samples: int, seed: int
) -> dict[str, ComputedRisk]:
    """Chance of each side effect that has a mechanism, on placements of the needles, with bands from ``samples`` draws."""
    known = person.known_fields if person.spread.layout is None else None  # the compiled solver's last digits are its own
    doses = placement_doses(STRUCTURES, plan, person.anatomy, person.spread, parameters, seed, known)
    brows = measure_brows(runs or [brow_curves(nominal)], bool(runs))
    return rate_unwanted(doses, brows, peak_block_of(plan.product), risk_draws(parameters, samples, seed))


def with_label_rates(plan: Plan, risks: Mapping[str, ComputedRisk]) -> dict[str, Probability]:
    """Computed risks with the published rate beside them, and the label's rate of each effect without a mechanism.

    Where a mechanism covers one of several structures and its needles are out of reach, the published rate counts if there is one.
    """
    rates = label_rates(plan.product, plan.areas)
    found = {name: replace(_probability(risk), reported=_reported(rates.get(name))) for name, risk in risks.items()}
    for name, rate in rates.items():
        if name not in found or (name in ONE_OF_MANY and found[name].high == 0):
            words = rate.onset, rate.duration, rate.seriousness, rate.source
            found[name] = Probability(rate.value, rate.low, rate.high, "label_rate", *words, _reported(rate))
    return found


def _reported(rate: LabelRate | None) -> Reported | None:
    return rate and Reported(rate.value, rate.low, rate.high, rate.people, rate.placebo, rate.quality, rate.source, rate.note)


def _probability(risk: ComputedRisk) -> Probability:
    return Probability(risk.value, risk.low, risk.high, "computed", risk.onset, risk.duration, risk.seriousness, risk.source)


def assemble_outcome(
    person: Person,
    plan: Plan,
    grid: np.ndarray,
    parameters: Parameters,
    nominal: Course,
    runs: list,
    unwanted: Mapping[str, Probability],
    findings: Sequence[Finding],
    seed: int,
    samples: int,
    scene: bool,
) -> Outcome:
    """The outcome of a nominal run and the curves of its samples (none: no bands); ``scene``: with the raw data of pictures."""
    bands = Bands(grid, named_curves(nominal), runs)
    curve = bands.curve
    blood = bound_blood(
        [f.cleared_units for f in nominal.fields],
        [s.units for s in plan.sessions],
        [s.day for s in plan.sessions],
        plan.product,
        parameters,
    )
    pictures = None
    if scene:
        from glabella.scene import build_scene  # pictures' raw data are made only when wanted, and so is what they import

        pictures = build_scene(person, plan, grid, parameters, nominal)

    return Outcome(
        days=grid,
        skin={
            area: {e: SkinCurves(*(curve("skin", area, e, q) for q in ("strain", "grade", "fine_lines"))) for e in EXPRESSIONS}
            for area in AREAS
        },
        movement={e: curve("movement", e) for e in EXPRESSIONS if ("movement", e) in bands.nominal},
        muscles=bands.muscles(nominal.blockade.blocked),
        unwanted=unwanted,
        dose=balance_dose(person.anatomy, nominal.boluses, nominal.fields),
        brow={side: BrowCurves(*(curve("brow", side, part) for part in ("head", "peak", "tail"))) for side in ("left", "right")},
        findings=tuple(findings),
        plan=plan,
        patient=person.patient,
        parameters=parameters,
        settings=run_settings(person.anatomy, NOMINAL_RADIUS_MM, person.face.interpupillary_distance_mm, samples, int(grid[-1])),
        seed=seed,
        version=own_version(),
        references=tuple(sorted({p.source for p in unwanted.values()})),
        blood=blood,
        scene=pictures,
    )


def whole(name: str, value: int, low: int, high: int) -> int:
    """``value`` as a whole number from ``low`` to ``high``; InputError else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer) or not low <= value <= high or value != int(value):
        raise InputError(f"{name} = {value}: must be a whole number from {low} to {high}")
    return int(value)


def check_run(samples: int, seed: int, workers: int | None) -> tuple[int, int, int | None]:
    """What every run with samples is asked for, as whole numbers in their ranges."""
    limited = None if workers is None else whole("workers", workers, 1, 1024)
    return whole("samples", samples, 0, 100_000), whole("seed", seed, 0, 2**63 - 1), limited


def check_arguments(plan: Plan, patient: Patient, days: int, steps: Mapping[str, float | None]) -> None:
    """Types, sessions within ``days`` and grid steps in mm; InputError for what cannot be used."""
    for name, value, kind in (("plan", plan, Plan), ("patient", patient, Patient)):
        if not isinstance(value, kind):
            raise InputError(
                f"{name}: must be a glabella.{kind.__name__}, not {type(value).__name__}; read a file with {kind.__name__}.read"
            )
    for session in plan.sessions:
        if session.day > days:
            raise InputError(f"session on day {session.day:g}: after the last day {days}; allow more days or leave the session out")
    for name, value in steps.items():
        if value is not None and not FINEST_STEP_MM <= value <= COARSEST_STEP_MM:
            raise InputError(f"{name} = {value}: must be from {FINEST_STEP_MM} to {COARSEST_STEP_MM} mm")
