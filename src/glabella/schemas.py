"""The JSON Schemas that are shipped, and documents held against them."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from glabella.errors import InputError

LONGEST = 200  # letters of a remark: it repeats what was wrong, which may be a whole document


@cache
def shipped_schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of this name, such as 'outcome'."""
    return json.loads(resources.files("glabella.data").joinpath(f"{name}.schema.json").read_text("utf-8"))


def check_shape(document: Mapping[str, Any], name: str, what: str, refers_to: tuple[str, ...] = ()) -> None:
    """Hold a document against the schema ``name``, which may refer to others; the first misfit is an InputError that says where it is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry, Resource

    others = [Resource.from_contents(shipped_schema(other)) for other in refers_to]
    registry = Registry().with_resources((str(other.id()), other) for other in others)
    error = best_match(Draft202012Validator(shipped_schema(name), registry=registry).iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "top level"
        why = error.message if len(error.message) < LONGEST else error.message[:LONGEST] + " ..."
        raise InputError(f"{what}, {where}: {why}; see {name}.schema.json")
