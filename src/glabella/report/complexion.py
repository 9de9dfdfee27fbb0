"""What a face is painted with: colours of skin, lips, brows, lashes and hairline on its vertices. A picture convention, no measurement.

Everything here is tied to the landmarks, so that it moves with the skin, and it depends on |x| only, so that it is the same on
both sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from glabella.face import Face, Surface, prolong

# MediaPipe landmarks; brows from head to tail, outer lips all round (the person's right side where there are two)
BROW_UPPER, BROW_LOWER = (107, 66, 105, 63, 70), (55, 65, 52, 53, 46)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
NOSE_TIP, CHEEK, EYE_OUTER, NASION, CHIN = 4, 50, 33, 168, 152

EYES = ("right_eye", "left_eye")

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Complexion:
    """Colours as sRGB shares 0 to 1; ``hairline_up_mm`` above the nasion at 63 mm between the pupils, None for a bald head."""

    skin: Colour = (0.83, 0.66, 0.57)
    blush: Colour = (0.80, 0.52, 0.46)
    lips: Colour = (0.71, 0.44, 0.42)
    hair: Colour = (0.27, 0.20, 0.165)
    iris: Colour = (0.36, 0.30, 0.22)
    hairline_up_mm: float | None = 68.0


LIGHT = Complexion()
MEDIUM = Complexion((0.68, 0.49, 0.38), (0.63, 0.40, 0.32), (0.56, 0.34, 0.31), (0.16, 0.12, 0.10), (0.25, 0.17, 0.11))
DARK = Complexion((0.43, 0.29, 0.22), (0.40, 0.24, 0.19), (0.39, 0.23, 0.21), (0.10, 0.08, 0.07), (0.18, 0.12, 0.08))


def linear(colour: Colour | np.ndarray) -> np.ndarray:
    """sRGB shares as amounts of light."""
    c = np.asarray(colour, float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth in between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The places on a face where paint goes, on the vertices of ``face.surface(2)``. Lengths in mm of a head with pupils 63 mm apart."""

    face: Face
    HAIRLINE_UP_MM: ClassVar[float] = 68.0  # height above the nasion for which ``behind_hairline`` is drawn

    @cached_property
    def surface(self) -> Surface:
        """The skin that is painted."""
        return self.face.surface(2)

    @cached_property
    def scale(self) -> float:
        """Size of this head relative to one with 63 mm between the pupils."""
        return self.face.interpupillary_distance_mm / 63.0

    @cached_property
    def points(self) -> np.ndarray:
        """(n, 3) vertices scaled to 63 mm, with x folded onto one side and rounded off at the midline."""
        p = self.surface.vertices / self.scale
        return np.c_[np.sqrt(p[:, 0] ** 2 + 1.0), p[:, 1:]]

    @cached_property
    def landmarks(self) -> np.ndarray:
        """(468, 3) landmarks at 63 mm."""
        return self.face.landmarks / self.scale

    @cached_property
    def openness(self) -> np.ndarray:
        """(n,) share of the surrounding light that reaches each vertex, 0 to 1."""
        return prolong(self.face.data["openness"] / 255.0, 1, 2)

    @cached_property
    def borders(self) -> Mapping[str, np.ndarray]:
        """Vertices around the eyes and the mouth, in order."""
        return self.face.borders(2)

    @cached_property
    def brow(self) -> np.ndarray:
        """(n, 3): mm along the brow from its head, share across (-1 lower to 1 upper edge), half its thickness in mm, 0 off the brow."""
        out = np.tile([0.0, 9.0, 0.0], (len(self.points), 1))
        middle = (self.landmarks[list(BROW_UPPER)] + self.landmarks[list(BROW_LOWER)]) / 2
        half = np.linalg.norm(self.landmarks[list(BROW_UPPER)] - self.landmarks[list(BROW_LOWER)], axis=1) / 2
        middle, half = middle * [-1, 1, 1], np.maximum(half, 2.0)
        start, end = 1.6 * middle[0] - 0.6 * middle[1], 1.5 * middle[-1] - 0.5 * middle[-2]  # room to fade out
        line, thick = _dense(np.vstack([start, middle, end])), _dense(np.r_[half[0], half, half[-1]][:, None])[:, 0]
        along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
        along -= np.interp(1 / 6, np.linspace(0, 1, len(line)), along)  # 0 at the brow's own head
        near = self._around(line, 14.0)
        p = np.c_[np.abs(self.surface.vertices[near, 0]) / self.scale, self.points[near, 1:]]
        foot = _distance_mm(p, line).argmin(1)
        normal = self.surface.normals[near] * np.where(self.surface.vertices[near, :1] < 0, [-1, 1, 1], 1)
        tangent = np.gradient(line, axis=0)[foot]
        upward = np.cross(normal, tangent)
        upward /= np.maximum(np.linalg.norm(upward, axis=1, keepdims=True), 1e-9)
        across = ((p - line[foot]) * upward).sum(1) / thick[foot]
        on_brow = (np.abs(across) < 1.9) & (foot > 0) & (foot < len(line) - 1)
        out[near] = np.c_[along[foot], np.clip(across, -9, 9), np.where(on_brow, thick[foot], 0)]
        return out

    @cached_property
    def brow_length_mm(self) -> float:
        """From head to tail."""
        middle = (self.landmarks[list(BROW_UPPER)] + self.landmarks[list(BROW_LOWER)]) / 2
        return float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum())

    @cached_property
    def lips(self) -> np.ndarray:
        """(n,) mm inside the outline of the lips, negative outside."""
        out = np.full(len(self.points), -99.0)
        outline = _dense(np.vstack([self.landmarks[list(LIPS)], self.landmarks[LIPS[0]]]), 8)
        near = self._around(outline, 12.0)
        p = self.surface.vertices[near] / self.scale
        out[near] = _distance_mm(p, outline).min(1) * np.where(_inside(p[:, :2], outline[:, :2]), 1, -1)
        return out

    @cached_property
    def mouth_gap(self) -> np.ndarray:
        """(n,) mm from the line between the lips."""
        return self._from_loop(self.borders["mouth"])

    @cached_property
    def lid_margins(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) mm from the upper and from the lower margin of the eyelids."""
        upper, lower = zip(*(split_lids(self.surface.vertices, self.borders[eye]) for eye in EYES), strict=True)
        return self._from_loop(np.concatenate(upper)), self._from_loop(np.concatenate(lower))

    @cached_property
    def beside_lids(self) -> np.ndarray:
        """(n,) 0 at the margins of the eyelids, 1 from 7 mm away."""
        return smoothstep(0.0, 7.0, np.minimum(*self.lid_margins))

    @cached_property
    def behind_hairline(self) -> np.ndarray:
        """(n,) mm behind the hairline (negative on the bare skin) for a hairline at the height of the nasion; grows upwards and backwards.

        Drawn on a cylinder around the head: level over the forehead, a little higher at its corners, down in front of the ears.
        """
        x, y, z = self.points.T
        nasion = self.landmarks[NASION]
        turn = np.degrees(np.arctan2(x, z - nasion[2] + 85.0))
        bend = np.interp(turn, [0, 15, 27, 38, 48, 56, 62, 67, 72, 96, 110, 180], [68, 67.5, 66, 62, 52, 36, 20, 6, -14, -14, -35, -55])
        corner = 4.0 * np.exp(-(((turn - 33) / 9) ** 2))
        return y - nasion[1] - bend - corner

    @cached_property
    def blush(self) -> np.ndarray:
        """(n,) 0 to 1: how red the skin is: cheeks, tip of the nose, ears, chin."""
        amount = np.zeros(len(self.points))
        for index, radius, strength in ((CHEEK, 27.0, 0.30), (NOSE_TIP, 14.0, 0.42), (CHIN, 18.0, 0.15), (EYE_OUTER, 14.0, 0.15)):
            centre = self.landmarks[index] * [-1, 1, 1] if self.landmarks[index, 0] < 0 else self.landmarks[index]
            amount += strength * np.exp(-(((self.points - centre) ** 2).sum(1)) / radius**2)
        return np.clip(amount + 0.4 * self.ear, 0, 1)

    @cached_property
    def ear(self) -> np.ndarray:
        """(n,) 1 on the ears, 0 elsewhere."""
        x, y, z = self.points.T
        return smoothstep(75.5, 77.5, x) * smoothstep(12, 7, y) * smoothstep(-105, -98, z) * smoothstep(-42, -48, z)

    @cached_property
    def mottle(self) -> np.ndarray:
        """(n,) about -1 to 1: smooth unevenness of the skin's colour."""
        return waves(self.points, 9.0, 5) * 0.6 + waves(self.points, 3.5, 6) * 0.4

    def _around(self, line: np.ndarray, reach_mm: float) -> np.ndarray:
        box = (self.points[:, 1] > line[:, 1].min() - reach_mm) & (self.points[:, 1] < line[:, 1].max() + reach_mm)
        widest = np.abs(line[:, 0]).max() + reach_mm
        return np.flatnonzero(box & (self.points[:, 0] < widest) & (self.points[:, 2] > line[:, 2].min() - reach_mm))

    def _from_loop(self, loop: np.ndarray) -> np.ndarray:
        out = np.full(len(self.points), 99.0)
        line = self.surface.vertices[loop] / self.scale
        near = self._around(line, 8.0)
        out[near] = _distance_mm(self.surface.vertices[near] / self.scale, line).min(1)
        return out


_CANVASES: WeakKeyDictionary[Face, Canvas] = WeakKeyDictionary()


def canvas_of(face: Face) -> Canvas:
    """The canvas of a face, kept as long as the face lives."""
    if face not in _CANVASES:
        _CANVASES[face] = Canvas(face)
    return _CANVASES[face]


def paint_skin(canvas: Canvas, complexion: Complexion) -> tuple[np.ndarray, np.ndarray]:
    """(colour (n, 3) as amounts of light, gloss (n,)) of the bare skin with lips and lids; brows and hair are drawn per pixel."""
    skin, blush, lips, hair = (linear(c) for c in (complexion.skin, complexion.blush, complexion.lips, complexion.hair))
    colour = skin + (blush - skin) * canvas.blush[:, None]
    colour = colour * (1 + 0.045 * canvas.mottle[:, None] * [0.6, 1.0, 1.0])
    lip = smoothstep(-1.0, 1.2, canvas.lips)[:, None]
    colour = colour + (lips * (1 + 0.06 * canvas.mottle[:, None]) - colour) * lip
    gap = np.exp(-((canvas.mouth_gap / 0.9) ** 2))[:, None]
    colour = colour * (1 - 0.72 * gap)
    upper, lower = canvas.lid_margins
    lash = (0.95 * np.exp(-((upper / 1.3) ** 2)) + 0.4 * np.exp(-((lower / 0.8) ** 2)))[:, None]
    lash = np.minimum(lash, 0.9)
    colour = colour + (0.5 * hair - colour) * lash
    shade = (0.16 * np.exp(-((upper / 5.0) ** 2)) + 0.08 * np.exp(-((lower / 4.0) ** 2)))[:, None]
    colour = colour * (1 - shade * [0.7, 1.0, 1.0])
    gloss = 1 + 1.2 * lip[:, 0] - 0.6 * lash[:, 0] + 0.6 * np.exp(-(((canvas.points - canvas.landmarks[NOSE_TIP]) ** 2).sum(1)) / 15.0**2)
    return colour, gloss


def split_lids(points: np.ndarray, loop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(upper, lower) half of the border of an eye between its corners, both from the smallest x to the largest."""
    i, j = sorted((int(points[loop, 0].argmin()), int(points[loop, 0].argmax())))
    halves = sorted((loop[i : j + 1], np.r_[loop[j:], loop[: i + 1]]), key=lambda half: -points[half, 1].mean())
    upper, lower = (half if points[half[0], 0] < points[half[-1], 0] else half[::-1] for half in halves)
    return upper, lower


def waves(points: np.ndarray, length_mm: float, seed: int) -> np.ndarray:
    """Smooth pattern (n,) of about -1 to 1 that changes over ``length_mm``: a few plane waves in fixed directions."""
    directions, phases = wave_table(length_mm, seed)
    return np.sin(points @ directions.astype(points.dtype) + phases.astype(points.dtype)).sum(1) / np.sqrt(np.float32(len(phases)))


@cache
def wave_table(length_mm: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions (3, 6) in radians per mm and phases (6,) of the waves that add to one random pattern of about ``length_mm``."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(3, 6))
    directions *= random.uniform(0.6, 1.4, 6) * np.pi / (length_mm * np.linalg.norm(directions, axis=0))
    return directions, random.uniform(0, 2 * np.pi, 6)


def _distance_mm(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances (n, m) between points (n, 3) and others (m, 3)."""
    squared = (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * points @ others.T
    return np.sqrt(np.maximum(squared, 0))


def _dense(line: np.ndarray, per_piece: int = 30) -> np.ndarray:
    """A smooth curve (Catmull-Rom) through the points of ``line``."""
    p = np.vstack([2 * line[0] - line[1], line, 2 * line[-1] - line[-2]])
    t = (np.arange(per_piece) / per_piece)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    return np.vstack([*pieces, line[-1:]])


def _inside(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Whether each point (n, 2) lies inside the closed polygon (m, 2)."""
    a, b = outline, np.roll(outline, -1, 0)
    x, y = points[:, :1], points[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return (((a[:, 1] > y) != (b[:, 1] > y)) & (x < crossing)).sum(1) % 2 == 1
