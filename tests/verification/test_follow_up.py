"""People whose course is known, seen by noisy raters: what is forecast of the days after, before and after each visit.

Typical faces under the labelled plan, which other tests have solved; ``tools/measure_follow_up.py`` asks the same of 200 people.
"""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import load_posterior
from glabella.evidence.photo import load_photo_parameters
from glabella.follow_up.candidates import draw_candidates
from glabella.follow_up.follow_up import find_alike, follow_times
from glabella.follow_up.forecast import follow_people
from glabella.follow_up.known_people import HANDFUL, QUANTITIES, KnownPerson, binomial_interval, draw_known, score
from glabella.follow_up.settle import settle
from glabella.follow_up.visits import Visit, Visits
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.population.block import ENTRY_GRADE
from glabella.population.raters import borders_ln, rate, rater

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


FROWN, PICTURED, PICTURE_DAYS = ("glabellar", "maximum_frown"), 100, (0.0, 14.0, 60.0)


def draw_pictured(alike, posterior, times, count, seed):
    """People with a picture on each day: all of a person's are off by one factor, and each by an error and the effort of its own."""
    limits, found, number = load_photo_parameters(), [], 0
    own, least = limits["line_repeat_error_glabellar_share"], limits["line_repeat_error_mm"]
    while len(found) < count:
        lines, random = settle(draw_candidates(alike, posterior, times, seed, number, HANDFUL), {}), np.random.default_rng([seed, number])
        values, investigator = lines.candidates.values, rater("investigator", lines.candidates.values)

        def noise(random=random, people=lines.candidates.count):
            return random.standard_normal(people)

        before = rate(lines.on(*FROWN, 0) + lines.effort_ln["glabellar"], investigator, borders_ln(values), noise())
        rest = rate(lines.on("glabellar", "rest", 0), investigator, borders_ln(values), noise())
        effort = {day: values["effort_sd_ln"] * noise() if day else lines.effort_ln["glabellar"] for day in PICTURE_DAYS}
        factor = limits["line_common_error_share"] * noise()
        depth = {day: np.exp(lines.on(*FROWN, day) + effort[day] + factor + own * noise()) + least * noise() for day in PICTURE_DAYS}
        courses, at = follow_people(lines, ENTRY_GRADE, 0.0), np.searchsorted(times, TOLD)
        for who in np.flatnonzero(before >= ENTRY_GRADE):
            read = {day: max(float(mm[who]), 0.0) for day, mm in depth.items()}
            visits = tuple(
                Visit(day, *FROWN, depth_mm=mm, depth_error_mm=float(np.hypot(own * mm, least)), depth_from="picture")
                for day, mm in read.items()
            )
            truth = {name: courses.curves["glabellar", name][who, at] for name in QUANTITIES}
            found.append(KnownPerson({FROWN: float(before[who]), ("glabellar", "rest"): float(rest[who])}, Visits(visits), truth))
        number += 1
    return found[:count]


def test_pictures_that_are_all_off_alike_make_the_forecast_better_and_leave_the_band_right(alike):
    posterior, times = load_posterior(), follow_times(PICTURE_DAYS, 180.0, np.zeros(1))
    with threadpool_limits(1):
        known = draw_pictured(alike, posterior, times, PICTURED, 78)
        found = score(alike, posterior, times, known, TOLD, seed=9, blocks=BLOCKS, block_people=BLOCK_PEOPLE)
    scores = {(one.visits, one.quantity): one for one in found}
    assert scores[3, "grade"].mean_error < 0.85 * scores[0, "grade"].mean_error
    assert scores[3, "grade"].width < scores[2, "grade"].width
    for one in scores.values():  # one of eight 95 % intervals would miss by luck in every third set of people: asked of all together
        low, high = binomial_interval(one.inside, PICTURED, together=len(scores))
        assert low <= 0.9 <= high
