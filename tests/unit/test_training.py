"""Training: six faces that repeat by seed, and a score that is exact, symmetric and says why."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from glabella.app.training import case_of, load_cases, score, score_placement
from glabella.app.training.cases import TRAINED, VARIED, read_cases
from glabella.app.training.score import REASONS, match_needles
from glabella.app.workbench import Workbench
from glabella.errors import InputError
from glabella.evidence.patterns import site_areas
from glabella.label import check_plan
from glabella.names import mirrored, side_of, without_side
from glabella.patient import Patient
from glabella.plan import Injection

NAMES = ("strong_frown", "low_brow", "tall_forehead", "man", "asymmetry", "earlier_ptosis")
CASES = {case.name: case for case in load_cases()}
GLABELLAR = replace(CASES["strong_frown"], patient=Patient())  # an even face, so that mirror images are the same
NEEDLES = GLABELLAR.reference.sessions[0].injections
UPPER_FACE = replace(GLABELLAR, areas=("glabellar", "forehead", "lateral_canthal"))
STEPS = {"up": (0, 5), "down": (0, -5), "out": (5, 0), "in": (-5, 0)}


@pytest.fixture(scope="module")
def bench():
    return Workbench()


@pytest.fixture(scope="module")
def atlas(bench):
    return bench.person(Patient()).anatomy.atlas


def moved(site, lateral_mm=0.0, up_mm=0.0, needles=NEEDLES):
    return tuple(replace(n, lateral_mm=n.lateral_mm + lateral_mm, up_mm=n.up_mm + up_mm) if n.site == site else n for n in needles)


def needle_at(found, site):
    return next(needle for needle in found.needles if needle.site == site)


# --- the cases --------------------------------------------------------------------------------------------------------------


def test_there_are_six_cases_with_something_to_do_and_to_learn():
    assert tuple(CASES) == NAMES
    for case in CASES.values():
        assert case.seed is None
        for text in (case.title, case.story, case.task, case.learn):
            assert 3 <= len(text) <= 200
            assert text == text.strip()
        assert 1 <= case.story.count(". ") + case.story.endswith(".") <= 2
        assert set(case.vary) == set(VARIED)
    assert len({case.patient.age_years for case in CASES.values()}) == 6


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_within_the_label_for_any_seed(name):
    for seed in (0, 1, 2):
        case = case_of(name, seed)
        findings = check_plan(case.reference, case.patient)
        assert [str(f) for f in findings if f.severity == "refuse"] == []
        assert not [f for f in findings if f.severity == "caution" and f.where != "patient"]  # no needle of it is remarked on
        assert {change.site for change in case.changes} <= set(case.reference.sites)
        assert all(case.why(change.site) for change in case.changes)
        assert case.why("procerus") is None


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_makes_the_same_person_again_and_another_one_differs(name):
    case, stated = case_of(name, 7), CASES[name]
    assert case == case_of(name, 7)
    assert case.seed == 7
    people = [case_of(name, seed).patient for seed in range(20)]
    assert len({(p.age_years, p.interpupillary_distance_mm, *p.muscle_strength.values()) for p in people}) >= 19
    for person in people:
        assert abs(person.age_years - stated.patient.age_years) <= stated.vary["age_years"] + 0.5
        assert abs(person.pupil_distance_mm() - stated.patient.pupil_distance_mm()) <= stated.vary["interpupillary_distance_mm"] + 0.25
        assert {without_side(muscle) for muscle in person.muscle_strength} >= set(TRAINED)
        for muscle, share in person.muscle_strength.items():
            assert abs(share - stated.patient.muscle_strength.get(muscle, 1.0)) <= stated.vary["muscle_strength"] + 0.025
            assert share == pytest.approx(round(share / 0.05) * 0.05, abs=1e-9)
        assert (person.sex, person.conditions, person.baseline) == (stated.patient.sex, stated.patient.conditions, stated.patient.baseline)


def test_only_the_uneven_face_is_uneven():
    for name in NAMES:
        strength = case_of(name, 3).patient.muscle_strength
        uneven = {muscle for muscle in strength if strength[muscle] != strength[mirrored(muscle)]}
        assert bool(uneven) == (name == "asymmetry"), name


def test_unknown_cases_and_bad_seeds_and_bad_tables_are_one_clear_line():
    for make, words in (
        (lambda: case_of("strong_from", 1), "did you mean 'strong_frown'"),
        (lambda: case_of("man", -1), "seed = -1"),
        (lambda: case_of("man", 1.5), "seed = 1.5"),
        (lambda: case_of("man", True), "seed = True"),
        (lambda: read_cases({"case": [{"name": "x", "titel": "y"}]}), "cases.toml, case 1: unknown key 'titel'"),
        (lambda: read_cases({"cases": []}), "did you mean 'case'"),
    ):
        with pytest.raises(InputError) as error:
            make()
        assert words in str(error.value)
        assert "\n" not in str(error.value)


# --- the score --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_itself_scores_nothing_off(bench, name):
    case = CASES[name]
    found = score_placement(case, case.reference.sessions[0].injections, bench)
    assert (found.mean_off_mm, found.largest_off_mm, found.missing, found.extra) == (0.0, 0.0, (), ())
    assert found.units == found.reference_units == case.reference.units
    for needle in found.needles:
        assert (needle.off_mm, needle.lateral_mm, needle.up_mm, needle.depth_mm, needle.verdict) == (0.0, 0.0, 0.0, 0.0, "good")
        assert needle.remarks == ("Right on the site.",)
    assert found.placed == found.reference
    assert found.placed.goal_reached  # each case can be solved


@pytest.mark.parametrize(("site", "way"), list(itertools.product(UPPER_FACE.reference.sites, STEPS)))
def test_a_needle_moved_5_mm_is_5_mm_off(bench, site, way):
    lateral, up = STEPS[way]
    placed = moved(site, lateral, up, UPPER_FACE.reference.sessions[0].injections)
    reference = bench.course(Patient(), UPPER_FACE.reference)
    found = score(UPPER_FACE, bench.person(Patient()), placed, reference, reference)
    needle = needle_at(found, site)
    assert needle.off_mm == pytest.approx(5.0, abs=0.05)
    assert needle.lateral_mm == pytest.approx(lateral, abs=0.35)  # measured in the flat plane of the site, the skin is curved
    assert needle.up_mm == pytest.approx(up, abs=0.35)
    assert needle.verdict == "off"
    assert found.mean_off_mm == pytest.approx(5 / 16, abs=0.005)
    assert found.largest_off_mm == needle.off_mm
    assert all(other.off_mm == 0 for other in found.needles if other.site != site)
    words = {"up": "too high", "down": "too low", "out": "too far out", "in": "too far in"}[way]
    if not side_of(site):
        words = {"out": "too far left", "in": "too far right"}.get(way, words)
    assert f"5.0 mm off, {words}: " in needle.remarks[0]


@pytest.mark.parametrize(("site", "way"), [("corrugator_lateral_left", "down"), ("corrugator_medial_left", "out")])
def test_mirrored_mistakes_score_the_same(bench, site, way):
    left = score_placement(GLABELLAR, moved(site, *STEPS[way]), bench)
    right = score_placement(GLABELLAR, moved(mirrored(site), *STEPS[way]), bench)
    one, other = needle_at(left, site), needle_at(right, mirrored(site))
    for name in ("off_mm", "lateral_mm", "up_mm", "depth_mm"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=2e-3)
    assert one.remarks == other.remarks
    assert left.placed.grade == pytest.approx(right.placed.grade, abs=2e-3)
    assert left.placed.eyelid_ptosis == pytest.approx(right.placed.eyelid_ptosis, rel=0.1)  # counted on scattered placements
    risk = "levator_palpebrae_superioris"
    assert left.placed.at_risk_units[f"{risk}_left"] == pytest.approx(right.placed.at_risk_units[f"{risk}_right"], rel=1e-3)


def test_a_needle_too_near_the_rim_is_said_with_its_reason_and_its_risk(bench):
    found = score_placement(GLABELLAR, moved("corrugator_lateral_left", up_mm=-5), bench)
    needle = needle_at(found, "corrugator_lateral_left")
    assert "the muscle lies that lifts the lid" in needle.remarks[0]
    assert any("mm above supraorbital rim; allowed: at least 10 mm" in remark for remark in needle.remarks)
    assert found.placed.eyelid_ptosis > 3 * found.reference.eyelid_ptosis
    lifter = "levator_palpebrae_superioris_left"
    assert found.placed.at_risk_units[lifter] > 2 * found.reference.at_risk_units[lifter]
    assert any("drooping eyelid" in line for line in found.told)
    assert needle_at(found, "procerus").remarks == ("Right on the site.",)


def test_missing_and_extra_needles_are_found_and_cost_their_effect(bench):
    placed = tuple(n for n in NEEDLES if n.site != "procerus")
    found = score_placement(GLABELLAR, placed, bench)
    assert (found.missing, found.extra) == (("procerus",), ())
    assert (found.mean_off_mm, found.units) == (0.0, 16.0)
    assert needle_at(found, "procerus").off_mm is None
    assert "the procerus stays untreated" in needle_at(found, "procerus").remarks[0]
    assert found.placed.grade > found.reference.grade
    assert found.placed.in_targets_units < found.reference.in_targets_units

    stray = replace(NEEDLES[0], up_mm=25.0, units=2.0)  # far up the forehead
    found = score_placement(GLABELLAR, (*(replace(n, units=3.5) for n in NEEDLES[:0]), *NEEDLES[1:], stray), bench)
    assert (found.missing, found.extra) == ((NEEDLES[0].site,), (4,))
    extra = next(needle for needle in found.needles if needle.verdict == "extra")
    assert extra.site is None
    assert "Under it: frontalis, right" in extra.remarks[0]


def test_no_needle_at_all_is_an_untreated_face(bench):
    found = score_placement(GLABELLAR, (), bench)
    assert found.missing == GLABELLAR.reference.sites
    assert (found.units, found.mean_off_mm) == (0.0, 0.0)
    assert (found.placed.grade, found.placed.movement_kept_percent, found.placed.eyelid_ptosis) == (3.0, 100.0, 0.0)
    assert not found.placed.goal_reached


def test_needles_belong_to_the_targets_that_make_the_least_way(atlas):
    assert match_needles(atlas, NEEDLES, NEEDLES[::-1]) == [(t, 4 - t) for t in range(5)]
    # two needles side by side, the nearer of which to the first target is the only one near the second
    pair = (Injection("corrugator_medial_left", 4, 3.0, lateral_mm=6), Injection("corrugator_medial_left", 4, 3.0, lateral_mm=-5))
    targets = (NEEDLES[3], NEEDLES[4])
    assert match_needles(atlas, targets, pair) == [(0, 1), (1, 0)]
    # a needle written from another site with an offset that leads to the target
    step = atlas.site("corrugator_lateral_left").point - atlas.site("corrugator_medial_left").point
    shifted = Injection("corrugator_medial_left", 4, 3.0, lateral_mm=float(np.hypot(step[0], step[2])), up_mm=float(step[1]))
    assert match_needles(atlas, (NEEDLES[4],), (shifted,)) == [(0, 0)]
    assert match_needles(atlas, NEEDLES, ()) == [(t, None) for t in range(5)]
    far = (Injection("frontalis_upper_left", 4, 3.0),)
    assert match_needles(atlas, NEEDLES, far) == [(t, None) for t in range(5)]


def test_the_order_of_placing_changes_nothing_but_the_numbers(bench):
    placed = moved("procerus", 2, -3, moved("corrugator_lateral_left", -4, 2))
    one, other = (score_placement(GLABELLAR, needles, bench) for needles in (placed, placed[::-1]))
    assert [needle.number for needle in other.needles] == [4 - needle.number for needle in one.needles]
    assert [replace(n, number=0) for n in one.needles] == [replace(n, number=0) for n in other.needles]
    assert one.mean_off_mm == other.mean_off_mm
    assert one.placed.grade == pytest.approx(other.placed.grade, abs=2e-3)
    assert one == score_placement(GLABELLAR, placed, bench)  # the same again


def test_depth_and_units_are_remarked_on(bench):
    deep = tuple(replace(n, target_muscle=None, depth_mm=4.8) if n.site == "procerus" else n for n in NEEDLES)
    needle = needle_at(score_placement(GLABELLAR, deep, bench), "procerus")
    assert needle.verdict == "off"
    assert needle.depth_mm == pytest.approx(1.8, abs=0.3)
    assert "mm deeper than the middle of the procerus" in needle.remarks[0]
    less = tuple(replace(n, units=2.5) if n.site == "procerus" else n for n in NEEDLES)
    needle = needle_at(score_placement(GLABELLAR, less, bench), "procerus")
    assert needle.remarks == ("2.5 U instead of 4 U: less effect there.",)
    case = CASES["asymmetry"]
    even = tuple(replace(n, units=4.0) for n in case.reference.sessions[0].injections)
    needle = needle_at(score_placement(case, even, bench), "corrugator_medial_right")
    assert "4 U instead of 3 U: more effect and more spread. Remember: the right corrugator is the weaker one." in needle.remarks


def test_what_the_label_refuses_is_scored_but_not_simulated(bench):
    found = score_placement(GLABELLAR, tuple(replace(n, units=8.0) for n in NEEDLES), bench)
    assert found.placed is None
    assert found.mean_off_mm == 0.0
    assert found.told[0] == "The label does not allow this plan, so it was not simulated."
    assert "40 U of onabotulinumtoxinA is above the label's maximum" in found.told[1]
    with pytest.raises(InputError, match="outside the"):
        score_placement(GLABELLAR, (replace(NEEDLES[0], up_mm=-120.0),), bench)


def test_every_way_off_every_site_has_a_reason():
    for site in site_areas():
        group = next(name for name in ("corrugator", "procerus", "frontalis", "lateral_canthal") if site.startswith(name))
        for way in ("up", "down", *(("out", "in") if side_of(site) else ("left", "right"))):
            assert REASONS.get((group, way)), (site, way)
