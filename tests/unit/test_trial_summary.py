"""Counts of a block: missing visits by either rule, and duration by Kaplan and Meier against a hand case and scipy."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from glabella.trial.summary import (
    KEYS,
    MILD,
    Attendance,
    _follow_response,
    _maintained,
    attend,
    kaplan_meier,
    kaplan_meier_error,
    median_day,
    summarise_block,
)  # fmt: skip

DAYS = np.array([7.0, 30.0, 60.0, 90.0, 120.0])
YES, NO = True, False


def test_kaplan_meier_of_a_hand_case():
    """Ten respond on day 30: two lose it by day 60, two are last seen that day, three lose it by day 90, the rest keep it."""
    lost, left = np.array([0, 0, 2, 3, 0]), np.array([0, 0, 2, 0, 3])
    share = kaplan_meier(10, lost, left)
    assert share == pytest.approx([1, 1, 8 / 10, 8 / 10 * 3 / 6, 8 / 10 * 3 / 6])
    assert median_day(DAYS, share) == 90
    assert median_day(DAYS, np.array([1, 1, 0.8, 0.6, 0.51])) is None


def test_kaplan_meier_is_that_of_scipy():
    rng = np.random.default_rng(0)
    came, holds = rng.random((400, 5)) < 0.8, rng.random((400, 5)) < 0.7
    responded, lost, left = _follow_response(holds, came, DAYS)
    ends, censored = [], []
    for who in np.flatnonzero(holds[:, 1] & came[:, 1]):
        gone = next((day for k, day in enumerate(DAYS) if k > 1 and came[who, k] and not holds[who, k]), None)
        (censored if gone is None else ends).append(DAYS[came[who]][-1] if gone is None else gone)
    assert responded == len(ends) + len(censored) == (lost + left).sum()
    curve = ecdf(CensoredData(uncensored=ends, right=censored)).sf
    assert kaplan_meier(responded, lost, left)[2:] == pytest.approx(curve.evaluate(DAYS[2:]))
    high = curve.confidence_interval(0.95, method="linear").high.evaluate(DAYS[2:4])
    assert 1.959964 * kaplan_meier_error(responded, lost, left)[2:4] == pytest.approx(high - curve.evaluate(DAYS[2:4]))


def test_the_error_of_nobody_and_of_all_is_none():
    """Four of ten lose it by day 60, the others by day 90: Greenwood's root of 0.4 * 0.6 / 10, and nothing is left to err about."""
    error = kaplan_meier_error(10, np.array([0, 0, 4, 6, 0]), np.zeros(5, int))
    assert error == pytest.approx([0, 0, np.sqrt(0.4 * 0.6 / 10), 0, 0])
    assert not kaplan_meier_error(0, np.zeros(5, int), np.zeros(5, int)).any()


def test_a_loss_is_recorded_at_the_next_visit_made():
    came = np.array([[YES, YES, NO, YES, YES], [YES, YES, YES, NO, NO], [YES, NO, YES, YES, YES]])
    holds = np.array([[NO, YES, NO, NO, YES], [YES, YES, YES, NO, NO], [YES, YES, YES, YES, YES]])
    responded, lost, left = _follow_response(holds, came, DAYS)
    assert responded == 2  # the third did not come on day 30
    assert lost.tolist() == [0, 0, 0, 1, 0]
    assert left.tolist() == [0, 0, 1, 0, 0]


def test_nobody_is_followed_without_a_visit_that_counts():
    responded, lost, left = _follow_response(np.ones((3, 2), bool), np.ones((3, 2), bool), np.array([7.0, 14.0]))
    assert (responded, lost.sum(), left.sum()) == (0, 0, 0)


def test_response_is_maintained_or_broken_by_a_visit_not_made():
    mild = np.array([[NO, YES, YES, YES, NO], [NO, YES, YES, YES, YES]])
    came = np.array([[YES, YES, YES, YES, YES], [YES, YES, NO, YES, YES]])
    assert _maintained(mild, came, DAYS, True).tolist() == [[YES, YES, YES, YES, NO], [YES, YES, NO, NO, NO]]
    assert _maintained(mild, came, DAYS, False).tolist() == [[YES, YES, YES, YES, NO], [YES, YES, YES, YES, YES]]


@pytest.fixture
def block():
    people = 6
    return SimpleNamespace(
        strain_reduction=np.tile([0.5, 0.7, 0.6, 0.4, 0.2], (people, 1)),
        onset_reduction=np.tile(np.linspace(0.1, 0.7, 7), (people, 1)),
        notices=np.array([0.05, 0.15, 0.25, 0.35, 0.65, 2.0]),
        people=SimpleNamespace(male=np.array([NO, NO, YES, NO, YES, NO]), age_years=np.full(people, 40.0)),
        entry_grades={"investigator": np.array([3, 3, 2, 2, 3, 2])},
    )


@pytest.mark.parametrize("missing", ["non_response", "excluded"])
def test_missing_counts_as_the_trial_did(block, missing):
    came = np.ones((6, 5), bool)
    came[4:, 2] = False
    found = {key: np.ones((6, 5), bool) for key in KEYS}
    summary = summarise_block(block, found, DAYS, Attendance(came, came), missing, 0.0, 6)
    mild, relapse = KEYS.index((MILD, "subject")), KEYS.index(("relapse_to_baseline", "subject"))
    assert summary.met[mild].tolist() == [6, 6, 4, 6, 6]
    assert summary.counted[mild].tolist() == ([6] * 5 if missing == "non_response" else [6, 6, 4, 6, 6])
    assert summary.met[relapse].tolist() == ([6] * 5 if missing == "non_response" else [6, 6, 4, 6, 6])
    assert summary.strain[0].tolist() == [6, 6, 4, 6, 6]
    assert summary.noticed.tolist() == [1, 2, 3, 4, 4, 4, 5]
    assert (summary.people, summary.women, summary.severe, summary.age_years) == (6, 4, 3, 240.0)


def test_summaries_add_up_and_a_cut_block_holds_its_first_people(block):
    rng = np.random.default_rng(1)
    came = rng.random((6, 5)) < 0.9
    found = {key: rng.random((6, 5)) < 0.5 for key in KEYS}
    whole, cut = (summarise_block(block, found, DAYS, Attendance(came, came), "excluded", 0.0, n) for n in (6, 4))
    assert (cut.people, cut.women, cut.severe) == (4, 3, 2)
    assert (cut.met <= whole.met).all()
    both = whole + cut
    assert both.people == 10
    assert (both.met == whole.met + cut.met).all()


def test_people_leave_for_good_and_miss_now_and_then():
    found = attend(DAYS, 20_000, 3, 0, missed_share=0.05, leave_per_day=0.002)
    assert found.stays.mean(0) == pytest.approx(np.exp(-0.002 * DAYS), abs=0.01)
    assert (np.diff(found.stays.astype(int), axis=1) <= 0).all()
    assert found.came.sum(0) / found.stays.sum(0) == pytest.approx(0.95, abs=0.01)
    assert attend(DAYS, 50, 3, 0, 0.0, 0.0).came.all()
