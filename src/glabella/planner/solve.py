"""The continuous plan: fewest units with every chance as high as required. scipy's SLSQP with exact derivatives."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint, minimize

from glabella.planner.problem import Problem, logit, logit_slope

ENOUGH = 1e-3  # logit by which a condition may be missed: it is looked at again at whole steps of the dose
MOST_STEPS = 40
LOW_START = 0.3  # of the template's units: from below, where chances rise steeply, straight-line steps do not overshoot
WIDEST = 30.0  # logit


@dataclass(frozen=True)
class Solution:
    """Units ``x`` (variables,); ``slack`` (objectives,): see ``Problem.slack``, of the smooth chances."""

    x: np.ndarray
    slack: np.ndarray

    @property
    def feasible(self) -> bool:
        """Whether every condition holds."""
        return bool((self.slack >= -ENOUGH).all())


def fewest_units(problem: Problem, start: np.ndarray | None = None) -> Solution:
    """Fewest units that reach the goal; where none do, the units that come nearest (see ``nearest``)."""
    choice = problem.choice
    weights = choice.needles_of / max(choice.total(choice.most), 1e-9)
    reached = NonlinearConstraint(lambda z: _slack(problem, z)[0], 0, np.inf, jac=lambda z: _slack(problem, z)[1])
    low = np.maximum(choice.least, LOW_START * choice.start)
    for begin in [low, choice.start] if start is None else [start, low]:
        found = minimize(
            lambda z: float(weights @ z), begin, jac=lambda z: weights, bounds=Bounds(choice.least, choice.most),
            constraints=[*_ceilings(problem), reached], method="SLSQP", options={"maxiter": MOST_STEPS, "ftol": ENOUGH},
        )  # fmt: skip
        solution = _solution(problem, found.x)
        if solution.feasible:
            return solution
    return nearest(problem)


def nearest(problem: Problem, wishes: int | None = None, total_units: float | None = None) -> Solution:
    """The units whose worst condition is missed least, or exceeded most.

    ``wishes``: only the first so many objectives give way and the others must hold; None: all give way alike. ``total_units``: at most
    so many units in all.
    """
    choice = problem.choice
    yielding = len(problem.objectives) if wishes is None else wishes
    gives = np.where(np.arange(len(problem.objectives)) < yielding, -1.0, 0.0)
    reached = NonlinearConstraint(
        lambda z: _slack(problem, z[:-1])[0] + gives * z[-1], 0, np.inf,
        jac=lambda z: np.hstack([_slack(problem, z[:-1])[1], gives[:, None]]),
    )  # fmt: skip
    begin = choice.start
    if total_units is not None:
        begin = np.clip(begin * min(1.0, total_units / max(choice.total(begin), 1e-9)), choice.least, choice.most)
    low = np.maximum(choice.least, LOW_START * begin)
    toward = np.append(np.zeros(len(begin)), -1.0)

    def missed(solution: Solution) -> tuple[float, float]:
        held = min(0.0, float(solution.slack[yielding:].min(initial=0.0)) + ENOUGH)
        return held, float(solution.slack[:yielding].min())

    solutions = []
    for one in [begin] if wishes is None else [begin, low]:  # what must hold throws the first steps from above far off
        reach = float(np.min(_slack(problem, one)[0][:yielding]))
        found = minimize(
            lambda z: -float(z[-1]), np.append(one, reach), jac=lambda z: toward,
            bounds=Bounds(np.append(choice.least, -WIDEST), np.append(choice.most, WIDEST)),
            constraints=[*_ceilings(problem, total_units, beside=1), reached], method="SLSQP",
            options={"maxiter": MOST_STEPS, "ftol": ENOUGH},
        )  # fmt: skip
        solutions.append(_solution(problem, found.x[:-1]))
    return max(solutions, key=missed)


def _solution(problem: Problem, x: np.ndarray) -> Solution:
    x = np.clip(x, problem.choice.least, problem.choice.most)
    return Solution(x, _slack(problem, x)[0])


def _slack(problem: Problem, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chance, slope = problem.with_slopes(np.clip(x, problem.choice.least, problem.choice.most))
    return logit(chance) - logit(problem.required), logit_slope(chance)[:, None] * slope


def _ceilings(problem: Problem, total_units: float | None = None, beside: int = 0) -> list[LinearConstraint]:
    """The ceilings on the units; ``beside``: further variables that have no part in them."""
    limits = [(c.members, c.units) for c in problem.choice.ceilings]
    if total_units is not None:
        limits.append((problem.choice.needles_of, total_units))
    if not limits:
        return []
    rows = np.array([members for members, _ in limits])
    return [LinearConstraint(np.pad(rows, ((0, 0), (0, beside))), -np.inf, np.array([units for _, units in limits]))]
