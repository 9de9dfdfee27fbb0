"""`glabella trial`: what it prints and writes, and how it refuses."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.population.endpoints import ENDPOINTS
from glabella.trial.result import trial_schema, validate_trial

ONA = ("--product", "onabotulinumtoxinA")
SMALL = ("--patients", "60", "--visits", "7,30,60,90,120", "--seed", "1", "--draws", "2")
EXAMPLE = Path(__file__).parents[2] / "examples" / "trial.toml"


def run(*arguments):
    result = CliRunner().invoke(main, ["trial", *map(str, arguments)])
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result


def test_json_is_the_result_alone_with_every_endpoint_and_rater():
    result = run(*ONA, "--indication", "glabellar", "--dose", 20, *SMALL, "--severe", 0.6, "--female", 0.8, "--age", "30-65", "--json",
                 "--endpoint", "ge2_grade_composite")  # fmt: skip
    document = json.loads(result.stdout)
    validate_trial(document)
    assert document["seed"] == 1
    assert (document["band"]["holds"], document["band"]["draws"]) == ("counting and parameters", 2)
    assert document["purpose"] == document["watermark"] == "study"
    assert [arm["dose_units"] for arm in document["arms"]] == [20, 0]
    for arm in document["arms"]:
        assert {"name", "product", "indication", "dose_units", "patients", "endpoints", "strain", "onset", "duration", "unwanted"} <= set(
            arm
        )
        assert [(e["endpoint"], e["rater"]) for e in arm["endpoints"]] == [(e, r) for e, raters in ENDPOINTS.items() for r in raters]
        for entry in arm["endpoints"]:
            assert [visit["day"] for visit in entry["visits"]] == [7, 30, 60, 90, 120]
            assert all(0 <= visit["low"] <= visit["percent"] <= visit["high"] <= 100 for visit in entry["visits"])
        assert {"endpoint", "median_days"} <= set(arm["duration"])
        assert all(0 <= one["low"] <= one["percent"] <= one["high"] <= 100 for part in ("onset", "duration") for one in arm[part]["by_day"])
        assert all(effect["low"] <= effect["percent"] <= effect["high"] for effect in arm["unwanted"])
    assert document["arms"][0]["onset"]["median_days"] is not None
    assert document["arms"][1]["onset"]["median_days"] is None


def test_the_table_holds_the_endpoint_asked_for_and_says_study():
    lines = run(*ONA, *SMALL, "--endpoint", "ge2_grade_composite").stdout.splitlines()
    assert "STUDY" in lines[0]
    assert lines[-1] == "study; research and education, not a medical device"
    assert lines[-2].startswith("bands: counting error and what is not known of the fitted parameters (2 draws of the posterior")
    assert sum("ge2 grade composite" in line for line in lines) == 2
    assert not any("none or mild" in line for line in lines)


def test_bands_of_the_counting_alone_say_so():
    few = (*ONA, "--patients", 40, "--visits", "30", "--draws", 0)
    assert run(*few).stdout.splitlines()[-2].startswith("bands: counting error of as many people as were simulated, and nothing else")
    document = json.loads(run(*few, "--json").stdout)
    validate_trial(document)
    assert document["band"]["holds"] == "counting"


def test_the_example_and_its_files(tmp_path):
    import pyarrow.parquet

    folder = tmp_path / "new" / "out"
    run(EXAMPLE, "--patients", 20, "--draws", 2, "--out", folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["responders.png", "responders.svg", "trial.json", "trial.parquet"]
    document = json.loads((folder / "trial.json").read_text())
    validate_trial(document)
    table = pyarrow.parquet.read_table(folder / "trial.parquet")
    assert table.schema.metadata[b"watermark"] == b"study"
    assert table.schema.metadata[b"band"] == b"counting and parameters"
    percent = {(r["arm"], r["name"], r["rater"], r["day"]): r["value"] for r in table.to_pylist() if r["quantity"] == "responder_percent"}
    for arm in document["arms"]:
        for entry in arm["endpoints"]:
            for visit in entry["visits"]:
                value = percent[arm["name"], entry["endpoint"], entry["rater"], visit["day"]]
                assert value == pytest.approx(visit["percent"])
    assert (folder / "responders.png").read_bytes().startswith(b"\x89PNG\r\n")
    picture = (folder / "responders.svg").read_text()
    assert "STUDY" in picture
    assert "bands: counting and parameters, 95 %" in picture


def test_the_schema_describes_every_key():
    from jsonschema import Draft202012Validator

    schema = trial_schema()
    Draft202012Validator.check_schema(schema)

    def undescribed(node, path):
        for name, rule in node.get("properties", {}).items():
            if "description" not in rule and "type" not in rule:
                yield f"{path}/{name}"
            yield from undescribed(rule, f"{path}/{name}")
        if "items" in node:
            yield from undescribed(node["items"], path)

    assert not [*undescribed(schema, ""), *undescribed(schema["$defs"]["arm"], "arm")]


REFUSED = {
    "unknown product": (("--product", "onabotulinumtoxin"), "did you mean 'onabotulinumtoxinA'"),
    "unknown indication": ((*ONA, "--indication", "forhead"), "did you mean 'forehead'"),
    "unknown endpoint": ((*ONA, "--endpoint", "ge1_grade_improvment"), "did you mean 'ge1_grade_improvement'"),
    "no patients": ((*ONA, "--patients", "0"), "--patients = 0"),
    "negative patients": ((*ONA, "--patients", "-3"), "--patients = -3"),
    "visit before day 0": ((*ONA, "--visits", "-1,30"), "--visits = -1"),
    "dose 0": ((*ONA, "--dose", "0"), "above 0"),
    "dose above every trial": ((*ONA, "--dose", "81"), "above 0 to 80 U"),
    "share above 1": ((*ONA, "--severe", "1.5"), "--severe = 1.5"),
    "ages": ((*ONA, "--age", "old"), "such as 30-65"),
    "nothing": ((), "TRIAL.toml"),
    "file that is not there": (("no_such_trial.toml",), "cannot be read"),
    "file and product": ((str(EXAMPLE), *ONA), "the file names the arms"),
    "draws below 0": ((*ONA, "--draws", "-1"), "--draws = -1"),
    "one draw": ((*ONA, "--draws", "1"), "one draw tells no spread"),
    "more draws than there are": ((*ONA, "--draws", "500"), "must be from 1 to 199, the draws that the posterior has"),
    "workers": ((*ONA, "--workers", "0"), "workers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_line(name, tmp_path):
    arguments, words = REFUSED[name]
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["trial", *arguments, "--out", str(out)])
    assert result.exit_code == 2, result.stdout
    (line,) = result.stderr.splitlines()
    assert words in line
    assert not out.exists()


def test_missing_pyarrow_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = CliRunner().invoke(main, ["trial", *ONA, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "glabella[trial]" in result.stderr
