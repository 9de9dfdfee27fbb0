"""Lines that stay when the face rests: the skin remembers how it was folded, and slowly forgets."""

import numpy as np


def remember(days: np.ndarray, target: np.ndarray, start: float, time_days: float) -> np.ndarray:
    """Solve ``R' = (target(t) - R) / time`` from ``R = start``, exact for a ``target`` (t,) that is linear between ``days`` (t,)."""
    memory = np.empty(len(days))
    memory[0] = value = start
    step = np.diff(days)
    kept = np.exp(-step / time_days)
    average = -np.expm1(-step / time_days) * time_days / step
    for k in range(len(step)):
        value = kept[k] * value + (average[k] - kept[k]) * target[k] + (1 - average[k]) * target[k + 1]
        memory[k + 1] = value
    return memory


def resting_line(days: np.ndarray, drive: np.ndarray, fast_share: float, fast_days: float, slow_days: float) -> np.ndarray:
    """Depth of a resting line (t,) relative to its first day, when the folding that keeps it is ``drive`` (t,) times its first.

    Two memories: a fast share (water and tension of the dermis) and a slow one (collagen).
    """
    fast = remember(days, drive, 1.0, fast_days)
    slow = remember(days, drive, 1.0, slow_days)
    return fast_share * fast + (1 - fast_share) * slow
