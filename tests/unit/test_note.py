"""The note: read back equal, changed without converting anything, a plan when it can be one."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import glabella as g
from glabella.app.note import MOST_INJECTIONS, Note
from glabella.evidence.patterns import load_patterns
from glabella.evidence.products import load_products

FULL = Note(
    "Anna's frown", g.Patient(52, "male", 64.0, frown_pattern="V", conditions=("dry_eye",), baseline={"glabellar": g.Grades(1.5, 3)}),
    "abobotulinumtoxinA", vials=1, lot="L\u00f6t-7", expiry=datetime.date(2027, 5, 1), hours_since_mixing=3.5,
    treatment_date=datetime.date(2026, 11, 23), rationale="because\nof \"this\"",
    injections=(
        g.Injection("procerus", 10, depth_mm=4.2, lateral_mm=-1.5, up_mm=2),
        g.Injection("corrugator_medial_left", 7.5, target_muscle="procerus"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("note", [Note(), FULL, Note().with_pattern(("forehead", "lateral_canthal"))], ids=["new", "full", "patterns"])
def test_documents_are_read_back_equal(note):
    assert Note.from_document(note.document()) == note
    assert Note.from_document(json.loads(json.dumps(note.document()))) == note
    assert Note.from_toml(note.to_toml()) == note


def test_a_plan_file_of_the_command_line_is_a_note():
    plan = g.Plan.label("onabotulinumtoxinA", "glabellar")
    note = Note.from_toml(plan.to_toml())
    assert note.plan() == plan
    assert note.patient == g.Patient()
    whole = Note.from_toml(FULL.plan().to_toml()).plan()
    assert whole == FULL.plan()
    assert (whole.expiry, whole.hours_since_mixing, whole.lot) == (FULL.expiry, 3.5, "L\u00f6t-7")


def test_a_file_with_two_sessions_is_refused_in_one_line():
    plan = g.Plan.label("onabotulinumtoxinA", "glabellar").repeated(0, 120)
    with pytest.raises(g.InputError, match="2 sessions; the app holds one"):
        Note.from_toml(plan.to_toml())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": 7}, "title"), ({"injection": "x"}, "injection"), ({"product": "botox"}, "onabotulinumtoxinA"),
        ({"colour": "red"}, "unknown key"), ({"vials": 0}, "vials"), ({"expiry": "tomorrow"}, "date such as"),
        ({"hours_since_mixing": -1}, "hours_since_mixing"), ({"title": "x" * 121}, "at most 120"), ({"lot": "a\x00b"}, "control character"),
        ({"schema": "other-9"}, "schema"), ({"dilution": {"vial_units": 77, "diluent_ml": 1}}, "vial"),
        ({"injection": [{"site": "procerus", "units": 1, "depth_mm": 3}] * (MOST_INJECTIONS + 1)}, "at most 60"),
    ],
)  # fmt: skip
def test_bad_documents_are_refused_in_one_line(change, said):
    with pytest.raises(g.InputError, match=said) as error:
        Note.from_document(Note().document() | change)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("product", sorted(load_products()))
def test_another_product_brings_its_own_licensed_units_to_the_same_sites(product):
    before = Note().with_pattern(("glabellar",))
    moved = before.injections[0]
    after = before.with_product(product)
    licensed = {row.site: row.units for row in load_patterns() if row.product == product}
    assert [i.units for i in after.injections] == [licensed[i.site] for i in after.injections]
    assert {i.site for i in after.injections} == {i.site for i in before.injections if i.site in licensed}
    assert after.injections[0].lateral_mm == moved.lateral_mm
    assert after.units_left >= 0
    assert (after.lot, after.expiry, after.hours_since_mixing) == ("", None, None)  # those were of the other vial


def test_empty_is_no_plan_and_too_many_units_say_so():
    assert Note().plan() is None
    note = Note(injections=(g.Injection("procerus", 150, target_muscle="procerus"),))
    assert note.units_left == -50
    with pytest.raises(g.InputError, match="150 U"):
        note.plan()
    assert note.with_enough_vials().vials == 2


def test_mirror():
    note = Note(injections=(g.Injection("corrugator_medial_left", 4, depth_mm=4, lateral_mm=2, up_mm=1),))
    both = note.mirrored(0)
    assert both.injections[1] == g.Injection("corrugator_medial_right", 4, depth_mm=4, lateral_mm=2, up_mm=1)
    assert both.mirrored(1).injections == (both.injections[1], both.injections[0])
    middle = Note(injections=(g.Injection("procerus", 4, depth_mm=4),))
    assert middle.mirrored(0) == middle


@given(st.floats(0.5, 20), st.floats(-10, 10), st.floats(-10, 10), st.sampled_from(sorted({row.site for row in load_patterns()})))
def test_any_injection_is_read_back_equal(units, lateral_mm, up_mm, site):
    note = Note(injections=(g.Injection(site, units, depth_mm=3.0, lateral_mm=lateral_mm, up_mm=up_mm),))
    assert Note.from_toml(note.to_toml()) == note
    assert Note.from_document(json.loads(json.dumps(note.document()))) == note
