"""The shipped JSON schema fits the outcomes that are written, and nothing else."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator
from tests.example_outcome import build_outcome

from glabella.errors import InputError
from glabella.names import AREAS
from glabella.outcome import EXPRESSIONS, outcome_schema, outcome_text, validate_outcome


@pytest.fixture(scope="module")
def document():
    """A written outcome, cut to its first days so that checking it is quick."""
    whole = json.loads(outcome_text(build_outcome(with_scene=False).to_json()))

    def cut(node):
        if isinstance(node, dict):
            return {name: cut(value) for name, value in node.items()}
        return node[:5] if isinstance(node, list) and len(node) == len(whole["days"]) else node

    return cut(whole)


def test_the_schema_itself_is_valid_and_describes_every_key():
    schema = outcome_schema()
    Draft202012Validator.check_schema(schema)
    undescribed = [name for name, rule in schema["properties"].items() if not ("description" in rule or "$ref" in rule)]
    undescribed += [name for name, rule in schema["$defs"].items() if "description" not in rule]
    assert not undescribed


@pytest.mark.parametrize("purpose", ["person", "study"])
@pytest.mark.parametrize("samples", [0, 7])
def test_outcomes_fit_the_schema(purpose, samples):
    validate_outcome(build_outcome(purpose=purpose, samples=samples, with_scene=False).to_json())


def test_an_outcome_has_the_promised_keys(document):
    for area in AREAS:
        for expression in EXPRESSIONS:
            for quantity in ("strain", "grade", "fine_lines"):
                assert set(document["skin"][area][expression][quantity]) == {"median", "low", "high"}
    for expression in ("maximum_frown", "brow_raise", "smile", "eye_closure"):
        assert set(document["movement"][expression]["percent_of_baseline"]) == {"median", "low", "high"}
    for muscle in document["muscles"].values():
        assert set(muscle) == {"force", "bulk", "blocked"}
    for side in ("left", "right"):
        assert set(document["brow"][side]) == {"head_mm", "peak_mm", "tail_mm"}
    for effect in document["unwanted"].values():
        assert set(effect["probability"]) == {"value", "low", "high"}
        assert effect["basis"] in ("computed", "label_rate")
    assert {"placed_units", "taken_up_units", "cleared_units"} <= set(document["dose"])
    assert {"days", "findings", "sources", "parameters_sha256", "settings", "seed", "version", "plan", "patient", "overrides"} <= set(
        document
    )
    assert document["frame"] == "research and education, not a medical device"


def test_every_top_level_key_is_required(document):
    for name in document:
        with pytest.raises(InputError, match="top level"):
            validate_outcome({key: value for key, value in document.items() if key != name})


BROKEN = {
    "an unknown key": (("extra",), 1, "top level"),
    "an unknown area": (("skin", "chin"), {}, "outcome, skin"),
    "text for a number": (("brow", "left", "peak_mm", "low", 3), "2 mm", "brow/left/peak_mm/low/3"),
    "a chance above one": (("unwanted", "headache", "probability", "high"), 1.2, "unwanted/headache/probability/high"),
    "an unknown basis": (("unwanted", "headache", "basis"), "guess", "unwanted/headache/basis"),
    "another frame": (("frame",), "a medical device", "frame"),
    "a short hash": (("parameters_sha256",), "abc", "parameters_sha256"),
    "negative units": (("dose", "cleared_units"), -1.0, "dose/cleared_units"),
    "a missing day": (("muscles", "procerus", "force", "median"), [1.0], "one value per day"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_fit_is_named(document, name):
    path, value, where = BROKEN[name]
    broken = copy.deepcopy(document)
    node = broken
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(InputError, match=where):
        validate_outcome(broken)
