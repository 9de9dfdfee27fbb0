"""What a simulation returns: labelled curves over days with bands, probabilities, the dose balance, and what it all rests on."""

import dataclasses
import datetime
import enum
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glabella.errors import InputError, SolverError, nearest
from glabella.evidence.parameters import Parameter, Parameters
from glabella.evidence.sources import Reference, find_reference, load_references
from glabella.names import AREAS

if TYPE_CHECKING:
    from glabella.scene import Scene
    from glabella.stages.unwanted import BloodBound

SCHEMA = "glabella-outcome-1"
FRAME = "research and education, not a medical device"
EXPRESSIONS = ("rest", "maximum_frown", "brow_raise", "smile", "eye_closure")
CONTRACTION = {"glabellar": "maximum_frown", "forehead": "brow_raise", "lateral_canthal_left": "smile", "lateral_canthal_right": "smile"}
GRADES = ("none", "mild", "moderate", "severe")  # 0 to 3 of the Facial Wrinkle Scale
TIMELINE_DAYS = (0.0, 2.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 270.0)
BAND_PERCENTILES = (5.0, 50.0, 95.0)
SIGNIFICANT_DIGITS = 10
ONSET_REDUCTION = 0.1  # conventions of `Curve.course`: first 10 % lost, back within 10 % of the start


@dataclass(frozen=True)
class Estimate:
    """A number with its band: median, 5th (``low``) and 95th (``high``) percentile over the samples."""

    median: float
    low: float
    high: float

    def __float__(self) -> float:
        return self.median

    def __format__(self, spec: str) -> str:
        """'0.12 (0.08 to 0.16)', each number in ``spec``; the number alone where the band does not show."""
        median, low, high = (_signless_zero(format(x, spec or ".3g")) for x in (self.median, self.low, self.high))
        return median if low == high == median else f"{median} ({low} to {high})"

    def __str__(self) -> str:
        return format(self, "")


def _signless_zero(text: str) -> str:
    """'-0.0' as '0.0' and '+0.0' as '0.0': a rounded nothing has no direction."""
    return text.lstrip("+-") if float(text) == 0 else text


@dataclass(frozen=True)
class Course:
    """Milestones of an effect, in days, read off a median curve; None where it does not happen within the days computed.

    ``onset_day``: first 10 % of the value before treatment lost; ``deepest_day`` with ``deepest_reduction`` (a share);
    ``half_gone_day``: half of the deepest effect gone again; ``back_day``: within 10 % of the value before treatment again.
    """

    onset_day: float | None
    deepest_day: float
    deepest_reduction: float
    half_gone_day: float | None
    back_day: float | None


@dataclass(frozen=True, eq=False)
class Curve:
    """A quantity over ``days`` (t,): ``median`` (t,) and its band from ``low`` to ``high`` (5th and 95th percentile)."""

    days: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __post_init__(self) -> None:
        known: dict[int, np.ndarray] = {}  # without samples the band is the median: one array then
        for name in ("days", "median", "low", "high"):
            given = getattr(self, name)
            values = known.get(id(given))
            if values is None:
                values = np.array(given, float)
                if values.ndim != 1 or values.shape != np.shape(self.days):
                    raise ValueError(f"curve: {name} has shape {values.shape}, must be {np.shape(self.days)} like the days")
                if not np.isfinite(values).all():
                    raise SolverError(f"curve: {name} is not finite at day {self.days[int(np.argmin(np.isfinite(values)))]:g}")
                values.flags.writeable = False
                known[id(given)] = values
            object.__setattr__(self, name, values)
        if not len(self.days) or (np.diff(self.days) <= 0).any():
            raise ValueError("curve: days must rise and must not be empty")
        if self.low is self.median is self.high:
            return
        slack = 1e-9 * max(1.0, float(np.abs(self.median).max()))
        if (self.low > self.median + slack).any() or (self.high < self.median - slack).any():
            raise ValueError("curve: needs low <= median <= high")

    def at(self, day: float) -> Estimate:
        """The value on a day, linear between the days computed; a day outside them is an error."""
        if not self.days[0] <= day <= self.days[-1]:
            raise InputError(f"day {day:g} was not computed; ask for a day from {self.days[0]:g} to {self.days[-1]:g}, or simulate longer")
        return Estimate(*(float(np.interp(day, self.days, values)) for values in (self.median, self.low, self.high)))

    def reduction(self) -> "Curve":
        """Share lost since the first day, relative to the median of that day (so the band there shows the spread of people)."""
        start = float(self.median[0])
        if abs(start) < 1e-12:
            raise InputError("no reduction: the curve is 0 before treatment; ask for the curve itself")
        lost = [1 - values / start for values in (self.median, self.low, self.high)]
        return Curve(self.days, lost[0], np.minimum(lost[1], lost[2]), np.maximum(lost[1], lost[2]))

    def course(self) -> Course:
        """When the effect begins, is deepest, is half gone and is over, from the median."""
        lost = self.reduction().median
        deepest = int(np.argmax(lost))
        most = float(lost[deepest])
        some = most >= ONSET_REDUCTION
        return Course(
            onset_day=_crossing(self.days[: deepest + 1], lost[: deepest + 1], ONSET_REDUCTION) if some else None,
            deepest_day=float(self.days[deepest]),
            deepest_reduction=most,
            half_gone_day=_crossing(self.days[deepest:], -lost[deepest:], -most / 2) if some else None,
            back_day=_crossing(self.days[deepest:], -lost[deepest:], -ONSET_REDUCTION) if some else None,
        )


def _crossing(days: np.ndarray, rising: np.ndarray, level: float) -> float | None:
    """First day on which ``rising`` reaches ``level``, linear between the days; None if it never does."""
    reached = np.flatnonzero(rising >= level)
    if not len(reached):
        return None
    i = int(reached[0])
    if i == 0:
        return float(days[0])
    return float(days[i - 1] + (days[i] - days[i - 1]) * (level - rising[i - 1]) / (rising[i] - rising[i - 1]))


def summarise(days: np.ndarray, nominal: np.ndarray, samples: np.ndarray | None = None) -> Curve:
    """Curve of a quantity: median and 5th to 95th percentile over ``samples`` (s, t); without samples the ``nominal`` run (t,)."""
    if samples is None or len(samples) == 0:
        return Curve(days, nominal, nominal, nominal)
    low, median, high = np.percentile(np.asarray(samples, float), BAND_PERCENTILES, axis=0)
    return Curve(days, median, low, high)


@dataclass(frozen=True, eq=False)
class SkinCurves:
    """One area under one expression.

    ``strain``: area mean compression as a share; ``grade`` 0 to 3; ``fine_lines``: fold of the stratum corneum, micrometres.
    """

    strain: Curve
    grade: Curve
    fine_lines: Curve


@dataclass(frozen=True, eq=False)
class MuscleCurves:
    """One muscle: ``force`` and ``bulk`` as shares of the untreated muscle, ``blocked`` share of its nerve endings."""

    force: Curve
    bulk: Curve
    blocked: Curve


@dataclass(frozen=True, eq=False)
class BrowCurves:
    """Height of one brow relative to its place at rest before treatment, mm up positive, at its head, peak and tail."""

    head_mm: Curve
    peak_mm: Curve
    tail_mm: Curve


@dataclass(frozen=True)
class Reported:
    """What was published about an unwanted effect: share of people treated with its band, ``people`` behind it (None: not said), the
    share under ``placebo`` (None: unknown), how well the figure is known, its source and a remark."""

    value: float
    low: float
    high: float
    people: int | None
    placebo: float | None
    quality: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Probability:
    """Chance per person of an unwanted effect, with its band and where it comes from.

    ``basis``: 'computed' by the model's mechanism or the 'label_rate' of a published table. ``onset``, ``duration`` and
    ``seriousness`` are plain words; ``source`` is a key of sources.bib. ``reported``: the published rate, also beside a computed one.
    """

    value: float
    low: float
    high: float
    basis: Literal["computed", "label_rate"]
    onset: str
    duration: str
    seriousness: str
    source: str
    reported: Reported | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high <= 1:
            raise ValueError(f"probability: needs 0 <= low <= value <= high <= 1, got {self.low}, {self.value}, {self.high}")
        if self.basis not in ("computed", "label_rate"):
            raise ValueError(f"probability: basis '{self.basis}' must be computed or label_rate")
        for name in ("onset", "duration", "seriousness", "source"):
            if not getattr(self, name):
                raise ValueError(f"probability: {name} is empty")

    @property
    def probability(self) -> float:
        """The value itself, so that ``outcome.unwanted[effect].probability`` reads as it should."""
        return self.value


@dataclass(frozen=True)
class DoseBalance:
    """Where the units went, over all sessions: ``placed_units`` = ``taken_up_units`` + ``cleared_units``.

    ``displaced_share``: share of the placed units whose bolus reached outside tissue and was moved to the nearest tissue.
    ``taken_up_by_muscle_units``: the uptake of each muscle.
    """

    placed_units: float
    taken_up_units: float
    cleared_units: float
    displaced_share: float = 0.0
    taken_up_by_muscle_units: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """What one outcome rests on: the parameter rows it read, with the values in force, and the references behind everything."""

    parameters: tuple[Parameter, ...]
    references: tuple[Reference, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.parameters)} parameters, {len(self.references)} references"]
        lines += [f"  [{entry.key}] {entry}" + (f" {entry.link}" if entry.link else "") for entry in self.references]
        return "\n".join(lines)


@dataclass(frozen=True)
class TimelineRow:
    """The outcome on one day, for one area under its own contraction. ``movement`` is in percent of baseline, brows in mm."""

    day: float
    strain: Estimate
    movement_percent: Estimate
    grade: Estimate
    grade_at_rest: Estimate
    brow_peak_left_mm: Estimate
    brow_peak_right_mm: Estimate


@dataclass(frozen=True, eq=False)
class Outcome:
    """The course of one treatment, as data. ``scene`` holds what pictures need and is not part of the JSON.

    ``parameters``: the table in force, with the note of what this very computation read; its overrides are the user's own.
    ``references``: further keys of sources.bib that this computation used beyond its parameter rows.
    """

    days: np.ndarray
    skin: Mapping[str, Mapping[str, SkinCurves]]
    movement: Mapping[str, Curve]
    muscles: Mapping[str, MuscleCurves]
    unwanted: Mapping[str, Probability]
    dose: DoseBalance
    brow: Mapping[str, BrowCurves]
    findings: tuple[Any, ...]
    plan: Any
    patient: Any
    parameters: Parameters
    settings: Mapping[str, Any]
    seed: int
    version: str
    references: tuple[str, ...] = ()
    blood: "BloodBound | None" = None
    scene: "Scene | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", np.array(self.days, float))
        self.days.flags.writeable = False
        object.__setattr__(self, "findings", tuple(self.findings))
        # the note of what was read goes on with the caller's table: keep ours as it is now
        object.__setattr__(self, "parameters", replace(self.parameters, _read=set(self.parameters.read)))

    @property
    def purpose(self) -> str:
        """'person' or 'study', from the plan."""
        return self.plan.purpose

    @property
    def watermark(self) -> str | None:
        """'study' where the plan's purpose is a study; it must stand on everything shown."""
        return "study" if self.purpose == "study" else None

    @property
    def frame(self) -> str:
        """What this is for."""
        return FRAME

    @property
    def overrides(self) -> Mapping[str, float]:
        """Parameter rows that the user replaced, by name."""
        return self.parameters.overrides

    @property
    def parameters_sha256(self) -> str:
        """Hash over every parameter in force."""
        return self.parameters.sha256

    def grade(self, area: str, expression: str = "maximum_frown") -> Curve:
        """Expected clinical grade (0 none to 3 severe) of an area under an expression over the days."""
        return self._skin(area, expression).grade

    def strain(self, area: str, expression: str = "maximum_frown") -> Curve:
        """Mean compression of the skin of an area under an expression over the days, as a share."""
        return self._skin(area, expression).strain

    def _skin(self, area: str, expression: str) -> SkinCurves:
        if area not in self.skin:
            raise InputError(f"area '{area}' is unknown; {nearest(area, self.skin)}")
        if expression not in self.skin[area]:
            raise InputError(f"expression '{expression}' is unknown for {area}; {nearest(expression, self.skin[area])}")
        return self.skin[area][expression]

    def main_area(self) -> str:
        """The area whose strain under its own contraction falls by the largest share: the one a short table is about."""

        def deepest(area: str) -> float:
            strain = self.strain(area, CONTRACTION[area])
            return 0.0 if abs(strain.median[0]) < 1e-12 else strain.course().deepest_reduction

        return max((area for area in AREAS if area in self.skin), key=deepest)

    def timeline(self, days: Iterable[float] = TIMELINE_DAYS, area: str | None = None) -> tuple[TimelineRow, ...]:
        """Rows of a short table for one area (the most affected unless named); days beyond the computed ones are left out."""
        area = area or self.main_area()
        expression = CONTRACTION.get(area, "maximum_frown")
        contracted, rest = self._skin(area, expression), self._skin(area, "rest")
        return tuple(
            TimelineRow(
                day=float(day), strain=contracted.strain.at(day), movement_percent=self.movement[expression].at(day),
                grade=contracted.grade.at(day), grade_at_rest=rest.grade.at(day),
                brow_peak_left_mm=self.brow["left"].peak_mm.at(day), brow_peak_right_mm=self.brow["right"].peak_mm.at(day),
            )
            for day in days
            if self.days[0] <= day <= self.days[-1]
        )  # fmt: skip

    def sources(self) -> Sources:
        """The parameter rows this computation read and the references behind them, its side-effect rates and its findings."""
        table = self.parameters
        rows = tuple(replace(table.rows[name], value=table.overrides.get(name, table.rows[name].value)) for name in table.read)
        known = load_references()
        keys = [row.source for row in rows] + [effect.source for effect in self.unwanted.values()] + list(self.references)
        keys += [effect.reported.source for effect in self.unwanted.values() if effect.reported]
        keys += [limit.source for limit in self.blood.limits] if self.blood else []
        keys += [finding.source for finding in self.findings if finding.source in known]
        return Sources(rows, tuple(sorted((find_reference(key) for key in dict.fromkeys(keys)), key=lambda entry: str(entry).lower())))

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain data that `data/outcome.schema.json` describes."""
        sources = self.sources()
        return {
            "schema": SCHEMA,
            "frame": FRAME,
            "version": self.version,
            "purpose": self.purpose,
            "watermark": self.watermark,
            "seed": self.seed,
            "settings": plain(self.settings),
            "overrides": plain(self.overrides),
            "parameters_sha256": self.parameters_sha256,
            "plan": plain(self.plan),
            "patient": plain(self.patient),
            "findings": plain(self.findings),
            "days": plain(self.days),
            "skin": {
                area: {expression: _curves(curves) for expression, curves in expressions.items()} for area, expressions in self.skin.items()
            },
            "movement": {expression: {"percent_of_baseline": _band(curve)} for expression, curve in self.movement.items()},
            "muscles": {muscle: _curves(curves) for muscle, curves in self.muscles.items()},
            "brow": {side: _curves(curves) for side, curves in self.brow.items()},
            "dose": plain(self.dose),
            "unwanted": {
                effect: {
                    "probability": plain({"value": chance.value, "low": chance.low, "high": chance.high}),
                    "basis": chance.basis, "onset": chance.onset, "duration": chance.duration,
                    "seriousness": chance.seriousness, "source": chance.source, "reported": plain(chance.reported),
                }
                for effect, chance in self.unwanted.items()
            },
            "blood": plain(self.blood),
            "sources": {
                "parameters": plain(sources.parameters),
                "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in sources.references],
            },
        }  # fmt: skip


TIMELINE_HEADER = ("day", "strain %", "movement kept %", "grade", "grade at rest", "brow peak left mm", "brow peak right mm")


def timeline_cells(rows: Iterable[TimelineRow]) -> list[tuple[str, ...]]:
    """The rows of a timeline as text under ``TIMELINE_HEADER``, each number with its band."""
    return [
        (
            f"{row.day:g}", format(_scaled(row.strain, 100), ".1f"), format(row.movement_percent, ".0f"), format(row.grade, ".1f"),
            format(row.grade_at_rest, ".1f"), format(row.brow_peak_left_mm, "+.1f"), format(row.brow_peak_right_mm, "+.1f"),
        )
        for row in rows
    ]  # fmt: skip


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.median * factor, estimate.low * factor, estimate.high * factor)


def _band(curve: Curve) -> dict[str, list[float]]:
    median = plain(curve.median)
    if np.array_equal(curve.low, curve.median) and np.array_equal(curve.high, curve.median):  # one run alone has no band
        return {"median": median, "low": median, "high": median}
    return {"median": median, "low": plain(curve.low), "high": plain(curve.high)}


def _curves(curves: SkinCurves | MuscleCurves | BrowCurves) -> dict[str, dict[str, list[float]]]:
    return {item.name: _band(getattr(curves, item.name)) for item in dataclasses.fields(curves)}


def plain(value: Any) -> Any:
    """Dataclasses, mappings, arrays, dates and numbers as plain JSON data; floats keep ten significant digits."""
    if value is None or isinstance(value, bool | str | int):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            raise SolverError(f"the outcome contains {number}: not a finite number, cannot be written as JSON")
        return float(f"{number:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.dtype == float and np.isfinite(value).all():
            return [float(f"{number:.{SIGNIFICANT_DIGITS}g}") for number in value.tolist()]
        return [plain(item) for item in value.tolist()]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, datetime.date | PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value) if not item.name.startswith("_")}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


def outcome_text(document: Mapping[str, Any]) -> str:
    """JSON text of an outcome: indented, but each list of numbers on one line."""
    return _text(document, "", json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode, {}) + "\n"


def _text(value: Any, indent: str, encode: Callable[[Any], str], lists: dict[int, str]) -> str:
    """``lists``: the text of the lists of numbers written so far, since without samples the ends of a band are the median itself."""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        if id(value) not in lists:
            lists[id(value)] = encode(value)
        return lists[id(value)]
    if not isinstance(value, dict | list):
        return encode(value)
    if isinstance(value, dict) and len(value) <= 3 and not any(isinstance(item, dict | list) for item in value.values()):
        return encode(value)
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{encode(key)}: {_text(item, inner, encode, lists)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        parts, opening, closing = [_text(item, inner, encode, lists) for item in value], "[", "]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"


@cache
def outcome_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of an outcome, as shipped."""
    return json.loads(resources.files("glabella.data").joinpath("outcome.schema.json").read_text("utf-8"))


def validate_outcome(document: Mapping[str, Any]) -> None:
    """Check an outcome read from JSON against the schema; the first misfit is an error that says where it is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(outcome_schema()).iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "top level"
        what = error.message if len(error.message) < 200 else error.message[:200] + " ..."
        raise InputError(f"outcome, {where}: {what}; see outcome.schema.json")
    lengths = {len(document["days"])}
    for group in ("skin", "movement", "muscles", "brow"):
        lengths |= set(_band_lengths(document[group]))
    if len(lengths) > 1:
        raise InputError(f"outcome: curves of {sorted(lengths)} values; each needs one value per day, {len(document['days'])}")


def _band_lengths(node: Mapping[str, Any]) -> Iterable[int]:
    if "median" in node:
        yield from (len(node[name]) for name in ("median", "low", "high"))
    else:
        for item in node.values():
            yield from _band_lengths(item)
