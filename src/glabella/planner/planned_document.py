"""The JSON of a planned dose: its schema, and the check against it."""

from collections.abc import Mapping
from typing import Any

from glabella.errors import InputError
from glabella.schemas import check_shape, shipped_schema


def planned_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a planned dose, as shipped; it refers to that of an outcome."""
    return shipped_schema("planned")


def validate_planned(document: Mapping[str, Any]) -> None:
    """Check a planned dose read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "planned", "planned dose", ("outcome",))
    wanted = len(document["conditions"])
    for number, row in enumerate(document["one_step_less"]):
        lengths = {len(row[name]) for name in ("change_points", "low_points", "high_points")}
        if lengths != {wanted}:
            raise InputError(f"planned dose, one_step_less/{number}: needs one number per condition, {wanted}; see planned.schema.json")


__all__ = ["planned_schema", "validate_planned"]
