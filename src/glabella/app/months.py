"""The months of one result as plain data for the page: what moves, what folds, the curves with their bands, dates and remarks."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glabella.app.dates import key_dates
from glabella.app.words import name_effect, tell_effect
from glabella.app.workbench import Result
from glabella.evidence.patterns import site_areas
from glabella.label import Finding
from glabella.names import AREAS, SIDES
from glabella.outcome import CONTRACTION, EXPRESSIONS, FRAME, Curve, plain

DECIMALS = {"grade": 3, "strain": 4, "movement": 1, "brow_mm": 2, "share": 3, "force": 4, "depth_mm": 4, "newton": 5}
LEAST_CHANGE = 0.02  # of its force: a muscle that changes less has no curve of its own
STUDY = "STUDY: not for treating a person"


def months_document(
    result: Result, treatment_date: datetime.date | None = None, findings: Sequence[Finding] | None = None
) -> dict[str, Any]:
    """The document that the face, the slider and the charts read; arrays over ``days``, sides are the person's own.

    ``low`` and ``high`` of a curve are null without samples, and so are those of grades but at rest and in an area's own contraction,
    the only two in which strain is given. Only muscles that change have curves. ``treatment_date`` turns days into dates. ``findings``:
    the result's own unless given.
    """
    outcome, banded = result.outcome, result.samples > 0
    findings = result.findings if findings is None else findings
    return {
        "key": result.key,
        "days": [float(day) for day in outcome.days],
        "banded": banded,
        "samples": result.samples,
        "seed": result.seed,
        "muscles": list(result.person.skin.muscles),
        "tension_newton": _tensions(result),
        "force": _force(result),
        "lines": _lines(result),
        "curves": _curves(result, banded),
        "unwanted": _unwanted(result),
        "dates": [_rounded_days(date.document()) for date in key_dates(result, treatment_date)],
        "findings": [_finding(finding) for finding in findings],
        "dose": _dose(result),
        "sources": [{"key": entry.key, "text": str(entry)} for entry in outcome.sources().references],
        "watermark": STUDY if result.plan is not None and result.plan.purpose == "study" else None,
        "frame": FRAME,
    }


def _numbers(values: np.ndarray, kind: str) -> list[float]:
    return (np.round(values, DECIMALS[kind]) + 0.0).tolist()  # no minus zero


def _band(curve: Curve, kind: str, banded: bool, scale: float = 1.0) -> dict[str, list[float] | None]:
    return {
        "median": _numbers(scale * curve.median, kind),
        "low": _numbers(scale * curve.low, kind) if banded else None,
        "high": _numbers(scale * curve.high, kind) if banded else None,
    }


def _tensions(result: Result) -> dict[str, list[float]]:
    skin, patient, parameters = result.person.skin, result.person.patient, result.outcome.parameters
    return {expression: _numbers(skin.tension_newton(expression, patient, parameters), "newton") for expression in EXPRESSIONS}


def _force(result: Result) -> list[list[float]]:
    days, force = result.outcome.days, result.course.force.force
    return [_numbers(np.broadcast_to(force.get(muscle, 1.0), len(days)), "force") for muscle in result.person.skin.muscles]


def _lines(result: Result) -> dict[str, Any]:
    depths, spacing = result.line_depth_mm, result.course.wrinkles.spacing_mm
    return {
        area: {
            "spacing_mm": round(float(spacing[area]), 5),
            "depth_mm": {side: {e: _numbers(depth, "depth_mm") for e, depth in half.items()} for side, half in depths[area].items()},
        }
        for area in AREAS
    }


def _curves(result: Result, banded: bool) -> dict[str, Any]:
    outcome = result.outcome
    changed = [m for m, curves in outcome.muscles.items() if np.ptp(curves.force.median) >= LEAST_CHANGE]
    muscles = {m: outcome.muscles[m] for m in sorted(changed, key=lambda m: float(outcome.muscles[m].force.median.min()))}
    return {
        "grade": {
            area: {e: _band(curves.grade, "grade", banded and e in _told(area)) for e, curves in by.items()}
            for area, by in outcome.skin.items()
        },
        "movement": {e: _band(curve, "movement", banded) for e, curve in outcome.movement.items()},
        **{q: {m: _band(getattr(curves, q), "share", banded) for m, curves in muscles.items()} for q in ("force", "bulk", "blocked")},
        "strain": {area: {e: _band(by[e].strain, "strain", banded) for e in _told(area)} for area, by in outcome.skin.items()},
        "brow_mm": {
            side: {part: _band(getattr(outcome.brow[side], f"{part}_mm"), "brow_mm", banded) for part in ("head", "peak", "tail")}
            for side in SIDES
        },
    }


def _told(area: str) -> tuple[str, str]:
    """The expressions in which raters look at an area."""
    return "rest", CONTRACTION[area]


def _unwanted(result: Result) -> list[dict[str, Any]]:
    """Computed effects first, the likelier ones before the others."""
    found = sorted(result.outcome.unwanted.items(), key=lambda item: (item[1].basis != "computed", -item[1].value))
    return [
        {
            "effect": effect, "title": name_effect(effect).plain, "professional_title": name_effect(effect).professional,
            "plain": tell_effect(effect, chance), "value": round(float(chance.value), 6), "low": round(float(chance.low), 6),
            "high": round(float(chance.high), 6), "basis": chance.basis, "onset": chance.onset, "duration": chance.duration,
            "seriousness": chance.seriousness, "source": chance.source,
        }
        for effect, chance in found
    ]  # fmt: skip


def _rounded_days(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in document.items()}


def _finding(finding: Finding) -> dict[str, Any]:
    site = finding.where.rpartition(", ")[2]
    return {**plain(finding), "site": site if site in site_areas() else None}


def _dose(result: Result) -> dict[str, Any]:
    dose = result.outcome.dose
    return {
        "placed_units": round(dose.placed_units, 4),
        "taken_up_units": round(dose.taken_up_units, 4),
        "cleared_units": round(dose.cleared_units, 4),
        "by_muscle": {muscle: round(units, 5) for muscle, units in dose.taken_up_by_muscle_units.items() if units >= 1e-5},
    }
