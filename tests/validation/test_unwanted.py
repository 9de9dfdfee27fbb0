"""Eyelid ptosis per person against its published anchors and against its own causes. Run with -s for figures."""

from functools import cache

import pytest

from glabella import Plan, load_parameters, simulate

LABEL = Plan.label("onabotulinumtoxinA", "glabellar")
CORRUGATOR = [f"corrugator_{which}_{side}" for which in ("medial", "lateral") for side in ("left", "right")]


def lower(plan, mm):
    for site in CORRUGATOR:
        plan = plan.move(site, up_mm=-mm)
    return plan.with_purpose("study")  # the label refuses such sites for a person


@cache
def ptosis(case="label", **overrides):
    plan = {"label": LABEL, "8 mm lower": lower(LABEL, 8), "half the units": LABEL.scaled(10)}[case]
    out = simulate(plan, days=30, samples=0, parameters=load_parameters().with_values(overrides), scene=False)
    risk = out.unwanted["eyelid_ptosis"]
    assert risk.basis == "computed"
    print(f"\n{case} {overrides}: {100 * risk.value:.2f} %")
    return risk.value


def test_licensed_plan_meets_the_published_rate():
    """Trials: 2.4 % (16 of 665) and 5.4 % in the first; under 1 % in experienced hands."""
    assert 0.01 <= ptosis() <= 0.04


def test_needles_8_mm_lower():
    assert 3 * ptosis() <= ptosis("8 mm lower") < 0.9


def test_closed_septum():
    assert ptosis(orbital_septum_transmission=0.0) < 0.001


def test_needles_exactly_placed():
    assert ptosis(placement_sd_mm=0.0, placement_depth_sd_mm=0.0) < 0.005


def test_half_the_units():
    assert ptosis("half the units") < ptosis()


@pytest.mark.parametrize("effect", ["headache", "nausea", "injection_site_bruising"])
def test_effects_without_a_mechanism_carry_label_rates(effect):
    out = simulate(LABEL, days=10, samples=0, scene=False)
    assert out.unwanted[effect].basis == "label_rate"
    assert out.unwanted[effect].low < out.unwanted[effect].value < out.unwanted[effect].high
