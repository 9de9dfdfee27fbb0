"""A person's own strength of each muscle: the pull times a share, on one side or both, and nothing where none is given."""

import pickle
import tomllib

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.names import MUSCLES, mirrored
from glabella.outcome import plain
from glabella.patient import Patient
from glabella.stages.anatomy import build_atlas
from glabella.stages.muscle import MuscleForce
from glabella.stages.skin import EXPRESSIONS, build_skin, strain_skin
from glabella.stages.skin.activation import full_tension_newton

PARAMETERS = load_parameters()
PULLING = [name for name in MUSCLES if not name.startswith("levator_palpebrae") and not name.startswith("levator_aponeurosis")]
USUAL = Patient()


def tensions(patient):
    return {(m, e): full_tension_newton(m, e, patient, PARAMETERS) for m in PULLING for e in EXPRESSIONS}


@pytest.fixture(scope="module")
def skin():
    return build_skin(build_atlas(USUAL.shape(load_face(), PARAMETERS), USUAL, PARAMETERS), PARAMETERS)


def test_no_strength_and_a_strength_of_one_change_nothing_bit_for_bit():
    assert Patient(muscle_strength={}) == USUAL
    assert tensions(Patient(muscle_strength=dict.fromkeys(PULLING, 1))) == tensions(USUAL)


@pytest.mark.parametrize("muscle", PULLING)
def test_a_strength_multiplies_the_pull_of_its_muscle_alone(muscle):
    changed, usual = tensions(Patient(muscle_strength={muscle: 1.5})), tensions(USUAL)
    for (name, expression), newton in changed.items():
        assert newton == usual[name, expression] * (1.5 if name == muscle else 1.0), (name, expression)


def test_a_name_without_side_stands_for_both_sides():
    both = Patient(muscle_strength={"frontalis": 0.8})
    assert both == Patient(muscle_strength={"frontalis_right": 0.8, "frontalis_left": 0.8})
    assert both.muscle_strength == {"frontalis_left": 0.8, "frontalis_right": 0.8}
    assert plain(both)["muscle_strength"] == {"frontalis_left": 0.8, "frontalis_right": 0.8}
    assert pickle.loads(pickle.dumps(both)) == both
    assert hash(both) == hash(USUAL)  # like the grades: not part of the hash, but of equality
    assert both != USUAL


def test_it_is_read_from_toml():
    text = 'sex = "male"\n[muscle_strength]\ncorrugator_supercilii_left = 1.5\nprocerus = "1.25"\n'
    person = Patient.from_mapping(tomllib.loads(text))
    assert person.muscle_strength == {"procerus": 1.25, "corrugator_supercilii_left": 1.5}
    assert person.sex == "male"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"corugator_supercilii": 1.2}, ("did you mean 'corrugator_supercilii'",)),
        ({"levator_palpebrae_superioris": 1.2}, ("unknown", "valid:")),  # it lifts the lid and does not pull the skin
        ({"procerus": 0.2}, ("muscle_strength.procerus = 0.2", "at least 0.25 and at most 2")),
        ({"procerus": 2.1}, ("at most 2",)),
        ({"procerus": float("nan")}, ("finite",)),
        ({"procerus": True}, ("must be a number",)),
        ({"procerus": "1.2 N"}, ("unit 'N' is not valid",)),
        ({"frontalis": 1.2, "frontalis_left": 1.1}, ("frontalis_left is given twice", "give each muscle once")),
    ],
)
def test_what_cannot_be_is_one_clear_line(given, words):
    for make in (lambda: Patient(muscle_strength=given), lambda: Patient.from_mapping({"muscle_strength": given}, "patient p.toml")):
        with pytest.raises(InputError) as error:
            make()
        assert "\n" not in str(error.value)
        for word in words:
            assert word in str(error.value), str(error.value)
    with pytest.raises(InputError, match="table of keys"):
        Patient.from_mapping({"muscle_strength": 3})


def test_a_strong_left_corrugator_moves_the_left_brow_more_and_its_mirror_image_the_right(skin):
    left, right = (Patient(muscle_strength={f"corrugator_supercilii_{side}": 1.5}) for side in ("left", "right"))

    def pull_mm(patient, side):
        newton = skin.tension_newton("maximum_frown", patient, PARAMETERS)
        return float(np.linalg.norm(newton @ skin.at_point(f"frown_{side}")))

    assert pull_mm(left, "left") > 1.2 * pull_mm(USUAL, "left")
    assert pull_mm(left, "left") > 1.2 * pull_mm(left, "right")
    assert pull_mm(left, "left") == pytest.approx(pull_mm(right, "right"), abs=1e-6)
    assert pull_mm(left, "right") == pytest.approx(pull_mm(right, "left"), abs=1e-6)


def test_movement_of_the_treated_face_is_that_of_its_own_strength(skin):
    """Half the force everywhere is half the movement from rest, however strong the muscles are; a weak side counts less in the mean."""
    half = MuscleForce(np.array([0.0, 30.0]), {m: np.array([1.0, 0.5]) for m in skin.muscles}, {})
    one_side = {m: np.array([1.0, 0.0 if m.endswith("_left") else 1.0]) for m in skin.muscles}
    for patient in (USUAL, Patient(muscle_strength={"corrugator_supercilii_left": 1.6, "procerus": 1.2})):
        movement = strain_skin(skin, half, patient, PARAMETERS).movement["maximum_frown"]
        assert movement == pytest.approx([100, 50], abs=1e-9)
    kept = {
        name: strain_skin(skin, MuscleForce(half.days, one_side, {}), patient, PARAMETERS).movement["maximum_frown"][1]
        for name, patient in (("usual", USUAL), ("strong left", Patient(muscle_strength={"corrugator_supercilii_left": 1.6})))
    }
    assert kept["strong left"] < kept["usual"]  # what is lost on the strong side is more of the whole
    assert set(map(mirrored, PULLING)) == set(PULLING)
