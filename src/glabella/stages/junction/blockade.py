"""The verb of the stage: uptake dose in the muscles -> share of blocked and of active nerve endings, per day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from glabella.errors import InputError
from glabella.stages.junction.closed_forms import taken_up_ratio
from glabella.stages.junction.course import Kinetics, coarse_course_days, course_days, follow, junction_kinetics

NEGLIGIBLE_BLOCK = 1e-9
NODE_STEP_LN = 0.02  # one session: hat functions of ln E0, error below 1e-4 (tests/verification/test_kinetics.py)
MERGE_STEP_LN = 0.03  # several sessions: elements of one muscle merged when every ln E0 agrees to this, error below 1e-4
ELEMENTS_AT_ONCE = 2048
COMPILED_AT_ONCE = 256  # so that their courses stay in the processor's cache


class UptakeDose(Protocol):
    """What the stage reads of a muscle: ``glabella.stages.diffusion.MuscleDose`` has it."""

    @property
    def dose_units_per_mm3(self) -> np.ndarray:
        """(sessions, n) uptake dose per mm3 of muscle in n tissue elements."""
        ...

    @property
    def volume_mm3(self) -> np.ndarray:
        """(n,) volume of muscle in each element."""
        ...


@dataclass(frozen=True)
class Blockade:
    """Share of blocked endings and active share of each muscle on ``days``; 0 and 1 without toxin.

    ``course_days`` and ``course_active`` hold the active share on finer times of their own, which do not depend on ``days``.
    A blockade made by hand may leave them out. ``coarse``: ``days`` may be middles of the course as well, see ``coarse_course_days``.
    """

    days: np.ndarray
    blocked: Mapping[str, np.ndarray]
    active: Mapping[str, np.ndarray]
    course_days: np.ndarray | None = None
    course_active: Mapping[str, np.ndarray] | None = None
    coarse: bool = False

    def course(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (interval ends at even places, middles at odd places, all of ``days`` among the ends) and active share (times, muscles).

        Where it is ``coarse``, ``days`` are among ends and middles. Without a course of its own the active share runs in straight lines
        between ``days``.
        """
        if self.course_days is not None and self.course_active is not None:
            times, curves = self.course_days, [self.course_active[muscle] for muscle in self.active]
        else:
            times = course_days(np.asarray(self.days, dtype=float), np.empty(0))
            curves = [np.interp(times, self.days, active) for active in self.active.values()]
        return times, np.stack(curves, axis=1) if curves else np.empty((len(times), 0))


def block_junctions(
    dose: Mapping[str, UptakeDose],
    session_days: np.ndarray,
    days: np.ndarray,
    parameters: Mapping[str, float],
    product: str,
    *,
    compiled: bool = False,
) -> Blockade:
    """Blocked and active share of every muscle in ``dose`` on ``days``, volume-weighted over its tissue elements.

    ``dose`` holds the uptake dose of one row per entry of ``session_days``, in labelled units of ``product`` per mm3 of muscle.
    Sessions may lie before the first day. Endings that took up toxin in several sessions carry the sum of the light chain.

    ``compiled``: where the extra ``fast`` is installed, follow every element in compiled code on coarser times; the shares are then
    right to 3e-5 instead of 1e-4 (nodes and merged elements), and loading takes a second or so.
    """
    kinetics = junction_kinetics(parameters, product)
    days = _checked_days(days)
    session_days = np.asarray(session_days, dtype=float)
    ratios, shares = {}, {}
    for muscle, part in dose.items():
        ratios[muscle], shares[muscle] = _checked(muscle, part, len(session_days), kinetics)
    used = [s for s in range(len(session_days)) if any(ratio[s].any() for ratio in ratios.values())]
    every = _every_element() if compiled else None
    merge = every or (_weigh_nodes if len(used) <= 1 else _merge_elements)
    muscles = list(dose)
    times, blocked, lost = merge([ratios[m][used] for m in muscles], [shares[m] for m in muscles], session_days[used], days, kinetics)
    on_day = np.searchsorted(times, days)
    active = 1 - lost
    return Blockade(
        days=days,
        blocked={m: blocked[on_day, i] for i, m in enumerate(muscles)},
        active={m: active[on_day, i] for i, m in enumerate(muscles)},
        course_days=times,
        course_active={m: active[:, i] for i, m in enumerate(muscles)},
        coarse=every is not None,
    )


def blocked_share(dose_units_per_mm3: np.ndarray, days: np.ndarray, parameters: Mapping[str, float], product: str) -> np.ndarray:
    """Blocked share of endings in tissue that took up ``dose_units_per_mm3`` on day 0; the days are the last axis of the result."""
    kinetics = junction_kinetics(parameters, product)
    days = _checked_days(days)
    dose = np.asarray(dose_units_per_mm3, dtype=float)
    _check_dose("blocked_share", dose)
    ratio = taken_up_ratio(dose, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
    times, _, blocked, _ = _node_courses(days.tobytes(), (0.0,), kinetics)
    curves = blocked[np.searchsorted(times, days)].T
    index, upper = _between_nodes(ratio, kinetics)
    upper = upper[..., None]
    return curves[index] * (1 - upper) + curves[index + 1] * upper


def _checked_days(days: np.ndarray) -> np.ndarray:
    days = np.array(days, dtype=float)
    if days.ndim != 1 or not len(days) or not np.isfinite(days).all() or (np.diff(days) <= 0).any():
        raise InputError("days: must be finite numbers in rising order, at least one; sort them and remove repeats")
    return days


def _check_dose(where: str, dose: np.ndarray) -> None:
    if not np.isfinite(dose).all() or (dose < 0).any():
        raise InputError(f"uptake dose in {where}: must be finite and not negative, in units per mm3; check the diffusion solve")


def _checked(muscle: str, part: UptakeDose, sessions: int, kinetics: Kinetics) -> tuple[np.ndarray, np.ndarray]:
    """Ratio taken up (sessions, n) and share of the muscle's volume (n,), of the elements that have volume."""
    dose = np.asarray(part.dose_units_per_mm3, dtype=float)
    volume = np.asarray(part.volume_mm3, dtype=float)
    if dose.shape != (sessions, len(volume)):
        raise InputError(f"uptake dose in {muscle}: shape {dose.shape}, must be (sessions, elements) = ({sessions}, {len(volume)})")
    _check_dose(muscle, dose)
    if not np.isfinite(volume).all() or (volume < 0).any() or not volume.sum() > 0:
        raise InputError(f"volume of {muscle}: must be finite, not negative and more than 0 mm3 in sum; check the muscle's tissue elements")
    ratio = taken_up_ratio(dose, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
    return ratio, volume / volume.sum()


def _floor_ratio(kinetics: Kinetics) -> float:
    """A ratio that blocks less than ``NEGLIGIBLE_BLOCK`` of the endings at any time: see the bound in ``closed_forms``."""
    spread = (kinetics.exponent * kinetics.spread_sd_ln) ** 2 / 2
    return kinetics.threshold_ratio * float(np.exp((np.log(NEGLIGIBLE_BLOCK) - spread) / kinetics.exponent))


def _nodes(kinetics: Kinetics) -> np.ndarray:
    """Ratios from the floor to the maximum in steps of ``NODE_STEP_LN`` of the logarithm, after a first node of no toxin at all."""
    floor = _floor_ratio(kinetics)
    count = max(2, int(np.ceil(np.log(kinetics.maximum_ratio / floor) / NODE_STEP_LN)) + 1)
    return np.append(0.0, floor * np.exp(NODE_STEP_LN * np.arange(count)))


def _between_nodes(ratio: np.ndarray, kinetics: Kinetics) -> tuple[np.ndarray, np.ndarray]:
    """Index of the node below each ratio and the weight of the node above it: hat functions of ln E0.

    Below the floor the weight rises linearly in E0 itself from exactly 0.
    """
    floor = _floor_ratio(kinetics)
    position = np.log(np.maximum(ratio, floor) / floor) / NODE_STEP_LN
    index = np.minimum(position.astype(np.intp), len(_nodes(kinetics)) - 3)
    below = ratio < floor
    return np.where(below, 0, index + 1), np.where(below, ratio / floor, position - index)


@lru_cache(maxsize=4)
def _node_courses(
    days: bytes, session_days: tuple[float, ...], kinetics: Kinetics
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times, nodes and the courses b and 1 - a of every node, (times, nodes): a function of its arguments alone."""
    sessions = np.array(session_days)
    times = course_days(np.frombuffer(days), sessions)
    nodes = _nodes(kinetics)
    blocked, lost = follow(np.tile(nodes, (len(sessions), 1)), sessions, times, kinetics)
    for array in (times, nodes, blocked, lost):
        array.flags.writeable = False
    return times, nodes, blocked, lost


def _weigh_nodes(
    ratios: list[np.ndarray], shares: list[np.ndarray], session_days: np.ndarray, days: np.ndarray, kinetics: Kinetics
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At most one session: each muscle is a vector of weights on tabulated courses."""
    times, nodes, blocked, lost = _node_courses(days.tobytes(), tuple(session_days), kinetics)
    weights = np.zeros((len(nodes), len(ratios)))
    for m, (ratio, share) in enumerate(zip(ratios, shares, strict=True)):
        if len(ratio):
            index, upper = _between_nodes(ratio[0], kinetics)
            weights[:, m] = np.bincount(index, share * (1 - upper), len(nodes)) + np.bincount(index + 1, share * upper, len(nodes))
    return times, blocked @ weights, lost @ weights


def _merge_elements(
    ratios: list[np.ndarray], shares: list[np.ndarray], session_days: np.ndarray, days: np.ndarray, kinetics: Kinetics
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Several sessions: elements of a muscle with nearly the same E0 in every session become one, with their mean E0."""
    times = course_days(days, session_days)
    floor = _floor_ratio(kinetics) / len(session_days)
    merged, share_of, muscle_of = [], [], []
    for m, (ratio, share) in enumerate(zip(ratios, shares, strict=True)):
        key = np.rint(np.log(np.maximum(ratio, floor) / floor) / MERGE_STEP_LN).astype(np.int64)
        _, group = np.unique(key, axis=1, return_inverse=True)
        group = group.reshape(-1)
        total = np.bincount(group, share)
        merged.append(np.stack([np.bincount(group, share * row) for row in ratio]) / np.where(total > 0, total, 1.0))
        share_of.append(total)
        muscle_of.append(np.full(len(total), m))
    ratio, share, muscle = np.concatenate(merged, axis=1), np.concatenate(share_of), np.concatenate(muscle_of)
    blocked = np.zeros((len(times), len(ratios)))
    lost = np.zeros_like(blocked)
    for first in range(0, len(share), ELEMENTS_AT_ONCE):
        part = slice(first, first + ELEMENTS_AT_ONCE)
        weights = np.zeros((len(share[part]), len(ratios)))
        weights[np.arange(len(weights)), muscle[part]] = share[part]
        part_blocked, part_lost = follow(ratio[:, part], session_days, times, kinetics)
        blocked += part_blocked @ weights
        lost += part_lost @ weights
    return times, blocked, lost


def _every_element() -> Callable | None:
    """Each element on its own, in compiled code; None where that is not installed."""
    try:
        from glabella.stages.junction.compiled import follow, prepare
    except ImportError:  # not installed, or not made for the numpy that is
        return None

    def merge(
        ratios: list[np.ndarray], shares: list[np.ndarray], session_days: np.ndarray, days: np.ndarray, kinetics: Kinetics
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        times = coarse_course_days(days, session_days)
        course = prepare(session_days, times, kinetics)
        blocked = np.zeros((len(times), len(ratios)))
        lost = np.zeros_like(blocked)
        for m, (ratio, share) in enumerate(zip(ratios, shares, strict=True)):
            reached = np.flatnonzero(ratio.sum(0) > _floor_ratio(kinetics))
            for first in range(0, len(reached), COMPILED_AT_ONCE):
                part = reached[first : first + COMPILED_AT_ONCE]
                part_blocked, part_lost = follow(ratio[:, part], course)
                blocked[:, m] += part_blocked @ share[part]
                lost[:, m] += part_lost @ share[part]
        return times, blocked, lost

    return merge
