"""The population: people, course, lines, raters and endpoints, on a made-up face that needs no solve."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.typical_face import setting, typical_face

from glabella.evidence.parameters import load_parameters, load_population
from glabella.evidence.published import RESPONSES
from glabella.population.arms import arm_plan, trial_values
from glabella.population.block import CANDIDATES, ENTRY_GRADE, baseline_shape, baseline_shift, follow
from glabella.population.course import block_table, course_times, linear_decay, muscle_force, node_courses, nodes_ln, waste
from glabella.population.endpoints import ENDPOINTS, expected, rated
from glabella.population.lines import follow_lines
from glabella.population.people import BLOCK, Mix, draw_people
from glabella.population.raters import RATERS, borders_ln, grade_probabilities, rate, rater
from glabella.stages.junction.closed_forms import blocked_endings
from glabella.stages.junction.course import junction_kinetics
from glabella.stages.wrinkle.grade import line_depths_mm
from glabella.stages.wrinkle.scale import wrinkle_scale

VALUES = trial_values()
KINETICS = junction_kinetics(VALUES, "onabotulinumtoxinA")


def test_people_have_the_stated_spreads_and_the_trials_mix():
    mix = Mix(female_share=0.7, mean_age_years=45, sd_age_years=12, least_age_years=30, most_age_years=65)
    people = draw_people(3, 0, mix, 3, 2, VALUES, count=20_000)
    for name, row in (
        ("half_life_ln", "person_half_life_sd_ln"),
        ("depth_ln", "person_line_depth_sd_ln"),
        ("fold_ln", "person_fold_sd_ln"),
    ):
        assert getattr(people, name).std() == pytest.approx(VALUES[row], rel=0.03)
    assert 1 - people.male.mean() == pytest.approx(0.7, abs=0.015)
    assert people.age_years.min() >= 30
    assert people.age_years.max() <= 65
    assert np.corrcoef(people.size_ln[:, 0], people.size_ln[:, 1])[0, 1] == pytest.approx(VALUES["muscle_size_common_share"], abs=0.02)
    assert np.corrcoef(people.sensitivity_ln, people.half_life_ln)[0, 1] == pytest.approx(
        VALUES["sensitivity_half_life_correlation"], abs=0.03
    )


def test_a_block_is_the_same_whatever_was_drawn_before():
    first = draw_people(3, 5, Mix(), 3, 2, VALUES)
    draw_people(3, 4, Mix(), 3, 2, VALUES)
    again = draw_people(3, 5, Mix(), 3, 2, VALUES)
    assert all(np.array_equal(getattr(first, name), getattr(again, name)) for name in vars(first))
    other = draw_people(3, 6, Mix(), 3, 2, VALUES)
    assert not np.array_equal(first.depth_ln, other.depth_ln)


def test_block_table_is_the_junctions():
    lowest, table = block_table(KINETICS.exponent, KINETICS.spread_sd_ln)
    y = np.linspace(-1, 1, 41)
    ours = np.interp(y, lowest + 0.002 * np.arange(len(table)), table)
    theirs = blocked_endings(KINETICS.threshold_ratio * np.exp(y), KINETICS.threshold_ratio, KINETICS.exponent, KINETICS.spread_sd_ln)
    assert np.abs(ours - theirs).max() < 1e-5


def test_course_of_one_ending_against_an_ode_solver():
    times = course_times(np.array([7.0, 30.0, 90.0, 180.0]))
    node = len(nodes_ln(KINETICS)) - 4
    start = np.exp(nodes_ln(KINETICS)[node])
    formation, factor = 0.3, 1.2
    blocked, lost = node_courses(times, np.array([formation]), np.array([factor]), KINETICS)
    ka, kh, floor = (VALUES[n] for n in ("muscle_atrophy_per_day", "muscle_regrowth_per_day", "muscle_bulk_floor"))

    def rhs(t, y):
        chains, grown, bulk = y[1:3], y[3], y[4]
        b = sum(
            share * blocked_endings(np.array([chain]), KINETICS.threshold_ratio, KINETICS.exponent, KINETICS.spread_sd_ln)[0]
            for (share, _), chain in zip(KINETICS.classes, chains, strict=True)
        )
        active = 1 - b * (1 - KINETICS.sprout_release * grown)
        made = formation * y[0]
        losses = [loss / factor for _, loss in KINETICS.classes]
        return [-made, made - losses[0] * chains[0], made - losses[1] * chains[1], KINETICS.sprout_per_day * (b - grown),
                -ka * (1 - active) * (bulk - floor) + kh * active * (1 - bulk)]  # fmt: skip

    truth = solve_ivp(rhs, (0, 180), [start, 0, 0, 0, 1], t_eval=times, rtol=1e-8, atol=1e-10, method="LSODA").y
    bulk = waste(times, lost[:, :, node : node + 1], ka, kh, floor)[0, :, 0]
    assert np.abs(bulk - truth[4]).max() < 0.01
    b = sum(
        share * blocked_endings(chain, KINETICS.threshold_ratio, KINETICS.exponent, KINETICS.spread_sd_ln)
        for (share, _), chain in zip(KINETICS.classes, truth[1:3], strict=True)
    )
    assert np.abs(blocked[0, :, node] - b).max() < 1e-4
    assert np.abs(lost[0, :, node] - b * (1 - KINETICS.sprout_release * truth[3])).max() < 0.005


def test_linear_decay_is_exact_for_straight_lines():
    keep, start, end = linear_decay(np.array([0.7]))
    t = np.linspace(0, 1, 20001)
    drive = 0.2 + 0.5 * t
    kernel = 0.7 * np.exp(-0.7 * (1 - t))
    assert keep[0] * 0.9 + start[0] * 0.2 + end[0] * 0.7 == pytest.approx(np.exp(-0.7) * 0.9 + np.trapezoid(kernel * drive, t), abs=1e-8)


def test_lines_are_those_of_the_wrinkle_stage():
    days = np.array([0.0, 5, 10, 20, 40, 80, 120])
    drive = np.array([1.0, 0.7, 0.4, 0.2, 0.3, 0.6, 0.9])
    scale = wrinkle_scale(load_parameters())
    one = line_depths_mm(days, {"maximum_frown": 0.8 * drive, "rest": 0 * drive}, "maximum_frown", scale, 1.0, 3.0, load_parameters())
    many = follow_lines(days, 0.8 * drive[None], np.array([scale.depth_mm(3.0)]), np.array([scale.depth_mm(1.0)]), VALUES)
    assert many.contracted_mm[0] == pytest.approx(one["maximum_frown"], rel=1e-9)
    assert many.rest_mm[0] == pytest.approx(one["rest"], rel=1e-9)


def test_ratings_follow_their_probabilities():
    borders, who = borders_ln(VALUES), rater("subject", VALUES)
    depth = np.log(np.array([0.1, 0.3, 0.45, 0.7, 1.2]))
    chance = grade_probabilities(depth, who, borders)
    assert chance.sum(-1) == pytest.approx(1)
    drawn = rate(np.repeat(depth[:, None], 40_000, 1), who, borders, np.random.default_rng(1).standard_normal((5, 40_000)))
    for grade in range(4):
        assert (drawn == grade).mean(1) == pytest.approx(chance[:, grade], abs=0.01)


@pytest.mark.parametrize("severe", [0.3, 0.6])
def test_baseline_has_the_wanted_share_of_severe(severe):
    arm = setting(mix=Mix(severe_share=severe))
    block = follow(arm, baseline_shift(arm), 1, 0)
    grades = block.entry_grades["investigator"]
    assert len(grades) == BLOCK
    assert grades.min() >= ENTRY_GRADE
    assert (grades == 3).mean() == pytest.approx(severe, abs=0.05)


def test_both_raters_screen_where_the_trial_asks_for_both():
    arm = setting(mix=Mix(screening="both"))
    block = follow(arm, baseline_shift(arm), 1, 0)
    assert min(block.entry_grades[name].min() for name in RATERS) >= ENTRY_GRADE


@pytest.mark.parametrize("units", [0.0, 20.0])
def test_expected_rates_are_the_mean_of_drawn_ones(units):
    arm = setting(units)
    shift = baseline_shift(arm)
    unscreened = [expected(arm, follow(arm, shift, 2, n, CANDIDATES, screen=False)) for n in range(2)]
    drawn = [rated(arm, follow(arm, shift, 3, n), 3, n) for n in range(4)]
    for key in unscreened[0]:
        mean = np.mean([part[key] for part in unscreened], 0)
        count = np.mean([part[key].mean(0) for part in drawn], 0)
        assert count == pytest.approx(mean, abs=0.035), key


def test_screening_makes_a_placebo_response():
    """Raters' noise at entry lets milder lines in: some of them are rated mild at the next visit without any treatment."""
    arm = setting(0.0)
    found = rated(arm, follow(arm, baseline_shift(arm), 1, 0), 1, 0)
    mild = found["none_or_mild_at_max_contraction", "investigator"].mean(0)
    assert 0.005 < mild.mean() < 0.12
    assert found["ge2_grade_composite", "both"].mean() < 0.01


def test_endpoints_are_nested_as_their_definitions_say():
    arm = setting(20.0)
    found = rated(arm, follow(arm, baseline_shift(arm), 1, 0), 1, 0)
    assert set(found) == {(endpoint, name) for endpoint, names in ENDPOINTS.items() for name in names}
    assert not (found["ge2_grade_improvement", "investigator"] & ~found["ge1_grade_improvement", "investigator"]).any()
    assert not (found["ge2_grade_composite", "both"] & ~found["ge2_grade_improvement", "subject"]).any()
    assert (found["relapse_to_baseline", "investigator"] != found["ge1_grade_improvement", "investigator"]).all()
    kept = found["response_maintained", "investigator"][:, 1:]
    assert not (kept[:, 1:] & ~kept[:, :-1]).any()


def test_published_endpoints_are_known():
    assert set(ENDPOINTS) <= set(RESPONSES) | {"ge2_grade_improvement"}


def test_more_units_do_not_weaken_the_block():
    face, times = typical_face(), course_times(np.array([30.0, 120.0]))
    people = draw_people(1, 0, Mix(), 3, 2, VALUES, 50)
    forces = [muscle_force(face, face.units * scale, people, np.arange(50), times, KINETICS, VALUES) for scale in (0.5, 1, 2, 4)]
    later = times >= 60
    for less, more in pairwise(forces):
        assert (more[:, later] <= less[:, later] + 0.01).all()


def test_strong_muscles_need_more():
    """Men pull harder: of men and women with equally deep lines the same units leave more of the men's, with no rule that says so."""
    mild = {}
    for sex, share in (("women", 1.0), ("men", 0.0)):
        arm = setting(20.0, Mix(female_share=share))
        block = follow(arm, baseline_shift(arm), 1, 0, 4000, screen=False)
        mild[sex] = expected(arm, block)["none_or_mild_at_max_contraction", "investigator"]
    assert (mild["men"] < mild["women"]).all()


def test_every_row_of_the_population_moves_a_trial():
    def outcome(**values: float) -> np.ndarray:
        arm = setting(20.0, **values)
        shift = baseline_shift(arm)
        block = follow(arm, shift, 1, 0, 200)
        shares = rated(arm, block, 1, 0)
        noticed = (block.onset_reduction >= block.notices[:, None]).mean(0)
        ages = [np.corrcoef(block.people.age_years, block.rest_before_ln)[0, 1]]
        return np.concatenate(
            [*(shares[key].mean(0) for key in shares), noticed, block.rest_visits_ln.mean(0), ages, block.visits_ln.mean(0)]
        )

    for name, row in load_population().rows.items():
        if name in NOT_IN_A_BLOCK:
            continue
        assert np.abs(outcome(**{name: row.low}) - outcome(**{name: row.high})).max() > 1e-6, name


NOT_IN_A_BLOCK = ("person_frontalis_margin_sd_mm", "visit_missed_share", "dropout_per_day")  # tested with trials and archetypes


@pytest.mark.parametrize(
    ("indication", "dose", "areas"), [("glabellar", 40, 1), ("forehead", 40, 2), ("lateral_canthal", 44, 2), ("forehead", 64, 3)]
)
def test_a_dose_that_is_the_label_of_several_areas_treats_them_all(indication, dose, areas):
    assert len(arm_plan("onabotulinumtoxinA", indication, dose).areas) == areas


def test_baseline_shape_depends_on_the_face_alone():
    treated, placebo = setting(20.0), setting(0.0)
    people = draw_people(1, 0, Mix(), 3, 2, VALUES)
    assert np.array_equal(baseline_shape(treated, people), baseline_shape(placebo, people))
