"""The compiled spread solve against the plain one: the same numbers, symmetric, on any number of threads, and never needed."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from glabella.errors import SolverError
from glabella.stages.diffusion import Spread
from glabella.stages.diffusion.lattice import conductances, network

SHAPE = (26, 20, 12)
COMPILED = "glabella.stages.diffusion.compiled"


@pytest.fixture(scope="module")
def plain() -> Spread:
    """A block with holes, strongly anisotropic in directions that change from cell to cell: rows of very different length."""
    random = np.random.default_rng(3)
    cells = np.flatnonzero(random.random(SHAPE) < 0.9)
    fibre = random.standard_normal((len(cells), 3))
    fibre /= np.linalg.norm(fibre, axis=1)[:, None]
    tensors = 0.2 * np.eye(3) + 2.0 * fibre[:, :, None] * fibre[:, None]
    volume = random.uniform(0.2, 2.0, len(cells))
    return Spread(network(len(cells), *conductances(SHAPE, cells, tensors)), volume, random.random(len(cells)) * volume, 3.0, 0.1, 0.2)


@pytest.fixture(scope="module")
def fast(plain):
    return plain.compiled()


def sources(spread: Spread, count: int) -> np.ndarray:
    random = np.random.default_rng(5)
    found = np.zeros((count, len(spread.volume)))
    for row in found:
        row[random.integers(len(row), size=20)] = random.random(20)
    return found


def test_equals_the_plain_solve(plain, fast):
    rows = np.diff(plain.network.indptr)
    assert rows.max() > 20
    assert len(fast.layout.lower.listed) > 100
    for source in sources(plain, 3):
        exact = plain.solve(source, 1e-14)
        assert np.abs(fast.solve(source) - exact).max() < 1e-10 * exact.max()
        assert np.abs(fast.solve(source, 1e-14) / exact - 1).max() < 1e-9


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8, 1e-12])
def test_reaches_the_residual_that_is_asked_for(plain, fast, tolerance):
    source, scale = sources(plain, 1)[0], 1 / np.sqrt(plain.matrix.diagonal())
    left = scale * (source - plain.matrix @ fast.solve(source, tolerance))
    assert np.linalg.norm(left) <= 1.01 * tolerance * np.linalg.norm(scale * source)


def test_conserves_units_and_is_symmetric(fast):
    source, weight = sources(fast, 2)
    assert fast.loss @ fast.solve(source) == pytest.approx(source.sum(), rel=1e-8)
    assert weight @ fast.solve(source, 1e-13) == pytest.approx(source @ fast.solve(weight, 1e-13), rel=1e-10)
    assert fast.solve(source, 1e-13).min() > -1e-15


def test_other_rates_share_the_layout(plain, fast):
    rates = {"toxin_diffusivity_mm2_per_day": 1.0, "uptake_rate_per_day": 0.4, "clearance_rate_per_day": 0.3}
    source = sources(plain, 1)[0]
    assert fast.at(rates).layout is fast.layout
    assert np.allclose(fast.at(rates).solve(source, 1e-14), plain.at(rates).solve(source, 1e-14), rtol=1e-9, atol=1e-14)


def test_does_not_depend_on_threads(fast):
    rows = sources(fast, 8)
    alone = [fast.solve(row) for row in rows]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(replace(fast, layout=fast.layout).solve, rows))
    assert all(np.array_equal(a, b) for a, b in zip(alone, beside, strict=True))


def test_without_source_and_without_steps(fast):
    assert not fast.solve(np.zeros(len(fast.volume))).any()
    with pytest.raises(SolverError, match="after 2 steps, wanted 1e-11"):
        fast.solve(sources(fast, 1)[0], most_steps=2)


def test_neighbours_more_than_65536_numbers_away():
    cells = 70_000
    first = np.append(np.arange(cells - 1), 0)
    ring = network(cells, first, np.append(np.arange(1, cells), cells - 1), np.ones(cells))
    spread = Spread(ring, np.ones(cells), np.ones(cells), 1.0, 0.3, 0.2)
    source = np.zeros(cells)
    source[[0, 40_000]] = 1.0
    assert np.allclose(spread.compiled().solve(source), spread.solve(source), rtol=0, atol=1e-11)


def test_without_numba_the_plain_solve_stays(plain, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    for module in (COMPILED, "glabella.stages.kernel"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert plain.compiled() is plain


def test_nowhere_to_keep_what_is_compiled(tmp_path):
    (tmp_path / "file").touch()
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "file" / "folder")}
    done = subprocess.run([sys.executable, "-c", f"import {COMPILED}"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_single_run_does_not_load_it():
    code = (
        "import sys, glabella as g; plan = g.Plan.label('onabotulinumtoxinA', 'glabellar');"
        "g.simulate(plan, days=10, samples=0, scene=False, step_mm=4.0, depth_step_mm=2.0); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
