"""The chain in the lower face held to what must be true of it: units conserved, mirror images, nothing without toxin, adjoint doses."""

from dataclasses import replace

import numpy as np
import pytest

from glabella import Patient, Plan
from glabella.evidence import load_parameters
from glabella.evidence.lower_face import load_lower_parameters
from glabella.evidence.other_published import other_rows
from glabella.lower_face.treatment import build_lower_person, lower_placement_doses, run_lower_course
from glabella.names import mirrored
from glabella.stages.diffusion import MuscleDose, muscle_doses
from glabella.stages.junction import block_junctions, blocked_share
from glabella.stages.muscle.lower_face import MOVEMENTS, lower_movement
from glabella.stages.muscle.masseter import masseter_thickness, weaken_lower_muscles
from glabella.stages.unwanted import map_reach, structure_doses
from glabella.stages.unwanted.lower_face import LOWER_STRUCTURES, rate_lower_face
from tests.lower_face import ONA, everywhere, mentalis_plan, person, platysma_plan

PARAMETERS = load_lower_parameters()
DAYS = np.arange(0.0, 181.0)


@pytest.fixture(scope="module")
def course():
    return run_lower_course(person(), everywhere(), DAYS, PARAMETERS, [None], 1e-11)


def test_units_are_conserved(course):
    field = course.fields[0]
    assert field.placed_units == pytest.approx(everywhere().units, rel=1e-12)
    assert field.taken_up_units + field.cleared_units == pytest.approx(field.placed_units, rel=1e-8)
    by_muscle = sum(
        float((dose.dose_units_per_mm3.sum(0) * dose.volume_mm3).sum()) for dose in muscle_doses(person().anatomy, course.fields).values()
    )
    assert by_muscle == pytest.approx(field.taken_up_units, rel=1e-8)
    assert (field.exposure > -1e-12).all()


def test_a_mirrored_plan_is_mirrored():
    plan = Plan.study(ONA, "masseter_48")
    left = plan.without(*[site for site in plan.sites if site.endswith("right")])
    one, other = (run_lower_course(person(), p, DAYS[:31], PARAMETERS, [None], 1e-11) for p in (left, left.mirrored()))
    for name in one.force.force:
        np.testing.assert_allclose(other.force.force[mirrored(name)], one.force.force[name], atol=2e-3)
    assert one.force.force["masseter_left"][14] < 0.8
    assert one.force.force["masseter_right"][14] == pytest.approx(1.0, abs=1e-6)


def test_without_units_everything_is_as_before():
    none = {name: MuscleDose(np.zeros((1, 3)), np.ones(3)) for name in person().anatomy.atlas.muscles}
    blockade = block_junctions(none, np.zeros(1), DAYS, PARAMETERS, ONA)
    force = weaken_lower_muscles(blockade, PARAMETERS)
    assert all((curve == 1).all() for curve in (*force.force.values(), *force.bulk.values()))
    assert all(np.allclose(curve, 100, atol=1e-12) for curve in lower_movement(force.force, PARAMETERS).values())
    for thickness in masseter_thickness(force, "female", PARAMETERS).values():
        assert (thickness.rest_mm == 8.7).all()
        np.testing.assert_allclose(thickness.clench_mm, 13.0, rtol=1e-12)
    doses = {name: np.zeros(4) for name in LOWER_STRUCTURES}
    risks = rate_lower_face(doses, np.zeros(1), lambda dose, values: np.clip(dose * 100, 0, 1), [PARAMETERS])
    assert all(risk.value < 1e-12 for risk in risks.values())


def test_a_paralysed_face_has_no_pull():
    force = dict.fromkeys(person().anatomy.atlas.muscles, np.zeros(1))
    found = lower_movement(force, PARAMETERS)
    assert set(found) == set(MOVEMENTS)
    assert found["clench"][0] == pytest.approx(100 * (1 - PARAMETERS["clench_masseter_share"]))  # the other jaw closers keep theirs
    assert all(value[0] == pytest.approx(0.0, abs=1e-12) for name, value in found.items() if name != "clench")


def test_a_clench_thins_before_the_muscle_does(course):
    """The order that weekly ultrasound saw; on every day the clenched muscle is at least as thick as the relaxed one."""
    thickness = course.thickness["masseter_left"]
    assert thickness.clench_mm.argmin() < thickness.rest_mm.argmin()
    lost = [(curve[0] - curve[7]) / (curve[0] - curve.min()) for curve in (thickness.clench_mm, thickness.rest_mm)]
    assert lost[0] > 0.4 > 0.2 > lost[1]
    assert (thickness.clench_mm >= thickness.rest_mm).all()


def test_more_units_weaken_more_and_never_less():
    least = [
        run_lower_course(person(), Plan.study(ONA, "masseter_48").scaled(units), DAYS, PARAMETERS, [None], 1e-8)
        for units in (24.0, 48.0, 72.0)
    ]
    force = [course.force.force["masseter_left"].min() for course in least]
    bulk = [course.thickness["masseter_left"].rest_mm.min() for course in least]
    assert force[0] > force[1] > force[2]
    assert bulk[0] > bulk[1] > bulk[2]


def test_the_adjoint_dose_is_the_solved_one():
    """Mean dose of a structure by one adjoint solve against the forward field, needles where they are aimed."""
    plan, anatomy = mentalis_plan(), person().anatomy
    spread = person().spread.at(PARAMETERS)
    names = ("depressor_labii_inferioris_left", "orbicularis_oris")
    needles = map_reach(names, plan.sessions[0], plan, anatomy, spread, PARAMETERS)
    adjoint = structure_doses(names, needles, np.zeros((1, 2, 3)), PARAMETERS)
    field = run_lower_course(person(), plan, DAYS[:3], PARAMETERS, [None], 1e-10).fields
    for name in names:
        dose = muscle_doses(anatomy, field)[name]
        forward = float((dose.dose_units_per_mm3[0] * dose.volume_mm3).sum()) / anatomy.atlas.muscles[name].volume_mm3
        assert adjoint[name][0] == pytest.approx(forward, rel=0.15), name  # the map stands for the bolus by points


def test_the_rates_of_the_masseter_are_its_own(course):
    faster = PARAMETERS.with_values({"masseter_muscle_atrophy_per_day": 0.05})
    slow, fast = (weaken_lower_muscles(course.blockade, values) for values in (PARAMETERS, faster))
    assert fast.bulk["masseter_left"].min() < slow.bulk["masseter_left"].min() - 0.01
    np.testing.assert_array_equal(fast.bulk["mentalis_left"], slow.bulk["mentalis_left"])


def test_a_closed_mandible_takes_no_toxin():
    """No cell of the tissue lies beyond the depth at which bone or a cavity begins."""
    anatomy = person().anatomy
    i, j, k = np.unravel_index(anatomy.cells, anatomy.grid.shape)
    assert (anatomy.grid.edges_mm[k] * anatomy.grid.cosine[i, j] < anatomy.bone_depth_mm[i, j] + 1e-9).all()


# --- every row of lower_face.csv moves something ------------------------------------------------------------------------------

LOWER = [name for name in PARAMETERS.rows if name not in load_parameters().rows]
OF_TISSUE = [name for name in LOWER if name.startswith(("depth_", "dermis_")) or name.startswith("masseter_thickness_rest")]
OF_GRADES = [name for name in LOWER if name.startswith(("masseter_grade", "masseter_response"))]
USUAL_DOSE = "masseter_usual_dose_units"


def far_end(name):
    row = PARAMETERS.rows[name]
    assert row.low < row.high, f"{name}: a row needs a range"
    return PARAMETERS.with_values({name: max((row.low, row.high), key=lambda end: abs(end - row.value))})


@pytest.mark.parametrize("name", OF_TISSUE)
def test_every_row_of_the_tissue_moves_a_dose(name):
    sex = "male" if "_male_" in name else "female"
    changed = build_lower_person(None, Patient(sex=sex), far_end(name), step_mm=2.8, depth_step_mm=1.4)
    usual = person(sex)
    found = [np.concatenate([one.spread.volume[:1], one.anatomy.volume_mm3, one.anatomy.dermis]).sum() for one in (usual, changed)]
    held = [sum(float(m.share.sum()) for m in one.anatomy.muscles.values()) for one in (usual, changed)]
    assert abs(found[0] - found[1]) + abs(held[0] - held[1]) > 1e-6


@pytest.mark.parametrize("name", [name for name in LOWER if name not in (*OF_TISSUE, *OF_GRADES, USUAL_DOSE)])
def test_every_row_of_muscles_and_risks_moves_a_number(name, course, doses):
    sex = "male" if "_male_" in name else "female"

    def numbers(values):
        force = weaken_lower_muscles(course.blockade, values)
        movement = lower_movement(force.force, values)
        thickness = masseter_thickness(force, sex, values)
        lost = np.array([1 - movement["clench"].min() / 100])
        risks = rate_lower_face(doses, lost, lambda dose, _: dose / (dose + 1e-3), [values])
        curves = [*movement.values(), *(curve for one in thickness.values() for curve in (one.rest_mm, one.clench_mm))]
        return np.concatenate([*curves, [risk.value for risk in risks.values()]])

    assert np.abs(numbers(far_end(name)) - numbers(PARAMETERS)).max() > 1e-6


@pytest.fixture(scope="module")
def doses():
    """Doses of every structure from none to blocked, without any order between them."""
    random = np.random.default_rng(3)
    return {name: 10 ** random.uniform(-6, 0, 500) for name in LOWER_STRUCTURES}


def test_depth_decides_over_difficulty_swallowing():
    """The same units in the platysma and 5 mm deeper, where the strap muscles lie: rare against likely."""
    chances = []
    for depth_mm in (4.0, 9.0):
        plan = platysma_plan(depth_mm)
        blocked = lower_placement_doses(person(), plan, PARAMETERS, seed=0)
        risks = rate_lower_face(blocked, np.zeros(1), lambda dose, v: blocked_share(dose, DAYS[:31:7], v, ONA).max(-1), [PARAMETERS])
        chances.append(risks["difficulty_swallowing"].value)
    assert chances[0] < 0.02
    assert chances[1] > 0.3


@pytest.mark.parametrize("name", OF_GRADES)
def test_every_row_of_the_grades_moves_a_prediction(name):
    from glabella.validation.lower_face import _grade_share

    if name == "masseter_response_sd_ln":
        assert abs(_grade_share(-3.0, far_end(name)) - _grade_share(-3.0, PARAMETERS)) > 1e-6
    else:
        assert abs(_grade_share(-1.0, far_end(name)) - _grade_share(-1.0, PARAMETERS)) > 1e-6


def test_the_usual_dose_stands_in_where_a_trial_has_none_and_nowhere_else(monkeypatch):
    from glabella.validation import lower_face

    monkeypatch.setattr(lower_face, "_person", person)
    lower_face._doses.cache_clear()
    unknown = next(one for one in other_rows() if one.row == "weekly_masseter_thinnest")
    unknown = replace(unknown, quantity="masseter_clench_change_mm", day=84.0)
    known = replace(unknown, dose_units=PARAMETERS[USUAL_DOSE])
    here, there = ([lower_face._value(row, values) for row in (unknown, known)] for values in (PARAMETERS, far_end(USUAL_DOSE)))
    lower_face._doses.cache_clear()
    assert here[0] == here[1] == there[1]
    assert there[0] < here[0] - 0.1  # mm: more units, a thinner muscle
