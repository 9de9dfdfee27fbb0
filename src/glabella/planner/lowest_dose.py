"""The verb: the lowest dose that reaches a goal, found on influence matrices, judged by the full simulation on fresh samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.published import published_rows
from glabella.face import Face
from glabella.label import check_plan, ensure_allowed
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.planner.choice import find_choice
from glabella.planner.fewer_needles import with_fewer_needles
from glabella.planner.goal import Goal, Limits
from glabella.planner.infeasible import explain, fell_short
from glabella.planner.objectives import COMPUTED
from glabella.planner.one_step_less import one_step_less
from glabella.planner.positions import move_needles
from glabella.planner.problem import Problem, at_volumes_of, build_problem, logit
from glabella.planner.result import Condition, PlannedDose, TradeOff
from glabella.planner.simulated import Band, judge
from glabella.planner.solve import fewest_units, nearest
from glabella.planner.steps import fewest_steps, nearest_steps
from glabella.treatment import Person, Treatment, build_person, treat, whole
from glabella.version import own_version

DRAWS, SAMPLES = 64, 200
ROUNDS = 4  # plans that are judged on fresh samples before the goal is called out of reach
AFTER_DAYS = 90  # the simulation goes on so long after the goal's last day, to show how the effect ends
TRADE_OFF_POINTS = 8
LEAST_STEP_UNITS = 0.1  # between points of the trade-off
Progress = Callable[[str, float], None]


def lowest_dose(
    face: Face | None = None, patient: Patient | Sequence[Patient] | None = None, *, goal: Goal, limits: Limits | None = None,
    placement_sd_mm: float | None = None, start: Plan | None = None, draws: int = DRAWS, samples: int = SAMPLES, seed: int = 0,
    parameters: Parameters | None = None, progress: Progress | None = None, workers: int | None = None, scene: bool = False,
    stop: Callable[[], None] | None = None,
) -> PlannedDose:  # fmt: skip
    """The lowest dose within the label that reaches ``goal`` for one patient, or for several alike (one plan for all).

    Planned on ``draws`` of parameters and needle placement, then simulated in full on ``samples`` that the planning has not seen,
    beside the licensed pattern. ``limits`` and ``placement_sd_mm`` replace the goal's own; ``start``: whose needles may be used.

    Errors: InfeasibleError where no allowed dose reaches the goal, with what binds and the nearest goal; InputError for anything
    unusable; RefusedError where the label forbids any plan for this person. ``stop`` is called at every step of the search, ``progress``
    in between: an error that they raise ends it.
    """
    report = progress or (lambda stage, share: None)
    for name, value, kind in (("goal", goal, Goal), ("limits", limits or Limits(), Limits), ("start", start or goal, (Plan, Goal))):
        if not isinstance(value, kind):
            raise InputError(f"lowest_dose: {name}: must be a glabella.{name.title().replace('Start', 'Plan')}, not {type(value).__name__}")
    draws, samples = whole("draws", draws, 1, 10_000), whole("samples", samples, 1, 100_000)
    seed, workers = whole("seed", seed, 0, 2**62), None if workers is None else whole("workers", workers, 1, 1024)
    goal = replace(goal, limits=limits or goal.limits)
    if placement_sd_mm is not None:
        goal = replace(goal, needles=replace(goal.needles, placement_sd_mm=placement_sd_mm))
    table = (parameters or load_parameters()).recording()
    if goal.needles.placement_sd_mm is not None:
        table = table.with_values({"placement_sd_mm": goal.needles.placement_sd_mm})
    patients = _patients(patient)
    choice = find_choice(goal, start)
    for one in patients:
        _check_wanted(goal, one)
        ensure_allowed(check_plan(choice.plan(choice.start), one))
    with threadpool_limits(1):
        report("face and tissue", 0.0)
        persons = [build_person(face, one, table) for one in patients]
        move = goal.needles.move_mm > 0
        found = build_problem(persons, choice, goal.objectives, goal.on_day, table, draws, 2 * seed, workers, report, move)
        problem = found if stop is None else _Stoppable(**{item.name: getattr(found, item.name) for item in fields(found)}, stop=stop)
        _check_untreated(problem)
        problem, units = _plan(problem, goal, draws, seed, workers, report)
        licensed = Plan.label(goal.product, goal.areas, purpose=goal.purpose)
        for number in range(ROUNDS):
            fresh = 2 * seed + 1 + 1_000_003 * number  # samples that neither the planning nor an earlier round has seen
            plan = problem.choice.plan(units)
            treated = _treat(persons, plan, goal, table, samples, fresh, workers, report, scene)
            bands = [judge(objective, treated) for objective in goal.objectives]
            more = _again(problem, goal, bands, units) if number < ROUNDS - 1 else None
            if more is None:
                break
            problem, units = more
        short = [n for n, (band, o) in enumerate(zip(bands, goal.objectives, strict=True)) if band.value < o.with_probability - 1e-9]
        for n in short:
            if bands[n].high < goal.objectives[n].with_probability:
                raise fell_short(goal, n, bands[n])
        beside = _treat(persons, licensed, goal, table, samples, fresh, workers, report, scene)
        report("trade-off", 0.0)
        return PlannedDose(
            goal, plan, licensed, _conditions(goal, treated, beside),
            tuple(t.outcome for t in treated), tuple(t.outcome for t in beside),
            one_step_less(problem, units), _trade_off(problem, len(goal.wishes), report),
            {
                "draws": draws, "samples": samples, "evaluations": problem.count[0], "rounds": number + 1,
                "placement_sd_mm": table["placement_sd_mm"], "patients": len(patients),
            },
            _notes(goal, patient, plan, bool(short)), seed, own_version(),
        )  # fmt: skip


@dataclass(frozen=True)
class _Stoppable(Problem):
    """A problem that asks at every evaluation whether to go on."""

    stop: Callable[[], None] = field(default=lambda: None, repr=False)

    def _evaluate(self, x: np.ndarray, slopes: bool) -> tuple[np.ndarray, np.ndarray | None]:
        self.stop()
        return super()._evaluate(x, slopes)


def _patients(patient: Patient | Sequence[Patient] | None) -> tuple[Patient, ...]:
    found = (Patient(),) if not patient else (patient,) if isinstance(patient, Patient) else tuple(patient)
    for one in found:
        if not isinstance(one, Patient):
            raise InputError(f"patient: must be a glabella.Patient or several, not {type(one).__name__}; read a file with Patient.read")
    return found


def _check_wanted(goal: Goal, patient: Patient) -> None:
    """A grade that the lines have already needs no dose."""
    for area in goal.skin_areas:
        grade = goal.grade_at_most
        before = patient.baseline[area].rest if goal.expression == "rest" else patient.baseline[area].contraction
        if grade is not None and before <= grade:
            raise InputError(
                f"goal: grade_at_most = {grade}, but the {area.replace('_', ' ')} lines are graded {before:g} before treatment already; "
                "nothing is asked for; correct the patient's baseline or lower grade_at_most"
            )


def _check_untreated(problem: Problem) -> None:
    """A goal that holds without any dose is no reason to plan one."""
    nothing = np.zeros(len(problem.choice.least))
    if not problem.choice.least.any() and problem.reaches(nothing):
        said = "; ".join(f"{o.says()} ({c:.0%})" for o, c in zip(problem.objectives, problem.chances(nothing), strict=True))
        raise InputError(f"goal: it holds without treatment: {said}; nothing is asked for that needs a dose; ask for more")


def _plan(
    problem: Problem, goal: Goal, draws: int, seed: int, workers: int | None, report: Progress
) -> tuple[Problem, np.ndarray]:
    """Continuous plan, places of the needles if they may move, fluid as the units have it, whole steps."""
    report("fewest units", 0.0)
    problem, solution = with_fewer_needles(problem, goal.needles.most_needles)
    if goal.needles.move_mm > 0:
        problem, solution = move_needles(problem, solution, goal, seed, workers, report)
    if not solution.feasible:
        raise explain(problem, goal, draws)
    problem = at_volumes_of(problem, problem.choice, solution.x, 2 * seed, workers)
    report("whole steps", 0.5)
    solution = fewest_units(problem, solution.x)
    units = fewest_steps(problem, solution.x) if solution.feasible else None
    if units is None:
        raise explain(problem, goal, draws)
    return problem, units


def _again(problem: Problem, goal: Goal, fresh: Sequence[Band], units: np.ndarray) -> tuple[Problem, np.ndarray] | None:
    """Plan once more, asking for as much more as fresh samples fell short of; None where they did not, or no more can be had."""
    asked = np.array([o.with_probability for o in goal.objectives])
    short = np.maximum(logit(asked) - logit(np.array([band.value for band in fresh])), 0.0)
    if not (short > 0).any():
        return None
    now = problem.chances(units)
    wanted = np.where(short > 0, 1 / (1 + np.exp(-(logit(now) + short))), problem.required)
    problem = problem.tightened(np.maximum(wanted, problem.required))
    solution = fewest_units(problem, units)
    steps = fewest_steps(problem, solution.x) if solution.feasible else None
    if steps is None:  # as much as there is
        wishes = len(goal.wishes)
        original = problem.tightened(asked)
        steps = nearest_steps(original, nearest(original, wishes).x, wishes)
        if steps is None or original.slack(steps)[:wishes].min() <= original.slack(units)[:wishes].min() + 1e-9:
            return None
        return original, steps
    return problem, steps


def _treat(
    persons: Sequence[Person], plan: Plan, goal: Goal, table: Parameters, samples: int, seed: int, workers: int | None, report: Progress,
    scene: bool,
) -> list[Treatment]:  # fmt: skip
    days = int(np.ceil(goal.last_day)) + AFTER_DAYS
    each = max(1, samples // len(persons))
    return [treat(person, plan, table, days, each, seed, workers, report, scene=scene and n == 0) for n, person in enumerate(persons)]


def _conditions(goal: Goal, treated: Sequence[Treatment], beside: Sequence[Treatment]) -> tuple[Condition, ...]:
    return tuple(
        Condition(o.says(), "wish" if n < len(goal.wishes) else "bound", o.with_probability, judge(o, treated), judge(o, beside))
        for n, o in enumerate(goal.objectives)
    )


def _trade_off(problem: Problem, wishes: int, report: Progress) -> tuple[TradeOff, ...]:
    """The highest least chance of the wishes at each total, whatever the bounds say, with the side effects of those units."""
    choice = problem.choice
    alone = replace(problem, objectives=problem.objectives[:wishes], required=problem.required[:wishes], _held={})
    least, most = choice.range_units
    points = []
    for number, total in enumerate(np.linspace(least, most, TRADE_OFF_POINTS + 1)):
        x = nearest(alone, total_units=float(total)).x if number else choice.least
        if points and choice.total(x) < points[-1].units + LEAST_STEP_UNITS:
            continue  # more units would not help further
        replies = [response.reply(choice.directions @ x) for response in problem.responses]
        effects = {effect: float(np.mean([reply.side_effect(effect).value for reply in replies])) for effect in COMPUTED}
        points.append(TradeOff(choice.total(x), float(alone.chances(x).min()), effects))
        report("trade-off", number / TRADE_OFF_POINTS)
    return tuple(points)


def _notes(goal: Goal, patient: Patient | Sequence[Patient] | None, plan: Plan, short: bool) -> tuple[str, ...]:
    notes = []
    if patient is None:
        notes.append("no patient was given: a woman of 40 with usual grades before treatment; give the person's own in a patient file")
    rows = [row for row in published_rows() if row.product == goal.product and row.indication in goal.areas]
    tried = [row.dose_units for row in rows if row.dose_units > 0]
    if tried and plan.units < min(tried):
        notes.append(f"fewer units than any trial in the evidence gave here ({min(tried):g} U): beyond what the model was compared with")
    if short:
        notes.append("the fresh samples fall short of what was asked by less than their error")
    if goal.purpose == "study":
        notes.append("purpose 'study': beyond the label up to published trials, not for treating a person")
    return tuple(notes)
