"""The lower face as others meet it: the command, its JSON and folder, the picture, refusals with their exit codes."""

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.lower_face import COARSE, ONA

from glabella import Plan, simulate
from glabella.cli import main
from glabella.commands.common import parameters_with
from glabella.errors import InputError
from glabella.lower_face.outcome import LowerOutcome, lower_outcome_schema
from glabella.lower_face.timeline import BANDS_LEAVE_OUT, lower_timeline_lines
from glabella.validation.judged import people_behind
from glabella.validation.lower_face import EFFECTS, predict_lower_face
from glabella.validation.others import OTHERS, other_rows

EXAMPLE = "examples/masseter_study_plan.toml"


def run(*words):
    return CliRunner().invoke(main, list(words))


@pytest.fixture(scope="module")
def outcome():
    return simulate(Plan.study(ONA, "masseter_48"), days=120, samples=3, seed=5, **COARSE)


def test_the_outcome_is_what_its_schema_says(outcome):
    assert isinstance(outcome, LowerOutcome)
    document = json.loads(json.dumps(outcome.to_json()))
    Draft202012Validator.check_schema(lower_outcome_schema())
    Draft202012Validator(lower_outcome_schema()).validate(document)
    assert document["watermark"] == "study"
    curves = [*document["muscles"].values(), *document["thickness"].values()]
    lengths = {len(band["median"]) for one in curves for band in one.values()}
    assert lengths == {len(document["days"])}
    used = {row["name"] for row in document["sources"]["parameters"]}
    assert {"masseter_muscle_regrowth_per_day", "masseter_thickness_clench_female_mm", "clench_masseter_share"} <= used
    assert {"kiliaridis1991", "aaps_masseter"} <= {entry["key"] for entry in document["sources"]["references"]}


def test_the_same_seed_gives_the_same_numbers_for_any_workers(outcome):
    again = simulate(Plan.study(ONA, "masseter_48"), days=120, samples=3, seed=5, workers=1, **COARSE)
    assert again.to_json() == outcome.to_json()


def test_the_report_has_its_own_page(outcome, tmp_path):
    from glabella.report.lower_face import write_lower_report

    page = write_lower_report(outcome, tmp_path / "report").read_text("utf-8")
    assert 'class="watermark"' in page
    for words in ("in the masseter", "Thickness of the masseter", "Strength left", "Weak bite", "Not for treating a person"):
        assert words in page
    for misleading in ("brow", "Frown pattern", "wrinkle scale", "crow"):
        assert misleading not in page.split('<section id="sources"')[0]
    assert page.count(BANDS_LEAVE_OUT) == 2
    assert BANDS_LEAVE_OUT in lower_timeline_lines(outcome)
    found = {path.name for path in (tmp_path / "report" / "pictures").iterdir()}
    assert found == {"needles.png", "movement.png", "thickness.png", "muscles.png"}


def test_the_command_tells_a_timeline_of_its_own():
    result = run("simulate", EXAMPLE, "--samples", "0", "--days", "100")
    assert result.exit_code == 0
    assert "*** STUDY: off-label, or licensed without a pattern checked here; not for treating a person ***" in result.output
    assert "clenched left mm" in result.output
    assert "grade" not in result.output
    assert "strain" not in result.output


def test_a_row_of_the_lower_face_can_be_set():
    assert parameters_with(["clench_masseter_share=0.5"]).overrides == {"clench_masseter_share": 0.5}
    with pytest.raises(InputError, match="did you mean 'clench_masseter_share'"):
        parameters_with(["clench_maseter_share=0.5"])
    assert "clench_masseter_share" not in parameters_with(["tissue_porosity=0.2"]).rows


def test_refusals_and_errors_have_their_codes(tmp_path):
    person = tmp_path / "person.toml"
    Plan.read(EXAMPLE).with_purpose("person").write(person)
    refused = run("check", str(person))
    assert refused.exit_code == 1
    assert "off-label: not licensed for this area; study only" in refused.output
    assert run("simulate", str(person), "--samples", "0").exit_code == 1
    assert run("check", EXAMPLE).exit_code == 0
    label = tmp_path / "label.toml"
    label.write_text('purpose = "person"\nproduct = "onabotulinumtoxinA"\n[[session]]\nday = 0\npattern = "platysma"\n', "utf-8")
    wrong = run("check", str(label))
    assert wrong.exit_code == 2
    assert "no pattern is shipped" in wrong.output
    assert run("show", "muscles", "--region", "lower_fase").exit_code == 2
    assert run("show", "products", "--region", "lower_face").exit_code == 2


def test_the_muscles_can_be_drawn(tmp_path):
    assert run("show", "muscles", "--region", "lower_face", "--out", str(tmp_path / "lower.png")).exit_code == 0
    assert (tmp_path / "lower.png").stat().st_size > 100_000


def test_published_figures_are_predicted():
    """Every figure has a prediction of the right kind; which of them are met is told in the validation report, not asserted here."""
    other = next(other for other in OTHERS if other.name == "lower face")
    told = [row for row in other_rows() if row.quantity in other.quantities]
    assert {row.use for row in told} == {"calibrate", "validate"}
    assert all(people_behind(row) for row in told)
    rows = [row for row in told if row.quantity not in EFFECTS]  # those need every structure at risk solved: glabella validate does
    values, sd = predict_lower_face(rows, [{}])
    assert values.shape == (1, len(rows))
    assert sd.shape == (len(rows),)
    by_row = dict(zip((row.row for row in rows), values[0], strict=True))
    thinner = [by_row[f"botulax_masseter_{units}u_clench_change_d84"] for units in (24, 48, 72, 96)]
    assert 0 > thinner[0] > thinner[1] > thinner[2] > thinner[3]
    assert by_row["weekly_masseter_thinnest"] == pytest.approx(77, abs=3)  # the row that was fitted
