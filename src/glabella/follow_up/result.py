"""What a follow-up returns: the forecast before and after the visits, what it rests on, and what is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glabella.evidence.sources import Reference, find_reference
from glabella.follow_up.forecast import Forecast
from glabella.follow_up.visits import Visits
from glabella.label import Finding
from glabella.outcome import Estimate
from glabella.patient import Patient
from glabella.plan import Plan


@dataclass(frozen=True)
class Seen:
    """A visit on the ruler of an investigator's expected grade: what was said, what the forecast before it said there, and the ``low``
    to ``high`` of expected grades under which this rating, or one farther off, has a chance of at least 5 %."""

    day: float
    area: str
    expression: str
    rater: str
    grade: float
    low: float
    high: float
    expected_before: float
    expected_after: float


@dataclass(frozen=True, eq=False)
class FollowUp:
    """``prior``: what is known before any visit after day 0; ``posterior``: with all visits. ``people`` were drawn; ``needed``: how many
    draws would give the wanted effective number, where these do not; ``said``: remarks, cautions first. ``picture_factors``: by how
    much pictures read the lines of an indication too deep."""

    plan: Plan
    patient: Patient
    visits: Visits
    days: np.ndarray
    prior: Forecast
    posterior: Forecast
    seen: tuple[Seen, ...]
    returns_to: int
    people: int
    draws: int
    needed: int | None
    said: tuple[str, ...]
    findings: tuple[Finding, ...]
    seed: int
    version: str
    parameters_sha256: str
    overrides: Mapping[str, float]
    references: tuple[str, ...]
    picture_factors: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def watermark(self) -> str | None:
        """'study' where the plan is no treatment of a person."""
        return "study" if self.plan.purpose == "study" else None

    @property
    def main_area(self) -> str:
        """The first area that was looked at, else the first that is followed."""
        return next((area for area in self.visits.areas), next(iter(self.posterior.areas)))

    @property
    def last_visit(self) -> float:
        """Day of the last visit; 0 without one."""
        return max(self.visits.days, default=0.0)

    def sources(self) -> tuple[Reference, ...]:
        """References of the tables' rows that these numbers rest on."""
        return tuple(sorted((find_reference(key) for key in self.references), key=lambda entry: str(entry).lower()))

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data that ``data/follow_up.schema.json`` describes."""
        from glabella.follow_up.document import follow_up_document

        return follow_up_document(self)
