"""The spread operator against closed forms with absolute values: slab, point source, manufactured solution, decomposition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.fft import dctn, idctn

from glabella.stages.diffusion.lattice import conductances, decompose, network
from glabella.stages.diffusion.spread import Spread


def block(shape, step, tensor, uptake, clearance, diffusivity=1.0):
    """A Spread on a plain block of cells; ``tensor`` (n, 3, 3) or (3, 3) physical diffusion tensors, ``step`` (3,) mm."""
    n = int(np.prod(shape))
    volume = float(np.prod(step))
    tensors = np.broadcast_to(tensor, (n, 3, 3)) / np.outer(step, step) * volume
    first, second, weight = conductances(shape, np.arange(n), np.ascontiguousarray(tensors))
    whole = np.full(n, volume)
    return Spread(network(n, first, second, weight), whole, whole * np.broadcast_to(uptake, n), diffusivity, 1.0, clearance)


@given(hnp.arrays(float, (3, 3), elements=st.floats(-3, 3)))
@settings(max_examples=200, deadline=None)
def test_decomposition_is_exact_and_positive(root):
    tensor = root @ root.T + 0.05 * np.eye(3)
    weights, offsets = decompose(tensor[None])
    rebuilt = np.einsum("m,mi,mj->ij", weights[0], offsets[0], offsets[0])
    assert (weights >= 0).all()
    np.testing.assert_allclose(rebuilt, tensor, rtol=0, atol=1e-9 * np.trace(tensor))


def test_layered_slab_matches_cosine_transform_and_tridiagonal_solve():
    nx, ny, nz = 48, 40, 14
    step = np.array([1.2, 1.2, 0.8])
    diffusivity = np.where(np.arange(nz) < 2, 1.7, 3.37)
    uptake = np.where((np.arange(nz) > 5) & (np.arange(nz) < 9), 0.13, 0.0)
    tensor = np.broadcast_to(diffusivity, (nx, ny, nz)).reshape(-1)[:, None, None] * np.eye(3)
    spread = block((nx, ny, nz), step, tensor, np.broadcast_to(uptake, (nx, ny, nz)).ravel(), 0.22)
    source = np.zeros((nx, ny, nz))
    source[20:24, 15:18, 5:8] = np.random.default_rng(1).random((4, 3, 3))
    found = spread.solve(source.ravel(), 1e-13).reshape(nx, ny, nz)

    # the oracle: cosine transform over the sheet, one tridiagonal solve over the depth per wave
    volume = step.prod()
    wave = [(2 - 2 * np.cos(np.pi * np.arange(n) / n)) / h**2 for n, h in ((nx, step[0]), (ny, step[1]))]
    lateral = (wave[0][:, None] + wave[1][None, :])[..., None] * diffusivity * volume
    down = (diffusivity[1:] + diffusivity[:-1]) / 2 * volume / step[2] ** 2
    diagonal = lateral + (uptake + 0.22) * volume
    diagonal[..., :-1] += down
    diagonal[..., 1:] += down
    right = dctn(source, axes=(0, 1), norm="ortho")
    ratio = diagonal.copy()
    for k in range(1, nz):
        w = -down[k - 1] / ratio[..., k - 1]
        ratio[..., k] += w * down[k - 1]
        right[..., k] -= w * right[..., k - 1]
    exact = np.empty_like(right)
    exact[..., -1] = right[..., -1] / ratio[..., -1]
    for k in range(nz - 2, -1, -1):
        exact[..., k] = (right[..., k] + down[k] * exact[..., k + 1]) / ratio[..., k]
    exact = idctn(exact, axes=(0, 1), norm="ortho")

    share = exact / exact.max()
    for low in 10.0 ** np.arange(-1, -6, -1):
        band = (share >= low) & (share < 10 * low)
        assert band.any()
        assert np.abs(found[band] / exact[band] - 1).max() < 1e-6
    assert (spread.loss * found.ravel()).sum() == pytest.approx(source.sum(), rel=1e-10)


def test_point_source_in_a_large_block():
    step, cells, d, k = 0.7, 83, 3.37, 0.35
    spread = block((cells,) * 3, np.full(3, step), d * np.eye(3), 0.0, k)
    source = np.zeros((cells,) * 3)
    source[(cells // 2,) * 3] = 1.0
    found = spread.solve(source.ravel(), 1e-12).reshape(source.shape)
    x = (np.arange(cells) - cells // 2) * step
    r = np.sqrt(x[:, None, None] ** 2 + x[None, :, None] ** 2 + x[None, None, :] ** 2)
    reach = np.sqrt(d / k)
    where = (r > 6 * step) & (r < 20)
    exact = np.exp(-r[where] / reach) / (4 * np.pi * d * r[where])
    assert np.abs(found[where] / exact - 1).max() < 0.02


def _manufactured(n):
    """Error of a smooth solution on the unit cube with a tensor that turns, full inside and diagonal at the walls."""
    h = 1 / n
    x = (np.arange(n) + 0.5) * h
    points = np.stack(np.meshgrid(x, x, x, indexing="ij"), -1).reshape(-1, 3)

    def tensor(p):
        bump = np.prod(np.sin(np.pi * p) ** 2, axis=1)
        fibre = np.stack([np.cos(p[:, 1]), np.sin(p[:, 1]), 0.3 * np.cos(p[:, 0])], 1)
        fibre /= np.linalg.norm(fibre, axis=1, keepdims=True)
        return np.eye(3) + 2 * bump[:, None, None] * np.einsum("ni,nj->nij", fibre, fibre)

    def value(p):
        return 2 + np.prod(np.cos(np.pi * p), axis=1)

    def slope(p):
        c, s = np.cos(np.pi * p), np.sin(np.pi * p)
        return -np.pi * np.stack([s[:, i] * c[:, (i + 1) % 3] * c[:, (i + 2) % 3] for i in range(3)], 1)

    def flux(p):
        return np.einsum("nij,nj->ni", tensor(p), slope(p))

    divergence, e = np.zeros(len(points)), 1e-3
    for axis in np.eye(3):
        near, far = (flux(points + m * e * axis) - flux(points - m * e * axis) for m in (1, 2))
        divergence += ((8 * near - far) @ axis) / (12 * e)
    k = 0.7
    source = (-divergence + k * value(points)) * h**3
    spread = block((n, n, n), np.full(3, h), tensor(points), 0.0, k)
    return np.sqrt(np.mean((spread.solve(source, 1e-12) - value(points)) ** 2))


def test_second_order_on_a_manufactured_solution_with_fibres():
    coarse, middle, fine = (_manufactured(n) for n in (12, 24, 48))
    assert np.log2(coarse / middle) > 1.8
    assert np.log2(middle / fine) > 1.8
    assert fine < 2e-3


def test_loose_tolerance_breaks_the_balance_and_the_default_keeps_it():
    rng = np.random.default_rng(0)
    spread = block((30, 30, 12), np.array([1.4, 1.4, 0.8]), 3.37 * np.diag([3.0, 1.0, 1.0]), rng.random(10800), 0.22)
    source = np.zeros(10800)
    source[rng.integers(0, 10800, 5)] = 4.0

    def imbalance(tolerance):
        return abs(spread.loss @ spread.solve(source, tolerance) / source.sum() - 1)

    assert imbalance(1e-11) < 1e-8
    assert imbalance(1e-3) > 1e-6


def test_adjoint_identity_and_positivity():
    rng = np.random.default_rng(2)
    shape = (26, 24, 10)
    n = int(np.prod(shape))
    root = rng.standard_normal((n, 3, 3)) * 0.4 + np.eye(3)
    spread = block(shape, np.array([1.4, 1.3, 0.8]), np.einsum("nij,nkj->nik", root, root), rng.random(n), 0.22, 3.37)
    source, weight = np.zeros(n), np.zeros(n)
    source[rng.integers(0, n, 4)] = rng.random(4)
    weight[rng.integers(0, n, 50)] = rng.random(50)
    left, right = spread.solve(source, 1e-12) @ weight, source @ spread.solve(weight, 1e-12)
    assert left == pytest.approx(right, rel=1e-8)
    assert spread.solve(source, 1e-13).min() > -1e-15
    off_diagonal = spread.network.copy()
    off_diagonal.setdiag(0)
    assert off_diagonal.max() <= 0  # no coupling can make a negative dose
