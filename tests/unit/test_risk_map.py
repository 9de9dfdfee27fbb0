"""The parts of a risk map: scatter, look-ups on the skin, distances, what may be asked, what has no number."""

import numpy as np
import pytest
from scipy.special import ndtri
from tests.coarse_risk_map import UNITS, coarse_map

from glabella.errors import InputError, RefusedError
from glabella.planner.risk_map_asked import check_asked
from glabella.planner.risk_map_chance import FOLD, SPACING_MM, stride_for
from glabella.planner.risk_map_distances import contour_points, heights_above_rim, nearest_glabellar_sites, site_distances, skin_length_mm
from glabella.planner.risk_map_document import distance_text, height_text, percent, summary_lines
from glabella.planner.risk_map_scatter import offsets_along_skin, offsets_in_depth, scatter_matrix
from glabella.planner.risk_map_skin import enter
from glabella.stages.bolus import rim_distance_mm


def test_offsets_have_the_moments_of_the_scatter():
    away, weight = offsets_along_skin(3.0)
    assert weight.sum() == pytest.approx(1)
    assert weight @ away == pytest.approx([0, 0], abs=1e-4)
    assert weight @ away**2 == pytest.approx([9, 9], rel=1e-3)
    for far in (2.0, 3.0):  # the chance to land beyond a straight edge, near by and far out
        beyond = weight[away[:, 0] > 3.0 * far].sum()
        assert ndtri(1 - beyond) == pytest.approx(far, abs=0.02)
    deep, share = offsets_in_depth(0.8)
    assert share @ deep**2 == pytest.approx(0.64)
    assert offsets_in_depth(0.0)[0] == [0]


def test_places_for_scattered_chances_are_close_enough():
    assert [stride_for(sd) for sd in (0.0, 1.0, 1.8, 3.67)] == [1, 1, 2, 4]


def test_scatter_keeps_what_is_everywhere_the_same():
    skin = coarse_map().skin
    rows = np.arange(0, len(skin.entries), 999)
    matrix = scatter_matrix(skin, rows, 3.67, lambda share: None)
    assert matrix @ np.ones(len(skin.entries)) == pytest.approx(np.ones(len(rows)))


def test_quick_feet_are_the_nearest_places_of_the_skin():
    found = coarse_map()
    chosen = np.flatnonzero(found.computed)[::400]
    entries = found.skin.entries.part(chosen)
    off = entries.points + np.random.default_rng(3).normal(0, 2, entries.points.shape)
    quick, true = found.skin.feet(off), found.skin.index(enter(off, found.anatomy).points)
    off_mm = SPACING_MM / FOLD * np.abs(quick - true).max(0)
    assert np.median(off_mm) < 0.05
    assert np.quantile(off_mm, 0.9) < 0.5  # beside the open eye the nearest place may be another one


def test_both_sides_have_the_same_map():
    found = coarse_map()
    points = found.points[::17]
    here, there = found.probability_at(points)[:, 0], found.probability_at(points * [-1, 1, 1])[:, 0]
    both = np.isfinite(here) & np.isfinite(there)
    assert both.mean() > 0.95
    assert here[both] == pytest.approx(there[both], abs=1e-6)


def test_chances_at_vertices_and_their_bands():
    found = coarse_map()
    assert (found.low <= found.probability).all()
    assert (found.probability <= found.high).all()
    assert found.probability.max() > 0.9
    between = np.abs(found.probability_at(found.points)[:, 0] - found.probability)
    assert np.quantile(between, 0.98) < 1e-3
    assert between.max() < 0.03  # at the margin of a lid
    assert set(found.dose_units_per_mm3) == {"levator_palpebrae_superioris_left", "levator_palpebrae_superioris_right"}
    some = slice(None, None, 60)
    for name, dose in found.dose_at(found.points[some]).items():
        assert dose == pytest.approx(found.dose_units_per_mm3[name][some], rel=1e-5, abs=1e-12)


def test_the_chance_falls_with_the_height_above_the_rim():
    heights = heights_above_rim(coarse_map())
    assert heights["left"][0.05] == pytest.approx(heights["right"][0.05], abs=0.3)
    assert 0 < heights["left"][0.05] < heights["left"][0.01] < heights["left"][0.001] < 20


def test_lines_lie_where_the_chance_is_theirs_and_sites_as_far_from_them():
    found = coarse_map()
    line = contour_points(found, 0.05)
    assert found.probability_at(line)[:, 0] == pytest.approx(np.full(len(line), 0.05), abs=0.005)
    distances = site_distances(found)
    assert nearest_glabellar_sites(found) in (
        ("corrugator_medial_left", "corrugator_medial_right"), ("corrugator_lateral_left", "corrugator_lateral_right"),
    )  # fmt: skip
    for site, row in distances.items():
        straight = np.linalg.norm(line - found.licensed_sites[site], axis=1).min()
        assert row[0.05] is not None
        assert straight - 1e-6 <= row[0.05] < 1.3 * straight + 0.5
        assert row[0.01] is not None
        assert row[0.01] < row[0.05]
    assert contour_points(found, 0.999).shape == (0, 3)


def test_lengths_run_along_the_skin():
    surface = coarse_map().anatomy.atlas.surface
    start, end = surface.closest(np.array([[0.0, 40.0, 40.0], [40.0, 40.0, 20.0]])).points
    assert np.linalg.norm(end - start) < skin_length_mm(surface, start, end) < 1.2 * np.linalg.norm(end - start)


def test_places_without_a_number():
    found = coarse_map()
    atlas = found.anatomy.atlas
    below_eye = atlas.surface.closest(atlas.points["pupil_left"][None] + [0, -12, 0]).points[0]
    mouth = atlas.face.landmarks[13]
    nowhere = np.stack([atlas.points["pupil_left"], mouth, atlas.face.landmarks[152]])
    assert np.isnan(found.probability_at(nowhere)).all()
    assert (found.probability_at(below_eye[None]) < 0.01).all()  # the levator lies above the eye
    assert rim_distance_mm(below_eye, found.anatomy)[0] > 0 > rim_distance_mm(below_eye + np.array([0, 20, 0]), found.anatomy)[0]
    assert np.isnan(found.dose_at(nowhere[1:])["levator_palpebrae_superioris_left"]).all()
    assert found.is_computed(np.stack(list(found.licensed_sites.values()))).all()


def test_a_needle_stops_at_bone():
    found = coarse_map()
    entries = found.skin.entries.part(np.flatnonzero(found.computed))
    depths = found.reach.needle_depth_mm(entries, 9.0)
    assert (depths <= entries.bone_mm).all()
    assert depths.max() == 9.0
    assert (depths < 9.0).any()
    assert (found.tip_depth_mm <= 4.0).all()


def test_the_summary_names_what_it_is():
    lines = summary_lines(coarse_map())
    assert lines[0].startswith("eyelid ptosis if 4 U of onabotulinumtoxinA in 0.1 mL went in 4 mm deep")
    assert lines[-1].startswith("research and education, not a medical device")
    assert sum("corrugator" in line for line in lines) == 4
    assert max(map(len, lines)) <= 140


def test_numbers_in_words():
    assert [percent(share) for share in (0.0, 0.000099, 0.0123, 0.97)] == ["under 0.001", "0.0099", "1.2", "97"]
    assert [distance_text(x) for x in (None, 3.14, -3.14)] == ["no such line", "3.1 mm", "inside by 3.1 mm"]
    assert [height_text(x) for x in (None, 0.0, 9.16)] == ["beyond the map", "nowhere", "9.2 mm"]


ASKED = {"effect": "eyelid_ptosis", "units": UNITS, "depth_mm": 4.0, "product": "onabotulinumtoxinA"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effect": "eyelid_ptoses"}, "did you mean 'eyelid_ptosis'"),
        ({"effect": "brow_ptosis"}, "no adjoint solve gives it"),
        ({"effect": "headache"}, "label rates only"),
        ({"product": "botox"}, "did you mean 'onabotulinumtoxinA'"),
        ({"units": 0}, "above 0"),
        ({"units": -4}, "above 0"),
        ({"units": float("nan")}, "finite"),
        ({"depth_mm": 0}, "above 0"),
        ({"depth_mm": float("nan")}, "finite"),
        ({"depth_mm": 30}, "deeper than a needle"),
        ({"diluent_ml": 0}, "above 0"),
        ({"diluent_ml": 1000.0}, "mL at one place"),
        ({"scatter_mm": -1}, "at least 0"),
        ({"scatter_mm": 50}, "at most 10"),
    ],
)
def test_what_cannot_be_asked(change, words):
    with pytest.raises(InputError, match=words) as raised:
        check_asked(**{**ASKED, **change})
    assert "\n" not in str(raised.value)


def test_more_units_than_any_labelled_area_are_refused():
    assert check_asked(**{**ASKED, "units": 20})[1] == 20
    with pytest.raises(RefusedError, match="up to 20 U"):
        check_asked(**{**ASKED, "units": 20.5})
    assert check_asked(**{**ASKED, "product": "abobotulinumtoxinA", "units": 50})[1] == 50
    with pytest.raises(RefusedError, match="up to 50 U"):
        check_asked(**{**ASKED, "product": "abobotulinumtoxinA", "units": 51})
