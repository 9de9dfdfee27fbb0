"""What a simulation of the lower face returns: the curves of an ``Outcome`` that apply, and the masseter's thickness."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from glabella.evidence.parameters import Parameters
from glabella.evidence.sources import find_reference, load_references
from glabella.outcome import FRAME, Curve, DoseBalance, MuscleCurves, Probability, Sources, plain

SCHEMA = "glabella-lower-face-1"


@dataclass(frozen=True, eq=False)
class ThicknessCurves:
    """Thickness of one masseter in mm over the days, relaxed and with the teeth clenched."""

    rest_mm: Curve
    clench_mm: Curve


@dataclass(frozen=True, eq=False)
class LowerOutcome:
    """The course of one treatment of the lower face, as data. ``person`` holds what pictures need and is not part of the JSON.

    ``movement``: strength left in percent of baseline of each movement of ``stages.muscle.lower_face.MOVEMENTS``.
    """

    days: np.ndarray
    movement: Mapping[str, Curve]
    muscles: Mapping[str, MuscleCurves]
    thickness: Mapping[str, ThicknessCurves]
    unwanted: Mapping[str, Probability]
    dose: DoseBalance
    findings: tuple[Any, ...]
    plan: Any
    patient: Any
    parameters: Parameters
    settings: Mapping[str, Any]
    seed: int
    version: str
    person: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", replace(self.parameters, _read=set(self.parameters.read)))

    @property
    def region(self) -> str:
        """'lower_face'."""
        return "lower_face"

    @property
    def purpose(self) -> str:
        """'person' or 'study', from the plan."""
        return self.plan.purpose

    @property
    def watermark(self) -> str | None:
        """'study' where the plan's purpose is a study; it must stand on everything shown."""
        return "study" if self.purpose == "study" else None

    @property
    def overrides(self) -> Mapping[str, float]:
        """Parameter rows that the user replaced, by name."""
        return self.parameters.overrides

    @property
    def parameters_sha256(self) -> str:
        """Hash over every parameter in force, the rows of the lower face included."""
        return self.parameters.sha256

    @property
    def frame(self) -> str:
        """What this is for."""
        return FRAME

    @cached_property
    def treated_muscles(self) -> tuple[str, ...]:
        """Muscles that lose at least a tenth of their force, the weakest first."""
        least = {name: float(curves.force.median.min()) for name, curves in self.muscles.items()}
        return tuple(sorted((name for name, value in least.items() if value <= 0.9), key=lambda name: least[name]))

    def sources(self) -> Sources:
        """The parameter rows this computation read and the references behind them, its side effects and its findings."""
        table = self.parameters
        rows = tuple(replace(table.rows[name], value=table.overrides.get(name, table.rows[name].value)) for name in table.read)
        keys: Iterable[str] = [row.source for row in rows] + [effect.source for effect in self.unwanted.values()]
        keys = [*keys, *(finding.source for finding in self.findings if finding.source in load_references())]
        return Sources(rows, tuple(sorted((find_reference(key) for key in dict.fromkeys(keys)), key=lambda entry: str(entry).lower())))

    def to_json(self) -> dict[str, Any]:
        """Plain data with the keys of an ``Outcome`` where they apply, and ``thickness``."""
        sources = self.sources()
        return {
            "schema": SCHEMA,
            "frame": FRAME,
            "version": self.version,
            "region": self.region,
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
            "movement": {name: {"percent_of_baseline": _band(curve)} for name, curve in self.movement.items()},
            "muscles": {name: _bands(curves) for name, curves in self.muscles.items()},
            "thickness": {name: _bands(curves) for name, curves in self.thickness.items()},
            "dose": plain(self.dose),
            "unwanted": {name: _chance(found) for name, found in self.unwanted.items()},
            "sources": {
                "parameters": plain(sources.parameters),
                "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in sources.references],
            },
        }


def _band(curve: Curve) -> dict[str, list[float]]:
    return {name: plain(getattr(curve, name)) for name in ("median", "low", "high")}


def _bands(curves: MuscleCurves | ThicknessCurves) -> dict[str, dict[str, list[float]]]:
    return {item.name: _band(getattr(curves, item.name)) for item in fields(curves)}


def _chance(found: Probability) -> dict[str, Any]:
    told = plain(found)
    return {"probability": {name: told.pop(name) for name in ("value", "low", "high")}, **told}


@cache
def lower_outcome_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of an outcome of the lower face, as shipped."""
    return json.loads(resources.files("glabella.data").joinpath("lower_face/outcome.schema.json").read_text("utf-8"))
