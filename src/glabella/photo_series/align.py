"""A later picture laid over the first: each point of the skin carried to where the first camera would have seen it.

Two pictures of one head differ by pose and distance, which no flat map undoes: a nose that is turned hides a cheek. So the head fitted
to the later picture, with its own shape and expression, is put where the head of the first picture is, by landmarks that no frown
moves, and seen with the first camera. Only pose is taken off: a brow that has dropped since stays dropped. What is not skin follows
the skin beside it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from glabella.photo.camera import PhotoCamera
from glabella.photo.photo import PhotoFace
from glabella.raster import rasterise

STILL = (  # landmarks that neither frown nor raised brow moves much
    6, 197, 195, 5, 4, 1, 168, 122, 351, 193, 417, 33, 133, 263, 362, 98, 327, 129, 358, 118, 347, 101, 330, 50, 280, 117, 346,
    234, 454, 127, 356, 10,
)  # fmt: skip
ROOM, DOWN_MM, BACK_MM = 0.10, -95.0, -60.0  # of the window around the head: a share of its width, and what of the head it holds
LONGEST_PIXELS = 1200
FACING = 0.12
FADE_MM = 60.0
ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Window:
    """The part of the first picture in which all are shown: ``low`` (2,) column and row of its corner, ``shape`` (rows, columns), and
    how many of its pixels there are to one of the first picture."""

    low: np.ndarray
    shape: tuple[int, int]
    scale: float

    def to_window(self, places: np.ndarray) -> np.ndarray:
        """Column and row (n, 2) in the window of places in the first picture."""
        return (places - self.low) * self.scale

    def to_picture(self, places: np.ndarray) -> np.ndarray:
        """The way back."""
        return places / self.scale + self.low


@dataclass(frozen=True, eq=False)
class Aligned:
    """A picture as the first camera would have seen it. ``source`` (rows, columns, 2): column and row in the picture itself of each pixel
    of the window; ``pixels`` (rows, columns, 3) uint8; ``residual_mm``: median distance left between the landmarks that should lie
    still."""

    window: Window
    source: np.ndarray
    pixels: np.ndarray
    residual_mm: float


@dataclass(frozen=True, eq=False)
class Similarity:
    """Places (n, 2) turned, scaled and moved: ``matrix`` (2, 2), ``shift`` (2,)."""

    matrix: np.ndarray
    shift: np.ndarray

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """The places moved."""
        return places @ self.matrix.T + self.shift

    @cached_property
    def back(self) -> "Similarity":
        """The way back."""
        inverse = np.linalg.inv(self.matrix)
        return Similarity(inverse, -inverse @ self.shift)


def window_of(first: PhotoFace) -> Window:
    """Around the head of the first picture, down to the chin."""
    surface = first.head.seen.surface(2).vertices
    flat = first.head.pixels[(surface[:, 1] > DOWN_MM) & (surface[:, 2] > BACK_MM), :2]
    rows, columns = first.picture.shape
    room = ROOM * np.ptp(flat[:, 0])
    low = np.clip(np.floor(flat.min(0) - room), 0, [columns - 2, rows - 2]).astype(int)
    high = np.minimum(np.ceil(flat.max(0) + room), [columns, rows]).astype(int)
    scale = min(1.0, LONGEST_PIXELS / float((high - low).max()))
    across, down = np.maximum(np.floor((high - low) * scale), 1).astype(int)
    return Window(low, (int(down), int(across)), scale)


def align(first: PhotoFace, visit: PhotoFace, window: Window | None = None) -> Aligned:
    """The picture of a visit laid over the first one, by the fitted heads."""
    window = window or window_of(first)
    there, residual_mm = reposed(first, visit)
    here = visit.head.pixels[:, :2]
    surface = visit.head.seen.surface(2)
    shown = np.c_[window.to_window(there[:, :2]), there[:, 2]]
    triangle = rasterise(shown, surface.triangles, window.shape).triangle
    inside = triangle >= 0
    corners = surface.triangles[triangle[inside]]
    share = _barycentric(shown[corners, :2], inside)
    facing = (surface.normals * _towards(visit.head.camera, surface.vertices)).sum(1)
    seen = np.zeros(window.shape, bool)
    seen[inside] = (share * facing[corners]).sum(1) > FACING
    flat = similarity(window.to_window(there[:, :2]), here)  # of the whole head: the way back for what is no skin
    column, row = np.meshgrid(np.arange(window.shape[1]), np.arange(window.shape[0]))
    usual = flat(np.stack([column, row], -1).reshape(-1, 2).astype(float)).reshape(*window.shape, 2)
    off = np.zeros((*window.shape, 2))
    off[inside] = np.einsum("nk,nkd->nd", share, here[corners]) - usual[inside]
    source = usual + _carried_on(off, seen, first.head.camera.pixels_per_mm * window.scale)
    finer = np.sqrt(abs(np.linalg.det(flat.matrix)))  # pixels of the picture to one of the window
    pixels = _sampled(visit.picture.pixels, source, finer)
    return Aligned(window, source, pixels, residual_mm)


def shown_first(first: PhotoFace, window: Window) -> np.ndarray:
    """(rows, columns, 3) the first picture in its window."""
    column, row = np.meshgrid(np.arange(window.shape[1]), np.arange(window.shape[0]))
    source = window.to_picture(np.stack([column, row], -1).reshape(-1, 2).astype(float)).reshape(*window.shape, 2)
    return _sampled(first.picture.pixels, source, 1 / window.scale)


def reposed(first: PhotoFace, visit: PhotoFace) -> tuple[np.ndarray, float]:
    """Column, row and height (n, 3) in the first picture of the vertices of the visit's head, put where the first head is; and the
    median distance in mm of landmarks that should lie still."""
    pose = _Repose(first, visit)
    there = first.head.camera.project(pose.put(visit.head.seen.surface(2).vertices))
    there[:, :2] = pose.last(there[:, :2])
    return there, float(np.median(np.linalg.norm(pose.moved_mm(STILL), axis=1)))


def moved_mm(first: PhotoFace, visit: PhotoFace, places: tuple[int, ...]) -> np.ndarray:
    """(n, 2) mm to the picture's right and up by which landmarks lie elsewhere on the head than in the first picture."""
    return _Repose(first, visit).moved_mm(places)


class _Repose:
    """The head of a visit put where the first head is, by landmarks that lie still; ``last``: the flat similarity after that."""

    def __init__(self, first: PhotoFace, visit: PhotoFace) -> None:
        self.first, self.visit = first, visit
        still = list(STILL)
        self.rigid = rigid(visit.head.seen.landmarks[still], first.head.seen.landmarks[still])
        self.last = similarity(self._found(STILL), first.landmarks.points[still, :2])

    def put(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 3) of the visit's head in the frame of the first."""
        turn, scale, shift = self.rigid
        return scale * points @ turn.T + shift

    def _found(self, places: tuple[int, ...]) -> np.ndarray:
        """Where landmarks of the visit's picture fall in the first, as they were found and not only as they were fitted."""
        mine, camera = self.visit.head.seen.landmarks[list(places)], self.visit.head.camera
        off = self.visit.landmarks.points[list(places), :2] - camera.project(mine)[:, :2]
        here = self.first.head.camera
        return here.project(self.put(mine))[:, :2] + off * here.pixels_per_mm / camera.pixels_per_mm

    def moved_mm(self, places: tuple[int, ...]) -> np.ndarray:
        """As the function of this name."""
        gap = self.last(self._found(places)) - self.first.landmarks.points[list(places), :2]
        return gap * [1.0, -1.0] / self.first.head.camera.pixels_per_mm


def similarity(places: np.ndarray, others: np.ndarray) -> Similarity:
    """The turn, scale and shift of places (n, 2) that lays most of them on the others: least squares with those far off weighed down."""
    weight = np.ones(len(places))
    found = Similarity(np.eye(2), np.zeros(2))
    for _ in range(ROUNDS):
        found = _weighted_similarity(places, others, weight)
        off = np.linalg.norm(found(places) - others, axis=1)
        spread = 2.0 * max(float(np.median(off)), 1e-9)
        weight = 1 / np.maximum(off / spread, 1.0)
    return found


def _weighted_similarity(places: np.ndarray, others: np.ndarray, weight: np.ndarray) -> Similarity:
    share = weight / weight.sum()
    middle, centre = share @ places, share @ others
    a, b = places - middle, others - centre
    along = (share[:, None] * a * b).sum()
    across = (share * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])).sum()
    size = (share[:, None] * a * a).sum()
    c, s = along / size, across / size
    matrix = np.array([[c, -s], [s, c]])
    return Similarity(matrix, centre - matrix @ middle)


def rigid(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Turn (3, 3), scale and shift (3,) that lay points (n, 3) on others, robust as ``similarity``."""
    weight = np.ones(len(points))
    turn, scale, shift = np.eye(3), 1.0, np.zeros(3)
    for _ in range(ROUNDS):
        share = weight / weight.sum()
        middle, centre = share @ points, share @ others
        a, b = points - middle, others - centre
        u, values, vt = np.linalg.svd((share[:, None] * b).T @ a)
        sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        turn = (u * sign) @ vt
        scale = float((values * sign).sum() / (share[:, None] * a * a).sum())
        shift = centre - scale * turn @ middle
        off = np.linalg.norm(scale * points @ turn.T + shift - others, axis=1)
        weight = 1 / np.maximum(off / (2.0 * max(float(np.median(off)), 1e-9)), 1.0)
    return turn, scale, shift


def _towards(camera: PhotoCamera, points: np.ndarray) -> np.ndarray:
    ahead = camera.viewer - points
    return ahead / np.linalg.norm(ahead, axis=1, keepdims=True)


def _barycentric(corner: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(n, 3) shares of the corners (n, 3, 2) at the pixels that are inside."""
    row, column = np.nonzero(inside)
    b, c, p = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0], np.stack([column, row], 1) - corner[:, 0]
    det = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    v = (p[:, 0] * c[:, 1] - p[:, 1] * c[:, 0]) / det
    w = (b[:, 0] * p[:, 1] - b[:, 1] * p[:, 0]) / det
    return np.stack([1 - v - w, v, w], 1)


def _carried_on(off: np.ndarray, seen: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Offsets (rows, columns, 2) as they are on seen skin; beyond it those of the nearest skin, smoother and less the farther away."""
    if not seen.any():
        return np.zeros_like(off)
    away, nearest = distance_transform_edt(~seen, return_indices=True)  # type: ignore[misc]
    carried = off[nearest[0], nearest[1]]
    soft = np.stack([gaussian_filter(carried[..., k], 3.0 * pixels_per_mm) for k in range(2)], -1)
    blend = np.clip(away / (6.0 * pixels_per_mm), 0, 1)[..., None]
    return ((1 - blend) * carried + blend * soft) * np.exp(-away / (FADE_MM * pixels_per_mm))[..., None]


def _sampled(pixels: np.ndarray, source: np.ndarray, finer: float) -> np.ndarray:
    """The picture at places; averaged first where it has more pixels than are shown."""
    out = np.empty((*source.shape[:2], 3), np.uint8)
    places = source[..., 1], source[..., 0]
    for k in range(3):
        plane = pixels[..., k].astype(np.float32)
        if finer > 1.2:
            plane = gaussian_filter(plane, 0.4 * finer)
        out[..., k] = np.clip(np.rint(map_coordinates(plane, places, order=1, mode="nearest")), 0, 255)
    return out
