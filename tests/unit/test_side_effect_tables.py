"""The tables of side effects and of what to watch for: intervals, sources, words."""

import importlib.util
import re
from pathlib import Path

import pytest
from scipy.stats import binomtest

from glabella import Plan
from glabella.effect_names import EFFECTS
from glabella.effects_order import GRAVEST_FIRST, gravity
from glabella.effects_text import tell_in_thousand
from glabella.evidence.guidance import TOPICS, all_facts, facts_about, label_emergency_text
from glabella.evidence.products import load_products
from glabella.evidence.sources import load_references
from glabella.stages.unwanted import (
    BROW_MECHANISMS,
    MUSCLE_MECHANISMS,
    all_rates,
    any_event_rate,
    count_interval,
    effect_words,
    label_rates,
)
from glabella.stages.unwanted.label_rates import COLUMNS
from glabella.stages.unwanted.lower_face import lower_effect_words
from glabella.treatment import with_label_rates

PRODUCTS = tuple(load_products())
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("events", "people"), [(0, 20), (16, 665), (54, 405), (20, 20), (1, 3)])
def test_the_interval_is_clopper_and_pearsons(events, people):
    exact = binomtest(events, people).proportion_ci(0.9, "exact")
    assert count_interval(events, people) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_published_counts_come_back():
    ptosis = next(row for row in all_rates() if (row.effect, row.product, row.area) == ("eyelid_ptosis", "onabotulinumtoxinA", "glabellar"))
    assert (ptosis.value, ptosis.people, ptosis.placebo) == (0.024, 665, 0.0)
    assert (ptosis.low, ptosis.high) == pytest.approx(count_interval(16, 665), abs=1e-12)


@pytest.mark.parametrize("row", all_rates(), ids=lambda row: f"{row.effect}-{row.product}-{row.area}")
def test_every_rate_is_whole(row):
    assert 0 <= row.low <= row.value <= row.high <= 1
    assert row.source in load_references()
    assert row.effect in EFFECTS
    assert gravity(row.seriousness) < len(GRAVEST_FIRST)
    if row.placebo is not None:
        assert row.placebo_low <= row.placebo <= row.placebo_high


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("area", ["glabellar", "forehead", "lateral_canthal"])
def test_rates_stay_in_the_upper_face(product, area):
    found = label_rates(product, (area,))
    assert {"headache", "nausea", "injection_site_bruising"} <= set(found)
    assert not {"difficulty_swallowing", "weak_bite", "neck_weakness", "any_adverse_event"} & set(found)


def test_a_rate_of_another_area_stands_in_only_where_it_may():
    assert "skin_tightness" not in label_rates("onabotulinumtoxinA", ("glabellar",))
    assert "skin_tightness" in label_rates("onabotulinumtoxinA", ("forehead",))
    assert label_rates("letibotulinumtoxinA", ("glabellar",))["double_vision"].product == "abobotulinumtoxinA"


def test_swallowing_and_biting_are_computed_in_the_lower_face_and_keep_reported_rates():
    for effect in ("difficulty_swallowing", "weak_bite"):
        assert gravity(lower_effect_words()[effect].seriousness) < len(GRAVEST_FIRST)
        assert any(row.effect == effect for row in all_rates())


def test_computed_effects_have_words_and_keep_the_published_rate_beside_them():
    for row in (*MUSCLE_MECHANISMS, *BROW_MECHANISMS):
        words = effect_words(row.effect)
        assert words.source in load_references()
        assert gravity(words.seriousness) < len(GRAVEST_FIRST)
    told = with_label_rates(Plan.label("onabotulinumtoxinA", "glabellar"), {})
    assert told["headache"].reported.placebo == 0.177
    assert told["headache"].reported.people == 405


def test_any_trouble_at_all_is_told_with_placebo():
    rate = any_event_rate("onabotulinumtoxinA", ("glabellar",))
    assert (rate.value, rate.placebo, rate.people) == (0.424, 0.36, 665)
    assert any_event_rate("letibotulinumtoxinA", ("glabellar",)) is None


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ((0.0182, 0.0102, 0.0304), "about 18 in 1000 (10 to 30)"),
        ((0.0, 0.0, 0.0), "fewer than 1 in 10,000"),
        ((0.0004, 0.0002, 0.0008), "about 4 in 10,000 (2 to 8)"),
        ((0.0158, 0.0158, 0.0158), "about 16 in 1000"),
        ((0.004, 0.0002, 0.01), "about 4 in 1000 (fewer than 1 to 10)"),
        ((0.0, 0.0, 0.0295), "none (up to 30 in 1000)"),
    ],
)
def test_chances_are_told_of_a_thousand(band, words):
    assert tell_in_thousand(*band) == words


def test_every_fact_has_a_source_and_plain_words():
    facts = all_facts()
    assert {fact.topic for fact in facts} == set(TOPICS)
    texts = [fact.text for fact in facts] + list(label_emergency_text().paragraphs) + [row.seriousness for row in all_rates()]
    for text in texts:
        assert not re.search(r"\bharmless\b|\bsafe\b|\byou may\b|\u2019|\u2014", text, re.I), text
    for fact in facts:
        assert fact.source in load_references()
        assert fact.text.endswith(".")


def test_every_product_has_a_genuine_box_and_only_its_own_is_told():
    for product in PRODUCTS:
        told = facts_about("genuine", product)
        assert any(fact.subject == product for fact in told)
        assert not any(fact.subject in PRODUCTS and fact.subject != product for fact in told)


def test_nothing_tells_how_to_inject():
    for fact in all_facts():
        assert not re.search(r"\b(insert|aspirate|dilute|reconstitute|draw up|push the needle|gauge)\b", fact.text, re.I), fact.text


def test_columns_are_those_of_the_table():
    assert len(COLUMNS) == len(set(COLUMNS))


def test_the_page_in_the_docs_is_that_of_the_tables():
    spec = importlib.util.spec_from_file_location("make_side_effects_page", ROOT / "tools" / "make_side_effects_page.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text("utf-8") == tool.page()
