"""Published trial results: the shipped rows keep their promises, and a damaged table is named by file, line and column."""

import csv
import io
import math
from itertools import pairwise

import pytest

from glabella.errors import InputError
from glabella.evidence import published_rows, trial_record, trial_records
from glabella.evidence.patterns import labelled_units
from glabella.evidence.published import COLUMNS, TRIAL_COLUMNS, USES, read_published, read_trials
from glabella.evidence.sources import load_references
from glabella.evidence.tables import shipped_text

ROWS = [row for use in USES for row in published_rows(use)]
PUBLISHED = shipped_text("trials/published.csv")
TRIALS = shipped_text("trials/trials.csv")
PERCENT_OF_PEOPLE = ("responder_percent", "onset_percent", "side_effect_percent")


def figure(row):
    return row.trial, row.product, row.arm, row.dose_units, row.quantity, row.endpoint, row.rater, row.day


def changed(text, name, column, cell):
    """The table with one cell of the row ``name`` changed, and the line it then stands on."""
    lines = list(csv.reader(io.StringIO(text)))
    at = next(number for number, line in enumerate(lines) if line[0] == name)
    lines[at][lines[0].index(column)] = cell
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue(), at + 1


def gap_around(day, visits):
    days = (0, *visits)
    gaps = [after - before for before, after in pairwise(days)]
    return next((gap for gap, visit in zip(gaps, visits, strict=True) if day <= visit), gaps[-1])


def test_no_figure_stands_twice():
    assert len({row.row for row in ROWS}) == len(ROWS)
    figures = [figure(row) for row in ROWS if not row.quantity.startswith("strain")]  # strain: several regions and directions per trial
    assert len(set(figures)) == len(figures)


def test_nothing_fitted_is_also_validated():
    fitted, kept = ({figure(row) for row in published_rows(use)} for use in ("calibrate", "validate"))
    assert fitted
    assert kept
    assert not fitted & kept


def test_rows_on_hold_come_only_when_asked_for():
    assert {row.use for row in published_rows()} == {"calibrate", "validate"}
    assert {row.use for row in published_rows("hold")} == {"hold"}
    assert all("definition" in row.note or "visit was cut off" in row.note for row in published_rows("hold"))
    with pytest.raises(InputError, match="use 'validation' is unknown; did you mean 'validate'"):
        published_rows("validation")


def test_every_trial_has_rows_and_every_row_its_trial():
    assert trial_records()[0].trial == "default"
    assert {row.trial for row in ROWS} == {record.trial for record in trial_records()} - {"default"}
    assert all(row.indication == trial_record(row.trial).indication for row in ROWS)
    with pytest.raises(InputError, match=r"trial 'inco_gl3' is not in trials/trials\.csv; did you mean 'inco_gl"):
        trial_record("inco_gl3")


def test_responders_are_counted_on_a_day_of_the_trial():
    for row in published_rows():
        if row.quantity == "responder_percent":
            assert row.day in trial_record(row.trial).visit_days, row.row


def test_every_source_exists():
    assert {row.source for row in ROWS} | {record.source for record in trial_records()} <= set(load_references())


def test_tolerances_follow_the_rule_written_beside_the_table():
    for row in ROWS:
        if row.quantity in PERCENT_OF_PEOPLE:
            share = row.value / 100
            expected = max(10, 200 * math.sqrt(share * (1 - share) / row.n)) if row.n and row.n < 50 else 10
        elif row.quantity == "onset_median_days":
            expected = 1.5
        elif row.quantity == "duration_median_days":
            half_range = 61 if row.trial == "ona_mri_2013" else 0  # published as 6 to 10 months
            expected = max(row.value / 5, gap_around(row.value, trial_record(row.trial).visit_days), half_range)
        else:
            expected = row.value / 5
        assert row.tolerance == pytest.approx(expected, abs=0.051), row.row


def test_the_label_curve_as_published():
    curve = {
        row.day: row.value
        for row in published_rows("calibrate")
        if (row.trial, row.arm, row.endpoint) == ("ona_label_glabellar", "active", "none_or_mild_at_max_contraction")
    }
    assert curve == {7: 74, 30: 80, 60: 70, 90: 48, 120: 25}
    assert trial_record("ona_label_glabellar").visit_days == tuple(curve)


def test_lower_bounds_and_weeks():
    bounds = [row for row in ROWS if row.relation == ">="]
    assert {(row.trial, row.dose_units, row.value) for row in bounds} == {("ona_high_dose_women", dose, 168) for dose in (40, 60, 80)}
    assert next(row.value for row in ROWS if row.row == "ona_high_dose_women_20u_ge1_duration") == pytest.approx(19.7 * 7)


def test_label_trials_give_the_labelled_dose():
    for row in ROWS:
        if row.arm == "active" and row.trial.endswith("label_glabellar"):
            assert row.dose_units == labelled_units(row.product)["glabellar"], row.row


def test_what_a_trial_does_not_tell_is_the_default_population():
    default = trial_record("default")
    women = trial_record("ona_dose_women_2005")
    assert (women.female_share, women.severe_share, women.mean_age_years) == (1, default.severe_share, default.mean_age_years)
    assert trial_record("abo_dose_2021").severe_share == 0.679
    assert trial_record("abo_gl1").visit_days == default.visit_days


ROW = "ona_label_glabellar_20u_none_or_mild_investigator_d30"


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("row", "ona_label_glabellar_20u_none_or_mild_investigator_d7", "stands twice"),
        ("trial", "ona_label", "'ona_label'; did you mean 'ona_"),
        ("trial", "default", "'default'; "),
        ("product", "Botox", "'Botox'; "),
        ("dose_units", "", "empty; fill it in"),
        ("dose_units", "0", "0 in the arm 'active'; only placebo has 0 units"),
        ("arm", "placebo", "only placebo has 0 units"),
        ("n", "40.5", "must be a whole number"),
        ("n", "0", "must be a finite number above 0"),
        ("quantity", "responders", "'responders'; did you mean 'responder_percent'"),
        ("endpoint", "", "empty; fill it in"),
        ("endpoint", "any_onset", "'any_onset'; "),
        ("rater", "patient", "'patient'; "),
        ("day", "", "a responder_percent needs its day, or use 'hold'"),
        ("value", "80 %", "'80 %' is not a number"),
        ("value", "180", "180 must be from 0 to 100"),
        ("value", "nan", "must be a finite number"),
        ("unit", "days", "'days'; valid: percent"),
        ("relation", "<", "'<'; valid: =, >="),
        ("tolerance", "0", "must be a finite number above 0"),
        ("use", "fit", "'fit'; valid: calibrate, validate, hold"),
        ("quality", "read", "'read'; "),
        ("source", "", "empty; fill it in"),
    ],
)
def test_a_damaged_result_is_named(column, cell, message):
    text, line = changed(PUBLISHED, ROW, column, cell)
    with pytest.raises(InputError) as error:
        read_published(text)
    place = f"trials/published.csv line {line}, column "
    assert str(error.value).startswith(place)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    if (column, cell) != ("arm", "placebo"):  # that one is told by the units
        assert str(error.value).startswith(place + column)


@pytest.mark.parametrize(
    ("name", "column", "cell", "message"),
    [
        ("default", "severe_share", "", "empty; fill it in"),
        ("default", "trial", "standard", "the first row must be 'default'"),
        ("abo_gl1", "trial", "abo_gl2", "stands twice"),
        ("abo_gl1", "severe_share", "60", "60 must be from 0 to 1"),
        ("abo_gl1", "mean_age_years", "80", "80 must lie within the ages 18 to 75"),
        ("abo_gl1", "visit_days", "30;7", "must be rising whole days"),
        ("abo_gl1", "visit_days", "30;later", "must be rising whole days"),
        ("abo_gl1", "contraction", "smile", "'smile'; valid: maximum_frown"),
        ("abo_gl1", "screening", "subject", "'subject'; valid: investigator, both"),
        ("abo_gl1", "missing", "", "empty; fill it in"),
        ("abo_gl1", "response", "ge2_grade_composite", "'ge2_grade_composite'; did you mean 'ge2_grade_improvement'"),
    ],
)
def test_a_damaged_trial_is_named(name, column, cell, message):
    text, line = changed(TRIALS, name, column, cell)
    with pytest.raises(InputError) as error:
        read_trials(text)
    assert message in str(error.value)
    line += (column, cell) == ("trial", "abo_gl2")  # the second of the two is the one told
    assert str(error.value).startswith(f"trials/trials.csv line {line}, column {column}")


@pytest.mark.parametrize(("read", "text", "columns"), [(read_published, PUBLISHED, COLUMNS), (read_trials, TRIALS, TRIAL_COLUMNS)])
def test_a_missing_column_is_named(read, text, columns):
    with pytest.raises(InputError, match=f"line 1: header must be {','.join(columns)}"):
        read(text.replace(",source,note", ",note", 1))
    with pytest.raises(InputError, match=r"line \d+: .* first missing column"):
        read(text.rstrip("\n") + "\nonly,three,cells\n")
