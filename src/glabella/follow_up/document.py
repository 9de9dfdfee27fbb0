"""The JSON of a follow-up: the document, its schema and the check against it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glabella.errors import InputError
from glabella.follow_up.forecast import FACTORS, Forecast
from glabella.outcome import FRAME, Curve, plain
from glabella.schemas import check_shape, shipped_schema

if TYPE_CHECKING:
    from glabella.follow_up.result import FollowUp

SCHEMA = "glabella-follow-up-1"
CURVES = ("grade", "grade_rest", "strain", "movement_percent")


def follow_up_document(found: "FollowUp") -> dict[str, Any]:
    """Everything as ``data/follow_up.schema.json`` describes it."""
    return {
        "schema": SCHEMA,
        "frame": FRAME,
        "version": found.version,
        "watermark": found.watermark,
        "seed": found.seed,
        "overrides": plain(found.overrides),
        "parameters_sha256": found.parameters_sha256,
        "plan": plain(found.plan),
        "patient": plain(found.patient),
        "findings": plain(found.findings),
        "said": list(found.said),
        "people": {
            "drawn": found.people,
            "posterior_draws": found.draws,
            "effective_before": plain(found.prior.effective_people),
            "effective_after": plain(found.posterior.effective_people),
            "needed": found.needed,
        },
        "picture_factors": plain(found.picture_factors),
        "returns_to_grade": found.returns_to,
        "visits": [plain(visit) for visit in found.visits.seen],
        "seen": [plain(one) for one in found.seen],
        "days": plain(found.days),
        "before": _forecast(found.prior),
        "after": _forecast(found.posterior),
        "sources": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in found.sources()],
    }


def _forecast(forecast: Forecast) -> dict[str, Any]:
    areas = {
        area: {
            **{name: _band(getattr(one, name)) for name in CURVES},
            "none_or_mild": plain(one.none_or_mild),
            "half_gone_day": plain(forecast.half_gone[area]),
            "returns_day": plain(forecast.returns[area]),
        }
        for area, one in forecast.areas.items()
    }
    return {"areas": areas, "person": {name: {"what": FACTORS[name], **plain(forecast.person[name])} for name in FACTORS}}


def _band(curve: Curve) -> dict[str, list[float]]:
    return {"median": plain(curve.median), "low": plain(curve.low), "high": plain(curve.high)}


def follow_up_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) as shipped."""
    return shipped_schema("follow_up")


def validate_follow_up(document: Mapping[str, Any]) -> None:
    """Check a follow-up read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "follow_up", "follow-up")
    for when in ("before", "after"):
        for area, curves in document[when]["areas"].items():
            if any(len(curves[name][end]) != len(document["days"]) for name in CURVES for end in ("median", "low", "high")):
                raise InputError(f"follow-up, {when}/areas/{area}: each curve needs one value per day, {len(document['days'])}")
