"""The story of the years: one person, several ways to go on, the same draws in each."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters, load_parameters
from glabella.evidence.patterns import licensed_muscle, site_areas
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.names import AREAS, MUSCLES, SIDES
from glabella.outcome import Curve, summarise
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.reading import check_number
from glabella.stages.anatomy import build_atlas
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import muscle_doses, spread_toxin
from glabella.stages.junction.course import junction_kinetics
from glabella.stages.unwanted import placement_offsets
from glabella.stages.wrinkle.scale import wrinkle_scale
from glabella.treatment import COMPILED_FROM, SAMPLE_TOLERANCE, Person, build_person, check_arguments, check_run
from glabella.version import own_version
from glabella.years.ageing import DAYS_A_YEAR, draw_ageing
from glabella.years.allowed import check_region, label_interval_days, one_pattern
from glabella.years.antibodies import antibody_chance
from glabella.years.arms import RETURNS_TO, SCENARIOS, Arm, Comparing, plan_arms
from glabella.years.follow import Key, OnePerson, Schedule, Trajectory, follow_one, one_person, session_responses
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
    Yearly,
    Years,
    estimate,
)
from glabella.years.skin import SMOOTH, TOLD
from glabella.years.yearly import YearSums, stacked, sum_years, year_ends

LONGEST_YEARS = 20.0
HALF = 0.5  # strength of the weaker muscle that the same dose is given to
FINELY_YEARS, FORTNIGHT_DAYS = 5.0, 14.0  # so that curves of few years show their sessions
AFTER_DAYS = 365.0  # how long the one session of the weaker muscle is followed
LAST_YEAR = ("depth_rest_mm", "grade_rest", SMOOTH)  # what is prevented is told of its mean
TOUCHED = 0.99  # bulk below which a muscle is told of
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Run:
    """One draw in one arm: curves on the days told of, year by year, days of the sessions, and the response to each of them."""

    curves: Mapping[Key, np.ndarray]
    yearly: YearSums
    sessions: tuple[float, ...]
    responses: Mapping[str, np.ndarray]


def follow_years(
    plan: Plan, face: Face | None = None, patient: Patient | None = None, *, years: float = 5, repeat: Repeat | str | None = None,
    compare: Comparing = None, samples: int = 40, seed: int = 0, parameters: Parameters | None = None,
    progress: Progress | None = None, workers: int | None = None, step_mm: float | None = None, depth_step_mm: float | None = None,
) -> Years:  # fmt: skip
    """What ``years`` (up to 20) of the plan's session do, repeated by a rule, beside the scenarios of ``compare``.

    ``repeat``: a ``Repeat`` or its words; without one the plan's own sessions if it has several, else when the grade returns to 2.
    ``compare``: 'never', 'licensed' (a person's plan, within the label) or 'as_planned' (a study's), and 'over_treated' (as often as the
    shortest interval of a published trial, purpose 'study'); the first two unless given. ``samples=0``: the nominal run alone. The same
    seed gives the same numbers for any number of ``workers``; every session of a sample lands in the same places. ``step_mm``,
    ``depth_step_mm``: another tissue grid.

    Errors: RefusedError where label or published trials do not carry the sessions, or the person grows too old for the label;
    InputError for anything unusable.
    """
    patient = patient or Patient()
    parameters = (parameters or load_parameters()).recording()
    report = progress or (lambda stage, share: None)
    years = check_number(years, "years", "years", above=0, at_most=LONGEST_YEARS)
    samples, seed, workers = check_run(samples, seed, workers)
    last = years * DAYS_A_YEAR
    check_arguments(plan, patient, int(np.ceil(last)), {"step_mm": step_mm, "depth_step_mm": depth_step_mm})
    check_region(plan)
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
        follower = _Follower(person, pattern, parameters, arms, areas, days, year_ends(years), seed)
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
    ends: np.ndarray
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
        found = {arm.name: self._run(one, arm.schedule) for arm in self.arms}
        if self.lost is not None:
            found["without_effect"] = self._run(one, self.lost.schedule)
            weak = replace(self.person.patient, muscle_strength=self._strengths())
            found["usual"] = _once(one)
            found["weaker"] = _once(self._one(uptake, weak, parameters))
        return found

    def _run(self, one: OnePerson, schedule: Schedule) -> Run:
        found = follow_one(one, schedule, self.days)
        curves = {name: curve for name, curve in found.curves.items() if name[-1] != SMOOTH}
        yearly = sum_years(found, self.ends, label_interval_days(self.pattern.product))
        return Run(curves, yearly, tuple(found.sessions), _responses_in(found))

    def _one(self, uptake: Uptake, patient: Patient, parameters: Parameters) -> OnePerson:
        kinetics = junction_kinetics(parameters, self.pattern.product)
        return one_person(uptake, kinetics, self.person.skin, self.areas, patient, parameters)

    def _strengths(self) -> dict[str, float]:
        given = dict(self.person.patient.muscle_strength)
        return {**given, **{name: max(HALF * given.get(name, 1.0), 0.25) for name in self.weakened}}


def _once(one: OnePerson) -> Run:
    """One session and a year after it."""
    found = follow_one(one, Schedule((0.0,)), np.array([0.0, AFTER_DAYS]))
    return Run({}, YearSums({}, {}), tuple(found.sessions), _responses_in(found))


def _responses_in(found: Trajectory) -> Mapping[str, np.ndarray]:
    return session_responses(found, RETURNS_TO) if found.sessions else {}


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
        year_ends=follower.ends / DAYS_A_YEAR,
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
        version=own_version(),
        references=tuple(dict.fromkeys((*references, *(finding.source for finding in findings)))),
    )


def _scenario(follower: _Follower, arm: Arm, key: str, nominal: dict[str, Run], runs: list[dict[str, Run]], units: float) -> Scenario:
    mine, days = [run[key] for run in runs], follower.days
    one, every = nominal[key], mine or [nominal[key]]

    def curve(*name: str) -> Curve:
        return summarise(days, one.curves[name], np.stack([run.curves[name] for run in mine if name in run.curves]) if mine else None)

    def by_year(name: Key) -> Yearly:
        def over(kind: str) -> Curve:
            return summarise(
                follower.ends, getattr(one.yearly, kind)[name], stacked([run.yearly for run in mine], kind, name) if mine else None
            )

        return Yearly(over("mean"), over("worst"))

    names = [name for name in one.curves if all(name in run.curves for run in mine)]
    muscles = {
        name[1]: MuscleYears(curve("muscle", name[1], "bulk"), curve("muscle", name[1], "force")) for name in names if name[0] == "muscle"
    }
    kept = {name: muscle for name, muscle in muscles.items() if muscle.bulk.low.min() < TOUCHED}
    def units_on(at: np.ndarray, side: Literal["left", "right"]) -> Curve:
        so_far = [units * np.searchsorted(np.array(run.sessions), at, side=side).astype(float) for run in (one, *mine)]
        return summarise(at, so_far[0], np.array(so_far[1:]) if mine else None)

    return Scenario(
        name=arm.name,
        title=arm.title,
        purpose=arm.purpose,
        said=arm.said,
        areas={area: AreaYears(**{item.name: curve("skin", area, item.name) for item in fields(AreaYears)}) for area in follower.areas},
        muscles=kept,
        yearly={name: by_year(name) for name in names if name[0] == "skin" or name[1] in kept},
        sessions=estimate(np.array([float(len(run.sessions)) for run in every])),
        units_so_far=units_on(days, "right"),
        units_by_year=units_on(follower.ends, "left"),  # a session on the first day of the next year is not of this one
        intervals=_intervals(every),
        session_days=one.sessions,
        responses=_responses(every) if one.sessions else {},
        antibodies=antibody_chance(float(np.mean([len(run.sessions) for run in every]))) if one.sessions else None,
        samples={
            ("skin", area, name): np.stack([run.curves["skin", area, name] for run in every]) for area in follower.areas for name in TOLD
        },
        last_year={
            ("skin", area, name): stacked([run.yearly for run in every], "mean", ("skin", area, name))[:, -1]
            for area in follower.areas
            for name in LAST_YEAR
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
    both = (never, treated)
    depth, grade = ([scenario.last_year["skin", area, name] for scenario in both] for name in ("depth_rest_mm", "grade_rest"))
    begun = [scenario.last_year["skin", area, SMOOTH] for scenario in both]
    scale = wrinkle_scale(follower.parameters)
    seen, new = ([1 - scale.rated_at_most(values, 0)[0] for values in depths] for depths in (depth, begun))
    return Prevention(
        area=area,
        scenario=treated.name,
        depth_before_mm=float(never.areas[area].depth_rest_mm.median[0]),
        depth_never_mm=estimate(depth[0]),
        depth_treated_mm=estimate(depth[1]),
        less_depth_mm=estimate(depth[0] - depth[1]),
        less_grade=estimate(grade[0] - grade[1]),
        seen_never=estimate(seen[0]),
        seen_treated=estimate(seen[1]),
        fewer_seen=estimate(seen[0] - seen[1]),
        new_never=estimate(new[0]),
        new_treated=estimate(new[1]),
        fewer_new=estimate(new[0] - new[1]),
        shallower=float(np.mean(depth[1] < depth[0])),
    )


def _weaker(follower: _Follower, nominal: dict[str, Run], runs: list[dict[str, Run]]) -> Weaker:
    every = runs or [nominal]
    usual, weaker = (_response([run[name].responses for run in every], [0] * len(every)) for name in ("usual", "weaker"))
    return Weaker(HALF, follower.weakened, usual, weaker)


__all__ = ["SCENARIOS", "follow_years", "label_interval_days"]
