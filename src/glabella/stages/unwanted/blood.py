"""Into the blood: a bound on what leaves the tissue and on its concentration, against what laboratories can detect.

Two bounds. As computed: all units that lymph and blood clear reach the circulation, as fast as the tissue can give them up, and nothing
there is bound; the blood itself gets rid of them with the half-life measured in animals. At worst: every unit injected is in the blood at
once. Both are bounds of this model, not measurements, and a small number here says nothing about what the toxin does where it acts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from glabella.evidence.tables import QUALITIES, read_rows, shipped_text

NANO_TO_PICO, L_TO_ML = 1000.0, 1000.0
DETECTION_COLUMNS = ("assay", "plain", "limit_pg_per_ml", "low_pg_per_ml", "high_pg_per_ml", "quality", "source", "note")


@dataclass(frozen=True)
class DetectionLimit:
    """The least concentration that an assay tells from nothing, pg/mL, with the range of published figures."""

    assay: str
    plain: str
    limit_pg_per_ml: float
    low_pg_per_ml: float
    high_pg_per_ml: float
    quality: str
    source: str


@dataclass(frozen=True)
class BloodBound:
    """Upper bounds over all sessions of a plan.

    ``leaving_units``: cleared from the tissue; ``peak_units_per_l`` and ``peak_pg_per_ml`` (150 kDa neurotoxin) in plasma at most,
    ``peak_after_days`` a session; ``worst_units_per_l`` and ``worst_pg_per_ml`` with the largest session wholly in the blood at once.
    """

    leaving_units: float
    injected_units: float
    peak_units_per_l: float
    peak_pg_per_ml: float
    peak_after_days: float
    worst_units_per_l: float
    worst_pg_per_ml: float
    neurotoxin_ng_per_unit: float
    plasma_volume_l: float
    circulation_half_life_days: float
    limits: tuple[DetectionLimit, ...]


@cache
def detection_limits() -> tuple[DetectionLimit, ...]:
    """Limits of detection of published assays, the most sensitive first."""
    rows = [
        DetectionLimit(
            row.text("assay"),
            row.text("plain"),
            row.number("limit_pg_per_ml", above=0),
            row.number("low_pg_per_ml", above=0),
            row.number("high_pg_per_ml", above=0),
            row.choice("quality", QUALITIES),
            row.text("source"),
        )
        for row in read_rows(shipped_text("detection.csv"), DETECTION_COLUMNS, "detection.csv")
    ]
    return tuple(sorted(rows, key=lambda limit: limit.limit_pg_per_ml))


def bound_blood(
    leaving_units: Sequence[float],
    injected_units: Sequence[float],
    session_days: Sequence[float],
    product: str,
    parameters: Mapping[str, float],
) -> BloodBound:
    """The bounds for sessions on ``session_days`` that inject and lose to lymph and blood so many units each, in units of ``product``."""
    elimination = np.log(2) / parameters["toxin_circulation_half_life_days"]
    release = parameters["uptake_rate_per_day"] + parameters["clearance_rate_per_day"]  # the fastest that any tissue gives up its toxin
    volume, mass = parameters["plasma_volume_l"], parameters[f"{product}_neurotoxin_ng_per_unit"]
    days, leaving = np.asarray(session_days, float), np.asarray(leaving_units, float)
    after = peak_after_days(release, elimination)
    peaks, worst = [], []
    for n, day in enumerate(days):
        # what earlier sessions still have in the blood on that day can only fall: adding it to the peak keeps this a bound
        still = sum(float(circulating_units(day - days[k], leaving[k], release, elimination)) for k in range(n))
        peaks.append(float(circulating_units(after, leaving[n], release, elimination)) + still)
        worst.append(float(injected_units[n]) + still)
    in_plasma = NANO_TO_PICO / L_TO_ML * mass  # U/L to pg/mL
    return BloodBound(
        float(leaving.sum()),
        float(np.sum(injected_units)),
        max(peaks) / volume,
        max(peaks) / volume * in_plasma,
        after,
        max(worst) / volume,
        max(worst) / volume * in_plasma,
        mass,
        volume,
        parameters["toxin_circulation_half_life_days"],
        detection_limits(),
    )


def circulating_units(days: np.ndarray | float, leaving_units: float, release_per_day: float, elimination_per_day: float) -> np.ndarray:
    """Units in the blood ``days`` after an injection that releases ``leaving_units`` into it exponentially: closed form."""
    t = np.maximum(np.asarray(days, float), 0.0)
    gap = elimination_per_day - release_per_day
    if abs(gap) * float(np.max(t, initial=0.0)) < 1e-9:  # equal rates: the limit of the quotient
        return leaving_units * release_per_day * t * np.exp(-release_per_day * t)
    return leaving_units * release_per_day * np.exp(-release_per_day * t) * -np.expm1(-gap * t) / gap


def eliminated_units(days: np.ndarray | float, leaving_units: float, release_per_day: float, elimination_per_day: float) -> np.ndarray:
    """Units that the blood has got rid of until then: what was released and no longer circulates."""
    t = np.maximum(np.asarray(days, float), 0.0)
    released = leaving_units * -np.expm1(-release_per_day * t)
    return released - circulating_units(t, leaving_units, release_per_day, elimination_per_day)


def peak_after_days(release_per_day: float, elimination_per_day: float) -> float:
    """When the blood holds most of it."""
    if abs(elimination_per_day / release_per_day - 1) < 1e-9:
        return 1 / release_per_day
    return float(np.log(elimination_per_day / release_per_day) / (elimination_per_day - release_per_day))
