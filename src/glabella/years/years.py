"""The story of the years: one person, several ways to go on, the same draws in each."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.patterns import licensed_muscle, site_areas
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.names import AREAS, MUSCLES, SIDES
from glabella.outcome import Curve, summarise
from glabella.patient import Patient
from glabella.plan import Plan, check_upper_face
from glabella.reading import check_number
from glabella.stages.anatomy import build_atlas
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import muscle_doses, spread_toxin
from glabella.stages.junction.course import junction_kinetics
from glabella.stages.unwanted import placement_offsets
from glabella.stages.wrinkle.scale import wrinkle_scale
from glabella.treatment import COMPILED_FROM, SAMPLE_TOLERANCE, Person, build_person, check_arguments, whole
from glabella.years.ageing import DAYS_A_YEAR, draw_ageing
from glabella.years.allowed import (
    Interval,
    allow_repeat,
    check_ages,
    check_returns,
    label_interval_days,
    more_than_published,
    one_pattern,
    shortest_study_interval,
    shown_to_label,
)
from glabella.years.antibodies import antibody_chance
from glabella.years.follow import OnePerson, Schedule, Trajectory, follow_one, one_person, session_responses
from glabella.years.nerves import Uptake, take_up
from glabella.years.repeat import Repeat
from glabella.years.result import (
    AreaYears,
    MuscleYears,
    NumberedInterval,
    Prevention,
    Response,
    Scenario,
    Weaker,
    Years,
    estimate,
)
from glabella.years.skin import TOLD

LONGEST_YEARS = 20.0
SCENARIOS = ("never", "licensed", "over_treated")
BY_CALENDAR = "every 3 months"
RETURNS_TO = 2.0  # grade at contraction whose return ends a response: moderate
HALF = 0.5  # strength of the weaker muscle that the same dose is given to
FINELY_YEARS, FORTNIGHT_DAYS = 5.0, 14.0  # so that curves of few years show their sessions
AFTER_DAYS = 365.0  # how long the one session of the weaker muscle is followed
TOUCHED = 0.99  # bulk below which a muscle is told of
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Arm:
    """A scenario to be followed: its schedule, its purpose and what there is to say."""

    name: str
    title: str
    purpose: str
    schedule: Schedule
    said: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One draw in one arm: monthly curves, days of the sessions, and the response to each of them."""

    curves: Mapping[tuple[str, ...], np.ndarray]
    sessions: tuple[float, ...]
    responses: Mapping[str, np.ndarray]


def follow_years(
    plan: Plan,
    face: Face | None = None,
    patient: Patient | None = None,
    *,
    years: float = 5,
    repeat: Repeat | str | None = None,
    compare: Sequence[str] = SCENARIOS,
    samples: int = 40,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
) -> Years:
    """What ``years`` (up to 20) of the plan's session do, repeated by a rule, beside the scenarios of ``compare``.

    ``repeat``: a ``Repeat`` or its words; without one the plan's own sessions if it has several, else when the grade returns to 2.
    ``compare``: 'never', 'licensed' (as planned, within the label; of a study: as planned) and 'over_treated' (as often as the shortest
    interval of a published trial, purpose 'study'). ``samples=0``: the nominal run alone. The same seed gives the same numbers for any
    number of ``workers``; every session of a sample lands in the same places. ``step_mm``, ``depth_step_mm``: another tissue grid.

    Errors: RefusedError where label or published trials do not carry the sessions, or the person grows too old for the label;
    InputError for anything unusable.
    """
    patient = patient or Patient()
    parameters = (parameters or load_parameters()).recording()
    report = progress or (lambda stage, share: None)
    years = check_number(years, "years", "years", above=0, at_most=LONGEST_YEARS)
    samples, seed = whole("samples", samples, 0, 100_000), whole("seed", seed, 0, 2**63 - 1)
    workers = None if workers is None else whole("workers", workers, 1, 1024)
    last = years * DAYS_A_YEAR
    check_arguments(plan, patient, int(np.ceil(last)), {"step_mm": step_mm, "depth_step_mm": depth_step_mm})
    check_upper_face(plan.sites, "years")
    areas = treated_areas(plan)
    visit_days = parameters["years_visit_interval_days"]
    arms, shown = plan_arms(plan, patient, areas[0], repeat, compare, last, visit_days)
    with threadpool_limits(1):
        report("face and tissue", 0.0)
        atlas = build_atlas(patient.shape(face or load_face(), parameters), patient, parameters)
        findings = _findings(shown, patient, atlas)
        person = build_person(
            face, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, atlas=atlas, compiled=samples >= COMPILED_FROM
        )
        days = told_days(last)
        pattern = one_pattern(plan)
        follower = _Follower(person, pattern, parameters, arms, areas, days, seed)
        nominal = follower.run(None)
        runs = _run_samples(follower, samples, workers, report)
        report("years", 1.0)
        return _result(follower, nominal, runs, findings, plan, years, samples)


def treated_areas(plan: Plan) -> tuple[str, ...]:
    """Areas of the plan's named sites, the first one first, in which lines are graded."""
    return tuple(dict.fromkeys(site_areas()[site] for site in plan.sites if site_areas()[site] in AREAS))


def told_days(last: float) -> np.ndarray:
    """Days (t,) that are told of, from 0 to ``last``: two weeks apart up to ``FINELY_YEARS``, beyond that a month."""
    step = FORTNIGHT_DAYS if last <= FINELY_YEARS * DAYS_A_YEAR else DAYS_A_YEAR / 12
    return np.append(np.arange(0.0, last - 0.5 * step, step), last)


def plan_arms(
    plan: Plan, patient: Patient, area: str, repeat: Repeat | str | None, compare: Sequence[str], last: float, visit_days: float
) -> tuple[tuple[Arm, ...], tuple[Plan, ...]]:
    """The arms to follow, and plans of their first sessions for the label check."""
    names = list(dict.fromkeys([compare] if isinstance(compare, str) else compare))
    for name in names:
        if name not in SCENARIOS:
            from glabella.errors import nearest

            raise InputError(f"compare: '{name}' is unknown; {nearest(str(name), SCENARIOS)}")
    if not names:
        raise InputError(f"compare: nothing is named; name at least one of {', '.join(SCENARIOS)}")
    pattern = one_pattern(plan)
    arms, shown = [], []
    for name in names:
        if name == "never":
            arms.append(Arm("never", "never treated", "person", Schedule()))
        elif name == "licensed":
            arm, seen = _planned_arm(plan, pattern, patient, area, repeat, last, visit_days)
            arms.append(_of_age(arm, plan, patient, last))
            shown.append(seen)
        else:
            study = pattern.with_purpose("study")
            interval = allow_repeat(study, Repeat(interval_days=shortest_study_interval().least_days))
            title = f"over-treated, {interval.repeat}"
            arms.append(_of_age(_arm(name, title, study, interval, patient, area, last, visit_days), study, patient, last))
            shown.append(shown_to_label(study, interval))
    return tuple(arms), tuple(shown)


def _planned_arm(
    plan: Plan, pattern: Plan, patient: Patient, area: str, repeat: Repeat | str | None, last: float, visit_days: float
) -> tuple[Arm, Plan]:
    """The arm the plan asks for: called 'licensed' for a person, 'as planned' in a study."""
    title = "treated as licensed" if plan.purpose == "person" else "treated as planned"
    several = len(plan.sessions) > 1
    if several and repeat is not None:
        raise InputError(
            "plan: it has several sessions and is to be repeated as well; keep one session, or leave the rule of repeating out"
        )
    if several:
        days = tuple(session.day for session in plan.sessions)
        return Arm("licensed", f"{title}, on the plan's own days", plan.purpose, Schedule(days)), plan
    if repeat is None:  # a grade can return only where it was worse before
        worse = patient.baseline[area].contraction > RETURNS_TO
        repeat = Repeat.when_grade_returns(RETURNS_TO) if worse else BY_CALENDAR
    rule = repeat if isinstance(repeat, Repeat) else Repeat.read(repeat)
    interval = allow_repeat(plan, rule)
    arm = _arm("licensed", f"{title}, {interval.repeat}", plan, interval, patient, area, last, visit_days)
    return arm, shown_to_label(pattern, interval)


def _arm(name: str, title: str, plan: Plan, interval: Interval, patient: Patient, area: str, last: float, visit_days: float) -> Arm:
    """The arm at this interval, with what there is to say of it."""
    schedule = _schedule(interval, patient, area, last, visit_days)
    said = (*interval.said, *more_than_published(interval, len(schedule.days)))
    return Arm(name, title, plan.purpose, schedule, said, interval.sources)


def _of_age(arm: Arm, plan: Plan, patient: Patient, last: float) -> Arm:
    """The arm, if nobody is too old at its last session; one by the grade may come up to the day before the end."""
    latest = max((day for day in arm.schedule.days if day < last), default=0.0) if arm.schedule.grade is None else max(last - 1, 0.0)
    said, sources = check_ages(plan, patient, latest)
    return replace(arm, said=(*arm.said, *said), sources=(*arm.sources, *sources))


def _schedule(interval: Interval, patient: Patient, area: str, last: float, visit_days: float) -> Schedule:
    rule = interval.repeat
    if rule.interval_days is not None:
        return Schedule(tuple(np.arange(0.0, last, rule.interval_days)))
    check_returns(rule, patient, area)
    return Schedule(grade=rule.grade, least_days=interval.least_days, visit_days=visit_days)


def _findings(plans: Sequence[Plan], patient: Patient, atlas: object) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for plan in plans:
        some = check_plan(plan, patient, atlas)  # type: ignore[arg-type]
        ensure_allowed(some)
        found += some
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Follower:
    """All arms for one draw at a time."""

    person: Person
    pattern: Plan
    parameters: Parameters
    arms: tuple[Arm, ...]
    areas: tuple[str, ...]
    days: np.ndarray
    seed: int

    @property
    def main(self) -> Arm | None:
        """The arm whose loss of effect and weaker muscle are told of: the first that is treated."""
        return next((arm for arm in self.arms if arm.schedule.days or arm.schedule.grade is not None), None)

    @property
    def lost(self) -> Arm | None:
        """The main arm, its effect lost halfway."""
        main = self.main
        if main is None:
            return None
        half = float(self.days[-1]) / 2
        return replace(
            main, title=f"{main.title}; effect lost after half of the years", schedule=replace(main.schedule, without_effect_from=half)
        )

    @property
    def weakened(self) -> tuple[str, ...]:
        """Muscles that the needles aim at, by name with side."""
        aims = {i.target_muscle or licensed_muscle(i.site) for i in self.pattern.sessions[0].injections}
        sided = {name for aim in aims for name in ((aim,) if aim in MUSCLES else tuple(f"{aim}_{side}" for side in SIDES))}
        return tuple(name for name in MUSCLES if name in sided)

    def run(self, sample: int | None) -> dict[str, Run]:
        """Every arm for a sample, None: the nominal run; 'without_effect', 'usual' and 'weaker' beside them."""
        parameters, offsets, tolerance = self.parameters, None, 1e-9
        session = self.pattern.sessions[0]
        if sample is not None:
            parameters = draw_ageing(self.parameters.draw(self.seed, sample), self.seed, sample)
            offsets = placement_offsets([i.site for i in session.injections], self.seed, sample, 0, parameters)
            tolerance = SAMPLE_TOLERANCE
        boluses = place_boluses(session, self.pattern, self.person.anatomy, parameters, offsets)
        field = spread_toxin(self.person.spread.at(parameters), boluses, tolerance)
        kinetics = junction_kinetics(parameters, self.pattern.product)
        uptake = take_up(muscle_doses(self.person.anatomy, (field,)), kinetics, parameters["junction_d50_units_per_mm3"])
        one = self._one(uptake, self.person.patient, parameters)
        found = {arm.name: _run(follow_one(one, arm.schedule, self.days)) for arm in self.arms}
        if self.lost is not None:
            found["without_effect"] = _run(follow_one(one, self.lost.schedule, self.days))
            once, days = Schedule((0.0,)), np.array([0.0, AFTER_DAYS])
            weak = replace(self.person.patient, muscle_strength=self._strengths())
            found["usual"] = _run(follow_one(one, once, days))
            found["weaker"] = _run(follow_one(self._one(uptake, weak, parameters), once, days))
        return found

    def _one(self, uptake: Uptake, patient: Patient, parameters: Parameters) -> OnePerson:
        kinetics = junction_kinetics(parameters, self.pattern.product)
        return one_person(uptake, kinetics, self.person.skin, self.areas, patient, parameters)

    def _strengths(self) -> dict[str, float]:
        given = dict(self.person.patient.muscle_strength)
        return {**given, **{name: max(HALF * given.get(name, 1.0), 0.25) for name in self.weakened}}


def _run(found: Trajectory) -> Run:
    return Run(found.curves, tuple(found.sessions), session_responses(found, RETURNS_TO) if found.sessions else {})


def _run_samples(follower: _Follower, samples: int, workers: int | None, report: Progress) -> list[dict[str, Run]]:
    found = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for result in pool.map(follower.run, range(samples)):
            found.append(result)
            report("years", len(found) / samples)
    return found


def _result(
    follower: _Follower, nominal: dict[str, Run], runs: list[dict[str, Run]], findings: tuple[Finding, ...], plan: Plan, years: float,
    samples: int,
) -> Years:  # fmt: skip
    units = follower.pattern.sessions[0].units
    scenarios = {arm.name: _scenario(follower, arm, arm.name, nominal, runs, units) for arm in follower.arms}
    lost, main = follower.lost, follower.main
    never = scenarios.get("never")
    treated = [scenario for name, scenario in scenarios.items() if name != "never"]
    references = [key for arm in follower.arms for key in arm.sources]
    references += [key for scenario in treated if scenario.antibodies for key in scenario.antibodies.sources]
    return Years(
        days=follower.days,
        years=years,
        returns_to=RETURNS_TO,
        scenarios=scenarios,
        without_effect=_scenario(follower, lost, "without_effect", nominal, runs, units) if lost else None,
        prevention=tuple(_prevention(follower, area, never, other) for other in treated for area in follower.areas) if never else (),
        weaker=_weaker(follower, nominal, runs) if main else None,
        findings=findings,
        plan=plan,
        patient=follower.person.patient,
        parameters=replace(follower.parameters, _read=set(follower.parameters.read)),
        settings={"samples": samples, "years": years, "units_per_session": units},
        seed=follower.seed,
        version=version("glabella"),
        references=tuple(dict.fromkeys((*references, *(finding.source for finding in findings)))),
    )


def _scenario(follower: _Follower, arm: Arm, key: str, nominal: dict[str, Run], runs: list[dict[str, Run]], units: float) -> Scenario:
    mine, days = [run[key] for run in runs], follower.days
    one, every = nominal[key], mine or [nominal[key]]

    def curve(*name: str) -> Curve:
        return summarise(days, one.curves[name], np.stack([run.curves[name] for run in mine if name in run.curves]) if mine else None)

    names = [name for name in one.curves if all(name in run.curves for run in mine)]
    muscles = {
        name[1]: MuscleYears(curve("muscle", name[1], "bulk"), curve("muscle", name[1], "force")) for name in names if name[0] == "muscle"
    }
    kept = {name: muscle for name, muscle in muscles.items() if muscle.bulk.low.min() < TOUCHED}
    so_far = [units * np.searchsorted(np.array(run.sessions), days, side="right") for run in (one, *mine)]
    return Scenario(
        name=arm.name,
        title=arm.title,
        purpose=arm.purpose,
        said=arm.said,
        areas={area: AreaYears(**{item.name: curve("skin", area, item.name) for item in fields(AreaYears)}) for area in follower.areas},
        muscles=kept,
        sessions=estimate(np.array([float(len(run.sessions)) for run in every])),
        units_so_far=summarise(days, so_far[0].astype(float), np.array(so_far[1:], float) if mine else None),
        intervals=_intervals(every),
        session_days=one.sessions,
        responses=_responses(every) if one.sessions else {},
        antibodies=antibody_chance(float(np.mean([len(run.sessions) for run in every]))) if one.sessions else None,
        samples={
            ("skin", area, name): np.stack([run.curves["skin", area, name] for run in every]) for area in follower.areas for name in TOLD
        },
    )


def _intervals(runs: Sequence[Run]) -> tuple[NumberedInterval, ...]:
    """Intervals by number, as long as every sample has them: else those left over would be the ones who come often."""
    gaps = [np.diff(run.sessions) for run in runs]
    counts = range(min(len(gap) for gap in gaps))
    return tuple(NumberedInterval(number + 1, estimate(np.array([gap[number] for gap in gaps]))) for number in counts)


def _responses(runs: Sequence[Run]) -> dict[str, Response]:
    """To the first session, and to the last that was followed by another."""
    found = {"first": _response([run.responses for run in runs], [0] * len(runs))}
    if all(len(run.sessions) > 2 for run in runs):
        found["last"] = _response([run.responses for run in runs], [len(run.sessions) - 2 for run in runs])
    return found


def _response(responses: Sequence[Mapping[str, np.ndarray]], numbers: Sequence[int]) -> Response:
    told = {name: np.array([each[name][n] for each, n in zip(responses, numbers, strict=True)]) for name in responses[0]}
    back = told["days_until_back"]
    came = np.isfinite(back)
    return Response(
        estimate(told["lowest_grade"]),
        estimate(told["lowest_movement_percent"]),
        estimate(back) if came.any() else None,
        float(came.mean()),
    )


def _prevention(follower: _Follower, area: str, never: Scenario, treated: Scenario) -> Prevention:
    depth = [scenario.samples["skin", area, "depth_rest_mm"][:, -1] for scenario in (never, treated)]
    grade = [scenario.samples["skin", area, "grade_rest"][:, -1] for scenario in (never, treated)]
    scale = wrinkle_scale(follower.parameters)
    seen = [float(np.mean(1 - scale.rated_at_most(values, 0)[0])) for values in depth]
    less_depth, less_grade = estimate(depth[0] - depth[1]), estimate(grade[0] - grade[1])
    shallower = float(np.mean(depth[1] < depth[0]))
    return Prevention(area, treated.name, estimate(depth[0]), estimate(depth[1]), less_depth, less_grade, seen[0], seen[1], shallower)


def _weaker(follower: _Follower, nominal: dict[str, Run], runs: list[dict[str, Run]]) -> Weaker:
    every = runs or [nominal]
    usual, weaker = (_response([run[name].responses for run in every], [0] * len(every)) for name in ("usual", "weaker"))
    return Weaker(HALF, follower.weakened, usual, weaker)


__all__ = ["SCENARIOS", "follow_years", "label_interval_days"]
