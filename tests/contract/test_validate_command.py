"""``glabella validate``: what it prints and writes, and that validation rows never touch the fit."""

import json
from dataclasses import replace
from functools import partial
from html import escape
from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner
from tests.published import prior_posterior, row

from glabella.calibration.calibrate import calibrate
from glabella.cli import main
from glabella.errors import InputError
from glabella.evidence.published import published_rows
from glabella.validation.validate import rows_of, validate

TRIAL = "ona_glabellar_2"  # two rates of one arm
BEYOND = "preempt_five_cycles"  # two figures beyond the upper face, both missed
QUICK = {"draws": 2, "people": 48}


@pytest.fixture(scope="module")
def found():
    return validate(prior_posterior(), rows_of([TRIAL]), workers=1, **QUICK)


@pytest.fixture
def quick(monkeypatch):
    """The command with few people and a posterior made of priors."""
    room = import_module("glabella.validation.validate")
    monkeypatch.setattr(room, "validate", partial(validate, prior_posterior(), people=QUICK["people"]))


def test_rows_to_fit_and_rows_to_validate_are_disjoint():
    fitted, kept = ({one.row for one in published_rows(use)} for use in ("calibrate", "validate"))
    assert fitted
    assert kept
    assert not fitted & kept
    numbers = [
        {(r.trial, r.product, r.dose_units, r.arm, r.quantity, r.endpoint, r.rater, r.day) for r in published_rows(use)}
        for use in ("calibrate", "validate")
    ]
    strain = {one for one in numbers[0] if one[4].startswith("strain")}
    assert not (numbers[0] - strain) & numbers[1]


def test_validation_values_leave_the_posterior_bit_identical():
    names = ("person_sensitivity_sd_ln", "light_chain_half_life_days")
    fitted = [
        row(name)
        for name in ("ona_label_glabellar_20u_none_or_mild_investigator_d30", "ona_label_glabellar_20u_none_or_mild_investigator_d120")
    ]
    kept = [one for one in published_rows("validate") if one.trial == "ona_label_glabellar"]
    changed = [replace(one, value=min(100.0, 97.0 - one.value), n=7, tolerance=1.0) for one in kept]
    settings = {"people": 32, "most_steps": 1, "sampler_steps": 20, "draws": 5, "parameters": names}
    first, _ = calibrate([*fitted, *kept], **settings)
    second, _ = calibrate([*changed, *fitted], **settings)
    assert kept
    assert np.array_equal(first.draws, second.draws)
    assert first.facts == second.facts


def test_the_same_numbers_on_any_number_of_workers(found):
    again = validate(prior_posterior(), rows_of([TRIAL]), workers=2, **QUICK)
    assert json.dumps(again.to_json()) == json.dumps(found.to_json())


def test_every_row_is_judged_once_with_its_tolerance(found):
    rows = {one.row: one for one in published_rows() if one.trial == TRIAL}
    document = found.to_json()
    assert [entry["row"] for entry in document["rows"]] == list(rows)
    for entry in document["rows"]:
        source = rows[entry["row"]]
        assert (entry["observed"], entry["tolerance"], entry["use"]) == (source.value, source.tolerance, source.use)
        assert entry["low"] <= entry["high"]
        assert entry["inside_tolerance"] == (abs(entry["predicted"] - source.value) <= source.tolerance)


def test_a_row_that_cannot_be_right_is_a_miss(found):
    rows = [replace(one, value=1.0) if one.use == "validate" else one for one in rows_of([TRIAL])]
    wrong = validate(prior_posterior(), rows, workers=1, **QUICK)
    assert wrong.summaries["validate"].inside_tolerance.hits == 0
    assert wrong.summaries["validate"].inside_interval.hits == 0
    before, after = ([one.predicted for one in result.judged] for result in (found, wrong))
    assert before == after


@pytest.mark.usefixtures("quick")
def test_the_folder_holds_what_it_says(tmp_path):
    out = tmp_path / "report"
    asked = ["validate", "--trial", TRIAL, "--trial", BEYOND, "--draws", "2", "--workers", "1", "--out", str(out)]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.stderr
    assert "never fitted" in result.stdout
    assert result.stdout.splitlines()[-1] == f"report: {out / 'validation.html'}"
    document = json.loads((out / "validation.json").read_text("utf-8"))
    assert {"rows", "summaries", "misses", "drivers", "doses", "identifiability", "posterior"} <= set(document)
    page = (out / "validation.html").read_text("utf-8")
    (why,) = document["others_misses"]["therapeutic uses"]
    assert why["rows"] == [entry["row"] for entry in document["others"]["therapeutic uses"] if not entry["hit"]]
    assert f"  {why['title']}:\n    {why['rows'][0]} " in result.stdout
    assert page.index(escape(why["title"])) < page.index(escape(why["reason"])) < page.index(f'title="{why["rows"][0]}"')
    assert f"The model against {len(document['rows']) + 2} published figures" in page
    for entry in document["rows"]:
        assert f'title="{entry["row"]}"' in page
    for outside in ("<script", '<link rel="stylesheet', 'src="http', "url(http"):
        assert outside not in page
    names = {path.name for path in (out / "pictures").iterdir()}
    assert {"agreement.png", "drivers.png", "dose_and_duration.png", "women_and_men.png", "prior_and_posterior.png", "correlation.png",
            f"trial_{TRIAL}.png"} <= names  # fmt: skip
    again = CliRunner().invoke(main, asked)
    assert again.exit_code == 0


@pytest.mark.usefixtures("quick")
def test_json_is_alone_on_stdout_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["validate", "--trial", TRIAL, "--draws", "1", "--workers", "1", "--json"])
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["settings"]["draws"] == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trial", "ona_glabelar_2"], "did you mean 'ona_glabellar_2'"),
        (["--draws", "0"], "--draws"),
        (["--draws", "100000"], "draws = 100000: must be from 1 to 4"),
        (["--workers", "0"], "--workers"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_bad_input_is_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["validate", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    result = CliRunner().invoke(main, ["validate", "--trial", TRIAL, "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "notes.txt" in result.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_rows_without_any_use_are_refused():
    with pytest.raises(InputError, match="none is marked calibrate or validate"):
        validate(prior_posterior(), [replace(one, use="hold") for one in rows_of([TRIAL])])
