"""Where the needles might better go: the derivative of the goal by their places, through one adjoint solve per draw.

What a little more dose in an element is worth to the goal is a source for the adjoint field; the field says what a unit is worth
wherever it is injected, so a needle's derivative is the difference of the field between the boluses a little to either side.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from glabella.label import check_plan
from glabella.names import side_of
from glabella.plan import Plan
from glabella.planner.choice import Choice
from glabella.planner.goal import Goal
from glabella.planner.influence import one_needle
from glabella.planner.objectives import SideEffectAtMost
from glabella.planner.problem import Problem, at_volumes_of, logit_slope
from glabella.planner.response import InfluenceReply, Response
from glabella.planner.solve import Solution, fewest_units
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion.spread import source_of
from glabella.treatment import SAMPLE_TOLERANCE

FIRST_STEP_MM, LEAST_STEP_MM = 2.0, 0.5
DIFFERENCE_MM = 0.5  # to either side, for the derivative of a bolus by its place
WORTH_UNITS = 0.05  # of the total: less gain is no reason to move a needle
ACTIVE = 0.02  # logit within which a condition counts as binding
Progress = Callable[[str, float], None]


def move_needles(
    problem: Problem, solution: Solution, goal: Goal, seed: int, workers: int | None = None, report: Progress = lambda stage, share: None
) -> tuple[Problem, Solution]:
    """Move needles along the skin, at most ``goal.needles.move_mm`` from their sites, while that saves units (or comes nearer to the
    goal), without any finding of the label that the unmoved plan has not."""
    step, tries = FIRST_STEP_MM, 0
    units = np.maximum(solution.x, problem.choice.step_units)
    problem = at_volumes_of(problem, problem.choice, units, 2 * seed, workers)
    solution = fewest_units(problem, solution.x)
    allowed = _cautions(problem.choice.plan(np.maximum(solution.x, problem.choice.step_units)), problem)
    while step >= LEAST_STEP_MM:
        report("places of the needles", min(0.95, tries / 6))
        tries += 1
        slope = place_slopes(problem, solution.x, _worth(problem, solution), workers)
        choice = _moved(problem, slope, step, goal.needles.move_mm, allowed)
        if choice is None:
            break
        tried = at_volumes_of(problem, choice, units, 2 * seed, workers)
        found = fewest_units(tried, solution.x)
        if _better(problem, solution, found):
            problem, solution = tried, found
        else:
            step /= 2
    return problem, solution


def _better(problem: Problem, old: Solution, new: Solution) -> bool:
    if old.feasible and new.feasible:
        return problem.choice.total(new.x) < problem.choice.total(old.x) - WORTH_UNITS
    return new.feasible or (not old.feasible and float(new.slack.min()) > float(old.slack.min()) + ACTIVE)


def _worth(problem: Problem, solution: Solution) -> np.ndarray:
    """What the logit of each chance is worth (objectives,) in units: the multipliers of the binding conditions."""
    slack = solution.slack
    if not solution.feasible:
        return (slack <= slack.min() + ACTIVE).astype(float)
    chance, slope = problem.with_slopes(solution.x)
    choice = problem.choice
    free = (solution.x > choice.least + 1e-6) & (solution.x < choice.most - 1e-6)
    active = np.flatnonzero(slack < ACTIVE)
    worth = np.zeros(len(slack))
    if len(active) and free.any():
        by = logit_slope(chance)[active, None] * slope[active]
        worth[active] = nnls(by[:, free].T, choice.needles_of[free])[0]
    return worth if worth.any() else (slack <= slack.min() + ACTIVE).astype(float)


def place_slopes(problem: Problem, x: np.ndarray, worth: np.ndarray, workers: int | None = None) -> np.ndarray:
    """Derivative (needles, 2) of ``worth`` times the logits of the chances by each needle's place: mm away from the midline (to the
    left at a midline site), mm up."""
    units = problem.choice.directions @ x
    chance, _ = problem.with_slopes(x)
    weight = worth * logit_slope(chance) / len(problem.responses)
    total = np.zeros((len(units), 2))
    for response in problem.responses:
        total += _by_dose(problem, response, units, weight, workers) + _by_risk(problem, response, units, weight)
    sign = [-1.0 if side_of(i.site) == "right" else 1.0 for i in problem.choice.template.sessions[0].injections]
    total[:, 0] *= sign
    return total


@dataclass(frozen=True)
class _ByForce(InfluenceReply):
    """The reply of one draw whose variables are the forces of all muscles on all days."""

    known_force: np.ndarray | None = None

    @property
    def force(self) -> tuple[np.ndarray, np.ndarray | None]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The force that is known, and the unit matrix."""
        assert self.known_force is not None
        _, days, muscles = self.known_force.shape
        return self.known_force, np.eye(days * muscles).reshape(1, days, muscles, days * muscles)


def dose_worth(problem: Problem, response: Response, units: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Derivative (draws, elements) of the chances times ``weight`` (objectives,) by the dose in each element of each draw."""
    whole = response.reply(units)
    force, _ = whole.force
    lost, _ = whole.lost
    uptake, elements, draws = whole.uptake, response.influence.elements, len(response.influence.draws)
    _, days, muscles = force.shape
    still = np.zeros((len(units), days * muscles))
    times = np.eye(lost.shape[2])[:, None, None, :] * np.ones((1, 1, muscles, 1))
    found = np.empty((draws, len(elements.share)))
    for draw in range(draws):
        one = response.only(draw)
        reply = _ByForce(one, units, still, known_force=force[draw : draw + 1])
        by_force = sum(
            w * np.asarray(o.chance(reply).slope) for w, o in zip(weight, problem.objectives, strict=True) if w > 0
        )  # (days * muscles,)
        _, by_lost = InfluenceReply(one, units, None).with_bulk(lost[draw : draw + 1], times)
        assert by_lost is not None  # (1, days, muscles, times)
        worth = np.einsum("tm,tmk->mk", np.reshape(by_force, (days, muscles)), by_lost[0]) / draws
        table, index = response.lost[draw], uptake.index[draw]
        rise = table[index + 1] - table[index]
        found[draw] = np.einsum("ek,ek->e", worth[elements.muscle_of], rise) * uptake.per_dose[draw] * elements.share
    return found


def _by_dose(problem: Problem, response: Response, units: np.ndarray, weight: np.ndarray, workers: int | None) -> np.ndarray:
    """Derivative (needles, 2) by mm to the left and up, through the dose."""
    influence = response.influence
    person, template = influence.person, influence.template
    worth = dose_worth(problem, response, units, weight)
    steps = DIFFERENCE_MM * np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])

    def one(draw: int) -> np.ndarray:
        field = worth_field(response, draw, worth[draw])
        found = np.zeros((len(units), 4))
        for needle, injection in enumerate(template.sessions[0].injections):
            if units[needle] <= 0:
                continue
            for place, step in enumerate(steps):
                at = influence.offsets_mm[draw, needle] + step
                bolus = place_boluses(one_needle(injection), template, person.anatomy, influence.draws[draw], at[None])
                found[needle, place] = source_of(bolus, len(field)) @ field * units[needle] / injection.units
        return np.stack([found[:, 0] - found[:, 1], found[:, 2] - found[:, 3]], axis=1) / (2 * DIFFERENCE_MM)

    with threadpool_limits(1), ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        return sum(pool.map(one, range(len(influence.draws))), np.zeros((len(units), 2)))


def worth_field(response: Response, draw: int, worth: np.ndarray) -> np.ndarray:
    """What a unit is worth wherever it is injected (tissue cells,): the adjoint field of what dose is ``worth`` (elements,)."""
    influence = response.influence
    spread = influence.person.spread.at(influence.draws[draw])
    source = np.zeros(len(influence.person.anatomy.cells))
    np.add.at(source, influence.elements.cells, spread.uptake_per_day * (influence.elements.mean.T @ worth))
    return spread.solve(source, SAMPLE_TOLERANCE)


def _by_risk(problem: Problem, response: Response, units: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Derivative (needles, 2) by mm to the left and up, through the side effects that are limited."""
    found = np.zeros((len(units), 2))
    limits = [(w, o) for w, o in zip(weight, problem.objectives, strict=True) if w > 0 and isinstance(o, SideEffectAtMost)]
    limited = [(w, o) for w, o in limits if o.effect != "brow_ptosis"]  # the brow's answers to the dose, not to the reach
    for needle in np.flatnonzero(units > 0) if limited else ():
        for axis, step in enumerate(((DIFFERENCE_MM, 0.0), (0.0, DIFFERENCE_MM))):
            ahead, behind = (response.risk.moved(int(needle), s * step[0], s * step[1]) for s in (1, -1))
            for w, o in limited:
                change = ahead.chance(o.effect, units).value - behind.chance(o.effect, units).value
                found[needle, axis] -= w * change / (2 * DIFFERENCE_MM)
    return found


def _moved(problem: Problem, slope: np.ndarray, step_mm: float, most_mm: float, allowed: set[tuple[str, str]]) -> Choice | None:
    """The choice with every group of needles moved along its slope, the steepest by ``step_mm``; None where none can move."""
    choice = problem.choice
    injections = list(choice.template.sessions[0].injections)
    groups = [np.flatnonzero(column) for column in choice.directions.T]
    together = np.stack([slope[members].sum(0) for members in groups])
    for variable, members in enumerate(groups):  # a needle on the midline stays there when left and right are alike
        if len(members) == 1 and side_of(injections[members[0]].site) is None and _symmetric(choice):
            together[variable, 0] = 0.0
    steepest = float(np.linalg.norm(together, axis=1).max())
    if steepest <= 0:
        return None
    moved_any = False
    for variable, members in enumerate(groups):
        go = together[variable] * step_mm / steepest
        for part in (1.0, 0.5, 0.25):
            tried = list(injections)
            for member in members:
                old = tried[member]
                place = np.array([old.lateral_mm, old.up_mm]) + part * go
                place *= min(1.0, most_mm / max(float(np.linalg.norm(place)), 1e-9))
                tried[member] = replace(old, lateral_mm=float(round(place[0], 2)), up_mm=float(round(place[1], 2)))
            if tried != injections and _cautions(_with(choice.template, tried), problem) <= allowed:
                injections, moved_any = tried, True
                break
    return replace(choice, template=_with(choice.template, injections)) if moved_any else None


def _symmetric(choice: Choice) -> bool:
    return bool((choice.needles_of > 1).any())


def _with(template: Plan, injections: list) -> Plan:
    return replace(template, sessions=(replace(template.sessions[0], injections=tuple(injections)),))


def _cautions(plan: Plan, problem: Problem) -> set[tuple[str, str]]:
    """Findings above information of any of the people: rule and where."""
    found = set()
    for response in problem.responses:
        person = response.influence.person
        for finding in check_plan(plan, person.patient, person.anatomy.atlas):
            if finding.severity != "info" and finding.rule not in ("units_per_site", "dilution"):
                found.add((finding.rule, finding.where))
    return found
