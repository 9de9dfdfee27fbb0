"""Landmarks, first step: lay MediaPipe's canonical face mesh (468 vertices) onto the head, and store points as places on its surface."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.interpolate import RBFInterpolator
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from face_head import Head
from glabella.face import Subdivision, Surface, triangulate

LEVELS = 2  # landmarks are places on the head after so many subdivisions
# canonical indices; eyelids of the right eye from the outer to the inner corner, lips from the right corner to the left
UPPER_LID, LOWER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)
UPPER_LIP, LOWER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
NOSE_TIP, MENTON, ABOVE_MENTON, NASION, GLABELLA = 4, 152, 175, 168, 9
MIRROR_X = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Places:
    """Points on the surface: ``triangle`` (n,), ``barycentric`` (n, 3), and ``residual_mm`` (n,), how far away they were before."""

    triangle: np.ndarray
    barycentric: np.ndarray
    residual_mm: np.ndarray


def smooth_surface(head: Head) -> tuple[Surface, list[np.ndarray]]:
    """(the subdivided reference head in raw mm, its border loops in the order of ``head.loops``)."""
    vertices, quads, partner, loops = head.vertices, head.quads, head.mirror, head.loops
    for _ in range(LEVELS):
        step = Subdivision(len(vertices), quads)
        vertices, quads, partner = step.refine(vertices), step.fine_quads, step.refine_partner(partner)
        loops = [step.refine_loop(loop) for loop in loops]
    return Surface(vertices, triangulate(quads), quads, partner), loops


def read_canonical_face(task: zipfile.ZipFile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(vertices (468, 3) mm, made symmetric; triangles (898, 3); mirror image of each vertex)."""
    message = task.read("geometry_pipeline_metadata_landmarks.binarypb")
    mesh = max((value for _, value in _fields(message) if isinstance(value, bytes)), key=len)  # by far the largest part
    vertex_bytes, triangle_numbers = b"", []
    for number, value in _fields(mesh):
        if number == 3:
            vertex_bytes += value
        elif number == 4:
            triangle_numbers += list(_varints(value)) if isinstance(value, bytes) else [value]
    vertices = 10.0 * np.frombuffer(vertex_bytes, "<f4").reshape(-1, 5)[:, :3].astype(float)  # cm, then two texture coordinates
    mirror = cKDTree(vertices).query(vertices * MIRROR_X)[1]
    if (mirror[mirror] != np.arange(len(vertices))).any():
        raise SystemExit("the canonical face has no clear mirror pairs")
    return (vertices + vertices[mirror] * MIRROR_X) / 2, np.array(triangle_numbers).reshape(-1, 3), mirror


def register(canonical: np.ndarray, triangles: np.ndarray, mirror: np.ndarray, surface: Surface, loops: list[np.ndarray]) -> np.ndarray:
    """Canonical vertices (468, 3) laid onto the surface: similarity, thin-plate spline, then closest points under falling stiffness."""
    fixed, goal = _anchors(canonical, mirror, surface, loops)
    points = _similar(canonical, canonical[fixed], goal)
    points = points + RBFInterpolator(points[fixed], goal - points[fixed], kernel="thin_plate_spline", smoothing=5.0)(points)
    count = len(points)
    starts, ends = triangles.ravel(), np.roll(triangles, -1, 1).ravel()
    linked = sp.csr_matrix((np.ones(len(starts)), (starts, ends)), (count, count))
    linked = ((linked + linked.T) > 0).astype(float)
    laplacian = sp.diags(np.asarray(linked.sum(1)).ravel()) - linked
    bending = (laplacian.T @ laplacian).tocsc()
    outward = surface.triangle_normals / surface.triangle_areas_mm2[:, None]
    anchored = np.zeros(count, bool)
    anchored[fixed] = True
    for stiffness in np.geomspace(30, 0.3, 40):
        foot = surface.closest(points)
        wanted = foot.points.copy()
        wanted[fixed] = goal
        facing = (Surface(points, triangles, triangles).normals * outward[foot.triangle]).sum(1)
        weight = np.where(anchored, 10.0, np.where(facing < 0.3, 0.01, 1.0))  # a closest point on a far side does not count
        points = points + splu((sp.diags(weight) + stiffness * bending).tocsc()).solve(weight[:, None] * (wanted - points))
    return (points + points[mirror] * MIRROR_X) / 2


def attach(points: np.ndarray, mirror: np.ndarray, surface: Surface) -> Places:
    """Points as places on the surface, exactly symmetric: the right side decides, midline points go onto edges in the midplane."""
    foot = surface.closest(points)
    triangle, barycentric = foot.triangle.copy(), _rounded(foot.barycentric)
    triangles, partner = surface.triangles, surface.mirror
    named = {tuple(sorted(corners)): k for k, corners in enumerate(triangles.tolist())}
    for i in np.flatnonzero(points[:, 0] < points[mirror, 0]):
        image = partner[triangles[triangle[i]]].tolist()
        k = named[tuple(sorted(image))]
        triangle[mirror[i]] = k
        barycentric[mirror[i]] = barycentric[i][[image.index(v) for v in triangles[k]]]

    in_plane = np.abs(surface.vertices[triangles][..., 0]) < 1e-6
    beside = np.flatnonzero(in_plane.sum(1) == 2)
    ends = np.sort(np.where(in_plane[beside], triangles[beside], -1), axis=1)[:, 1:]
    start, edge = surface.vertices[ends[:, 0]], surface.vertices[ends[:, 1]] - surface.vertices[ends[:, 0]]
    for i in np.flatnonzero(mirror == np.arange(len(points))):
        along = np.clip(((points[i] - start) * edge).sum(1) / (edge**2).sum(1), 0, 1)
        k = int(np.linalg.norm(start + along[:, None] * edge - points[i], axis=1).argmin())
        corners = triangles[beside[k]]
        triangle[i] = beside[k]
        barycentric[i] = _rounded(np.where(corners == ends[k, 0], 1 - along[k], np.where(corners == ends[k, 1], along[k], 0.0))[None])[0]
    return Places(triangle, barycentric, foot.distance_mm)


def _anchors(canonical: np.ndarray, mirror: np.ndarray, surface: Surface, loops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(landmarks, points (n, 3) where they must go): the borders of eyes and mouth, and five points of the profile."""
    goal: dict[int, np.ndarray] = {}
    right_eye, left_eye, mouth, _ = loops
    rings = [(UPPER_LID, right_eye, True), (LOWER_LID, right_eye, False), (UPPER_LIP, mouth, True), (LOWER_LIP, mouth, False)]
    rings += [([int(mirror[i]) for i in lid], left_eye, upper) for lid, upper in ((UPPER_LID, True), (LOWER_LID, False))]
    for landmarks, loop, upper in rings:
        ordered = sorted(landmarks, key=lambda i: canonical[i, 0])
        arc = _half(surface.vertices, loop, upper)
        along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(canonical[ordered], axis=0), axis=1))]
        for i, share in zip(ordered, along / along[-1], strict=True):
            goal.setdefault(i, arc[round(share * (len(arc) - 1))])

    profile = surface.vertices[(np.abs(surface.vertices[:, 0]) < 0.02) & (surface.vertices[:, 2] > -30)]

    def extreme(low: float, high: float, direction: tuple[float, float]) -> np.ndarray:
        there = profile[(profile[:, 1] > low) & (profile[:, 1] < high)]
        return there[(there[:, 1:] @ direction).argmax()]

    tip = extreme(-60, -15, (0, 1))
    nasion = extreme(-12, 20, (0, -1))
    lip = surface.vertices[mouth].mean(0)
    profile = profile[profile[:, 2] > tip[2] - 60]  # without the neck
    menton = extreme(lip[1] - 70, lip[1] - 15, (-0.866, 0.5))  # 60 degrees downwards: the lowest point would lie on the neck
    glabella = extreme(nasion[1] + 5, nasion[1] + 35, (0, 1))
    goal |= {NOSE_TIP: tip, MENTON: menton, ABOVE_MENTON: menton + np.array([0, 3, 4]), NASION: nasion, GLABELLA: glabella}
    return np.array(list(goal)), np.array(list(goal.values()))


def _half(vertices: np.ndarray, loop: np.ndarray, upper: bool, count: int = 400) -> np.ndarray:
    """The upper or lower half of a closed loop from its smallest to its largest x: ``count`` points evenly along it."""
    i, j = sorted((int(vertices[loop, 0].argmin()), int(vertices[loop, 0].argmax())))
    halves = sorted((loop[i : j + 1], np.r_[loop[j:], loop[: i + 1]]), key=lambda half: vertices[half, 1].mean())
    line = vertices[halves[upper]]
    line = line if line[0, 0] < line[-1, 0] else line[::-1]
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    return np.stack([np.interp(np.linspace(0, along[-1], count), along, line[:, k]) for k in range(3)], 1)


def _similar(points: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """``points`` turned, scaled and shifted so that ``here`` comes closest to ``there`` (Umeyama's least squares)."""
    a, b = here - here.mean(0), there - there.mean(0)
    u, size, vt = np.linalg.svd(a.T @ b)
    sign = np.diag([1, 1, np.linalg.det(u @ vt)])
    scale = (size * np.diag(sign)).sum() / (a**2).sum()
    return (points - here.mean(0)) @ (u @ sign @ vt) * scale + there.mean(0)


def _rounded(barycentric: np.ndarray) -> np.ndarray:
    """Weights in millionths, none negative, with sum one; the largest takes the rest."""
    positive = np.clip(barycentric, 0, None)
    parts = np.rint(positive / positive.sum(1, keepdims=True) * 1e6)
    rows, largest = np.arange(len(parts)), parts.argmax(1)
    parts[rows, largest] += 1e6 - parts.sum(1)
    return parts / 1e6


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of the fields of a protobuf message; as much of the wire format as this file needs."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
        else:
            if key & 7 == 2:
                size, at = _varint(message, at)
            else:
                size = {5: 4, 1: 8}[key & 7]
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def _varints(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at
