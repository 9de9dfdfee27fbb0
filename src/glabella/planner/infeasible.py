"""A goal that no allowed dose reaches: which limit binds, and the nearest goal that can be reached, in one line."""

from dataclasses import replace

import numpy as np

from glabella.errors import InputError
from glabella.planner.goal import DOSE_STEPS_UNITS, Goal
from glabella.planner.objectives import Objective, SideEffectAtMost
from glabella.planner.problem import Problem, logit
from glabella.planner.simulated import Band
from glabella.planner.solve import nearest
from glabella.planner.steps import nearest_steps

AT_BOUND = 1e-3  # share of a range within which a variable counts as at its end
SURE = 0.5  # standard errors of as many random draws: even draws are three times as exact, so this is more than one of theirs


class InfeasibleError(InputError):
    """The goal cannot be reached. ``nearest``: the goal with the highest probability that can, None where not even the bounds hold;
    ``binding``: what stands in the way, in words."""

    def __init__(self, message: str, nearest: Goal | None, binding: tuple[str, ...]) -> None:
        super().__init__(message)
        self.nearest = nearest
        self.binding = binding


def explain(problem: Problem, goal: Goal, draws: int) -> InfeasibleError:
    """Say why: the best chance of each wish while every bound holds, and what keeps it from being higher."""
    wishes = len(goal.wishes)
    best = nearest(problem, wishes)
    chances = problem.chances(best.x)
    broken = [n for n in range(wishes, len(problem.objectives)) if logit(chances)[n] - logit(problem.required)[n] < -0.05]
    if broken:
        words = [f"{problem.objectives[n].says()} ({chances[n]:.0%} of {problem.required[n]:.0%} asked)" for n in broken]
        return InfeasibleError(
            f"goal: its own limits cannot hold together at any dose: {'; '.join(words)}; loosen one of them", None, tuple(words)
        )
    steps = nearest_steps(problem, best.x, wishes)
    x = best.x if steps is None else steps
    chances = problem.chances(x)
    missed = int(np.argmin(logit(chances[:wishes]) - logit(problem.required[:wishes])))
    wish = problem.objectives[missed]
    binding = _binding(problem, goal, best.x, problem.chances(best.x), wishes)  # whole steps stay short of what binds between them
    reached = float(chances[missed])
    sure = np.floor(100 * (reached - SURE * np.sqrt(reached * (1 - reached) / draws))) / 100
    probability = min(sure, wish.with_probability - 0.01)
    easier = replace(goal, with_probability=float(probability)) if probability > 0 and goal.grade_at_most is not None else None
    hint = f"with_probability = {probability:.2f}" if easier else "a milder wish"
    shorter = _shorter(problem, goal, x, missed)
    options = [hint, *([f"until_day = {shorter:g}"] if shorter is not None else [])]
    if problem.choice.step_units > min(DOSE_STEPS_UNITS) and best.feasible:
        options.append(f"dose_step_units = {min(DOSE_STEPS_UNITS):g}")
    most = f"probability {reached:.2f} at most in whole steps of {problem.choice.step_units:g} U"
    return InfeasibleError(
        f"goal: no allowed dose reaches it: {wish.says()} with {most}, {wish.with_probability:.2f} asked; "
        f"what binds: {'; '.join(binding)}; nearest goal that can be reached: {' or '.join(options)}",
        easier,
        tuple(binding),
    )


def fell_short(goal: Goal, number: int, fresh: Band) -> InfeasibleError:
    """The most that is allowed was simulated, and fresh samples keep condition ``number`` less often than asked, beyond their error."""
    wish = goal.objectives[number]
    probability = float(np.floor(100 * fresh.low) / 100)
    easier = replace(goal, with_probability=probability) if number < len(goal.wishes) and 0 < probability < 1 else None
    return InfeasibleError(
        f"goal: no allowed dose reaches it: {wish.says()} with probability {fresh.value:.2f} ({fresh.low:.2f} to {fresh.high:.2f}) on "
        f"fresh samples, {wish.with_probability:.2f} asked; nearest goal that can be reached: with_probability = {probability:.2f}",
        easier,
        ("fresh samples of the most that is allowed",),
    )


def _binding(problem: Problem, goal: Goal, x: np.ndarray, chances: np.ndarray, wishes: int) -> list[str]:
    choice = problem.choice
    found = [
        _limit_says(problem.objectives[n])
        for n in range(wishes, len(problem.objectives))
        if chances[n] < problem.required[n] + 0.25 * (1 - problem.required[n])
    ]
    found += [c.says for c in choice.ceilings if c.members @ x >= c.units * (1 - AT_BOUND)]
    if not any(c.members @ x >= c.units * (1 - AT_BOUND) for c in choice.ceilings):
        at_most = [name for name, value, most in zip(choice.names, x, choice.most, strict=True) if 0 < most * (1 - AT_BOUND) <= value]
        found += [f"the most units that may go to {', '.join(at_most)}"] if at_most else []
    if goal.needles.most_needles is not None and (choice.most <= 0).any():
        found.append(f"most_needles = {goal.needles.most_needles}")
    if goal.needles.most_units_per_site is not None:
        found.append(f"most_units_per_site = {goal.needles.most_units_per_site:g}")
    return found or ["the allowed sites: more units there do not help"]


def _limit_says(bound: Objective) -> str:
    """A bound in words with what it asks for."""
    if isinstance(bound, SideEffectAtMost):
        return f"the limit of {100 * bound.limit:g} % on {bound.effect.replace('_', ' ')}"
    return f"the condition that {bound.says()} with probability {bound.with_probability:.2f}"


def _shorter(problem: Problem, goal: Goal, x: np.ndarray, missed: int) -> float | None:
    """Last day until which the missed wish would hold as probably as asked, if any."""
    wish = problem.objectives[missed]
    if not hasattr(wish, "until_day") or goal.until_day == goal.on_day:
        return None
    units = problem.choice.directions @ x
    for day in problem.responses[0].days[::-1]:
        if goal.on_day <= day < (goal.until_day or goal.on_day):
            shorter = replace(wish, until_day=float(day))  # type: ignore[type-var]
            value = np.mean([shorter.chance(response.reply(units)).value for response in problem.responses])
            if value >= wish.with_probability:
                return float(day)
    return None
