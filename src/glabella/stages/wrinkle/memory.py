"""Lines that stay when the face rests: the skin remembers how it was folded, and slowly forgets."""

import numpy as np


def remember(days: np.ndarray, target: np.ndarray, start: float | np.ndarray, time_days: float | np.ndarray) -> np.ndarray:
    """Solve ``R' = (target(t) - R) / time`` from ``R = start``, exact for a ``target`` (t, ...) that is linear between ``days`` (t,).

    ``time_days``: one number, or one per column of the target.
    """
    memory = np.empty_like(target, dtype=float)
    memory[0] = value = start
    step = np.diff(days).reshape(-1, *[1] * (target.ndim - 1))
    kept = np.exp(-step / time_days)
    average = -np.expm1(-step / time_days) * time_days / step
    for k in range(len(step)):
        value = kept[k] * value + (average[k] - kept[k]) * target[k] + (1 - average[k]) * target[k + 1]
        memory[k + 1] = value
    return memory


def resting_line(
    days: np.ndarray,
    drive: np.ndarray,
    fast_share: float | np.ndarray,
    fast_days: float | np.ndarray,
    slow_days: float | np.ndarray,
    start: float = 1.0,
) -> np.ndarray:
    """Depth of a resting line (t, ...) relative to its first day, when the folding that keeps it is ``drive`` (t, ...) times its first.

    Two memories: a fast share (water and tension of the dermis) and a slow one (collagen). Linear in ``drive`` and ``start``: with
    ``start = 0`` and a change of the drive it gives the change of the line.
    """
    fast = remember(days, drive, start, fast_days)
    slow = remember(days, drive, start, slow_days)
    return fast_share * fast + (1 - fast_share) * slow
