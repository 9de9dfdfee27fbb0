"""The JSON of an outcome: the document, its parts that outcomes of every region share, its schema."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glabella.errors import InputError
from glabella.outcome.curve import Curve
from glabella.outcome.parts import Sources
from glabella.outcome.plain import plain
from glabella.schemas import check_shape, shipped_schema

if TYPE_CHECKING:
    from glabella.outcome.record import Record
    from glabella.outcome.treated import Outcome

SCHEMA = "glabella-outcome-1"


def to_document(outcome: "Outcome") -> dict[str, Any]:
    """The outcome as plain data that `data/outcome.schema.json` describes."""
    return {
        **head(outcome, SCHEMA),
        "skin": {
            area: {expression: curves_document(curves) for expression, curves in expressions.items()}
            for area, expressions in outcome.skin.items()
        },
        "movement": movement_document(outcome.movement),
        "muscles": {muscle: curves_document(curves) for muscle, curves in outcome.muscles.items()},
        "brow": {side: curves_document(curves) for side, curves in outcome.brow.items()},
        "dose": plain(outcome.dose),
        "unwanted": {
            effect: {
                "probability": plain({"value": chance.value, "low": chance.low, "high": chance.high}),
                "basis": chance.basis, "onset": chance.onset, "duration": chance.duration,
                "seriousness": chance.seriousness, "source": chance.source, "reported": plain(chance.reported),
            }
            for effect, chance in outcome.unwanted.items()
        },
        "blood": plain(outcome.blood),
        "sources": sources_document(outcome.sources()),
    }  # fmt: skip


def head(outcome: "Record", schema: str, region: str = "") -> dict[str, Any]:
    """What was treated and how it was computed: the keys that come first in the document of every region."""
    return {
        "schema": schema,
        "frame": outcome.frame,
        "version": outcome.version,
        **({"region": region} if region else {}),
        "purpose": outcome.purpose,
        "watermark": outcome.watermark,
        "seed": outcome.seed,
        "settings": plain(outcome.settings),
        "overrides": plain(outcome.overrides),
        "parameters_sha256": outcome.parameters_sha256,
        "plan": plain(outcome.plan),
        "patient": plain(outcome.patient),
        "findings": plain(outcome.findings),
        "days": plain(outcome.days),
    }


def movement_document(movement: Mapping[str, Curve]) -> dict[str, Any]:
    """Each movement in percent of before."""
    return {name: {"percent_of_baseline": band_document(curve)} for name, curve in movement.items()}


def sources_document(sources: Sources) -> dict[str, Any]:
    """Parameter rows and references."""
    return {
        "parameters": plain(sources.parameters),
        "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in sources.references],
    }


def band_document(curve: Curve) -> dict[str, list[float]]:
    """Median, low and high of a curve; one list three times where there is no band."""
    median = plain(curve.median)
    if np.array_equal(curve.low, curve.median) and np.array_equal(curve.high, curve.median):  # one run alone has no band
        return {"median": median, "low": median, "high": median}
    return {"median": median, "low": plain(curve.low), "high": plain(curve.high)}


def curves_document(curves: Any) -> dict[str, dict[str, list[float]]]:
    """Every curve of a dataclass of curves by its name."""
    return {item.name: band_document(getattr(curves, item.name)) for item in dataclasses.fields(curves)}


def outcome_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of an outcome, as shipped."""
    return shipped_schema("outcome")


def validate_outcome(document: Mapping[str, Any]) -> None:
    """Check an outcome read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "outcome", "outcome")
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
