"""The lower face: muscles inside the skin and outside the bone, of published size, the same on both sides."""

import numpy as np
import pytest
from tests.lower_face import person

from glabella.evidence.lower_face import load_lower_parameters, load_lower_sites, load_study_patterns
from glabella.evidence.sources import load_references
from glabella.names import LOWER_MUSCLES, mirrored, side_of, without_side
from glabella.stages.anatomy.drawing import atlas_data
from glabella.stages.anatomy.lower_face import lower_muscles

ANATOMY = person().anatomy
ATLAS = ANATOMY.atlas
GRID = ANATOMY.grid
LEFT = [name for name in LOWER_MUSCLES if side_of(name) != "right"]


def test_every_muscle_is_drawn_with_its_sources():
    assert set(ATLAS.muscles) == set(LOWER_MUSCLES)
    known = load_references()
    for name, data in lower_muscles().items():
        for part in ("", "cover_", "thickness_"):
            source = data.get(f"{part}source", "kiliaridis1991" if name == "masseter" else None)
            assert source in known, (name, part)
            assert data.get(f"{part}kind", "measured") in ("measured", "assumed")
            assert data[f"{part}note"]
    rows = [*load_lower_parameters().rows.values(), *load_lower_sites().values(), *load_study_patterns()]
    assert {row.source for row in rows} <= set(known)


@pytest.mark.parametrize("name", LEFT)
def test_muscles_lie_inside_the_skin_and_before_the_bone(name):
    sheet = ATLAS.muscles[name]
    half = sheet.thickness_mm[..., None] / 2 * sheet.normals
    assert (sheet.depth_mm - sheet.thickness_mm / 2 > 1.3).all()  # deeper than skin
    points = (sheet.points - half).reshape(-1, 3)
    deep = GRID.coordinates(points)
    inside = (np.abs(deep[:, 0]) < GRID.theta[-1]) & (deep[:, 1] > GRID.phi[0]) & (deep[:, 1] < GRID.phi[-1])
    clear = GRID.on_columns(ANATOMY.bone_depth_mm / GRID.cosine, points) - deep[:, 2]
    assert (clear * GRID.on_columns(GRID.cosine, points))[inside].min() > -0.6  # mm, half a coarse cell
    assert inside.mean() > 0.65  # platysma and strap muscles go on below the grid


@pytest.mark.parametrize(
    ("muscle", "least_cm3", "most_cm3"),
    [("masseter", 14.0, 26.4), ("mentalis", 0.2, 0.8), ("depressor_anguli_oris", 0.3, 1.0), ("platysma", 2.0, 6.0)],
)
def test_volumes_are_those_of_people(muscle, least_cm3, most_cm3):
    """Masseter: below the 26.39 cm3 of people with large ones (Chang 2019); the others thickness times extent, no figure found."""
    assert least_cm3 < ATLAS.muscles[f"{muscle}_left"].volume_mm3 / 1000 < most_cm3


def test_the_masseter_has_its_measured_size():
    sheet = ATLAS.muscles["masseter_left"]
    assert sheet.width_mm == pytest.approx(37.4, abs=3.5)  # computed tomography of women, Suh 2011
    assert sheet.thickness_mm.max() == pytest.approx(8.7, abs=0.05)  # ultrasound of women, relaxed
    assert person("male").anatomy.atlas.muscles["masseter_left"].thickness_mm.max() == pytest.approx(9.7, abs=0.05)


def test_the_mentalis_lies_where_it_was_measured():
    site = ATLAS.site("mentalis_left")
    corner = ATLAS.points["mouth_corner_left"]
    assert 4.0 < site.point[0] < 11.0  # 5 to 10 mm beside the midline
    assert 20.0 < corner[1] - site.point[1] < 30.0  # below the line between the corners of the mouth
    assert 6.7 < ATLAS.depth_to("mentalis_left", site) < 10.7


def test_the_grid_holds_what_the_sheets_hold():
    """Volume of the muscles on the grid against that of their sheets, where the grid reaches them all."""
    for name in ("masseter_left", "depressor_anguli_oris_left", "risorius_left", "zygomaticus_major_left", "orbicularis_oris"):
        cells = ANATOMY.muscles[name]
        held = float((cells.share * ANATOMY.volume_mm3[cells.cells]).sum())
        assert held == pytest.approx(ATLAS.muscles[name].volume_mm3, rel=0.12), name


@pytest.mark.parametrize("name", LEFT)
def test_the_right_is_the_mirror_image(name):
    left, right = ATLAS.muscles[name], ATLAS.muscles[mirrored(name)]
    assert right.volume_mm3 == pytest.approx(left.volume_mm3, rel=1e-4)
    if side_of(name):
        np.testing.assert_allclose(right.points * [-1, 1, 1], left.points, atol=2e-3)


def test_sites_enter_over_their_muscle():
    for name, site in ATLAS.sites.items():
        assert ATLAS.aside_mm(ATLAS.targets[name], site) < 0.5, name
        depth = ATLAS.depth_to(ATLAS.targets[name], site)
        assert 0 < depth < ANATOMY.bone_depth_at(site.point[None])[0], name
        assert without_side(ATLAS.targets[name]) == load_lower_sites()[without_side(name)].target_muscle


def test_every_region_has_its_row():
    from glabella.stages.anatomy.lower_tissue import depth_row

    rows = load_lower_parameters().rows
    for region, data in atlas_data("lower_face/regions").items():
        assert depth_row(region, data) in rows


def test_fascia_lies_over_masseter_and_neck_muscles():
    below = ANATOMY.below_fascia
    for name, least in (("masseter_left", 0.9), ("infrahyoid_muscles_left", 0.9), ("platysma_left", None)):
        cells = ANATOMY.muscles[name]
        share = float(np.average(below[cells.cells], weights=cells.share))
        assert share > least if least else share < 0.1
