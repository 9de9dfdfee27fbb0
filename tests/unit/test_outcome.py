"""Curves, their bands and milestones; what an outcome says about itself."""

import datetime
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from tests.example_outcome import DAYS, build_outcome

from glabella.errors import InputError, SolverError
from glabella.evidence import load_parameters
from glabella.outcome import Curve, Estimate, Probability, outcome_text, plain, summarise, timeline_cells
from glabella.plan import Plan
from glabella.timeline import timeline_lines


@pytest.fixture(scope="module")
def outcome():
    return build_outcome(with_scene=False)


def single(days, values):
    return Curve(np.array(days, float), *[np.array(values, float)] * 3)


def test_summarise_gives_the_5th_50th_and_95th_percentile_of_each_day():
    samples = np.stack([np.arange(101.0), 10 * np.arange(101.0)], axis=1)
    curve = summarise(np.array([0.0, 1.0]), np.array([7.0, 7.0]), samples)
    assert curve.low.tolist() == [5, 50]
    assert curve.median.tolist() == [50, 500]
    assert curve.high.tolist() == [95, 950]


@pytest.mark.parametrize("samples", [None, np.empty((0, 2))])
def test_without_samples_the_nominal_run_is_the_whole_band(samples):
    curve = summarise(np.array([0.0, 1.0]), np.array([3.0, 4.0]), samples)
    assert curve.low.tolist() == curve.median.tolist() == curve.high.tolist() == [3, 4]


def test_at_is_linear_between_days_and_refuses_other_days():
    curve = Curve(np.array([0.0, 2.0]), np.array([1.0, 3.0]), np.array([0.0, 2.0]), np.array([1.0, 5.0]))
    assert curve.at(0.5) == Estimate(1.5, 0.5, 2.0)
    with pytest.raises(InputError, match=r"day 2\.1 was not computed; ask for a day from 0 to 2"):
        curve.at(2.1)


def test_a_curve_cannot_be_changed_or_hold_nonsense():
    curve = single([0, 1], [1, 2])
    with pytest.raises(ValueError, match="read-only"):
        curve.median[0] = 5
    with pytest.raises(SolverError, match="not finite at day 1"):
        single([0, 1], [1, math.nan])
    with pytest.raises(ValueError, match="must be \\(2,\\)"):
        single([0, 1], [1, 2, 3])
    with pytest.raises(ValueError, match="days must rise"):
        single([1, 0], [1, 2])
    with pytest.raises(ValueError, match="low <= median <= high"):
        Curve(np.array([0.0]), np.array([1.0]), np.array([1.1]), np.array([2.0]))


def test_reduction_is_the_share_lost_of_the_first_median_with_the_band_turned_round():
    curve = Curve(np.array([0.0, 1.0]), np.array([4.0, 1.0]), np.array([3.0, 0.5]), np.array([5.0, 2.0]))
    lost = curve.reduction()
    assert lost.median.tolist() == [0, 0.75]
    assert (lost.low[1], lost.high[1]) == (0.5, 0.875)
    with pytest.raises(InputError, match="0 before treatment"):
        single([0, 1], [0, 1]).reduction()


def test_course_finds_the_days_between_the_days():
    curve = single([0, 10, 20, 120, 220], [100, 50, 20, 20, 100])
    course = curve.course()
    assert course.onset_day == pytest.approx(2.0)  # 90 on the way from 100 to 50
    assert (course.deepest_day, course.deepest_reduction) == (20, pytest.approx(0.8))
    assert course.half_gone_day == pytest.approx(170)  # 60, half way back from 20 to 100
    assert course.back_day == pytest.approx(207.5)


def test_course_says_none_for_what_does_not_happen():
    weak = single([0, 10, 20], [100, 95, 100]).course()
    assert (weak.onset_day, weak.half_gone_day, weak.back_day) == (None, None, None)
    lasting = single([0, 10, 20], [100, 20, 50]).course()
    assert lasting.onset_day is not None
    assert (lasting.half_gone_day, lasting.back_day) == (None, None)


def test_an_estimate_shows_its_band_only_if_it_has_one():
    assert f"{Estimate(2.04, 1.0, 3.0):.1f}" == "2.0 (1.0 to 3.0)"
    assert f"{Estimate(2.04, 2.04, 2.04):.1f}" == "2.0"
    assert f"{Estimate(-0.04, -0.2, 0.04):+.1f}" == "0.0 (-0.2 to 0.0)"
    assert f"{Estimate(100, 100 - 1e-12, 100):.0f}" == "100"
    assert float(Estimate(2.5, 1, 3)) == 2.5


def test_unknown_areas_and_expressions_name_the_nearest(outcome):
    with pytest.raises(InputError, match="did you mean 'glabellar'"):
        outcome.grade("glabela")
    with pytest.raises(InputError, match="did you mean 'maximum_frown'"):
        outcome.strain("glabellar", "max_frown")


def test_grade_and_strain_are_the_curves_of_that_area(outcome):
    assert outcome.grade("forehead", "brow_raise") is outcome.skin["forehead"]["brow_raise"].grade
    assert outcome.strain("glabellar") is outcome.skin["glabellar"]["maximum_frown"].strain


def test_timeline_is_about_the_treated_area_and_leaves_out_days_not_computed(outcome):
    assert outcome.main_area() == "glabellar"
    rows = outcome.timeline((0, 30, 400))
    assert [row.day for row in rows] == [0, 30]
    assert rows[1].grade == outcome.grade("glabellar").at(30)
    assert rows[1].strain == outcome.strain("glabellar").at(30)
    cells = timeline_cells(rows)
    assert cells[1][0] == "30"
    assert cells[1][1] == f"{100 * rows[1].strain.median:.1f} ({100 * rows[1].strain.low:.1f} to {100 * rows[1].strain.high:.1f})"


def test_sources_hold_only_what_was_read_with_the_values_in_force():
    parameters = load_parameters().with_values({"tissue_porosity": 0.25}).recording()
    parameters["tissue_porosity"]
    parameters["uptake_rate_per_day"]
    outcome = build_outcome(with_scene=False, parameters=parameters)
    parameters["clearance_rate_per_day"]  # read later, by someone else
    sources = outcome.sources()
    assert [(row.name, row.value) for row in sources.parameters] == [
        ("tissue_porosity", 0.25), ("uptake_rate_per_day", load_parameters()["uptake_rate_per_day"]),
    ]  # fmt: skip
    used = {row.source for row in sources.parameters} | {effect.source for effect in outcome.unwanted.values()}
    used |= {finding.source for finding in outcome.findings}
    assert {entry.key for entry in sources.references} == used
    assert outcome.overrides == {"tissue_porosity": 0.25}
    assert "[king2016]" in str(sources)


def test_a_source_that_is_not_in_the_list_is_an_error(outcome):
    with pytest.raises(InputError, match=r"source 'kign2016' is not in sources\.bib; did you mean 'king2016'"):
        replace(outcome, references=("kign2016",)).sources()


def test_the_watermark_follows_the_purpose(outcome):
    assert (outcome.purpose, outcome.watermark) == ("person", None)
    study = replace(outcome, plan=Plan.label("onabotulinumtoxinA", purpose="study"))
    assert study.watermark == "study"
    assert study.to_json()["watermark"] == "study"


def test_probabilities_are_checked():
    words = ("days", "weeks", "mild", "king2016")
    for value, low, high in ((0.1, 0.2, 0.3), (0.1, 0, 1.1), (-0.1, -0.2, 0)):
        with pytest.raises(ValueError, match="0 <= low <= value <= high <= 1"):
            Probability(value, low, high, "computed", *words)
    with pytest.raises(ValueError, match="must be computed or label_rate"):
        Probability(0.1, 0.1, 0.1, "guessed", *words)
    with pytest.raises(ValueError, match="seriousness is empty"):
        Probability(0.1, 0.1, 0.1, "computed", "days", "weeks", "", "king2016")


def test_json_keeps_ten_digits_and_the_curves(outcome):
    document = outcome.to_json()
    assert document["days"] == DAYS.tolist()
    strain = document["skin"]["glabellar"]["maximum_frown"]["strain"]
    np.testing.assert_allclose(strain["low"], outcome.strain("glabellar").low, rtol=1e-9)
    assert plain(1 / 3) == 0.3333333333
    assert document["dose"]["placed_units"] == pytest.approx(
        document["dose"]["taken_up_units"] + document["dose"]["cleared_units"], rel=1e-8
    )


def test_plain_takes_common_types_and_refuses_what_json_cannot_hold():
    assert plain({"a": (np.int64(1), np.float64(2.5), np.bool_(True), None)}) == {"a": [1, 2.5, True, None]}
    assert plain({datetime.date(2026, 1, 2): {"b", "a"}}) == {"2026-01-02": ["a", "b"]}
    with pytest.raises(SolverError, match="not a finite number"):
        plain(np.array([1.0, math.inf]))
    with pytest.raises(TypeError, match="cannot write a object"):
        plain(object())


def test_the_text_of_an_outcome_reads_back_and_keeps_lists_of_numbers_on_one_line(outcome):
    document = outcome.to_json()
    text = outcome_text(document)
    assert json.loads(text) == document
    lines = text.splitlines()
    assert len([line for line in lines if line.lstrip().startswith('"days": [')]) == 1
    assert len(lines) < 3000


def test_the_printed_timeline_always_ends_with_the_last_day(outcome):
    table = [line.split()[0] for line in timeline_lines(outcome) if line.split() and line.split()[0].isdigit()]
    assert table[0] == "0"
    assert float(table[-1]) == outcome.days[-1]
