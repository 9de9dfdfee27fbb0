import datetime
import math
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glabella.errors import InputError
from glabella.evidence.patterns import labelled_units, load_patterns, site_areas
from glabella.evidence.products import load_products
from glabella.names import mirrored
from glabella.plan import Dilution, Injection, Plan, Session

SITES = tuple(site_areas())
GLABELLAR = Plan.label("onabotulinumtoxinA", "glabellar")


def injection(site="procerus", units=4.0, **more):
    return Injection(site, units, **({"target_muscle": "procerus"} | more if "depth_mm" not in more else more))


def refusal(action, *words):
    with pytest.raises(InputError) as error:
        action()
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    return message


@pytest.mark.parametrize(
    ("product", "area", "sites", "units", "ml"),
    [
        ("onabotulinumtoxinA", "glabellar", 5, 20, 0.5),
        ("onabotulinumtoxinA", "forehead", 10, 40, 1.0),
        ("onabotulinumtoxinA", "lateral_canthal", 6, 24, 0.6),
        ("onabotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal"), 16, 64, 1.6),
        ("abobotulinumtoxinA", "glabellar", 5, 50, 50 / 120),
        ("incobotulinumtoxinA", "glabellar", 5, 20, 0.5),
        ("incobotulinumtoxinA", "forehead", 5, 20, 0.5),
        ("incobotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal"), 16, 64, 1.6),
        ("prabotulinumtoxinA", "glabellar", 5, 20, 0.5),
        ("daxibotulinumtoxinA", "glabellar", 5, 40, 0.48),
        ("letibotulinumtoxinA", "glabellar", 5, 20, 0.5),
    ],
)
def test_licensed_patterns_have_the_labelled_sites_units_and_volume(product, area, sites, units, ml):
    plan = Plan.label(product, area)
    (session,) = plan.sessions
    assert len(session.injections) == len(session.sites) == sites
    assert plan.units == pytest.approx(units, abs=1e-12)
    assert sum(plan.volume_ml(i) for i in session.injections) == pytest.approx(ml, rel=1e-9)
    assert plan.purpose == "person"
    assert plan.vials * plan.dilution.vial_units >= units
    assert plan.mirrored().mirrored() == plan
    assert set(plan.mirrored().sessions[0].injections) == set(session.injections)  # the patterns are symmetric


def test_labelled_volume_of_each_site_agrees_with_the_default_dilution():
    for row in load_patterns():
        assert load_products()[row.product].dilution.volume_ml(row.units) == pytest.approx(row.volume_ml, rel=0.05)


def test_only_what_a_label_names_is_licensed():
    assert labelled_units("onabotulinumtoxinA") == {
        "glabellar": 20, "forehead": 20, "lateral_canthal_right": 12, "lateral_canthal_left": 12,
    }  # fmt: skip
    refusal(lambda: Plan.label("abobotulinumtoxinA", "forehead"), "no licensed pattern", "licensed: glabellar")
    refusal(lambda: Plan.label("onabotulinumtoxinA", "forhead"), "did you mean 'forehead'")
    refusal(lambda: Plan.label("onabotulinumtoxinA", ()), "no area")
    assert len(Plan.label("onabotulinumtoxinA", "lateral_canthal_left").sites) == 3


def test_changes_leave_the_original_alone_and_do_what_they_say():
    plan = GLABELLAR.move("corrugator_lateral_left", up_mm=3).move("corrugator_lateral_left", lateral_mm=-1, up_mm=1)
    moved = {i.site: (i.lateral_mm, i.up_mm) for i in plan.sessions[0].injections}
    assert moved["corrugator_lateral_left"] == (-1, 4)
    assert moved["corrugator_lateral_right"] == (0, 0)
    assert GLABELLAR.with_units("procerus", 5).units == 21
    assert GLABELLAR.without("procerus").sites == tuple(s for s in GLABELLAR.sites if s != "procerus")
    deeper = GLABELLAR.with_depth("procerus", 3.5).sessions[0].injections[GLABELLAR.sites.index("procerus")]
    assert (deeper.depth_mm, deeper.target_muscle) == (3.5, None)
    assert GLABELLAR.units == 20
    assert Plan.label("onabotulinumtoxinA") == GLABELLAR


def test_scaling_keeps_proportions_and_opens_vials():
    plan = GLABELLAR.with_units("procerus", 2).scaled(240, purpose="study")
    assert plan.units == pytest.approx(240)
    assert plan.vials == 3
    assert plan.purpose == "study"
    units = {i.site: i.units for i in plan.sessions[0].injections}
    assert units["procerus"] * 2 == pytest.approx(units["corrugator_medial_left"])


def test_mirroring_exchanges_sides():
    left = GLABELLAR.without("procerus", "corrugator_medial_right", "corrugator_lateral_right").move("corrugator_medial_left", lateral_mm=2)
    right = left.mirrored()
    assert right.sites == tuple(mirrored(site) for site in left.sites)
    assert {i.lateral_mm for i in right.sessions[0].injections} == {0, 2}  # away from the midline on either side
    assert {i.target_muscle for i in right.sessions[0].injections} == {"corrugator_supercilii_right"}
    middle = GLABELLAR.move("procerus", lateral_mm=2).mirrored().sessions[0].injections[GLABELLAR.sites.index("procerus")]
    assert middle.lateral_mm == -2  # to the left at a midline site


def test_repeating_and_merging():
    twice = GLABELLAR.repeated(0, 120)
    assert [s.day for s in twice.sessions] == [0, 120]
    both = GLABELLAR.merged(Plan.label("onabotulinumtoxinA", "lateral_canthal"))
    assert both.units == 44
    assert len(both.sessions) == 1
    later = GLABELLAR.merged(GLABELLAR.repeated(100))
    assert [s.units for s in later.sessions] == [20, 20]
    refusal(lambda: GLABELLAR.merged(Plan.label("abobotulinumtoxinA")), "not interchangeable", "abobotulinumtoxinA")


def test_toml_comes_back_equal_and_reads_well(tmp_path):
    plan = (
        Plan.label("onabotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal"))
        .move("procerus", lateral_mm=0.1, up_mm=-2.25)
        .with_depth("procerus", 3.75)
        .with_units("corrugator_medial_left", 4 / 3)
        .repeated(0, 97.5)
    )
    plan = Plan(plan.product, plan.sessions, "study", Dilution(50, 1.1), 2, lot='A "quoted" lot', note="two\nlines # not a comment")
    text = plan.to_toml()
    assert Plan.from_mapping(tomllib.loads(text)) == plan
    for words in ("# STUDY", "cannot be converted", "needle tip in the middle of this muscle", "upward along the skin"):
        assert words in text
    path = tmp_path / "plan.toml"
    plan.write(path)
    assert Plan.read(path) == plan
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.toml"]  # nothing beside it is left
    plan.with_units("procerus", 1).write(path)
    assert Plan.read(path) != plan


def test_the_vial_s_expiry_and_hours_since_mixing_are_kept():
    plan = replace(GLABELLAR, lot="C1", expiry=datetime.date(2027, 6, 30), hours_since_mixing=3.5)
    text = plan.to_toml()
    assert "expiry = 2027-06-30 # last day on which the vial may be used" in text
    assert "hours_since_mixing = 3.5" in text
    assert Plan.from_mapping(tomllib.loads(text)) == plan
    assert Plan.from_mapping(tomllib.loads(text) | {"expiry": "2027-06-30"}) == plan  # as JSON has it
    assert plan.mirrored().expiry == plan.scaled(10).expiry == plan.expiry
    assert (GLABELLAR.expiry, GLABELLAR.hours_since_mixing) == (None, None)
    assert "expiry" not in GLABELLAR.to_toml()
    assert "hours" not in GLABELLAR.to_toml()


@pytest.mark.parametrize("hours", [-1, math.nan, math.inf, "3 days", True, 1e9])
def test_hours_since_mixing_are_a_number_of_hours(hours):
    refusal(lambda: replace(GLABELLAR, hours_since_mixing=hours), "plan: hours_since_mixing")


@pytest.mark.parametrize("expiry", ["30.6.2027", 20270630, datetime.datetime(2027, 6, 30, 12), "2027-13-01"])
def test_an_expiry_is_a_date(expiry):
    refusal(lambda: replace(GLABELLAR, expiry=expiry), "plan: expiry", "a date such as 2026-11-22")


@given(
    product=st.sampled_from(sorted(load_products())),
    entries=st.lists(
        st.tuples(st.sampled_from(SITES), st.floats(1e-3, 9), st.floats(-20, 20), st.floats(-20, 20), st.floats(0.1, 12)),
        min_size=1,
        max_size=9,
    ),
    day=st.floats(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_any_plan_survives_toml_and_double_mirroring(product, entries, day):
    injections = tuple(Injection(site, units, depth, None, lateral, up) for site, units, lateral, up, depth in entries)
    plan = Plan(product, (Session(day, injections),), "study", vials=9)
    assert Plan.from_mapping(tomllib.loads(plan.to_toml())) == plan
    assert plan.mirrored().mirrored() == plan
    assert plan.mirrored().units == plan.units


def test_writing_where_nothing_can_be_written_is_an_error(tmp_path):
    refusal(lambda: GLABELLAR.write(tmp_path / "missing" / "plan.toml"), "cannot be written", "no such file")
    refusal(lambda: GLABELLAR.write(tmp_path), "is a folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("units", [0, -4, math.nan, math.inf, -math.inf, True, None, "four", "4 mL"])
def test_a_dose_is_a_finite_number_above_zero(units):
    refusal(lambda: Injection("procerus", units, 3.0), "procerus", "units")


@pytest.mark.parametrize("depth_mm", [0, -1, math.nan, math.inf])
def test_a_depth_is_a_finite_number_above_zero(depth_mm):
    refusal(lambda: Injection("procerus", 4, depth_mm), "depth_mm", "above 0")


def test_an_injection_has_one_way_to_say_how_deep():
    refusal(lambda: Injection("procerus", 4), "neither is given", "licensed target: procerus")
    refusal(lambda: Injection("procerus", 4, 3.0, "procerus"), "both are given")
    refusal(lambda: Injection("procerus", 4, target_muscle="procerous"), "did you mean 'procerus'")
    refusal(lambda: Injection("glabela", 4, 3.0), "glabela", "valid:")
    refusal(lambda: Injection("corrugator_lateral_lft", 4, 3.0), "did you mean 'corrugator_lateral_left'")
    refusal(lambda: Injection("procerus", 4, 3.0, None, math.nan), "lateral_mm")


@pytest.mark.parametrize(("vial", "ml"), [(100, 0), (0, 2.5), (100, -1), (100, math.nan), (math.inf, 2.5)])
def test_a_dilution_is_positive_and_finite(vial, ml):
    refusal(lambda: Dilution(vial, ml), "dilution", "above 0")


def test_plans_that_cannot_be():
    session = Session(0, (injection(),))
    refusal(lambda: Plan("onabotulinumtoxinA", ()), "empty")
    refusal(lambda: Session(0, ()), "no injections")
    refusal(lambda: GLABELLAR.without(*GLABELLAR.sites), "empty")
    refusal(lambda: Session(-1, (injection(),)), "day", "at least 0")
    refusal(lambda: Plan("onabotulinumtoxinA", (session, session)), "days must rise")
    refusal(lambda: Plan("onabotulinumtoxinA", (session,), "fun"), "purpose", "person, study")
    refusal(lambda: Plan("onabotulinumtoxinB", (session,)), "did you mean 'onabotulinumtoxinA'")
    refusal(lambda: Plan("Botox", (session,)), "did you mean 'onabotulinumtoxinA'")
    refusal(lambda: Plan("Dysport", (session,)), "did you mean 'abobotulinumtoxinA'")
    refusal(lambda: Plan("onabotulinumtoxinA", (session,), dilution=Dilution(300, 2.5)), "no vial of onabotulinumtoxinA", "50 or 100 U")
    refusal(lambda: Plan("onabotulinumtoxinA", (session,), vials=0), "vials", "at least 1")
    refusal(lambda: Plan("onabotulinumtoxinA", (session,), vials=1.5), "whole number")
    refusal(lambda: GLABELLAR.with_units("procerus", 90), "106 U", "100 U", "vials = 2")
    refusal(lambda: GLABELLAR.move("frontalis_upper_left", up_mm=1), "no injection at 'frontalis_upper_left'")
    assert Plan("onabotulinumtoxinA", (Session(0, (injection(units=100),)),), vials=1).units == 100  # a whole vial is allowed


def read(tmp_path, text):
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return Plan.read(path)


GOOD = """
purpose = "person"
product = "onabotulinumtoxinA"
[dilution]
vial_units = 100
diluent_ml = 2.5
[[session]]
day = 0
[[session.injection]]
site = "procerus"
depth_mm = 3.5
units = 4
"""


def test_a_file_with_units_written_out_is_read(tmp_path):
    plan = read(tmp_path, GOOD.replace("units = 4", 'units = "4 U"\nvolume_ml = "0.1 mL"').replace("depth_mm = 3.5", 'depth_mm = "3.5 mm"'))
    assert plan.sessions[0].injections == (Injection("procerus", 4, 3.5),)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('site = "procerus"', 'site = "proceru"', ("session 1, injection 1", "did you mean 'procerus'")),
        ('"onabotulinumtoxinA"', '"onabotulinumtoxina"', ("did you mean 'onabotulinumtoxinA'",)),
        ("units = 4", "unit = 4", ("unknown key 'unit'", "did you mean 'units'")),
        ("purpose", "purpos", ("unknown key 'purpos'", "did you mean 'purpose'")),
        ("depth_mm", "depth_cm", ("unknown key 'depth_cm'", "did you mean 'depth_mm'")),
        ("units = 4", 'units = "4 mL"', ("unit 'mL'", "never converted", "valid: U")),
        ("units = 4", 'units = "4 u"', ("did you mean 'U'",)),
        ("depth_mm = 3.5", 'depth_mm = "0.35 cm"', ("unit 'cm'", "valid: mm")),
        ("units = 4", "units = -4", ("session 1, injection 1 (procerus)", "units = -4", "above 0")),
        ("units = 4", "units = nan", ("units = nan", "finite")),
        ("units = 4", "units = inf", ("units = inf", "finite")),
        ("units = 4", "units = 0", ("above 0",)),
        ("units = 4", "units = true", ("must be a number",)),
        ("units = 4", "units = 101", ("more than the 100 U", "vials = 2")),
        ("units = 4", "units = 4\nvolume_ml = 0", ("volume_ml = 0", "above 0")),
        ("units = 4", "units = 4\nvolume_ml = 0.5", ("does not hold 4 U at 40 U/mL", "write 0.1")),
        ("diluent_ml = 2.5", "diluent_ml = 0", ("diluent_ml = 0", "above 0")),
        ("diluent_ml = 2.5", "", ("'diluent_ml' is missing",)),
        ("vial_units = 100", "vial_units = 300", ("no vial of onabotulinumtoxinA",)),
        ("units = 4", 'units = 4\nproduct = "abobotulinumtoxinA"', ("abobotulinumtoxinA in a plan of", "not interchangeable")),
        ("day = 0", 'day = 0\nproduct = "Dysport"', ("did you mean 'abobotulinumtoxinA'",)),
        ("day = 0", "day = -1", ("day = -1", "at least 0")),
        ("day = 0", 'day = 0\npattern = "forhead"', ("session 1: pattern", "did you mean 'forehead'")),
        ("units = 4", "units = 4 4", ("not valid TOML", "line 12")),
        ('site = "procerus"', 'site = "procerus', ("not valid TOML", "line 10")),
        (GOOD, "purpose = ", ("not valid TOML", "line 1")),
        (GOOD, "", ("'product' is missing",)),
        (GOOD, 'product = "onabotulinumtoxinA"\npurpose = "person"', ("empty",)),
        (GOOD, 'product = "onabotulinumtoxinA"\npurpose = "person"\n[[session]]\nday = 0', ("session 1", "no injections")),
        (GOOD, 'product = "onabotulinumtoxinA"\npurpose = "person"\nsession = 3', ("list of tables", "[[session]]")),
        (GOOD, 'product = "onabotulinumtoxinA"\npurpose = "person"\ndilution = 3', ("dilution", "table of keys")),
    ],
)
def test_bad_plan_files_are_one_clear_line(tmp_path, old, new, words):
    assert old in GOOD
    message = refusal(lambda: read(tmp_path, GOOD.replace(old, new)), *words)
    assert "plan.toml" in message


def test_files_that_are_no_text(tmp_path):
    refusal(lambda: Plan.read(tmp_path / "none.toml"), "none.toml", "no such file")
    refusal(lambda: Plan.read(tmp_path), "is a directory")
    (tmp_path / "bytes.toml").write_bytes(b'product = "\xff\xfe"')
    refusal(lambda: Plan.read(tmp_path / "bytes.toml"), "UTF-8")
