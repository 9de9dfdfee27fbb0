"""Lines that are in the picture: dark valleys that run the way the model says that lines run there.

A valley is looked for across the expected direction only (the gradient of the wrinkle stage's phase), at the width of a skin furrow in mm, and
must go on along the line. What the same filter finds along that direction is taken as the noise of this skin in this light and subtracted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
NOISE_FACTOR = 2.5  # valleys must exceed the noise this many times to be changed later


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
    """``valley[area]`` (rows, columns) of the map's window: how much darker, in ln light, the picture is in its lines; ``areas`` measured."""

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
    picture: Picture, skin_map: SkinMap, expected: ExpectedLines, landmarks: Landmarks, limits: Mapping[str, float]
) -> FoundLines:
    """Find and measure the lines of every expected area; hair of the brows is left out."""
    light = np.log(picture.luminance[skin_map.window] + DARKEST)
    scale = skin_map.head.camera.pixels_per_mm
    sigma = VALLEY_MM * scale
    xx, yy, xy = (sigma**2 * gaussian_filter(light, sigma, order=order) for order in ((0, 2), (2, 0), (1, 1)))
    bare = ~_brows(landmarks, skin_map, BROW_ROOM_MM * scale)
    valleys, areas = {}, {}
    for area, phase_mm in expected.phase_mm.items():
        strength = skin_map.carry(expected.strength[area])
        looked = skin_map.inside & bare & (strength > EDGE)
        valleys[area] = np.zeros(skin_map.shape)
        if looked.sum() < 50:
            areas[area] = AreaLines(area, 0.0, 0.0, 0.0, float("inf"), int(looked.sum()))
            continue
        row, column = np.nonzero(looked)
        down, right = np.gradient(skin_map.carry(phase_mm, np.nan))
        across = np.stack([right[looked], down[looked]])
        steep = np.linalg.norm(across, axis=0)
        good = np.isfinite(steep) & (steep > 0.3 / scale) & (steep < 3 / scale)
        row, column, across = row[good], column[good], across[:, good] / steep[good]
        dips = []
        for x, y in (across, across[[1, 0]] * [[-1.0], [1.0]]):  # across the lines, then along them
            tensor = (xx, yy, xy)
            steps = [(row + s * scale * x, column - s * scale * y) for s in ALONG_MM]
            values = [[map_coordinates(part, place, order=1, mode="nearest") for part in tensor] for place in steps]
            dips.append(PEAK * np.mean([a * x * x + b * y * y + 2 * c * x * y for a, b, c in values], axis=0))
        here = strength[row, column]
        strong = here >= 0.5 * here.max()
        clear, control = (_clearest(dip[strong]) for dip in dips)
        noise = float(np.std(dips[1][strong]))
        valleys[area][row, column] = np.maximum(dips[0] - NOISE_FACTOR * noise, 0) * np.clip(here / (2 * EDGE) - 0.5, 0, 1)
        contrast = max(clear - control, 0.0)
        depth = contrast / limits[f"line_contrast_{without_side(area)}_per_mm"]
        error = float(np.hypot(limits["line_depth_error_share"] * depth, limits["line_depth_error_mm"]))
        areas[area] = AreaLines(area, contrast, control, depth, error, len(row))
    return FoundLines(valleys, areas)


def _clearest(dips: np.ndarray) -> float:
    """Mean of the deepest part."""
    count = max(int(TOP_SHARE * len(dips)), 1)
    return float(np.mean(np.partition(dips, -count)[-count:]))


def _brows(landmarks: Landmarks, skin_map: SkinMap, room_pixels: float) -> np.ndarray:
    """(rows, columns): the brows with some room around them."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", skin_map.shape[::-1])
    for outline in BROWS:
        corners = [tuple(map(float, place)) for place in landmarks.points[list(outline), :2] - skin_map.low]
        ImageDraw.Draw(mask).polygon(corners, fill=255)
    return distance_transform_edt(np.asarray(mask) == 0) < room_pixels
