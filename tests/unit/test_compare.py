"""Two plans side by side: pairs of samples, what is said about them, and plans that cannot be compared."""

import json

import numpy as np
import pytest

from glabella import Injection, InputError, Patient, Plan, RefusedError, Session, compare, load_parameters, simulate
from glabella.comparison_text import curve_rows, directed, site_rows
from glabella.outcome import Estimate
from glabella.planner.compare import pair_treatments
from glabella.treatment import build_person, treat

COARSE = {"step_mm": 2.8, "depth_step_mm": 1.4}
FIRST = Plan.label("onabotulinumtoxinA", purpose="study")
SECOND = FIRST.with_units("procerus", 5)
DAYS, SAMPLES, SEED = 40, 8, 3


@pytest.fixture(scope="module")
def treated():
    """The plan, the same plan moved by nothing, and one unit more at the procerus, for one person on a coarse grid."""
    parameters = load_parameters().recording()
    person = build_person(None, Patient(), parameters, **COARSE)
    return [treat(person, plan, parameters, DAYS, SAMPLES, SEED) for plan in (FIRST, FIRST.move("procerus", up_mm=0), SECOND)]


@pytest.fixture(scope="module")
def one_unit_more(treated):
    return pair_treatments(treated[0], treated[2])


def test_a_plan_moved_by_nothing_differs_by_exactly_nothing(treated):
    same = pair_treatments(treated[0], treated[1])
    assert {("skin", "glabellar", "maximum_frown", "grade"), ("movement", "smile"), ("brow", "left", "tail")} <= set(same.curves)
    for pair in same.curves.values():
        for values in (pair.difference.median, pair.difference.low, pair.difference.high):
            assert not values.any()
        assert pair.second_lower_share is not None
        assert not pair.second_lower_share.any()
    for risk in same.unwanted.values():
        assert risk.first == risk.second
        assert risk.difference is None or (risk.difference.value, risk.difference.low, risk.difference.high) == (0, 0, 0)
    assert "the same grade" in same.summary()


def test_the_paired_band_is_narrower_than_that_of_two_separate_runs(treated, one_unit_more):
    first, second = (treatment.samples["skin", "glabellar", "maximum_frown", "strain"][:, -1] for treatment in (treated[0], treated[2]))
    apart = (second[:, None] - first)[~np.eye(SAMPLES, dtype=bool)]
    low, high = np.percentile(apart, (5, 95))
    pair = one_unit_more.strain("glabellar").difference.at(DAYS)
    assert pair.high - pair.low < 0.3 * (high - low)
    assert low < 0 < high  # separate runs could not tell which is lower; pairs can
    assert pair.high < 0
    assert one_unit_more.strain("glabellar").lower_share_at(DAYS) == 1


def test_one_more_unit_means_lower_grades_and_both_are_told(one_unit_more):
    grade = one_unit_more.grade("glabellar")
    assert grade.difference.at(0) == Estimate(0, 0, 0)
    assert grade.difference.at(30).median < 0
    np.testing.assert_array_equal(one_unit_more.difference("glabellar").median, grade.difference.median)
    np.testing.assert_array_equal(grade.first.median, one_unit_more.first.grade("glabellar").median)
    assert np.all(grade.second_lower_share + grade.second_higher_share <= 1)
    assert one_unit_more.summary().startswith("With the second plan the glabellar lines at maximum frown are graded ")
    assert "lower in " in one_unit_more.summary()
    assert one_unit_more.areas() == ("glabellar",)
    assert one_unit_more.watermark == "study"
    assert one_unit_more.units_note is None
    assert len(curve_rows(grade, (0, 30), ".2f")) == 2
    for risk in one_unit_more.unwanted.values():
        assert (risk.difference is None) == (risk.either.basis == "label_rate")
        if risk.difference is not None:
            assert risk.difference.value == pytest.approx(risk.second.value - risk.first.value, abs=1e-12)
            assert risk.difference.low <= risk.difference.value <= risk.difference.high


def test_unknown_names_get_the_nearest(one_unit_more):
    with pytest.raises(InputError, match="did you mean 'glabellar'"):
        one_unit_more.grade("glabela")
    with pytest.raises(InputError, match="did you mean 'maximum_frown'"):
        one_unit_more.difference("glabellar", "max_frown")
    with pytest.raises(InputError, match="did you mean 'corrugator_supercilii_left'"):
        one_unit_more.muscle("corrugator_left")
    assert one_unit_more.brow("left", "tail").difference.at(30).low <= one_unit_more.movement("brow_raise").difference.at(0).high
    with pytest.raises(InputError, match="day 90 was not computed"):
        one_unit_more.grade("glabellar").lower_share_at(90)


def test_workers_change_nothing_and_each_plan_is_as_simulated():
    settings = {"days": 10, "samples": 2, "seed": 4, "scene": False, **COARSE}
    texts = {json.dumps(compare(FIRST, SECOND, workers=n, **settings).to_json()) for n in (1, 3)}
    assert len(texts) == 1
    document, alone = json.loads(texts.pop()), simulate(SECOND, workers=2, **settings).to_json()
    assert document["skin"]["glabellar"]["maximum_frown"]["grade"]["second"] == alone["skin"]["glabellar"]["maximum_frown"]["grade"]
    assert document["unwanted"]["eyelid_ptosis"]["second"] == alone["unwanted"]["eyelid_ptosis"]["probability"]


def test_products_stand_side_by_side_without_a_common_unit():
    found = compare(Plan.label("abobotulinumtoxinA"), FIRST, days=7, samples=0, scene=False, **COARSE)
    assert found.units_note is not None
    assert "not interchangeable" in found.units_note
    assert found.grade("glabellar").second_lower_share is None
    rows = {site: cells for site, *cells in site_rows(found.first.plan, found.second.plan)}
    assert rows["procerus"] == ["10 U", "4 U"]
    assert found.to_json()["plans"]["first"]["units"] == 50


@pytest.mark.parametrize(
    ("second", "arguments", "error", "says"),
    [
        (FIRST, {}, InputError, "both plans are the same treatment"),
        (FIRST.with_purpose("person").move("procerus", up_mm=0), {}, InputError, "both plans are the same treatment"),
        (SECOND.with_purpose("person"), {}, RefusedError, "^second plan: refused: day 0, glabellar: 21 U"),
        (SECOND.repeated(0, 120), {"days": 60}, InputError, "^second plan: session on day 120: after the last day 60"),
        (SECOND.move("procerus", lateral_mm=140), {}, InputError, "^second plan: .*outside"),
        ("plan.toml", {}, InputError, r"^second plan: must be a glabella\.Plan, not str"),
        (SECOND, {"samples": -1}, InputError, "samples = -1"),
        (SECOND, {"workers": 0}, InputError, "workers = 0"),
    ],
)
def test_what_cannot_be_compared(second, arguments, error, says):
    with pytest.raises(error, match=says):
        compare(FIRST, second, **arguments)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((-0.31, -0.5, -0.12), "0.31 lower (0.12 to 0.50 lower)"),
        ((0.31, 0.12, 0.5), "0.31 higher (0.12 to 0.50 higher)"),
        ((-0.03, -0.1, 0.05), "0.03 lower (0.05 higher to 0.10 lower)"),
        ((-0.03, -0.1, 0.001), "0.03 lower (0.00 to 0.10 lower)"),
        ((0.0, -0.02, 0.01), "alike (0.02 lower to 0.01 higher)"),
        ((0.2, 0.2, 0.2), "0.20 higher"),
        ((0, 0, 0), "alike"),
    ],
)
def test_directions_in_words(numbers, says):
    assert directed(Estimate(*numbers)) == says


def test_sites_tell_units_places_and_days():
    second = FIRST.move("procerus", up_mm=2).with_depth("procerus", 4).repeated(0, 90).without("corrugator_lateral_left")
    rows = {site: cells for site, *cells in site_rows(FIRST, second)}
    assert rows["procerus"] == ["4 U", "4 U (+2 mm up, 4 mm deep) on day 0; 4 U (+2 mm up, 4 mm deep) on day 90"]
    assert rows["corrugator lateral, left"] == ["4 U", ""]
    assert rows["together"] == ["20 U", "32 U"]
    elsewhere = Session(7, (Injection("procerus", 4, target_muscle="depressor_supercilii"),))
    assert site_rows(FIRST, Plan(FIRST.product, (elsewhere,)))[2] == ("procerus", "4 U", "4 U (in depressor supercilii) on day 7")
