"""Side effects with a mechanism, each against its own causes: nothing near gives nothing, nearer gives more, mirrored gives mirrored."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from glabella import Patient, Plan, load_parameters
from glabella.stages.skin.lift import BANDS
from glabella.stages.unwanted import STRUCTURES, BrowChange, computed, map_reach, measure_brows, rate_unwanted, structure_doses
from glabella.treatment import build_person, find_risks, run_course

ONA = "onabotulinumtoxinA"
DAYS = np.array([0.0, 14.0, 30.0])
PARTS = ("head", "peak", "tail")


@cache
def person():
    return build_person(None, Patient(), load_parameters(), step_mm=1.6, depth_step_mm=0.8)


@cache
def label(*areas):
    return Plan.label(ONA, areas)


def only(plan, *sites):
    return plan.without(*[i.site for s in plan.sessions for i in s.injections if i.site not in sites])


def curves(plan):
    course = run_course(person(), plan, DAYS, load_parameters(), [None], 1e-6)
    states = {"brow": course.strain.brow, "raised_brow": course.raised_brow}
    return {(state, side, part): brows[side][part] for state, brows in states.items() for side in brows for part in PARTS}


def risks(plan, **overrides):
    parameters = load_parameters().with_values(overrides)
    course = run_course(person(), plan, DAYS, parameters, [None], 1e-6)
    return find_risks(person(), plan, parameters, course, [], 0, seed=0)


def rectus_dose(plan, inward_mm=0.0, deeper_mm=0.0, side="left", **overrides):
    """Dose to the lateral rectus of a side with every needle set off toward the eye by so much, without scatter."""
    parameters, session = load_parameters().with_values(overrides), plan.sessions[0]
    needles = map_reach(STRUCTURES, session, plan, person().anatomy, person().spread, parameters)
    towards = [-inward_mm if i.site.endswith("left") else inward_mm for i in session.injections]
    offsets = np.array([[[x, 0.0, deeper_mm] for x in towards]])
    return float(structure_doses(STRUCTURES, needles, offsets, parameters)[f"lateral_rectus_{side}"][0])


@pytest.mark.parametrize(("areas", "effect"), [(("glabellar",), "eyelid_ptosis"), (("lateral_canthal",), "dry_eye")])
def test_sides_that_are_alike_lower_a_chance_by_a_fiftieth_at_most(areas, effect, monkeypatch):
    """The texts say so: one sensitivity for both sides, so that the side with the higher dose decides, against two independent ones."""

    def alike(doses, block, sd, needed):
        return independent([np.maximum(*doses)], block, sd, needed)

    independent = computed._spared
    apart = risks(label(*areas))[effect].value
    monkeypatch.setattr(computed, "_spared", alike)
    assert 0.98 * apart < risks(label(*areas))[effect].value < apart


def test_no_double_vision_without_needles_beside_the_eye():
    assert risks(label("glabellar"))["double_vision"].value == 0.0
    assert rectus_dose(label("glabellar")) == 0.0


def test_double_vision_of_the_licensed_plan_is_uncommon():
    """Labels name it without a rate; one names it as uncommon, 1 to 10 in 1000 (the reach of the route is set by that)."""
    assert 1e-4 < risks(label("lateral_canthal"))["double_vision"].value < 0.01


def test_a_needle_nearer_to_the_lateral_rim_brings_more_to_the_lateral_rectus():
    one = only(label("lateral_canthal"), "lateral_canthal_middle_left")
    doses = [rectus_dose(one, inward_mm=x, deeper_mm=1.5) for x in (0.0, 3.0, 6.0, 8.0, 10.0)]
    assert all(b > a for a, b in pairwise(doses))
    assert doses[-1] > 10 * doses[0]


def test_a_deeper_needle_brings_more_to_the_lateral_rectus():
    shallow, usual, deep = (rectus_dose(label("lateral_canthal"), 6.0, deeper) for deeper in (-1.0, 0.0, 1.0))
    assert shallow < usual < deep


def test_a_closed_septum_keeps_it_away():
    assert risks(label("lateral_canthal"), orbital_septum_transmission=0.0)["double_vision"].value < 1e-3
    one = only(label("lateral_canthal"), "lateral_canthal_middle_left")
    assert rectus_dose(one, 10.0, 1.5, orbital_septum_transmission=0.0) < 0.1 * rectus_dose(one, 10.0, 1.5)


def test_mirrored_needles_reach_the_other_eye():
    sites = [f"lateral_canthal_{part}" for part in ("upper", "middle", "lower")]
    left, right = (only(label("lateral_canthal"), *(f"{site}_{side}" for site in sites)) for side in ("left", "right"))
    assert rectus_dose(left, 4.0, side="left") == pytest.approx(rectus_dose(right, 4.0, side="right"), rel=2e-3)
    assert rectus_dose(left, 4.0, side="right") == 0.0


def test_double_vision_needs_the_share_that_is_noticed():
    chance = [risks(label("lateral_canthal"), lateral_rectus_weakness_noticed=share)["double_vision"].value for share in (0.1, 0.3, 0.6)]
    assert chance[0] > chance[1] > chance[2]


def test_the_bands_of_the_frontalis_add_up_to_its_mode():
    skin, lift = person().skin, person().lift
    for side in ("left", "right"):
        for m, muscle in enumerate(("left", "right")):
            mode = skin.modes[skin.muscles.index(f"frontalis_{muscle}")]
            for k, part in enumerate(PARTS):
                triangle, weights = skin.points[f"brow_{part}_{side}"]
                whole = weights @ mode[skin.surface.triangles[triangle], 1]
                assert lift.up_mm[side][m * BANDS : (m + 1) * BANDS, k].sum() == pytest.approx(whole, abs=1e-9)


def test_sparing_the_lateral_frontalis_peaks_the_brow():
    """The middle alone weakened: the head is lost and the peak stays. The side weakened as well takes the peak away."""
    whole = label("forehead")
    middle = only(whole, "frontalis_lower_midline", "frontalis_upper_left", "frontalis_upper_right")
    beside = only(whole, "frontalis_lower_left", "frontalis_lower_right")
    spared, even, none = (measure_brows([curves(plan)], sampled=False).arch_mm[0] for plan in (middle, whole, beside))
    assert spared > 1.0
    assert even < 0.2 * spared
    assert none < 1e-9
    more = [measure_brows([curves(middle.with_units("frontalis_lower_midline", u))], sampled=False).arch_mm[0] for u in (1, 4, 12)]
    assert more == sorted(more)
    chance = [risks(plan)["peaked_brow"].value for plan in (whole, middle, middle.with_units("frontalis_lower_midline", 20))]
    assert chance[0] < chance[1] < chance[2]


def test_a_symmetrical_plan_keeps_the_brows_even_and_a_one_sided_one_does_not():
    even = measure_brows([curves(label("forehead"))], sampled=True)
    one_sided = only(label("forehead"), "frontalis_lower_left", "frontalis_upper_left")
    uneven = measure_brows([curves(one_sided)], sampled=True)
    other = measure_brows([curves(only(label("forehead"), "frontalis_lower_right", "frontalis_upper_right"))], sampled=True)
    assert even.asymmetry_mm[0] < 1e-3
    assert uneven.asymmetry_mm[0] > 1.0
    assert other.asymmetry_mm[0] == pytest.approx(uneven.asymmetry_mm[0], rel=1e-3)


def still():
    return {(state, side, part): np.zeros(3) for state in ("brow", "raised_brow") for side in ("left", "right") for part in PARTS}


def test_brows_are_measured_as_said():
    run = still()
    run["brow", "left", "head"] = np.array([0.0, -1.5, -0.5])
    run["raised_brow", "right", "peak"] = np.array([0.0, 2.0, 0.0])
    run["raised_brow", "right", "head"] = np.array([0.0, -1.0, 0.0])
    found = measure_brows([run, still()], sampled=True)
    assert found.drop_mm.tolist() == [1.5, 0.0]
    assert found.arch_mm.tolist() == [3.0, 0.0]
    assert found.asymmetry_mm.tolist() == [2.0, 0.0]


def test_chances_of_brows_are_the_closed_form():
    """A change of exactly what is seen is seen by half of the people; none, by nobody."""
    parameters = load_parameters()
    doses = dict.fromkeys(STRUCTURES, np.zeros(2))
    at = BrowChange(*(np.array([parameters[f"brow_{name}_visible_mm"]]) for name in ("drop", "arch", "asymmetry")), sampled=True)
    rated = rate_unwanted(doses, at, lambda dose, values: np.minimum(dose, 1.0), [parameters])
    for effect in ("brow_ptosis", "peaked_brow", "asymmetric_brow"):
        assert rated[effect].value == pytest.approx(0.5, abs=1e-12)
    for effect in ("eyelid_ptosis", "dry_eye", "asymmetric_smile", "double_vision"):
        assert rated[effect].value == 0.0
    nothing = BrowChange(np.zeros(1), np.zeros(1), np.zeros(1), sampled=True)
    rated = rate_unwanted(doses, nothing, lambda dose, values: np.minimum(dose, 1.0), [parameters])
    assert max(rated[effect].value for effect in ("brow_ptosis", "peaked_brow", "asymmetric_brow")) < 1e-12


def test_one_run_alone_says_nothing_about_uneven_brows():
    assert "asymmetric_brow" not in risks(label("forehead"))
