"""Compiled junction and muscle against the exact path and an ODE solver: several sessions, any classes of endings, any dose."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from glabella import Plan, treatment
from glabella.population.block import draw
from glabella.population.course import course_times, repeated_force
from glabella.stages.junction import block_junctions, compiled
from glabella.stages.junction.closed_forms import blocked_endings, small_block_table, taken_up_ratio
from glabella.stages.junction.course import coarse_course_days, course_days, follow, junction_kinetics
from glabella.stages.muscle import weaken_muscles
from glabella.stages.muscle.compiled import waste as compiled_waste
from glabella.stages.muscle.force import waste
from tests.typical_face import setting
from tests.uptake import Uptake, dose_for_ratio
from tests.verification.test_kinetics import CASES, DAYS, PARAMETERS, PRODUCT, solved

ERROR = 3e-5  # of the force, absolute; asked of it is 1e-4
BULK = ("atrophy_per_day", "regrowth_per_day", "bulk_floor")
GRIDS = {
    "daily": np.concatenate([[0, 0.5, 1, 1.5], np.arange(2.0, 181)]),
    "visits": np.array([0, 7, 30, 61, 90, 120, 150, 180.0]),
    "ends": np.array([0, 180.0]),
    "uneven": np.array([3, 3.4, 3.45, 10, 11, 13, 17, 77.7, 110, 111, 112, 114, 118, 126, 142, 174]),
}


def force(ratio, session_days, days, parameters):
    """Blocked share and force (days, elements), every element a muscle of its own, in compiled code."""
    kinetics = junction_kinetics(parameters, PRODUCT)
    times = coarse_course_days(days, session_days)
    blocked, lost = compiled.follow(ratio, compiled.prepare(session_days, times, kinetics))
    bulk = 1 - compiled_waste(times, 1 - lost, *(parameters[f"muscle_{name}"] for name in BULK))
    on_day = np.searchsorted(times, days)
    return blocked[on_day], ((1 - lost) * bulk)[on_day]


def exact_force(ratio, session_days, days, parameters):
    """The same by the path without numba, which an ODE solver confirms to 2e-6."""
    times = course_days(days, session_days)
    on_day = np.searchsorted(times, days)
    blocked, lost = follow(ratio, session_days, times, junction_kinetics(parameters, PRODUCT))
    wasted = waste(times, 1 - lost, *(parameters[f"muscle_{name}"] for name in BULK))
    return blocked[on_day], (1 - lost[on_day]) * (1 - wasted[np.searchsorted(times[::2], days)])


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_an_ode_solver(case):
    ratios, session_days, changes = CASES[case]
    parameters = PARAMETERS.with_values(changes)
    expected = solved(ratios, session_days, DAYS, parameters)
    blocked, found = force(np.array(ratios)[:, None], np.array(session_days), DAYS, parameters)
    np.testing.assert_allclose(blocked[:, 0], expected["b"], rtol=0, atol=3e-6)
    wanted = (1 - expected["b"] + parameters["sprout_release_share"] * expected["G"] * expected["b"]) * expected["M"]
    np.testing.assert_allclose(found[:, 0], wanted, rtol=0, atol=ERROR)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("session_days", [(0.0,), (0.0, 60.0, 120.0), (-33.3, 0.0, 90.25), (0.0, 0.5, 300.0)])
def test_agrees_with_the_exact_path_for_any_dose_and_any_drawn_parameters(grid, session_days):
    random = np.random.default_rng(1)
    days, sessions = GRIDS[grid], np.array(session_days)
    for parameters in (PARAMETERS, *(PARAMETERS.draw(5, sample) for sample in range(6))):
        kinetics = junction_kinetics(parameters, PRODUCT)
        dose = np.exp(random.normal(-5, 3, (len(sessions), 150)))
        dose[:, 0], dose[:, 1], dose[1:, 2:30] = 0, 1e6, 0
        ratio = taken_up_ratio(dose, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
        blocked, found = force(ratio, sessions, days, parameters)
        exact_blocked, exact = exact_force(ratio, sessions, days, parameters)
        np.testing.assert_allclose(blocked, exact_blocked, rtol=0, atol=3e-6)
        np.testing.assert_allclose(found, exact, rtol=0, atol=ERROR)
        assert (blocked[:, 0] == 0).all()
        assert (found[:, 0] == 1).all()


@pytest.mark.parametrize("classes", [((1.0, 0.016),), ((0.0, 0.016), (1.0, 0.004)), ((0.5, 0.3), (0.3, 0.016), (0.2, 0.004))])
def test_any_classes_of_endings(classes):
    kinetics = replace(junction_kinetics(PARAMETERS, PRODUCT), classes=classes)
    ratio, sessions = np.random.default_rng(2).uniform(0, 1.8, (2, 300)), np.array([0.0, 70.0])
    times = coarse_course_days(DAYS, sessions)
    for found, exact in zip(
        compiled.follow(ratio, compiled.prepare(sessions, times, kinetics)), follow(ratio, sessions, times, kinetics), strict=True
    ):
        np.testing.assert_allclose(found, exact, rtol=0, atol=3e-6)


@pytest.mark.parametrize(("h", "sd"), [(4, 0.4), (6, 0.35), (8, 0.3), (6, 0.0), (8, 0.9)])
def test_small_table_is_right_between_its_places(h, sd):
    table = small_block_table(h, sd)
    share = (np.arange(len(table) - 2) + 0.5) / (len(table) - 2)
    np.testing.assert_allclose((table[:-2] + table[1:-1]) / 2, blocked_endings(share / (1 - share), 1.0, h, sd), rtol=0, atol=2e-6)
    assert (np.diff(table) >= 0).all()


@pytest.mark.parametrize("grid", GRIDS)
def test_coarse_times(grid):
    days = GRIDS[grid]
    for session_days in (np.zeros(0), np.zeros(1), np.array([-40.0, 0.0, 95.5]), np.array([0.0, 1000.0])):
        times = coarse_course_days(days, session_days)
        ends = times[::2]
        np.testing.assert_allclose(times[1::2], (ends[:-1] + ends[1:]) / 2, rtol=0, atol=1e-9)
        assert np.isin(days, times).all()
        assert np.isin(session_days[session_days <= days[-1]], ends).all()
        assert (np.diff(times) > 0).all()
    assert len(coarse_course_days(np.zeros(1), np.zeros(1))) == 1
    assert len(coarse_course_days(GRIDS["daily"], np.array([0.0, 60.0, 120.0]))) < 240


@pytest.mark.parametrize("session_days", [(0.0,), (0.0, 90.0), (-40.0, 0.0, 95.5)])
def test_muscles_are_those_without_numba(session_days, monkeypatch):
    random, sessions = np.random.default_rng(3), np.array(session_days)
    common, own = random.standard_normal(3000), random.standard_normal((len(sessions), 3000))
    dose = dose_for_ratio(2.0, PARAMETERS) * np.exp(0.6 * (np.sqrt(0.95) * common + np.sqrt(0.05) * own))
    dose[:, :100] = 0
    muscles = {"m": Uptake(dose, random.uniform(0.1, 2, 3000)), "none": Uptake(0 * dose[:, :7], np.ones(7))}
    fast, plain = (block_junctions(muscles, sessions, DAYS, PARAMETERS, PRODUCT, compiled=on) for on in (True, False))
    assert fast.coarse
    assert not plain.coarse
    one, other = (weaken_muscles(blockade, PARAMETERS) for blockade in (fast, plain))
    for name in muscles:
        for found, exact in ((fast.blocked, plain.blocked), (fast.active, plain.active), (one.force, other.force), (one.bulk, other.bulk)):
            np.testing.assert_allclose(found[name], exact[name], rtol=0, atol=1e-4)
    assert (one.force["none"] == 1).all()
    monkeypatch.setitem(sys.modules, compiled.__name__, None)  # as where numba is missing
    without = block_junctions(muscles, sessions, DAYS, PARAMETERS, PRODUCT, compiled=True)
    assert np.array_equal(without.active["m"], plain.active["m"])
    assert not without.coarse


def test_no_toxin_at_all():
    muscles = {"m": Uptake(np.zeros((2, 5)), np.ones(5))}
    blockade = block_junctions(muscles, np.array([0.0, 60.0]), DAYS, PARAMETERS, PRODUCT, compiled=True)
    assert (weaken_muscles(blockade, PARAMETERS).force["m"] == 1).all()
    assert compiled.block(np.zeros((2, 4, 0)), np.zeros((0, 3)), np.ones(2), small_block_table(6, 0.35)).shape == (4, 3)


def test_does_not_depend_on_threads_or_on_the_elements_beside():
    sessions = np.array([0.0, 60.0])
    course = compiled.prepare(sessions, coarse_course_days(DAYS, sessions), junction_kinetics(PARAMETERS, PRODUCT))
    ratios = [np.random.default_rng(n).uniform(0, 2, (2, 1000)) for n in range(8)]
    alone = [compiled.follow(ratio, course)[1] for ratio in ratios]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(lambda ratio: compiled.follow(ratio, course)[1], ratios))
    assert all(np.array_equal(a, b) for a, b in zip(alone, beside, strict=True))


def test_samples_use_it_and_workers_change_nothing(monkeypatch):
    plan = Plan.label(PRODUCT, "glabellar").repeated(0, 90)
    coarse = {"days": 120, "samples": 2, "scene": False, "step_mm": 2.8, "depth_step_mm": 1.4}
    monkeypatch.setattr(treatment, "COMPILED_FROM", 2)
    used = []
    monkeypatch.setattr(
        treatment, "weaken_muscles", lambda blockade, values: used.append(blockade.coarse) or weaken_muscles(blockade, values)
    )
    one, two = (treatment.simulate(plan, seed=3, workers=workers, **coarse) for workers in (1, 2))
    assert one.to_json() == two.to_json()
    assert used == 2 * [False, True, True]
    monkeypatch.setitem(sys.modules, compiled.__name__, None)
    plain = treatment.simulate(plan, seed=3, **coarse)
    for name, muscle in one.muscles.items():
        for band in ("low", "median", "high"):
            found, exact = (getattr(curves.force, band) for curves in (muscle, plain.muscles[name]))
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-4)


def test_people_of_several_sessions_are_those_without_numba(monkeypatch):
    arm = setting()
    people, who, times = draw(arm, 0, 0, 40), np.arange(40), course_times(arm.visit_days)
    units, sessions = np.tile(arm.units, (2, 1)), np.array([0.0, 60.0])

    def forces():
        return repeated_force(arm.archetypes[0], units, sessions, people, who, times, arm.kinetics, arm.values)

    fast = forces()
    assert fast.min() < 0.5
    monkeypatch.setitem(sys.modules, compiled.__name__, None)
    np.testing.assert_allclose(fast, forces(), rtol=0, atol=1e-5)


def test_the_nominal_path_does_not_load_it():
    code = (
        "import sys, numpy as np, glabella.treatment; from glabella.stages.junction import blocked_share;"
        "from glabella.evidence import load_parameters;"
        "blocked_share(np.ones(3), np.arange(9.0), load_parameters(), 'onabotulinumtoxinA'); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
