"""Into the blood: a bound on what leaves the tissue and on its concentration, against what laboratories can detect.

Estimate: all units that lymph and blood clear, as computed, reach the circulation and nothing there is bound; the blood itself gets rid of
them with the half-life measured in animals; every row of the table at its value. Upper bound: every unit injected gets there, and every row
stands at the end of its range that raises the concentration. Each of them also with a whole session in the blood at once. They are those of
this model, not measurements, and a small number here says nothing about what the toxin does where it acts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from glabella.evidence import Parameters
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
class BloodLevels:
    """Highest concentrations in plasma over all sessions of a plan, and what they were computed with.

    ``peak_units_per_l`` and ``peak_pg_per_ml`` (150 kDa neurotoxin), ``peak_after_days`` a session; ``worst_units_per_l`` and
    ``worst_pg_per_ml`` with a session wholly in the blood at once.
    """

    peak_units_per_l: float
    peak_pg_per_ml: float
    peak_after_days: float
    worst_units_per_l: float
    worst_pg_per_ml: float
    neurotoxin_ng_per_unit: float
    plasma_volume_l: float
    circulation_half_life_days: float


@dataclass(frozen=True)
class BloodBound(BloodLevels):
    """Upper bounds, with each row at the end of its range that gives most; ``estimate``: the same with every row at its value.

    ``leaving_units``: cleared from the tissue as computed, which the estimate uses; the bounds take all ``injected_units``.
    """

    leaving_units: float
    injected_units: float
    estimate: BloodLevels
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
    parameters: Parameters,
) -> BloodBound:
    """Bounds and estimate for sessions on ``session_days`` that inject and lose to lymph and blood so many units each, in units of
    ``product``."""

    def most(name: str) -> float:
        return max(parameters[name], parameters.rows[name].high)

    def least(name: str) -> float:
        return min(parameters[name], parameters.rows[name].low)

    def levels(units: Sequence[float], high: Callable[[str], float], low: Callable[[str], float], slowest: float | None) -> BloodLevels:
        release = high("uptake_rate_per_day") + high("clearance_rate_per_day")  # the fastest that any tissue gives up its toxin
        slowest = release if slowest is None else slowest
        volume, mass = low("plasma_volume_l"), high(f"{product}_neurotoxin_ng_per_unit")
        half_life = high("toxin_circulation_half_life_days")
        elimination = float(np.log(2)) / half_life
        peaks, worst = [], []
        for n, day in enumerate(session_days):
            gaps = [day - session_days[k] for k in range(n)]
            still = [left_at_most(gap, units[k], slowest, release, elimination) for k, gap in enumerate(gaps)]
            at_once = [float(injected_units[k] * np.exp(-elimination * gap)) for k, gap in enumerate(gaps)]
            peaks.append(peak_units(units[n], release, elimination) + sum(still))
            worst.append(injected_units[n] + sum(max(pair) for pair in zip(still, at_once, strict=True)))
        in_plasma = NANO_TO_PICO / L_TO_ML * mass  # U/L to pg/mL
        peak, once = max(peaks) / volume, max(worst) / volume
        after = peak_after_days(release, elimination)
        return BloodLevels(peak, peak * in_plasma, after, once, once * in_plasma, mass, volume, half_life)

    value = parameters.__getitem__
    return BloodBound(
        **vars(levels(injected_units, most, least, least("clearance_rate_per_day"))),
        leaving_units=float(np.sum(leaving_units)),
        injected_units=float(np.sum(injected_units)),
        estimate=levels(leaving_units, value, value, None),
        limits=detection_limits(),
    )


def left_at_most(days: float, leaving_units: float, slowest_per_day: float, fastest_per_day: float, elimination_per_day: float) -> float:
    """The most that the blood holds on that day or on any later one, whatever the rate of release between the two.

    Until the peak has passed that is the peak. Afterwards: what is released at any time is at most the fastest rate times what the slowest
    one has left in the tissue.
    """
    later = max(days, peak_after_days(slowest_per_day, elimination_per_day))
    slow = float(circulating_units(later, leaving_units, slowest_per_day, elimination_per_day))
    return min(peak_units(leaving_units, fastest_per_day, elimination_per_day), fastest_per_day / slowest_per_day * slow)


def peak_units(leaving_units: float, release_per_day: float, elimination_per_day: float) -> float:
    """The most that the blood holds after one session."""
    after = peak_after_days(release_per_day, elimination_per_day)
    return float(circulating_units(after, leaving_units, release_per_day, elimination_per_day))


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
