"""The verb of the stage: active share of the nerve endings -> bulk and force of each muscle, per day."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.stages.junction import Blockade

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(4)


@dataclass(frozen=True)
class MuscleForce:
    """Force and bulk of each muscle on ``days`` as a share of the untreated muscle: both 1 without toxin."""

    days: np.ndarray
    force: Mapping[str, np.ndarray]
    bulk: Mapping[str, np.ndarray]


def weaken_muscles(blockade: Blockade, parameters: Mapping[str, float]) -> MuscleForce:
    """Force = active share x bulk; the bulk M wastes behind the block and grows back with the nerve.

    ``M' = -ka (1 - a) (M - Mmin) + kh a (1 - M)`` from M = 1 at the start of the course.
    """
    muscles = list(blockade.active)
    times, active = blockade.course()
    rates = parameters["muscle_atrophy_per_day"], parameters["muscle_regrowth_per_day"], parameters["muscle_bulk_floor"]
    if blockade.coarse:
        from glabella.stages.muscle.compiled import waste as compiled_waste

        lost_bulk = compiled_waste(times, active, *rates)
    else:
        times, lost_bulk = times[::2], waste(times, active, *rates)
    bulk = 1 - lost_bulk[np.searchsorted(times, blockade.days)]
    return MuscleForce(
        days=blockade.days,
        force={m: blockade.active[m] * bulk[:, i] for i, m in enumerate(muscles)},
        bulk={m: bulk[:, i] for i, m in enumerate(muscles)},
    )


def waste(
    times: np.ndarray, active: np.ndarray, atrophy_per_day: float, regrowth_per_day: float, floor: float | np.ndarray,
    start: float | np.ndarray = 0.0,
) -> np.ndarray:  # fmt: skip
    """Lost bulk D = 1 - M at the even ``times``, (intervals + 1, muscles), for ``active`` (times, muscles) a parabola on each interval.

    ``D' = -(ka (1 - a) + kh a) D + ka (1 - a) (1 - Mmin)`` is linear in D, so each interval is an exponential integral: exact for
    constant a, and exactly 0 where a is 1. ``floor`` may hold one number per muscle; a complex ``active`` carries a derivative along.
    ``start``: bulk lost already at the first time, (muscles,).
    """
    lost = np.zeros(((len(times) + 1) // 2, active.shape[1]), dtype=active.dtype)
    lost[0] = start
    if len(times) < 3:
        return lost
    length = (times[2::2] - times[:-2:2])[:, None]
    inactive = 1 - np.stack([active[:-2:2], active[1:-1:2], active[2::2]])
    rate = atrophy_per_day * inactive + regrowth_per_day * (1 - inactive)

    def integral(upto: float) -> np.ndarray:
        """Integral of the rate from 0 to the part ``upto`` of the interval."""
        x = upto
        weight = (x - 1.5 * x**2 + 2 / 3 * x**3, 2 * x**2 - 4 / 3 * x**3, 2 / 3 * x**3 - x**2 / 2)
        return length * (weight[0] * rate[0] + weight[1] * rate[1] + weight[2] * rate[2])

    whole = integral(1.0)
    gain = np.zeros_like(whole)
    for node, weight in zip((_NODE + 1) / 2, _WEIGHT / 2, strict=True):
        here = (1 - node) * (1 - 2 * node) * inactive[0] + 4 * node * (1 - node) * inactive[1] + node * (2 * node - 1) * inactive[2]
        gain += weight * length * np.exp(integral(node) - whole) * here
    gain *= atrophy_per_day * (1 - floor)
    keep = np.exp(-whole)
    for i in range(len(whole)):
        lost[i + 1] = keep[i] * lost[i] + gain[i]
    return lost
