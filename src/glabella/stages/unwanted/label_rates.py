"""Reported rates of side effects: what labels and pooled trials say, with the interval of their counts and the rate under placebo."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from scipy.special import betaincinv

from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text
from glabella.names import PATTERN_AREAS

CLASS_PRODUCT = "onabotulinumtoxinA"  # the best documented product stands in where a product has no figure, and the row says so
UNKNOWN_N = 100  # no number of people given: the interval of a hundred
TAIL = 0.05  # each side of an interval
SUMMARY = "any_adverse_event"  # not an effect of its own
STANDS_IN = ("yes", "no", "class")  # for other areas of its product; class: for other products too, in its own area
COLUMNS = (
    "effect", "product", "area", "active_percent", "active_n", "low_percent", "high_percent", "placebo_percent", "placebo_n", "stands_in",
    "onset", "duration", "seriousness", "quality", "source", "note",
)  # fmt: skip


@dataclass(frozen=True)
class LabelRate:
    """Reported rate of one effect: share of people with its 90 % interval, when it comes, how long it lasts, how serious.

    ``people`` behind the rate, None where the source does not say; ``placebo``: the share under placebo with its interval, None where
    unknown.
    """

    effect: str
    product: str
    area: str
    value: float
    low: float
    high: float
    people: int | None
    placebo: float | None
    placebo_low: float | None
    placebo_high: float | None
    stands_in: str
    onset: str
    duration: str
    seriousness: str
    quality: str
    source: str
    note: str


def count_interval(events: float, people: float) -> tuple[float, float]:
    """Exact (Clopper-Pearson) 90 % interval of a share from ``events`` among ``people``."""
    low = float(betaincinv(events, people - events + 1, TAIL)) if events > 0 else 0.0
    high = float(betaincinv(events + 1, people - events, 1 - TAIL)) if events < people else 1.0
    return low, high


@cache
def _rows() -> tuple[LabelRate, ...]:
    return tuple(row for row in all_rates() if row.effect != SUMMARY and row.area in PATTERN_AREAS)


@cache
def all_rates() -> tuple[LabelRate, ...]:
    """Every row of side_effects.csv, uses beyond the upper face and the sum of all events included."""
    return tuple(_rate(row) for row in read_rows(shipped_text("side_effects.csv"), COLUMNS, "side_effects.csv"))


def _rate(row: Row) -> LabelRate:
    value = row.number("active_percent", above=-1e-9) / 100
    people = int(row.number("active_n", above=0)) if row.text("active_n", "") else None
    if row.text("low_percent", ""):
        low, high = row.number("low_percent", above=-1e-9) / 100, row.number("high_percent", above=0) / 100
    else:
        low, high = _around(value, people)
    placebo = row.number("placebo_percent", above=-1e-9) / 100 if row.text("placebo_percent", "") else None
    placebo_n = int(row.number("placebo_n", above=0)) if row.text("placebo_n", "") else None
    placebo_low, placebo_high = (None, None) if placebo is None else _around(placebo, placebo_n)
    return LabelRate(
        row.text("effect"), row.text("product"), row.text("area"), value, low, high, people, placebo, placebo_low, placebo_high,
        row.choice("stands_in", STANDS_IN), row.text("onset"), row.text("duration"), row.text("seriousness"),
        row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
    )  # fmt: skip


def _around(share: float, people: int | None) -> tuple[float, float]:
    """Interval of the count that is nearest to a published share; the published share itself always lies within."""
    n = people or UNKNOWN_N
    low, high = count_interval(round(share * n), n)
    return min(low, share), max(high, share)


def label_rates(product: str, areas: Collection[str]) -> dict[str, LabelRate]:
    """Highest reported rate of each effect for this product in the treated areas; the class stands in where there is none."""
    found: dict[str, LabelRate] = {}
    for candidates in (
        [row for row in _rows() if row.product == product and row.area in areas],
        [row for row in _rows() if row.product == product and row.stands_in == "yes"],
        [row for row in _rows() if row.product == CLASS_PRODUCT and (row.stands_in == "yes" or row.area in areas)],
        [row for row in _rows() if row.stands_in == "class" and row.area in areas],
    ):
        for row in candidates:
            if row.effect not in found or (found[row.effect] in candidates and row.value > found[row.effect].value):
                found[row.effect] = row
    return dict(sorted(found.items()))


def any_event_rate(product: str, areas: Collection[str]) -> LabelRate | None:
    """Share of people with any adverse event at all, whatever its cause; None where it was not reported for this product and area."""
    rows = [row for row in all_rates() if row.effect == SUMMARY and row.product == product and row.area in areas]
    return max(rows, key=lambda row: row.value, default=None)
