"""What a simulation of the lower face returns: the curves of an ``Outcome`` that apply, and the masseter's thickness."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from glabella.evidence.parameters import Parameters
from glabella.outcome import Curve, DoseBalance, MuscleCurves, Probability, Sources, plain
from glabella.outcome.document import curves_document, head, movement_document, sources_document
from glabella.outcome.record import Record

SCHEMA = "glabella-lower-face-1"


@dataclass(frozen=True, eq=False)
class ThicknessCurves:
    """Thickness of one masseter in mm over the days, relaxed and with the teeth clenched."""

    rest_mm: Curve
    clench_mm: Curve


@dataclass(frozen=True, eq=False)
class LowerOutcome(Record):
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

    @cached_property
    def treated_muscles(self) -> tuple[str, ...]:
        """Muscles that lose at least a tenth of their force, the weakest first."""
        least = {name: float(curves.force.median.min()) for name, curves in self.muscles.items()}
        return tuple(sorted((name for name, value in least.items() if value <= 0.9), key=lambda name: least[name]))

    def sources(self) -> Sources:
        """The parameter rows this computation read and the references behind them, its side effects and its findings."""
        return self._sources()

    def to_json(self) -> dict[str, Any]:
        """Plain data with the keys of an ``Outcome`` where they apply, and ``thickness``."""
        return {
            **head(self, SCHEMA, self.region),
            "movement": movement_document(self.movement),
            "muscles": {name: curves_document(curves) for name, curves in self.muscles.items()},
            "thickness": {name: curves_document(curves) for name, curves in self.thickness.items()},
            "dose": plain(self.dose),
            "unwanted": {name: _chance(found) for name, found in self.unwanted.items()},
            "sources": sources_document(self.sources()),
        }


def _chance(found: Probability) -> dict[str, Any]:
    told = plain(found)
    return {"probability": {name: told.pop(name) for name in ("value", "low", "high")}, **told}


@cache
def lower_outcome_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of an outcome of the lower face, as shipped."""
    return json.loads(resources.files("glabella.data").joinpath("lower_face/outcome.schema.json").read_text("utf-8"))
