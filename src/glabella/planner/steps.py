"""Whole steps of the dose: lattice points around the continuous plan, forecast by its derivatives, looked at with the draws counted."""

import itertools

import numpy as np

from glabella.planner.problem import Problem, logit, logit_slope

AROUND = 2  # steps to either side of the continuous plan
DOUBT = 0.2  # logit by which the forecast of a chance may be wrong: points that miss by more are not looked at
MOST_LOOKS = 40  # at plans with fewer units, or with as many and more in hand, than the best so far


def fewest_steps(problem: Problem, x: np.ndarray) -> np.ndarray | None:
    """Fewest units in whole steps that reach the goal, near the continuous ``x`` (variables,); None where no point near does.

    Among points with the same total the one with the largest worst slack wins. First a plan that reaches the goal is found by the
    forecast at ``x``; then, by the forecast there, every plan that may do with fewer units is looked at.
    """
    for around in (AROUND, 2 * AROUND):
        points = _lattice(problem, x, around)
        best = _first(problem, x, points) if len(points) else None
        if best is not None:
            return _improved(problem, best, points)
    return None


def nearest_steps(problem: Problem, x: np.ndarray, wishes: int) -> np.ndarray | None:
    """Whole steps near ``x`` that keep every bound and come nearest to the wishes (the first so many objectives); None where none do."""
    points = _lattice(problem, x, AROUND)
    if not len(points):
        return None
    forecast = _forecasts(problem, x, points)
    kept = (forecast[:, wishes:] >= -DOUBT).all(1)
    order = np.flatnonzero(kept)[np.argsort(-forecast[kept, :wishes].min(1))]
    best, best_slack = None, -np.inf
    for place in order[:MOST_LOOKS]:
        if forecast[place, :wishes].min() < best_slack - DOUBT:
            break
        held = (problem.chances(points[place]) >= problem.required - 1e-12)[wishes:].all()
        slack = float(problem.slack(points[place])[:wishes].min())
        if held and slack > best_slack:
            best, best_slack = points[place], slack
    return best


def _first(problem: Problem, x: np.ndarray, points: np.ndarray) -> np.ndarray | None:
    """A plan that reaches the goal: the forecast at ``x``, least total first, asking for more in hand each time one fails."""
    forecast = _forecast(problem, x, points)
    total = (points @ problem.choice.needles_of).round(6)
    in_hand = 0.0
    for _ in range(MOST_LOOKS):
        hopeful = np.flatnonzero(forecast >= in_hand)
        if not len(hopeful):
            hopeful = np.array([int(forecast.argmax())])
            in_hand = np.inf
        place = hopeful[np.lexsort((-forecast[hopeful], total[hopeful]))[0]]
        if problem.reaches(points[place]):
            return points[place]
        if in_hand == np.inf:
            return None
        wrong = forecast[place] - float(problem.slack(points[place]).min())
        forecast[place] = -np.inf
        in_hand = max(in_hand, 0.5 * wrong)
    return None


def _improved(problem: Problem, best: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The best of the points that may do with fewer units than ``best``, or with as many and more in hand."""
    total = (points @ problem.choice.needles_of).round(6)
    looked = {best.tobytes()}
    looks = 0
    while looks < MOST_LOOKS:
        forecast = _forecast(problem, best, points)
        mine, in_hand = round(problem.choice.total(best), 6), float(problem.slack(best).min())
        fewer = (total < mine) & (forecast >= -DOUBT)
        as_many = (total == mine) & (forecast > in_hand - DOUBT)
        order = [*np.flatnonzero(fewer)[np.argsort(-forecast[fewer])], *np.flatnonzero(as_many)[np.argsort(-forecast[as_many])]]
        better = None
        for place in order:
            point = points[place]
            if point.tobytes() in looked:
                continue
            looked.add(point.tobytes())
            looks += 1
            if problem.reaches(point) and (total[place] < mine or problem.slack(point).min() > in_hand):
                better = point
                break
            if looks >= MOST_LOOKS:
                break
        if better is None:
            return best
        best = better
    return best


def _forecast(problem: Problem, x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Worst slack (points,) in a straight line from what was counted at ``x``."""
    return _forecasts(problem, x, points).min(1)


def _forecasts(problem: Problem, x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Slack of every condition (points, objectives)."""
    chance, slope = problem.with_slopes(x)
    by = logit_slope(chance)[:, None] * slope
    return logit(problem.chances(x)) - logit(problem.required) + (points - x) @ by.T


def _lattice(problem: Problem, x: np.ndarray, around: int) -> np.ndarray:
    """Points (n, variables) in whole steps within the ranges and ceilings, not all zero."""
    choice, step = problem.choice, problem.choice.step_units
    axes = []
    for value, low, high in zip(x, choice.least, choice.most, strict=True):
        middle = round(value / step)
        whole = np.arange(max(middle - around, int(np.ceil(low / step - 1e-9))), min(middle + around, int(high / step + 1e-9)) + 1) * step
        axes.append(whole if len(whole) else np.array([high]))
    points = [np.array(point, float) for point in itertools.product(*axes)]
    return np.array([point for point in points if point.any() and choice.fits(point)])
