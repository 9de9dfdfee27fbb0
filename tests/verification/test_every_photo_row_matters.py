"""Each row of photo.csv, moved from one end of its range to the other, moves a number that a photo gives: no row is decoration.

One picture, its landmarks found once; what reads a row is computed again from what comes before it.
"""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.evidence import photo as table
from glabella.evidence.photo import load_photo_parameters
from glabella.photo import fit_photo
from glabella.photo.checks import Quality, check_landmarks, check_quality
from glabella.photo.fit import fit_head
from glabella.photo.later import later_picture
from glabella.photo.lines import expect_lines, find_lines
from glabella.photo.simulated import can_show_lines, with_brow_caution
from glabella.photo.size import IrisSize, measure_size
from glabella.photo.skin_map import map_skin
from glabella.photo_series.checks import compare
from glabella.photo_series.depths import depth_of
from glabella.photo_series.light import estimate_light
from glabella.report.render import Lines
from glabella.stages.skin import build_skin
from tests.photo_made import Case, invented_face, paint

AREAS = ("glabellar", "forehead", "lateral_canthal_left")


@pytest.fixture(scope="module")
def photo(landmark_model):
    """A painted head with lines 0.5 mm deep, light from above, raised brows."""
    case = Case(91, skin="medium", light="from above", pixels_per_mm=2.8, size=(200.0, 250.0))
    face, neutral = invented_face(case.seed)
    lines = expect_lines(build_skin(_atlas(neutral), load_parameters()), AREAS, _patient(), load_parameters())
    drawn = tuple(Lines(lines.phase_mm[area], 0.5 * lines.strength[area], 6.0) for area in AREAS)
    return fit_photo(paint(case, face, drawn), landmark_model)


def _atlas(face):
    from glabella.stages.anatomy import build_atlas

    return build_atlas(face, None, load_parameters())


def _patient():
    from glabella.patient import Patient

    return Patient()


@pytest.fixture(scope="module")
def expected(photo):
    skin = build_skin(photo.atlas, load_parameters())
    return expect_lines(skin, AREAS, photo.patient, load_parameters()), map_skin(photo.head, photo.picture.shape)


def of_fit(photo, expected, rows):
    rows_and_columns = np.array(photo.picture.shape) - 1
    return fit_head(photo.landmarks, rows_and_columns[::-1] / 2, rows).seen.cage.ravel()


def of_size(photo, expected, rows):
    by_iris = measure_size(photo.irises, photo.head.camera, photo.head.seen, rows)
    by_ruler = measure_size(photo.irises, photo.head.camera, photo.head.seen, rows, 62.0)
    return [by_iris.factor, by_iris.error_share, by_ruler.error_share]


@cache
def two_draws(photo):
    """Two heads of the posterior: the test asks whether a row matters, not how much."""
    return photo.head.draw(2)


def of_sites(photo, expected, rows):
    judged = replace(photo, head=replace(photo.head, draw=lambda count: two_draws(photo)), parameters=rows)
    return [number for place in judged.places for number in (place.error_mm, float(place.sure))]


def of_lines(photo, expected, rows):
    found = find_lines(photo.picture, expected[1], expected[0], photo.landmarks, rows, fill=False)
    return [value for area in found.areas.values() for value in (area.contrast, area.depth_mm, area.depth_error_mm)]


def of_later(photo, expected, rows):
    from unittest.mock import patch

    up = np.zeros_like(photo.head.seen.surface(1).vertices)
    up[:, 1] = 2.0
    with patch.object(table, "_photo_rows", lambda: rows):
        nothing = find_lines(photo.picture, expected[1], type(expected[0])({}, {}), photo.landmarks, rows, fill=False)
        return later_picture(photo.picture, expected[1], nothing, {}, up).ravel().astype(float)


def of_checks(photo, expected, rows):
    """How many things are refused or pointed out in pictures that lie between the ends of each row."""
    middle = {name: (row.low + row.high) / 2 for name, row in load_photo_parameters().rows.items()}
    good = Quality(0.0, 0.0, 0.0, 200.0, 5.0, 0.3, 200.0, 0.0, 1.0, 0.9)
    said = []
    for what, name in (
        ("turn_degrees", "photo_turn_most_degrees"), ("nod_degrees", "photo_nod_most_degrees"), ("brightest", "photo_brightest_least"),
        ("blown_share", "photo_blown_most_share"), ("blur_mm", "photo_blur_most_mm"), ("uneven_ratio", "photo_uneven_most_ratio"),
        ("around_eyes_ratio", "photo_behind_glass_most_ratio"), ("pixels_per_mm", "line_pixels_least_per_mm"),
        ("blur_mm", "line_blur_most_mm"),
    ):  # fmt: skip
        quality = replace(good, **{what: middle[name]})
        said.append(_number(lambda q=quality: check_quality(q, photo.landmarks, IrisSize((50.0, 50.0), 1.0, False), rows, "photo")))
        said.append(float(can_show_lines(replace(photo, quality=quality, parameters=rows))))
    strengths = dict(photo.landmarks.expression)
    shut = strengths | dict.fromkeys(("eyeBlinkLeft", "eyeBlinkRight"), middle["photo_eye_closed_least"])
    raised = strengths | dict.fromkeys(("browDownLeft", "browInnerUp"), middle["brow_moved_least"])
    said.append(_number(lambda: check_quality(good, replace(photo.landmarks, expression=shut), photo.irises, rows, "photo")))
    moved = replace(photo, landmarks=replace(photo.landmarks, expression=raised), parameters=rows)
    said.append(float(len(with_brow_caution(moved).quality.cautions)))
    points = photo.landmarks.points.copy()
    points[473, :2] = points[468, :2] + [middle["photo_pupils_least_pixels"], 0]
    said.append(_number(lambda: check_landmarks(replace(photo.landmarks, points=points), rows, "photo") or ()))
    return said


def of_series(photo, expected, rows):
    """What is said of a second picture that is off by what lies between the ends of each row, and what its lines are worth."""
    middle = {name: (row.low + row.high) / 2 for name, row in load_photo_parameters().rows.items() if name.startswith("series_")}
    light = estimate_light(photo)
    quality = photo.quality
    off = replace(
        quality, turn_degrees=quality.turn_degrees + middle["series_turn_most_degrees"],
        nod_degrees=quality.nod_degrees + middle["series_nod_most_degrees"],
        tilt_degrees=quality.tilt_degrees + middle["series_tilt_most_degrees"],
        pixels_per_mm=quality.pixels_per_mm * middle["series_scale_least_ratio"],
        blur_mm=float(np.hypot(quality.blur_mm, middle["series_blur_most_mm"])),
    )  # fmt: skip
    mouth = photo.landmarks.expression | {"jawOpen": photo.landmarks.expression["jawOpen"] + middle["series_expression_most"]}
    visit = replace(photo, quality=off, landmarks=replace(photo.landmarks, expression=mouth))
    checks = (*compare(photo, photo, (light, light), "rest", rows), *compare(photo, visit, (light, light), "rest", rows))
    said = [number for check in checks for number in (check.limit, float(check.fine))]
    for area in AREAS:
        lines = SimpleNamespace(area=area, depth_mm=0.5)
        depth = depth_of(lines, 0.3, rows)
        said += [depth.repeat_error_mm, depth.error_mm]
    return said


def _number(judge):
    """-1 where a picture is refused, else how many cautions it gets."""
    try:
        return float(len(judge()))
    except InputError:
        return -1.0


PARTS = (  # in the order of what they cost
    (of_series, ("series_", "line_repeat_", "line_light_", "line_common_")),
    (of_size, ("iris_", "pupil_")), (of_checks, ("photo_", "line_pixels", "line_blur", "brow_moved")),
    (of_fit, ("usual_camera", "face_", "landmark_")), (of_lines, ("line_", "brow_room")), (of_later, ("lids_",)), (of_sites, ("site_",)),
)  # fmt: skip


@pytest.mark.parametrize("name", load_photo_parameters().rows)
def test_row_moves_what_a_photo_gives(name, photo, expected):
    row = load_photo_parameters().rows[name]
    assert row.low < row.value < row.high
    part = next(part for part, names in PARTS if name.startswith(names))
    low, high = (np.array(part(photo, expected, load_photo_parameters().with_values({name: end}))) for end in (row.low, row.high))
    assert low.shape == high.shape
    assert np.abs(low - high).max() > 1e-6
