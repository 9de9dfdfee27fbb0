"""Strain as a trial measured it: plane strains by hand, the box on a real face, one person against the face itself."""

from dataclasses import replace

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.evidence.strain_regions import load_strain_regions, read_strain_regions
from glabella.evidence.tables import shipped_text
from glabella.frown import FROWN_PATTERNS
from glabella.population.block import draw
from glabella.population.measured import (
    MOST_COMPRESSIVE,
    Measured,
    _skin,
    find_measured,
    measure_of,
    measured_strain,
    region_of,
    region_triangles,
)
from tests.published import row
from tests.typical_face import setting

REGIONS = shipped_text("trials/strain_regions.csv")
BOX = load_strain_regions()["ona_strain_2016", "glabella"]
MARGIN_MM = 61.5
PEOPLE = 12


def region(horizontal, vertical, shear, muscles=3, triangles=2):
    """The same strain per newton of each muscle in every triangle; each muscle pulls with one newton in every pattern."""
    parts = np.array([(horizontal + vertical) / 2, (horizontal - vertical) / 2, shear])[:, None, None] * np.ones((3, triangles, muscles))
    return Measured(parts, np.full(triangles, 1 / triangles), np.ones((len(FROWN_PATTERNS), muscles)))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [  # horizontal -3 %, vertical 1 %, shear 1.5 %: mean -1, radius hypot(2, 1.5) = 2.5
        ("horizontal_compression", 0.03), ("vertical_stretch", 0.01), ("major", 0.015), (MOST_COMPRESSIVE, 0.035),
    ],
)  # fmt: skip
def test_each_measure_by_hand(measure, expected):
    """Untreated people of strength exp(size) under three muscles of a newton each: the sum of the strengths times the strain."""
    placebo = setting(0.0)
    people = draw(placebo, 1, 0, PEOPLE)
    plane = region(-0.03, 0.01, 0.015)
    found = measured_strain(placebo, people, (0.0, 14.0), {"one": ((plane, plane), measure)})["one"]
    strength = np.exp(people.size_ln).sum(1)
    assert found == pytest.approx(np.repeat(expected * strength[:, None], 2, axis=1), rel=1e-12)


def test_stretched_skin_is_not_compressed():
    placebo = setting(0.0)
    plane = region(0.03, 0.02, 0.0)
    found = measured_strain(placebo, draw(placebo, 1, 0, PEOPLE), (0.0,), {"one": ((plane, plane), MOST_COMPRESSIVE)})["one"]
    assert (found == 0).all()


def test_treated_people_lose_strain_and_get_it_back():
    arm = setting(20.0)
    plane = region(-0.03, 0.01, 0.0)
    found = measured_strain(arm, draw(arm, 1, 0, 60), (0.0, 14.0, 400.0), {"one": ((plane, plane), "horizontal_compression")})["one"]
    before, treated, late = found.mean(0)
    assert treated < 0.6 * before
    assert late > 0.9 * before


@pytest.fixture(scope="module")
def face():
    """Skin of a typical woman, her nasion and the scale of the drawing."""
    skin, patient, frame = _skin("female", MARGIN_MM)
    return skin, patient, frame


def test_the_box_lies_between_the_pupils_from_the_nasion_up(face):
    skin, _, (nasion, size) = face
    at = region_triangles(skin, BOX, nasion, size)
    across, up = (skin.surface.centroids[at] - nasion)[:, :2].T
    half = size * 63.0 / 2
    assert np.abs(across).max() == pytest.approx(half, abs=1.0)
    assert up.min() == pytest.approx(0.0, abs=1.0)
    assert up.max() == pytest.approx(30.0 * size, abs=1.0)
    front = skin.surface.triangle_normals[at, 2].sum()  # mm2 as the cameras see it
    assert 0.9 < front / (2 * half * 30.0 * size) < 1.01  # the box reaches into the opening of the lids
    assert len(skin.areas["glabellar"]) < len(at)


def test_the_total_face_ends_at_the_hairline_and_faces_the_cameras(face):
    skin, _, (nasion, size) = face
    at = region_triangles(skin, load_strain_regions()["ona_strain_2015", "face"], nasion, size)
    up = (skin.surface.centroids[at] - nasion)[:, 1]
    assert up.max() == pytest.approx(66.0 * size, abs=1.5)
    assert up.min() < -100 * size
    assert (skin.surface.triangle_normals[at, 2] > 0).all()


def test_a_person_of_usual_strength_strains_as_the_face_does(face):
    """Frown less rest, untreated: the mean over the region of the face's own strain field."""
    skin, patient, (nasion, size) = face
    arm = setting(0.0)
    women = replace(arm, archetypes=(replace(arm.archetypes[0], frontalis_upper_margin_mm=MARGIN_MM),))
    people = draw(women, 1, 0, 1)
    pattern = FROWN_PATTERNS.index(patient.frown_pattern)
    usual = replace(people, male=np.array([False]), pattern=np.array([pattern]), size_ln=np.zeros((1, len(skin.muscles))))
    parameters = load_parameters()
    field = skin.strain("maximum_frown", {}, patient, parameters) - skin.strain("rest", {}, patient, parameters)
    at = region_triangles(skin, BOX, nasion, size)
    weights = skin.membrane.areas_mm2[at]
    horizontal, vertical, shear = field[at].T
    expected = {
        "horizontal_compression": -np.average(horizontal, weights=weights),
        "vertical_stretch": np.average(vertical, weights=weights),
        MOST_COMPRESSIVE: np.average(np.hypot((horizontal - vertical) / 2, shear) - (horizontal + vertical) / 2, weights=weights),
    }
    regions = find_measured(women.archetypes, BOX)
    found = measured_strain(women, usual, (0.0,), {name: (regions, name) for name in expected})
    assert {name: value[0, 0] for name, value in found.items()} == pytest.approx(expected, rel=1e-3)  # stretched triangles count as none
    assert 0.05 < expected["horizontal_compression"] < 0.15


def test_rows_name_their_region_and_measure():
    told = row("ona_strain_2015_20u_forehead_vertical_stretch_strain_d14")
    assert (region_of(told).region, measure_of(told)) == ("forehead", "vertical_stretch")
    told = row("ona_strain_2016_20u_glabella_strain_reduction_d14")
    assert (region_of(told), measure_of(told)) == (BOX, MOST_COMPRESSIVE)
    assert region_of(row("ona_label_glabellar_20u_none_or_mild_investigator_d30")) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",0,30,seen", ",30,0,seen", "line 2, column to_mm: 0 must be above from_mm, 30"),
        ("mid_pupillary_lines,0,30,seen", "pupils,0,30,seen", "line 2, column between: 'pupils'"),
        ("ona_strain_2015,face", "ona_strain_2015,forehead", "region forehead of ona_strain_2015 stands twice"),
    ],
)
def test_a_damaged_table_is_named(old, new, message):
    with pytest.raises(InputError, match=message):
        read_strain_regions(REGIONS.replace(old, new))
