import numpy as np
import pytest
from matplotlib.image import imread

from glabella.errors import InputError
from glabella.face import Surface, catmull_clark, load_face, triangulate
from glabella.report.furrows import gradient, profile
from glabella.report.raster import rasterise
from glabella.report.render import DARK, Camera, Complexion, Curve, Dot, Lines, Overlay, Studio, colours_of, paint_face, prolong

SMALL = Camera(centre=(0.0, 10.0, 0.0), width_mm=150.0, height_mm=120.0, pixels_per_mm=1.2)
EVEN = Studio(key_azimuth_degrees=0.0)


@pytest.fixture(scope="module")
def face():
    return load_face()


@pytest.fixture(scope="module")
def plain(face):
    return paint_face(face, SMALL)


def ball(radius_mm: float) -> Surface:
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    for _ in range(5):
        matrix, quads = catmull_clark(len(points), quads)
        points = matrix @ points
    points *= radius_mm / np.linalg.norm(points, axis=1, keepdims=True)
    outward = Surface(points, triangulate(quads), quads)
    if (outward.triangle_normals[0] * points[quads[0, 0]]).sum() < 0:
        quads = quads[:, ::-1]
    return Surface(points, triangulate(quads), quads)


def brightness(picture) -> np.ndarray:
    return picture.pixels.astype(float) @ [0.2126, 0.7152, 0.0722]


def bump(face, spacing_mm: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """(phase, weight) of horizontal lines on the forehead, on the vertices of surface(1)."""
    x, y, z = face.surface(1).vertices.T
    return y, np.exp(-(((y - 38) / 12) ** 2) - (x / 30) ** 2) * (z > 0)


# ---- z-buffer ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", [Camera(0, 0, (0, 0, 0), 50, 40, 4), Camera(70, -20, (3, 1, 2), 50, 40, 4)])
def test_depth_of_a_ball_is_that_of_a_sphere(view):
    surface = ball(15.0)
    seen = rasterise(view.project(surface.vertices), surface.triangles, view.shape)
    rows, columns = view.shape
    x = (np.arange(columns) - (columns - 1) / 2) / view.pixels_per_mm
    y = ((rows - 1) / 2 - np.arange(rows))[:, None] / view.pixels_per_mm
    middle = view.axes @ -np.array(view.centre)
    under = 15.0**2 - (x - middle[0]) ** 2 - (y - middle[1]) ** 2
    inside, outside = under > 2.0**2, under < -1.0
    assert (seen.triangle[inside] >= 0).all()
    assert (seen.triangle[outside] == -1).all()
    height = np.sqrt(under[inside])
    off_sphere = np.abs(seen.depth_mm[inside] - middle[2] - height) * height / 15.0  # at right angles to it
    assert off_sphere.max() < 0.02  # facets of 0.75 mm on a ball of 15 mm
    assert np.isneginf(seen.depth_mm[outside]).all()


def test_each_sample_shows_the_front_most_triangle_and_no_gap():
    random = np.random.default_rng(5)
    points = random.uniform(0, 40, (90, 3))
    triangles = np.arange(90).reshape(-1, 3)
    seen = rasterise(points, triangles, (40, 40))
    x, y = np.meshgrid(np.arange(40), np.arange(40))
    best, owner = np.full((40, 40), -np.inf), np.full((40, 40), -1)
    for k, (a, b, c) in enumerate(points[triangles]):
        det = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if det >= 0:  # rows count downwards: this one is seen from behind
            continue
        v = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / det
        w = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / det
        height = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2])
        front = (v >= 0) & (w >= 0) & (v + w <= 1) & (height > best)
        best[front], owner[front] = height[front], k
    assert (owner >= 0).mean() > 0.5
    assert np.array_equal(seen.triangle, owner)
    assert seen.depth_mm[owner >= 0] == pytest.approx(best[owner >= 0])


def test_neighbouring_triangles_leave_no_gap():
    y, x = np.mgrid[:9, :9] * 5.0
    points = np.c_[x.ravel(), y.ravel(), 0.1 * x.ravel()]
    corner = (np.arange(8)[:, None] * 9 + np.arange(8)).ravel()
    quads = np.c_[corner, corner + 9, corner + 10, corner + 1]
    seen = rasterise(points, triangulate(quads), (41, 41))
    assert (seen.triangle >= 0).all()
    assert seen.depth_mm == pytest.approx(np.tile(0.1 * np.arange(41), (41, 1)))


def test_triangles_outside_the_picture_and_seen_from_behind_are_left_out():
    points = np.array([[2, 2, 0], [2, 8, 0], [8, 2, 0], [52, 2, 0], [52, 8, 0], [58, 2, 0]], float)
    assert (rasterise(points, np.array([[3, 4, 5]]), (10, 10)).triangle == -1).all()
    assert (rasterise(points, np.array([[0, 1, 2]]), (10, 10)).triangle == 0).any()
    assert (rasterise(points, np.array([[0, 2, 1]]), (10, 10)).triangle == -1).all()


def test_empty_and_enormous_pictures_are_refused():
    for width_mm in (0.0, 1e6):
        with pytest.raises(InputError, match="pixels"):
            Camera(width_mm=width_mm)


# ---- the picture ------------------------------------------------------------------------------------------------------


def test_picture_has_the_size_of_the_camera_and_is_repeatable(face, plain):
    assert plain.pixels.shape == (144, 180, 3)
    assert plain.pixels.dtype == np.uint8
    assert np.array_equal(plain.pixels, paint_face(face, SMALL).pixels)


def test_zero_displacement_depth_and_dose_change_nothing(face, plain):
    n = len(face.surface(1).vertices)
    phase, _ = bump(face)
    still = paint_face(face, SMALL, displacement=np.zeros((n, 3)), lines=Lines(phase, np.zeros(n), 6.0), overlay=Overlay(np.zeros(n), 0, 1))
    assert np.array_equal(still.pixels, plain.pixels)


def test_displacement_moves_what_is_seen_and_brows_follow(face, plain):
    n = len(face.surface(1).vertices)
    up, flat = paint_face(face, SMALL, displacement=np.tile([0, 10.0, 0], (n, 1))), plain
    shift = 12  # 10 mm at 1.2 pixels per mm
    forehead = slice(30, 60), slice(60, 120)
    assert up.depth_mm[18:48, 60:120] == pytest.approx(flat.depth_mm[forehead], abs=1e-6)
    difference = up.pixels[30 - shift : 60 - shift, 60:120].astype(int) - flat.pixels[forehead]
    assert np.abs(difference).max() <= 2
    assert (up.pixels[forehead] != plain.pixels[forehead]).mean() > 0.3


def test_margins_of_the_lids_are_held_while_the_brow_moves(face):
    n = len(face.surface(1).vertices)
    eye = Camera(centre=(31.5, 0.0, 0.0), width_mm=34, height_mm=16, pixels_per_mm=3)
    still, lowered = paint_face(face, eye), paint_face(face, eye, displacement=np.tile([0, -6.0, 0], (n, 1)))
    middle = slice(20, 30), slice(35, 68)
    assert np.abs(lowered.depth_mm[middle] - still.depth_mm[middle]).max() < 1e-6  # the eyeball is as open as before
    assert np.abs(lowered.pixels[middle].astype(int) - still.pixels[middle]).max() <= 2


def test_movement_turns_the_skin_towards_the_light_smoothly(face):
    vertices = face.surface(1).vertices
    jagged = np.random.default_rng(2).normal(scale=0.3, size=len(vertices))[:, None] * [0, 0, 1]
    camera = Camera(centre=(0.0, 38.0, 0.0), width_mm=40.0, height_mm=30.0, pixels_per_mm=3)
    change = brightness(paint_face(face, camera, displacement=jagged)) - brightness(paint_face(face, camera))
    assert np.abs(change).max() < 25  # unresolved folds do not show as scales
    tilted = 0.4 * (vertices[:, 1:2] - 38) * [0, 0, 1]
    facing_up = brightness(paint_face(face, camera, displacement=-tilted))[30:60].mean()
    assert facing_up > brightness(paint_face(face, camera, displacement=tilted))[30:60].mean() + 10


def test_deeper_lines_darken_more(face, plain):
    phase, weight = bump(face)
    rows, columns = slice(20, 60), slice(60, 120)
    mean = [brightness(paint_face(face, SMALL, lines=Lines(phase, depth * weight, 6.0)))[rows, columns].mean() for depth in (0.2, 0.5, 1.0)]
    unlined = brightness(plain)[rows, columns].mean()
    assert unlined - 0.2 > mean[0] > mean[1] + 0.2 > mean[2] + 0.4
    far = slice(100, 140), slice(60, 120)
    assert np.array_equal(paint_face(face, SMALL, lines=Lines(phase, weight, 6.0)).pixels[far], plain.pixels[far])


def test_lines_are_bumps_with_a_bright_and_a_dark_side(face, plain):
    camera = Camera(centre=(0.0, 38.0, 0.0), width_mm=30.0, height_mm=30.0, pixels_per_mm=5)
    phase, weight = bump(face)
    lit = paint_face(face, camera, lines=Lines(phase, 0.4 * weight, 10.0, irregularity=0.0), studio=EVEN)
    change = (brightness(lit) - brightness(paint_face(face, camera, studio=EVEN)))[:, 65:85].mean(1)
    place = lit.to_pixel(face.surface(2).frontal(0.0, 35.0).points[None])[0]  # phase 35 mm: half a spacing plus three
    row = round(place[1])
    assert np.argmin(change[row - 12 : row + 13]) == pytest.approx(12, abs=5)  # the furrow is where the phase says
    assert change[row - 8 : row + 1].min() < change[row + 4 : row + 12].max() - 3  # light from above: lower wall brighter than upper


def test_irregularity_zero_gives_evenly_spaced_furrows(face):
    camera = Camera(centre=(0.0, 38.0, 0.0), width_mm=10.0, height_mm=36.0, pixels_per_mm=6)
    n = len(face.surface(2).vertices)
    phase = face.surface(2).vertices[:, 1]
    flat = brightness(paint_face(face, camera, studio=EVEN))
    lined = brightness(paint_face(face, camera, lines=Lines(phase, np.full(n, 0.3), 6.0, irregularity=0.0), studio=EVEN))
    change = (lined - flat).mean(1)
    spectrum = np.abs(np.fft.rfft(change - change.mean()))
    assert 36.0 / np.argmax(spectrum) == pytest.approx(6.0, rel=0.01)


def test_mirrored_input_gives_a_mirrored_picture(face):
    surface = face.surface(1)
    x, y, z = surface.vertices.T
    one_sided = 3.0 * np.exp(-(((x - 20) / 12) ** 2) - ((y - 20) / 10) ** 2) * (z > 0)
    moved = np.c_[0.3 * one_sided, one_sided, 0 * one_sided]
    depth = 0.5 * np.exp(-(((x - 55) / 10) ** 2) - (y / 12) ** 2) * (z > -50)
    dose = np.exp(-(((x - 18) / 6) ** 2) - ((y - 14) / 6) ** 2) * (z > 0)
    m = surface.mirror
    camera = Camera(25, 5, (10.0, 10.0, 0.0), 150.0, 120.0, 1.2)
    mirrored = Camera(-25, 5, (-10.0, 10.0, 0.0), 150.0, 120.0, 1.2)
    moved_back, depth_back, dose_back = moved[m] * [-1, 1, 1], depth[m], dose[m]
    left = paint_face(face, camera, displacement=moved, lines=Lines(y, depth, 5.0), overlay=Overlay(dose, 0, 1), studio=Studio(-30.0))
    right = paint_face(
        face, mirrored, displacement=moved_back, lines=Lines(y, depth_back, 5.0), overlay=Overlay(dose_back, 0, 1), studio=Studio(30.0)
    )
    difference = np.abs(left.pixels[:, ::-1].astype(int) - right.pixels)
    assert (difference <= 2).mean() > 0.999
    assert difference.max() < 40  # a sample on an edge may fall to either side
    lopsided = np.abs(left.pixels.astype(int) - left.pixels[:, ::-1])
    assert (lopsided > 10).mean() > 0.1


def test_odd_phase_gives_symmetric_frown_lines(face):
    x, y, z = face.surface(1).vertices.T
    depth = 0.8 * np.exp(-((x / 14) ** 2) - ((y - 16) / 12) ** 2) * (z > 0)
    pixels = paint_face(face, SMALL, lines=Lines(x, depth, 9.0), studio=EVEN).pixels
    assert (np.abs(pixels[:, ::-1].astype(int) - pixels) <= 2).mean() > 0.995


def test_overlay_colours_where_the_values_are_high_only(face, plain):
    vertices = face.surface(2).vertices
    dose = np.exp(-((vertices - [0, 14, 28]) ** 2).sum(1) / 2 / 4.0**2)
    tinted = paint_face(face, SMALL, overlay=Overlay(dose, 0.0, 1.0))
    column, row = np.rint(tinted.to_pixel(face.surface(2).frontal(0.0, 14.0).points[None])[0]).astype(int)
    red, green, blue = tinted.pixels[row, column].astype(int)
    before = plain.pixels[row, column].astype(int)
    assert green - red > before[1] - before[0] + 30  # the bright end of viridis is yellow-green, skin is red
    assert green - blue > before[1] - before[2] + 30
    far = np.hypot(*(np.indices(plain.depth_mm.shape) - np.array([row, column])[:, None, None])) > 40
    assert np.abs(tinted.pixels.astype(int) - plain.pixels)[far].max() <= 1


def test_overlay_colours_grow_brighter_with_the_value():
    light = colours_of(np.linspace(0, 1, 50)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()


def test_arrays_of_the_wrong_length_and_empty_ranges_are_refused(face):
    with pytest.raises(InputError, match=r"surface\(1\)"):
        paint_face(face, SMALL, displacement=np.zeros((10, 3)))
    with pytest.raises(InputError, match="high value"):
        paint_face(face, SMALL, overlay=Overlay(np.zeros(len(face.surface(1).vertices)), 1.0, 1.0))


def test_prolong_carries_coarse_values_and_leaves_fine_ones(face):
    coarse, fine = face.surface(1).vertices, face.surface(2).vertices
    assert prolong(face, coarse) == pytest.approx(fine, abs=1e-12)
    assert np.array_equal(prolong(face, fine), fine)


# ---- marks ------------------------------------------------------------------------------------------------------------


def test_dots_and_curves_show_only_where_the_skin_does_not_hide_them(face, plain):
    front, back = face.surface(2).frontal(0.0, 40.0).points, np.array([0.0, 40.0, -150.0])
    blue = (0.0, 0.0, 1.0)
    shown = paint_face(face, SMALL, points=[Dot(front, blue, radius_pixels=3)])
    column, row = np.rint(shown.to_pixel(front[None])[0]).astype(int)
    assert shown.pixels[row, column].tolist() == [0, 0, 255]
    assert (shown.pixels != plain.pixels).any(2).sum() < 100
    hidden = paint_face(face, SMALL, points=[Dot(back, blue)], curves=[Curve(np.stack([back, back * [1, 1.2, 1]]))])
    assert np.array_equal(hidden.pixels, plain.pixels)
    assert shown.is_visible(np.stack([front, back, np.array([500.0, 0, 0])])).tolist() == [True, False, False]
    deep = paint_face(face, SMALL, points=[Dot(front - [0, 0, 6], blue), Dot(front - [0, 0, 6], blue, below_skin_mm=8)])
    assert deep.pixels[row, column].tolist() == [0, 0, 255]


def test_curve_is_as_wide_as_asked_and_unbroken(face, plain):
    line = face.surface(2).frontal(np.linspace(-20, 20, 9), np.full(9, 45.0)).points
    drawn = paint_face(face, SMALL, curves=[Curve(line, (0.0, 0.0, 0.0), width_pixels=3.0, opacity=1.0)])
    dark = (drawn.pixels.max(2) < 40) & (plain.pixels.max(2) > 100)
    across = dark.sum(0)[72:108]
    assert (across >= 2).all()
    assert np.median(across) == pytest.approx(3, abs=1)


def test_to_pixel_is_where_the_camera_puts_points():
    camera = Camera(0, 0, (5.0, -3.0, 0.0), 100.0, 80.0, 2.0)
    assert camera.project(np.array([5.0, -3.0, 9.0])) == pytest.approx([99.5, 79.5, 9.0])
    assert camera.project(np.array([15.0, 7.0, 0.0]))[:2] == pytest.approx([119.5, 59.5])  # the person's left is the picture's right
    assert Camera(90, 0, (0, 0, 0)).axes @ [1, 0, 0] == pytest.approx([0, 0, 1])  # 90 degrees looks at the left ear
    assert Camera(0, 90, (0, 0, 0)).axes @ [0, 1, 0] == pytest.approx([0, 0, 1])


# ---- look -------------------------------------------------------------------------------------------------------------


def test_eyes_are_white_with_a_dark_pupil_in_the_middle(face):
    picture = paint_face(face, Camera(centre=(31.5, 0.0, 0.0), width_mm=20, height_mm=10, pixels_per_mm=8))
    light = brightness(picture)
    assert light[36:44, 76:84].mean() < 60
    assert light[38:42, 134:140].mean() > 150


def test_brows_lips_and_hair_differ_from_skin(face):
    picture = paint_face(face, Camera(pixels_per_mm=2))
    light, red = brightness(picture), picture.pixels[..., 0] / np.maximum(picture.pixels[..., 1].astype(float), 1)

    def at(values, landmark):
        column, row = np.rint(picture.to_pixel(landmark[None])[0]).astype(int)
        return values[row - 1 : row + 2, column - 1 : column + 2].mean()

    marks = face.landmarks
    brow, above = (marks[334] + marks[282]) / 2, marks[334] + [0, 12, 0]
    assert at(light, brow) < at(light, above) - 25
    assert at(red, marks[17] + [0, 4, 0]) > at(red, marks[152]) + 0.1
    bald = paint_face(face, Camera(pixels_per_mm=2), complexion=Complexion(hairline_up_mm=None))
    top = face.surface(2).frontal(0.0, 100.0).points
    assert at(light, top) < at(brightness(bald), top) - 25


def test_complexion_changes_the_skin_and_the_picture_stays_well_exposed(face, plain):
    dark = paint_face(face, SMALL, complexion=DARK)
    forehead = slice(20, 60), slice(60, 120)
    assert brightness(dark)[forehead].mean() < 0.65 * brightness(plain)[forehead].mean()
    for picture in (plain, dark):
        values = picture.pixels[forehead]
        assert (values == 255).mean() < 0.001
        assert (values == 0).mean() < 0.001


def test_neck_fades_into_the_background(face):
    picture = paint_face(face, Camera(centre=(0.0, -120.0, 0.0), width_mm=160, height_mm=120, pixels_per_mm=1))
    bottom = picture.pixels[-5:, 70:90].astype(int)
    assert np.abs(bottom - picture.pixels[-5:, :3].mean((0, 1))).max() < 25
    assert np.isfinite(picture.depth_mm[-5:, 70:90]).all()


def test_every_person_and_angle_can_be_painted(face):
    people = face.for_person(1, 80, 68), face.for_person(0, 25, 56), face.with_expression({"jawOpen": 0.5})
    for person, azimuth in zip(people, (90, -45, 10), strict=True):
        picture = paint_face(person, Camera(azimuth, 20, (0, 0, 0), 260, 260, 0.6))
        assert 0.1 < np.isfinite(picture.depth_mm).mean() < 0.9


def test_saved_picture_is_the_picture(plain, tmp_path):
    plain.save(tmp_path / "face.png")
    assert np.array_equal(np.rint(255 * imread(tmp_path / "face.png")[..., :3]).astype(np.uint8), plain.pixels)


# ---- furrows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing_mm", [2.0, 5.0, 12.0])
def test_slope_of_the_profile_is_its_derivative(spacing_mm):
    offset = np.linspace(-0.5, 0.5, 2001) * spacing_mm
    share, rise = profile(offset, np.full(2001, spacing_mm))
    assert -np.gradient(share, offset)[1:-1] == pytest.approx(rise[1:-1], abs=2e-3)
    assert share.max() == pytest.approx(1.0)
    assert share.argmax() == 1000
    assert share.min() >= 0


def test_gradient_along_a_ball():
    surface = ball(20.0)
    slope = gradient(surface, surface.vertices[:, 1])
    normal = surface.normals
    expected = np.array([0, 1, 0]) - normal[:, 1:2] * normal
    assert np.abs(slope - expected).max() < 0.05
    assert np.linalg.norm(slope - expected, axis=1).mean() < 0.005
