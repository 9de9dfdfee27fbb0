"""`glabella uses`: what it lists, prints and writes, and how it refuses."""

import json
import re

import pytest
from click.testing import CliRunner

from glabella.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["uses", *map(str, arguments)])


def test_the_list_has_statuses_and_their_date():
    found = run()
    assert found.exit_code == 0, found.stderr
    assert "as of 2026-11-23" in found.stdout
    assert "chronic migraine" in found.stdout
    document = json.loads(run("--json").stdout)
    assert {row["status"] for row in document["licences"]} == {"licensed", "not_licensed", "unknown"}
    assert all(row["source"] and row["as_of"] for row in document["licences"])


def test_a_use_prints_dosing_course_sources_and_what_is_not_modelled():
    found = run("chronic_migraine", "--samples", 3)
    assert found.exit_code == 0, found.stderr
    for words in ("31 sites, 155 U", "week 24", "not established", "no muscle stage", "Diener", "not a medical device", "never fitted"):
        assert words in " ".join(found.stdout.split())
    assert "you may" not in found.stdout


@pytest.mark.parametrize("columns", [None, 60, 140])
def test_text_keeps_within_the_terminal_and_its_numbers_lead_to_sources(columns):
    environment = {"COLUMNS": str(columns) if columns else ""}
    for arguments in ((), ("axillary_hyperhidrosis", "--samples", "2")):
        found = CliRunner().invoke(main, ["uses", *arguments], env=environment)
        assert found.exit_code == 0, found.stderr
        assert max(map(len, found.stdout.splitlines())) <= (columns or 100)
    body, sources = found.stdout.split("\nSources:\n")
    listed = {int(n) for n in re.findall(r"^  \[(\d+)\]", sources, re.M)}
    used = {int(n) for n in re.findall(r"\[([^\]]+)\]", body)}
    assert used
    assert used <= listed == set(range(1, len(listed) + 1))


@pytest.mark.parametrize("seed", range(3))
def test_a_number_lies_inside_its_own_band_however_few_the_draws(seed):
    document = json.loads(run("cervical_dystonia", "--samples", 2, "--weeks", 12, "--seed", seed, "--json").stdout)
    for curve in document["curves"]:
        assert all(low <= value <= high for low, value, high in zip(curve["low"], curve["value"], curve["high"], strict=True))
    for figure in document["figures"]:
        assert figure["low"] <= figure["value"] <= figure["high"]
    published = {one["row"]: one["model"] for one in document["published"]}
    assert not published  # no trial of this dose: what is compared with trials has every row at its value, whatever the draws
    curve = {curve["name"]: curve for curve in document["curves"]}["twstrs_change"]
    alone = json.loads(run("cervical_dystonia", "--samples", 0, "--weeks", 12, "--json").stdout)["curves"]
    assert curve["at_values"] == next(one["value"] for one in alone if one["name"] == "twstrs_change")


def test_json_is_the_course_alone_and_repeats():
    first, again = (run("axillary_hyperhidrosis", "--samples", 2, "--weeks", 8, "--seed", 5, "--json") for _ in range(2))
    assert first.exit_code == 0, first.stderr
    assert first.stdout == again.stdout
    document = json.loads(first.stdout)
    assert [len(curve["value"]) for curve in document["curves"]] == [8 * 7 + 1] * 5
    assert document["settings"] == {"samples": 2, "seed": 5}
    assert {"watermark", "dosing", "licences", "published", "modelled", "not_modelled", "sources", "frame"} <= set(document)
    assert all(low <= high for curve in document["curves"] for low, high in zip(curve["low"], curve["high"], strict=True))


def test_a_folder_holds_page_numbers_and_pictures_and_a_study_is_marked(tmp_path):
    out = tmp_path / "use"
    found = run(
        "cervical_dystonia", "--product", "rimabotulinumtoxinB", "--dose", 10000, "--purpose", "study", "--samples", 1, "--out", out
    )
    assert found.exit_code == 0, found.stderr
    assert sorted(path.name for path in (out / "pictures").iterdir()) == ["force.png", "twstrs.png"]
    page = (out / "report.html").read_text("utf-8")
    assert "STUDY: study only" in page
    assert found.stdout.splitlines()[0] == found.stdout.splitlines()[-2] == "*** STUDY: beyond the label, not for treating a person ***"
    assert page.count("<span>study</span>") == 24  # across the page; the pictures are stamped by their own room
    assert "Get help now" in page
    assert "http://" not in page.split("<section")[1]
    assert json.loads((out / "use.json").read_text("utf-8"))["watermark"] == "study"
    assert run("chronic_migraine", "--samples", 0, "--out", out).exit_code == 0  # an earlier folder of ours is replaced


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("cervical_distonia",), 2, "did you mean 'cervical_dystonia'?"),
        (("cervical_dystonia", "--dose", 400), 1, "the label names no highest dose; the limit here is 300 U, the upper end"),
        (("cervical_dystonia", "--dose", 400, "--purpose", "study"), 1, "highest dose of a published trial"),
        (("chronic_migraine", "--dose", 5), 2, "allowed: the labelled 155 U, 0 for placebo, or up to 195 U with purpose study"),
        (("chronic_migraine", "--dose", 5, "--purpose", "study"), 2, "how the effect depends on the dose is not known"),
        (("chronic_migraine", "--dose", 170), 1, "the label's dose in one session is 155 U"),
        (("chronic_migraine", "--dose", 196, "--purpose", "study"), 1, "highest dose of a published trial in the table is 195 U"),
        (("chronic_migraine", "--product", "incobotulinumtoxinA"), 1, "no licence is in the table"),
        (("cervical_dystonia", "--product", "onabotulinumtoxina"), 2, "did you mean 'onabotulinumtoxinA'"),
        (("cervical_dystonia", "--weeks", 0), 2, "weeks"),
        (("cervical_dystonia", "--purpose", "home"), 2, "purpose"),
        (("--dose", 5), 2, "belong to one use"),
    ],
)
def test_refusals_are_one_line(arguments, code, message):
    found = run(*arguments)
    assert found.exit_code == code
    assert message in found.stderr
    assert found.stderr.count("\n") == 1
    assert not found.stdout
