"""When: visible from, strongest, half gone, back, and the earliest date that the label's interval allows; as days and as dates."""

import datetime
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from glabella.app.workbench import Result
from glabella.evidence.label_rules import find_rules
from glabella.outcome import BAND_PERCENTILES, CONTRACTION, ONSET_REDUCTION, Course, Curve
from glabella.plan import Plan

MILESTONES: tuple[tuple[str, str, Callable[[Course], float | None]], ...] = (
    ("visible_from", "Visible from", lambda course: course.onset_day),
    ("strongest", "Strongest", lambda course: course.deepest_day if course.onset_day is not None else None),
    ("half_gone", "Half of the effect gone by", lambda course: course.half_gone_day),
    ("back", "Nearly as before by", lambda course: course.back_day),
)


@dataclass(frozen=True)
class KeyDate:
    """One date worth knowing. ``day`` after the treatment, None where it does not come within the computed days; the band is that
    of nine in ten people, None without samples or where its end lies beyond the computed days."""

    what: str
    title: str
    day: float | None
    low_day: float | None
    high_day: float | None
    date: str | None
    low_date: str | None
    high_date: str | None
    note: str
    area: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def key_dates(result: Result, treatment_date: datetime.date | None = None) -> tuple[KeyDate, ...]:
    """The dates of a treatment, for its main area; none without one. Milestones are those of ``glabella.outcome.Curve.course``."""
    if result.plan is None:
        return ()
    area = result.outcome.main_area()
    curve = result.outcome.strain(area, CONTRACTION[area])
    samples = [_course(curve.days, values) for values in result.sampled[area]] if result.sampled else []
    course = _course(curve.days, curve.median)
    found = []
    for what, title, pick in MILESTONES:
        day = pick(course)
        low, high = _band([pick(sample) for sample in samples], day)
        found.append(_dated(what, title, day, low, high, treatment_date, _note(what, day, float(curve.days[-1])), area))
    return (*found, _label_interval(result.plan, treatment_date))


def _course(days: np.ndarray, values: np.ndarray) -> Course:
    return Curve(days, values, values, values).course()


def _band(days: list[float | None], middle: float | None) -> tuple[float | None, float | None]:
    """5th and 95th percentile over the samples; one that does not come counts as later than all."""
    if not days:
        return None, None
    known = np.array([np.inf if day is None else day for day in days])
    low, high = (float(np.percentile(known, percent, method="inverted_cdf")) for percent in (BAND_PERCENTILES[0], BAND_PERCENTILES[-1]))
    if middle is not None:
        low, high = min(low, middle), max(high, middle)
    return (low if np.isfinite(low) else None), (high if np.isfinite(high) else None)


def _note(what: str, day: float | None, last_day: float) -> str:
    if day is None:
        return f"not within the {last_day:g} days computed, or too little to be seen"
    share = f"{ONSET_REDUCTION:.0%}"
    return {
        "visible_from": f"the skin folds {share} less than before",
        "strongest": "the skin folds least",
        "half_gone": "half of the strongest effect has come back",
        "back": f"the skin folds within {share} of before",
    }[what]


def _label_interval(plan: Plan, treatment_date: datetime.date | None) -> KeyDate:
    rules = [rule for rule in find_rules("interval_at_least_days") if rule.covers(plan.product)]
    title = "Earliest next treatment by the label"
    if not rules:
        return _dated("label_interval", title, None, None, None, treatment_date, "the label table has no interval for this product")
    rule = max(rules, key=lambda rule: rule.limit)
    note = f"{rule.note} [{rule.source}]; not a reason to treat again"
    return _dated("label_interval", title, plan.sessions[-1].day + rule.limit, None, None, treatment_date, note)


def _dated(
    what: str, title: str, day: float | None, low: float | None, high: float | None, start: datetime.date | None, note: str,
    area: str | None = None,
) -> KeyDate:  # fmt: skip
    return KeyDate(what, title, day, low, high, _date(start, day), _date(start, low), _date(start, high), note, area)


def _date(start: datetime.date | None, day: float | None) -> str | None:
    """The date that many days after ``start``; None beyond the calendar."""
    if start is None or day is None:
        return None
    try:
        return (start + datetime.timedelta(days=round(day))).isoformat()
    except OverflowError:
        return None
