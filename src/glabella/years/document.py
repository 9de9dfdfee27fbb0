"""The JSON of years of treatment: the document, its schema and the check against it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from glabella.errors import InputError
from glabella.outcome import FRAME, Curve, plain
from glabella.schemas import check_shape, shipped_schema

if TYPE_CHECKING:
    from glabella.years.result import Scenario, Years

SCHEMA = "glabella-years-1"


def years_document(found: "Years") -> dict[str, Any]:
    """Everything as ``data/years.schema.json`` describes it."""
    from glabella.years.show import summary_lines

    return {
        "schema": SCHEMA,
        "frame": FRAME,
        "version": found.version,
        "watermark": found.watermark,
        "seed": found.seed,
        "settings": plain(found.settings),
        "overrides": plain(found.parameters.overrides),
        "parameters_sha256": found.parameters.sha256,
        "plan": plain(found.plan),
        "patient": plain(found.patient),
        "findings": plain(found.findings),
        "summary": list(summary_lines(found)),
        "days": plain(found.days),
        "year_ends": plain(found.year_ends),
        "returns_to_grade": found.returns_to,
        "scenarios": {name: _scenario(scenario) for name, scenario in found.scenarios.items()},
        "without_effect": _scenario(found.without_effect) if found.without_effect else None,
        "prevention": plain(found.prevention),
        "weaker": plain(found.weaker),
        "sources": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in found.sources()],
    }


def _scenario(scenario: "Scenario") -> dict[str, Any]:
    return {
        "title": scenario.title,
        "purpose": scenario.purpose,
        "watermark": scenario.watermark,
        "said": list(scenario.said),
        "areas": {area: _curves(curves) for area, curves in scenario.areas.items()},
        "muscles": {muscle: _curves(curves) for muscle, curves in scenario.muscles.items()},
        "by_year": {
            "areas": {area: _by_year(scenario, "skin", area) for area in scenario.areas},
            "muscles": {muscle: _by_year(scenario, "muscle", muscle) for muscle in scenario.muscles},
            "units_so_far": _band(scenario.units_by_year),
        },
        "sessions": plain(scenario.sessions),
        "session_days": plain(scenario.session_days),
        "units_so_far": _band(scenario.units_so_far),
        "intervals": plain(scenario.intervals),
        "responses": plain(scenario.responses),
        "antibodies": plain(scenario.antibodies),
    }


def _by_year(scenario: "Scenario", kind: str, part: str) -> dict[str, dict[str, dict[str, list[float]]]]:
    return {
        name[2]: {"mean": _band(years.mean), "worst": _band(years.worst)}
        for name, years in scenario.yearly.items()
        if name[:2] == (kind, part)
    }


def _curves(curves: Any) -> dict[str, dict[str, list[float]]]:
    return {item.name: _band(getattr(curves, item.name)) for item in fields(curves)}


def _band(curve: Curve) -> dict[str, list[float]]:
    return {"median": plain(curve.median), "low": plain(curve.low), "high": plain(curve.high)}


def years_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) as shipped."""
    return shipped_schema("years")


def validate_years(document: Mapping[str, Any]) -> None:
    """Check years read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "years", "years")
    wanted, years = len(document["days"]), len(document["year_ends"])
    for name, scenario in document["scenarios"].items():
        for group in ("areas", "muscles"):
            for part, curves in scenario[group].items():
                if any(len(curve[end]) != wanted for curve in curves.values() for end in ("median", "low", "high")):
                    raise InputError(f"years, scenarios/{name}/{group}/{part}: each curve needs one value per day, {wanted}")
            for part, curves in scenario["by_year"][group].items():
                bands = [band for curve in curves.values() for band in curve.values()]
                if any(len(band[end]) != years for band in bands for end in ("median", "low", "high")):
                    raise InputError(f"years, scenarios/{name}/by_year/{group}/{part}: each curve needs one value per year, {years}")
