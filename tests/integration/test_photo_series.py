"""Pictures of one painted head on several visits: laid over one another, checked, measured; and the report."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tests.photo_made import Case, invented_face, paint

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.outcome import outcome_text
from glabella.patient import Patient
from glabella.photo import fit_photo
from glabella.photo.lines import expect_lines
from glabella.photo.picture import Picture
from glabella.photo_series.align import align, shown_first, similarity, window_of
from glabella.photo_series.checks import compare
from glabella.photo_series.document import series_document, series_lines
from glabella.photo_series.light import estimate_light
from glabella.photo_series.series import PictureOf, look_at_series
from glabella.report.photo_series_page import write_series
from glabella.report.render import Lines
from glabella.stages.anatomy import build_atlas
from glabella.stages.skin import build_skin

SEED, AREA, FROWN = 711, "glabellar", "maximum_frown"
BASE = Case(SEED, skin="medium", light="from above", pixels_per_mm=3.0, size=(200.0, 250.0))
TRUE_MM = {0.0: 0.7, 14.0: 0.2, 60.0: 0.45}
UNITS = {0.0: 0.7, 14.0: 0.2, 60.0: 0.4}


def grainy(pixels, seed):
    noise = np.random.default_rng(seed).normal(scale=2.0, size=pixels.shape)
    return Picture(np.clip(pixels + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def drawn():
    """day -> picture of a frowning head with lines of known depth; day 60 in another light and turned."""
    _, neutral = invented_face(SEED)
    table = load_parameters()
    lines = expect_lines(build_skin(build_atlas(neutral, None, table), table), (AREA,), Patient(), table)
    cases = {0.0: BASE, 14.0: replace(BASE, turn=5, nod=2), 60.0: replace(BASE, turn=-12, light="from the side")}
    found = {}
    for day, case in cases.items():
        face, _ = invented_face(SEED, {"browDownLeft": UNITS[day], "browDownRight": UNITS[day]})
        made = paint(case, face, (Lines(lines.phase_mm[AREA], TRUE_MM[day] * lines.strength[AREA], 6.0),))
        found[day] = grainy(made.pixels, int(day))
    return found


@pytest.fixture(scope="module")
def series(drawn, landmark_model):
    return look_at_series([PictureOf(day, FROWN, picture) for day, picture in drawn.items()], landmark_model)


@pytest.fixture(scope="module")
def calm():
    """A calm head without lines, and its picture."""
    face, _ = invented_face(SEED)
    return face, paint(BASE, face)


@pytest.fixture(scope="module")
def first(calm, landmark_model):
    return fit_photo(grainy(calm[1].pixels, 1), landmark_model)


def test_the_ratio_to_the_first_picture_is_the_true_one_within_its_band(series):
    for look in series.looks[FROWN][1:]:
        true = TRUE_MM[look.day] / TRUE_MM[0.0]
        change = look.change[AREA]
        assert change.low < true < change.high
    calm_light, other_light = (look.change[AREA] for look in series.looks[FROWN][1:])
    assert calm_light.ratio == pytest.approx(TRUE_MM[14.0] / TRUE_MM[0.0], abs=0.12)
    assert other_light.high - other_light.low > 2 * (calm_light.high - calm_light.low)  # the light has changed, and the band says so


def test_a_weaker_frown_is_no_fault_but_another_light_and_a_turn_are(series):
    _, fine, other = series.looks[FROWN]
    assert fine.fine, [check for check in fine.checks if not check.fine]
    assert {check.name for check in other.checks if not check.fine} == {"turn", "light"}
    said = " ".join(check.says for check in other.checks)
    assert re.search(r"turn 1[0-4] degrees more to the person's left", said)
    assert "the light now comes more from the person's right" in said


def test_the_skin_lies_over_the_first_picture_to_a_millimetre(calm, first, landmark_model):
    face, case = calm[0], replace(BASE, turn=10, nod=5, roll=6, distance_mm=750)
    visit, window = fit_photo(grainy(paint(case, face).pixels, 2), landmark_model), window_of(first)
    aligned = align(first, visit, window)
    vertices, normals = face.surface(2).vertices, face.surface(2).normals
    cameras = [BASE.camera.truth, case.camera.truth]
    seen = (vertices[:, 1] > -30) & (vertices[:, 1] < 60) & (vertices[:, 2] > -40)
    for camera in cameras:
        ahead = camera.viewer - vertices
        seen &= (normals * ahead).sum(1) > 0.6 * np.linalg.norm(ahead, axis=1)
    here, there = (camera.project(vertices[seen])[:, :2] for camera in cameras)
    column, row = np.rint(window.to_window(here)).astype(int).T
    off = np.linalg.norm(aligned.source[row, column] - there, axis=1) / cameras[1].pixels_per_mm
    flat = similarity(first.landmarks.points[:468, :2], visit.landmarks.points[:468, :2])
    off_flat = np.linalg.norm(flat(here) - there, axis=1) / cameras[1].pixels_per_mm
    assert np.median(off) < 1.0
    assert np.percentile(off, 90) < 2.0
    assert np.percentile(off_flat, 90) > 1.5 * np.percentile(off, 90)  # why it is not a flat map
    assert aligned.residual_mm < 1.5
    assert aligned.pixels.shape == (*window.shape, 3)
    still = shown_first(first, window).mean(2)
    unmoved = visit.picture.luminance[window.low[1] :, window.low[0] :][: window.shape[0], : window.shape[1]]
    eyes = np.zeros(window.shape, bool)  # brows, lids and irises: what is sharp
    x, y = window.to_window(first.landmarks.points[[70, 300, 50, 280], :2]).round().astype(int).T
    eyes[y[:2].min() : y[2:].max(), x.min() : x.max()] = True
    alike, before = (np.corrcoef(_fine(one)[eyes], _fine(still)[eyes])[0, 1] for one in (aligned.pixels.mean(2), unmoved))
    assert alike > 0.5
    assert before < 0.3


def _fine(light):
    """What is finer than 4 mm."""
    return light - gaussian_filter(light.astype(float), 12)


CHANGED = {
    "nod": (lambda face, plain: paint(replace(BASE, nod=14), face).pixels, "nod", "lower the chin by"),
    "tilt": (lambda face, plain: paint(replace(BASE, roll=20), face).pixels, "tilt", "toward the person's right shoulder"),
    "near": (lambda face, plain: paint(replace(BASE, distance_mm=280), face).pixels, "distance", "from farther away"),
    "soft": (lambda face, plain: paint(replace(BASE, light="soft"), face).pixels, "light", "the light"),
    "dark": (lambda face, plain: 255 * np.clip((plain / 255) ** 2.2 / 2.6, 0, 1) ** (1 / 2.2), "brightness", "more light"),
    "blurred": (lambda face, plain: gaussian_filter(plain.astype(float), (1.9, 1.9, 0)), "sharpness", "less sharp by 0."),
    "smiling": (lambda face, plain: paint(BASE, invented_face(SEED, {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8})[0]).pixels,
                "expression", "keep the whole face calm"),
    "raised": (
        lambda face, plain: paint(
            BASE, invented_face(SEED, dict.fromkeys(("browInnerUp", "browOuterUpLeft", "browOuterUpRight"), 0.9))[0]
        ).pixels,
        "brows",
        "higher than at the first visit",
    ),
    "another person": (lambda face, plain: paint(BASE, invented_face(SEED + 2)[0]).pixels, "same person", "may be different people"),
    "nothing": (lambda face, plain: paint(replace(BASE, turn=3, nod=-3, roll=4), face).pixels, None, ""),
}  # fmt: skip


ALLOWED = {  # what else may speak: lamps stand still while a head turns, and one picture hardly tells nod from nearness
    "nod": {"light", "distance"}, "near": {"nod", "light", "same person"}, "tilt": {"light"},
    "raised": {"expression"}, "smiling": {"brows"},
    "another person": {"light", "expression", "distance", "nod", "brows"},
}  # fmt: skip


@pytest.mark.parametrize("how", CHANGED)
def test_each_check_speaks_of_the_one_thing_that_was_changed(how, calm, first, landmark_model):
    make, name, says = CHANGED[how]
    visit = fit_photo(grainy(make(calm[0], calm[1].pixels), 3), landmark_model)
    checks = compare(first, visit, (estimate_light(first), estimate_light(visit)), "rest", first.parameters)
    spoke = {check.name: check.says for check in checks if not check.fine}
    if name is None:
        assert not spoke
        return
    assert says in spoke[name]
    assert set(spoke) - {name} <= ALLOWED.get(how, set())


def test_light_is_found_where_it_is(landmark_model, first, calm):
    above = estimate_light(first)
    assert above.from_above_degrees > 20
    assert abs(above.from_left_degrees) < 12
    side = estimate_light(fit_photo(paint(replace(BASE, light="from the side"), calm[0]), landmark_model))
    assert side.from_left_degrees < -20  # from the person's right


def test_a_light_that_cannot_be_told_is_said_and_still_written(series, tmp_path):
    (first, *later) = series.looks[FROWN]
    checks = compare(first.face, later[0].face, (first.light, None), FROWN, series.limits)
    dark = replace(later[0], light=None, checks=checks)
    document = series_document(replace(series, looks={FROWN: (first, dark)}))
    (told,) = (check for check in json.loads(outcome_text(document))["looks"][FROWN][1]["checks"] if check["name"] == "light")
    assert told["number"] is None
    assert "take hair and hands from the face" in "\n".join(series_lines(document))
    page = write_series(replace(series, looks={FROWN: (first, dark)}), document, tmp_path / "dark")
    assert "not told" in page.read_text()


def test_the_page_blends_by_keyboard_and_holds_nothing_but_itself(series, tmp_path):
    document = series_document(series)
    page = write_series(series, document, tmp_path / "out").read_text("utf-8")
    assert page.count('type="range"') == 1
    assert page.count("<select") == 2
    assert "day 0 over day 60" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert sorted(path.name for path in (tmp_path / "out" / "pictures").iterdir()) == [
        "ghost_maximum_frown_day_014.png", "ghost_maximum_frown_day_060.png", "maximum_frown_day_000.png", "maximum_frown_day_014.png",
        "maximum_frown_day_060.png",
    ]  # fmt: skip
    lines = "\n".join(series_lines(document))
    assert "comparable with caution" in lines
    assert "of the first" in lines


def test_bad_series_are_one_line_that_names_the_picture(drawn, landmark_model, tmp_path):
    picture = drawn[0.0]
    for pictures, message in (
        ([PictureOf(0, FROWN, picture)], "two or more"),
        ([PictureOf(0, FROWN, picture), PictureOf(0, FROWN, picture)], r"day 0 \(maximum frown\): there are two"),
        ([PictureOf(0, FROWN, picture), PictureOf(9, "rest", picture)], r"day 0 \(maximum frown\): there is no other"),
        ([PictureOf(0, FROWN, picture), PictureOf(9, FROWN, tmp_path / "gone.jpg")], r"day 9 \(maximum frown\): .*cannot be read"),
        ([PictureOf(0, FROWN, picture), PictureOf(9, FROWN, Picture(np.full((300, 300, 3), 128, np.uint8)))], "day 9.*no face found"),
    ):
        with pytest.raises(InputError, match=message) as error:
            look_at_series(pictures, landmark_model)
        assert "\n" not in str(error.value)
