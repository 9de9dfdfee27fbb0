"""The bulk compiled by numba, the extra ``fast``, for courses on coarse times: see ``junction/compiled``."""

import numpy as np

from glabella.stages.kernel import kernel

BLOCK = 128  # muscles side by side


def waste(times: np.ndarray, active: np.ndarray, atrophy_per_day: float, regrowth_per_day: float, floor: float) -> np.ndarray:
    """Lost bulk D at all ``times``, ends and middles of intervals, for ``active`` (times, muscles): the equation of ``force.waste``.

    Simpson's rule over each interval with D in the middle by Hermite's cubic (Lobatto IIIA): of fourth order, stable for any rate, without
    an exponential; D is exactly 0 where a is 1.
    """
    lost = np.empty(active.shape)
    _waste(np.diff(times[::2]), np.ascontiguousarray(active), atrophy_per_day, regrowth_per_day, floor, lost)
    return lost


@kernel
def _waste(length, active, atrophy, regrowth, floor, lost):
    for first in range(0, active.shape[1], BLOCK):
        last = min(first + BLOCK, active.shape[1])
        lost[0, first:last] = 0.0
        for k in range(len(length)):
            a0, a1, a2 = active[2 * k, first:last], active[2 * k + 1, first:last], active[2 * k + 2, first:last]
            before, middle, after = lost[2 * k, first:last], lost[2 * k + 1, first:last], lost[2 * k + 2, first:last]
            step, sixth, eighth = length[k], length[k] / 6, length[k] / 8
            gain = atrophy * (1 - floor)
            for e in range(last - first):
                b0, b1, b2 = 1 - a0[e], 1 - a1[e], 1 - a2[e]
                r0, r1, r2 = (atrophy * b0 + regrowth * a0[e], atrophy * b1 + regrowth * a1[e], atrophy * b2 + regrowth * a2[e])
                by_drive = gain * (b0 + 4 * b1 + b2 - r1 * step / 2 * (b0 - b2))
                kept = 1 - sixth * (r0 + 4 * r1 * (0.5 - eighth * r0))
                found = (before[e] * kept + sixth * by_drive) / (1 + sixth * (r2 + 4 * r1 * (0.5 + eighth * r2)))
                middle[e] = (before[e] + found) / 2 + eighth * (gain * (b0 - b2) - r0 * before[e] + r2 * found)
                after[e] = found
