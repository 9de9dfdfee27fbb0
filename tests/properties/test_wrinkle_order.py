"""What must hold for every person and every course of the strain."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from glabella.evidence import load_parameters
from glabella.names import AREAS
from glabella.patient import Grades, Patient
from glabella.stages.skin import EXPRESSIONS, SkinStrain
from glabella.stages.wrinkle import CONTRACTION, grade_wrinkles

DAYS = np.array([0.0, 0.5, 1, 2, 7, 14, 30, 60, 90, 120, 180])
PARAMETERS = load_parameters()
COURSES = st.lists(st.floats(0, 1), min_size=len(DAYS) - 1, max_size=len(DAYS) - 1)
GRADES = st.tuples(st.floats(0, 3), st.floats(0, 3)).map(sorted)


def graded(kept, contraction, grades):
    kept = np.array([1.0, *kept])
    strain = {}
    for area, own in CONTRACTION.items():
        effort = {e: 1 if e == own else 0.05 if e == "rest" else 0.4 for e in EXPRESSIONS}
        strain[area] = {e: kept * contraction * share for e, share in effort.items()}
    patient = Patient(baseline={area: Grades(*grades) for area in AREAS})
    return grade_wrinkles(SkinStrain(DAYS, strain, {}, {}, {}, dict.fromkeys(AREAS, 0.9)), patient, PARAMETERS)


@settings(max_examples=60, deadline=None)
@given(kept=COURSES, less=COURSES, contraction=st.floats(0.02, 0.4), grades=GRADES)
def test_less_strain_never_gives_a_higher_grade(kept, less, contraction, grades):
    more, fewer = graded(kept, contraction, grades), graded(np.array(kept) * less, contraction, grades)
    for expression in EXPRESSIONS:
        assert (fewer.grade["glabellar"][expression] <= more.grade["glabellar"][expression] + 1e-6).all()
        assert (fewer.fine_lines["glabellar"][expression] <= more.fine_lines["glabellar"][expression] + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(kept=COURSES, contraction=st.floats(0.0, 0.4), grades=GRADES)
def test_grades_stay_within_the_scale_and_start_at_the_person(kept, contraction, grades):
    found = graded(kept, contraction, grades)
    for area in AREAS:
        for curve in found.grade[area].values():
            assert ((curve >= 0) & (curve <= 3)).all()
        assert (found.grade[area]["rest"] <= found.grade[area][CONTRACTION[area]] + 1e-9).all()
    if contraction >= 0.15:
        assert abs(found.grade["glabellar"]["rest"][0] - grades[0]) < 1e-6
        assert abs(found.grade["glabellar"]["maximum_frown"][0] - grades[1]) < 1e-6
