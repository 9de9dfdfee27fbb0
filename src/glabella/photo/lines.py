"""Lines that are in the picture: dark valleys that run the way the model says that lines run there.

A valley is looked for across the expected direction only (the gradient of the wrinkle stage's phase), at the width of a skin furrow
in mm, and must go on along the line. What the same filter finds along that direction is taken as the noise of this skin in this light
and subtracted. A furrow is darker where the light comes along the skin across it, and in dark skin, where more of the light is shine:
the dip per mm follows both as they are in the picture (``photo/lighting.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from glabella.evidence import Parameters
from glabella.face import prolong
from glabella.names import without_side
from glabella.patient import Patient
from glabella.photo.landmarks import Landmarks
from glabella.photo.lighting import Lighting, find_lighting
from glabella.photo.picture import Picture
from glabella.photo.skin_map import SkinMap
from glabella.stages.skin import Skin
from glabella.stages.wrinkle import line_phase, line_strength

PEAK = 2.0**1.5  # the filter gives 1 / PEAK of the depth of a valley of its own width
ALONG = (-1.0, -0.5, 0.0, 0.5, 1.0)  # a line goes on: the filter is averaged over these places
EDGE = 0.12  # strength of the lines of an area below which they are not looked for
DARKEST = 6.0  # added to the light of 0 to 255 before its logarithm, against noise in the dark
TOP_SHARE = 0.12  # the clearest part of an area's strong half stands for its lines
BROWS = ((107, 66, 105, 63, 70, 46, 53, 52, 65, 55), (336, 296, 334, 293, 300, 276, 283, 282, 295, 285))
PASSES = 3
LEAST_PIXELS = 50
LIT_AREAS = ("glabellar", "forehead")
USUAL_STEEPNESS, USUAL_LN_LIGHT = 0.35, -1.5  # of the light in which the rows of contrast are given
MOST_GAIN = 1.0
NOISE_FACTOR = 2.0  # valleys must exceed the noise this many times to be changed later


@dataclass(frozen=True, eq=False)
class AreaLines:
    """Lines of one area: ``contrast`` (mean dip of ln light at the clearest lines, noise taken off), ``noise`` of the same measure across,
    ``depth_mm`` on the ruler of the wrinkle scale with ``depth_error_mm``; ``pixels`` looked at. ``steepness``: change of ln light per
    radian of tilt across the lines; ``ln_light`` of the skin there."""

    area: str
    contrast: float
    noise: float
    depth_mm: float
    depth_error_mm: float
    pixels: int
    steepness: float = 0.0
    ln_light: float = 0.0


@dataclass(frozen=True, eq=False)
class FoundLines:
    """``valley[area]`` (rows, columns, 3) of the map's window: how much darker, in ln light per colour, the picture is in its lines;
    ``areas`` measured."""

    valley: Mapping[str, np.ndarray]
    areas: Mapping[str, AreaLines]


@dataclass(frozen=True, eq=False)
class ExpectedLines:
    """Where lines run on the head, on the vertices of ``surface(2)``: ``phase_mm`` across them and ``strength`` 0 to 1 by area."""

    phase_mm: Mapping[str, np.ndarray]
    strength: Mapping[str, np.ndarray]


def expect_lines(skin: Skin, areas: tuple[str, ...], patient: Patient, parameters: Parameters) -> ExpectedLines:
    """The wrinkle stage's directions of the lines of each area."""
    phase = {area: prolong(line_phase(skin, area, patient, parameters), 1, 2) for area in areas}
    strength = {area: prolong(line_strength(skin, area, patient, parameters), 1, 2) for area in areas}
    return ExpectedLines(phase, strength)


def find_lines(
    picture: Picture, skin_map: SkinMap, expected: ExpectedLines, landmarks: Landmarks, limits: Mapping[str, float], fill: bool = True
) -> FoundLines:
    """Find and measure the lines of every expected area; hair of the brows is left out. Without ``fill`` they are measured only."""
    colours = np.log(picture.pixels[skin_map.window].astype(np.float32) + DARKEST)
    light = np.log(picture.luminance[skin_map.window] + DARKEST)
    scale = skin_map.head.camera.pixels_per_mm
    valley_pixels = limits["line_valley_half_width_mm"] * scale
    bare = ~_brows(landmarks, skin_map, limits["brow_room_mm"] * scale)
    surface, turn = skin_map.head.seen.surface(2), skin_map.head.camera.turn.T
    lighting = find_lighting(picture.luminance[skin_map.window], skin_map.carry(surface.normals @ turn), bare & skin_map.inside, scale)
    places = skin_map.carry(surface.vertices @ turn, np.nan)
    across_lines = [_Across(area, skin_map, expected, bare, scale, limits["line_goes_on_mm"]) for area in expected.phase_mm]
    curved = _curvature(light, valley_pixels)
    valley, areas = np.zeros((*skin_map.shape, 3), np.float32), {}
    fills = {area.name: np.zeros((*skin_map.shape, 3), np.float32) for area in across_lines}
    for area in across_lines:
        if not area.usable:
            areas[area.name] = AreaLines(area.name, 0.0, 0.0, 0.0, float("inf"), 0)
            continue
        dips, control = area.dips(curved), area.dips(curved, along=True)
        noise = float(np.std(control[area.strong]))
        dips_found = (dips > NOISE_FACTOR * noise) * area.fade
        clear, unclear = _clearest(dips[area.strong]), _clearest(control[area.strong])
        contrast = max(clear - unclear, 0.0)
        steepness, ln_light = area.lit(lighting, places)
        depth = contrast / contrast_per_mm(area.name, steepness, ln_light, limits)
        share = limits["line_depth_error_share" if without_side(area.name) in LIT_AREAS else "line_depth_error_lateral_canthal_share"]
        error = float(np.hypot(share * depth, limits["line_depth_error_mm"]))
        areas[area.name] = AreaLines(area.name, contrast, unclear, depth, error, len(area.row), steepness, ln_light)
        if contrast > 0:
            area.found = dips_found
    for channel in range(
        3 if fill else 0
    ):  # the fill of each colour: what the same filter has to be given so that it finds no valley any more
        for _ in range(PASSES):
            curved = _curvature(colours[..., channel] + valley[..., channel], valley_pixels)
            for area in across_lines:
                if area.found is None:
                    continue
                step = np.maximum(area.dips(curved), 0) * area.found
                fills[area.name][area.row, area.column, channel] += step
                valley[area.row, area.column, channel] += step
    return FoundLines(fills, areas)


def contrast_per_mm(area: str, steepness: float, ln_light: float, limits: Mapping[str, float]) -> float:
    """Dip of ln light per mm of depth in this light on this skin; beside the eyes no law was found that holds on other heads."""
    usual = limits[f"line_contrast_{without_side(area)}_per_mm"]
    if without_side(area) not in LIT_AREAS:
        return usual
    gain = limits["line_steepness_gain"] * (steepness - USUAL_STEEPNESS) - limits["line_skin_power"] * (ln_light - USUAL_LN_LIGHT)
    return usual * float(np.exp(np.clip(gain, -MOST_GAIN, MOST_GAIN)))


class _Across:
    """Where the lines of one area are looked for in a window, and which way is across them there."""

    def __init__(self, name: str, skin_map: SkinMap, expected: ExpectedLines, bare: np.ndarray, scale: float, goes_on_mm: float) -> None:
        self.name, self.scale, self.reach = name, scale, goes_on_mm * scale
        self.found: np.ndarray | None = None
        strength = skin_map.carry(expected.strength[name])
        looked = skin_map.inside & bare & (strength > EDGE)
        self.row, self.column = np.nonzero(looked)
        if len(self.row):
            down, right = np.gradient(skin_map.carry(expected.phase_mm[name], np.nan))
            across = np.stack([right[looked], down[looked]])
            steep = np.linalg.norm(across, axis=0)
            good = np.isfinite(steep) & (steep > 0.3 / scale) & (steep < 3 / scale)
            self.row, self.column, self.across = self.row[good], self.column[good], across[:, good] / steep[good]
        here = strength[self.row, self.column]
        self.usable = len(here) >= LEAST_PIXELS
        if self.usable:
            self.strong, self.fade = here >= 0.5 * here.max(), np.clip(here / (2 * EDGE) - 0.5, 0, 1)

    def lit(self, lighting: Lighting, places: np.ndarray) -> tuple[float, float]:
        """(steepness of the light across the lines, ln light) where the area's lines are strong; ``places`` (rows, columns, 3) in mm."""
        row, column, (x, y) = self.row[self.strong], self.column[self.strong], self.across[:, self.strong]
        last = places.shape[0] - 1, places.shape[1] - 1
        right = places[row, np.minimum(column + 1, last[1])] - places[row, np.maximum(column - 1, 0)]
        down = places[np.minimum(row + 1, last[0]), column] - places[np.maximum(row - 1, 0), column]
        along = right * x[:, None] + down * y[:, None]
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        return lighting.steepness(row, column, along), float(lighting.ln_light[row, column].mean())

    def dips(self, curved: tuple[np.ndarray, ...], along: bool = False) -> np.ndarray:
        """Depth (n,) of the valleys that run along the lines here (or, to know the noise, across them), from the picture's curvature."""
        x, y = self.across[[1, 0]] * [[-1.0], [1.0]] if along else self.across
        total = np.zeros(len(self.row))
        for step in ALONG:
            place = self.row + step * self.reach * x, self.column - step * self.reach * y
            xx, yy, xy = (map_coordinates(part, place, order=1, mode="nearest") for part in curved)
            total += xx * x * x + yy * y * y + 2 * xy * x * y
        return PEAK / len(ALONG) * total


def _curvature(light: np.ndarray, sigma: float) -> tuple[np.ndarray, ...]:
    """Second derivatives across, down and mixed of a smoothed picture, times the square of the smoothing."""
    orders: Any = ((0, 2), (2, 0), (1, 1))
    return tuple(sigma**2 * gaussian_filter(light, sigma, order=order) for order in orders)


def _clearest(dips: np.ndarray) -> float:
    """Mean of the deepest part."""
    count = max(int(TOP_SHARE * len(dips)), 1)
    return float(np.mean(np.partition(dips, -count)[-count:]))


def _brows(landmarks: Landmarks, skin_map: SkinMap, room_pixels: float) -> np.ndarray:
    """(rows, columns): the brows with some room around them."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (skin_map.shape[1], skin_map.shape[0]))
    for outline in BROWS:
        corners = [tuple(map(float, place)) for place in landmarks.points[list(outline), :2] - skin_map.low]
        ImageDraw.Draw(mask).polygon(corners, fill=255)
    return np.asarray(distance_transform_edt(np.asarray(mask) == 0)) < room_pixels
