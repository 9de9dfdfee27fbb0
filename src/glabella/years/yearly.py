"""Year by year: the mean over each year and its worst day, so that no number depends on how long ago the last session was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid

from glabella.years.ageing import DAYS_A_YEAR
from glabella.years.follow import Key, Trajectory

LEAST_IS_WORST = ("bulk", "force")  # a muscle is told of for what it loses, a line for how deep it is
SHORTEST_YEAR = 1e-6  # years: what is left over below it is rounding


@dataclass(frozen=True)
class YearSums:
    """Of one run: every quantity's ``mean`` and ``worst`` (years,)."""

    mean: Mapping[Key, np.ndarray]
    worst: Mapping[Key, np.ndarray]


def year_ends(years: float) -> np.ndarray:
    """Days (n,) on which the years end; the last may be a part of a year."""
    whole = np.arange(1.0, years + 1.0)
    return DAYS_A_YEAR * np.append(whole[whole < years - SHORTEST_YEAR], years)


def sum_years(found: Trajectory, ends: np.ndarray, from_day: float) -> YearSums:
    """Mean and worst day of each year; between the course's own days values run straight.

    Worst is the highest value, of a muscle the lowest. Lines are at their worst before they are treated, so that the worst day of the
    first year is looked for from ``from_day`` on, in every scenario alike.
    """
    own, edges, begin = found.all_days, np.append(0.0, ends), min(from_day, float(ends[0]))
    days = np.union1d(own, [*edges, begin])
    at, first = np.searchsorted(days, edges), int(np.searchsorted(days, begin))
    mean, worst = {}, {}
    for name in found.own:
        values, least = np.interp(days, own, found.course(name)), name[-1] in LEAST_IS_WORST
        mean[name] = np.diff(cumulative_trapezoid(values, days, initial=0)[at]) / np.diff(days[at])
        starts = at[:-1] if least else np.maximum(at[:-1], first)
        parts = (values[start : last + 1] for start, last in zip(starts, at[1:], strict=True))
        worst[name] = np.array([part.min() if least else part.max() for part in parts])
    return YearSums(mean, worst)


def stacked(runs: Sequence[YearSums], kind: str, name: Key) -> np.ndarray:
    """``mean`` or ``worst`` of one quantity in every run (runs, years)."""
    return np.stack([getattr(run, kind)[name] for run in runs])
