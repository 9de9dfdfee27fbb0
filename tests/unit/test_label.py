import datetime
from dataclasses import replace

import pytest
from flat_face import FlatFace

from glabella.errors import InputError, RefusedError
from glabella.evidence.label_rules import load_label_rules, read_label_rules
from glabella.evidence.patterns import labelled_units, load_patterns, read_patterns, site_areas
from glabella.evidence.products import load_products, read_products
from glabella.evidence.sources import load_references
from glabella.evidence.study_maxima import load_study_maxima, read_study_maxima
from glabella.label import check_needles, check_plan, ensure_allowed
from glabella.names import AREAS as UPPER_AREAS
from glabella.patient import EarlierToxin, Patient
from glabella.plan import Dilution, Plan

FLAT = FlatFace()
ONA = "onabotulinumtoxinA"
GLABELLAR = Plan.label(ONA, "glabellar")
UPPER_FACE = Plan.label(ONA, ("glabellar", "forehead", "lateral_canthal"))
AREAS = [(product, area) for product, area in dict.fromkeys((row.product, row.area) for row in load_patterns())]


def upper_face_maxima():
    """Those of the lower face are off-label and have no pattern of a label: tests/unit/test_lower_face_label.py."""
    return [(key, row) for key, row in load_study_maxima().items() if key[1] in UPPER_AREAS]


def findings(plan, patient=None, **more):
    return check_plan(plan, patient, FLAT, **more)


def severities(plan, patient=None, rule=None, **more):
    return [f.severity for f in findings(plan, patient, **more) if rule in (None, f.rule)]


def refused(plan, patient=None, **more):
    return {f.rule for f in findings(plan, patient, **more) if f.severity == "refuse"}


@pytest.mark.parametrize(("product", "area"), AREAS)
def test_a_licensed_pattern_raises_nothing_above_info(product, area):
    assert set(severities(Plan.label(product, area))) <= {"info"}


def test_the_whole_upper_face_is_allowed_for_both_products_that_have_it():
    for product in (ONA, "incobotulinumtoxinA"):
        plan = Plan.label(product, ("glabellar", "forehead", "lateral_canthal"))
        assert plan.units == 64
        assert set(severities(plan)) <= {"info"}
        ensure_allowed(findings(plan))


def test_what_is_only_remembered_is_shown():
    remembered = [f for f in findings(Plan.label("incobotulinumtoxinA", "forehead")) if f.quality == "memory"]
    assert remembered
    assert all(f.severity == "info" for f in remembered)
    assert {f.rule for f in findings(GLABELLAR) if f.quality == "memory"} == {"pattern_landmarks"}  # units and volume were read


# --- ceilings: the label's maximum for a person, by every path --------------------------------------------------------------


@pytest.mark.parametrize("product", sorted(load_products()))
def test_no_path_takes_a_person_above_the_labelled_total(product):
    plan = Plan.label(product, "glabellar")
    total = labelled_units(product)["glabellar"]
    assert "maximum_units" not in refused(plan.scaled(total))
    assert "maximum_units" not in refused(plan.scaled(total * (1 + 1e-12)))  # rounding
    over = [
        plan.scaled(total * 1.001),  # all sites
        plan.with_units("procerus", plan.sessions[0].injections[0].units * 1.01),  # one site
        plan.merged(plan.without(*plan.sites[1:]).scaled(0.1)),  # a second needle at a site
        plan.repeated(0, 30),  # again within the interval
        plan.scaled(total * 0.6).repeated(0, 14),  # split in two
        plan.scaled(total * 0.4).repeated(0, 45, 89),  # split in three
    ]
    for case in over:
        assert "maximum_units" in refused(case), case
        with pytest.raises(RefusedError) as error:
            ensure_allowed(findings(case))
        assert "\n" not in str(error.value)
        assert "set purpose = 'study'" in str(error.value)


def test_units_count_where_the_needle_lands():
    forehead = Plan.label(ONA, "forehead")
    into_glabella = forehead.move("frontalis_lower_midline", up_mm=-30)
    found = [f for f in findings(into_glabella) if f.rule == "maximum_units"]
    assert [f.severity for f in found] == ["refuse"]
    assert "24 U" in found[0].what
    assert "glabellar" in found[0].where
    only_glabella = GLABELLAR.move("corrugator_lateral_left", up_mm=20)  # lands in the forehead, which needs the whole glabella
    assert "requires_area" in {f.rule for f in findings(only_glabella) if f.severity == "caution"}
    moved = Plan.label("abobotulinumtoxinA").move("corrugator_lateral_left", up_mm=20)
    assert "maximum_units" in refused(moved)  # no forehead in that label
    assert "not licensed" in next(f.what for f in findings(moved) if f.rule == "maximum_units")


def test_an_area_is_not_filled_up_with_the_units_of_another():
    plan = Plan.label(ONA, ("glabellar", "lateral_canthal")).scaled(30)  # 44 U would be the sum of both
    heavy = plan.with_units("procerus", 12)
    assert heavy.units < 44
    assert "maximum_units" in refused(heavy)
    one_side = Plan.label(ONA, "lateral_canthal_left").scaled(13)
    assert "maximum_units" in refused(one_side)


def test_outside_every_licensed_area_is_for_studies_only():
    away = GLABELLAR.move("procerus", up_mm=-30)
    assert "area_reach_mm" in refused(away)
    assert "area_reach_mm" not in refused(away.with_purpose("study"))
    assert severities(away.with_purpose("study"), rule="area_reach_mm") == ["caution"]


def test_the_forehead_is_licensed_only_with_the_glabella():
    alone = Plan.label(ONA, "forehead").without(*GLABELLAR.sites)
    assert refused(alone) == {"requires_area"}
    assert severities(alone.with_purpose("study"), rule="requires_area") == ["caution"]
    little = Plan.label(ONA, "forehead").with_units("procerus", 1)
    assert severities(little, rule="requires_area") == ["caution"]
    assert refused(Plan.label("incobotulinumtoxinA", "forehead")) == set()


def test_a_study_goes_up_to_the_highest_published_dose_and_is_marked():
    for (product, area), row in upper_face_maxima():
        plan = Plan.label(product, area, purpose="study")
        plan = plan.without(*[site for site in plan.sites if site_areas()[site] != area])
        at_most = plan.scaled(row.units)
        assert "study_maximum" not in refused(at_most), (product, area)
        assert [f.severity for f in findings(at_most) if f.rule == "study"] == ["info"]
        above = findings(plan.scaled(row.units * 1.01))
        assert [f.source for f in above if f.rule == "study_maximum"] == [row.source]
    assert not [f for f in findings(GLABELLAR) if f.rule == "study"]


def test_a_study_needs_a_published_trial_of_that_product_and_area():
    moved = Plan.label("abobotulinumtoxinA", purpose="study").move("corrugator_lateral_left", up_mm=20)
    assert "study_maximum" in refused(moved)
    assert "no published trial" in next(f.what for f in findings(moved) if f.rule == "study_maximum")


def test_study_sessions_far_apart_are_treatments_of_their_own():
    plan = GLABELLAR.scaled(80, purpose="study")
    assert "study_maximum" in refused(plan.repeated(0, 14))
    assert "study_maximum" not in refused(plan.repeated(0, 42))
    assert severities(plan.repeated(0, 42), rule="interval_at_least_days") == ["caution"]


def test_intervals_under_three_months_are_for_studies_only():
    low = GLABELLAR.scaled(5)
    assert "interval_at_least_days" in refused(low.repeated(0, 89))
    assert refused(low.repeated(0, 90)) == set()
    assert "interval_at_least_days" not in refused(low.with_purpose("study").repeated(0, 42))


def test_earlier_treatments_count():
    low = GLABELLAR.scaled(5)
    recent = Patient(earlier_toxin=(EarlierToxin(ONA, 20, 60),))
    assert refused(low, recent) == {"interval_at_least_days", "maximum_units"}
    assert refused(low, earlier=[EarlierToxin(ONA, 20, 60)]) == {"interval_at_least_days", "maximum_units"}
    assert refused(low.repeated(30), recent) == set()  # 90 days after it
    glabella_before = Patient(earlier_toxin=(EarlierToxin(ONA, 16, 60, "glabellar"),))
    assert "maximum_units" in refused(low, glabella_before)
    other = findings(low, Patient(earlier_toxin=(EarlierToxin("abobotulinumtoxinA", 50, 60),)))
    assert {f.rule for f in other if f.severity == "refuse"} == {"interval_at_least_days"}  # units of another product are not added
    assert any("not interchangeable" in f.what for f in other if f.severity == "caution")
    assert set(severities(low, Patient(earlier_toxin=(EarlierToxin(ONA, 400, 90),)))) <= {"info"}


def test_the_cumulative_rule_is_a_second_one_per_product():
    low = GLABELLAR.scaled(5, purpose="study")
    body = Patient(earlier_toxin=(EarlierToxin(ONA, 396, 60),))
    assert "maximum_units_in_3_months" in refused(low, body)
    assert "maximum_units_in_3_months" not in refused(low, Patient(earlier_toxin=(EarlierToxin(ONA, 395, 60),)))
    abo = Plan.label("abobotulinumtoxinA").scaled(5, purpose="study")
    assert not {f.rule for f in findings(abo, Patient(earlier_toxin=(EarlierToxin("abobotulinumtoxinA", 1000, 60),)))} & {
        "maximum_units_in_3_months", "maximum_units_in_session",
    }  # fmt: skip
    inco = Plan.label("incobotulinumtoxinA").scaled(401, purpose="study")
    assert "maximum_units_in_session" in refused(inco)


# --- the person -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["allergy_to_ingredient", "infection_at_site", "pregnancy"])
@pytest.mark.parametrize("purpose", ["person", "study"])
def test_contraindications_refuse_whatever_the_purpose(condition, purpose):
    person = Patient(conditions=(condition,))
    assert refused(GLABELLAR.with_purpose(purpose), person) == {"condition"}
    with pytest.raises(RefusedError, match=condition.replace("_", " ")):
        ensure_allowed(findings(GLABELLAR.with_purpose(purpose), person))


def test_a_rule_of_one_product_leaves_the_others_alone():
    person = Patient(conditions=("cows_milk_protein_allergy",))
    assert refused(Plan.label("abobotulinumtoxinA"), person) == {"condition"}
    assert refused(GLABELLAR, person) == set()


def test_every_other_condition_and_medicine_is_a_caution():
    for rule in load_label_rules():
        if rule.rule in ("condition", "medicine") and rule.product == "all" and rule.severity == "caution":
            name = {"condition": "conditions", "medicine": "medicines"}[rule.rule]
            found = [f for f in findings(GLABELLAR, Patient(**{name: (rule.value,)})) if f.rule == rule.rule]
            assert "caution" in {f.severity for f in found}, rule
            assert all(f.source in load_references() for f in found)


def test_age_limits_of_single_labels():
    abo = Plan.label("abobotulinumtoxinA")
    assert refused(abo, Patient(age_years=64.9)) == set()
    assert refused(abo, Patient(age_years=65)) == {"age_below_years"}
    assert severities(abo.with_purpose("study"), Patient(age_years=65), rule="age_below_years") == ["caution"]
    leti = Plan.label("letibotulinumtoxinA")
    assert severities(leti, Patient(age_years=75), rule="age_below_years") == ["caution"]  # the EU label's rule, in the US
    assert severities(leti, Patient(age_years=75), rule="age_below_years", jurisdiction="EU") == ["refuse"]
    assert refused(GLABELLAR, Patient(age_years=90)) == set()


# --- places -----------------------------------------------------------------------------------------------------------------

WRONG_WAYS = [
    ("corrugator_lateral_left", {"up_mm": -5}, "above_supraorbital_rim_at_least_mm"),
    ("corrugator_lateral_right", {"up_mm": -5}, "above_supraorbital_rim_at_least_mm"),
    ("corrugator_medial_left", {"up_mm": -5}, "above_supraorbital_rim_at_least_mm"),
    ("corrugator_medial_right", {"up_mm": -5}, "above_supraorbital_rim_at_least_mm"),
    ("procerus", {"up_mm": -5}, "from_licensed_site_at_most_mm"),
    ("procerus", {"lateral_mm": 5}, "from_licensed_site_at_most_mm"),
    ("procerus", {"lateral_mm": -5}, "from_licensed_site_at_most_mm"),
    ("frontalis_lower_midline", {"up_mm": -9}, "above_brow_at_least_mm"),
    ("frontalis_lower_left", {"up_mm": -9}, "above_brow_at_least_mm"),
    ("frontalis_lower_right", {"lateral_mm": 9}, "medial_of_temporal_fusion_line_at_least_mm"),
    ("frontalis_upper_left", {"up_mm": 5}, "from_licensed_site_at_most_mm"),
    ("lateral_canthal_middle_left", {"lateral_mm": -5}, "from_lateral_canthus_at_least_mm"),
    ("lateral_canthal_middle_right", {"lateral_mm": 5}, "from_lateral_canthus_at_most_mm"),
    ("lateral_canthal_upper_left", {"lateral_mm": -8}, "temporal_of_orbital_rim_at_least_mm"),
    ("lateral_canthal_lower_right", {"lateral_mm": -8}, "temporal_of_orbital_rim_at_least_mm"),
]


@pytest.mark.parametrize(("site", "offset", "rule"), WRONG_WAYS)
def test_each_site_has_its_own_distance_rule(site, offset, rule):
    found = [f for f in findings(UPPER_FACE.move(site, **offset)) if f.severity != "info"]
    assert rule in {f.rule for f in found}
    assert all(site in f.where for f in found), found
    assert all(f.severity == "caution" for f in found)


def test_distances_are_exact_on_a_flat_face():
    low = findings(GLABELLAR.move("corrugator_lateral_left", up_mm=-6.5))
    (found,) = [f for f in low if f.rule == "above_supraorbital_rim_at_least_mm"]
    assert found.what.startswith("6.5 mm above supraorbital rim; allowed: at least 10 mm")
    below = findings(GLABELLAR.move("corrugator_lateral_left", up_mm=-16))
    assert next(f for f in below if f.rule == "above_supraorbital_rim_at_least_mm").what.startswith("-3.0 mm")


def test_mirrored_plans_have_mirrored_findings():
    plan = UPPER_FACE.move("corrugator_lateral_left", up_mm=-6).move("procerus", lateral_mm=7).move("frontalis_lower_left", lateral_mm=9)
    one = [(f.severity, f.rule, f.what, f.where) for f in findings(plan) if f.severity != "info"]
    two = [(f.severity, f.rule, f.what, exchange(f.where)) for f in findings(plan.mirrored()) if f.severity != "info"]
    assert len(one) >= 3
    assert sorted(one) == sorted(two)


def exchange(text):
    return text.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")


def test_dilution_and_units_per_site_are_compared_with_the_label():
    thin = Plan(ONA, GLABELLAR.sessions, dilution=Dilution(100, 10))
    assert severities(thin, rule="dilution") == ["caution"]
    uneven = GLABELLAR.with_units("procerus", 6).with_units("corrugator_medial_left", 2)
    assert severities(uneven, rule="units_per_site") == ["caution"]
    assert refused(uneven) == set()


# --- needles ----------------------------------------------------------------------------------------------------------------


def message(action):
    with pytest.raises(InputError) as error:
        action()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_needle_outside_the_face_is_bad_input():
    text = message(lambda: findings(GLABELLAR.move("corrugator_lateral_left", lateral_mm=70)))
    assert "session 1 (day 0), corrugator_lateral_left" in text
    assert "outside the face" in text
    low = GLABELLAR.move("procerus", up_mm=-1)
    check_needles(low, FLAT, on_face=lambda point: point[1] > 12)
    text = message(lambda: check_needles(low, FLAT, on_face=lambda point: point[1] > 15))
    assert "procerus" in text
    assert "outside the upper face" in text


def test_a_needle_through_bone_is_bad_input():
    deep = GLABELLAR.with_depth("procerus", 6.0)
    check_needles(deep, FLAT, bone_depth_mm=lambda point: 6.1)
    text = message(lambda: check_needles(deep, FLAT, bone_depth_mm=lambda point: 5.9))
    assert "6.0 mm lies through the bone at 5.9 mm" in text
    text = message(lambda: check_needles(GLABELLAR, FLAT, tip_depth_mm=lambda injection, place: 7.0, bone_depth_mm=lambda point: 6.5))
    assert "through the bone" in text
    assert "deeper than a needle" in message(lambda: findings(GLABELLAR.with_depth("procerus", 40)))


# --- tables -----------------------------------------------------------------------------------------------------------------


def test_every_source_of_the_tables_is_in_the_bibliography():
    known = load_references()
    sources = {rule.source for rule in load_label_rules()} | {row.source for row in load_patterns()}
    sources |= {row.source for row in load_study_maxima().values()} | {d.source for p in load_products().values() for d in p.dilutions}
    assert sources <= set(known)


def test_labelled_maxima_are_the_sums_of_the_patterns():
    for product in load_products():
        rows = {rule.area: rule.limit for rule in load_label_rules() if (rule.rule, rule.product) == ("maximum_units", product)}
        assert rows == labelled_units(product)


def test_study_maxima_are_not_below_the_label():
    for (product, area), row in upper_face_maxima():
        assert row.units >= labelled_units(product)[area]


RULES = "jurisdiction,product,label_revision,area,site,rule,value,severity,source,quality,note\n"
RULE = "all,all,,glabellar,procerus,above_brow_at_least_mm,20,caution,assumed_here,assumed,a note\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("above_brow_at_least_mm", "above_brow_at_least", ("line 2, column rule", "above_brow_at_least_mm")),
        (",20,", ",twenty,", ("line 2, column value", "not a number")),
        (",20,", ",inf,", ("line 2, column value", "finite")),
        ("caution", "warning", ("line 2, column severity",)),
        ("glabellar", "glabela", ("line 2, column area", "did you mean 'glabellar'")),
        ("procerus", "procerous", ("line 2, column site", "did you mean 'procerus'")),
        (",assumed,", ",guess,", ("line 2, column quality",)),
        (",assumed_here,", ",,", ("line 2, column source", "empty")),
        (",a note", "", ("line 2", "10 cells, must be 11", "first missing column note")),
        (RULE, RULE + RULE, ("line 3", "twice")),
    ],
)
def test_a_bad_rule_row_is_named(old, new, words):
    text = message(lambda: read_label_rules(RULES + RULE.replace(old, new)))
    for word in words:
        assert word in text


def test_bad_rows_of_the_other_tables_are_named():
    products = "product,brand,vial_units,diluent_ml,default,quality,source,note\n"
    assert "line 2, column diluent_ml" in message(lambda: read_products(products + "x,X,100,0,yes,seen,s,\n"))
    assert "two default" in message(lambda: read_products(products + "x,X,100,1,yes,seen,s,\nx,X,50,1,yes,seen,s,\n"))
    assert "no default" in message(lambda: read_products(products + "x,X,100,1,no,seen,s,\n"))
    patterns = "product,area,together_with,site,units,volume_ml,target_muscle,quality,landmark_quality,source,note\n"
    row = "onabotulinumtoxinA,glabellar,,procerus,4,0.1,procerus,seen,seen,s,\n"
    assert "stands twice" in message(lambda: read_patterns(patterns + row + row))
    assert "line 2, column units" in message(lambda: read_patterns(patterns + row.replace(",4,", ",-4,")))
    assert "line 2, column target_muscle" in message(lambda: read_patterns(patterns + row.replace("0.1,procerus", "0.1,nose")))
    maxima = "product,area,units,quality,source,note\n"
    assert "line 2, column product" in message(lambda: read_study_maxima(maxima + "botox,glabellar,80,seen,s,\n"))
    assert "line 1: header" in message(lambda: read_study_maxima("product,area\n"))


# --- the vial: in date, and mixed not too long ago --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "hours", "quality"),
    [
        ("onabotulinumtoxinA", 24, "seen"),
        ("abobotulinumtoxinA", 24, "memory"),
        ("incobotulinumtoxinA", 24, "memory"),
        ("prabotulinumtoxinA", 24, "seen"),
        ("daxibotulinumtoxinA", 72, "memory"),
        ("letibotulinumtoxinA", 24, "memory"),
    ],
)
def test_each_product_is_used_within_its_hours_of_mixing(product, hours, quality):
    plan = Plan.label(product)
    rule = "use_within_hours_of_mixing"
    for fine in (None, 0, hours):
        assert severities(replace(plan, hours_since_mixing=fine), rule=rule) == []
    (late,) = [f for f in findings(replace(plan, hours_since_mixing=hours + 0.5)) if f.rule == rule]
    assert (late.severity, late.where, late.quality) == ("caution", "plan, hours_since_mixing", quality)
    assert f"within {hours} hours" in late.what
    assert late.source in load_references()


@pytest.mark.parametrize("purpose", ["person", "study"])
def test_a_vial_is_not_used_after_its_expiry_date(purpose):
    plan = replace(GLABELLAR, expiry=datetime.date(2026, 12, 1)).with_purpose(purpose)
    rule = "days_after_expiry_at_most"
    assert severities(plan, rule=rule) == []  # without a treatment date nothing is known
    assert severities(plan, rule=rule, on=datetime.date(2026, 12, 1)) == []
    assert severities(plan.with_purpose(purpose), rule=rule, on=datetime.date(2020, 1, 1)) == []
    (gone,) = [f for f in findings(plan, on=datetime.date(2026, 12, 2)) if f.rule == rule]
    assert (gone.severity, gone.where) == ("refuse", "plan, expiry")
    assert "expired on 2026-12-01, 1 day(s) before the treatment" in gone.what
    assert severities(plan.repeated(3), rule=rule, on=datetime.date(2026, 11, 29)) == ["refuse"]  # day 3 is 2 December
    with pytest.raises(RefusedError, match="plan, expiry"):
        ensure_allowed(findings(plan, on=datetime.date(2027, 1, 1)))
    assert severities(GLABELLAR, rule=rule, on=datetime.date(2027, 1, 1)) == []  # no expiry given
