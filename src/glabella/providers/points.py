"""How a list sorted by evidence is sorted: five parts with points, each an interval, because what is unknown may be anything.

Points never say how good somebody is. Discipline and payments are never in them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from glabella.providers.tables import injection_codes

GOALS = ("cosmetic", "medical")
SPECIALTY_POINTS: Mapping[str, Mapping[str, float]] = {
    "cosmetic": {"core": 25, "therapeutic": 15, "delegated": 8, "general": 5, "other": 5},
    "medical": {"core": 20, "therapeutic": 25, "delegated": 8, "general": 5, "other": 5},
}
MOST = {"specialty": 25.0, "treatments": 30.0, "years": 20.0, "licence": 20.0, "record": 5.0}
NOT_PRIMARY = 5.0  # taken off where no code is marked as primary
MANY_TREATMENTS = 300.0  # a year; more count no further
MANY_YEARS = 15.0
CLAIM_YEARS = 3
REPORTED_LICENCE = 10.0  # a number that the person wrote down; whether it is active is unknown
FRESH_RECORD_YEARS, OLD_RECORD_YEARS, OLD_RECORD = 3, 8, 3.0


@dataclass(frozen=True)
class Facts:
    """What the files say of one person. ``claims``: year -> code -> days of treatment. ``licence_active``: None where no state file says.

    ``school_year`` and ``enumerated_year`` 0 where unknown; ``today`` is the day that the registry's file tells of.
    """

    group: str
    primary_listed: bool
    today: date
    claims: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    school_year: int = 0
    enumerated_year: int = 0
    licence_reported: bool = False
    licence_active: bool | None = None
    updated_year: int = 0


@dataclass(frozen=True)
class Part:
    """Points of one part, from ``low`` to ``high`` out of ``most``; the two differ by what is unknown."""

    name: str
    low: float
    high: float
    most: float


def rate(facts: Facts, goal: str) -> tuple[Part, ...]:
    """The parts for a goal. For cosmetic areas treatments are no part: the counts are of medical treatments of people over 65."""
    parts = [
        _known("specialty", max(0.0, SPECIALTY_POINTS[goal][facts.group] - (0 if facts.primary_listed else NOT_PRIMARY))),
        _years(facts),
        _licence(facts),
        _known("record", _record(facts)),
    ]
    if goal == "medical":
        parts.insert(1, _treatments(facts))
    return tuple(parts)


def total(parts: tuple[Part, ...]) -> tuple[float, float, float]:
    """Low, high and most of all parts together, in whole tenths."""
    low = high = most = 0.0
    for part in parts:
        low, high, most = low + part.low, high + part.high, most + part.most
    return round(low, 1), round(high, 1), most


def treatments_per_year(claims: Mapping[int, Mapping[str, float]]) -> float | None:
    """Mean days of treatment over the last three years that have any; None where there is none.

    A visit bills the drug and the procedure: the larger of the two sums counts, never both.
    """
    if not claims:
        return None
    years = sorted(claims)[-CLAIM_YEARS:]
    return sum(_days(claims[year]) for year in years) / len(years)


def _days(codes: Mapping[str, float]) -> float:
    kinds = {"drug": 0.0, "procedure": 0.0}
    for code, days in codes.items():
        known = injection_codes().get(code)
        if known is not None:
            kinds[known.kind] += days
    return max(kinds.values())


def _known(name: str, points: float) -> Part:
    return Part(name, points, points, MOST[name])


def _unknown(name: str, low: float = 0.0) -> Part:
    return Part(name, low, MOST[name], MOST[name])


def _treatments(facts: Facts) -> Part:
    yearly = treatments_per_year(facts.claims)
    if yearly is None:
        return _unknown("treatments")
    return _known("treatments", round(MOST["treatments"] * min(1.0, math.log1p(yearly) / math.log1p(MANY_TREATMENTS)), 1))


def _years(facts: Facts) -> Part:
    first = facts.school_year or facts.enumerated_year
    if not first:
        return _unknown("years")
    return _known("years", round(MOST["years"] * min(1.0, max(0, facts.today.year - first) / MANY_YEARS), 1))


def _licence(facts: Facts) -> Part:
    if facts.licence_active is not None:
        return _known("licence", MOST["licence"] if facts.licence_active else 0.0)
    return _unknown("licence", REPORTED_LICENCE if facts.licence_reported else 0.0)


def _record(facts: Facts) -> float:
    age = facts.today.year - facts.updated_year
    return MOST["record"] if age <= FRESH_RECORD_YEARS else OLD_RECORD if age <= OLD_RECORD_YEARS else 0.0
