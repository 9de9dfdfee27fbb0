"""Where 90 % of published figures would fall: draws of the parameters, spread between trials, and counting n people."""

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from glabella.calibration.fit import RATE_FLOOR
from glabella.calibration.predict import ONSET_DAYS
from glabella.evidence.parameters import stream
from glabella.evidence.published import PublishedRow
from glabella.validation.judged import people_behind

REPLICATES = 200  # figures drawn for each draw of the parameters: numerical
QUANTILES = (0.05, 0.95)
CENSORED = 1e-6


def interval(row: PublishedRow, figures: np.ndarray) -> tuple[float, float]:
    """5th and 95th percentile of drawn ``figures``, rounded as the published one is."""
    rounded = np.round(figures, published_decimals(row.value))
    low, high = np.quantile(rounded, QUANTILES, method="inverted_cdf")
    return float(low), float(high)


def published_decimals(value: float) -> int:
    """Decimals with which a figure was published."""
    text = f"{value:.10g}"
    return len(text.partition(".")[2])


def rate_figures(row: PublishedRow, percent: np.ndarray, between_sd_logit: float, seed: int, floor: float = RATE_FLOOR) -> np.ndarray:
    """Shares in percent that trials of n people would publish, for predicted ``percent`` (draws,)."""
    p = _shifted(row, percent / 100, between_sd_logit, seed, floor)
    n = people_behind(row)
    return 100 * stream(seed, "validation", row.row, "counting").binomial(n, p) / n


def mean_figures(row: PublishedRow, predicted: np.ndarray, sd: float, seed: int) -> np.ndarray:
    """Means of n people whose values spread by ``sd`` about ``predicted`` (draws,)."""
    normal = stream(seed, "validation", row.row, "counting").standard_normal((len(predicted), REPLICATES))
    return predicted[:, None] + sd / np.sqrt(people_behind(row)) * normal


def share_figures(row: PublishedRow, percent: np.ndarray, sd_points: float, between_sd_logit: float, seed: int) -> np.ndarray:
    """Mean reductions in percent, each person's spreading by ``sd_points``."""
    moved = 100 * _shifted(row, percent / 100, between_sd_logit, seed, RATE_FLOOR)
    normal = stream(seed, "validation", row.row, "counting").standard_normal(moved.shape)
    return np.minimum(moved + sd_points / np.sqrt(people_behind(row)) * normal, 100.0)


def median_figures(
    row: PublishedRow, days: np.ndarray, time_at: Callable[[np.ndarray], np.ndarray], gap_days: float, between_sd_logit: float, seed: int
) -> np.ndarray:
    """Medians in days: which level of the curve the median of n people falls on, and where between two visits it is seen.

    ``days`` (draws,): predicted medians; ``time_at``: day at which a share of people is reached on the best fit's curve.
    """
    n, shape = people_behind(row), (len(days), REPLICATES)
    level = stream(seed, "validation", row.row, "counting").beta((n + 1) / 2, (n + 1) / 2, shape)
    level = expit(logit(level) + between_sd_logit * stream(seed, "validation", row.row, "between").standard_normal(shape))
    seen = gap_days * (stream(seed, "validation", row.row, "visits").random(shape) - 0.5)
    return np.maximum(days[:, None] + time_at(level) - time_at(np.array([0.5])) + seen, 0.0)


def onset_time_at(share: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Day by which a share of people has noticed something, for shares (onset days,) of the best fit."""
    curve, days = np.append(0.0, share), np.append(0.0, ONSET_DAYS)
    return lambda level: np.interp(level, curve, days)


def loss_time_at(alive: np.ndarray, visits: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Day by which a share of people has lost an effect, for shares (visits,) who still have it."""
    lost = np.maximum.accumulate(1 - alive / max(alive[0], CENSORED)) + CENSORED * np.arange(len(alive))
    return lambda level: np.interp(level, lost, visits)


def _shifted(row: PublishedRow, share: np.ndarray, between_sd_logit: float, seed: int, floor: float) -> np.ndarray:
    """Shares (draws, replicates) of trials that differ on the logit scale."""
    normal = stream(seed, "validation", row.row, "between").standard_normal((len(share), REPLICATES))
    with np.errstate(divide="ignore"):
        return expit(logit(np.clip(share, floor, 1 - floor))[:, None] + between_sd_logit * normal)
