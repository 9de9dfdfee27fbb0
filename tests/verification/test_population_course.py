"""The course of many people against the chain of stages for one, and of several sessions against one."""

from dataclasses import replace

import numpy as np
import pytest

from glabella.evidence import load_parameters
from glabella.frown import FROWN_PATTERNS
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.population import archetypes
from glabella.population.arms import arm_setting, trial_values
from glabella.population.block import _newton, draw
from glabella.population.course import area_strain, course_times, muscle_force, repeated_force
from glabella.population.people import Mix, People
from glabella.stages.junction.course import junction_kinetics
from glabella.treatment import day_grid
from tests.chain import DAYS, frown_strain

ONA = "onabotulinumtoxinA"
PLAN = Plan.label(ONA, "glabellar")
VISITS = np.array([2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 180.0, 270.0])
WHO = np.array([0])


@pytest.fixture(scope="module")
def typical():
    """The typical person's face with needles that land where they are aimed."""
    exact = load_parameters().with_values({"placement_sd_mm": 0.0, "placement_depth_sd_mm": 0.0})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archetypes, "LANDINGS", 1)
        return archetypes.build_archetype(PLAN, Patient(), exact, ("glabellar",))


@pytest.fixture(scope="module")
def mean_person(typical):
    nothing, muscles = np.zeros(1), typical.folding["glabellar"].contracted_newton.shape[1]
    return People(
        np.array([False]), nothing, np.array([False]), np.array([FROWN_PATTERNS.index(Patient().frown_pattern)]), np.zeros((1, muscles)),
        nothing, nothing, nothing, nothing, nothing, nothing, np.zeros((1, len(typical.units))),
    )  # fmt: skip


def kept(typical, person, force):
    strain = area_strain(typical.folding["glabellar"], typical.column_of, force, _newton(typical, "glabellar", person, WHO))[0]
    return strain / strain[0]


def test_the_mean_person_of_the_population_is_the_person_of_the_chain(typical, mean_person):
    parameters, times = load_parameters(), course_times(VISITS)
    force = muscle_force(typical, typical.units, mean_person, WHO, times, junction_kinetics(parameters, ONA), parameters)
    chain = frown_strain(PLAN)
    expected = np.interp(VISITS, day_grid(DAYS), chain / chain[0])
    assert np.interp(VISITS, times, kept(typical, mean_person, force)) == pytest.approx(expected, abs=0.02)


def test_several_sessions_follow_the_chain_as_well(typical, mean_person):
    parameters, times, sessions = load_parameters(), course_times(VISITS), np.array([0.0, 90.0])
    units = np.tile(typical.units, (2, 1))
    force = repeated_force(typical, units, sessions, mean_person, WHO, times, junction_kinetics(parameters, ONA), parameters)
    chain = frown_strain(PLAN.repeated(*sessions))
    expected = np.interp(VISITS, day_grid(DAYS), chain / chain[0])
    assert np.interp(VISITS, times, kept(typical, mean_person, force)) == pytest.approx(expected, abs=0.02)


def test_one_session_by_the_general_path_is_the_fast_one():
    setting = arm_setting(ONA, "glabellar", 20.0, VISITS, Mix(), trial_values())
    people, who, times = draw(setting, 0, 0, 60), np.arange(60), course_times(VISITS)
    archetype = setting.archetypes[0]
    fast = muscle_force(archetype, setting.units[0], people, who, times, setting.kinetics, setting.values)
    general = repeated_force(archetype, setting.units, np.zeros(1), people, who, times, setting.kinetics, setting.values)
    assert np.abs(fast - general).max() < 2e-3
    again = repeated_force(
        archetype, np.tile(setting.units, (2, 1)), np.array([0.0, 120.0]), people, who, times, setting.kinetics, setting.values
    )
    before = times <= 120
    assert np.abs(again - general)[:, before].max() < 1e-4
    assert again[:, times > 125].mean() < general[:, times > 125].mean() - 0.05


def test_needles_land_anew_in_every_session():
    from glabella.population.course import landings

    setting = arm_setting(ONA, "glabellar", 20.0, VISITS, Mix(), trial_values())
    people, who, archetype = draw(setting, 0, 0, 4000), np.arange(4000), setting.archetypes[0]
    places = [landings(archetype, people, who, session) for session in range(10)]
    for session, place in enumerate(places):
        assert np.bincount(place.ravel(), minlength=32).min() > 450, session
        for other in places[:session]:
            assert np.mean(place == other) == pytest.approx(1 / 32, abs=0.006)


def test_untreated_sessions_do_nothing():
    setting = arm_setting(ONA, "glabellar", 20.0, VISITS, Mix(), trial_values())
    people, who, times = draw(setting, 0, 0, 5), np.arange(5), course_times(VISITS)
    nothing = replace(setting, units=np.zeros((2, setting.units.shape[1])))
    force = repeated_force(
        setting.archetypes[0], nothing.units, np.array([0.0, 90.0]), people, who, times, setting.kinetics, setting.values
    )
    assert (force == 1).all()
