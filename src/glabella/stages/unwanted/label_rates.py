"""Side effects without a mechanism here: the rates that labels and pooled trials report."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scipy.special import betaincinv

CLASS_PRODUCT = "onabotulinumtoxinA"  # the best documented product stands in where a product has no figure, and the row says so


@dataclass(frozen=True)
class LabelRate:
    """Reported rate of one effect: share of people with its 90 % interval, when it comes, how long it lasts, how serious."""

    effect: str
    product: str
    area: str
    value: float
    low: float
    high: float
    onset: str
    duration: str
    seriousness: str
    quality: str
    source: str


@cache
def _rows() -> tuple[LabelRate, ...]:
    rows = []
    with resources.files("glabella.evidence").joinpath("side_effects.csv").open("r", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = float(row["active_percent"]) / 100
            n = int(row["active_n"]) if row["active_n"] else 100  # no number given: the interval of a hundred people
            events = value * n
            rows.append(
                LabelRate(
                    row["effect"],
                    row["product"],
                    row["area"],
                    value,
                    float(betaincinv(events + 0.5, n - events + 0.5, 0.05)),
                    float(betaincinv(events + 0.5, n - events + 0.5, 0.95)),
                    row["onset"],
                    row["duration"],
                    row["seriousness"],
                    row["quality"],
                    row["source"],
                )
            )
    return tuple(rows)


def label_rates(product: str, areas: tuple[str, ...]) -> dict[str, LabelRate]:
    """Highest reported rate of each effect for this product in the treated areas; the class stands in where there is none."""
    found: dict[str, LabelRate] = {}
    for candidates in (
        [row for row in _rows() if row.product == product and row.area in areas],
        [row for row in _rows() if row.product == product],
        [row for row in _rows() if row.product == CLASS_PRODUCT],
    ):
        for row in candidates:
            if row.effect not in found or (found[row.effect] in candidates and row.value > found[row.effect].value):
                found[row.effect] = row
    return dict(sorted(found.items()))
