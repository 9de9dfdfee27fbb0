"""The JSON of a planned dose: its schema, and the check against it."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from glabella.errors import InputError
from glabella.outcome import outcome_schema


@cache
def planned_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a planned dose, as shipped; it refers to that of an outcome."""
    return json.loads(resources.files("glabella.data").joinpath("planned.schema.json").read_text("utf-8"))


def validate_planned(document: Mapping[str, Any]) -> None:
    """Check a planned dose read from JSON against the schema; the first misfit is an error that says where it is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry, Resource

    outcome = Resource.from_contents(outcome_schema())
    registry = Registry().with_resource(outcome_schema()["$id"], outcome)
    error = best_match(Draft202012Validator(planned_schema(), registry=registry).iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "top level"
        what = error.message if len(error.message) < 200 else error.message[:200] + " ..."
        raise InputError(f"planned dose, {where}: {what}; see planned.schema.json")
    wanted = len(document["conditions"])
    for number, row in enumerate(document["one_step_less"]):
        lengths = {len(row[name]) for name in ("change_points", "low_points", "high_points")}
        if lengths != {wanted}:
            raise InputError(f"planned dose, one_step_less/{number}: needs one number per condition, {wanted}; see planned.schema.json")


__all__ = ["planned_schema", "validate_planned"]
