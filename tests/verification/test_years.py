"""Years of treatment against the single course, closed forms and themselves: the same equations with a state that is carried on."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from glabella.evidence import load_parameters
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import muscle_doses, spread_toxin
from glabella.stages.junction.closed_forms import light_chain
from glabella.stages.junction.course import junction_kinetics
from glabella.treatment import build_person, day_grid, run_course
from glabella.years.follow import Schedule, before_treatment, follow_leg, follow_one, one_person
from glabella.years.nerves import follow_nerves, take_up, untouched
from glabella.years.skin import SMOOTH
from glabella.years.yearly import sum_years, year_ends
from glabella.years.years import follow_years
from tests.uptake import log_normal

PLAN = Plan.label("onabotulinumtoxinA", "glabellar")
AREAS = ("glabellar",)
YOUNG = {"dermis_thinning_per_year": 0.0, "resting_line_growth_mm_per_year": 0.0}  # ageing off


@cache
def person():
    return build_person(None, Patient(), load_parameters(), step_mm=2.0, depth_step_mm=1.0, compiled=False)


@cache
def uptake():
    parameters, anatomy = load_parameters(), person().anatomy
    field = spread_toxin(person().spread, place_boluses(PLAN.sessions[0], PLAN, anatomy, parameters), 1e-9)
    kinetics = junction_kinetics(parameters, PLAN.product)
    return take_up(muscle_doses(anatomy, (field,)), kinetics, kinetics.half_dose_units_per_mm3), kinetics


@cache
def someone(patient: Patient = Patient(), **_):  # noqa: B008 - frozen
    taken, kinetics = uptake()
    return one_person(taken, kinetics, person().skin, AREAS, patient, load_parameters().with_values(YOUNG))


def aged(**values):
    taken, kinetics = uptake()
    return one_person(taken, kinetics, person().skin, AREAS, Patient(), load_parameters().with_values(values))


def every(interval, last):
    return Schedule(tuple(np.arange(0.0, last, interval)))


def test_two_sessions_are_those_of_the_single_course():
    """Tolerance written first: grade 0.02, force and bulk 0.002. Sessions on days 0 and 90, ageing off."""
    days = day_grid(270)
    found = follow_one(someone(), Schedule((0.0, 90.0)), days)
    course = run_course(person(), PLAN.repeated(0, 90), days, load_parameters(), [None, None], 1e-9)
    for quantity, expression in (("grade_contraction", "maximum_frown"), ("grade_rest", "rest")):
        there = course.wrinkles.grade["glabellar"][expression]
        assert np.abs(found.curves["skin", "glabellar", quantity] - there).max() < 0.02
    fine_lines_mm = found.curves["skin", "glabellar", "fine_lines_contraction_mm"]
    assert np.abs(fine_lines_mm - course.wrinkles.fine_lines["glabellar"]["maximum_frown"]).max() < 1e-4
    assert np.abs(found.curves["skin", "glabellar", "movement_percent"] - course.strain.movement["maximum_frown"]).max() < 0.2
    for muscle in ("corrugator_supercilii_left", "procerus", "frontalis_left"):
        for quantity, there in (("force", course.force.force), ("bulk", course.force.bulk)):
            assert np.abs(found.curves["muscle", muscle, quantity] - there[muscle]).max() < 0.002


def test_sessions_add_exactly_in_light_chain():
    taken, kinetics = uptake()
    sessions = np.arange(0.0, 3650.0, 42.0)
    state, times = untouched(taken, kinetics), np.linspace(0, 3700, 201)
    whole = follow_nerves(taken, kinetics, (0.05, 0.02, 0.45), state, times, sessions)
    for chain, (_, loss) in zip(whole.chain, kinetics.classes, strict=True):
        closed = light_chain(times[:, None] - sessions, kinetics.formation_per_day, loss).sum(1)
        assert np.abs(chain - closed).max() < 1e-12 * closed.max()
    parts, here = [], state
    for first in range(0, 200, 40):  # the same carried from leg to leg
        inside = sessions[(sessions >= times[first]) & (sessions < times[first + 40])]
        leg = follow_nerves(taken, kinetics, (0.05, 0.02, 0.45), here, times[first : first + 41], inside)
        parts.append(leg.chain[:, : 41 if first == 160 else 40])
        here = leg.state(20)
    assert np.abs(np.concatenate(parts, axis=1) - whole.chain).max() < 1e-12 * whole.chain.max()


def test_a_course_that_is_cut_and_carried_on_is_the_same_course():
    one, wanted = aged(), np.arange(0.0, 401.0, 20.0)
    sessions = (0.0, 84.0, 168.0, 252.0, 336.0)
    whole = follow_leg(one, before_treatment(one), 400.0, sessions, wanted)
    for cut in (3, 17, 40, len(whole.days) - 2):
        day = float(whole.days[cut])
        rest = follow_leg(one, whole.state(cut), 400.0, sessions if day not in sessions else [s for s in sessions if s >= day], whole.days)
        assert np.allclose(rest.days, whole.days[cut:], rtol=0, atol=1e-12)
        for mine, there in ((rest.nerves.force, whole.nerves.force[cut:]), (rest.nerves.wasted, whole.nerves.wasted[cut:])):
            assert np.abs(mine - there).max() < 1e-12
        told = [leg.skin[0].told(np.arange(len(leg.days))) for leg in (rest, whole)]
        assert np.abs(told[0]["grade_rest"] - told[1]["grade_rest"][cut:]).max() < 1e-12
        for name in ("grade_contraction", "line_mm", "slow", "grown_mm"):
            assert np.abs(getattr(rest.skin[0], name) - getattr(whole.skin[0], name)[cut:]).max() < 1e-12


def test_never_treated_without_ageing_stays_as_it_is():
    found = follow_one(someone(), Schedule(), np.linspace(0, 7305, 61))
    for name, curve in found.curves.items():
        assert np.abs(curve - curve[0]).max() < 1e-12, name
    assert not found.sessions


def test_never_treated_ages_by_the_closed_form():
    """Without thinning the resting line of an untreated face deepens by the growth alone, whatever its folding's share."""
    days = np.linspace(0, 7305, 61)
    for share in (0.5, 1.0):
        one = aged(dermis_thinning_per_year=0.0, resting_line_growth_mm_per_year=0.012, resting_line_growth_folding_share=share)
        depth = follow_one(one, Schedule(), days).curves["skin", "glabellar", "depth_rest_mm"]
        assert np.abs(depth - depth[0] - 0.012 * days / 365.25).max() < 1e-10
    thin = follow_one(aged(resting_line_growth_mm_per_year=0.0), Schedule(), days).curves
    assert thin["skin", "glabellar", "depth_rest_mm"][-1] > thin["skin", "glabellar", "depth_rest_mm"][0]
    assert thin["skin", "glabellar", "fine_lines_contraction_mm"][-1] > thin["skin", "glabellar", "fine_lines_contraction_mm"][0]


def test_a_line_can_begin_where_there_was_none():
    smooth = Patient(baseline={"glabellar": Grades(rest=0, contraction=2)})
    taken, kinetics = uptake()
    one = one_person(taken, kinetics, person().skin, AREAS, smooth, load_parameters())
    days = np.linspace(0, 7305, 61)
    never = follow_one(one, Schedule(), days).curves["skin", "glabellar", "depth_rest_mm"]
    treated = follow_one(one, every(90.0, 7305), days).curves["skin", "glabellar", "depth_rest_mm"]
    assert max(never[0], treated[0]) < 1e-12
    assert never[-1] > 0.2 > treated[-1] > 0  # mm; a line is rated mild from 0.2 on, and age alone leaves something


def test_more_frequent_sessions_never_leave_more_bulk():
    days = np.linspace(0, 1826, 61)
    bulk = [follow_one(someone(), every(interval, 1826), days).curves for interval in (42.0, 84.0, 168.0)]
    for muscle in uptake()[0].muscles:
        often, usual, seldom = (curves["muscle", muscle, "bulk"] for curves in bulk)
        # multiples of the same interval: the sessions of the seldom are among those of the often
        assert (often <= usual + 1e-6).all()
        assert (usual <= seldom + 1e-6).all()


def test_the_grade_is_back_before_each_next_session_and_the_label_interval_holds():
    found = follow_one(aged(), Schedule(grade=2.0, least_days=90.0, visit_days=14.0), np.linspace(0, 1826, 61))
    gaps = np.diff(found.sessions)
    assert (gaps >= 90 - 1e-9).all()
    assert np.allclose((gaps - 90) / 14, np.round((gaps - 90) / 14), atol=1e-9)
    days, grade = found.all_days, found.course(("skin", "glabellar", "grade_contraction"))
    for session, gap in zip(found.sessions[1:], gaps, strict=True):
        assert grade[np.searchsorted(days, session - 1e-9)] >= 2.0
        if gap > 90:
            assert grade[np.searchsorted(days, session - 14 - 1e-9)] < 2.0
    assert gaps[1:].min() >= gaps[0]  # later sessions last at least as long as the first


def test_each_year_has_its_mean_and_its_worst_day():
    """Against the same course on four times as many days, by plain sums: means to 0.005, a quarter of what a grade may be off
    in the course itself, worst days to 0.01. A day picked out of the year tells neither."""
    ends, last = year_ends(2.5), 2.5 * 365.25
    assert np.allclose(ends, [365.25, 730.5, 913.125])
    found = follow_one(aged(), every(90.0, last), np.append(0.0, ends))
    mine = sum_years(found, ends, 90.0)
    fine = np.union1d(np.arange(0.0, last, 0.5), ends)
    curves = follow_one(aged(), every(90.0, last), fine).curves
    for name in (("skin", "glabellar", "grade_contraction"), ("skin", "glabellar", "depth_rest_mm"), ("muscle", "procerus", "bulk")):
        for n, (begin, end) in enumerate(zip([0.0, *ends[:-1]], ends, strict=True)):
            inside = (fine >= begin) & (fine <= end)
            assert mine.mean[name][n] == pytest.approx(curves[name][inside].mean(), abs=0.005)
            late = inside & (fine >= 90)
            worst = curves[name][inside].min() if name[-1] == "bulk" else curves[name][late].max()
            assert mine.worst[name][n] == pytest.approx(worst, abs=0.01)
    frown = ("skin", "glabellar", "grade_contraction")
    before, after = curves[frown][np.searchsorted(fine, [449.5, 480.0])]  # of the same year: the eve of a session, and a month later
    assert after < mine.mean[frown][1] < before <= mine.worst[frown][1] + 0.01


def test_a_line_that_was_not_there_begins_by_the_closed_form():
    """Never treated and without thinning, a smooth skin's line is the growth alone; sessions leave less of it."""
    taken, kinetics = uptake()
    rows = {"dermis_thinning_per_year": 0.0, "resting_line_growth_mm_per_year": 0.012}
    parameters = load_parameters().with_values(rows)
    one = one_person(taken, kinetics, person().skin, AREAS, Patient(), parameters)
    days = np.linspace(0, 3652.5, 41)
    name = ("skin", "glabellar", SMOOTH)
    never, treated = (follow_one(one, schedule, days).curves[name] for schedule in (Schedule(), every(90.0, 3652.5)))
    assert np.abs(never - 0.012 * days / 365.25).max() < 1e-10
    assert 0 < treated[-1] < 0.6 * never[-1]
    bare = one_person(taken, kinetics, person().skin, AREAS, Patient(baseline={"glabellar": Grades(0, 3)}), parameters)
    again = follow_one(bare, every(90.0, 3652.5), days).curves["skin", "glabellar", "depth_rest_mm"]  # the person who has no line
    assert np.abs(treated - again).max() < 1e-12


def test_sessions_after_the_effect_is_lost_do_nothing():
    days = np.linspace(0, 1096, 37)
    kept = follow_one(someone(), every(90.0, 1096), days)
    lost = follow_one(someone(), replace(every(90.0, 1096), without_effect_from=400.0), days)
    stopped = follow_one(someone(), Schedule(tuple(np.arange(0.0, 400.0, 90.0))), days)
    assert lost.sessions == kept.sessions
    for name in kept.curves:
        assert np.abs(lost.curves[name] - stopped.curves[name]).max() < 1e-4, name
    assert lost.curves["muscle", "procerus", "bulk"][-1] > 0.99 > kept.curves["muscle", "procerus", "bulk"][-1]


@pytest.mark.parametrize("median", [2e-5, 1e-3])
def test_nodes_stand_for_every_element(median):
    """A muscle's block from the nodes against every element by itself: 2e-4."""
    from glabella.stages.junction.course import coarse_course_days, follow

    kinetics = junction_kinetics(load_parameters(), PLAN.product)
    dose = log_normal(median, 0.6)
    taken = take_up({"procerus": dose}, kinetics, kinetics.half_dose_units_per_mm3)
    times = coarse_course_days(np.array([0.0, 300.0]), np.zeros(1))
    mine = follow_nerves(taken, kinetics, (0.05, 0.02, 0.45), untouched(taken, kinetics), times, np.zeros(1))
    from glabella.stages.junction.closed_forms import taken_up_ratio

    ratio = taken_up_ratio(dose.dose_units_per_mm3, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
    blocked, _ = follow(ratio, np.zeros(1), times, kinetics)
    assert np.abs(mine.blocked[:, 0] - blocked @ (dose.volume_mm3 / dose.volume_mm3.sum())).max() < 2e-4


def test_the_same_seed_gives_the_same_numbers_for_any_number_of_workers():
    asked = {"years": 1, "samples": 3, "seed": 5, "compare": ("never", "licensed"), "step_mm": 2.8, "depth_step_mm": 1.4}
    one, three = (follow_years(PLAN, workers=workers, **asked).to_json() for workers in (1, 3))
    assert one == three
    other = follow_years(PLAN, **{**asked, "seed": 6}).to_json()
    assert other["scenarios"]["licensed"]["areas"] != one["scenarios"]["licensed"]["areas"]
