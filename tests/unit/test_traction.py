"""How a muscle of one newton pulls the skin."""

from types import SimpleNamespace

import numpy as np
import pytest

from glabella.face import Surface
from glabella.stages.skin.traction import cable_forces, pull_skin, tension_profile


def strip(start, end, width=8.0, origin="bone", insertion_from=0.5, nu=41, nv=9):
    """A flat muscle in the plane z = -3 from ``start`` to ``end`` (x, y)."""
    start, end = np.array([*start, -3.0]), np.array([*end, -3.0])
    along = (end - start) / np.linalg.norm(end - start)
    across = np.cross([0, 0, 1], along)
    u = np.linspace(0, 1, nu)[:, None, None]
    v = np.linspace(-0.5, 0.5, nv)[None, :, None]
    points = start + u * (end - start) + v * width * across
    return SimpleNamespace(points=points, thickness_mm=np.ones((nu, nv)), closed=False, origin=origin, insertion_from=insertion_from)


def ring(radius=20.0, nu=72, nv=5):
    angle = np.arange(nu) * 2 * np.pi / nu
    r = radius + np.linspace(-3, 3, nv)
    points = np.stack([np.cos(angle)[:, None] * r, np.sin(angle)[:, None] * r, np.full((nu, nv), -3.0)], -1)
    return SimpleNamespace(points=points, thickness_mm=np.ones((nu, nv)), closed=True, origin="soft", insertion_from=0.0)


def plane(half=60.0, step=2.5):
    line = np.arange(-half, half + step / 2, step)
    x, y = np.meshgrid(line, line, indexing="ij")
    number = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (n.ravel() for n in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1)
    return Surface(points, np.concatenate([np.c_[a, b, c], np.c_[a, c, d]]), np.zeros((0, 4), int))


def test_one_newton_from_bone_pulls_one_newton_back_along_the_fibres():
    sheet = strip((5, 10), (35, 25))
    points, force = cable_forces(sheet, 1.0)
    along = np.array([30, 15, 0]) / np.hypot(30, 15)
    assert force.sum(axis=0) == pytest.approx(-along, abs=1e-12)
    assert force @ along == pytest.approx(-np.linalg.norm(force, axis=1), abs=1e-12)
    start = np.array([5, 10, -3.0])
    share = (points - start) @ along / np.hypot(30, 15)
    assert share.min() > 0.47  # only the insertion zone
    assert np.average(share, weights=-force @ along) == pytest.approx(0.5 + 0.5 * 2 / 3, abs=0.01)  # density grows over the zone


def test_a_soft_origin_is_pulled_as_much_as_the_insertion():
    points, force = cable_forces(strip((26, 60), (26, 20), origin="soft", insertion_from=0.6), 1.0)
    assert force.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    below = points[:, 1] < 36
    assert force[below, 1].sum() == pytest.approx(1.0, abs=0.02)  # lower skin goes up, toward the convergence line at y = 36
    assert force[~below, 1].sum() == pytest.approx(-1.0, abs=0.02)


def test_an_aponeurosis_takes_its_share_of_the_pull_at_the_origin():
    sheet = strip((26, 60), (26, 20), origin="soft", insertion_from=0.6)
    points, force = cable_forces(sheet, 1.0, held=0.4)
    assert force[points[:, 1] < 36, 1].sum() == pytest.approx(1.0, abs=0.02)
    assert force.sum(axis=0) == pytest.approx([0, 0.4, 0], abs=1e-12)


def test_a_ring_presses_toward_its_centre():
    points, force = cable_forces(ring(), 1.0)
    outward = points * [1, 1, 0] / np.linalg.norm(points * [1, 1, 0], axis=1, keepdims=True)
    assert force.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.einsum("kd,kd->k", force, outward).max() < 0
    assert np.einsum("kd,kd->", force, outward) == pytest.approx(-2 * np.pi, rel=2e-3)  # tension 1 N times curvature, all around


def test_a_ring_may_repeat_its_first_fibre_end():
    once = ring()
    twice = ring()
    twice.points = np.concatenate([once.points, once.points[:1]])
    twice.thickness_mm = np.ones(twice.points.shape[:2])
    assert np.abs(cable_forces(twice, 1.0)[1] - cable_forces(once, 1.0)[1]).max() < 1e-12


def test_thick_fibres_carry_more():
    sheet = strip((0, 0), (30, 0), nv=3)
    sheet.thickness_mm = np.ones((41, 3)) * [1.0, 1.0, 3.0]
    points, force = cable_forces(sheet, 1.0)
    outer = force[points[:, 1] > 1].sum(axis=0)
    assert outer[0] == pytest.approx(-1.5 / 3.0, abs=1e-12)  # half the width of the middle fibre, three times its thickness
    assert force.sum(axis=0)[0] == pytest.approx(-1.0, abs=1e-12)


def test_no_force_is_lost_on_the_way_to_the_skin():
    forces = pull_skin(strip((5, 10), (35, 25)), plane(), 1.0)
    assert forces.sum(axis=0) == pytest.approx([-30 / np.hypot(30, 15), -15 / np.hypot(30, 15), 0], abs=1e-12)


def test_only_the_pull_along_the_skin_is_kept():
    sheet = strip((5, 10), (35, 25))
    sheet.points = sheet.points + np.linspace(-4, 1, 41)[:, None, None] * [0, 0, 1.0]  # rises toward the skin
    forces = pull_skin(sheet, plane(), 1.0)
    assert np.abs(forces[:, 2]).max() < 1e-15
    assert np.linalg.norm(forces.sum(axis=0)) == pytest.approx(np.hypot(30, 15) / np.sqrt(30**2 + 15**2 + 5**2), rel=1e-12)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_tension_falls_from_one_to_nothing_as_the_insertions_grow(power):
    share = np.linspace(0, 1, 201)
    tension = tension_profile(share, 0.4, power, held=1.0)
    assert tension[share <= 0.4] == pytest.approx(1.0)
    assert tension[-1] == 0
    density = -np.diff(tension)[share[:-1] >= 0.4] / np.diff(share)[0]
    middle = (share[:-1] + share[1:])[share[:-1] >= 0.4] / 2
    assert density == pytest.approx((power + 1) / 0.6 * ((middle - 0.4) / 0.6) ** power, rel=0.02, abs=0.02)
