"""Judging published figures: formulas against hand cases, intervals, reasons."""

import math
from pathlib import Path

import numpy as np
import pytest
from tests.published import row

from glabella.errors import InputError
from glabella.evidence.other_published import other_rows
from glabella.validation.drivers import DosePoint, half_of_deepest, same_as_women_units
from glabella.validation.intervals import (
    interval,
    loss_time_at,
    mean_figures,
    median_figures,
    onset_time_at,
    published_decimals,
    rate_figures,
)
from glabella.validation.judged import Judged
from glabella.validation.reasons import UNARGUED, Reason, group_misses, load_reasons, read_reasons
from glabella.validation.summary import rmse, summarise

LABEL = "ona_label_glabellar_20u_none_or_mild_investigator_d30"  # 80 % of 405, tolerance 10
SMALL = "ona_dose_women_2005_20u_relapse_d120"  # 33 % of 20
AT_LEAST = "ona_high_dose_women_40u_ge1_duration"  # at least 168 days, tolerance 33.6
STRAIN = "ona_strain_2016_20u_glabella_strain_d0"  # 16.4 %


def judged(name, predicted, low=None, high=None, **changes):
    return Judged(
        row(name, **changes), predicted, predicted - 5 if low is None else low, predicted + 5 if high is None else high, "population"
    )


def test_a_hit_is_inside_both():
    assert judged(LABEL, 84.0).hit
    assert not judged(LABEL, 91.0).inside_tolerance
    assert not judged(LABEL, 86.0).inside_interval
    assert judged(LABEL, 86.0).inside_tolerance
    assert not judged(LABEL, 86.0).hit


def test_a_changed_figure_is_reported_as_a_miss():
    good, bad = judged(LABEL, 80.0), judged(LABEL, 80.0, value=40.0)
    assert good.hit
    assert not bad.inside_tolerance
    assert not bad.inside_interval
    assert summarise("calibrate", [bad]).inside_tolerance.hits == 0
    assert [one.row.row for group in group_misses([good, bad]) for one in group.missed] == [LABEL]


def test_a_lower_bound_is_met_from_above():
    assert judged(AT_LEAST, 250.0).error == 0
    assert judged(AT_LEAST, 250.0).hit
    assert judged(AT_LEAST, 140.0, 120.0, 170.0).hit
    assert not judged(AT_LEAST, 130.0, 100.0, 170.0).inside_tolerance
    assert not judged(AT_LEAST, 140.0, 120.0, 160.0).inside_interval


def test_errors_by_hand():
    rows = [judged(LABEL, 84.0), judged(SMALL, 43.0)]  # 4 points of 405 people, 10 points of 20
    assert rmse(rows) == pytest.approx(math.sqrt((16 + 100) / 2))
    assert rmse(rows, weigh=True) == pytest.approx(math.sqrt((405 * 16 + 20 * 100) / 425))
    assert rmse([]) is None


def test_people_who_are_not_counted_weigh_as_in_the_fit():
    rows = [judged(LABEL, 84.0), judged(SMALL, 43.0, n=None)]
    assert rmse(rows, weigh=True) == pytest.approx(math.sqrt((405 * 16 + 45 * 100) / 450))


def test_small_arms_are_measured_in_standard_errors():
    near, far = judged(SMALL, 50.0), judged(SMALL, 60.0)
    assert near.standard_errors == pytest.approx(17 / (100 * math.sqrt(0.25 / 20)))
    summary = summarise("calibrate", [near, far, judged(LABEL, 80.0)])
    assert (summary.small_arms.hits, summary.small_arms.of) == (1, 2)


def test_summary_keeps_uses_and_kinds_apart():
    rows = [judged(LABEL, 90.0), judged(STRAIN, 19.0), judged(STRAIN, 20.0), judged(LABEL, 20.0, use="validate")]
    summary = summarise("calibrate", rows)
    assert summary.rows == 3
    assert summary.weighted_rmse_points == pytest.approx(10.0)
    assert (summary.strain.hits, summary.strain.of) == (1, 2)
    assert {check.met for check in summary.checks if "n-weighted" in check.name} == {False}
    validated = summarise("validate", rows)
    assert validated.weighted_rmse_points == pytest.approx(60.0)
    assert [check.met for check in validated.checks] == [False, False, None, None, None]


def test_intervals_are_reproducible_and_their_own():
    percent = np.full(10, 60.0)
    first = interval(row(LABEL), rate_figures(row(LABEL), percent, 0.2, 1))
    assert first == interval(row(LABEL), rate_figures(row(LABEL), percent, 0.2, 1))
    assert not np.array_equal(rate_figures(row(LABEL), percent, 0.2, 1), rate_figures(row(LABEL), percent, 0.2, 2))
    other = row(LABEL, row="another")
    assert not np.array_equal(rate_figures(row(LABEL), percent, 0.2, 1), rate_figures(other, percent, 0.2, 1))


def test_the_interval_of_a_rate_is_the_binomial_one_when_nothing_else_spreads():
    from scipy.stats import binom

    low, high = interval(row(LABEL), rate_figures(row(LABEL), np.full(50, 60.0), 0.0, 1))
    expected = 100 * binom.ppf([0.05, 0.95], 405, 0.6) / 405
    assert [low, high] == pytest.approx(expected, abs=1.01)


def test_spread_between_trials_widens_the_interval():
    narrow, wide = (interval(row(LABEL), rate_figures(row(LABEL), np.full(20, 60.0), sd, 1)) for sd in (0.0, 0.4))
    assert wide[0] < narrow[0] - 5
    assert wide[1] > narrow[1] + 5


def test_nothing_comes_of_a_chance_of_nothing():
    effect = row("ona_label_glabellar_placebo_eyelid_ptosis")
    assert interval(effect, rate_figures(effect, np.zeros(5), 0.3, 1, floor=0.0)) == (0.0, 0.0)


def test_mean_of_people():
    low, high = interval(row(STRAIN), mean_figures(row(STRAIN), np.full(100, 16.4), 4.0, 1))
    assert [low, high] == pytest.approx([16.4 - 1.645 * 4 / math.sqrt(23), 16.4 + 1.645 * 4 / math.sqrt(23)], abs=0.15)


def test_medians_move_along_their_curve():
    onset = onset_time_at(np.array([0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 1.0]))
    assert onset(np.array([0.25, 0.5, 0.625])) == pytest.approx([1.0, 2.0, 2.5])
    loss = loss_time_at(np.array([0.8, 0.6, 0.4, 0.2]), np.array([30.0, 60.0, 90.0, 120.0]))
    assert loss(np.array([0.5])) == pytest.approx([90.0], abs=1e-3)
    median = row("ona_glogau_pooled_20u_none_or_mild_duration_investigator")
    low, high = interval(median, median_figures(median, np.full(30, 100.0), loss, 0.0, 0.0, 1))
    spread = 1.645 * 0.5 / math.sqrt(523) / (0.25 / 30)  # half of a standard error of the level, over the slope
    assert [low, high] == pytest.approx([100 - spread, 100 + spread], abs=1.5)


@pytest.mark.parametrize(("value", "decimals"), [(80.0, 0), (83.33, 2), (5.4, 1), (0.0, 0)])
def test_decimals_as_published(value, decimals):
    assert published_decimals(value) == decimals


def test_half_of_deepest():
    days = np.array([7.0, 14.0, 30.0, 60.0, 120.0])
    assert half_of_deepest(days, np.array([50.0, 80.0, 80.0, 60.0, 20.0])) == pytest.approx(90.0)
    assert half_of_deepest(days, np.array([50.0, 80.0, 80.0, 70.0, 60.0])) == 120.0


def test_dose_at_which_men_reach_women():
    def point(people, units, value):
        return DosePoint(people, units, {"x": value}, {}, {})

    points = [point("women", 20.0, 60.0), point("men", 10.0, 40.0), point("men", 20.0, 50.0), point("men", 40.0, 70.0)]
    assert same_as_women_units(points, "x") == pytest.approx(20 * math.sqrt(2))
    assert same_as_women_units([point("women", 20.0, 90.0), *points[1:]], "x") is None


def test_every_reason_names_published_rows_and_says_something():
    reasons = load_reasons()
    assert len({reason.title for reason in reasons}) == len(reasons)
    assert all(len(reason.says) > 40 for reason in reasons)


def test_the_misses_of_uses_that_the_docs_list_are_all_explained():
    page = (Path(__file__).parents[2] / "docs" / "uses.md").read_text("utf-8")
    missed = [line.split("|")[1].strip() for line in page.splitlines() if line.endswith("| **miss** |")]
    known = {one.row: one for one in other_rows()}
    assert len(missed) > 15
    groups = group_misses([Judged(known[name], 1e6, 1e6, 1e6, "therapeutic uses") for name in missed])
    assert UNARGUED not in {group.title for group in groups}


def test_misses_without_a_reason_are_listed_too():
    groups = group_misses(
        [judged(LABEL, 20.0), judged(SMALL, 99.0), judged(STRAIN, 16.4)], [Reason("small", ("ona_dose_*",), "few people")]
    )
    assert [(group.title, [one.row.row for one in group.missed], group.concerns) for group in groups] == [
        ("small", [SMALL], 1),
        (UNARGUED, [LABEL], 2),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[reason]]\ntitle = 'a'\nrows = ['nobody_*']\nsays = 'b'", "'nobody_*' names no row"),
        ("[[reason]]\ntitle = 'a'\nrows = ['ona_*']", "reason 1: must have title, rows and says"),
        ("[[reason", "not valid TOML"),
    ],
)
def test_broken_reasons_are_named(text, said):
    with pytest.raises(InputError, match=r"reasons\.toml") as caught:
        read_reasons(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
