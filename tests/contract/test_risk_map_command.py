"""glabella risk-map: what it prints and writes, the shipped schema, and bad input."""

import copy
import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.coarse_risk_map import coarse_map

from glabella.cli import main
from glabella.errors import InputError
from glabella.outcome import outcome_text
from glabella.planner import risk_map as room
from glabella.planner.risk_map_document import risk_map_schema, validate_risk_map

USUAL = ("risk-map", "--effect", "eyelid_ptosis", "--units", 4, "--depth", 4)


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def asked(monkeypatch):
    """The command with a map on coarse tissue in place of the real one; what it was asked for."""
    asked = {}

    def stand_in(**arguments):
        asked.update(arguments)
        return coarse_map()

    monkeypatch.setattr(room, "risk_map", stand_in)
    return asked


@pytest.fixture(scope="module")
def document():
    return json.loads(outcome_text(coarse_map().to_json()))


def test_the_schema_is_valid_and_describes_every_key():
    schema = risk_map_schema()
    Draft202012Validator.check_schema(schema)
    assert not [name for name, rule in schema["properties"].items() if "description" not in rule]
    assert set(schema["required"]) == set(schema["properties"])


def test_a_map_fits_the_schema(document):
    validate_risk_map(document)
    assert document["frame"] == "research and education, not a medical device"
    assert document["sites"]["procerus"]["probability"]["value"] < 0.01
    assert max(max(triple) for triple in document["triangles"]) < len(document["vertices"]["points_mm"])
    assert any(row["name"] == "septum_tracking_reach_mm" for row in document["sources"]["parameters"])
    assert any(row["key"] == "king2016" for row in document["sources"]["references"])


BROKEN = {
    "a chance above one": (("vertices", "probability", 3), 1.2, "vertices/probability/3"),
    "another frame": (("frame",), "a medical device", "frame"),
    "an unknown effect": (("effect", "name"), "headache", "effect/name"),
    "a missing vertex": (("vertices", "low"), [0.1], "one per vertex"),
    "a negative dose": (("vertices", "dose_units_per_mm3", "levator_palpebrae_superioris_left", 0), -1.0, "levator"),
    "an unknown key": (("extra",), 1, "top level"),
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
        validate_risk_map(broken)


def test_json_is_the_map_alone(asked):
    more = ("--scatter", "2.5", "--dilution", "5", "--product", "prabotulinumtoxinA", "--set", "tissue_porosity=0.31")
    result = run(*USUAL, "--json", *more)
    assert result.exit_code == 0, result.stderr
    validate_risk_map(json.loads(result.stdout))
    assert (asked["effect"], asked["units"], asked["depth_mm"]) == ("eyelid_ptosis", 4, 4)
    assert (asked["scatter_mm"], asked["diluent_ml"], asked["product"]) == (2.5, 5, "prabotulinumtoxinA")
    assert asked["parameters"].overrides == {"tissue_porosity": 0.31}


def test_a_summary_is_printed(asked):
    lines = run(*USUAL).stdout.splitlines()
    assert lines[0].startswith("eyelid ptosis if 4 U")
    assert any(line.strip().startswith("corrugator medial, left") for line in lines)


def test_the_report_is_whole_and_alone(asked, tmp_path):
    result = run(*USUAL, "--out", tmp_path / "map")
    assert result.exit_code == 0, (result.stderr, result.exception)
    folder = tmp_path / "map"
    assert sorted(entry.name for entry in folder.rglob("*") if entry.is_file()) == [
        "report.html", "risk_map.json", "risk_map.png", "risk_map_eye.png",
    ]  # fmt: skip
    page = (folder / "report.html").read_text("utf-8")
    assert "Research and education, not a medical device" in page
    assert "does not say where anyone should be treated" in page
    assert "default-src 'none'" in page
    assert 'aria-label="Chance of eyelid ptosis by place' in page
    for outside in ('src="http', "@import", "url(http", "<script"):
        assert outside not in page
    validate_risk_map(json.loads((folder / "risk_map.json").read_text("utf-8")))
    assert run(*USUAL, "--out", folder).exit_code == 0  # an earlier report is replaced
    (folder / "note.txt").write_text("mine")
    assert run(*USUAL, "--out", folder).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--effect", "eyelid_ptoses"], 2, "did you mean 'eyelid_ptosis'"),
        (["--effect", "brow_ptosis"], 2, "simulate a plan instead"),
        (["--effect", "headache"], 2, "label rates only"),
        (["--units", "0"], 2, "above 0"),
        (["--units", "-4"], 2, "above 0"),
        (["--units", "nan"], 2, "finite"),
        (["--units", "many"], 2, "--units"),
        (["--units", "30"], 1, "allowed for a person: up to 20 U"),
        (["--depth", "0"], 2, "above 0"),
        (["--depth", "nan"], 2, "finite"),
        (["--depth", "30"], 2, "deeper than a needle"),
        (["--product", "Dysport"], 2, "did you mean 'abobotulinumtoxinA'"),
        (["--dilution", "0"], 2, "above 0"),
        (["--scatter", "-1"], 2, "at least 0"),
        (["--patient", "nobody.toml"], 2, "no such file"),
        (["--set", "tissue_porosity"], 2, "NAME=VALUE"),
        (["--out", "/dev/null/map"], 2, "cannot be written"),
    ],
)
def test_bad_input(arguments, code, words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = run(*USUAL, *arguments)
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    (line,) = result.stderr.splitlines()
    assert words in line
    assert "Traceback" not in line
    assert list(tmp_path.iterdir()) == []
