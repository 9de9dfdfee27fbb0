"""Closed forms of the junction: uptake, light chain, share of blocked endings. Every rate and scale is an argument."""

from functools import lru_cache

import numpy as np
from scipy.special import expit

LOGARITHM_OF_NEGLIGIBLE = 38.0  # exp(-38) = 3e-17: below rounding of 1
TABLE_STEP = 1e-4  # linear interpolation of a curve with second derivative below h**2 / 10: error below 1e-7 up to h = 28
COARSE_STEP = 0.01  # cubic pieces from values and exact slopes: error below h**4 (step)**4 / 384 / 10 = 1e-12 at h = 1
SMALL_TABLE_CELLS = 2048  # of L / (L + theta), straight lines: error below 2e-6 up to h = 8 (tests/verification/test_compiled_kinetics.py)


def taken_up_ratio(
    dose_units_per_mm3: np.ndarray, potency: float | np.ndarray, maximum: float | np.ndarray, half_dose_units_per_mm3: float | np.ndarray
) -> np.ndarray:
    """E0: toxin inside the endings after one session, on the scale of cleaved to intact SNAP-25; saturates at ``maximum``."""
    effective = potency * np.asarray(dose_units_per_mm3, dtype=float)
    return maximum * effective / (effective + half_dose_units_per_mm3)


def toxin_inside(elapsed_days: np.ndarray, formation_per_day: float) -> np.ndarray:
    """E(t) / E0 of ``E' = -kS E``: 1 on the day of the session, 0 before it."""
    elapsed = np.asarray(elapsed_days, dtype=float)
    return np.where(elapsed >= 0, np.exp(-formation_per_day * np.maximum(elapsed, 0)), 0.0)


def light_chain(elapsed_days: np.ndarray, formation_per_day: float, loss_per_day: float) -> np.ndarray:
    """L(t) / E0 of ``L' = kS E - kL L`` with L(0) = 0; 0 before the session. Accurate when the two rates meet.

    (exp(-kL t) - exp(-kS t)) / (kS - kL) is symmetric in the rates: with the slower one in front it is
    t exp(-k_slow t) (1 - exp(-x)) / x, x = (k_fast - k_slow) t, which neither cancels nor overflows.
    """
    elapsed = np.maximum(np.asarray(elapsed_days, dtype=float), 0.0)
    slow, fast = sorted((formation_per_day, loss_per_day))
    x = (fast - slow) * elapsed
    small = x < 1e-12
    mean_decay = np.where(small, 1 - x / 2, -np.expm1(-x) / np.where(small, 1.0, x))
    return formation_per_day * elapsed * np.exp(-slow * elapsed) * mean_decay


def _endings(argument: np.ndarray, exponent: float, spread_sd_ln: float, reach: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Block of endings at points Z of the spread (arguments, points), and the weights of the points in the mean over Z.

    A trapezium sum, which converges exponentially here (the step resolves the logistic and the Gaussian).
    """
    step /= max(1.0, exponent * spread_sd_ln / 4)
    z = np.arange(-round(reach / step), round(reach / step) + 1) * step
    weight = np.exp(-z * z / 2)
    return expit(exponent * (argument[:, None] + spread_sd_ln * z)), weight / weight.sum()


@lru_cache(maxsize=16)
def small_block_table(exponent: float, spread_sd_ln: float) -> np.ndarray:
    """B at ``SMALL_TABLE_CELLS`` + 1 even places of L / (L + theta) from 0 to 1, the last one twice: small, read without a logarithm."""
    share = np.arange(1, SMALL_TABLE_CELLS) / SMALL_TABLE_CELLS
    blocked, weight = _endings(np.log(share / (1 - share)), exponent, spread_sd_ln, 6.0, 0.3)
    values = np.concatenate([[0.0], np.maximum.accumulate(np.minimum(blocked @ weight, 1.0)), [1.0, 1.0]])  # monotone to the last digit
    values.flags.writeable = False
    return values


@lru_cache(maxsize=16)
def _block_table(exponent: float, spread_sd_ln: float) -> tuple[float, np.ndarray]:
    """Lowest argument and values, in steps of ``TABLE_STEP``, of B(y) = < 1 / (1 + exp(-h (y + sd Z))) >, Z standard normal.

    B(y) <= exp(h y + (h sd)**2 / 2), and 1 - B(y) has the same bound at -y, so that the two ends of the table are 0 and 1 to rounding.
    """
    reach = (LOGARITHM_OF_NEGLIGIBLE + (exponent * spread_sd_ln) ** 2 / 2) / exponent
    coarse = np.linspace(-reach, reach, 2 * round(reach / COARSE_STEP) + 1)
    blocked, weight = _endings(coarse, exponent, spread_sd_ln, 8.5, 0.1)
    means = blocked @ weight
    slopes = exponent * (coarse[1] - coarse[0]) * ((blocked * (1 - blocked)) @ weight)  # per step
    fine = np.arange(-round(reach / TABLE_STEP), round(reach / TABLE_STEP) + 1) * TABLE_STEP
    place = np.clip((fine + reach) / (coarse[1] - coarse[0]), 0.0, len(coarse) - 1.0)
    index = np.minimum(place.astype(np.intp), len(coarse) - 2)
    s, start, end = place - index, slopes[index], slopes[index + 1]
    rise = means[index + 1] - means[index]
    values = np.clip(means[index] + s * (start + s * (3 * rise - 2 * start - end + s * (start + end - 2 * rise))), 0.0, 1.0)
    values = np.maximum.accumulate(values)  # exactly monotone, whatever the last digit of the spline
    values[0] = 0.0
    values.flags.writeable = False
    return float(fine[0]), values


def blocked_endings(ratio: np.ndarray, threshold: float, exponent: float, spread_sd_ln: float) -> np.ndarray:
    """b = < L^h / (L^h + theta^h) > for the median ratio L of an element whose endings spread log-normally about it.

    A function of ln(L / theta) alone, looked up in a table of it (error below 1e-7); exactly 0 where L is 0.
    """
    lowest, values = _block_table(exponent, spread_sd_ln)
    with np.errstate(divide="ignore"):
        position = np.log(np.asarray(ratio, dtype=float))
    position -= np.log(threshold) + lowest
    position /= TABLE_STEP
    np.clip(position, 0.0, len(values) - 1.000001, out=position)
    index = position.astype(np.intp)
    position -= index
    low = values[index]
    high = values[1:][index]
    high -= low
    high *= position
    high += low
    return high
