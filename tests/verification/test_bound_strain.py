"""tools/bound_strain.py: its rows are those of ``glabella validate``, and its bounds enclose what the model says for any frown."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import load_posterior
from glabella.population.arms import trial_values
from glabella.validation.strain import predict_strain

PEOPLE = 8
SHARE = 0.2


@cache
def tool():
    spec = importlib.util.spec_from_file_location("bound_strain", Path(__file__).parents[2] / "tools" / "bound_strain.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def problem():
    return tool().pose({}, PEOPLE)


def test_rows_are_those_of_the_report(problem):
    """At the shipped rows the tool gives the strain that the report gives, and a strain is its slopes times the pulls."""
    values, slopes = tool().evaluate(problem.trials, problem.start)
    kept = [k for k, row in enumerate(problem.rows) if row.quantity == "strain_percent"]
    assert (len(problem.rows), len(kept)) == (17, 14)
    expected = predict_strain([problem.rows[k] for k in kept], [{**trial_values(), **load_posterior().best()}], PEOPLE)[0, 0]
    assert values[kept] == pytest.approx(expected, abs=1e-8)
    assert values[kept] == pytest.approx(slopes[kept] @ problem.start, abs=1e-8)


def test_bounds_enclose_every_frown(problem):
    """The lines through one frown lie below, the sum of the muscles by themselves above, at frowns drawn from the ranges."""
    random = np.random.default_rng(3)
    _, slopes = tool().evaluate(problem.trials, problem.start)
    sums = tool().alone(problem.trials, len(problem.start))
    principal = (row.quantity == "strain_percent" and not any(name in row.row for name in tool().COMPONENTS) for row in problem.rows)
    convex = np.flatnonzero(list(principal))
    assert len(convex) == 6
    for _ in range(4):
        x = problem.ranges.pulls(random)
        values, _ = tool().evaluate(problem.trials, x)
        assert (values[convex] >= slopes[convex] @ x - 1e-9).all()
        assert (values[convex] <= sums[convex] @ x + 1e-9).all()


def test_program_counts_what_fits_together():
    """Rows that ask the same pull to be under 1 and over 2 cannot both be met; a third that asks nothing can."""
    ranges = tool().read_ranges()
    pull = np.zeros(2 * len(tool().KINDS))
    pull[0] = 1.0
    most, x, chosen = tool().most_rows(ranges, 3, [(0, pull, 0.6)], [(1, pull, 0.9)])
    assert (most, chosen.sum()) == (2, 2)
    assert chosen[2]
    assert x[0] <= 0.6 + 1e-9 or x[0] >= 0.9 - 1e-9
    assert tool().most_rows(ranges, 3, [(0, pull, 0.6)], [(1, pull, 1.2)])[2].tolist() == [True, False, True]


def test_fewer_rows_than_there_are_can_be_met(problem, monkeypatch):
    """What is found in full is at most the bound, at least what is shipped, and the bound is short of all rows."""
    monkeypatch.setattr(tool(), "STARTS", 1)
    target, start = problem.target, problem.start
    course, without = tool().bound(problem.trials, problem.ranges, target, SHARE, start)
    now = tool().met(tool().evaluate(problem.trials, start)[0], target, SHARE).sum()
    found = tool().met(tool().search(problem.trials, problem.ranges, target, SHARE, start)[1], target, SHARE).sum()
    assert now <= found <= course[-1] < len(target)
    assert len(without) >= len(target) - course[-1]
