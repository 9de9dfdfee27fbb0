"""What must hold for the skin under any muscle force."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.names import MUSCLES, mirrored
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import build_atlas
from glabella.stages.muscle import MuscleForce
from glabella.stages.skin import EXPRESSIONS, build_skin, strain_skin

FORCES = st.lists(st.floats(0, 1), min_size=len(MUSCLES), max_size=len(MUSCLES))


@cache
def reference():
    parameters, patient = load_parameters(), Patient()
    face = patient.shape(load_face(), parameters)
    return build_skin(build_atlas(face, patient, parameters), parameters), patient, parameters


def strained(force):
    skin, patient, parameters = reference()
    share = {name: np.array([1.0, value]) for name, value in force.items()}
    return strain_skin(skin, MuscleForce(days=np.array([0.0, 14.0]), force=share, bulk=share), patient, parameters)


@settings(max_examples=25, deadline=None)
@given(values=FORCES)
def test_mirrored_forces_give_the_mirrored_face(values):
    force = dict(zip(MUSCLES, values, strict=True))
    one, other = strained(force), strained({mirrored(name): value for name, value in force.items()})
    for area in one.strain:
        for expression in EXPRESSIONS:
            assert np.abs(one.strain[area][expression] - other.strain[mirrored(area)][expression]).max() < 1e-6
    for part in ("head", "peak", "tail"):
        assert np.abs(one.brow["left"][part] - other.brow["right"][part]).max() < 1e-6
    for expression, curve in one.movement.items():
        assert np.abs(curve - other.movement[expression]).max() < 1e-6


@settings(max_examples=25, deadline=None)
@given(values=FORCES, share=st.floats(0, 1))
def test_strain_is_proportional_to_force(values, share):
    force = dict(zip(MUSCLES, values, strict=True))
    whole, part = strained(force), strained({name: share * value for name, value in force.items()})
    for area in whole.strain:
        for expression in EXPRESSIONS:
            assert abs(part.strain[area][expression][1] - share * whole.strain[area][expression][1]) < 1e-12
