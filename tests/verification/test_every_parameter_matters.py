"""Each row of the parameter table, moved to an end of its range, moves a number of the outcome: no row is decoration."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from glabella import Patient, Plan, follow_years
from glabella.evidence import load_parameters
from glabella.treatment import build_person, treat

COARSE = {"step_mm": 2.8, "depth_step_mm": 1.4}  # a coarse tissue grid: the test asks whether a row matters, not how much
PRODUCTS = ("abobotulinumtoxinA", "incobotulinumtoxinA", "prabotulinumtoxinA", "daxibotulinumtoxinA", "letibotulinumtoxinA")


ONA = "onabotulinumtoxinA"
SAMPLED = ("brow_arch_visible_mm", "brow_asymmetry_visible_mm")  # what only the scatter of needles shows


def scenarios(name):
    """Plans and patients in which the row may play a part, the cheapest first: its own product, its own sex, then all areas."""
    name_of = next((p for p in PRODUCTS if name.startswith(p)), ONA)
    patient = Patient(sex="male") if "_male" in name else Patient()
    yield Plan.label(name_of, "glabellar"), patient
    if name_of == ONA:
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


@cache
def usual_numbers(number, male, product_name, samples):
    """The same with every row at its value."""
    name = f"{product_name if product_name != ONA else ''}{'_male' if male else ''}"
    return outcome_numbers(*list(scenarios(name))[number], {}, samples)


@cache
def usual_person(sex):
    """(a person made with every row at its value, the rows that the making read)"""
    parameters = load_parameters().recording()
    return build_person(None, Patient(sex=sex), parameters, compiled=False, **COARSE), frozenset(parameters.read)


def person_with(patient, values):
    """A face is built again only for a row that its building reads."""
    person, read = usual_person(patient.sex)
    if read.isdisjoint(values):
        return person
    return build_person(None, patient, load_parameters().with_values(values), compiled=False, **COARSE)


def outcome_numbers(plan, patient, values, samples):
    parameters = load_parameters().with_values(values)
    outcome = treat(person_with(patient, values), plan, parameters.recording(), 120, samples, seed=0).outcome.to_json()
    parts = {key: outcome[key] for key in ("skin", "movement", "muscles", "unwanted", "dose", "brow", "blood")}
    return np.array(list(numbers(parts)))


@cache
def years_numbers(**values):
    """Two years of sessions as the grade returns, for the rows that only years read."""
    parameters = load_parameters().with_values(values)
    found = follow_years(Plan.label(ONA), years=2, samples=0, compare=("never", "licensed"), parameters=parameters, **COARSE).to_json()
    return np.array(list(numbers({name: scenario["areas"] for name, scenario in found["scenarios"].items()})))


@pytest.mark.parametrize("name", [name for name, row in load_parameters().rows.items() if row.stage == "years"])
def test_row_of_the_years_moves_them(name):
    row = load_parameters().rows[name]
    assert row.low < row.value < row.high
    for end in (row.low, row.high):
        assert np.abs(years_numbers(**{name: end}) - years_numbers()).max() > 1e-6


@pytest.mark.parametrize("name", [name for name, row in load_parameters().rows.items() if row.stage != "years"])
def test_row_moves_an_outcome(name):
    row = load_parameters().rows[name]
    assert row.low < row.high, f"{name}: a row needs a range"
    moved = 0.0
    ends = sorted((row.low, row.high), key=lambda end: -abs(end - row.value))  # most rows show at the farther end already
    samples = 4 if name in SAMPLED else 0
    for (number, (plan, patient)), end in product(enumerate(scenarios(name)), ends):
        usual = usual_numbers(number, patient.sex == "male", plan.product, samples)
        there = outcome_numbers(plan, patient, {name: end}, samples)
        assert usual.shape == there.shape
        moved = max(moved, float(np.abs(there - usual).max()))
        if moved > 1e-6:
            break
    assert moved > 1e-6
