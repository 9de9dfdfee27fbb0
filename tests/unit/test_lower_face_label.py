"""What is refused in the lower face, and what a study may reach."""

import pytest
from tests.lower_face import mentalis_plan

from glabella import Plan, simulate
from glabella.errors import InputError, RefusedError
from glabella.evidence.lower_face import load_study_patterns
from glabella.evidence.study_maxima import load_study_maxima
from glabella.label import check_plan, ensure_allowed
from glabella.names import LOWER_AREAS_BY_SIDE, without_side
from glabella.plan import Injection, Session

ONA = "onabotulinumtoxinA"
PATTERNS = list(dict.fromkeys((row.product, row.pattern) for row in load_study_patterns()))


@pytest.mark.parametrize(("product", "pattern"), PATTERNS)
def test_a_person_is_refused_and_a_study_is_marked(product, pattern):
    plan = Plan.study(product, pattern)
    found = check_plan(plan)
    assert not [f for f in found if f.severity == "refuse"]
    assert [f.severity for f in found if f.rule == "study"] == ["info"]
    with pytest.raises(RefusedError, match="off-label: not licensed for this area; study only"):
        ensure_allowed(check_plan(plan.with_purpose("person")))


def test_a_study_goes_up_to_the_highest_published_dose_of_each_side():
    for (product, area), row in load_study_maxima().items():
        if area not in LOWER_AREAS_BY_SIDE:
            continue
        site = next(f"{s}_{area.rsplit('_', 1)[1]}" for s in ("masseter_middle", "depressor_anguli_oris", "platysma_jaw_middle")
                    if s.startswith(without_side(area)))  # fmt: skip
        for units, allowed in ((row.units, True), (row.units * 1.01, False)):
            plan = Plan(product, (Session(0.0, (Injection(site, units, depth_mm=4.0),)),), "study")
            above = [f for f in check_plan(plan) if f.rule == "study_maximum"]
            assert (not above) == allowed, (product, area)


def test_units_cannot_be_gathered_on_one_side():
    plan = Plan.study(ONA, "masseter_72")
    one_side = plan.without(*[site for site in plan.sites if site.endswith("right")]).scaled(72)
    with pytest.raises(RefusedError, match=r"72 U .* above the highest dose of a published trial; allowed: up to 36 U"):
        ensure_allowed(check_plan(one_side))


def test_a_needle_moved_counts_where_it_lands():
    plan = Plan(ONA, (Session(0.0, (Injection("platysma_jaw_posterior_left", 10.0, depth_mm=4.0, up_mm=11.0, lateral_mm=5.0),)),), "study")
    moved = [f for f in check_plan(plan) if f.rule == "area_of_needle"]
    assert "masseter left area" in moved[0].what
    with pytest.raises(InputError, match="mm from the nearest named site"):
        check_plan(plan.move("platysma_jaw_posterior_left", up_mm=40))


def test_platysma_is_licensed_but_has_no_pattern():
    with pytest.raises(InputError, match=r"licensed for onabotulinumtoxinA .* not in the evidence, so no pattern is shipped"):
        Plan.label(ONA, "platysma")
    with pytest.raises(InputError, match="no pattern is shipped; name the sites yourself, with purpose = 'study'"):
        Plan.study(ONA, "platysma")
    needle = Injection("platysma_band_upper_left", 2.0, target_muscle="platysma_left")
    plan = Plan(ONA, (Session(0.0, (needle,)),), "person")
    with pytest.raises(RefusedError, match="no pattern is shipped, and a needle cannot be held against it; study only"):
        ensure_allowed(check_plan(plan))
    ensure_allowed(check_plan(plan.with_purpose("study")))


def test_the_mentalis_has_no_trial_and_is_refused():
    with pytest.raises(InputError, match="no controlled trial of it is in the evidence"):
        Plan.label(ONA, "mentalis")
    with pytest.raises(InputError, match="neither a study pattern nor a highest dose; leave the area out"):
        Plan.study(ONA, "mentalis_8")
    for purpose, message in (("study", "no published trial of onabotulinumtoxinA in the mentalis left area"), ("person", "off-label")):
        with pytest.raises(RefusedError, match=message):
            ensure_allowed(check_plan(mentalis_plan().with_purpose(purpose)))


def test_other_products_are_off_label_in_the_platysma():
    with pytest.raises(InputError, match="abobotulinumtoxinA is not licensed for platysma bands"):
        Plan.label("abobotulinumtoxinA", "platysma")


def test_an_off_label_area_names_the_study_patterns():
    with pytest.raises(InputError, match=r"not licensed for the masseter .* masseter_48, masseter_72"):
        Plan.label(ONA, "masseter")
    with pytest.raises(InputError, match="did you mean 'masseter_48'"):
        Plan.study(ONA, "maseter_48")
    with pytest.raises(InputError, match="it has none"):
        Plan.study("daxibotulinumtoxinA", "masseter_48")


def test_both_regions_in_one_plan_are_refused():
    both = Plan.study(ONA, "masseter_48").merged(Plan.label(ONA))
    with pytest.raises(InputError, match="upper and the lower face"):
        simulate(both, samples=0)


def test_tools_of_the_upper_face_say_so():
    from glabella import Patient
    from glabella.app.note import Note
    from glabella.evidence import load_parameters
    from glabella.face import load_face
    from glabella.stages.anatomy import build_atlas
    from glabella.years.years import follow_years

    upper = build_atlas(load_face(), Patient(), load_parameters())
    plan = Plan.study(ONA, "masseter_48")
    for tool in (lambda: check_plan(plan, Patient(), upper), lambda: follow_years(plan, years=1), lambda: Note().with_plan(plan)):
        with pytest.raises(InputError, match="lies in the lower face, which is not computed here"):
            tool()


def test_the_plan_file_reads_and_writes_study_patterns(tmp_path):
    plan = Plan.read("examples/masseter_study_plan.toml")
    assert plan.units == 48
    assert plan.region == "lower_face"
    assert plan.areas == ("masseter",)
    plan.write(tmp_path / "plan.toml")
    assert Plan.read(tmp_path / "plan.toml") == plan
    assert plan.mirrored().units == 48


def test_a_target_must_be_of_the_region():
    with pytest.raises(InputError, match="target_muscle"):
        Injection("masseter_middle_left", 4.0, target_muscle="procerus")
    with pytest.raises(InputError, match="target: masseter_left"):
        Injection("masseter_middle_left", 4.0)
