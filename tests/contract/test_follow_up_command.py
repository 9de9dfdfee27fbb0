"""`glabella follow-up`: what it prints and writes, that a seed repeats, and how it refuses."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.follow_up.document import follow_up_schema, validate_follow_up
from glabella.follow_up.visits import Visit, Visits
from glabella.plan import Plan

PLAN = 'purpose = "person"\nproduct = "onabotulinumtoxinA"\n[[session]]\nday = 0\npattern = "glabellar"\n'
HEADER = "day,area,expression,rater,grade\n"
SEEN = "14,glabellar,maximum_frown,investigator,1\n60,glabellar,maximum_frown,investigator,2\n60,glabellar,maximum_frown,subject,2\n"


def run(*arguments):
    return CliRunner().invoke(main, ["follow-up", *map(str, arguments)])


@pytest.fixture
def files(tmp_path):
    def files(visits=HEADER + SEEN, plan=PLAN, name="visits.csv"):
        (tmp_path / "plan.toml").write_text(plan)
        (tmp_path / name).write_text(visits)
        return tmp_path / "plan.toml", tmp_path / name

    return files


def test_a_report_holds_page_numbers_and_pictures(files, tmp_path):
    out = tmp_path / "report"
    found = run(*files(), "--out", out)
    assert found.exit_code == 0, found.stderr
    for words in ("expected before", "none or mild", "half of the effect gone", "grade 2 (moderate) again", "worth",
                  "not a medical device"):  # fmt: skip
        assert words in found.stdout
    assert sorted(path.name for path in (out / "pictures").iterdir()) == ["course_glabellar.png", "grade_glabellar.png"]
    page = (out / "report.html").read_text("utf-8")
    assert "The rest of this course" in page
    assert page.count("<svg") == 2
    assert "http://" not in page.split("<section")[1]
    document = json.loads((out / "follow-up.json").read_text("utf-8"))
    validate_follow_up(document)
    before, after = (document[when]["areas"]["glabellar"]["grade"] for when in ("before", "after"))
    at = document["days"].index(60.0)
    assert after["high"][at] - after["low"][at] < before["high"][at] - before["low"][at]
    assert document["people"]["effective_after"] < document["people"]["effective_before"] <= document["people"]["drawn"]
    assert document["people"]["needed"] is None


def test_json_is_the_result_alone_and_a_seed_repeats(files):
    first, again = (run(*files(), "--seed", 4, "--days", 120, "--returns-to", 3, "--json") for _ in range(2))
    assert first.exit_code == 0, first.stderr
    assert first.stdout == again.stdout
    document = json.loads(first.stdout)
    validate_follow_up(document)
    assert document["days"][-1] == 120
    assert document["returns_to_grade"] == 3
    assert document["visits"][0]["grade"] == 1
    for name in document:
        assert name in follow_up_schema()["properties"]


def test_what_hardly_happens_is_refused_and_says_how_many_draws_would_do(files):
    rows = [f"{day},glabellar,{face},{who},{grade}" for day, grade in ((14, 3), (21, 0), (30, 3), (45, 0), (60, 3), (75, 0))
            for face in ("maximum_frown", "rest") for who in ("investigator", "subject")]  # fmt: skip
    found = run(*files(HEADER + "\n".join(rows)), "--people", 8000)
    assert found.exit_code == 1
    assert "are left by the visits" in found.stderr
    assert "check days, grades and raters" in found.stderr
    assert "draws would give 400" in found.stderr


def test_too_few_people_and_an_unlikely_rating_are_said(files):
    rows = "".join(f"{day},glabellar,maximum_frown,investigator,{grade}\n" for day, grade in ((14, 1), (30, 3), (60, 1)))
    found = run(*files(HEADER + rows), "--people", 8000)
    assert found.exit_code == 0
    assert "caution: only" in found.stdout
    assert "draws would do (--people, now at most 8000)" in found.stdout
    assert "caution: grade 3 by the investigator on day 30 (glabellar, maximum frown) had a chance of" in found.stdout


def test_a_plan_above_the_label_is_refused_for_a_person(files):
    over = PLAN + "".join(f'[[session.injection]]\nsite = "{site}"\nunits = 40\ndepth_mm = 4\n' for site in ("procerus",))
    found = run(*files(plan=over.replace('pattern = "glabellar"\n', "")))
    assert found.exit_code == 1, found.stderr
    assert "label" in found.stderr


@pytest.mark.parametrize(
    ("visits", "arguments", "message"),
    [
        (HEADER + "-7,glabellar,maximum_frown,investigator,3", (), "before day 0"),
        (HEADER + "14,glabelar,maximum_frown,investigator,3", (), "did you mean 'glabellar'"),
        (HEADER + "14,glabellar,smiling,investigator,3", (), "did you mean 'smile'"),
        (HEADER + "14,glabellar,maximum_frown,doctor,3", (), "valid: investigator, subject"),
        (HEADER + "14,glabellar,maximum_frown,subject,4", (), "at most 3"),
        (HEADER + SEEN + SEEN, (), "stands twice; keep one"),
        (HEADER + "200,glabellar,maximum_frown,subject,3", (), "day 200 is after the last day 180"),
        (HEADER + "100,glabellar,maximum_frown,subject,3", ("--days", 90), "day 100 is after the last day 90"),
        (HEADER, (), "no visit in it"),
        ("", (), "column 'day' is missing"),
        (HEADER + SEEN, ("--returns-to", 4), "returns-to"),
    ],
)
def test_bad_input_is_one_line(files, visits, arguments, message):
    found = run(*files(visits), *arguments)
    assert found.exit_code == 2, (found.stdout, found.stderr)
    assert message in found.stderr
    assert found.stderr.count("\n") == 1
    assert not found.stdout


def test_malformed_toml_names_the_line(files):
    found = run(*files("[[visit]]\nday = = 14\n", name="visits.toml"))
    assert found.exit_code == 2
    assert "line 2" in found.stderr


def test_in_python_it_is_one_verb():
    import glabella as g

    seen = (Visit(14, "glabellar", "maximum_frown", "subject", 0),)
    found = g.update_forecast(Plan.label("onabotulinumtoxinA"), None, Visits(seen), days=90, seed=1)
    assert isinstance(found, g.FollowUp)
    day = found.posterior.areas["glabellar"].grade.at(60).median
    assert day < found.prior.areas["glabellar"].grade.at(60).median
    assert found.posterior.person["half_life"].median > 0
    plan = Plan.label("onabotulinumtoxinA")
    moved = g.Session(100, plan.move("procerus", up_mm=2).sessions[0].injections)
    with pytest.raises(g.InputError, match="different needles"):
        g.update_forecast(replace(plan, sessions=(*plan.sessions, moved)), None, seen)
