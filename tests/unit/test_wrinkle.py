"""Strain to grades: anchored at the person, ordered, falling with the strain."""

import numpy as np
import pytest

from glabella.evidence import load_parameters
from glabella.names import AREAS
from glabella.patient import Grades, Patient
from glabella.stages.skin import EXPRESSIONS, SkinStrain
from glabella.stages.wrinkle import CONTRACTION, grade_wrinkles
from glabella.stages.wrinkle.scale import wrinkle_scale

DAYS = np.concatenate([[0, 0.5, 1, 1.5], np.arange(2, 271)]).astype(float)


def strains(kept, contraction=0.20, other=0.04, rest=0.03, days=DAYS):
    """All areas strained by ``contraction`` in their own expression, times ``kept`` (t,)."""
    kept = np.broadcast_to(kept, len(days))
    strain = {
        area: {e: kept * (contraction if e == CONTRACTION[area] else rest if e == "rest" else other) for e in EXPRESSIONS} for area in AREAS
    }
    return SkinStrain(days, strain, {}, {}, {}, dict.fromkeys(AREAS, 0.9))


def person(rest=1.0, contraction=3.0, **more):
    return Patient(baseline={area: Grades(rest, contraction) for area in AREAS}, **more)


def treated(deepest=0.28):
    """Kept share of the strain: falls within days, is half back at about day 100 and whole at about day 200."""
    return 1 - (1 - deepest) / (1 + np.exp(-(DAYS - 3) / 0.8)) / (1 + (DAYS / 105) ** 5)


@pytest.mark.parametrize(("rest", "contraction"), [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 3), (0.4, 2.6), (0, 0)])
def test_day_zero_is_what_was_rated_and_stays_without_treatment(rest, contraction):
    found = grade_wrinkles(strains(1.0), person(rest, contraction), load_parameters())
    for area in AREAS:
        assert found.grade[area]["rest"] == pytest.approx(rest, abs=1e-9)
        assert found.grade[area][CONTRACTION[area]] == pytest.approx(contraction, abs=1e-9)
        assert np.ptp(found.depth_mm[area]["smile"]) < 1e-12


def test_a_treated_frown_goes_from_severe_to_mild_and_back():
    found = grade_wrinkles(strains(treated()), person(1, 3), load_parameters()).grade["glabellar"]["maximum_frown"]
    at = dict(zip(DAYS, found, strict=True))
    assert at[0] == pytest.approx(3)
    assert at[30] < 1.5
    assert at[30] < at[90] < at[120] < at[180]
    assert at[180] > 2.5
    moderate = grade_wrinkles(strains(treated()), person(1, 2), load_parameters()).grade["glabellar"]["maximum_frown"]
    assert moderate[DAYS == 30] < 1.1


def test_lines_at_rest_fade_slowly_and_no_fold_means_no_fold():
    days = np.arange(0.0, 3651.0)
    kept = np.where(days > 0, 0.0, 1.0)
    found = grade_wrinkles(strains(kept, days=days), person(2, 3), load_parameters())
    rest, frown = found.grade["glabellar"]["rest"], found.grade["glabellar"]["maximum_frown"]
    assert found.depth_mm["glabellar"]["maximum_frown"][1:] == pytest.approx(found.depth_mm["glabellar"]["rest"][1:], abs=1e-12)
    assert 1.5 < rest[30] < 2.0
    assert 0.3 < rest[365] < 1.5
    assert rest[3650] < 0.05
    assert frown[3650] < 0.05
    no_line = grade_wrinkles(strains(kept, days=days), person(0, 3), load_parameters()).grade["glabellar"]["maximum_frown"]
    assert no_line[30] == pytest.approx(0, abs=1e-9)


def test_grades_are_ordered_bounded_and_follow_depth():
    scale = wrinkle_scale(load_parameters())
    depth = np.concatenate([[0], np.geomspace(1e-3, 50, 400)])
    grade = scale.expected(depth)
    assert grade[0] == 0
    assert (np.diff(grade) >= 0).all()
    assert grade[-1] == pytest.approx(3, abs=1e-6)
    for wanted in (0.1, 0.5, 1, 1.7, 2, 2.6):
        assert float(scale.expected(np.array(scale.depth_mm(wanted)))) == pytest.approx(wanted, abs=1e-9)
    assert scale.grade(np.array([scale.severe_mm, 50.0]), 3.0) == pytest.approx([3, 3], abs=1e-12)


def test_a_contraction_rated_no_deeper_than_rest_has_no_fold():
    found = grade_wrinkles(strains(treated()), person(2, 2), load_parameters())
    assert found.depth_mm["forehead"]["brow_raise"] == pytest.approx(found.depth_mm["forehead"]["rest"])


def test_an_area_that_never_moves_keeps_its_grade():
    still = {area: {e: np.zeros(len(DAYS)) for e in EXPRESSIONS} for area in AREAS}
    found = grade_wrinkles(SkinStrain(DAYS, still, {}, {}, {}, dict.fromkeys(AREAS, 0.9)), person(1, 1), load_parameters())
    assert found.grade["forehead"]["rest"] == pytest.approx(1, abs=1e-9)


def test_spacing_and_fine_lines_follow_the_layers():
    found = grade_wrinkles(strains(treated()), person(), load_parameters())
    assert found.spacing_mm["glabellar"] == pytest.approx(11.0, abs=0.5)  # 0.9 mm of dermis
    fine = found.fine_lines["glabellar"]["maximum_frown"]
    assert 0.015 < fine[0] < 0.05
    assert fine[DAYS == 14] < 0.3 * fine[0]
