"""What the command line prints and writes when all is well."""

import json
import tomllib

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.outcome import validate_outcome
from glabella.plan import Plan


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    Plan.label("onabotulinumtoxinA", "lateral_canthal_left").write(path)
    return path


def test_json_is_the_outcome_alone(plan):
    result = run("simulate", plan, "--samples", 0, "--days", 7, "--json", "--seed", 5, "--set", "tissue_porosity=0.31")
    document = json.loads(result.stdout)
    validate_outcome(document)
    assert document["days"] == [0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7]
    assert document["seed"] == 5
    assert document["overrides"] == {"tissue_porosity": 0.31}
    assert document["plan"]["product"] == "onabotulinumtoxinA"


def test_the_timeline_has_the_days_that_were_simulated(plan):
    lines = run("simulate", plan, "--samples", 0, "--days", 20).stdout.splitlines()
    days = [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0].isdigit()]
    assert days == ["0", "7", "14", "20"]
    assert any("lateral canthal left lines at smile" in line for line in lines)
    assert lines[-1] == "research and education, not a medical device"
    assert max(map(len, lines)) <= 220


def test_products_and_pictures(tmp_path):
    assert "daxibotulinumtoxinA (Daxxify)" in run("show", "products").stdout
    for what in ("face", "muscles"):
        run("show", what, "--out", tmp_path / f"{what}.png")
        assert (tmp_path / f"{what}.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["face.png", "muscles.png"]


def test_a_written_plan_is_valid_toml_and_passes_its_check(plan):
    assert tomllib.loads(plan.read_text())["product"] == "onabotulinumtoxinA"
    result = run("check", plan, "--json")
    assert json.loads(result.stdout)["allowed"] is True
