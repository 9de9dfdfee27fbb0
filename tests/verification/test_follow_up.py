"""People whose course is known, seen by noisy raters: what is forecast of the days after, before and after each visit.

Typical faces under the labelled plan, which other tests have solved; ``tools/measure_follow_up.py`` asks the same of 200 people.
"""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import load_posterior
from glabella.follow_up.follow_up import find_alike, follow_times
from glabella.follow_up.known_people import binomial_interval, draw_known, score
from glabella.follow_up.visits import Visits
from glabella.patient import Patient
from glabella.plan import Plan

PEOPLE, BLOCKS, BLOCK_PEOPLE = 100, 16, 200
SEEN, TOLD = (14.0, 60.0), (90.0, 120.0, 150.0)


@pytest.fixture(scope="module")
def alike():
    whom, _ = find_alike(Plan.label("onabotulinumtoxinA"), Patient(age_years=45), Visits(), {}, lambda step, share: None)
    return whom


@pytest.fixture(scope="module")
def scores(alike):
    posterior, times = load_posterior(), follow_times(SEEN, 180.0, np.zeros(1))
    with threadpool_limits(1):
        known = draw_known(alike, posterior, times, SEEN, TOLD, PEOPLE, seed=77)
        found = score(alike, posterior, times, known, TOLD, seed=8, blocks=BLOCKS, block_people=BLOCK_PEOPLE)
    return {(one.visits, one.quantity): one for one in found}


def test_two_visits_make_the_forecast_better(scores):
    """By how much is measured on 200 people; these bounds leave room for the luck of 100."""
    for quantity, at_most in (("grade", 0.85), ("strain", 0.97)):  # of the error without visits
        assert scores[2, quantity].mean_error < at_most * scores[0, quantity].mean_error
        assert scores[2, quantity].width < scores[1, quantity].width < scores[0, quantity].width
    assert scores[0, "grade"].mean_error < 0.6  # grades
    assert scores[2, "grade"].mean_error < 0.4
    assert scores[2, "strain"].mean_error < 0.035  # a share: the untreated mean is 0.22


def test_nine_truths_of_ten_lie_in_the_band(scores):
    for one in scores.values():
        assert one.inside_low <= 0.9 <= one.inside_high
        assert one.effective_people > 200


def test_the_interval_of_a_coverage_is_exact():
    assert binomial_interval(0.9, 200) == pytest.approx((0.8498, 0.9378), abs=5e-4)  # Clopper and Pearson's of 180 in 200
    assert binomial_interval(1.0, 10) == pytest.approx((0.6915, 1.0), abs=5e-4)
    assert binomial_interval(0.0, 10) == pytest.approx((0.0, 0.3085), abs=5e-4)


def test_the_people_who_are_known_are_not_those_they_are_forecast_from(alike):
    times = follow_times(SEEN, 180.0, np.zeros(1))
    one, other = (draw_known(alike, load_posterior(), times, SEEN, TOLD, 3, seed=seed) for seed in (77, 8))
    assert not np.array_equal(one[0].truth["strain"], other[0].truth["strain"])
