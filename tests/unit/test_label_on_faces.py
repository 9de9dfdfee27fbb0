"""The label check on real faces: licensed patterns pass, and each site moved 5 mm the wrong way is found by its own rule."""

import pytest

from glabella.errors import InputError
from glabella.evidence.patterns import load_patterns, site_areas
from glabella.label import check_plan
from glabella.label.face import face_map
from glabella.names import mirrored, side_of
from glabella.patient import Patient
from glabella.plan import Plan

ONA = "onabotulinumtoxinA"
FACES = {
    "woman": Patient(),
    "man": Patient(sex="male"),
    "old woman": Patient(age_years=64, interpupillary_distance_mm=55),
    "young man": Patient(age_years=18, sex="male", interpupillary_distance_mm=72),
    "low frontalis": Patient(frontalis_upper_margin_mm=52),
    "high frontalis": Patient(sex="male", frontalis_upper_margin_mm=80),
}
AREAS = list(dict.fromkeys((row.product, row.area) for row in load_patterns()))
UPPER_FACE = Plan.label(ONA, ("glabellar", "forehead", "lateral_canthal"))
WRONG_WAYS = {
    "procerus": [(way, "from_licensed_site_at_most_mm") for way in ((0, -5), (5, 0), (0, 5))],
    "corrugator_medial": [((0, -5), "above_supraorbital_rim_at_least_mm")],
    "corrugator_lateral": [((0, -5), "above_supraorbital_rim_at_least_mm")],
    "frontalis_lower_midline": [((0, -5), "from_licensed_site_at_most_mm"), ((0, 5), "from_licensed_site_at_most_mm")],
    "frontalis_lower": [((5, 0), "medial_of_temporal_fusion_line_at_least_mm"), ((0, -5), "from_licensed_site_at_most_mm")],
    "frontalis_upper": [((0, 5), "from_licensed_site_at_most_mm"), ((0, -5), "from_licensed_site_at_most_mm")],
    "lateral_canthal_middle": [((-5, 0), "from_lateral_canthus_at_least_mm"), ((5, 0), "from_lateral_canthus_at_most_mm")],
    "lateral_canthal_upper": [((-5, 0), "from_middle_canthal_site_at_most_mm"), ((0, -5), "from_middle_canthal_site_at_least_mm")],
    "lateral_canthal_lower": [((-5, 0), "from_middle_canthal_site_at_most_mm"), ((0, 5), "from_middle_canthal_site_at_least_mm")],
}
CASES = [
    (site, offset, rule)
    for kind, ways in WRONG_WAYS.items()
    for site in ([kind] if kind in site_areas() else [f"{kind}_left", f"{kind}_right"])
    for offset, rule in ways
]


def test_every_site_is_tried():
    assert {site for site, _, _ in CASES} == set(site_areas())


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("product", "area"), AREAS)
def test_a_licensed_pattern_raises_nothing_above_info(face, product, area):
    found = check_plan(Plan.label(product, area), FACES[face], face_map(FACES[face]))
    assert [str(f) for f in found if f.severity != "info"] == []


@pytest.mark.parametrize("face", ["woman", "man"])
@pytest.mark.parametrize(("site", "offset", "rule"), CASES)
def test_each_site_moved_5_mm_the_wrong_way_is_found_by_its_rule(face, site, offset, rule):
    plan = UPPER_FACE.move(site, lateral_mm=offset[0], up_mm=offset[1])
    found = [f for f in check_plan(plan, FACES[face], face_map(FACES[face])) if f.severity != "info"]
    assert rule in {f.rule for f in found}
    assert {f.where.rpartition(" ")[2] for f in found} == {site}  # and nothing is said about the others
    assert {f.severity for f in found} == {"caution"}


@pytest.mark.parametrize("face", ["woman", "man"])
def test_low_forehead_needles_are_too_near_the_brow(face):
    for site in ("frontalis_lower_midline", "frontalis_lower_left"):
        found = check_plan(UPPER_FACE.move(site, up_mm=-10), FACES[face], face_map(FACES[face]))
        assert "above_brow_at_least_mm" in {f.rule for f in found if f.severity == "caution"}


@pytest.mark.parametrize("site", ["corrugator_lateral_left", "frontalis_lower_left", "lateral_canthal_upper_left"])
def test_left_and_right_are_judged_alike(site):
    atlas = face_map(Patient())
    for lateral_mm, up_mm in ((-4, -6), (3, 9), (7, -2)):
        left = check_plan(UPPER_FACE.move(site, lateral_mm=lateral_mm, up_mm=up_mm), atlas=atlas)
        right = check_plan(UPPER_FACE.move(mirrored(site), lateral_mm=lateral_mm, up_mm=up_mm), atlas=atlas)
        assert sorted((f.severity, f.rule, f.what.replace("left", "right")) for f in left) == sorted(
            (f.severity, f.rule, f.what.replace("left", "right")) for f in right
        )


def test_corrugator_needles_too_high_and_too_lateral_count_to_the_forehead():
    plan = Plan.label(ONA)
    for side in ("left", "right"):
        plan = plan.move(f"corrugator_lateral_{side}", lateral_mm=10, up_mm=10)
    found = check_plan(plan, atlas=face_map(Patient()))
    assert {"area_reach_mm", "requires_area"} <= {f.rule for f in found if f.severity == "caution"}
    assert not [f for f in found if f.severity == "refuse"]  # 12 U stay in the glabella, 8 U lie in the licensed forehead
    assert "maximum_units" in {f.rule for f in check_plan(plan.scaled(65), atlas=face_map(Patient())) if f.severity == "refuse"}


@pytest.mark.parametrize(
    ("site", "lateral_mm", "up_mm"),
    [
        ("corrugator_lateral_left", 0, -24),  # the open eye
        ("corrugator_lateral_right", 0, -30),
        ("corrugator_lateral_left", 70, 0),  # the ear
        ("procerus", 0, -60),  # the mouth
        ("frontalis_upper_left", 0, 60),  # the scalp
        ("lateral_canthal_middle_left", 60, 0),
        ("procerus", 140, 0),
    ],
)
def test_a_needle_outside_the_upper_face_is_bad_input(site, lateral_mm, up_mm):
    assert side_of(site) in ("left", "right", None)
    with pytest.raises(InputError, match="outside the upper face") as error:
        check_plan(UPPER_FACE.move(site, lateral_mm=lateral_mm, up_mm=up_mm), atlas=face_map(Patient()))
    assert site in str(error.value)
    assert "\n" not in str(error.value)
