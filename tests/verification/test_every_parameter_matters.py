"""Each row of the parameter table, moved from low to high, moves a number of the outcome: no row is decoration."""

import numpy as np
import pytest

from glabella import Patient, Plan, simulate
from glabella.evidence import load_parameters

COARSE = {"step_mm": 2.8, "depth_step_mm": 1.4}  # a coarse tissue grid: the test asks whether a row matters, not how much
PRODUCTS = ("abobotulinumtoxinA", "incobotulinumtoxinA", "prabotulinumtoxinA", "daxibotulinumtoxinA", "letibotulinumtoxinA")


ONA = "onabotulinumtoxinA"


def scenarios(name):
    """Plans and patients in which the row may play a part, the cheapest first: its own product, its own sex, then all areas."""
    product = next((p for p in PRODUCTS if name.startswith(p)), ONA)
    patient = Patient(sex="male") if "_male" in name else Patient()
    yield Plan.label(product, "glabellar"), patient
    if product == ONA:
        yield Plan.label(ONA, ("glabellar", "forehead", "lateral_canthal")), patient


def numbers(tree):
    if isinstance(tree, dict):
        for key in sorted(tree):
            yield from numbers(tree[key])
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from numbers(value)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield float(tree)


def outcome_numbers(plan, patient, name, value):
    parameters = load_parameters().with_values({name: value})
    outcome = simulate(plan, patient=patient, days=120, samples=0, parameters=parameters, scene=False, **COARSE).to_json()
    parts = {key: outcome[key] for key in ("skin", "movement", "muscles", "unwanted", "dose", "brow")}
    return np.array(list(numbers(parts)))


@pytest.mark.parametrize("name", load_parameters().rows)
def test_row_moves_an_outcome(name):
    row = load_parameters().rows[name]
    assert row.low < row.high, f"{name}: a row needs a range"
    moved = 0.0
    for plan, patient in scenarios(name):
        low, high = (outcome_numbers(plan, patient, name, value) for value in (row.low, row.high))
        assert low.shape == high.shape
        moved = max(moved, float(np.abs(low - high).max()))
        if moved > 1e-6:
            break
    assert moved > 1e-6
