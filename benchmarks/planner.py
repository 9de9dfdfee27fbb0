"""The planner: how long another number of units takes to answer, and how many plans are looked at until the lowest dose is found."""

import itertools
from functools import lru_cache

import case
import numpy as np
from measure import Claim, Subject
from scipy.optimize import differential_evolution, minimize

from glabella.patient import Grades, Patient
from glabella.planner.choice import find_choice
from glabella.planner.goal import Goal, Limits, Needles
from glabella.planner.problem import Problem, build_problem
from glabella.planner.solve import fewest_units
from glabella.planner.steps import fewest_steps
from glabella.treatment import build_person

DRAWS, FEW_DRAWS, SEEDS, MOST_EVALUATIONS = 64, 16, 20, 3000
PATIENT = Patient(baseline={"glabellar": Grades(rest=1, contraction=2)})
NEAR_UNITS = 1.0


@lru_cache(maxsize=4)
def problem(draws: int, symmetric: bool, step_units: float) -> Problem:
    """Mild lines on days 30 to 60 in 70 %, lid ptosis in 1 % at most, brow raise kept."""
    goal = Goal(
        "glabellar", 1, 30, 60, 0.7, keep={"brow_raise": 70}, limits=Limits(eyelid_ptosis=0.01),
        needles=Needles(symmetric=symmetric, dose_step_units=step_units),
    )  # fmt: skip
    person = build_person(None, PATIENT, case.parameters())
    return build_problem([person], find_choice(goal), goal.objectives, goal.on_day, case.parameters(), draws, 1)


def fresh(held: Problem) -> Problem:
    return Problem(held.choice, held.objectives, held.responses, held.required)


class _EnoughError(Exception):
    """The search need not go on."""


class Counter:
    """Looks at plans in whole steps, and notes at which look the first one came within ``NEAR_UNITS`` of the lowest dose."""

    def __init__(self, problem: Problem, lowest: float) -> None:
        self.problem, self.lowest, self.looks, self.first = fresh(problem), lowest, 0, None
        self.seen: dict[bytes, float] = {}

    def look(self, x: np.ndarray) -> float:
        """Units, and a penalty that grows with the worst missed condition; a plan that was looked at before costs nothing."""
        choice = self.problem.choice
        whole = np.clip(np.rint(x / choice.step_units) * choice.step_units, choice.least, choice.most)
        if whole.tobytes() not in self.seen:
            self.looks += 1
            missed = max(0.0, -float(self.problem.slack(whole).min()))
            self.seen[whole.tobytes()] = choice.total(whole) + 100 * missed
            if missed == 0 and self.first is None and choice.total(whole) <= self.lowest + NEAR_UNITS + 1e-9:
                self.first = self.looks
            if self.first is not None or self.looks >= MOST_EVALUATIONS:
                raise _EnoughError
        return self.seen[whole.tobytes()]


def looks(problem: Problem, lowest: float, method: str) -> list[int]:
    """Plans looked at until the first within ``NEAR_UNITS``, for each seed."""
    choice, found = problem.choice, []
    bounds = list(zip(choice.least, choice.most, strict=True))
    for seed in range(SEEDS if method != "COBYQA" else 1):
        counter = Counter(problem, lowest)
        try:
            if method == "random search":
                random = np.random.default_rng(seed)
                while True:
                    counter.look(random.uniform(choice.least, choice.most))
            elif method == "differential evolution":
                differential_evolution(counter.look, bounds, rng=seed, maxiter=1000, popsize=8, tol=0, polish=False)
            else:
                minimize(counter.look, choice.start, method="COBYQA", bounds=bounds, options={"maxfev": MOST_EVALUATIONS})
        except _EnoughError:
            pass
        found.append(counter.first or MOST_EVALUATIONS)
    return found


def _first_near(done: Problem, lowest: float) -> int:
    """Evaluations, with or without derivatives, until ours first looked at a plan in whole steps within ``NEAR_UNITS``."""
    for number, key in enumerate(done._held, start=1):
        x = np.frombuffer(key[:-1])
        whole = np.allclose(x, np.rint(x / done.choice.step_units) * done.choice.step_units)
        if whole and not key[-1] and done.choice.total(x) <= lowest + NEAR_UNITS + 1e-9 and done.reaches(x):
            return number
    return done.count[0]


def search_facts() -> dict:
    """Looks of each way on two sizes of the same problem."""
    facts = {}
    for name, symmetric, step in (("3 variables, 1 U", True, 1.0), ("5 variables, 0.5 U", False, 0.5)):
        held = fresh(problem(FEW_DRAWS, symmetric, step))
        ours = fewest_steps(held, fewest_units(held).x)
        assert ours is not None
        lowest = held.choice.total(ours)
        row: dict = {"lowest_units": lowest, "ours": {"until_within_1_U": _first_near(held, lowest), "in_all": held.count[0]}}
        if symmetric:
            lattice = [np.array(p) for p in itertools.product(*(np.arange(0, m + step, step) for m in held.choice.most))]
            assert lowest == min(held.choice.total(x) for x in lattice if fresh(held).reaches(x))
        for method in ("random search", "differential evolution", "COBYQA"):
            found = looks(held, lowest, method)
            row[method] = {"median": float(np.median(found)), "not_found": sum(n >= MOST_EVALUATIONS for n in found), "runs": len(found)}
        facts[name] = row
    return facts


def subjects() -> list[Subject]:
    held = problem(DRAWS, True, 1.0)
    units = [np.array([2.0, 3.0, 3.0 + 0.001 * n]) for n in range(1000)]
    turn = itertools.cycle(units)
    contenders = {
        f"another number of units, {DRAWS} draws": lambda: fresh(held).chances(next(turn)),
        f"the same with its derivative, {DRAWS} draws": lambda: fresh(held).with_slopes(next(turn)),
    }
    value, slope = contenders
    claims = (
        Claim(f"units of a site changed, {DRAWS} draws, ms", value, None, 100, 30, most=True),
        Claim(f"the same with its derivative, {DRAWS} draws, ms", slope, None, 300, 100, most=True),
    )
    return [Subject("planner", contenders, claims, {"plans_looked_at_until_within_1_U": search_facts()})]
