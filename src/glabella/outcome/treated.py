"""The outcome of one treatment of the upper face: its curves by name, its short table, its sources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glabella.errors import InputError, nearest
from glabella.evidence.parameters import Parameters
from glabella.names import AREAS
from glabella.outcome.conventions import CONTRACTION
from glabella.outcome.curve import Curve
from glabella.outcome.document import to_document
from glabella.outcome.parts import BrowCurves, DoseBalance, MuscleCurves, Probability, SkinCurves, Sources
from glabella.outcome.record import Record
from glabella.outcome.timeline import TIMELINE_DAYS, TimelineRow

if TYPE_CHECKING:
    from glabella.scene import Scene
    from glabella.stages.unwanted import BloodBound


@dataclass(frozen=True, eq=False)
class Outcome(Record):
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
        further = [*self.references, *(effect.reported.source for effect in self.unwanted.values() if effect.reported)]
        return self._sources([*further, *((limit.source for limit in self.blood.limits) if self.blood else ())])

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain data that `data/outcome.schema.json` describes."""
        return to_document(self)
