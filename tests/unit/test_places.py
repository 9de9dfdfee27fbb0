"""From a click to a named site and back, how deep a needle can go there, and the cut through it."""

import numpy as np
import pytest
from tests.warm import PLAN, USUAL, bench

from glabella.app.places import depths_at, place_at, section_at, site_point
from glabella.errors import InputError
from glabella.label.face import on_treated_face
from glabella.names import mirrored, side_of
from glabella.plan import Injection
from glabella.scene import LAYERS

CLOSE_MM = 0.05


def person():
    return bench().person(USUAL)


def back(site: str, lateral_mm: float, up_mm: float) -> np.ndarray:
    return site_point(person(), Injection(site, 1.0, depth_mm=1.0, lateral_mm=lateral_mm, up_mm=up_mm))


def test_a_named_site_is_its_own_place():
    for name, site in person().anatomy.atlas.sites.items():
        assert place_at(person(), site.point) == (name, 0.0, 0.0)


def test_a_place_anywhere_on_the_treated_face_leads_back_to_it():
    atlas, generator = person().anatomy.atlas, np.random.default_rng(3)
    on_face, places = on_treated_face(atlas), []
    triangles = generator.permutation(len(atlas.surface.triangles))
    weights = generator.dirichlet(np.ones(3), len(triangles))
    for triangle, weight in zip(triangles, weights, strict=True):
        point = weight @ atlas.surface.vertices[atlas.surface.triangles[triangle]]
        if on_face(point):
            places.append(point)
        if len(places) == 60:
            break
    assert len(places) == 60
    far = []
    for point in places:
        try:
            gap = np.linalg.norm(back(*place_at(person(), point)) - point)
        except InputError:  # a fold at the edge of the lids where no straight way leads
            gap = np.inf
        far.append(gap)
    assert sum(gap > CLOSE_MM for gap in far) <= 1
    assert np.median(far) < 0.01


def test_the_site_is_of_the_same_side_and_rather_a_free_one():
    atlas = person().anatomy.atlas
    medial = atlas.sites["corrugator_medial_left"].point
    assert place_at(person(), medial + np.array([1.0, 1.0, 0.0]))[0] == "corrugator_medial_left"
    other, lateral_mm, up_mm = place_at(person(), medial, taken=["corrugator_medial_left"])
    assert other != "corrugator_medial_left"
    assert side_of(other) in ("left", None)
    assert np.linalg.norm(back(other, lateral_mm, up_mm) - medial) < CLOSE_MM
    assert place_at(person(), medial * [-1, 1, 1])[0] == "corrugator_medial_right"


def test_both_sides_have_the_same_offsets():
    point = person().anatomy.atlas.sites["lateral_canthal_middle_left"].point + np.array([0.0, 4.0, 0.0])
    site, lateral_mm, up_mm = place_at(person(), point)
    other = place_at(person(), point * [-1, 1, 1])
    assert other[0] == mirrored(site)
    assert other[1:] == pytest.approx((lateral_mm, up_mm), abs=0.01)


@pytest.mark.parametrize(
    "point", [(0, 0, 300), (30, 0, 25), (0, -60, 60), (0, 20, -90), (np.nan, 0, 0), (0, 0)], ids=str
)
def test_a_place_off_the_treated_face_is_refused(point):
    with pytest.raises(InputError, match="place"):
        place_at(person(), np.array(point, float))


def test_depths_lie_between_skin_and_bone():
    for injection in PLAN.sessions[0].injections:
        depths = depths_at(person(), injection)
        assert 0.5 < depths.least_mm < 1.5
        assert depths.least_mm < depths.suggested_mm < depths.most_mm < 12
        needle = bench().course(USUAL, PLAN, 40).course.boluses[0][PLAN.sites.index(injection.site)].needle
        assert depths.suggested_mm == pytest.approx(needle.depth_mm, abs=1e-9)
    beside_eye = depths_at(person(), Injection("lateral_canthal_lower_left", 4.0, depth_mm=1.0))
    assert beside_eye.most_mm <= 12.7


def test_the_cut_shows_the_layers_and_after_treatment_the_dose():
    injection = PLAN.sessions[0].injections[0]
    before = section_at(person(), None, injection)
    assert before.units == injection.units
    assert before.dose_units_per_mm3.max() == 0
    present = {LAYERS[code] for code in np.unique(before.layer)}
    assert {"outside", "epidermis", "dermis", "fat", "muscle", "bone"} <= present
    result = bench().course(USUAL, PLAN, 40)
    after = section_at(result.person, result, injection)
    assert after.dose_units_per_mm3.max() > 1e-4
    assert np.array_equal(before.layer, after.layer)
    assert section_at(person(), bench().course(USUAL, None, 40), injection).dose_units_per_mm3.max() == 0
    with pytest.raises(InputError, match="bone"):
        section_at(person(), None, Injection("procerus", 4.0, depth_mm=12.0))
