"""Endpoints of published rows as the trials counted them: diaries, onsets by grades, responses that are kept."""

from dataclasses import replace

import numpy as np
import pytest
from tests.published import row
from tests.typical_face import setting

from glabella.calibration.predict import is_rated_onset, maintained_share, median_onset_days, rated_onset_share, replace_visits
from glabella.evidence.published import trial_record
from glabella.population.block import MILD, ONSET_DAYS, baseline_shift, follow
from glabella.population.endpoints import expected_each, rated

BY_GRADE = "daxi_sakura_pooled_40u_ge1_onset_median_subject"
BY_DIARY = "abo_gl1_50u_onset_median_subject"
GAIN = "ge2_grade_improvement"


@pytest.fixture(scope="module")
def arm():
    return setting(20.0, visits=(30, 60, 90, 120))


@pytest.fixture(scope="module")
def people(arm):
    return follow(arm, baseline_shift(arm, 800), 5, 0, 400, screen=False)


@pytest.mark.parametrize(
    ("share", "median"),
    [
        ((0.5, 0.8, 0.9, 1, 1, 1, 1), 1.5),  # half by the first evening: recorded on day 1 or, a little later, on day 2
        ((0.25, 0.75, 1, 1, 1, 1, 1), 2.0),  # half after a day and a half: recorded on day 2
        ((0.0, 0.0, 1.0, 1, 1, 1, 1), 3.0),
        ((0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5), 14.0),  # never half: the last day
    ],
)
def test_a_median_onset_is_that_of_whole_days(share, median):
    assert median_onset_days(np.array(share, float)) == pytest.approx(median)


def test_a_diary_of_many_people_has_the_median_that_is_said():
    """Onsets spread over hours, recorded on whole days: their mean over shifted curves is what the smooth median says."""
    rng = np.random.default_rng(1)
    recorded, said = [], []
    for shift in np.linspace(0.0, 2.0, 41):  # where in the day the median falls must not matter on average
        onset = np.maximum(1.2 + shift + 0.8 * rng.standard_normal(4001), 0.01)
        recorded.append(np.median(np.ceil(onset)))
        said.append(median_onset_days(np.array([(onset <= day).mean() for day in ONSET_DAYS])))
    assert np.mean(said) == pytest.approx(np.mean(recorded), abs=0.1)


def test_onset_by_a_better_grade_is_rated_every_day(people):
    """Placebo: each day the same chance to look better by a grade, whatever the days before said."""
    assert is_rated_onset(row(BY_GRADE))
    assert not is_rated_onset(row(BY_DIARY))
    placebo = setting(0.0, visits=tuple(ONSET_DAYS), effort_sd_ln=0.0)
    block = follow(placebo, baseline_shift(placebo, 800), 5, 0, 200, screen=False)
    weight, shares = expected_each(placebo, block)
    chance = shares["ge1_grade_improvement", "subject"]
    assert np.abs(chance - chance[:, :1]).max() < 1e-9
    share = rated_onset_share(placebo, block, row(BY_GRADE))
    expected = [weight @ (1 - (1 - chance[:, 0]) ** k) for k in range(1, len(ONSET_DAYS) + 1)]
    assert share == pytest.approx(expected, abs=1e-9)
    assert 0 < share[0] < share[-1] < 1


def test_a_response_kept_is_met_at_every_visit_once(arm, people):
    """The chance to be mild at all visits so far, each counted once."""
    weight, shares = expected_each(arm, people)
    mild = shares[MILD, "investigator"]
    for visits in (1, 2, 4):
        part = replace(arm, visit_days=arm.visit_days[:visits])
        found = maintained_share(part, replace_visits(people, 0, visits), "response_maintained", "investigator")
        assert found == pytest.approx(weight @ np.prod(mild[:, :visits], axis=1), abs=1e-12)


def test_a_trial_keeps_its_own_response(arm, people):
    """Two grades gained at every visit, where the trial asks for them; nothing else moves."""
    assert trial_record("abo_gl3").response == GAIN
    assert trial_record("belmont").response == MILD
    strict = replace(arm, response=GAIN)
    weight, shares = expected_each(strict, people)
    usual = expected_each(arm, people)[1]
    kept = shares["response_maintained", "investigator"]
    assert kept == pytest.approx(np.cumprod(shares[GAIN, "investigator"], axis=1))
    assert weight @ kept[:, -1] < weight @ usual["response_maintained", "investigator"][:, -1]
    assert all(np.array_equal(shares[key], usual[key]) for key in usual if key[0] != "response_maintained")


def test_drawn_ratings_keep_the_same_response(arm):
    strict = replace(arm, response=GAIN)
    block = follow(strict, baseline_shift(strict, 800), 5, 0, 200)
    found = rated(strict, block, 5, 0)
    kept = np.logical_and.accumulate(found[GAIN, "subject"], axis=1)
    assert np.array_equal(found["response_maintained", "subject"], kept)
    assert 0 < kept[:, -1].sum() < len(kept)
