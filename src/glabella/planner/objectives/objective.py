"""What an objective is: a condition on the course of a treatment, and how probable it is that it holds."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Key = tuple[str, ...]  # a curve by its flat name, such as ("skin", "glabellar", "maximum_frown", "grade"): see treatment.Treatment


@dataclass(frozen=True)
class Chance:
    """Probability that a condition holds, and its derivative (variables,) by the units, None where units are fixed."""

    value: float
    slope: np.ndarray | None = None


class Reply(Protocol):
    """What the draws of a treated person do: from the planner's influence (with derivatives) or from the full simulation (without).

    ``days`` (t,): the days that ``curve`` has.
    """

    @property
    def days(self) -> np.ndarray:
        """Days (t,) of every curve."""
        ...

    def curve(self, key: Key) -> np.ndarray:
        """A curve (draws, t)."""
        ...

    def slope(self, key: Key) -> np.ndarray | None:
        """Derivative (draws, t, variables) of a curve by the units."""
        ...

    def side_effect(self, effect: str) -> Chance:
        """Probability of a computed side effect."""
        ...

    def rated_at_most(self, depth_mm: np.ndarray, grade: int) -> tuple[np.ndarray, np.ndarray]:
        """Probability that a rater gives a line of this depth the grade or less, and its derivative by ln(depth)."""
        ...


class Objective(Protocol):
    """A condition with the probability it must hold with. One file each; see the folder for examples."""

    @property
    def with_probability(self) -> float:
        """Least probability that the condition holds."""
        ...

    @property
    def last_day(self) -> float:
        """Last day the condition speaks of."""
        ...

    def chance(self, reply: Reply) -> Chance:
        """How probable it is that the condition holds."""
        ...

    def says(self) -> str:
        """The condition in plain words, without its probability."""
        ...


def in_window(days: np.ndarray, on_day: float, until_day: float) -> np.ndarray:
    """Places (k,) of the days from ``on_day`` to ``until_day``."""
    return np.flatnonzero((days >= on_day - 1e-9) & (days <= until_day + 1e-9))


def worst(reply: Reply, key: Key, on_day: float, until_day: float, sign: float) -> tuple[np.ndarray, np.ndarray | None]:
    """Each draw's largest (``sign`` 1) or least (-1) value (draws,) of a curve in the window, and its derivative (draws, variables)."""
    window = in_window(reply.days, on_day, until_day)
    curve = reply.curve(key)[:, window]
    place = (sign * curve).argmax(1)
    draw = np.arange(len(curve))
    slope = reply.slope(key)
    return curve[draw, place], None if slope is None else slope[draw, window[place]]


def days_say(on_day: float, until_day: float) -> str:
    """The window in words."""
    return f"on day {on_day:g}" if until_day == on_day else f"from day {on_day:g} to day {until_day:g}"
