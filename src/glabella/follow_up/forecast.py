"""Weighted people to curves with bands, milestones, and what is known of the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from glabella.follow_up.settle import Settled
from glabella.follow_up.weighted import effective_people, quantiles
from glabella.outcome import CONTRACTION, Curve, Estimate
from glabella.population.raters import borders_ln, rater

SOME_EFFECT = 0.1  # share of the strain: with less lost there is nothing of which half could be gone
NEAR = 0.9  # of the depth before treatment: convention of `Curve.course`
MILD = 1
FACTORS: Mapping[str, str] = {
    "sensitivity": "uptake per unit, of the usual",
    "half_life": "how long the effect is kept at the nerve endings, of the usual",
    "onset_rate": "how fast the effect sets in, of the usual",
    "muscle_strength": "strength of the muscles, of the usual",
    "folding": "how easily the skin folds, of the usual",
    "line_depth": "depth that the same folding makes, of the usual",
    "subject_sees": "depth that the person sees, of what an investigator sees",
}


@dataclass(frozen=True, eq=False)
class AreaForecast:
    """One area over the days: expected ``grade`` by an investigator in its contraction and at rest, ``strain`` of the skin in contraction
    (mean over the area, a share), ``movement_percent`` of before, and the chance (days,) that an investigator says none or mild."""

    grade: Curve
    grade_rest: Curve
    strain: Curve
    movement_percent: Curve
    none_or_mild: np.ndarray


@dataclass(frozen=True)
class DayEstimate:
    """A day: median, 5th and 95th percentile, None where it is after the last day; ``by_last_day``: share of people in whom it comes."""

    median: float | None
    low: float | None
    high: float | None
    by_last_day: float


@dataclass(frozen=True, eq=False)
class Forecast:
    """What weighted people say, by area. ``half_gone``: day when half of the deepest loss of strain is gone again; ``returns``: day when
    the line is back at the asked grade; ``person``: factors, see ``FACTORS``; ``effective_people``: how many people it rests on."""

    areas: Mapping[str, AreaForecast]
    half_gone: Mapping[str, DayEstimate]
    returns: Mapping[str, DayEstimate]
    person: Mapping[str, Estimate]
    effective_people: float


@dataclass(frozen=True)
class PeopleCourses:
    """Every candidate's own: curves by (area, quantity) (people, days), days by (area, milestone) and factors by name (people,)."""

    days: np.ndarray
    curves: Mapping[tuple[str, str], np.ndarray]
    milestones: Mapping[tuple[str, str], np.ndarray]
    factors: Mapping[str, np.ndarray]


def follow_people(settled: Settled, returns_to: int, last_session_day: float) -> PeopleCourses:
    """Expected grades, strain, movement, milestones and factors of every candidate."""
    candidates, values = settled.candidates, settled.candidates.values
    noise, borders = rater("investigator", values).noise_ln, borders_ln(values)
    spread = np.hypot(noise, values["effort_sd_ln"])
    start = int(np.searchsorted(candidates.times, last_session_day))
    curves, milestones = {}, {}
    for area in candidates.strain:
        depth = settled.depth_ln[area, CONTRACTION[area]]
        curves[area, "grade"] = ndtr((depth[..., None] - borders) / spread).sum(-1)
        curves[area, "none_or_mild"] = ndtr((borders[MILD] - depth) / spread)
        curves[area, "grade_rest"] = ndtr((settled.depth_ln[area, "rest"][..., None] - borders) / noise).sum(-1)
        curves[area, "strain"] = candidates.strain[area]
        curves[area, "movement_percent"] = candidates.movement[CONTRACTION[area]]
        reduction = 1 - candidates.strain[area] / np.maximum(candidates.strain[area][:, :1], 1e-12)
        milestones[area, "half_gone"] = half_gone_days(candidates.times, reduction, start)
        enough = np.minimum(borders[returns_to - 1], depth[:, 0] + np.log(NEAR))
        milestones[area, "returns"] = crossing_days(candidates.times[start:], depth[:, start:] - enough[:, None], depth[:, start:])
    people = candidates.people
    deviation = np.mean(list(settled.line_ln.values()), axis=0)
    factors = {
        "sensitivity": people.sensitivity_ln, "half_life": people.half_life_ln, "onset_rate": people.formation_ln,
        "muscle_strength": people.size_ln.mean(1), "folding": people.fold_ln, "line_depth": deviation,
        "subject_sees": candidates.subject_ln,
    }  # fmt: skip
    return PeopleCourses(candidates.times, curves, milestones, {name: np.exp(value) for name, value in factors.items()})


def half_gone_days(days: np.ndarray, reduction: np.ndarray, start: int = 0) -> np.ndarray:
    """Day (people,) on which half of the deepest reduction (people, days) from ``start`` on is gone; infinite where it is not within the
    days, the first day where there was no effect."""
    lost = reduction[:, start:]
    most = lost.max(1)
    found = crossing_days(days[start:], most[:, None] / 2 - lost, -lost)
    return np.where(most < SOME_EFFECT, days[start], found)


def crossing_days(days: np.ndarray, rising: np.ndarray, low_point: np.ndarray) -> np.ndarray:
    """First day (people,) after the lowest ``low_point`` (people, days) on which ``rising`` (people, days) is 0 or more, on a straight
    line between the days; infinite where it never is, the first day where it is so even at the lowest."""
    lowest = low_point.argmin(1)
    reached = (rising >= 0) & (np.arange(len(days)) >= lowest[:, None])
    k = reached.argmax(1)
    who = np.arange(len(rising))
    before, after = rising[who, np.maximum(k - 1, 0)], rising[who, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        day = days[k] - (days[k] - days[np.maximum(k - 1, 0)]) * after / (after - before)
    day = np.where(k == lowest, days[0], day)
    return np.where(reached.any(1), day, np.inf)


def pool(parts: Sequence[PeopleCourses]) -> PeopleCourses:
    """All people together."""

    def joined(name: str) -> dict:
        return {key: np.concatenate([getattr(part, name)[key] for part in parts]) for key in getattr(parts[0], name)}

    return PeopleCourses(parts[0].days, joined("curves"), joined("milestones"), joined("factors"))


def forecast(people: PeopleCourses, share: np.ndarray) -> Forecast:
    """Curves and milestones of people with weights ``share`` (people,) that add up to one."""
    days = people.days

    def curve(area: str, name: str) -> Curve:
        low, median, high = quantiles(people.curves[area, name], share)
        return Curve(days, median, low, high)

    def estimate(values: np.ndarray) -> Estimate:
        low, median, high = map(float, quantiles(values, share))
        return Estimate(median, low, high)

    areas = tuple(dict.fromkeys(area for area, _ in people.curves))
    found = {
        area: AreaForecast(
            curve(area, "grade"), curve(area, "grade_rest"), curve(area, "strain"), curve(area, "movement_percent"),
            np.minimum(share @ people.curves[area, "none_or_mild"], 1.0),
        )
        for area in areas
    }  # fmt: skip

    def day(area: str, name: str) -> DayEstimate:
        values = people.milestones[area, name]
        low, median, high = (float(value) if np.isfinite(value) else None for value in quantiles(values, share))
        return DayEstimate(median, low, high, min(float(share @ np.isfinite(values)), 1.0))

    return Forecast(
        found, {area: day(area, "half_gone") for area in areas}, {area: day(area, "returns") for area in areas},
        {name: estimate(people.factors[name]) for name in people.factors}, effective_people(share),
    )  # fmt: skip


