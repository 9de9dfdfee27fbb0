"""The course over time of blocked endings and sprouts, for any number of tissue elements at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.stages.junction.closed_forms import blocked_endings, light_chain
from glabella.stages.junction.products import potency_and_persistence

FIRST_STEP_DAYS = 0.01
GROWTH = 1.1
LONGEST_STEP_DAYS = 1.0
COARSE_FIRST_STEP_DAYS, COARSE_GROWTH, COARSE_LONGEST_STEP_DAYS = 0.125, 0.5, 8.0
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(6)


@dataclass(frozen=True)
class Kinetics:
    """The junction's constants for one product, as plain numbers."""

    potency: float
    maximum_ratio: float
    half_dose_units_per_mm3: float
    formation_per_day: float
    classes: tuple[tuple[float, float], ...]  # (share of the endings, loss of light chain per day)
    threshold_ratio: float
    exponent: float
    spread_sd_ln: float
    sprout_per_day: float
    sprout_release: float


def junction_kinetics(parameters: Mapping[str, float], product: str) -> Kinetics:
    """Read the junction's rows for ``product``."""
    potency, persistence = potency_and_persistence(product, parameters)
    slow = parameters["slow_ending_share"]
    loss = np.log(2) / (persistence * parameters["light_chain_half_life_days"])
    slow_loss = np.log(2) / (persistence * parameters["slow_ending_half_life_days"])
    return Kinetics(
        potency=potency,
        maximum_ratio=parameters["junction_emax_ratio"],
        half_dose_units_per_mm3=parameters["junction_d50_units_per_mm3"],
        formation_per_day=parameters["light_chain_formation_per_day"],
        classes=((1 - slow, float(loss)), (slow, float(slow_loss))),
        threshold_ratio=parameters["block_threshold_ratio"],
        exponent=parameters["block_hill_exponent"],
        spread_sd_ln=parameters["ending_spread_sd_ln"],
        sprout_per_day=1 / parameters["sprout_time_days"],
        sprout_release=parameters["sprout_release_share"],
    )


def course_days(days: np.ndarray, session_days: np.ndarray) -> np.ndarray:
    """Times of the course: interval ends at even places (all of ``days`` among them), interval middles at odd places.

    The intervals grow from minutes after each session, when the block sets in within hours, to a day: the result on a day
    does not depend on which other days were asked for.
    """
    start = float(min(days[0], session_days.min(initial=np.inf)))
    end = float(days[-1])
    rise = FIRST_STEP_DAYS * GROWTH ** np.arange(np.ceil(np.log(LONGEST_STEP_DAYS / (FIRST_STEP_DAYS * (GROWTH - 1))) / np.log(GROWTH)) + 1)
    parts = [np.array([start, end]), np.asarray(days, dtype=float), np.arange(start, end, LONGEST_STEP_DAYS)]
    parts += [np.append(session, session + rise) for session in session_days]
    ends = np.unique(np.concatenate(parts))
    ends = ends[(ends >= start) & (ends <= end)]
    if len(ends) == 1:
        return ends
    times = np.empty(2 * len(ends) - 1)
    times[::2] = ends
    times[1::2] = (ends[:-1] + ends[1:]) / 2
    return times


def coarse_course_days(days: np.ndarray, session_days: np.ndarray) -> np.ndarray:
    """A coarser course for the compiled kernels: interval ends at even places, middles at odd places, all of ``days`` among either.

    The block is exact at every time; the intervals, which grow from an eighth of a day to eight days after each session, only carry
    sprouts and bulk: error of the force below 3e-5 (tests/verification/test_compiled_kinetics.py). Days at even distances need no
    times between them, since one can be the middle of its neighbours.
    """
    start = float(min(days[0], session_days.min(initial=np.inf)))
    sessions = {float(session) for session in session_days if session <= days[-1]}
    fixed = sorted({start, *map(float, days), *sessions})
    times, since, place = [start], -np.inf, 0

    def longest(time: float) -> float:
        return min(max(COARSE_GROWTH * (time - since), COARSE_FIRST_STEP_DAYS), COARSE_LONGEST_STEP_DAYS)

    while place < len(fixed) - 1:
        here, stop = fixed[place], fixed[place + 1]
        since = here if here in sessions else since
        after = fixed[place + 2] if place + 2 < len(fixed) and stop not in sessions else np.inf
        if abs(after - 2 * stop + here) < 1e-9 and after - here <= longest(here):
            times += [stop, after]
            place += 2
            continue
        while here < stop:
            parts = np.ceil((stop - here) / longest(here) - 1e-9)
            end = here + (stop - here) / parts if parts > 1 else stop
            times += [(here + end) / 2, end]
            here = end
        place += 1
    return np.array(times)


def _quadratic(s: np.ndarray) -> np.ndarray:
    """Values at ``s`` in 0..1 of the three parabolas that are 1 at start, middle and end; the last axis is the three."""
    return np.stack([(1 - s) * (1 - 2 * s), 4 * s * (1 - s), s * (2 * s - 1)], axis=-1)


def decay_weights(length: np.ndarray, rate: float, upto: float) -> tuple[np.ndarray, np.ndarray]:
    """Exponential integrator of ``G' = rate (b - G)`` over the first part ``upto`` of each interval, b a parabola on the interval.

    Returns the factor on the old G (intervals,) and the weights (intervals, 3) of b at start, middle and end.
    """
    s = upto * (_NODE + 1) / 2
    kernel = rate * length[:, None] * np.exp(-rate * length[:, None] * (upto - s)) * (upto / 2 * _WEIGHT)
    return np.exp(-rate * upto * length), kernel @ _quadratic(s)


def sprout(times: np.ndarray, blocked: np.ndarray, sprout_per_day: float, start: float | np.ndarray = 0.0) -> np.ndarray:
    """G at every time of the course, of ``G' = (b - G) / tau`` with G = ``start`` (elements,) first; ``blocked`` is (times, elements)."""
    grown = np.zeros_like(blocked)
    grown[0] = start
    if len(times) < 3:
        return grown
    length = times[2::2] - times[:-2:2]
    triple = blocked[:-2:2], blocked[1:-1:2], blocked[2::2]
    for upto, target in ((1.0, grown[2::2]), (0.5, grown[1:-1:2])):
        keep, weight = decay_weights(length, sprout_per_day, upto)
        target[:] = sum(weight[:, j, None] * triple[j] for j in range(3))
        if upto == 1.0:
            target[0] += keep[0] * grown[0]
            for i in range(1, len(target)):
                target[i] += keep[i] * target[i - 1]
        else:
            target += keep[:, None] * grown[:-2:2]
    return grown


def total_light_chain(
    ratio: np.ndarray, session_days: np.ndarray, times: np.ndarray, formation_per_day: float, loss_per_day: float
) -> np.ndarray:
    """Light chain (times, elements) from what each session brought in, ``ratio`` (sessions, elements): the sessions add."""
    return light_chain(times[:, None] - session_days, formation_per_day, loss_per_day) @ ratio


def follow(ratio: np.ndarray, session_days: np.ndarray, times: np.ndarray, kinetics: Kinetics) -> tuple[np.ndarray, np.ndarray]:
    """Blocked share b and loss 1 - a of elements that took up ``ratio`` (sessions, elements); both (times, elements).

    The active share is a = 1 - b + w G b, so the loss b (1 - w G) is exactly 0 without toxin.
    """
    blocked = np.zeros((len(times), ratio.shape[1]))
    for share, loss_per_day in kinetics.classes:
        total = total_light_chain(ratio, session_days, times, kinetics.formation_per_day, loss_per_day)
        part = blocked_endings(total, kinetics.threshold_ratio, kinetics.exponent, kinetics.spread_sd_ln)
        part *= share
        blocked += part
    lost = sprout(times, blocked, kinetics.sprout_per_day)
    lost *= -kinetics.sprout_release
    lost += 1
    lost *= blocked
    return blocked, lost
