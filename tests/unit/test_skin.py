"""The skin of the reference face under its muscles: size, direction and side of what moves."""

from functools import cache

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.names import AREAS
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import build_atlas
from glabella.stages.muscle import MuscleForce
from glabella.stages.skin import EXPRESSIONS, build_skin, strain_skin
from glabella.stages.wrinkle import line_phase, line_strength

DEPRESSORS = ("corrugator_supercilii", "depressor_supercilii", "procerus")


@cache
def reference(**overrides):
    """(skin, patient, parameters) of the reference person, with parameter rows replaced."""
    parameters, patient = load_parameters().with_values(overrides), Patient()
    face = patient.shape(load_face(), parameters)
    return build_skin(build_atlas(face, patient, parameters), parameters), patient, parameters


def force(skin, days=(0.0, 14.0), **left):
    """Force over two days: the named muscles fall to a share, by full name or by name without side."""
    kept = {m: next((v for name, v in left.items() if m.startswith(name)), 1.0) for m in skin.muscles}
    share = {m: np.array([1.0, v]) for m, v in kept.items()}
    return MuscleForce(days=np.array(days), force=share, bulk=share)


def strained(**left):
    skin, patient, parameters = reference()
    return strain_skin(skin, force(skin, **left), patient, parameters)


def test_every_muscle_of_the_skin_has_a_mode_and_the_lid_lifter_has_none():
    skin, _, _ = reference()
    assert len(skin.muscles) == 21
    assert not any(m.startswith("levator_palpebrae") or m == "levator_aponeurosis" for m in skin.muscles)
    assert skin.modes.shape == (21, len(skin.vertex_index), 3)
    assert np.abs(skin.modes).max(axis=(1, 2)).min() > 0.1


def test_untreated_skin_stays_as_it_is():
    found = strained()
    for area in AREAS:
        for expression in EXPRESSIONS:
            assert found.strain[area][expression][0] == pytest.approx(found.strain[area][expression][1], abs=1e-15)
    for curve in found.movement.values():
        assert curve == pytest.approx([100, 100], abs=1e-12)
    for side in found.brow.values():
        for curve in side.values():
            assert curve == pytest.approx([0, 0], abs=1e-15)


def test_a_frown_strains_the_skin_as_the_trial_measured():
    """Wilson 2015: glabella -9.1 / +2.5 %, forehead between the brow peaks -4.8 / +6.7 %, from rest; within 0.8 points."""
    skin, patient, parameters = reference()
    newton = skin.tension_newton("maximum_frown", patient, parameters) - skin.tension_newton("rest", patient, parameters)
    strain = np.tensordot(newton, skin.mode_strains, 1)

    def mean(area, reach_mm=np.inf):
        at = skin.areas[area]
        at = at[np.abs(skin.surface.vertices[skin.surface.triangles[at], 0].mean(axis=1)) < reach_mm]
        return 100 * np.average(strain[at], axis=0, weights=skin.membrane.areas_mm2[at])[:2]

    assert mean("glabellar") == pytest.approx([-9.11, 2.51], abs=0.8)
    assert mean("forehead", reach_mm=40.3) == pytest.approx([-4.83, 6.73], abs=0.8)
    moved = newton @ skin.at_point("frown_left")
    assert np.linalg.norm(moved) == pytest.approx(5.4, abs=0.5)  # Proebstle 2014: 5.4 mm, standard deviation 1.4


def test_a_frown_draws_the_brow_in_and_down():
    skin, patient, parameters = reference()
    newton = skin.tension_newton("maximum_frown", patient, parameters) - skin.tension_newton("rest", patient, parameters)
    left, right = newton @ skin.at_point("frown_left"), newton @ skin.at_point("frown_right")
    assert 2 < -left[0] < 6
    assert 1 < -left[1] < 5
    assert left * [-1, 1, 1] == pytest.approx(right, abs=1e-6)


def test_raising_the_brows_lifts_them_by_about_seven_mm():
    skin, patient, parameters = reference()
    newton = skin.tension_newton("brow_raise", patient, parameters) - skin.tension_newton("rest", patient, parameters)
    assert 6 < (newton @ skin.at_point("brow_peak_left"))[1] < 9


def test_no_tension_is_no_strain():
    rows = [name for name in load_parameters() if name.endswith("_tension_newton")]
    skin, patient, parameters = reference()
    found = strain_skin(skin, force(skin), patient, parameters.with_values(dict.fromkeys(rows, 0.0)))
    assert all((curve == 0).all() for area in found.strain.values() for curve in area.values())
    assert all((curve == 0).all() for curve in found.movement.values())


def test_weakening_the_frontalis_drops_the_brow_and_weakening_the_depressors_lifts_it():
    drop = strained(frontalis=0.2).brow
    lift = strained(**dict.fromkeys(DEPRESSORS, 0.15)).brow
    for side in ("left", "right"):
        for part in ("head", "peak"):
            assert drop[side][part][1] < -0.3
            assert 0.1 < lift[side][part][1] < 3
    assert strained(frontalis_left=0.2).brow["right"]["peak"][1] > drop["right"]["peak"][1] / 2


def test_weakening_the_corrugators_leaves_some_strain_from_the_others():
    found = strained(**dict.fromkeys(DEPRESSORS, 0.0))
    frown = found.strain["glabellar"]["maximum_frown"]
    assert 0 < frown[1] < 0.5 * frown[0]
    assert 0 < found.movement["maximum_frown"][1] < 35


def test_only_the_treated_side_softens():
    found = strained(corrugator_supercilii_left=0.1)
    assert found.movement_by_side["maximum_frown"]["left"][1] < 60
    assert found.movement_by_side["maximum_frown"]["right"][1] > 85


def test_crows_feet_answer_to_the_lateral_orbicularis_of_their_side():
    found = strained(orbicularis_oculi_lateral_left=0.1, orbicularis_oculi_orbital_left=0.5)
    assert found.strain["lateral_canthal_left"]["smile"][1] < 0.8 * found.strain["lateral_canthal_left"]["smile"][0]
    assert found.strain["lateral_canthal_right"]["smile"][1] == pytest.approx(found.strain["lateral_canthal_right"]["smile"][0], rel=0.02)


def test_the_foundation_balances_every_muscle():
    skin, _, _ = reference()
    flat = skin.modes.reshape(len(skin.modes), -1).T
    held = (skin.membrane.foundation @ flat).T.reshape(skin.modes.shape).sum(axis=1)
    pulled = ((skin.membrane.foundation + skin.membrane.elastic) @ flat).T.reshape(skin.modes.shape)
    assert np.abs(held - pulled.sum(axis=1)).max() < 1e-9
    assert np.linalg.norm(pulled.sum(axis=1)[skin.muscles.index("corrugator_supercilii_left")]) > 0.7  # of one newton


def test_a_four_times_stiffer_foundation_strains_less():
    row = "skin_foundation_stiffness_kpa_per_mm"
    stiff, patient, parameters = reference(**{row: 4 * load_parameters()[row]})
    found = strain_skin(stiff, force(stiff), patient, parameters).strain["glabellar"]["maximum_frown"][0]
    assert found < 0.85 * strained().strain["glabellar"]["maximum_frown"][0]


def test_strain_is_the_area_mean_of_the_smaller_principal_strain():
    skin, patient, parameters = reference()
    tensor = skin.strain("smile", {"zygomaticus_major_left": 0.4}, patient, parameters)
    at = skin.areas["lateral_canthal_left"]
    smaller = [np.linalg.eigvalsh([[a, c], [c, b]])[0] for a, b, c in tensor[at]]
    mean = np.average(np.maximum(-np.array(smaller), 0), weights=skin.membrane.areas_mm2[at])
    found = strained(zygomaticus_major_left=0.4).strain["lateral_canthal_left"]["smile"][1]
    assert found == pytest.approx(mean, rel=1e-12)


def test_displacement_is_on_the_whole_face_and_linear():
    skin, patient, parameters = reference()
    none = dict.fromkeys(skin.muscles, 0.0)
    some = skin.displacement("maximum_frown", {**none, "procerus": 0.5}, patient, parameters)
    assert some.shape == (len(load_face().surface(1).vertices), 3)
    assert 2 * some == pytest.approx(skin.displacement("maximum_frown", {**none, "procerus": 1.0}, patient, parameters), abs=1e-12)
    with pytest.raises(InputError, match="did you mean 'procerus'"):
        skin.displacement("maximum_frown", {"procereus": 0.5}, patient, parameters)


def test_men_pull_harder_and_patterns_weigh_the_muscles():
    skin, _, parameters = reference()
    woman, man = (skin.tension_newton("maximum_frown", Patient(sex=sex), parameters) for sex in ("female", "male"))
    assert man == pytest.approx(parameters["muscle_tension_male_ratio"] * woman)
    v = skin.tension_newton("maximum_frown", Patient(frown_pattern="V"), parameters)
    assert (v != woman).any()
    assert skin.tension_newton("smile", Patient(frown_pattern="V"), parameters) == pytest.approx(
        skin.tension_newton("smile", Patient(), parameters)
    )


def test_frown_lines_come_in_a_symmetric_upright_pair():
    skin, patient, parameters = reference()
    phase = line_phase(skin, "glabellar", patient, parameters)
    surface = load_face().surface(1)
    assert phase[surface.mirror] == pytest.approx(-phase, abs=1e-6)
    at = np.unique(skin.surface.triangles[skin.areas["glabellar"]])
    x = skin.surface.vertices[at, 0]
    assert np.corrcoef(phase[skin.vertex_index[at]], x)[0, 1] > 0.95
    slope = np.polyfit(x, phase[skin.vertex_index[at]], 1)[0]
    assert 0.7 < slope < 1.3  # phase is a distance in mm


def test_forehead_lines_lie_level_and_strength_stays_in_the_area():
    skin, patient, parameters = reference()
    phase = line_phase(skin, "forehead", patient, parameters)
    at = np.unique(skin.surface.triangles[skin.areas["forehead"]])
    assert np.corrcoef(phase[skin.vertex_index[at]], skin.surface.vertices[at, 1])[0, 1] > 0.95
    strength = line_strength(skin, "forehead", patient, parameters)
    assert strength.max() == pytest.approx(1.0)
    outside = np.ones(len(strength), bool)
    outside[skin.vertex_index[at]] = False
    assert (strength[outside] == 0).all()
