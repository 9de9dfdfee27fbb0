"""The face bundle: what the page rebuilds from it is what the library says, and it is small and whole."""

import numpy as np
import pytest
from scipy.special import ndtr
from tests.coarse_risk_map import coarse_map

import glabella as g
from glabella.app.face import dose_overlay, risk_overlay
from glabella.app.face.bundle import AROUND_MOUTH_MM, CORNERS, STILL_MM, UNITS, closed_lids, face_bundle, mesh_of, unpack
from glabella.app.workbench import Workbench
from glabella.evidence import load_parameters
from glabella.face import prolong
from glabella.outcome import EXPRESSIONS
from glabella.plan import Plan
from glabella.report.complexion import canvas_of, split_lids
from glabella.stages.wrinkle import line_phase
from glabella.treatment import build_person

MOST_VERTICES = 40_000


@pytest.fixture(scope="module")
def parameters():
    return load_parameters()


@pytest.fixture(scope="module")
def person(parameters):
    return build_person(None, g.Patient(), parameters, step_mm=3.0, depth_step_mm=1.5)


@pytest.fixture(scope="module")
def bundle(person, parameters):
    return unpack(face_bundle(person, parameters))


def rebuilt(header, arrays, newton):
    moved = np.zeros((header["vertices"], 3))
    for mode, force in zip(header["modes"], newton, strict=True):
        part = slice(mode["start"], mode["start"] + mode["count"])
        moved[arrays["moved_vertex"][part]] += force * mode["moved_scale"] * arrays["moved"][part]
    return moved


def test_it_is_small_enough_and_every_triangle_has_its_vertices(bundle, person, parameters):
    header, arrays = bundle
    assert header["vertices"] <= MOST_VERTICES
    assert len(face_bundle(person, parameters)) < 8e6
    assert arrays["triangles"].max() == header["vertices"] - 1
    assert len(np.unique(arrays["triangles"])) == header["vertices"]
    assert all(len(arrays[name]) == header["vertices"] for name in ("position", "normal", "colour", "openness", "brow", "phase", "slope"))


def test_the_skin_has_no_gap_but_the_neck_and_what_the_plugs_close(bundle, person):
    """Where fine and coarse triangles meet, they share all edges: an edge with one triangle lies on a border of the face or of a plug."""
    header, arrays = bundle
    mesh = mesh_of(person.face)
    edges = np.sort(np.concatenate([arrays["triangles"][:, [k, (k + 1) % 3]] for k in range(3)]), 1)
    edge, uses = np.unique(edges, axis=0, return_counts=True)
    assert uses.max() == 2
    free = np.unique(edge[uses == 1])
    skin = mesh.vertex[free[free < header["skin_vertices"]]]
    openings = np.concatenate([person.face.borders(2)[name] for name in ("right_eye", "left_eye", "mouth")])
    others = person.face.surface(2).vertices[np.setdiff1d(skin, openings)]
    assert others[:, 1].max() < person.face.landmarks[152, 1] - 40  # the cut through the neck


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_displacement_rebuilt_from_the_bundle_is_that_of_the_skin(bundle, person, parameters, expression):
    header, arrays = bundle
    force = {"corrugator_supercilii_left": 0.3, "procerus": 0.55, "frontalis_right": 0.8}
    newton = np.array(header["tension_newton"][expression]) * person.skin.force_at(force)
    true = prolong(person.skin.displacement(expression, force, person.patient, parameters), 1, 2)
    canvas, mesh = canvas_of(person.face), mesh_of(person.face)
    shown = (canvas.beside_lids[:, None] * true)[mesh.vertex]
    mouth = person.face.surface(2).vertices[person.face.borders(2)["mouth"]]
    near = np.linalg.norm(mesh.surface.vertices[mesh.vertex][:, None] - mouth[::4], axis=2).min(1) < AROUND_MOUTH_MM + 3
    off = np.abs(rebuilt(header, arrays, newton)[: len(mesh.vertex)] - shown)[~near]
    steps = sum(f * mode["moved_scale"] / 2 for f, mode in zip(newton, header["modes"], strict=True))
    assert off.max() <= len(newton) * STILL_MM + steps
    assert np.quantile(off, 0.99) < 0.08
    between_brows = np.abs(mesh.surface.vertices[mesh.vertex][~near] - person.anatomy.atlas.points["glabella"]).max(1) < 8
    assert off[between_brows].max() < 0.1


def test_toxin_in_a_zygomatic_lowers_the_corner_of_the_mouth_on_its_side_only(bundle, person):
    header, arrays = bundle
    weak = {f"zygomaticus_{part}_left": 0.5 for part in ("major", "minor")}
    smile = np.array(header["tension_newton"]["smile"])
    change = rebuilt(header, arrays, smile) - rebuilt(header, arrays, smile * person.skin.force_at(weak))
    corner = {side: np.linalg.norm(arrays["position"] - person.face.landmarks[k], axis=1).argmin() for side, k in CORNERS.items()}
    assert change[corner["left"], 1] > 2.0
    assert abs(change[corner["right"], 1]) < 0.5


def test_phase_of_the_lines_is_that_of_the_stage(bundle, person, parameters):
    _, arrays = bundle
    phase = prolong(line_phase(person.skin, "glabellar", person.patient, parameters), 1, 2)[mesh_of(person.face).vertex]
    seen = arrays["strength"][: len(phase), 0] > 0.05
    assert seen.sum() > 500
    assert np.abs(arrays["phase"][: len(phase), 0] - phase)[seen].max() <= 0.0026


def test_closed_lids_meet_and_stay_outside_the_eyeballs(person):
    face = person.face
    closed = closed_lids(face)
    for eye, (centre, radius) in zip(("right_eye", "left_eye"), face.eyeballs, strict=True):
        upper, lower = split_lids(face.surface(2).vertices, face.borders(2)[eye])
        gap = closed[upper][:, 1] - np.interp(closed[upper][:, 0], closed[lower][:, 0], closed[lower][:, 1])
        inner = np.abs(closed[upper][:, 0] - closed[upper][:, 0].mean()) < 0.4 * np.ptp(closed[upper][:, 0])
        assert np.abs(gap[inner]).max() < 0.6
        assert gap.max() < 0.6  # towards the corners the upper lid may lie over the lower one
        assert np.ptp(face.surface(2).vertices[upper][:, 1]) > 3.0  # they were open
        middle = np.abs(closed[upper][:, 0] - centre[0]) < 8
        assert np.linalg.norm(closed[upper] - centre, axis=1)[middle].min() > radius - 0.3


def test_units_are_named_and_the_header_is_plain(bundle):
    header, arrays = bundle
    assert [unit["name"] for unit in header["units"]] == [*UNITS, "eye_closure"]
    assert set(header["tension_newton"]) == set(EXPRESSIONS)
    assert {c["name"] for c in header["curves"]} >= {"orbital_rim_left", "brow_right", "supraorbital_rim_left"}
    assert max(s["start"] + s["rows"] * s["columns"] for s in header["sheets"]) == len(arrays["sheet_points"])


@pytest.fixture(scope="module")
def bench():
    return Workbench()


def test_dose_overlay_is_highest_near_a_needle_and_needs_a_plan(bench):
    patient = g.Patient()
    treated = bench.course(patient, Plan.label("onabotulinumtoxinA"))
    header, arrays = unpack(dose_overlay(treated))
    mesh = mesh_of(treated.person.face)
    assert header["vertices"] == len(arrays["values"]) == mesh.triangles.max() + 1
    top = mesh.surface.vertices[mesh.vertex[arrays["values"].argmax()]]
    sites = treated.person.anatomy.atlas.sites
    assert min(np.linalg.norm(top - sites[i.site].point) for i in treated.plan.sessions[0].injections) < 8.0
    assert [level["at"] < header["range"][1] for level in header["levels"]] == [True] * 3
    with pytest.raises(g.InputError, match="no treatment"):
        dose_overlay(bench.course(patient, None))


def test_risk_overlay_has_the_map_s_own_numbers():
    found = coarse_map()
    header, arrays = unpack(risk_overlay(found))
    mesh = mesh_of(found.anatomy.atlas.face)
    known = np.flatnonzero(arrays["known"][: len(mesh.vertex)])
    assert 500 < len(known) < len(mesh.vertex)
    true = found.probability_at(mesh.surface.vertices[mesh.vertex[known]])[:, 0]
    assert np.abs(ndtr(arrays["values"][known]) - true).max() < 1e-6
    assert [level["label"] for level in header["levels"]] == ["0.1 %", "1 %", "5 %", "20 %", "50 %"]
    assert "eyelid ptosis" in header["legend"]["title"]
