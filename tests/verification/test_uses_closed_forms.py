"""What must hold exactly of the therapeutic uses: placebo, doubled doses, means, and the order of doses."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from glabella.uses import axillary_hyperhidrosis as sweat
from glabella.uses import blepharospasm as lid
from glabella.uses import cervical_dystonia as neck
from glabella.uses import chronic_migraine as head
from glabella.uses.kinetics import TissueDose, block_site, log_normal_dose, people_of
from glabella.uses.placebo import placebo_course
from glabella.uses.tables import TYPE_B, use_parameters

ONA = "onabotulinumtoxinA"
VALUES = dict(use_parameters())
DAYS = np.array([0.0, 7, 14, 28, 56, 84, 112, 168])


def test_without_units_there_is_exactly_the_course_of_placebo():
    course = placebo_course(DAYS, VALUES)
    assert course[0] == 0
    assert course[3] == 1
    np.testing.assert_array_equal(neck.twstrs_change(ONA, 0.0, DAYS, VALUES), -VALUES["twstrs_placebo_points"] * course)
    np.testing.assert_array_equal(sweat.sweat_left(ONA, 0.0, DAYS, VALUES), 1)
    np.testing.assert_array_equal(lid.lid_force_loss(ONA, 0.0, DAYS, VALUES), 0)
    placebo = head.headache_days_change(DAYS, {**VALUES, "headache_gain_days": 0.0})
    np.testing.assert_array_equal(head.headache_days_change(DAYS, VALUES, None), placebo)
    np.testing.assert_array_equal(sweat.area_of_effect(ONA, 0.0, DAYS, VALUES), 0)


def test_before_the_needle_nothing_has_happened():
    assert neck.twstrs_change(ONA, 236.0, np.zeros(1), VALUES)[0] == 0
    assert sweat.sweat_left(ONA, 100.0, np.zeros(1), VALUES)[0, 0] == 1


@pytest.mark.parametrize("persistence", [1.0, 2.0])
def test_doubling_a_small_dose_lasts_one_half_life_longer(persistence):
    values = {**VALUES, "slow_ending_share": 0.0, "junction_d50_units_per_mm3": 1.0, "junction_emax_ratio": 2000.0}
    days = np.arange(0.0, 700.0)

    def half_blocked(dose):
        found = block_site({"a": TissueDose(np.array([[dose]]), np.ones(1))}, ONA, days, values, persistence=persistence).blocked["a"]
        late = int(np.argmax(found)) + np.flatnonzero(found[int(np.argmax(found)) :] < 0.5)[0]
        return np.interp(0.5, [found[late], found[late - 1]], [days[late], days[late - 1]])

    gained = half_blocked(0.002) - half_blocked(0.001)
    assert gained == pytest.approx(persistence * values["light_chain_half_life_days"], rel=0.02)


def test_type_b_is_the_reference_with_its_own_potency_and_half_life():
    dose = {"a": log_normal_dose(1e-2, 0.8)}
    usual = block_site(dose, TYPE_B, DAYS, VALUES).blocked["a"]
    potency, factor = VALUES[f"{TYPE_B}_potency_per_unit"], VALUES[f"{TYPE_B}_half_life_factor"]
    same = block_site(dose, ONA, DAYS, VALUES, sensitivity=potency, persistence=factor).blocked["a"]
    np.testing.assert_array_equal(usual, same)


def test_log_normal_elements_keep_the_mean_and_people_their_weight():
    for sd in (0.0, 0.5, 1.2):
        dose = log_normal_dose(3e-4, sd)
        assert np.average(dose.dose_units_per_mm3[0], weights=dose.volume_mm3) == pytest.approx(3e-4, rel=1e-12)
    people = people_of(VALUES)
    assert people.weight.sum() == pytest.approx(1)
    assert people.weight @ np.log(people.sensitivity) ** 2 == pytest.approx(VALUES["person_sensitivity_sd_ln"] ** 2)


def test_units_in_the_neck_are_shared_whole():
    dose = neck.neck_dose(236.0, VALUES)
    taken = VALUES["uptake_rate_per_day"] / (VALUES["uptake_rate_per_day"] + VALUES["clearance_rate_per_day"])
    volumes = {muscle.muscle: muscle.volume_mm3 for muscle in neck.muscles_of(neck.USE)}
    total = sum(np.average(part.dose_units_per_mm3[0], weights=part.volume_mm3) * volumes[name] for name, part in dose.items())
    assert total == pytest.approx(236 * VALUES["neck_contained_share"] * taken)


def test_headache_days_are_the_mean_of_the_window():
    gain, rise = VALUES["headache_gain_days"], VALUES["headache_gain_rise_days"]
    only = {**VALUES, "headache_placebo_days": 0.0}
    for day, start in ((10.0, 0.0), (100.0, 0.0), (180.0, 168.0)):
        begin = max(day - head.WINDOW_DAYS, 0.0)
        area = quad(lambda t, s=start: gain * -np.expm1(-max(t - s, 0.0) / rise), begin, day, points=[max(start, begin)])[0]
        assert -head.headache_days_change(np.array([day]), only, start)[0] == pytest.approx(area / (day - begin), abs=1e-9)


@pytest.mark.parametrize(("course", "doses"), [
    (lambda units: neck.neck_force_loss(ONA, units, DAYS, VALUES), (50.0, 150.0, 300.0)),
    (lambda units: 1 - sweat.sweat_left(ONA, units, DAYS, VALUES), (20.0, 60.0, 100.0)),
    (lambda units: lid.lid_force_loss(ONA, units, DAYS, VALUES), (3.0, 15.0, 30.0)),
])  # fmt: skip
def test_more_units_never_do_less_beyond_what_sprouts_give_back(course, doses):
    found = [course(units) for units in doses]
    for less, more in pairwise(found):
        assert (more - less).min() > -0.02  # the junction's own caveat: about a hundredth
    assert found[-1][:, 3].min() > found[0][:, 3].min()
