"""The face: one head mesh for every sex, age and size, its smooth surface and its landmarks.

The head is MakeHuman's "hm08" (CC0), built by ``tools/build_face.py``; see ``data/PROVENANCE.md``. Frame: x to the person's
left, y up, z forward, in mm, origin midway between the eyeball centres. Sides in names are the person's own.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp

from glabella.errors import InputError, nearest
from glabella.near import SortedPoints

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

YOUNG_YEARS, OLD_YEARS = 25.0, 90.0  # the ages of MakeHuman's "young" and "old" targets: a convention of the data
EYEBALL_VERTICES = 72
FACES = ("reference",)
EDGE = 1e-9  # share by which a point on an edge may seem to lie outside its triangle: rounding
FEW = 128  # points that are looked for in a box rather than with a tree
BORDERS = ("right_eye", "left_eye", "mouth", "neck")  # in the order of head.npz


@dataclass(frozen=True)
class Foot:
    """Closest points on a surface: ``points`` (n, 3) mm, ``triangle`` (n,), ``barycentric`` (n, 3), ``distance_mm`` (n,)."""

    points: np.ndarray
    triangle: np.ndarray
    barycentric: np.ndarray
    distance_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle surface in mm. ``vertices`` (n, 3), ``triangles`` (m, 3) counter-clockwise seen from outside.

    ``partner`` (n,), where it is known beforehand, is the mirror image of each vertex; ``mirror`` checks it.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    quads: np.ndarray
    partner: np.ndarray | None = field(default=None, repr=False)

    KEPT_DERIVED: ClassVar = ("normals", "_near")  # what a packed surface need not derive again

    @cached_property
    def triangle_normals(self) -> np.ndarray:
        """Outward normal of each triangle times its area, (m, 3) mm2."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        u, v = (b - a).T, (c - a).T
        return np.stack([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]], 1) / 2

    @cached_property
    def triangle_areas_mm2(self) -> np.ndarray:
        """Area of each triangle (m,)."""
        return np.linalg.norm(self.triangle_normals, axis=1)

    @cached_property
    def _corners_of(self) -> sp.csc_matrix:
        """Sparse (vertices, triangles): sums a value per triangle onto its corners."""
        count = self.triangles.size
        return sp.csc_matrix(
            (np.ones(count), self.triangles.ravel(), np.arange(0, count + 1, 3)), (len(self.vertices), len(self.triangles))
        )

    def sum_at_corners(self, values: np.ndarray) -> np.ndarray:
        """Values (m, ...) of the triangles summed at each vertex, (n, ...)."""
        return self._corners_of @ values

    @cached_property
    def normals(self) -> np.ndarray:
        """True outward unit normals of the vertices (n, 3), weighted by area."""
        total = self.sum_at_corners(self.triangle_normals)
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)

    @cached_property
    def vertex_areas_mm2(self) -> np.ndarray:
        """A third of the area of the triangles around each vertex (n,)."""
        return self.sum_at_corners(self.triangle_areas_mm2 / 3)

    @cached_property
    def mirror(self) -> np.ndarray:
        """Index of each vertex's mirror image in x (n,); an error where the triangles are not mirror symmetric."""
        used = np.flatnonzero(np.bincount(self.triangles.ravel()))
        points = self.vertices[used]
        mirror = self.partner
        if mirror is None:
            from scipy.spatial import cKDTree

            mirror = np.arange(len(self.vertices))
            mirror[used] = used[cKDTree(points).query(points * [-1, 1, 1])[1]]
        distance = np.abs(self.vertices[mirror[used]] * [-1, 1, 1] - points).max()
        if distance > 1e-3:
            raise InputError(f"the surface is not mirror symmetric: {distance:.3g} mm; give a symmetric face")
        return mirror

    @cached_property
    def centroids(self) -> np.ndarray:
        """Middle of each triangle, (m, 3) mm."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        return (a + b + c) / 3

    @cached_property
    def _near(self) -> SortedPoints:
        return SortedPoints.of(self.centroids)

    @cached_property
    def _near_many(self) -> "cKDTree":
        from scipy.spatial import cKDTree  # a tenth of a second that a run without closest() need not pay

        return cKDTree(self.centroids)  # another kind of tree would break ties on the midline otherwise

    def at(self, triangle: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
        """Points (n, 3) at barycentric coordinates (n, 3) of triangles (n,)."""
        return np.einsum("nk,nkd->nd", barycentric, self.vertices[self.triangles[triangle]])

    def normal_at(self, triangle: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
        """Unit normals (n, 3), interpolated between the vertices."""
        normal = np.einsum("nk,nkd->nd", barycentric, self.normals[self.triangles[triangle]])
        return normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def closest(self, points: np.ndarray, candidates: int = 12) -> Foot:
        """Closest points on the surface to ``points`` (n, 3).

        Looks at the triangles with the ``candidates`` nearest centroids. Twelve miss the closest one for about one point in
        5,000 within 30 mm of the head, all at places with several almost equally close ones, and then by less than 0.1 mm.
        """
        points = np.atleast_2d(np.asarray(points, float))
        near = self._near.nearest(points, candidates) if len(points) <= FEW else None
        if near is None:
            near = np.asarray(self._near_many.query(points, k=np.arange(1, min(candidates, len(self.triangles)) + 1))[1])
        a, b, c = (self.vertices.T[:, self.triangles[near, k]] for k in range(3))
        weights = _closest_barycentric(points.T[:, :, None], a, b, c)
        feet = weights[0] * a + weights[1] * b + weights[2] * c
        distance = np.sqrt(_dot(feet - points.T[:, :, None], feet - points.T[:, :, None]))
        best = np.arange(len(points)), distance.argmin(1)
        return Foot(feet[:, *best].T, near[best], weights[:, *best].T, distance[best])

    @cached_property
    def _seen_from_front(self) -> "_Grid":
        (ax, ay), (bx, by), (cx, cy) = (self.vertices[self.triangles[:, k], :2].T for k in range(3))
        facing = np.flatnonzero((bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 2e-9)
        return _Grid(self.vertices[self.triangles[facing]], facing)

    def front_most(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(triangle (n,), barycentric (n, 3)) seen from the front at each (x, y) of (n, 2); triangle -1 where there is none."""
        return self._seen_from_front.front_most(places)

    def frontal(self, lateral_mm: np.ndarray | float, up_mm: np.ndarray | float, known: np.ndarray | None = None) -> Foot:
        """Front-most points seen from the front at (x, y) = (lateral, up); an error where the face has no such point.

        ``known``: the triangle of each point as an earlier search found it; only points that do not lie in theirs are searched for.
        """
        x, y = np.broadcast_arrays(np.asarray(lateral_mm, float), np.asarray(up_mm, float))
        places = np.stack([x.ravel(), y.ravel()], 1)
        triangle, weight = np.full(x.size, -1), np.zeros((x.size, 3))
        if known is not None and known.shape == x.shape and known.max(initial=0) < len(self.triangles):
            triangle, weight = self._within(known.ravel().astype(int), places)
        missing = np.flatnonzero(triangle < 0)
        if len(missing):
            triangle[missing], weight[missing] = self.front_most(places[missing])
        if (triangle < 0).any():
            i = int(np.argmax(triangle < 0))
            place = f"{x.flat[i]:.1f} mm lateral, {y.flat[i]:.1f} mm up from the eyes"
            raise InputError(f"no skin at {place}: outside the face or over an eye; move the point")
        points = self.at(triangle, weight)
        return Foot(points.reshape(*x.shape, 3), triangle.reshape(x.shape), weight.reshape(*x.shape, 3), np.zeros(x.shape))

    def _within(self, triangle: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(triangle (n,), barycentric (n, 3)) of places (n, 2) in the triangles given for them; -1 where a place lies outside its own."""
        weight = _flat_weights(self.vertices[self.triangles[triangle]], places)
        return np.where(weight.min(0) >= -EDGE, triangle, -1), _whole(weight)


def _flat_weights(corners: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Barycentric weights (3, n) of places (n, 2) in triangles (n, 3, 2 or 3) seen from the front; negative outside."""
    (ax, ay), (bx, by), (cx, cy) = (corners[:, k, :2].T for k in range(3))
    x, y = places.T
    det = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    v, w = (x - ax) * (cy - ay) - (cx - ax) * (y - ay), (bx - ax) * (y - ay) - (x - ax) * (by - ay)
    with np.errstate(divide="ignore", invalid="ignore"):  # a triangle seen edge on holds no place
        v, w = v / det, w / det
        return np.stack([1 - v - w, v, w])


def _whole(weight: np.ndarray) -> np.ndarray:
    """Weights (3, n) without what rounding made negative, as shares (n, 3)."""
    share = np.clip(weight, 0, 1)
    return (share / np.maximum(share.sum(0), 1e-300)).T


class _Grid:
    """Triangles sorted into the cells of a square grid in the plane of x and y, to find the front-most one at a point."""

    def __init__(self, corners: np.ndarray, names: np.ndarray, cell_mm: float = 2.0) -> None:
        self.corners, self.names, self.cell_mm = corners, names, cell_mm
        a, b, c = (corners[:, k, :2] for k in range(3))
        least, most = np.minimum(np.minimum(a, b), c) - 1e-6, np.maximum(np.maximum(a, b), c) + 1e-6
        self.origin = least.min(0)
        low, high = (np.floor((edge - self.origin) / cell_mm).astype(int) for edge in (least, most))
        self.shape = high.max(0) + 1
        tall, wide = (high - low + 1).T
        rows, offset = ragged(tall * wide)
        wide = wide[rows]
        cell = (low[rows, 0] + offset // wide) * self.shape[1] + low[rows, 1] + offset % wide
        order = np.argsort(cell.astype(np.min_scalar_type(self.shape.prod())), kind="stable")  # short numbers sort ten times as fast
        self.member = rows[order]
        self.start = np.searchsorted(cell[order], np.arange(self.shape.prod() + 1))

    def front_most(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(triangle (n,), barycentric (n, 3)) under each point (n, 2); triangle -1 where there is none."""
        triangle, weight = np.full(len(query), -1), np.zeros((len(query), 3))
        column = np.floor((query - self.origin) / self.cell_mm)
        inside = np.isfinite(query).all(1) & (column >= 0).all(1) & (column < self.shape).all(1)
        asked = np.flatnonzero(inside)
        cell = (column[asked] @ [self.shape[1], 1]).astype(int)
        rows, offset = ragged(self.start[cell + 1] - self.start[cell])
        member = self.member[self.start[cell][rows] + offset]
        corners = self.corners[member]
        inside = _flat_weights(corners, query[asked[rows]])
        hit = np.flatnonzero(inside.min(0) >= -EDGE)
        a, b, c = corners[hit, :, 2].T
        height = a + inside[1, hit] * (b - a) + inside[2, hit] * (c - a)
        hit = hit[np.argsort(height, kind="stable")]  # written in this order, the front-most stays
        at = asked[rows[hit]]
        triangle[at], weight[at] = self.names[member[hit]], _whole(inside[:, hit])
        return triangle, weight


def ragged(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, offset) of every item of a ragged table whose row i has ``counts[i]`` items."""
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)


def _closest_barycentric(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Barycentric weights (3, ...) of the point of each triangle that is closest to p; all (3, ...), broadcast over the axes after."""
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11 = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d20, d21 = _dot(ap, ab), _dot(ap, ac)
    det = np.maximum(d00 * d11 - d01 * d01, 1e-300)
    v, w = (d11 * d20 - d01 * d21) / det, (d00 * d21 - d01 * d20) / det
    inside = np.stack([1 - v - w, v, w])
    outside = np.nonzero((inside < 0).any(0))
    inside[:, *outside] = _closest_on_edges(*(np.broadcast_to(q, inside.shape)[:, *outside] for q in (p, a, b, c)))
    return inside


def _closest_on_edges(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """The same for points (3, n) whose closest point lies on the border of the triangle: weights (3, n)."""
    weights, least = np.zeros(p.shape), np.full(p.shape[1], np.inf)
    for first, second, start, end in ((0, 1, a, b), (1, 2, b, c), (2, 0, c, a)):
        edge, away = end - start, p - start
        share = np.clip(_dot(away, edge) / np.maximum(_dot(edge, edge), 1e-300), 0, 1)
        away = away - share * edge
        gap = _dot(away, away)
        nearer = gap < least
        least = np.where(nearer, gap, least)
        weights[:, nearer] = 0
        weights[first, nearer], weights[second, nearer] = 1 - share[nearer], share[nearer]
    return weights


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Scalar product along the first axis of (3, ...)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@dataclass(frozen=True, eq=False)
class Face:
    """A person's head: control ``cage`` (n, 3) mm in the frame of this module; everything else follows from it.

    ``name`` says which shipped face it came from; ``sex`` 0 woman to 1 man, ``age_years`` and
    ``interpupillary_distance_mm`` how it was shaped.
    """

    name: str
    cage: np.ndarray
    sex: float
    age_years: float
    interpupillary_distance_mm: float
    data: Mapping[str, np.ndarray] = field(repr=False)
    _surfaces: dict[int, Surface] = field(default_factory=dict, init=False, repr=False)

    def for_person(self, sex: float, age_years: float, interpupillary_distance_mm: float) -> "Face":
        """The same face with a sex (0 woman to 1 man), an age and a size.

        Shape: the mean of MakeHuman's ancestry targets, blended linearly by sex and by age between 25 and 90 years. Size: the
        whole head scaled to the distance between the pupils, since sex and age targets hardly change the size.
        """
        if not (np.isfinite(interpupillary_distance_mm) and interpupillary_distance_mm > 0):
            raise InputError(f"interpupillary_distance_mm is {interpupillary_distance_mm}; give a positive length in mm")
        if not 0 <= sex <= 1:
            raise InputError(f"sex of the face is {sex}; give 0 (woman) to 1 (man)")
        cage = _scaled(shaped_cage(self.data, sex, age_years), interpupillary_distance_mm)
        return Face(self.name, cage, float(sex), float(age_years), float(interpupillary_distance_mm), self.data)

    def with_expression(self, units: Mapping[str, float]) -> "Face":
        """The same face with face units (names as in ARKit) at strengths 0 to 1, for pictures only."""
        names = [str(name) for name in self.data["unit_names"]]
        cage = self.cage.copy()
        scale = self.interpupillary_distance_mm / _pupil_distance_mm(shaped_cage(self.data, self.sex, self.age_years))
        for name, strength in units.items():
            if name not in names:
                raise InputError(f"face unit '{name}' is unknown; {nearest(name, names)}")
            cage += strength * scale * 0.1 * self.data["unit_offsets"][names.index(name)]
        return Face(self.name, cage, self.sex, self.age_years, self.interpupillary_distance_mm, self.data)

    def surface(self, level: int = 2) -> Surface:
        """Catmull-Clark surface after ``level`` subdivisions: edges of about 5, 2.5, 1.3, 0.65 mm for levels 0 to 3."""
        if level not in self._surfaces:
            quads, triangles, partner = _topology(level)
            self._surfaces[level] = Surface(prolong(self.cage, 0, level), triangles, quads, partner)
        return self._surfaces[level]

    @cached_property
    def landmarks(self) -> np.ndarray:
        """The 468 landmarks of the MediaPipe canonical face on this head, (468, 3) mm."""
        surface = self.surface(int(self.data["landmark_levels"]))
        return surface.at(self.data["landmark_triangle"].astype(int), self.data["landmark_barycentric"])

    def borders(self, level: int = 2) -> Mapping[str, np.ndarray]:
        """Vertices of ``surface(level)`` around the openings ``right_eye``, ``left_eye``, ``mouth`` and ``neck``, in order."""
        loops = np.split(self.data["loops"].astype(np.int64), np.cumsum(self.data["loop_lengths"])[:-1])
        for step in range(level):
            loops = [_step(step).refine_loop(loop) for loop in loops]
        return dict(zip(BORDERS, loops, strict=True))

    @cached_property
    def eyeballs(self) -> tuple[tuple[np.ndarray, float], tuple[np.ndarray, float]]:
        """(centre (3,), radius in mm) of the right and of the left eyeball."""
        right, left = self.cage[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES], self.cage[-EYEBALL_VERTICES:]
        return _sphere(right), _sphere(left)


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    centre = points.mean(0)
    return centre, float(np.median(np.linalg.norm(points - centre, axis=1)))


def shaped_cage(data: Mapping[str, np.ndarray], sex: float, age_years: float) -> np.ndarray:
    """Control points (n, 3) in raw mm for a sex (0 to 1) and an age; equal parts of the three ancestry targets."""
    old = float(np.clip((age_years - YOUNG_YEARS) / (OLD_YEARS - YOUNG_YEARS), 0, 1))
    weights = np.array([g * a / 3 for g in (1 - sex, sex) for a in (1 - old, old) for _ in range(3)])
    return data["vertices"].astype(float) + 0.01 * np.tensordot(weights, data["shape_offsets"], 1)


def _pupil_distance_mm(cage: np.ndarray) -> float:
    return float(np.linalg.norm(cage[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES].mean(0) - cage[-EYEBALL_VERTICES:].mean(0)))


def _scaled(cage: np.ndarray, interpupillary_distance_mm: float) -> np.ndarray:
    return cage * (interpupillary_distance_mm / _pupil_distance_mm(cage))


class _Archive(Mapping[str, np.ndarray]):
    """The arrays of an .npz file, each unpacked when it is first asked for."""

    def __init__(self, content: bytes) -> None:
        self._file = np.load(io.BytesIO(content))
        self._read: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._read:
            self._read[name] = self._file[name]
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.files)

    def __len__(self) -> int:
        return len(self._file.files)


def read_archive(name: str) -> Mapping[str, np.ndarray]:
    """The arrays of a shipped .npz file by name."""
    return _Archive(resources.files("glabella.data").joinpath(name).read_bytes())


@cache
def _head() -> Mapping[str, np.ndarray]:
    return read_archive("head.npz")


@cache
def load_face(name: str = "reference") -> Face:
    """A shipped face. ``reference``: the mean woman of 40.6 years with the pupils 63 mm apart."""
    if name not in FACES:
        raise InputError(f"face '{name}' is unknown; {nearest(name, FACES)}")
    data = _head()
    return Face(name, _scaled(data["vertices"].astype(float), 63.0), 0.0, 40.6, 63.0, data)


class Subdivision:
    """One Catmull-Clark step from ``n`` vertices and ``quads`` (m, 4) to finer ones, ``fine_quads`` (4 m, 4).

    The fine vertices are the old ones, then one per edge, then one per quad. Each fine quad starts at its old vertex, so that
    splitting it along its first diagonal is the same on both sides of the face. Borders follow the cubic B-spline. Vertices
    in no quad stay where they are.
    """

    def __init__(self, n: int, quads: np.ndarray) -> None:
        quads = np.asarray(quads, np.int64)
        faces = len(quads)
        self.n, self.quads = n, quads
        ends = np.stack([quads, np.roll(quads, -1, 1)], 2)
        self._edge_keys, which, uses = np.unique(ends.min(2) * n + ends.max(2), return_inverse=True, return_counts=True)
        self._edge_of = which = which.reshape(faces, 4)
        count = len(uses)
        edges = np.stack([self._edge_keys // n, self._edge_keys % n], 1)
        self.fine_quads = np.concatenate(
            [np.stack([quads[:, k], n + which[:, k], n + count + np.arange(faces), n + which[:, k - 1]], 1) for k in range(4)]
        )

        border, valence = uses == 1, np.bincount(edges.ravel(), minlength=n)
        rim, loose = np.zeros(n, bool), valence == 0
        rim[edges[border].ravel()] = True
        share = 1 / np.maximum(valence, 1)
        per_face = np.where(rim, 0, share**2)
        per_edge = np.where(rim[edges], np.where(border, 0.25, 0)[:, None], 2 * share[edges] ** 2)
        self._to_face = sp.csr_matrix((np.full(4 * faces, 0.25), quads.ravel(), np.arange(0, 4 * faces + 1, 4)), (faces, n))
        self._to_middle = sp.csr_matrix((np.full(2 * count, 0.5), edges.ravel(), np.arange(0, 2 * count + 1, 2)), (count, n))
        onto_edge = np.where(border, 0, 0.25)[which].ravel()
        self._edge_from_face = sp.csc_matrix((onto_edge, which.ravel(), self._to_face.indptr), (count, faces))
        self._edge_from_middle = sp.diags_array(np.where(border, 1, 0.5), format="csr")
        self._old_from_face = sp.csc_matrix((per_face[quads].ravel(), quads.ravel(), self._to_face.indptr), (n, faces))
        self._old_from_middle = sp.csc_matrix((per_edge.ravel(), edges.ravel(), self._to_middle.indptr), (n, count))
        self._old_from_old = sp.diags_array(np.where(loose, 1, np.where(rim, 0.5, (valence - 3) * share)), format="csr")

    def refine(self, values: Any) -> Any:
        """Values on the fine vertices from ``values`` on the coarse ones: an array (n, ...) or a sparse matrix with n rows."""
        face, middle = self._to_face @ values, self._to_middle @ values
        old = self._old_from_old @ values + self._old_from_middle @ middle + self._old_from_face @ face
        edge = self._edge_from_middle @ middle + self._edge_from_face @ face
        return sp.vstack([old, edge, face], format="csr") if sp.issparse(values) else np.concatenate([old, edge, face])

    def refine_loop(self, loop: np.ndarray) -> np.ndarray:
        """The fine vertices along a closed ``loop`` of coarse ones: each old vertex, then the middle of the edge to the next."""
        ends = np.stack([loop, np.roll(loop, -1)])
        edge = np.searchsorted(self._edge_keys, ends.min(0) * self.n + ends.max(0))
        return np.stack([loop, self.n + edge], 1).ravel()

    def refine_partner(self, partner: np.ndarray) -> np.ndarray:
        """Mirror image of each fine vertex, from that of each coarse vertex."""
        edges = partner[np.stack([self._edge_keys // self.n, self._edge_keys % self.n], 1)]
        edge = np.searchsorted(self._edge_keys, edges.min(1) * self.n + edges.max(1))
        corners = np.sort(np.stack([self.quads, partner[self.quads]]), 2)[..., :3]  # three corners name a quad
        key, image = corners @ np.array([self.n**2, self.n, 1])
        order = np.argsort(key)
        face = order[np.searchsorted(key, image, sorter=order)]
        return np.concatenate([partner, self.n + edge, self.n + len(self._edge_keys) + face])


def catmull_clark(n: int, quads: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
    """One Catmull-Clark step on ``n`` vertices: (sparse matrix fine = S @ coarse, fine quads); see ``Subdivision``."""
    step = Subdivision(n, quads)
    matrix = sp.csr_matrix(step.refine(sp.eye_array(n, format="csr")))
    matrix.eliminate_zeros()
    return matrix, step.fine_quads


def triangulate(quads: np.ndarray) -> np.ndarray:
    """Two triangles for each quad, along its first diagonal: the first ones of all quads, then the second ones."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def prolong(values: np.ndarray, from_level: int, to_level: int) -> np.ndarray:
    """Values (n, ...) on the vertices of ``surface(from_level)`` carried to those of the finer ``surface(to_level)``."""
    for level in range(from_level, to_level):
        step = _step(level)
        if len(values) != step.n:
            raise InputError(f"{len(values)} values for the {step.n} vertices of face.surface({level}); give one per vertex")
        values = step.refine(values)
    return values


@cache
def _step(level: int) -> Subdivision:
    if level == 0:
        data = _head()
        return Subdivision(len(data["vertices"]), data["quads"])
    coarser = _step(level - 1)
    return Subdivision(coarser.n + len(coarser._edge_keys) + len(coarser.quads), coarser.fine_quads)


@cache
def _topology(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(quads, triangles, mirror image of each vertex) of the subdivided head."""
    if level == 0:
        quads, partner = _head()["quads"].astype(np.int64), _head()["mirror"].astype(np.int64)
    else:
        quads, partner = _step(level - 1).fine_quads, _step(level - 1).refine_partner(_topology(level - 1)[2])
    return quads, triangulate(quads), partner
