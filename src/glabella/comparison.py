"""What a comparison of two plans returns: each curve under both, the paired difference with its band, and the chances of side effects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.comparison_text import SETTLED_DAY, summary
from glabella.errors import InputError, nearest
from glabella.evidence.patterns import site_areas
from glabella.evidence.products import NOT_INTERCHANGEABLE
from glabella.names import AREAS
from glabella.outcome import CONTRACTION, FRAME, Curve, Outcome, Probability, Sources, plain
from glabella.schemas import check_shape, shipped_schema

SCHEMA = "glabella-comparison-1"
ORDER = ("first", "second")
GROUPS = ("skin", "movement", "muscles", "brow")
Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PairedCurve:
    """One quantity under both plans, and ``difference``: second minus first, taken within each sample and then summarised.

    So the median of the differences need not be the difference of the medians, and its band has no noise in it that the plans share.
    ``second_lower_share`` and ``second_higher_share`` (t,): shares of the samples in which the second plan's value is lower and higher
    than the first's by more than the solver resolves; None without samples.
    """

    first: Curve
    second: Curve
    difference: Curve
    second_lower_share: np.ndarray | None
    second_higher_share: np.ndarray | None

    def lower_share_at(self, day: float) -> float | None:
        """Share of samples in which the second is lower on a day, linear between the days computed."""
        return self._share_at(day, self.second_lower_share)

    def higher_share_at(self, day: float) -> float | None:
        """Share of samples in which the second is higher on a day."""
        return self._share_at(day, self.second_higher_share)

    def _share_at(self, day: float, share: np.ndarray | None) -> float | None:
        self.difference.at(day)  # the day must have been computed
        return None if share is None else float(np.interp(day, self.difference.days, share))


@dataclass(frozen=True)
class RiskDifference:
    """Second minus first of a chance per person, as a share: ``value`` at the nominal parameters, with the 90 % band of its draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedRisk:
    """Chance of one side effect under both plans; None where a plan does not have it.

    ``difference``: over the same draws of parameters and the same placements; None for label rates, which are published figures.
    """

    first: Probability | None
    second: Probability | None
    difference: RiskDifference | None

    @property
    def either(self) -> Probability:
        """The first plan's chance, else the second's: for the words that belong to the effect itself."""
        chance = self.first or self.second
        if chance is None:
            raise ValueError("paired risk: neither plan has it")
        return chance


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two outcomes of the same person and their differences, second minus first.

    ``curves``: every curve by its flat name, such as ("skin", "glabellar", "maximum_frown", "grade"); ``unwanted``: by side effect.
    """

    first: Outcome
    second: Outcome
    curves: Mapping[Key, PairedCurve]
    unwanted: Mapping[str, PairedRisk]

    @property
    def days(self) -> np.ndarray:
        """Days (t,) of every curve."""
        return self.first.days

    @property
    def samples(self) -> int:
        """How many pairs of samples are behind the bands."""
        return int(self.first.settings["samples"])

    @property
    def watermark(self) -> str | None:
        """'study' where either plan is one; it must stand on everything shown."""
        return self.first.watermark or self.second.watermark

    @property
    def units_note(self) -> str | None:
        """What must be said where the plans have different products; None where they have the same."""
        products = self.first.plan.product, self.second.plan.product
        return None if products[0] == products[1] else f"{products[0]} and {products[1]}: {NOT_INTERCHANGEABLE}"

    def grade(self, area: str, expression: str = "maximum_frown") -> PairedCurve:
        """Clinical grade (0 none to 3 severe) of an area under an expression."""
        return self._curve("skin", area, expression, "grade")

    def strain(self, area: str, expression: str = "maximum_frown") -> PairedCurve:
        """Mean compression of the skin of an area under an expression, as a share."""
        return self._curve("skin", area, expression, "strain")

    def movement(self, expression: str) -> PairedCurve:
        """Movement kept of an expression, percent of before treatment."""
        return self._curve("movement", expression)

    def brow(self, side: str, place: str = "peak") -> PairedCurve:
        """Height of a brow at its head, peak or tail, mm up from before treatment."""
        return self._curve("brow", side, place)

    def muscle(self, name: str, quantity: str = "force") -> PairedCurve:
        """Force, bulk or blocked share of a muscle, as a share."""
        return self._curve("muscle", name, quantity)

    def difference(self, area: str, expression: str = "maximum_frown", quantity: str = "grade") -> Curve:
        """Second minus first of a quantity of the skin: grade, strain or fine_lines."""
        return self._curve("skin", area, expression, quantity).difference

    def _curve(self, *key: str) -> PairedCurve:
        known = self.curves
        for place, name in enumerate(key):
            valid = dict.fromkeys(other[place] for other in known if other[:place] == key[:place])
            if name not in valid:
                raise InputError(f"comparison: '{name}' is unknown; {nearest(name, valid)}")
        return known[key]

    def areas(self) -> tuple[str, ...]:
        """Areas with a named site of either plan."""
        treated = {site_areas()[site] for outcome in (self.first, self.second) for site in outcome.plan.sites}
        return tuple(area for area in AREAS if area in treated)

    def widest(self) -> tuple[str, float]:
        """The area whose grade under its own contraction differs most in the median, and the day on which it does.

        Days before ``SETTLED_DAY`` count only where there are no others.
        """
        settled = self.days >= min(SETTLED_DAY, float(self.days[-1]))
        size = {area: np.where(settled, np.abs(self.grade(area, CONTRACTION[area]).difference.median), -1.0) for area in AREAS}
        area = max(size, key=lambda name: float(size[name].max()))
        return area, float(self.days[int(size[area].argmax())])

    def summary(self) -> str:
        """One sentence: what differs most, in the lines and in the side effects, each number with its band."""
        return summary(self)

    def sources(self) -> Sources:
        """The parameter rows that either outcome read, and the references behind both."""
        both = self.first.sources(), self.second.sources()
        rows = {row.name: row for sources in both for row in sources.parameters}
        references = {entry.key: entry for sources in both for entry in sources.references}
        table = self.first.parameters.rows
        return Sources(
            tuple(rows[name] for name in table if name in rows),
            tuple(sorted(references.values(), key=lambda entry: str(entry).lower())),
        )

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain data that `data/comparison.schema.json` describes."""
        sources, one = self.sources(), self.first
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "frame": FRAME,
            "version": one.version,
            "watermark": self.watermark,
            "summary": self.summary(),
            "units_note": self.units_note,
            "seed": one.seed,
            "settings": plain(one.settings),
            "overrides": plain(one.overrides),
            "parameters_sha256": one.parameters_sha256,
            "patient": plain(one.patient),
            "plans": {name: _plan_json(outcome) for name, outcome in zip(ORDER, (self.first, self.second), strict=True)},
            "days": plain(self.days),
            **{group: {} for group in GROUPS},
            "unwanted": {effect: _risk_json(risk) for effect, risk in self.unwanted.items()},
            "sources": {
                "parameters": plain(sources.parameters),
                "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in sources.references],
            },
        }
        for key, pair in self.curves.items():
            *path, last = _json_path(key)
            node = document
            for name in path:
                node = node.setdefault(name, {})
            node[last] = _pair_json(pair)
        return document


def _json_path(key: Key) -> Key:
    group, *rest = key
    if group == "movement":
        return group, rest[0], "percent_of_baseline"
    if group == "brow":
        return group, rest[0], f"{rest[1]}_mm"
    return ("muscles" if group == "muscle" else group, *rest)


def _plan_json(outcome: Outcome) -> dict[str, Any]:
    units: dict[str, float] = {}
    for session in outcome.plan.sessions:
        for injection in session.injections:
            units[injection.site] = units.get(injection.site, 0.0) + injection.units
    return {
        "plan": plain(outcome.plan), "units": plain(outcome.plan.units), "units_by_site": plain(units),
        "findings": plain(outcome.findings), "dose": plain(outcome.dose),
    }  # fmt: skip


def _pair_json(pair: PairedCurve) -> dict[str, Any]:
    bands = {
        name: {"median": plain(curve.median), "low": plain(curve.low), "high": plain(curve.high)}
        for name, curve in (("first", pair.first), ("second", pair.second), ("difference", pair.difference))
    }
    return {**bands, "second_lower_share": plain(pair.second_lower_share), "second_higher_share": plain(pair.second_higher_share)}


def _risk_json(risk: PairedRisk) -> dict[str, Any]:
    words = risk.either
    return {
        **{
            name: None if chance is None else plain({"value": chance.value, "low": chance.low, "high": chance.high})
            for name, chance in zip(ORDER, (risk.first, risk.second), strict=True)
        },
        "difference": plain(risk.difference), "basis": words.basis, "onset": words.onset, "duration": words.duration,
        "seriousness": words.seriousness,
        "sources": list(dict.fromkeys(chance.source for chance in (risk.first, risk.second) if chance is not None)),
    }  # fmt: skip


def comparison_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a comparison, as shipped."""
    return shipped_schema("comparison")


def validate_comparison(document: Mapping[str, Any]) -> None:
    """Check a comparison read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "comparison", "comparison")
    lengths = {len(document["days"]), *(n for group in GROUPS for n in _lengths(document[group]))}
    if len(lengths) > 1:
        raise InputError(f"comparison: curves of {sorted(lengths)} values; each needs one value per day, {len(document['days'])}")


def _lengths(node: Any) -> Iterator[int]:
    if isinstance(node, list):
        yield len(node)
    elif isinstance(node, dict):
        for item in node.values():
            yield from _lengths(item)


__all__ = ["ORDER", "Comparison", "Key", "PairedCurve", "PairedRisk", "RiskDifference", "comparison_schema", "validate_comparison"]
