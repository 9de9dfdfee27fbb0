"""A muscle's uptake dose as the junction reads it, and a log-normal one; imported by the junction's tests."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Uptake:
    dose_units_per_mm3: np.ndarray  # (sessions, n)
    volume_mm3: np.ndarray  # (n,)


def log_normal(median_units_per_mm3: float, sd_ln: float, points: int = 161) -> Uptake:
    """One session whose ln dose is normal over the volume."""
    z = np.linspace(-4, 4, points)
    return Uptake(median_units_per_mm3 * np.exp(sd_ln * z)[None], np.exp(-z * z / 2))


def dose_for_ratio(ratio: float, parameters) -> float:
    """Dose of the reference product at which an element takes up ``ratio`` thresholds."""
    taken = ratio * parameters["block_threshold_ratio"]
    return parameters["junction_d50_units_per_mm3"] * taken / (parameters["junction_emax_ratio"] - taken)
