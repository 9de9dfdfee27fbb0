"""Strain of many people over the course to the depth of their lines: the equations of ``stages/wrinkle``, one row per person."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from glabella.population.course import linear_decay
from glabella.stages.wrinkle import soft_layer_kpa
from glabella.stages.wrinkle.buckling import fold_amplitude, threshold_strain

TABLE_STEP = 0.002
LOWEST, HIGHEST = -6.0, 4.0  # range of ln(strain / threshold) in the table; below it a fold is nothing


@dataclass(frozen=True)
class Lines:
    """Depth in mm of the line at contraction and at rest (people, times)."""

    contracted_mm: np.ndarray
    rest_mm: np.ndarray


@lru_cache(maxsize=8)
def _fold_table(spread_ln: float) -> np.ndarray:
    ratio = np.exp(np.arange(LOWEST, HIGHEST + TABLE_STEP, TABLE_STEP))
    return fold_amplitude(ratio, 1.0, spread_ln)


def fold(area: str, strain: np.ndarray, fold_ln: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
    """Amplitude of the fold of an area (people, times) in thicknesses of the dermis; ``fold_ln`` (people,): how easily skin folds."""
    threshold = threshold_strain(parameters["dermis_modulus_kpa"], soft_layer_kpa(area, parameters))
    table = _fold_table(parameters["local_strain_sd_ln"])
    with np.errstate(divide="ignore", invalid="ignore"):
        place = np.log(np.maximum(strain, 1e-12) * (parameters["fold_strain_ratio"] / threshold)) + fold_ln[:, None]
    place = np.clip((place - LOWEST) / TABLE_STEP, 0.0, len(table) - 1.001)
    index = place.astype(np.intp)
    return table[index] + (place - index) * (table[index + 1] - table[index])


def follow_lines(
    times: np.ndarray, folds: np.ndarray, contracted_mm: np.ndarray, rest_mm: np.ndarray, parameters: Mapping[str, float]
) -> Lines:
    """Depths over the course for people whose lines are ``contracted_mm`` and ``rest_mm`` (people,) deep on day 0.

    The fold of the contraction carries what the line at rest leaves; the line at rest follows the folding with two memories.
    """
    drive = folds / np.maximum(folds[:, :1], 1e-9)
    memory = 0.0
    fast = parameters["resting_line_fast_share"]
    for share, days in ((fast, parameters["resting_line_fast_days"]), (1 - fast, parameters["resting_line_slow_days"])):
        memory = memory + share * _remember(times, drive, days)
    rest = rest_mm[:, None] * memory
    return Lines(rest + (contracted_mm - rest_mm)[:, None] * drive, rest)


def _remember(times: np.ndarray, drive: np.ndarray, time_days: float) -> np.ndarray:
    memory = np.ones_like(drive)
    keep, start, end = linear_decay(np.diff(times) / time_days)
    for k in range(len(times) - 1):
        memory[:, k + 1] = keep[k] * memory[:, k] + start[k] * drive[:, k] + end[k] * drive[:, k + 1]
    return memory
