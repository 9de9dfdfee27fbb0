"""The junction's course compiled by numba: the extra ``fast``. Imported only where many elements pay for the import.

The equations of ``course`` on the coarser times of ``coarse_course_days``. What depends on time alone is computed once before the
elements; per element and time there is left a sum over sessions, a look-up without logarithm, and multiplications. The inner loops run
over elements side by side in memory, so the processor does several at once. One thread: the numbers do not depend on how many there are.
"""

from typing import NamedTuple

import numpy as np

from glabella.stages.junction.closed_forms import light_chain, small_block_table
from glabella.stages.junction.course import Kinetics, decay_weights
from glabella.stages.kernel import kernel

BLOCK = 128  # elements side by side


class Course(NamedTuple):
    """What all elements share: ``chain`` (classes, times, sessions) light chain per ratio taken up, in thresholds; ``shares`` (classes,).

    ``table``: see ``small_block_table``. Steps of the sprouts over an interval and over its first half: factor (intervals,) on what
    has grown, weights (intervals, 3) of the block at start, middle and end.
    """

    chain: np.ndarray
    shares: np.ndarray
    table: np.ndarray
    keep: np.ndarray
    weight: np.ndarray
    half_keep: np.ndarray
    half_weight: np.ndarray
    release: float


def prepare(session_days: np.ndarray, times: np.ndarray, kinetics: Kinetics) -> Course:
    """The course on ``times``: interval ends at even places, middles at odd places."""
    elapsed = times[:, None] - session_days
    chain = np.stack([light_chain(elapsed, kinetics.formation_per_day, loss) for _, loss in kinetics.classes]) / kinetics.threshold_ratio
    length = np.diff(times[::2])
    whole, half = (decay_weights(length, kinetics.sprout_per_day, upto) for upto in (1.0, 0.5))
    return Course(
        chain, np.array([share for share, _ in kinetics.classes]), small_block_table(kinetics.exponent, kinetics.spread_sd_ln),
        *whole, *half, kinetics.sprout_release,
    )  # fmt: skip


def follow(ratio: np.ndarray, course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Blocked share b and loss 1 - a of elements that took up ``ratio`` (sessions, elements); both (times, elements)."""
    blocked = block(course.chain, ratio, course.shares, course.table)
    lost = np.empty_like(blocked)
    _lose(blocked, course.keep, course.weight, course.half_keep, course.half_weight, course.release, lost)
    return blocked, lost


def block(chain: np.ndarray, ratio: np.ndarray, shares: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Blocked share (times, elements); the arguments are those of ``Course`` and ``follow``."""
    if not len(ratio):
        return np.zeros((chain.shape[1], ratio.shape[1]))
    blocked = np.empty((chain.shape[1], ratio.shape[1]))
    _look_up(np.ascontiguousarray(chain), np.ascontiguousarray(ratio), shares, table, blocked)
    return blocked


@kernel
def _look_up(chain, ratio, shares, table, blocked):
    classes, times, sessions = chain.shape
    cells = float(len(table) - 2)
    place, index = np.empty(BLOCK), np.empty(BLOCK, np.uint32)
    for first in range(0, ratio.shape[1], BLOCK):
        size = min(BLOCK, ratio.shape[1] - first)
        for t in range(times):
            row = blocked[t, first : first + size]
            row[:] = 0.0
            for c in range(classes):
                share = shares[c]
                factor, taken = chain[c, t, 0], ratio[0, first : first + size]
                for e in range(size):
                    place[e] = factor * taken[e]
                for s in range(1, sessions):
                    factor, taken = chain[c, t, s], ratio[s, first : first + size]
                    if factor > 0:
                        for e in range(size):
                            place[e] += factor * taken[e]
                for e in range(size):
                    at = cells * (place[e] / (1 + place[e]))
                    whole = np.int32(at)
                    index[e] = np.uint32(whole)
                    place[e] = at - whole
                for e in range(size):
                    low = table[index[e]]
                    row[e] += share * (low + place[e] * (table[index[e] + np.uint32(1)] - low))


@kernel
def _lose(blocked, keep, weight, half_keep, half_weight, release, lost):
    grown = np.empty(BLOCK)
    for first in range(0, blocked.shape[1], BLOCK):
        size = min(BLOCK, blocked.shape[1] - first)
        grown[:] = 0.0
        lost[0, first : first + size] = blocked[0, first : first + size]
        for k in range(len(keep)):
            start, middle = blocked[2 * k, first : first + size], blocked[2 * k + 1, first : first + size]
            end = blocked[2 * k + 2, first : first + size]
            at_middle, at_end = lost[2 * k + 1, first : first + size], lost[2 * k + 2, first : first + size]
            w0, w1, w2 = weight[k, 0], weight[k, 1], weight[k, 2]
            h0, h1, h2 = half_weight[k, 0], half_weight[k, 1], half_weight[k, 2]
            for e in range(size):
                half = half_keep[k] * grown[e] + h0 * start[e] + h1 * middle[e] + h2 * end[e]
                grown[e] = keep[k] * grown[e] + w0 * start[e] + w1 * middle[e] + w2 * end[e]
                at_middle[e] = middle[e] * (1 - release * half)
                at_end[e] = end[e] * (1 - release * grown[e])


@kernel
def lose_straight(blocked, keep, start, end, release, lost):
    """``lost`` (times, elements) for a block (times, elements) in straight lines between times that are all ends of intervals.

    ``keep``, ``start`` and ``end`` (intervals,): the step of the sprouts, factor on what has grown and on the block at start and end.
    """
    grown = np.empty(BLOCK)
    for first in range(0, blocked.shape[1], BLOCK):
        size = min(BLOCK, blocked.shape[1] - first)
        grown[:] = 0.0
        lost[0, first : first + size] = blocked[0, first : first + size]
        for k in range(len(keep)):
            before, after = blocked[k, first : first + size], blocked[k + 1, first : first + size]
            found = lost[k + 1, first : first + size]
            for e in range(size):
                grown[e] = keep[k] * grown[e] + start[k] * before[e] + end[k] * after[e]
                found[e] = after[e] * (1 - release * grown[e])
