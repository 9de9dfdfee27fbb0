"""The bound on the blood: closed form against an ODE solver, nothing lost, and that it is a bound."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from glabella import load_parameters
from glabella.stages.unwanted import bound_blood
from glabella.stages.unwanted.blood import circulating_units, eliminated_units, peak_after_days

ONA = "onabotulinumtoxinA"
RATES = [(0.35, 4.08), (2.0, 0.5), (0.7, 0.7), (0.7, 0.7 * (1 + 1e-12))]


@pytest.mark.parametrize(("release", "elimination"), RATES)
def test_closed_form_is_the_ode(release, elimination):
    days = np.linspace(0, 20, 41)
    solved = solve_ivp(
        lambda t, y: [-release * y[0], release * y[0] - elimination * y[1], elimination * y[1]],
        (0, 20), [16.0, 0.0, 0.0], t_eval=days, rtol=1e-11, atol=1e-13, method="DOP853",
    )  # fmt: skip
    assert circulating_units(days, 16.0, release, elimination) == pytest.approx(solved.y[1], abs=1e-6)
    assert eliminated_units(days, 16.0, release, elimination) == pytest.approx(solved.y[2], abs=1e-6)


@pytest.mark.parametrize(("release", "elimination"), RATES)
def test_no_unit_is_lost(release, elimination):
    days = np.linspace(0, 60, 61)
    still = 16.0 * np.exp(-release * days)
    whole = still + circulating_units(days, 16.0, release, elimination) + eliminated_units(days, 16.0, release, elimination)
    assert whole == pytest.approx(np.full(61, 16.0), abs=1e-12)


@pytest.mark.parametrize(("release", "elimination"), RATES)
def test_the_peak_is_the_highest(release, elimination):
    at = peak_after_days(release, elimination)
    fine = circulating_units(np.linspace(0, 5 * at, 20001), 16.0, release, elimination)
    assert circulating_units(at, 16.0, release, elimination) == pytest.approx(fine.max(), rel=1e-6)


def test_hand_calculation():
    """20 U, 0.009 ng each, in 2.7 L at once: 7.41 U/L and 0.0667 pg/mL."""
    found = bound_blood([16.0], [20.0], [0.0], ONA, load_parameters())
    assert found.worst_units_per_l == pytest.approx(20 / 2.7, rel=1e-12)
    assert found.worst_pg_per_ml == pytest.approx(20 * 0.009 * 1000 / 2700, rel=1e-12)
    assert 0 < found.peak_pg_per_ml < found.worst_pg_per_ml
    assert found.limits[0].limit_pg_per_ml == min(limit.limit_pg_per_ml for limit in found.limits)


def test_twice_the_units_is_twice_the_bound_and_a_later_session_adds_what_is_left():
    parameters = load_parameters()
    one, two = (bound_blood([u], [u], [0.0], ONA, parameters) for u in (10.0, 20.0))
    assert two.peak_units_per_l == pytest.approx(2 * one.peak_units_per_l, rel=1e-12)
    far, near = (bound_blood([10.0, 10.0], [10.0, 10.0], [0.0, day], ONA, parameters) for day in (84.0, 0.25))
    assert far.peak_units_per_l == pytest.approx(one.peak_units_per_l, rel=1e-9)
    assert far.leaving_units == 20.0
    assert one.peak_units_per_l < near.peak_units_per_l <= two.peak_units_per_l * (1 + 1e-12)


def test_it_is_a_bound_on_two_sessions():
    """The sum of both courses nowhere exceeds it."""
    parameters = load_parameters()
    found = bound_blood([12.0, 15.0], [15.0, 20.0], [0.0, 2.0], ONA, parameters)
    release = parameters["uptake_rate_per_day"] + parameters["clearance_rate_per_day"]
    elimination = np.log(2) / parameters["toxin_circulation_half_life_days"]
    days = np.linspace(0, 20, 4001)
    later = np.where(days < 2, 0.0, circulating_units(days - 2, 15.0, release, elimination))
    both = circulating_units(days, 12.0, release, elimination) + later
    assert both.max() / parameters["plasma_volume_l"] <= found.peak_units_per_l * (1 + 1e-12)


def test_slower_clearing_from_the_blood_means_a_higher_bound():
    parameters = load_parameters()
    bounds = [
        bound_blood([16.0], [20.0], [0.0], ONA, parameters.with_values({"toxin_circulation_half_life_days": days})).peak_pg_per_ml
        for days in (0.16, 0.3, 0.5)
    ]
    assert bounds == sorted(bounds)
