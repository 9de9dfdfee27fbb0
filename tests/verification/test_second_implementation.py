"""The spread stage against finite elements on prisms, on a small piece of the reference face: the glabella without orbit or bone.

The prisms live in ``prisms.py`` and share only parameter rows and geometry with the package.
"""

from dataclasses import replace

import pytest

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.anatomy import Window, build_anatomy, build_atlas
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import build_spread, spread_toxin
from tests.verification import prisms

WINDOW = Window((-16.0, 16.0), (3.0, 20.0), 9.0)


MUSCLES = ("corrugator_supercilii_left", "corrugator_supercilii_right", "procerus")
BEYOND = ("levator_palpebrae_superioris_left", "levator_palpebrae_superioris_right")  # outside this piece of the face


@pytest.fixture(scope="module")
def both():
    values = {name: 14.0 for name in load_parameters() if name.startswith("depth_to_bone_")}  # a piece without bone or orbit
    values |= {"septum_tracking_share": 0.0, "fascia_transmission": 1.0, "orbital_septum_transmission": 1.0}
    parameters = load_parameters().with_values(values)
    patient = Patient()
    face = patient.shape(load_face(), parameters)
    atlas = build_atlas(face, patient, parameters)
    # muscles that do not overlap: the package shares out a crowded cell, the prisms give it to one muscle
    atlas = replace(atlas, muscles={name: atlas.muscles[name] for name in (*MUSCLES, *BEYOND)})
    anatomy = build_anatomy(face, patient, parameters, step_mm=0.9, depth_step_mm=0.45, window=WINDOW, atlas=atlas)
    assert anatomy.whole.min() == 1.0
    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    boluses = [b for b in place_boluses(plan.sessions[0], plan, anatomy, parameters) if "medial" in b.needle.site]
    field = spread_toxin(build_spread(anatomy, parameters), boluses)
    mine = {}
    for name, muscle in anatomy.muscles.items():
        volume = muscle.share * anatomy.volume_mm3[muscle.cells]
        if len(volume):
            mine[name] = float(volume @ field.uptake_units_per_mm3[muscle.cells] / volume.sum())

    grid = anatomy.grid
    mesh = prisms.columns_to_prisms(grid, 1)
    _, dose, placed, lost = prisms.solve(
        mesh, list(atlas.muscles.values()), lambda p: grid.on_columns(anatomy.skin_mm, p),
        lambda p: grid.coordinates(p)[:, 2] * grid.on_columns(grid.cosine, p), prisms.smeared_boluses(boluses, anatomy), parameters,
    )  # fmt: skip
    scale = field.placed_units / placed  # the same units: the smeared ellipsoid's volume cancels
    return field, mine, {name: scale * value for name, value in dose.items()}, placed, lost


def test_prisms_conserve_units(both):
    *_, placed, lost = both
    assert lost == pytest.approx(placed, rel=1e-8)


@pytest.mark.parametrize("name", MUSCLES)
def test_mean_dose_of_each_muscle_agrees_within_two_percent(both, name):
    _, mine, theirs, *_ = both
    assert mine[name] == pytest.approx(theirs[name], rel=0.02)
