"""Lines on each side: by the laws of the whole area, from each half's own folding."""

import numpy as np
import pytest

from glabella.outcome import EXPRESSIONS
from glabella.patient import Patient
from glabella.plan import Plan
from tests.warm import PLAN, USUAL, bench, one_sided

STRADDLING = ("glabellar", "forehead")
SAME = 1e-6
FULL = Plan.label("onabotulinumtoxinA", ("glabellar", "forehead"))


def depths(plan, area, expression, patient=USUAL):
    sides = bench().course(patient, plan).line_depth_mm[area]
    return sides["left"][expression], sides["right"][expression]


@pytest.mark.parametrize("area", STRADDLING)
def test_a_symmetric_plan_is_the_same_on_both_sides_and_as_the_whole_area(area):
    whole = bench().course(USUAL, FULL).course.wrinkles.depth_mm[area]
    for expression in EXPRESSIONS:
        left, right = depths(FULL, area, expression)
        assert np.abs(left - right).max() < SAME * whole[expression].max()
        assert np.abs(left - whole[expression]).max() < SAME * whole[expression].max()


@pytest.mark.parametrize("area", STRADDLING)
def test_the_strain_of_an_area_is_that_of_its_halves_weighted_by_their_skin(area):
    result = bench().course(USUAL, one_sided("left"))
    skin = result.person.skin
    halves = result.course.strain.halves[area]
    triangles = skin.areas[area]
    size = skin.membrane.areas_mm2[triangles]
    on_left = size[skin.surface.centroids[triangles, 0] > 0].sum() / size.sum()
    for expression in EXPRESSIONS:
        together = on_left * halves["left"][expression] + (1 - on_left) * halves["right"][expression]
        assert np.abs(together - result.course.strain.strain[area][expression]).max() < 1e-12


@pytest.mark.parametrize("plan", [PLAN, one_sided("left"), one_sided("right"), None], ids=["both", "left", "right", "none"])
def test_before_treatment_both_sides_have_the_depth_that_was_rated(plan):
    whole = bench().course(USUAL, plan).course.wrinkles.depth_mm
    for area, contraction in (("glabellar", "maximum_frown"), ("forehead", "brow_raise")):
        for expression in ("rest", contraction):
            for depth in depths(plan, area, expression):
                assert depth[0] == pytest.approx(whole[area][expression][0], rel=1e-9)


def test_no_dose_leaves_every_line_as_it_is():
    for area in STRADDLING:
        for expression in EXPRESSIONS:
            for depth in depths(None, area, expression):
                assert np.ptp(depth) < 1e-9


def test_forehead_lines_soften_on_the_treated_side_alone():
    left, right = depths(one_sided("left", "forehead"), "forehead", "brow_raise")
    assert left.min() < 0.5 * left[0]
    assert right.min() > 0.97 * right[0]


def test_frown_lines_soften_on_the_treated_side_most():
    """Not alone: the two halves are one sheet of skin, and the procerus in the midline folds both."""
    left, right = depths(one_sided("left"), "glabellar", "maximum_frown")
    lost_left, lost_right = 1 - left.min() / left[0], 1 - right.min() / right[0]
    assert lost_left > 0.2
    assert 0 < lost_right < 0.55 * lost_left


def test_the_other_side_is_the_mirror_image():
    for area, expression in (("glabellar", "maximum_frown"), ("forehead", "brow_raise")):
        left, right = depths(one_sided("left"), area, expression)
        mirror_left, mirror_right = depths(one_sided("right"), area, expression)
        assert np.abs(left - mirror_right).max() < SAME * left[0]
        assert np.abs(right - mirror_left).max() < SAME * left[0]


def test_a_stronger_muscle_on_one_side_still_begins_at_the_rated_depth():
    strong = Patient(muscle_strength={"corrugator_supercilii_left": 1.5})
    result = bench().course(strong, PLAN)
    left, right = (result.line_depth_mm["glabellar"][side]["maximum_frown"] for side in ("left", "right"))
    assert left[0] == pytest.approx(right[0], rel=1e-9)
    assert np.abs(left - right).max() > 1e-3
