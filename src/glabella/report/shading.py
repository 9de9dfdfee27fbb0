"""From what a view sees to amounts of light: skin, hair and eyes under a key light and a fill light.

Vectors point right, up and towards the viewer. Per sample they and colours are stored component by component, (3, m): numpy is
several times slower on (m, 3).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from glabella.face import Face, prolong
from glabella.report.complexion import CHIN, EYES, Canvas, Colour, Complexion, canvas_of, linear, paint_skin, smoothstep, waves
from glabella.report.furrows import Furrows
from glabella.report.view import LEFT_EYE, PLUGS, RIGHT_EYE, Samples, View

VIRIDIS = np.array(
    [
        [68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140], [34, 168, 132], [68, 191, 112],
        [122, 209, 81], [189, 223, 38], [253, 231, 37],
    ]
) / 255  # fmt: skip  (matplotlib's viridis at equal steps: even in brightness, safe for colour-blind readers)
SAMPLES_AT_A_TIME = 12_000
IRIS_MM, PUPIL_MM = 5.85, 1.9  # radii
SMOOTHING_PASSES = 5
Tint = tuple[np.ndarray, float]  # of an overlay: share 0 to 1 per vertex, opacity
Shader = Callable[[Samples], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Overlay:
    """A quantity on the vertices of ``face.surface(1)`` or ``(2)`` as a transparent colour: clear at ``low``, full at ``high``."""

    values: np.ndarray
    low: float
    high: float
    opacity: float = 0.8


@dataclass(frozen=True)
class Studio:
    """Light and background. The key light stands at ``key_azimuth_degrees`` from the camera, positive on the picture's right."""

    key_azimuth_degrees: float = -42.0
    key_elevation_degrees: float = 38.0
    key: float = 0.80
    fill: float = 0.34
    ambient: float = 0.40
    background: Colour = (0.905, 0.912, 0.92)
    edge: Colour = (0.80, 0.815, 0.83)

    @property
    def lamps(self) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """(direction, direction half-way to the viewer, strength) of the key and the fill light."""
        a, e = np.radians(self.key_azimuth_degrees), np.radians(self.key_elevation_degrees)
        key = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
        fill = np.array([-1.15 * key[0], 0.25, 0.8])
        viewer = np.array([0.0, 0.0, 1.0])
        return [(_unit(lamp), _unit(_unit(lamp) + viewer), strength) for lamp, strength in ((key, self.key), (fill, self.fill))]


def shade(view: View, shaders: Iterable[tuple[Callable[[np.ndarray], np.ndarray], Shader]], studio: Studio) -> np.ndarray:
    """Amounts of light (3, rows, columns): each shader on the samples that it is for, over the background."""
    rows, columns = view.camera.shape
    total, cover = np.zeros((3, rows * columns), np.float32), np.zeros(rows * columns, np.float32)
    for is_for, shader in shaders:
        chosen = np.flatnonzero(is_for(view.samples.seen))
        for start in range(0, len(chosen), SAMPLES_AT_A_TIME):
            samples = view.samples.part(chosen[start : start + SAMPLES_AT_A_TIME])
            colour, opacity = shader(samples)
            first, count = int(samples.pixel.min()), int(np.ptp(samples.pixel)) + 1
            pixel, weight, here = samples.pixel - first, samples.weight * opacity, slice(first, first + count)
            cover[here] += np.bincount(pixel, weight, count)
            for k in range(3):
                total[k, here] += np.bincount(pixel, weight * colour[k], count)
    return (total + (1 - cover) * _background(rows, columns, studio)).reshape(3, rows, columns)


def shaders_of(
    view: View, face: Face, complexion: Complexion, studio: Studio, furrows: list[Furrows], tint: Tint | None
) -> list[tuple[Callable[[np.ndarray], np.ndarray], Shader]]:
    """What paints which samples."""
    canvas = canvas_of(face)
    skin = SkinShader(view, canvas, complexion, studio, furrows, tint)
    eyes = EyeShader(view, complexion, studio)
    return [(lambda seen: seen >= 0, skin), (lambda seen: seen == RIGHT_EYE, eyes), (lambda seen: seen == LEFT_EYE, eyes)]


def _background(rows: int, columns: int, studio: Studio) -> np.ndarray:
    x, y = np.linspace(-1, 1, columns, dtype=np.float32), np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    away = np.clip(0.75 * x**2 + 0.5 * (y + 0.15) ** 2, 0, 1).ravel()
    middle, edge = (column(linear(colour)) for colour in (studio.background, studio.edge))
    return middle + (edge - middle) * away


class SkinShader:
    """Skin, lips, lids, brows and hairline."""

    def __init__(
        self, view: View, canvas: Canvas, complexion: Complexion, studio: Studio, furrows: list[Furrows], tint: Tint | None
    ) -> None:
        self.view, self.canvas, self.studio, self.furrows = view, canvas, studio, furrows
        self.hair_colour = column(linear(complexion.hair))
        self.hairline_lift_mm = np.inf if complexion.hairline_up_mm is None else complexion.hairline_up_mm - canvas.HAIRLINE_UP_MM
        colour, gloss = paint_skin(canvas, complexion)
        axes = view.camera.axes
        covered = canvas.behind_hairline - 60 * canvas.ear
        share = np.zeros(len(colour)) if tint is None else tint[0]
        normals = _normals(canvas, view) @ axes.T
        table = np.column_stack([normals, colour, gloss, canvas.openness, canvas.brow, covered, canvas.points, share])
        behind = np.zeros((len(view.vertices) - len(table), table.shape[1]))  # what is seen through the openings
        behind[:, :3], behind[:, 7], behind[:, 11] = axes[:, 2], 0.6, -99.0
        behind[:, 3:6] = _plug_colours(view)
        behind[:, 12:15] = view.vertices[len(table) :]
        self.table = np.concatenate([table, behind]).astype(np.float32)
        self.tint_opacity = 0.0 if tint is None else tint[1]

    def __call__(self, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """(light (3, m), opacity (m,)) of samples that see skin; below the chin the picture fades out."""
        weights = self.view.interpolation(samples)
        values = np.ascontiguousarray((weights @ self.table).T)
        normal, albedo, gloss, openness, place = values[:3], values[3:6], values[6], values[7], values[12:15]
        normal /= np.sqrt((normal**2).sum(0))
        for lines in self.furrows:
            lines.crease(weights, place, normal, openness)
        if self.tint_opacity:
            share = np.clip(values[15], 0, 1)
            colour = linear(colours_of(share)).astype(np.float32).T
            albedo = albedo + (colour - albedo) * (self.tint_opacity * smoothstep(0.0, 0.35, share))
        hair = np.maximum(self._brow(values[8:11]), self._scalp(values[11], place))
        albedo = albedo + (self.hair_colour - albedo) * hair
        gloss = gloss * (1 - 0.8 * hair)
        light, shine = self._light(normal, openness)
        chin = self.canvas.landmarks[CHIN, 1]
        return albedo * light + shine * gloss * openness, smoothstep(chin - 46, chin - 10, place[1])

    def _light(self, normal: np.ndarray, openness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(diffuse light (3, m), shine (m,)). Light reaches round the skin, red farthest, and turns red between its folds."""
        reach, below, above = column([0.38, 0.24, 0.18]), column([0.78, 0.72, 0.70]), column([0.22, 0.28, 0.32])
        bounce = 1 - (1 - openness) * column([0.80, 0.92, 0.96])
        light = self.studio.ambient * (below + above * (0.5 + 0.5 * normal[1])) * bounce
        beamed = 0.35 + 0.65 * bounce
        shine = np.zeros(len(openness), np.float32)
        for direction, halfway, strength in self.studio.lamps:
            facing = direction.astype(np.float32) @ normal
            light += np.maximum(facing + reach, 0) * (strength / (1 + reach)) * beamed
            broad = _sixteenth_power(np.clip(halfway.astype(np.float32) @ normal, 0, 1))
            shine += strength * np.clip(facing * 4, 0, 1) * (0.055 * broad + 0.05 * broad**2 * broad**2)
        return light, shine

    def _brow(self, brow: np.ndarray) -> np.ndarray:
        """(m,) 0 to 1: how much of each sample is brow hair; ``brow`` as in ``Canvas.brow``."""
        hair = np.zeros(brow.shape[1], np.float32)
        on = np.flatnonzero((np.abs(brow[1]) < 1.6) & (brow[2] > 1.2))
        along, across, half = brow[:, on]
        length = self.canvas.brow_length_mm
        share = np.clip(along / length, -0.1, 1.1)
        fade = smoothstep(-3.5, 7.0, along) * smoothstep(length + 4.0, length - 9.0, along)
        strength = smoothstep(1.35, 0.25, np.abs(across)) * fade
        lean = np.radians(72 - 62 * smoothstep(0.0, 0.75, share) - 20 * share * np.clip(across, -1, 1))  # upright at the head only
        up = across * half
        beside, ahead = -along * np.sin(lean) + up * np.cos(lean), along * np.cos(lean) + up * np.sin(lean)
        strand = 0.55 * grain(beside / 0.42, ahead / 3.2, 3) + 0.45 * grain(beside / 0.9 + 7.7, ahead / 5.0, 4)
        hair[on] = np.clip(strength * (0.62 + 0.95 * (strand - 0.35)), 0, 0.93)
        return hair

    def _scalp(self, behind_hairline: np.ndarray, place: np.ndarray) -> np.ndarray:
        """(m,) 0 to 1: how much of each sample is cropped hair of the scalp."""
        hair = np.zeros(len(behind_hairline), np.float32)
        behind = behind_hairline - self.hairline_lift_mm
        on = np.flatnonzero(behind > -12)
        if len(on):
            x, y, z = here = place[:, on]
            stubble = 0.5 * grain(x / 0.6 + 0.4 * y, y / 0.9 + 0.3 * z, 5) + 0.5 * grain(z / 0.6 + 0.4 * y, y / 0.9 + 0.5 * x, 6)
            hair[on] = smoothstep(-5.0, 16.0, behind[on] + 2.0 * waves(here.T, 7.0, 23)) * (0.62 + 0.24 * stubble)
        return hair


class EyeShader:
    """Eyeballs that look straight ahead."""

    def __init__(self, view: View, complexion: Complexion, studio: Studio) -> None:
        self.view, self.studio, self.iris = view, studio, linear(complexion.iris)

    def __call__(self, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """(light (3, m), opacity (m,)) of samples that all see the same eyeball."""
        k = 0 if samples.seen[0] == RIGHT_EYE else 1
        (centre, radius), scale, axes = self.view.eyeballs[k], self.view.camera.pixels_per_mm, self.view.camera.axes
        x, y = (samples.column - centre[0]) / scale, (centre[1] - samples.row) / scale
        ball = np.stack([x, y, np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))], 1)
        own = ball @ axes  # in the frame of the face
        out = np.where(own[:, 2] > 0, np.hypot(own[:, 0], own[:, 1]), radius)  # mm from the axis of the eye
        blur = 0.35 / scale
        iris = smoothstep(IRIS_MM + 0.30 + blur, IRIS_MM - 0.30 - blur, out)[:, None]
        pupil = smoothstep(PUPIL_MM + 0.12 + blur, PUPIL_MM - 0.12 - blur, out)[:, None]
        fibre = 0.82 + 0.36 * grain(np.arctan2(own[:, 1], np.abs(own[:, 0])) * 14, out / 2.6, 8)
        fibre += 0.25 * np.clip(-own[:, 1] / IRIS_MM, -0.4, 1)  # light that came in from above leaves below
        fibre *= 1 - 0.62 * smoothstep(IRIS_MM - 1.5, IRIS_MM - 0.1, out)
        white = linear((0.865, 0.845, 0.83)) - np.array([0.02, 0.12, 0.13]) * smoothstep(7.5, 13.5, out)[:, None]
        colour = white + (1.25 * self.iris * fibre[:, None] - white) * iris
        colour = colour + (0.004 - colour) * pupil

        normal = ball / radius
        bulge = own * [1, 1, 0] / radius @ axes.T * smoothstep(IRIS_MM + 1.0, IRIS_MM - 1.0, out)[:, None]
        cornea = normal + 1.5 * bulge
        cornea /= np.linalg.norm(cornea, axis=1, keepdims=True)
        light, shine = np.full(len(out), 0.85 * self.studio.ambient), np.zeros(len(out))
        for direction, halfway, strength in self.studio.lamps:
            light += strength * np.maximum(normal @ direction + 0.25, 0) / 1.25
            glance = np.clip(cornea @ halfway, 0, 1)
            shine += 1.1 * strength**2 * smoothstep(0.989, 0.998, glance) + 0.05 * strength * glance**40
        return colour.T * (light * self._lid_shadow(samples, EYES[k])) + shine, np.ones(len(out))

    def _lid_shadow(self, samples: Samples, eye: str) -> np.ndarray:
        """(m,) share of the light that the eyelids let through onto the eyeball."""
        share = np.ones(len(samples.row))
        upper, lower = self.view.lids(eye)
        for lid, sign, depth, reach_mm in ((upper, 1, 0.62, 2.3), (lower, -1, 0.25, 1.2)):
            line = self.view.flat[lid]
            line = line[np.argsort(line[:, 0])]
            gap_mm = sign * (samples.row - np.interp(samples.column, line[:, 0], line[:, 1])) / self.view.camera.pixels_per_mm
            share *= 1 - depth * np.exp(-np.maximum(gap_mm, 0) / reach_mm)
        return share


def colours_of(share: np.ndarray) -> np.ndarray:
    """sRGB colours (n, 3) for shares 0 to 1, dark to bright; for legends of an ``Overlay``."""
    steps = np.linspace(0, 1, len(VIRIDIS))
    return np.stack([np.interp(share, steps, VIRIDIS[:, k]) for k in range(3)], -1)


def develop(light: np.ndarray) -> np.ndarray:
    """uint8 sRGB pixels (rows, columns, 3) of amounts of light (3, rows, columns), with a soft shoulder towards white."""
    steps, brightest, shoulder = 1 << 14, 2.0, 0.7
    amount = np.arange(steps) * (brightest / (steps - 1))
    over = np.maximum(amount - shoulder, 0)
    amount = np.minimum(amount, shoulder) + (1 - shoulder) * over / (over + (1 - shoulder))
    srgb = np.where(amount <= 0.0031308, 12.92 * amount, 1.055 * np.maximum(amount, 1e-9) ** (1 / 2.4) - 0.055)
    table = np.rint(np.clip(srgb, 0, 1) * 255).astype(np.uint8)
    pixels = table[(np.clip(light, 0, brightest) * np.float32((steps - 1) / brightest) + np.float32(0.5)).astype(np.int32)]
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def column(values: np.ndarray | list[float]) -> np.ndarray:
    """Three values as (3, 1)."""
    return np.asarray(values, np.float32)[:, None]


def grain(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Smooth random values 0 to 1 that change over one unit of x or y."""
    table = grain_table(seed)
    left, low = np.floor(x), np.floor(y)
    u, v = x - left, y - low
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    i, j = left.astype(np.int64) & 63, low.astype(np.int64) & 63
    near, far = (table[i + k, j] * (1 - v) + table[i + k, j + 1] * v for k in (0, 1))
    return near * (1 - u) + far * u


@cache
def grain_table(seed: int) -> np.ndarray:
    """Random values 0 to 1 (65, 65) that repeat after 64, for patterns that are read between their places."""
    return np.pad(np.random.default_rng(seed).random((64, 64), np.float32), (0, 1), mode="wrap")


def _normals(canvas: Canvas, view: View) -> np.ndarray:
    """Normals (n, 3) of the moved skin; what the movement changes about them is smoothed over a few mm, since folds that the mesh
    cannot resolve would show as scales."""
    rest = canvas.surface.normals
    if view.surface is canvas.surface:
        return rest
    coarse = canvas.face.surface(1)
    change = (view.surface.normals - rest)[: len(coarse.vertices)]  # the first fine vertices are the coarse ones
    around = np.maximum(coarse.vertex_areas_mm2, 1e-12)[:, None]
    for _ in range(SMOOTHING_PASSES):
        change = coarse.sum_at_corners(change[coarse.triangles].mean(1) * coarse.triangle_areas_mm2[:, None] / 3) / around
    normals = rest + prolong(change, 1, 2)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _sixteenth_power(x: np.ndarray) -> np.ndarray:
    x = x**2 * x**2
    return x**2 * x**2


def _plug_colours(view: View) -> np.ndarray:
    """(k, 3) seen through the openings: flesh in the inner corners of the eyes, fading to white; dark between the lips."""
    flesh, white, dark = linear((0.72, 0.48, 0.45)), linear((0.70, 0.62, 0.60)), linear((0.20, 0.09, 0.09))
    colours = []
    for name in PLUGS:
        from_midline = np.append(np.abs(view.surface.vertices[view.borders[name], 0]), np.inf)
        share = np.exp(-(((from_midline - from_midline.min()) / 3.2) ** 2))[:, None]
        colours.append(np.tile(dark, (len(from_midline), 1)) if name == "mouth" else white + (flesh - white) * share)
    return np.concatenate(colours)
