"""Chronic migraine: an empirical course of headache days. How the toxin works here is not established; there is no muscle stage.

Sensory endings are thought to be the target, and nothing of the junction or the muscle is used. Two plateaus are fitted, with placebo
and beyond it; how fast they are reached is assumed. Sessions every 12 weeks are taken as one standing effect that does not wear off.
"""

from collections.abc import Mapping

import numpy as np

USE = "chronic_migraine"
WINDOW_DAYS = 28.0
MODELLED = (
    "An empirical course: two plateaus of headache days, fitted to one trial, reached with time constants that are assumed.",
    "Each day stands for the 28 days before it; in the first four weeks for the days since treatment.",
    "Sessions every 12 weeks as the label says, taken as one standing effect.",
)
NOT_MODELLED = (
    "The mechanism: sensory nerve endings are thought to be the target, it is not established, and no muscle stage is used.",
    "Wearing off between sessions, dose (a lower one is refused, a study's higher one has the same course), and who answers.",
)
CURVES = {
    "headache_days_change": ("headache days, change from before", "days per 28"),
    "headache_days_change_placebo": ("the same with placebo", "days per 28"),
}
FIGURES = {
    "change_week_24": ("change at week 24", "days per 28"),
    "over_placebo_week_24": ("of it beyond placebo", "days per 28"),
}


def headache_days_change(days: np.ndarray, values: Mapping[str, float], active_from_day: float | None = 0.0) -> np.ndarray:
    """Mean change of headache days (days,) in the 28 days that end on each of ``days``; negative for fewer.

    ``active_from_day``: day of the first active session, None for placebo throughout. Before day 28 the window begins with treatment.
    """
    days = np.asarray(days, float)

    def mean(plateau: float, rise: float, start: float) -> np.ndarray:
        """Mean of ``plateau (1 - exp(-(t - start)/rise))`` over each window, in closed form."""
        begin = np.maximum(days - WINDOW_DAYS, 0.0)
        length = np.maximum(days - begin, 1e-9)
        a, b = np.maximum(begin - start, 0.0), np.maximum(days - start, 0.0)
        return plateau * ((b - a) + rise * (np.exp(-b / rise) - np.exp(-a / rise))) / length

    change = mean(values["headache_placebo_days"], values["headache_placebo_rise_days"], 0.0)
    if active_from_day is not None:
        change = change + mean(values["headache_gain_days"], values["headache_gain_rise_days"], active_from_day)
    return -change


def curves(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every curve of ``CURVES`` (days,); any dose other than 0 has one course. ``follow_use`` refuses a dose below the labelled one."""
    placebo = headache_days_change(days, values, None)
    return {
        "headache_days_change": headache_days_change(days, values) if units else placebo,
        "headache_days_change_placebo": placebo,
    }


def figures(product: str, units: float, values: Mapping[str, float]) -> dict[str, float]:
    """Every figure of ``FIGURES``."""
    found = {name: float(curve[0]) for name, curve in curves(product, units, np.array([168.0]), values).items()}
    active, placebo = found["headache_days_change"], found["headache_days_change_placebo"]
    return {"change_week_24": active, "over_placebo_week_24": active - placebo}
