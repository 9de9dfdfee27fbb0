"""Lines that are in the picture: dark valleys that run the way the model says that lines run there.

A valley is looked for across the expected direction only (the gradient of the wrinkle stage's phase), at the width of a skin furrow
in mm, and must go on along the line. What the same filter finds along that direction is taken as the noise of this skin in this light
and subtracted.
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
from glabella.photo.picture import Picture
from glabella.photo.skin_map import SkinMap
from glabella.stages.skin import Skin
from glabella.stages.wrinkle import line_phase, line_strength

VALLEY_MM = 0.75  # half-width of the valleys looked for: of a furrow, 0.13 of the distance between lines
PEAK = 2.0**1.5  # the filter gives 1 / PEAK of the depth of a valley of its own width
ALONG_MM = (-3.0, -1.5, 0.0, 1.5, 3.0)  # a line goes on: the filter is averaged over these places
EDGE = 0.12  # strength of the lines of an area below which they are not looked for
DARKEST = 6.0  # added to the light of 0 to 255 before its logarithm, against noise in the dark
TOP_SHARE = 0.12  # the clearest part of an area's strong half stands for its lines
BROWS = ((107, 66, 105, 63, 70, 46, 53, 52, 65, 55), (336, 296, 334, 293, 300, 276, 283, 282, 295, 285))
BROW_ROOM_MM = 3.0
PASSES = 3
LEAST_PIXELS = 50
NOISE_FACTOR = 2.0  # valleys must exceed the noise this many times to be changed later


@dataclass(frozen=True, eq=False)
class AreaLines:
    """Lines of one area: ``contrast`` (mean dip of ln light at the clearest lines, noise taken off), ``noise`` of the same measure across,
    ``depth_mm`` on the ruler of the wrinkle scale with ``depth_error_mm``; ``pixels`` looked at."""

    area: str
    contrast: float
    noise: float
    depth_mm: float
    depth_error_mm: float
    pixels: int


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
    bare = ~_brows(landmarks, skin_map, BROW_ROOM_MM * scale)
    across_lines = [_Across(area, skin_map, expected, bare, scale) for area in expected.phase_mm]
    curved = _curvature(light, VALLEY_MM * scale)
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
        depth = contrast / limits[f"line_contrast_{without_side(area.name)}_per_mm"]
        error = float(np.hypot(limits["line_depth_error_share"] * depth, limits["line_depth_error_mm"]))
        areas[area.name] = AreaLines(area.name, contrast, unclear, depth, error, len(area.row))
        if contrast > 0:
            area.found = dips_found
    for channel in range(
        3 if fill else 0
    ):  # the fill of each colour: what the same filter has to be given so that it finds no valley any more
        for _ in range(PASSES):
            curved = _curvature(colours[..., channel] + valley[..., channel], VALLEY_MM * scale)
            for area in across_lines:
                if area.found is None:
                    continue
                step = np.maximum(area.dips(curved), 0) * area.found
                fills[area.name][area.row, area.column, channel] += step
                valley[area.row, area.column, channel] += step
    return FoundLines(fills, areas)


class _Across:
    """Where the lines of one area are looked for in a window, and which way is across them there."""

    def __init__(self, name: str, skin_map: SkinMap, expected: ExpectedLines, bare: np.ndarray, scale: float) -> None:
        self.name, self.scale = name, scale
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

    def dips(self, curved: tuple[np.ndarray, ...], along: bool = False) -> np.ndarray:
        """Depth (n,) of the valleys that run along the lines here (or, to know the noise, across them), from the picture's curvature."""
        x, y = self.across[[1, 0]] * [[-1.0], [1.0]] if along else self.across
        total = np.zeros(len(self.row))
        for step in ALONG_MM:
            place = self.row + step * self.scale * x, self.column - step * self.scale * y
            xx, yy, xy = (map_coordinates(part, place, order=1, mode="nearest") for part in curved)
            total += xx * x * x + yy * y * y + 2 * xy * x * y
        return PEAK / len(ALONG_MM) * total


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
