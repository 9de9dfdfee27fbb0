"""`glabella compare`: what it prints and writes, its schema, and how it refuses."""

import copy
import json
import re

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from glabella.cli import main
from glabella.comparison import comparison_schema, validate_comparison
from glabella.errors import InputError
from glabella.plan import Plan

FRAME = "research and education, not a medical device"


def run(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Files of two plans, one of another product, and one that the label refuses."""
    folder = tmp_path_factory.mktemp("plans")
    label = Plan.label("onabotulinumtoxinA")
    made = {
        "first": label, "second": label.with_units("procerus", 3), "other": Plan.label("abobotulinumtoxinA"),
        "refused": label.with_units("procerus", 5), "late": label.repeated(0, 120),
    }  # fmt: skip
    for name, plan in made.items():
        plan.write(folder / f"{name}.toml")
    return {name: folder / f"{name}.toml" for name in made}


@pytest.fixture(scope="module")
def written(plans, tmp_path_factory):
    """(printed lines, folder) of one whole run with a report."""
    folder = tmp_path_factory.mktemp("reports") / "compared"
    result = run(plans["first"], plans["second"], "--days", 30, "--samples", 3, "--seed", 2, "--out", folder)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result.stdout.splitlines(), folder


@pytest.fixture(scope="module")
def document(plans):
    result = run(plans["other"], plans["second"], "--days", 3, "--samples", 0, "--json", "--set", "tissue_porosity=0.31")
    assert result.exit_code == 0, (result.stderr, result.exception)
    return json.loads(result.stdout)


def test_the_text_has_both_plans_their_difference_and_the_frame(written):
    lines, folder = written
    assert lines[0] == "first plan:  onabotulinumtoxinA, 20 U at 5 sites, 100 U in 2.5 mL, purpose 'person'"
    assert lines[-1] == f"report: {folder / 'report.html'}"
    assert lines[-2] == FRAME
    days = [line.split()[0] for line in lines[lines.index("brow peak, left: mm up from before") :] if re.match(r" +\d+ ", line)]
    assert days[:5] == ["0", "7", "14", "30", "0"]
    assert any(line.startswith("glabellar lines at maximum frown: grade") for line in lines)
    assert any(line.startswith("brow raise: movement kept") for line in lines)
    assert any(re.fullmatch(r" +procerus +4 U +3 U", line) for line in lines)
    assert any(line.startswith("  eyelid ptosis") and line.endswith("computed") for line in lines)
    assert sum(line.startswith("With the second plan") for line in lines) == 1


def test_the_folder_holds_page_pictures_and_data(written):
    _, folder = written
    assert sorted(path.name for path in folder.iterdir()) == ["comparison.json", "pictures", "report.html"]
    names = {path.name for path in (folder / "pictures").iterdir()}
    faces = {f"{plan}_face_maximum_frown_day_{day}.png" for plan in ("first", "second") for day in ("000", "030")}
    assert names == faces | {"lines_glabellar.png", "brows.png"}
    data = json.loads((folder / "comparison.json").read_text("utf-8"))
    validate_comparison(data)
    page = (folder / "report.html").read_text("utf-8")
    assert data["summary"].split(";")[0].replace(" %", "\N{NO-BREAK SPACE}%") in page
    assert 'content="glabella comparison"' in page
    assert page.lower().count(FRAME) == 2
    for outside in ("<script", '<link rel="stylesheet', 'src="http', "url(http"):
        assert outside not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert page.count("<img ") == len(re.findall(r'<img src="data:image/jpeg;base64,[^"]+" alt="With the (?:first|second) plan', page)) == 4
    assert page.count('class="chart"') == 2


def test_a_report_is_replaced_and_nothing_else(written, plans, tmp_path):
    _, folder = written
    (tmp_path / "notes.txt").write_text("mine")
    result = run(plans["first"], plans["second"], "--samples", 0, "--out", tmp_path)
    assert result.exit_code == 2
    assert "notes.txt" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    result = CliRunner().invoke(main, ["simulate", str(plans["first"]), "--out", str(folder)])  # not over another kind of report
    assert result.exit_code == 2
    assert "comparison.json" in result.stderr


def test_json_is_the_comparison_alone(document):
    validate_comparison(document)
    assert document["overrides"] == {"tissue_porosity": 0.31}
    assert document["days"] == [0, 0.5, 1, 1.5, 2, 3]
    assert document["plans"]["first"]["plan"]["product"] == "abobotulinumtoxinA"
    assert document["plans"]["second"]["units_by_site"]["procerus"] == 3
    assert "not interchangeable" in document["units_note"]
    for quantity in ("strain", "grade", "fine_lines"):
        pair = document["skin"]["glabellar"]["maximum_frown"][quantity]
        assert {"first", "second", "difference", "second_lower_share", "second_higher_share"} == set(pair)
    assert document["unwanted"]["headache"]["difference"] is None
    assert document["unwanted"]["headache"]["basis"] == "label_rate"
    assert set(document["unwanted"]["eyelid_ptosis"]["difference"]) == {"value", "low", "high"}


def test_the_schema_itself_is_valid_and_describes_every_key(document):
    schema = comparison_schema()
    Draft202012Validator.check_schema(schema)
    undescribed = [name for name, rule in schema["properties"].items() if not ("description" in rule or "$ref" in rule)]
    undescribed += [name for name, rule in schema["$defs"].items() if "description" not in rule]
    assert not undescribed
    assert set(schema["required"]) == set(schema["properties"]) == set(document)
    with pytest.raises(InputError, match="top level: 'sources' is a required property"):
        validate_comparison({key: value for key, value in document.items() if key != "sources"})


BROKEN = {
    "an unknown key": (("extra",), 1, "top level"),
    "another frame": (("frame",), "a medical device", "frame"),
    "a chance above one": (("unwanted", "headache", "first", "high"), 1.2, "unwanted/headache/first"),
    "a plan without its units": (("plans", "first"), {}, "plans/first"),
    "a missing day": (("brow", "left", "peak_mm", "difference", "low"), [0.0], "one value per day"),
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
        validate_comparison(broken)


REFUSED = {
    "missing file": (("first", "no-such-plan.toml"), (), 2, "no such file"),
    "no second plan": (("first",), (), 2, "PLAN_B.toml"),
    "the same plan twice": (("first", "first"), (), 2, "both plans are the same treatment"),
    "session after the last day": (("first", "late"), ("--days", "120"), 2, "late.toml: --days 120: the session on day 120"),
    "unknown person": (("first", "second"), ("--patient", "nobody.toml"), 2, "no such file"),
    "unknown row": (("first", "second"), ("--set", "tissue_porosty=1"), 2, "did you mean 'tissue_porosity'"),
    "value that nothing can be computed with": (
        ("first", "second"), ("--set", "tissue_porosity=0", "--samples", "0", "--days", "1"), 2, "nothing can be computed",
    ),
    "folder below a file": (("first", "second"), ("--out", "first.toml/below"), 2, "cannot be written"),
    "refused by the label": (("first", "refused"), ("--samples", "0"), 1, "second plan: refused: day 0, glabellar: 21 U"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_errors_are_one_line(plans, name, monkeypatch):
    files, more, code, words = REFUSED[name]
    monkeypatch.chdir(plans["first"].parent)
    before = sorted(path.name for path in plans["first"].parent.iterdir())
    result = run(*(plans.get(file, file) for file in files), *more)
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert words in line, line
    assert sorted(path.name for path in plans["first"].parent.iterdir()) == before
