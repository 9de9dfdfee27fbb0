"""At most so many needles: leave out, one after the other, the needles whose loss costs least."""

from dataclasses import replace

import numpy as np

from glabella.planner.problem import Problem
from glabella.planner.solve import Solution, fewest_units

UNUSED_UNITS = 0.05  # fewer units than that are no needle: numerical


def with_fewer_needles(problem: Problem, most_needles: int | None) -> tuple[Problem, Solution]:
    """Fewest units with at most ``most_needles`` needles (None: any number), and the problem in which the others have none."""
    solution = fewest_units(problem)
    if most_needles is None:
        return problem, solution
    while solution.feasible and _needles(problem, solution.x) > most_needles:
        tries = []
        for variable in np.flatnonzero((problem.choice.least == 0) & (solution.x > UNUSED_UNITS)):
            tries.append((variable, fewest_units(_without(problem, [int(variable)]), solution.x)))
        if not tries:
            break
        variable, solution = min(tries, key=lambda t: (not t[1].feasible, problem.choice.total(t[1].x), -float(t[1].slack.min())))
        problem = _without(problem, [variable])
    if solution.feasible:  # whole steps shall add no needle
        problem = _without(problem, [int(n) for n in np.flatnonzero((problem.choice.least == 0) & (solution.x <= UNUSED_UNITS))])
    return problem, solution


def _without(problem: Problem, variables: list[int]) -> Problem:
    most = problem.choice.most.copy()
    most[variables] = 0.0
    return replace(problem, choice=replace(problem.choice, most=most, start=np.minimum(problem.choice.start, most)))


def _needles(problem: Problem, x: np.ndarray) -> float:
    return float(problem.choice.needles_of @ (x > UNUSED_UNITS))
