"""The work behind the pages: persons kept warm, a plan's course in a fraction of a second, bands and planned doses that can be stopped."""

import datetime
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import BoundedSemaphore
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.app.kept import Kept
from glabella.app.warm_reach import MOST_NEEDLES, WarmReach
from glabella.built_people import person_of
from glabella.evidence import Parameters, load_parameters
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.names import SIDES, side_of
from glabella.outcome import AREAS, CONTRACTION, EXPRESSIONS, BrowCurves, DoseBalance, MuscleCurves, Outcome, SkinCurves, plain, summarise
from glabella.patient import Patient
from glabella.photo.fitted_patient import FittedPatient
from glabella.plan import Injection, Plan, Session
from glabella.planner.goal import Goal
from glabella.planner.lowest_dose import lowest_dose
from glabella.planner.result import PlannedDose
from glabella.planner.risk_map import RiskMap, risk_map
from glabella.stages.bolus import Bolus, place_boluses
from glabella.stages.junction import Blockade
from glabella.stages.muscle import MuscleForce
from glabella.stages.skin import strain_skin
from glabella.stages.unwanted import measure_brows, rate_brows
from glabella.stages.wrinkle import depths_by_side_mm, grade_wrinkles
from glabella.treatment import (
    COMPILED_FROM,
    Course,
    Person,
    Treatment,
    assemble_outcome,
    brow_curves,
    check_arguments,
    day_grid,
    named_curves,
    run_course,
    treat,
    whole,
    with_label_rates,
)
from glabella.version import own_version

LONGEST_DAYS = 730
MOST_SAMPLES = 2000
NOMINAL_TOLERANCE = 1e-11
FACES, RESULTS, RISK_MAPS, PATIENTS = 4, 64, 8, 2048  # kept: a face takes about 170 MB and 30 for its needles, a result 3 MB
Progress = Callable[[str, float], None]


class Cancelled(Exception):
    """The caller no longer wants the answer."""


class UntreatedOutcome(Outcome):
    """The outcome of no treatment: ``plan`` is None, nothing changes, nothing is to be feared."""

    @property
    def purpose(self) -> str:
        """Nobody is treated, so nothing is marked."""
        return "person"


@dataclass(frozen=True, eq=False)
class Result:
    """One person treated, or not: ``plan`` None. ``course``: the nominal run. ``samples`` 0: without bands.

    ``line_depth_mm[area][side][expression]`` (t,): depth of the lines of the nominal run; an area on one side has that side only.
    ``sampled``: strain (samples, days) of each area in its own contraction, from which dates take their spread; empty without samples.
    """

    key: str
    person: Person
    plan: Plan | None
    outcome: Outcome
    course: Course
    findings: tuple[Finding, ...]
    line_depth_mm: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]]
    samples: int
    seed: int = 0
    sampled: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class _Face:
    """A built face: everything that depends on the shape of a person. ``table``: the parameters, with a note of what was read."""

    person: Person
    reach: WarmReach
    table: Parameters
    fluid: Kept[Bolus] = field(default_factory=lambda: Kept(MOST_NEEDLES))

    def boluses(self, plan: Plan) -> tuple[tuple[Bolus, ...], ...]:
        """The boluses of each session: only the needles that are new are placed."""
        return tuple(tuple(self._bolus(plan, session, injection) for injection in session.injections) for session in plan.sessions)

    def _bolus(self, plan: Plan, session: Session, injection: Injection) -> Bolus:
        def place() -> Bolus:
            return place_boluses(replace(session, injections=(injection,)), plan, self.person.anatomy, self.table)[0]

        return self.fluid.get((injection, plan.dilution), place)

    def note_in(self, table: Parameters) -> None:
        """Note in the table of one computation what its face and its structures at risk were made from."""
        for name in self.table.read:
            table[name]


class Workbench:
    """Thread-safe. Keeps the last few built faces, results and risk maps; every heavy call runs in the caller's thread."""

    def __init__(self, parameters: Parameters | None = None, *, faces: int = FACES, results: int = RESULTS) -> None:
        threadpool_limits(1)  # for good: results must not depend on how many threads a matrix product uses
        self._parameters = parameters or load_parameters()
        self._faces: Kept[_Face] = Kept(faces)
        self._runs: Kept[Result] = Kept(results)  # by what decides the numbers
        self._results: Kept[Result] = Kept(results)  # by their own keys, with the plan and the remarks as they were asked with
        self._risk_maps: Kept[RiskMap] = Kept(RISK_MAPS)
        self._patients: Kept[Patient] = Kept(PATIENTS)
        self._forgotten: set[str] = set()  # photos that were removed
        self._quick = BoundedSemaphore(max(2, os.cpu_count() or 1))  # more at once would only slow each other down
        self._turns = {name: BoundedSemaphore(1) for name in ("bands", "plans", "maps")}  # each uses every core by itself

    # --- persons ----------------------------------------------------------------------------------------------------------

    def person(self, patient: Patient) -> Person:
        """The person, built (some seconds) or warm. People who differ in anything but the shape of the face share what was built."""
        return replace(self._face(patient).person, patient=patient)

    def person_key(self, patient: Patient) -> str:
        """A short name of this person in addresses; ``person_of`` knows it from now on."""
        key = _digest(patient)
        self._patients.put(key, patient)
        return key

    def person_of(self, key: str) -> Patient:
        """The person of a key. Errors: KeyError."""
        patient = self._patients.find(key)
        if patient is None:
            raise KeyError(key)
        return patient

    def is_built(self, patient: Patient) -> bool:
        """Whether the face of this person is warm."""
        return self._faces.find(patient.shape_of_face) is not None

    def forget(self, photo: str) -> None:
        """Drop everything that was made of the head of a photo, also what is being made."""
        self._forgotten.add(photo)
        self._drop(photo)

    def _drop_if_forgotten(self, patient: Patient) -> None:
        if isinstance(patient, FittedPatient) and patient.photo in self._forgotten:
            self._drop(patient.photo)

    def _drop(self, photo: str) -> None:
        def of_it(patient: Patient) -> bool:
            return isinstance(patient, FittedPatient) and patient.photo == photo

        self._faces.drop(lambda key, face: of_it(face.person.patient))
        self._patients.drop(lambda key, patient: of_it(patient))
        self._risk_maps.drop(lambda key, found: of_it(found.patient))
        for kept in (self._runs, self._results):
            kept.drop(lambda key, result: of_it(result.person.patient))

    def _face(self, patient: Patient) -> _Face:
        return self._faces.get(patient.shape_of_face, lambda: self._build(patient))

    def _build(self, patient: Patient) -> _Face:
        table = self._parameters.recording()
        person = person_of(patient, table)
        return _Face(person, WarmReach(person, table), table)

    # --- plans ------------------------------------------------------------------------------------------------------------

    def findings(self, patient: Patient, plan: Plan, on: datetime.date | None = None) -> tuple[Finding, ...]:
        """What the label says, the gravest first. ``on``: the date of day 0. Errors: InputError for a needle outside the face."""
        return tuple(check_plan(plan, patient, self._face(patient).person.anatomy.atlas, on=on))

    def course(self, patient: Patient, plan: Plan | None, days: int = 365, *, on: datetime.date | None = None) -> Result:
        """The nominal course, without bands; ``plan`` None: untreated, everything constant. ``on``: the date of day 0.

        Errors: RefusedError where the label forbids the plan; InputError for anything unusable.
        """
        days = whole("days", days, 1, LONGEST_DAYS)
        self.person_key(patient)
        if plan is None:
            return self._keep(self._runs.get(_digest(patient, days), lambda: self._untreated(patient, days)), None, ())
        check_arguments(plan, patient, days, {})
        findings = self.findings(patient, plan, on)
        ensure_allowed(findings)
        run = self._runs.get(_digest(patient, _physical(plan), days), lambda: self._nominal(patient, plan, days, findings))
        return self._keep(run, plan, findings)

    def banded(
        self, patient: Patient, plan: Plan | None, days: int = 365, samples: int = 24, seed: int = 0, progress: Progress | None = None,
        cancelled: Callable[[], bool] = lambda: False, *, on: datetime.date | None = None,
    ) -> Result:  # fmt: skip
        """The course with bands from ``samples`` draws of the parameters and of the needles' placement.

        ``progress(stage, share)`` is told how far it is, ``cancelled`` asked whether to go on. Errors: Cancelled, and those of ``course``.
        """
        samples, seed = _check_samples(samples, seed)
        nominal = self.course(patient, plan, days, on=on)
        if plan is None or samples == 0:
            return nominal
        key = _digest(patient, _physical(plan), int(days), samples, seed)
        run = self._runs.find(key)
        if run is None:
            treated = self._treat(patient, plan, int(days), samples, seed, nominal.findings, progress, cancelled)
            sampled = {area: treated.samples["skin", area, CONTRACTION[area], "strain"] for area in AREAS}
            run = replace(nominal, outcome=treated.outcome, samples=samples, seed=seed, sampled=sampled)
            self._runs.put(key, run)
        return self._keep(run, plan, nominal.findings)

    def outcome(
        self, patient: Patient, plan: Plan, days: int = 180, samples: int = 100, seed: int = 0, progress: Progress | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:  # fmt: skip
        """The numbers of ``glabella.simulate`` with these arguments. Errors: Cancelled, RefusedError, InputError."""
        days, (samples, seed) = whole("days", days, 1, LONGEST_DAYS), _check_samples(samples, seed)
        check_arguments(plan, patient, days, {})
        findings = self.findings(patient, plan)
        ensure_allowed(findings)
        return self._treat(patient, plan, days, samples, seed, findings, progress, cancelled).outcome

    def result(self, key: str) -> Result:
        """A kept result. Errors: KeyError once it is gone."""
        found = self._results.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def plan_dose(
        self, patient: Patient, goal: Goal, start: Plan | None = None, draws: int = 64, samples: int = 200, seed: int = 0,
        progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False,
    ) -> PlannedDose:  # fmt: skip
        """The lowest dose that reaches a goal: see ``glabella.lowest_dose``. Errors: Cancelled, and its own."""
        with _Turn(self._turns["plans"], cancelled):
            return lowest_dose(
                patient=patient, goal=goal, start=start, draws=draws, samples=samples, seed=seed, parameters=self._parameters,
                progress=_told(progress, cancelled), stop=lambda: _ask(cancelled),
            )  # fmt: skip

    def risk_map(
        self, patient: Patient, product: str, effect: str, units: float, depth_mm: float, *, diluent_ml: float | None = None,
        draws: int = 0, progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False,
    ) -> RiskMap:  # fmt: skip
        """Where on this face a needle would be risky: see ``glabella.risk_map``; kept. Errors: Cancelled, and its own."""

        def make() -> RiskMap:
            with _Turn(self._turns["maps"], cancelled):
                return risk_map(
                    effect, units, depth_mm, patient=patient, product=product, diluent_ml=diluent_ml, draws=draws,
                    parameters=self._parameters, progress=_told(progress, cancelled),
                )  # fmt: skip

        return self._risk_maps.get(self.risk_map_key(patient, product, effect, units, depth_mm, diluent_ml=diluent_ml, draws=draws), make)

    def risk_map_key(
        self, patient: Patient, product: str, effect: str, units: float, depth_mm: float, *, diluent_ml: float | None = None, draws: int = 0
    ) -> str:
        """The key of a risk map, under which ``risk_map_of`` finds it once it is made."""
        return _digest(patient, product, effect, float(units), float(depth_mm), diluent_ml, draws)

    def risk_map_of(self, key: str) -> RiskMap:
        """A kept risk map. Errors: KeyError."""
        found = self._risk_maps.find(key)
        if found is None:
            raise KeyError(key)
        return found

    # --- runs -------------------------------------------------------------------------------------------------------------

    def _keep(self, run: Result, plan: Plan | None, findings: tuple[Finding, ...]) -> Result:
        """The run with the plan's own words and remarks, under a key of its own."""
        key = _digest(run.person.patient, plan, findings, run.outcome.settings["days"], run.samples, run.seed)
        if run.plan != plan or run.findings != findings:
            run = replace(run, plan=plan, findings=findings, outcome=replace(run.outcome, plan=plan, findings=findings))
        kept = self._results.get(key, lambda: replace(run, key=key))
        self._drop_if_forgotten(run.person.patient)
        return kept

    def _nominal(self, patient: Patient, plan: Plan, days: int, findings: tuple[Finding, ...]) -> Result:
        face = self._face(patient)
        person, table, grid = replace(face.person, patient=patient), self._parameters.recording(), day_grid(days)
        with self._quick, ThreadPoolExecutor(1) as beside:  # where needles reach needs nothing of the course
            reached = beside.submit(face.reach.risks, plan, table)
            course = run_course(person, plan, grid, table, [], NOMINAL_TOLERANCE, boluses=face.boluses(plan))
            depths = beside.submit(depths_on_each_side_mm, person, course, table)
            brows = rate_brows(measure_brows([brow_curves(course)], sampled=False), [table])
            unwanted = with_label_rates(plan, reached.result() | brows)
            face.note_in(table)
            outcome = assemble_outcome(person, plan, grid, table, course, [], unwanted, findings, 0, 0, False)
        return Result("", person, plan, outcome, course, findings, depths.result(), 0)

    def _treat(
        self, patient: Patient, plan: Plan, days: int, samples: int, seed: int, findings: tuple[Finding, ...],
        progress: Progress | None, cancelled: Callable[[], bool],
    ) -> Treatment:  # fmt: skip
        face, table = self._face(patient), self._parameters.recording()
        person = replace(face.person, patient=patient)
        if samples < COMPILED_FROM:  # as ``simulate`` solves it
            person = replace(person, spread=replace(person.spread, layout=None))
        face.note_in(table)
        with _Turn(self._turns["bands"], cancelled):
            return treat(person, plan, table, days, samples, seed, None, _told(progress, cancelled), findings, stop=lambda: _ask(cancelled))

    def _untreated(self, patient: Patient, days: int) -> Result:
        face = self._face(patient)
        person, table, grid = replace(face.person, patient=patient), self._parameters.recording(), day_grid(days)
        face.note_in(table)
        muscles = [name for name, muscle in person.anatomy.muscles.items() if muscle.innervated]
        one, none = np.ones(len(grid)), np.zeros(len(grid))
        blockade = Blockade(grid, dict.fromkeys(muscles, none), dict.fromkeys(muscles, one))
        force = MuscleForce(grid, dict.fromkeys(muscles, one), dict.fromkeys(muscles, one))
        strain = strain_skin(person.skin, force, patient, table)
        course = Course((), (), blockade, force, strain, grade_wrinkles(strain, patient, table))
        curves = {name: summarise(grid, values) for name, values in named_curves(course).items()}
        outcome = UntreatedOutcome(
            days=grid,
            skin={
                area: {e: SkinCurves(*(curves["skin", area, e, q] for q in ("strain", "grade", "fine_lines"))) for e in EXPRESSIONS}
                for area in AREAS
            },
            movement={e: curves["movement", e] for e in EXPRESSIONS if ("movement", e) in curves},
            muscles={m: MuscleCurves(*(curves["muscle", m, q] for q in ("force", "bulk", "blocked"))) for m in muscles},
            unwanted={},
            dose=DoseBalance(0.0, 0.0, 0.0),
            brow={side: BrowCurves(*(curves["brow", side, part] for part in ("head", "peak", "tail"))) for side in SIDES},
            findings=(),
            plan=None,
            patient=patient,
            parameters=table,
            settings={"samples": 0, "days": days},
            seed=0,
            version=own_version(),
        )
        return Result("", person, None, outcome, course, (), depths_on_each_side_mm(person, course, table), 0)


def depths_on_each_side_mm(person: Person, course: Course, parameters: Parameters) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Depth of the lines by area, side and expression (t,): each half of an area that straddles the midline by its own folding."""
    split = depths_by_side_mm(course.strain, person.patient, parameters)
    return {area: split.get(area) or {str(side_of(area)): dict(course.wrinkles.depth_mm[area])} for area in AREAS}


class _Turn:
    """Wait for one's turn, and give up waiting when cancelled."""

    def __init__(self, turns: BoundedSemaphore, cancelled: Callable[[], bool]) -> None:
        self._turns, self._cancelled = turns, cancelled

    def __enter__(self) -> None:
        while not self._turns.acquire(timeout=0.1):
            _ask(self._cancelled)

    def __exit__(self, *_: object) -> None:
        self._turns.release()


def _ask(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled


def _told(progress: Progress | None, cancelled: Callable[[], bool]) -> Progress:
    """Progress that stops the run when it is no longer wanted."""

    def tell(stage: str, share: float) -> None:
        _ask(cancelled)
        if progress is not None:
            progress(stage, share)

    return tell


def _check_samples(samples: int, seed: int) -> tuple[int, int]:
    return whole("samples", samples, 0, MOST_SAMPLES), whole("seed", seed, 0, 2**62)


def _physical(plan: Plan) -> tuple[object, ...]:
    """What of a plan decides its numbers: not its words, its lot or how many vials are opened."""
    return plan.product, plan.purpose, plan.dilution, plan.sessions


def _digest(*things: Any) -> str:
    """A short name of frozen values: the same for the same values."""
    text = json.dumps([plain(thing) for thing in things], sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=9).hexdigest()
