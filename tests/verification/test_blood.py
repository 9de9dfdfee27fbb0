"""The bound on the blood: closed form against an ODE solver, nothing lost, and that it is a bound."""

from itertools import product

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from glabella import load_parameters
from glabella.effects_text import blood_lines
from glabella.outcome import plain
from glabella.stages.unwanted import bound_blood, detection_limits
from glabella.stages.unwanted.blood import circulating_units, eliminated_units, peak_after_days

ONA = "onabotulinumtoxinA"
ROWS = (
    "toxin_circulation_half_life_days", "plasma_volume_l", f"{ONA}_neurotoxin_ng_per_unit", "uptake_rate_per_day",
    "clearance_rate_per_day",
)  # fmt: skip
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
    """20 U at once. Estimate: 0.009 ng each in 2.7 L, 7.41 U/L and 0.0667 pg/mL. Bound: 0.010 ng in 2.2 L, 9.09 U/L and 0.0909 pg/mL."""
    found = bound_blood([16.0], [20.0], [0.0], ONA, load_parameters())
    assert found.estimate.worst_units_per_l == pytest.approx(20 / 2.7, rel=1e-12)
    assert found.estimate.worst_pg_per_ml == pytest.approx(20 * 0.009 * 1000 / 2700, rel=1e-12)
    assert found.worst_units_per_l == pytest.approx(20 / 2.2, rel=1e-12)
    assert found.worst_pg_per_ml == pytest.approx(20 * 0.010 * 1000 / 2200, rel=1e-12)
    assert 0 < found.peak_pg_per_ml < found.worst_pg_per_ml
    assert 0 < found.estimate.peak_pg_per_ml < found.estimate.worst_pg_per_ml
    assert found.limits[0].limit_pg_per_ml == min(limit.limit_pg_per_ml for limit in found.limits)


def test_twice_the_units_is_twice_the_bound_and_a_later_session_adds_what_is_left():
    parameters = load_parameters()
    one, two = (bound_blood([u], [u], [0.0], ONA, parameters) for u in (10.0, 20.0))
    assert two.peak_units_per_l == pytest.approx(2 * one.peak_units_per_l, rel=1e-12)
    far, near = (bound_blood([10.0, 10.0], [10.0, 10.0], [0.0, day], ONA, parameters) for day in (84.0, 0.25))
    assert far.estimate.peak_units_per_l == pytest.approx(one.estimate.peak_units_per_l, rel=1e-9)
    assert far.peak_units_per_l == pytest.approx(one.peak_units_per_l, rel=1e-5)
    assert far.leaving_units == 20.0
    assert one.peak_units_per_l < near.peak_units_per_l <= two.peak_units_per_l * (1 + 1e-12)


def highest_in_plasma(days, units, uptake, clearance, elimination):
    """Units in the blood at most, by the ODE: tissue, nerve endings and blood, with an injection on each of ``days``."""
    state, most = np.zeros(2), 0.0
    for n, day in enumerate(days):
        state = state + np.array([units[n], 0.0])
        until = days[n + 1] if n + 1 < len(days) else day + 30.0
        solved = solve_ivp(
            lambda t, y: [-(uptake + clearance) * y[0], clearance * y[0] - elimination * y[1]],
            (day, until), state, t_eval=np.linspace(day, until, 1501), rtol=1e-9, atol=1e-11, method="DOP853",
        )  # fmt: skip
        state, most = solved.y[:, -1], max(most, solved.y[1].max())
    return most


@pytest.mark.parametrize("gap", [0.05, 0.25, 0.66, 2.0, 3.0])
def test_it_is_a_bound_on_two_sessions(gap):
    """The course by the ODE exceeds neither the bound nor, with every row at its value, the estimate; in the middle and at each corner."""
    table, units = load_parameters(), [15.0, 20.0]
    rows = [table.rows[name] for name in ROWS]
    for values in ([row.value for row in rows], *product(*((row.low, row.high) for row in rows))):
        half_life, volume, mass, uptake, clearance = values
        # both ways a tissue can lose its toxin: with nerve endings that take it up, and without
        for taken in (uptake, 0.0):
            share = clearance / (taken + clearance)
            most = highest_in_plasma([0.0, gap], units, taken, clearance, np.log(2) / half_life) / volume
            found = bound_blood([u * share for u in units], units, [0.0, gap], ONA, table)
            assert most <= found.peak_units_per_l * (1 + 1e-6)
            assert most * mass <= found.peak_pg_per_ml * (1 + 1e-6)
            if taken and values == [row.value for row in rows]:
                assert most <= found.estimate.peak_units_per_l * (1 + 1e-6)


@pytest.mark.parametrize("days", [[0.0], [0.0, 0.25], [0.0, 2.0, 2.5], [0.0, 84.0]])
def test_no_corner_of_the_ranges_exceeds_the_bound(days):
    table = load_parameters()
    rows = [table.rows[name] for name in ROWS]
    bound = bound_blood([16.0] * len(days), [20.0] * len(days), days, ONA, table)
    for values in product(*((row.low, row.value, row.high) for row in rows)):
        found = bound_blood([16.0] * len(days), [20.0] * len(days), days, ONA, table.with_values(dict(zip(ROWS, values, strict=True))))
        for level in ("peak_units_per_l", "peak_pg_per_ml", "worst_units_per_l", "worst_pg_per_ml"):
            assert getattr(found.estimate, level) <= getattr(bound, level) * (1 + 1e-12)
            assert getattr(found, level) == pytest.approx(getattr(bound, level), rel=1e-12)


def test_it_is_said_where_the_bound_reaches_what_a_laboratory_detects():
    least = detection_limits()[0]
    few, many = (" ".join(blood_lines(plain(bound_blood([u], [u], [0.0], ONA, load_parameters())))) for u in (5.0, 500.0))
    assert "The upper bound reaches none of these limits." in few
    assert f"The upper bound reaches the lowest published limit of detection of: {least.plain}" in many
    for text in (few, many):
        assert "Estimate:" in text
        assert "Upper bound:" in text


def test_slower_clearing_from_the_blood_means_a_higher_bound():
    parameters = load_parameters()
    found = [
        bound_blood([16.0], [20.0], [0.0], ONA, parameters.with_values({"toxin_circulation_half_life_days": days}))
        for days in (0.16, 0.3, 0.5, 1.0)
    ]
    estimates = [one.estimate.peak_pg_per_ml for one in found]
    assert estimates == sorted(set(estimates))
    assert found[0].peak_pg_per_ml == found[2].peak_pg_per_ml < found[3].peak_pg_per_ml  # a row set beyond its range moves the bound
