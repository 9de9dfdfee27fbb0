"""`glabella simulate --years`: what it prints and writes, its schema, and how it refuses."""

import json
import re

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from glabella.cli import main
from glabella.errors import InputError
from glabella.plan import Plan
from glabella.years.document import validate_years, years_schema

PLAN = Plan.label("onabotulinumtoxinA")


def run(*arguments):
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plans") / "plan.toml"
    PLAN.write(path)
    return path


@pytest.fixture(scope="module")
def written(plan, tmp_path_factory):
    """(printed lines, folder) of one whole run with a report."""
    folder = tmp_path_factory.mktemp("reports") / "years"
    asked = ("--years", 2, "--samples", 3, "--seed", 2, "--repeat", "every 12 weeks", "--compare", "over_treated,never,licensed")
    result = run(plan, *asked, "--out", folder)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result.stdout.splitlines(), folder


def test_the_text_has_scenarios_sentences_and_the_frame(written):
    lines, folder = written
    assert lines[0] == "*** STUDY: over-treated, every 6 weeks: not for treating a person ***"
    assert lines[-1] == f"report: {folder / 'report.html'}"
    assert lines[-2] == "research and education, not a medical device"
    titles = ("never treated", "treated as licensed, every 90 days; 9 sessions", "over-treated, every 6 weeks (study); 18 sessions")
    assert all(title in lines for title in titles)
    assert any("90 days apart, not 84" in line for line in lines)
    starts = (
        "New lines, treated as licensed", "The line that is there, over-treated", "Bulk, over-treated", "Weaker muscle",
        "Antibodies, treated as licensed", "Assumed here",
    )  # fmt: skip
    for start in starts:
        assert any(line.startswith(start) for line in lines), start


def test_a_study_is_said_wherever_it_stands(written):
    """In every line, tile, caption, table header and text of a picture that tells of the arm."""
    lines, folder = written
    page = (folder / "report.html").read_text("utf-8")
    told = [*lines[1:], *re.findall(r">([^<]*over-treated, every 6 weeks[^<]*)<", page, re.IGNORECASE)]
    told = [line for line in told if "over-treated, every" in line.lower()]
    assert len(told) > 12
    assert not [line for line in told if "over-treated, every 6 weeks" in line.lower() and "(study)" not in line]


def test_the_folder_holds_page_numbers_and_pictures(written):
    _, folder = written
    page = (folder / "report.html").read_text("utf-8")
    assert "STUDY" in page.upper()
    assert "is not for treating a person" in page
    assert "research and education" in page.lower()
    assert "http://" not in page.replace("http://www.w3.org", "").split('id="sources"')[0]
    names = {path.stem for path in (folder / "pictures").iterdir()}
    assert names == {"by_year_glabellar", "lines_glabellar", "depth_glabellar", "bulk", "intervals", "without_effect"}
    document = json.loads((folder / "years.json").read_text("utf-8"))
    validate_years(document)
    assert document["year_ends"] == [1, 2]
    never, licensed, over = (document["scenarios"][name] for name in ("never", "licensed", "over_treated"))
    assert (licensed["purpose"], licensed["watermark"]) == ("person", None)
    assert (over["purpose"], over["watermark"], document["watermark"]) == ("study", "study", "study")
    assert never["units_so_far"]["median"][-1] == 0
    assert licensed["units_so_far"]["median"][-1] == 180
    assert licensed["session_days"][1] == 90
    by_year = licensed["by_year"]
    assert by_year["units_so_far"]["median"] == [100, 180]
    frown = by_year["areas"]["glabellar"]["grade_contraction"]
    assert all(mean < worst for mean, worst in zip(frown["mean"]["median"], frown["worst"]["median"], strict=True))
    bulk = by_year["muscles"]["procerus"]["bulk"]
    assert all(mean > worst for mean, worst in zip(bulk["mean"]["median"], bulk["worst"]["median"], strict=True))
    assert all(entry["less_depth_mm"]["low"] > 0 for entry in document["prevention"])


def test_json_alone_and_its_schema(plan):
    result = run(plan, "--years", 1, "--samples", 0, "--json", "--compare", "never", "--set", "resting_line_growth_mm_per_year=0.02")
    assert result.exit_code == 0, (result.stderr, result.exception)
    document = json.loads(result.stdout)
    Draft202012Validator.check_schema(years_schema())
    validate_years(document)
    depth = document["scenarios"]["never"]["areas"]["glabellar"]["depth_rest_mm"]
    assert depth["median"] == depth["low"] == depth["high"]
    assert document["overrides"] == {"resting_line_growth_mm_per_year": 0.02}
    assert document["without_effect"] is None
    assert document["weaker"] is None
    with pytest.raises(InputError, match="scenarios/never"):
        validate_years({**document, "scenarios": {"never": {**document["scenarios"]["never"], "purpose": "cosmetic"}}})
    with pytest.raises(InputError, match="one value per day"):
        validate_years({**document, "days": document["days"][:-1]})


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--years", 5, "--repeat", "every 6 weeks"), 1, "refused: every 6 weeks: the label asks for at least 90 days"),
        (("--years", 5, "--repeat", "now and then"), 2, "not a rule that is known; write 'every 12 weeks'"),
        (("--years", 5, "--compare", "never,sometimes"), 2, "compare: 'sometimes' is unknown"),
        (("--years", 21), 2, "years = 21.0: outside the allowed range"),
        (("--years", 0), 2, "above 0"),
        (("--years", 5, "--days", 100), 2, "--days and --years: give one of the two"),
        (("--repeat", "every 12 weeks"), 2, "--repeat: needs --years N"),
        (("--compare", "never"), 2, "--compare: needs --years N"),
    ],
)
def test_refusals_and_errors_are_one_line(plan, options, code, message):
    result = run(plan, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not result.stdout


def test_years_of_the_lower_face_are_refused_for_a_person(tmp_path):
    path = tmp_path / "masseter.toml"
    lower = Plan.read("examples/masseter_study_plan.toml")
    for purpose, code, said in (("person", 1, "refused: "), ("study", 2, "lies in the lower face")):
        lower.with_purpose(purpose).write(path)
        result = run(path, "--years", 2)
        assert result.exit_code == code
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_study_is_refused_what_no_trial_has_done(tmp_path):
    path = tmp_path / "study.toml"
    PLAN.with_purpose("study").write(path)
    result = run(path, "--years", 5, "--repeat", "every 4 weeks")
    assert result.exit_code == 1
    assert "no published trial in the evidence has sessions less than 42 days apart" in result.stderr
