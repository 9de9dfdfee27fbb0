"""Curves and dots on a finished picture, hidden where the skin is in front of them."""

from dataclasses import dataclass

import numpy as np

from glabella.report.complexion import Colour
from glabella.report.raster import Camera

INK: Colour = (0.11, 0.15, 0.20)


@dataclass(frozen=True)
class Curve:
    """A polyline (n, 3) drawn where the skin does not hide it: it may lie up to ``below_skin_mm`` under the skin."""

    points: np.ndarray
    colour: Colour = INK
    width_pixels: float = 2.0
    opacity: float = 0.9
    below_skin_mm: float = 2.5


@dataclass(frozen=True)
class Dot:
    """A round mark with a light rim at a point (3,), hidden like a ``Curve``."""

    point: np.ndarray
    colour: Colour = INK
    radius_pixels: float = 5.0
    opacity: float = 1.0
    below_skin_mm: float = 2.5


def is_visible(camera: Camera, depth_mm: np.ndarray, points: np.ndarray, below_skin_mm: float) -> np.ndarray:
    """Whether points (n, 3) lie inside the picture and at most ``below_skin_mm`` behind what is seen there."""
    place = camera.project(points)
    column, row = np.rint(place[:, :2]).astype(int).T
    rows, columns = depth_mm.shape
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    seen = depth_mm[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    return inside & (place[:, 2] >= seen - below_skin_mm)


def draw_curve(pixels: np.ndarray, depth_mm: np.ndarray, camera: Camera, curve: Curve) -> None:
    """Draw a curve into ``pixels``."""
    line = np.asarray(curve.points, float)
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, along[-1], int(along[-1] * camera.pixels_per_mm / 0.35) + 2)
    points = np.stack([np.interp(at, along, line[:, k]) for k in range(3)], 1)
    points = points[is_visible(camera, depth_mm, points, curve.below_skin_mm)]
    _brush(pixels, camera.project(points), curve.colour, curve.width_pixels / 2, curve.opacity)


def draw_dot(pixels: np.ndarray, depth_mm: np.ndarray, camera: Camera, dot: Dot) -> None:
    """Draw a dot into ``pixels``."""
    point = np.reshape(np.asarray(dot.point, float), (1, 3))
    if is_visible(camera, depth_mm, point, dot.below_skin_mm)[0]:
        _brush(pixels, camera.project(point), (1.0, 1.0, 1.0), dot.radius_pixels + 1.5, 0.9 * dot.opacity)
        _brush(pixels, camera.project(point), dot.colour, dot.radius_pixels, dot.opacity)


def _brush(pixels: np.ndarray, places: np.ndarray, colour: Colour, radius: float, opacity: float) -> None:
    """One stroke of a round brush through closely spaced places; it does not add up where it crosses itself."""
    rows, columns = pixels.shape[:2]
    span = np.arange(-int(np.ceil(radius + 1)), int(np.ceil(radius + 1)) + 1)
    row = np.rint(places[:, 1, None, None]).astype(int) + span[:, None] + 0 * span
    column = np.rint(places[:, 0, None, None]).astype(int) + 0 * span[:, None] + span
    cover = opacity * np.clip(radius + 0.5 - np.hypot(column - places[:, 0, None, None], row - places[:, 1, None, None]), 0, 1)
    kept = (cover > 0) & (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    mask = np.zeros(rows * columns)
    np.maximum.at(mask, (row * columns + column)[kept], cover[kept])
    at = np.flatnonzero(mask)
    flat = pixels.reshape(-1, 3)
    flat[at] = np.rint(flat[at] + (np.array(colour) * 255 - flat[at]) * mask[at, None]).astype(np.uint8)
