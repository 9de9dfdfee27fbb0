"""The membrane on its foundation against exact solutions, balance of forces and reciprocity."""

import numpy as np
import pytest

from glabella import Patient
from glabella.evidence import load_parameters
from glabella.stages.skin.membrane import Membrane, compression_axis, most_compressive
from glabella.treatment import build_person

MODULUS, THICKNESS, FOUNDATION = 0.066, 0.9, 6.6e-5  # N/mm2, mm, N/mm3: decay over 30 mm
FLAT = np.eye(3)
STIFFNESS = MODULUS * THICKNESS


def sheet(nx, ny, length, width, poisson=0.0, foundation=FOUNDATION, normal_ratio=20.0, jitter=0.0, turn=FLAT):
    """A flat rectangle of triangles, turned in space."""
    x, y = np.meshgrid(np.linspace(0, length, nx + 1), np.linspace(0, width, ny + 1), indexing="ij")
    points = np.stack([x, y, np.zeros_like(x)], -1)
    noise = np.random.default_rng(3).uniform(-1, 1, (nx - 1, ny - 1, 2)) * jitter * min(length / nx, width / ny)
    points[1:-1, 1:-1, :2] += noise
    points = points.reshape(-1, 3)
    number = np.arange(len(points)).reshape(nx + 1, ny + 1)
    a, b, c, d = (n.ravel() for n in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    triangles = np.concatenate([np.c_[a, b, c], np.c_[a, c, d]])
    m = len(triangles)
    membrane = Membrane(
        points @ turn.T, triangles, np.full(m, STIFFNESS / (1 - poisson**2)), poisson, np.full(m, foundation),
        np.full(m, normal_ratio * foundation),
    )  # fmt: skip
    return membrane, points, number


def turn_matrix():
    a, b = 0.7, -0.4
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return about_z @ about_x


@pytest.mark.parametrize("turn", [FLAT, turn_matrix()], ids=["flat", "turned"])
def test_patch_of_uniform_strain_is_exact(turn):
    """Linear displacement on an irregular mesh: exactly its strain in every triangle and no force on any inner vertex."""
    membrane, points, number = sheet(7, 5, 30, 20, poisson=0.45, jitter=0.3, turn=turn)
    gradient = np.array([[-0.09, 0.02], [0.05, 0.03]])
    flat = points[:, :2] @ gradient.T
    displacement = np.c_[flat, np.zeros(len(flat))] @ turn.T
    strain = membrane.strain(displacement[None])[0]
    frames = membrane.frames @ turn  # back in the plane of the sheet
    tensor = np.zeros((3, 3))
    tensor[:2, :2] = (gradient + gradient.T) / 2
    expected = np.stack(
        [
            np.einsum("md,de,me->m", frames[:, 0], tensor, frames[:, 0]),
            np.einsum("md,de,me->m", frames[:, 1], tensor, frames[:, 1]),
            np.einsum("md,de,me->m", frames[:, 0], tensor, frames[:, 1]),
        ],
        axis=1,
    )
    assert np.abs(strain - expected).max() < 1e-14
    force = (membrane.elastic @ displacement.ravel()).reshape(-1, 3)
    assert np.abs(force[number[1:-1, 1:-1].ravel()]).max() < 1e-13
    assert np.abs(force).max() > 1e-3


def test_uniform_tension_on_the_edges_gives_hooke():
    """Stress 2 kPa along x on a nearly free sheet: strain s/E along and -nu s/E across, in N and mm."""
    stress, nu = 0.002, 0.45
    membrane, points, number = sheet(9, 6, 30, 20, poisson=nu, foundation=1e-12, jitter=0.3)
    forces = np.zeros((1, len(points), 3))
    share = np.full(7, 20 / 6)
    share[[0, -1]] /= 2
    forces[0, number[-1], 0] = stress * THICKNESS * share
    forces[0, number[0], 0] = -stress * THICKNESS * share
    strain = membrane.strain(membrane.solve(forces))[0]
    assert strain[:, 0] == pytest.approx(stress / MODULUS, rel=1e-6)
    assert strain[:, 1] == pytest.approx(-nu * stress / MODULUS, rel=1e-6)


def strip_error(nx):
    """Root mean square error relative to the end, mean displacement of the end, exact: a 100 mm strip pulled with 10 mN/mm."""
    pull, length = 0.010, 100.0
    membrane, points, number = sheet(nx, max(nx // 5, 1), length, 20)
    forces = np.zeros((1, len(points), 3))
    width = np.full(number.shape[1], 20 / (number.shape[1] - 1))
    width[[0, -1]] /= 2
    forces[0, number[-1], 0] = pull * width
    moved = membrane.solve(forces)[0]
    decay = np.sqrt(STIFFNESS / FOUNDATION)
    exact = pull * decay / STIFFNESS * np.cosh(points[:, 0] / decay) / np.sinh(length / decay)
    error = np.sqrt(np.mean((moved[:, 0] - exact) ** 2)) / exact.max()
    return error, moved[number[-1], 0].mean(), exact.max()


def test_strip_on_foundation_has_the_closed_form():
    """E h u'' = k u with a pull at one end: u = P l / (E h) cosh(x/l) / sinh(L/l); 5.06 mm at the end, to 0.1 %."""
    error, end_mm, exact_mm = strip_error(40)
    assert exact_mm == pytest.approx(0.010 * 30 / (0.066 * 0.9) / np.tanh(100 / 30), rel=1e-12)
    assert end_mm == pytest.approx(5.063, abs=0.005)
    assert error < 1e-3
    assert error / strip_error(80)[0] > 3.4  # second order


def test_foundation_is_firmer_along_the_normal():
    """An even pressure on a flat sheet sinks it by p / k."""
    membrane, points, _ = sheet(6, 4, 30, 20, normal_ratio=20.0)
    forces = np.zeros((2, len(points), 3))
    share = np.bincount(membrane.triangles.ravel(), np.repeat(membrane.areas_mm2 / 3, 3))
    forces[0, :, 2] = -1e-4 * share
    forces[1, :, 0] = 1e-4 * share
    moved = membrane.solve(forces)
    assert moved[0, :, 2] == pytest.approx(-1e-4 / (20 * FOUNDATION), rel=1e-9)
    assert moved[1, :, 0] == pytest.approx(1e-4 / FOUNDATION, rel=1e-9)


def test_forces_balance_and_work_is_reciprocal():
    """What the foundation holds is what was pulled; the work of one load on another's displacement is mutual."""
    membrane, points, _ = sheet(9, 7, 40, 30, poisson=0.45, jitter=0.3, turn=turn_matrix())
    forces = np.random.default_rng(1).normal(size=(2, len(points), 3))
    moved = membrane.solve(forces)
    held = (membrane.foundation @ moved.reshape(2, -1).T).T.reshape(moved.shape).sum(axis=1)
    assert np.abs(held - forces.sum(axis=1)).max() < 1e-9 * np.abs(forces).sum()
    work = np.einsum("and,bnd->ab", forces, moved)
    assert work[0, 1] == pytest.approx(work[1, 0], rel=1e-10)
    assert work[0, 0] > 0


def test_principal_strain_is_the_smaller_eigenvalue():
    strains = np.random.default_rng(5).normal(size=(50, 3))
    tensors = np.array([[[a, c], [c, b]] for a, b, c in strains])
    values, vectors = np.linalg.eigh(tensors)
    assert most_compressive(*strains.T) == pytest.approx(values[:, 0], abs=1e-14)
    assert np.abs(np.einsum("nd,nd->n", compression_axis(*strains.T), vectors[:, :, 0])) == pytest.approx(1, abs=1e-12)


def test_a_built_face_does_not_hold_the_factorisation():
    """Made in a thread and freed in another it would never be freed: 30 MB per person."""
    person = build_person(None, Patient(), load_parameters(), step_mm=2.8, depth_step_mm=1.4, compiled=False)
    assert "factor" not in vars(person.skin.membrane)
