"""``glabella plan``: what it prints and writes, and that every goal that cannot be is one line that says what to change."""

import json
from functools import partial
from importlib import import_module

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from glabella.cli import main
from glabella.errors import InputError
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.planner.goal import Goal
from glabella.planner.infeasible import InfeasibleError
from glabella.planner.lowest_dose import lowest_dose
from glabella.planner.planned_document import planned_schema, validate_planned
from glabella.planner.show import percent, planned_lines, sentence
from glabella.report.planned import render_planned

FEW = ["--draws", "16", "--samples", "16"]
GOAL = """
area = "glabellar"
[goal]
grade_at_most = 1
on_day = 30
with_probability = 0.7
[keep]
brow_raise_percent = 70
[limits]
eyelid_ptosis = 0.02
"""
PERSON = "[baseline.glabellar]\nrest = 1\ncontraction = 2\n"


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One run of the command, with the files it wrote and the planned dose behind them."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "goal.toml").write_text(GOAL)
    (folder / "person.toml").write_text(PERSON)
    room, kept = import_module("glabella.planner.lowest_dose"), []

    def spy(*arguments, **settings):
        kept.append(lowest_dose(*arguments, **settings))
        return kept[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "lowest_dose", spy)
        result = run("plan", folder / "goal.toml", "--patient", folder / "person.toml", "--out", folder / "out", *FEW)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return folder / "out", result, kept[0]


@pytest.fixture
def no_planning(written, monkeypatch):
    """The command with the result that is there already."""
    monkeypatch.setattr(import_module("glabella.planner.lowest_dose"), "lowest_dose", lambda *a, **k: written[2])


def test_what_is_printed(written):
    out, result, planned = written
    lines = result.stdout.splitlines()
    assert lines[0] == "lowest simulated dose within the label: an exploration for research and education, not advice and not a directive"
    assert lines[1] == sentence(planned)
    assert f"{planned.plan.units:g} U instead of the licensed 20 U" in lines[1]
    assert lines[-2:] == [f"plan: {out / 'plan.toml'}", f"report: {out / 'report.html'}"]
    for words in (
        "units per muscle", "conditions: chance on 16 fresh samples", "brow raise, day 30, %", "side effects: computed chance per person",
        "one step less at a site", "trade-off", "glabellar lines 1 at rest, 2 at contraction", "never read from a picture", "label, info:",
        "research and education, not a medical device",
    ):  # fmt: skip
        assert words in result.stdout, words
    condition = next(line for line in lines if line.strip().startswith("glabellar lines at maximum frown rated none or mild"))
    assert "at least 70 %" in condition
    assert "met" in condition


def test_the_folder_holds_what_it_says(written):
    out, _, planned = written
    assert {path.name for path in out.iterdir()} == {"plan.toml", "planned.json", "report.html", "pictures"}
    page = (out / "report.html").read_text("utf-8")
    for outside in ("<script", '<link rel="stylesheet', 'src="http', "url(http"):
        assert outside not in page
    assert "Lowest simulated dose within the label: an exploration, not a directive" in page
    assert "Research and education, not a medical device." in page
    assert "fresh samples" in page
    assert 'class="watermark"' not in page
    names = {path.name for path in (out / "pictures").iterdir()}
    faces = {f"{plan}_face_maximum_frown_day_{day}.png" for plan in ("planned", "licensed") for day in ("000", "030", "120")}
    assert names == faces | {"needles.png", "trade_off.png", "one_step_less.png", "movement.png", "grade.png", "brow.png"}
    for source in planned.outcome.sources().references:
        assert f'id="source-{source.key}"' in page


def test_the_plan_file_is_one_for_the_other_commands(written):
    out, _, planned = written
    plan = Plan.read(out / "plan.toml")
    assert plan.note is not None
    assert plan.note.startswith("simulated exploration, not a directive; goal: glabellar lines at maximum frown rated none or mild")
    assert plan.sessions == planned.plan.sessions
    checked = run("check", out / "plan.toml")
    assert checked.exit_code == 0
    assert f"{plan.units:g} U" in checked.stdout


def test_the_json_fits_its_schema(written):
    out, _, planned = written
    document = json.loads((out / "planned.json").read_text("utf-8"))
    validate_planned(document)
    assert [condition["says"] for condition in document["conditions"]] == [o.says() for o in planned.goal.objectives]
    assert all(condition["met"] for condition in document["conditions"])
    assert document["plan"]["units"] == sum(needle["units"] for needle in document["plan"]["needles"])
    assert sum(document["units_by_muscle"].values()) == document["plan"]["units"] <= document["licensed"]["units"]
    for row in document["one_step_less"]:
        for low, change, high in zip(row["low_points"], row["change_points"], row["high_points"], strict=True):
            assert low <= change <= high
    assert document["one_step_less"][0]["change_points"][0] < 0
    units = [point["units"] for point in document["trade_off"]]
    chances = [point["chance"] for point in document["trade_off"]]
    assert units == sorted(units)
    assert units[-1] == pytest.approx(20)
    assert chances[-1] > chances[0]


def test_the_schema_itself_describes_every_key(written):
    schema = planned_schema()
    Draft202012Validator.check_schema(schema)
    assert not [name for name, rule in schema["properties"].items() if not ("description" in rule or "$ref" in rule)]
    assert not [name for name, rule in schema["$defs"].items() if "description" not in rule]
    document = json.loads((written[0] / "planned.json").read_text("utf-8"))
    light = {**document, "outcomes": [], "licensed_outcomes": []}
    for name in document:
        with pytest.raises(InputError, match="planned dose"):
            validate_planned({key: value for key, value in light.items() if key != name})
    with pytest.raises(InputError, match="conditions/0/planned/value"):
        validate_planned({**document, "conditions": [{**document["conditions"][0], "planned": {"value": 1.2, "low": 0, "high": 1}}]})


@pytest.mark.usefixtures("no_planning")
def test_json_is_alone_on_stdout_and_writes_nothing(tmp_path, monkeypatch, written):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "goal.toml").write_text(GOAL)
    result = run("plan", "goal.toml", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == json.loads((written[0] / "planned.json").read_text("utf-8"))
    assert [path.name for path in tmp_path.iterdir()] == ["goal.toml"]


def test_a_study_is_marked(written):
    from dataclasses import replace

    planned = written[2]
    goal = replace(planned.goal, purpose="study")
    outcomes = tuple(replace(outcome, plan=outcome.plan.with_purpose("study"), scene=None) for outcome in planned.outcomes)
    study = replace(planned, goal=goal, plan=planned.plan.with_purpose("study"), outcomes=outcomes)
    assert study.watermark == "study"
    assert next(iter(planned_lines(study))) == "*** STUDY: not for treating a person ***"
    assert study.to_json()["frame"].startswith("lowest simulated dose of a study, beyond the label")
    from glabella.report.planned_charts import draw_planned
    from glabella.report.style import styled

    with styled():
        pictures = list(draw_planned(study))
    page = render_planned(study, pictures)
    assert 'class="watermark"' in page
    assert "Not for treating a person" in page
    assert all(">STUDY<" in picture.svg for picture in pictures)


def test_chances_are_never_rounded_to_certainty():
    assert [percent(share) for share in (0.99995, 0.996, 0.8, 0.0123, 0.0004)] == ["99.9", "99.6", "80", "1.2", "under 0.1"]


BAD = {
    "unknown area": ('"glabellar"', '"chin"', [], "valid: glabellar, forehead, lateral_canthal"),
    "unknown key": ("on_day", "onday", [], "did you mean 'on_day'"),
    "zero probability": ("= 0.7", "= 0.0", [], "nothing is asked for"),
    "until before on": ("on_day = 30", "on_day = 30\nuntil_day = 14", [], "until_day = 14 comes before on_day = 30"),
    "no allowed site": ("[limits]", "[needles]\nsites = []\n[limits]", [], "no allowed site"),
    "a site elsewhere": ("[limits]", '[needles]\nsites = ["lateral_canthal_upper_left"]\n[limits]', [], "no site of this plan; its sites"),
    "step above the limit": ("[limits]", "[needles]\nmost_units = 0.5\n[limits]", [], "dose_step_units = 1 is larger than most_units"),
    "a wish that is there already": ("= 0.7", "= 0.7", ["--patient", "mild.toml"], "before treatment already"),
    "another product": ("= 0.7", "= 0.7", ["--start", "other.toml"], "not interchangeable"),
    "several sessions": ("= 0.7", "= 0.7", ["--start", "twice.toml"], "2 sessions"),
    "a needle off the face": ("= 0.7", "= 0.7", ["--start", "off.toml"], "outside"),
    "nobody": ("= 0.7", "= 0.7", ["--patient", "nobody.toml"], "no such file"),
    "no draws": ("= 0.7", "= 0.7", ["--draws", "0"], "--draws"),
    "a folder of somebody else": ("= 0.7", "= 0.7", ["--out", "taken"], "notes.txt"),
    "an unknown parameter": ("= 0.7", "= 0.7", ["--set", "nothing=1"], "nothing"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case, tmp_path, monkeypatch):
    old, new, more, words = BAD[case]
    monkeypatch.chdir(tmp_path)
    licensed = Plan.label("onabotulinumtoxinA")
    (tmp_path / "goal.toml").write_text(GOAL.replace(old, new, 1))
    (tmp_path / "mild.toml").write_text("[baseline.glabellar]\nrest = 0\ncontraction = 1\n")
    Plan.label("incobotulinumtoxinA").write(tmp_path / "other.toml")
    licensed.repeated(0, 120).write(tmp_path / "twice.toml")
    licensed.move("procerus", up_mm=120).write(tmp_path / "off.toml")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    result = run("plan", "goal.toml", *more)
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    (line,) = result.stderr.splitlines()
    assert words in line, line
    assert line.startswith("error: ")
    assert result.stdout == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_person_whom_the_label_excludes_is_refused(tmp_path):
    (tmp_path / "goal.toml").write_text(GOAL)
    (tmp_path / "person.toml").write_text('conditions = ["infection_at_site"]\n')
    result = run("plan", tmp_path / "goal.toml", "--patient", tmp_path / "person.toml", "--json")
    assert result.exit_code == 1, (result.stdout, result.stderr)
    (line,) = result.stderr.splitlines()
    assert line.startswith("refused: ")


def test_infeasible_goals_say_what_binds_and_the_nearest(monkeypatch, tmp_path):
    room = import_module("glabella.planner.lowest_dose")
    built = {}

    def build_once(face, patient, parameters):
        if patient not in built:
            built[patient] = build_person(face, patient, parameters)
        return built[patient]

    build_person = room.build_person
    monkeypatch.setattr(room, "build_person", build_once)
    plan = partial(lowest_dose, None, Patient(baseline={"glabellar": Grades(1, 2)}), draws=6, samples=6)
    with pytest.raises(InfeasibleError, match="its own limits cannot hold together") as contradicting:
        plan(goal=Goal("glabellar", 0, keep={"maximum_frown": 100}))
    assert "100 % of the movement of the maximum frown" in contradicting.value.binding[0]
    (tmp_path / "goal.toml").write_text(GOAL.replace("0.02", "0.0005").replace("0.7", "0.95"))
    (tmp_path / "person.toml").write_text(PERSON)
    result = run("plan", tmp_path / "goal.toml", "--patient", tmp_path / "person.toml", "--draws", 6, "--samples", 6, "--json")
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    (line,) = result.stderr.splitlines()
    for words in ("no allowed dose reaches it", "what binds: the limit of 0.05 % on eyelid ptosis", "can be reached: with_probability"):
        assert words in line, line
