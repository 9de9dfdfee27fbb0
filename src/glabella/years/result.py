"""What years of treatment come to: scenarios with bands, their differences in pairs of samples, and what is rare or assumed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glabella.evidence import Parameters
from glabella.evidence.sources import Reference, find_reference, load_references
from glabella.label import Finding
from glabella.outcome import BAND_PERCENTILES, FRAME, Curve, Estimate
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.years.antibodies import AntibodyChance

SCHEMA = "glabella-years-1"
WATERMARK = "study"


def estimate(values: np.ndarray) -> Estimate:
    """Median with the 5th and 95th percentile over the finite ``values`` (samples,)."""
    low, median, high = np.percentile(values[np.isfinite(values)], BAND_PERCENTILES)
    return Estimate(float(median), float(low), float(high))


@dataclass(frozen=True, eq=False)
class AreaYears:
    """One area over the years: at maximum contraction and at rest the grade (0-3), the depth and the fine lines in mm; movement kept
    at contraction in percent of before."""

    grade_contraction: Curve
    grade_rest: Curve
    depth_contraction_mm: Curve
    depth_rest_mm: Curve
    fine_lines_contraction_mm: Curve
    fine_lines_rest_mm: Curve
    movement_percent: Curve


@dataclass(frozen=True, eq=False)
class MuscleYears:
    """``bulk`` and ``force`` of one muscle as shares of the untreated muscle."""

    bulk: Curve
    force: Curve


@dataclass(frozen=True, eq=False)
class Yearly:
    """One quantity year by year, over the days on which the years end: the ``mean`` over each year and the ``worst`` day of it.

    Worst is the highest value, of bulk and force the lowest; of lines in the first year from the label's shortest interval on.
    """

    mean: Curve
    worst: Curve


@dataclass(frozen=True)
class NumberedInterval:
    """Days from session ``number`` to the next, over all samples."""

    number: int
    days: Estimate


@dataclass(frozen=True)
class Response:
    """What one session does: lowest grade and least movement kept at contraction until the next, and days until the grade asked about
    is back: ``days_until_back`` over the samples in which that happens in time, ``share_back`` of all."""

    lowest_grade: Estimate
    lowest_movement_percent: Estimate
    days_until_back: Estimate | None
    share_back: float


@dataclass(frozen=True, eq=False)
class Scenario:
    """One way to go on for years. ``said``: notes on its sessions; ``watermark`` 'study' where it is no treatment of a person.

    ``yearly``: by ("skin", area, quantity) and ("muscle", muscle, quantity). ``responses``: to the first and the last session that ran
    its time, by 'first' and 'last'. ``samples``: what bands are made of, by curve (samples, days), and ``last_year``, the means over the
    last year (samples,): not part of the JSON.
    """

    name: str
    title: str
    purpose: str
    said: tuple[str, ...]
    areas: Mapping[str, AreaYears]
    muscles: Mapping[str, MuscleYears]
    yearly: Mapping[tuple[str, ...], Yearly]
    sessions: Estimate
    units_so_far: Curve
    units_by_year: Curve
    intervals: tuple[NumberedInterval, ...]
    session_days: tuple[float, ...]
    responses: Mapping[str, Response]
    antibodies: AntibodyChance | None
    samples: Mapping[tuple[str, ...], np.ndarray] = field(default_factory=dict, repr=False)
    last_year: Mapping[tuple[str, ...], np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def watermark(self) -> str | None:
        """'study' where the scenario is one."""
        return WATERMARK if self.purpose == "study" else None


@dataclass(frozen=True)
class Prevention:
    """Resting lines of one area, all means over the last year: never treated, treated, and the difference in pairs of samples.

    ``seen_...``: chance that a rater sees a line at rest at all (mild or worse); ``new_...``: the same had there been no line at rest
    before, so that one is new; ``fewer_...``: their differences. ``shallower``: share of samples in which the line is shallower with
    treatment.
    """

    area: str
    scenario: str
    depth_before_mm: float
    depth_never_mm: Estimate
    depth_treated_mm: Estimate
    less_depth_mm: Estimate
    less_grade: Estimate
    seen_never: Estimate
    seen_treated: Estimate
    fewer_seen: Estimate
    new_never: Estimate
    new_treated: Estimate
    fewer_new: Estimate
    shallower: float


@dataclass(frozen=True)
class Weaker:
    """The same dose once, in muscles of ``strength`` 1 and in weaker ones: see ``Patient.muscle_strength``."""

    strength: float
    muscles: tuple[str, ...]
    usual: Response
    weaker: Response


@dataclass(frozen=True, eq=False)
class Years:
    """Scenarios over ``days`` (two weeks or a month apart) and over years that end at ``year_ends``, compared in pairs.

    Sample n has the same parameters, landing places and ageing in each scenario.

    ``without_effect``: the treated scenario if antibodies took the effect away halfway, beside it and never mixed into it.
    """

    days: np.ndarray
    year_ends: np.ndarray
    years: float
    returns_to: float
    scenarios: Mapping[str, Scenario]
    without_effect: Scenario | None
    prevention: tuple[Prevention, ...]
    weaker: Weaker | None
    findings: tuple[Finding, ...]
    plan: Plan
    patient: Patient
    parameters: Parameters
    settings: Mapping[str, Any]
    seed: int
    version: str
    references: tuple[str, ...]

    @property
    def watermark(self) -> str | None:
        """'study' where any scenario is one."""
        return WATERMARK if any(scenario.watermark for scenario in self.scenarios.values()) else None

    @property
    def samples(self) -> int:
        """Draws behind the bands."""
        return int(self.settings["samples"])

    def sources(self) -> tuple[Reference, ...]:
        """References of the parameters that were read and of the notes."""
        known = load_references()
        keys = [self.parameters.rows[name].source for name in self.parameters.read] + [key for key in self.references if key in known]
        return tuple(sorted((find_reference(key) for key in dict.fromkeys(keys)), key=lambda entry: str(entry).lower()))

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data that ``data/years.schema.json`` describes."""
        from glabella.years.document import years_document

        return years_document(self)


__all__ = [
    "FRAME", "SCHEMA", "AreaYears", "MuscleYears", "NumberedInterval", "Prevention", "Response", "Scenario", "Weaker", "Yearly", "Years",
]  # fmt: skip
