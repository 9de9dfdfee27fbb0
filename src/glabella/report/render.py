"""The face as a picture: a small software renderer for reports, numpy only.

``paint_face`` draws the skin, moved and wrinkled as the model says, with eyes, brows and a hint of a hairline, and on it a dose
field, curves and points. Wrinkles are bumps: they change the direction in which the skin faces the light, nothing is drawn over it.

    camera = Camera(azimuth_degrees=25, centre=(0, 22, 0), width_mm=138, height_mm=104, pixels_per_mm=5)
    picture = paint_face(face, camera, displacement=moved_mm, lines=Lines(phase_mm, depth_mm, spacing_mm=6.0))
    picture.save("frown.png")
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from glabella.errors import InputError
from glabella.face import Face, Surface
from glabella.face import prolong as prolong_levels
from glabella.report.complexion import DARK, LIGHT, MEDIUM, Complexion, canvas_of
from glabella.report.furrows import Furrows, Lines
from glabella.report.marks import Curve, Dot, draw_curve, draw_dot, is_visible
from glabella.report.raster import Camera
from glabella.report.shading import VIRIDIS, Overlay, Studio, colours_of, develop, shade, shaders_of
from glabella.report.view import View

__all__ = [
    "DARK", "LIGHT", "MEDIUM", "VIRIDIS", "Camera", "Complexion", "Curve", "Dot", "Lines", "Overlay", "Picture", "Studio", "colours_of",
    "paint_face", "prolong",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Picture:
    """``pixels`` (rows, columns, 3) uint8 and ``depth_mm`` (rows, columns) of what is seen, towards the viewer, -inf for nothing."""

    pixels: np.ndarray
    depth_mm: np.ndarray
    camera: Camera

    def to_pixel(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) column and row of points (n, 3) mm; whole numbers are the middles of pixels, as in matplotlib's imshow."""
        return self.camera.project(points)[..., :2]

    def is_visible(self, points: np.ndarray, below_skin_mm: float = 2.5) -> np.ndarray:
        """Whether points (n, 3) lie inside the picture and at most ``below_skin_mm`` behind what is seen there."""
        return is_visible(self.camera, self.depth_mm, np.atleast_2d(points), below_skin_mm)

    def save(self, path: str | Path) -> None:
        """Write a PNG file."""
        from matplotlib.image import imsave

        imsave(str(path), self.pixels, format="png")


def paint_face(
    face: Face,
    camera: Camera | None = None,
    *,
    displacement: np.ndarray | None = None,
    lines: Lines | Sequence[Lines] | None = None,
    overlay: Overlay | None = None,
    curves: Sequence[Curve] = (),
    points: Sequence[Dot] = (),
    complexion: Complexion = LIGHT,
    studio: Studio | None = None,
) -> Picture:
    """Paint the face: skin moved by ``displacement`` (n, 3) mm, creased by ``lines``, tinted by ``overlay``, with curves and points.

    Arrays per vertex belong to ``face.surface(1)`` or ``face.surface(2)``. The margins of the eyelids stay where they are: lids are
    not modelled, and eyes stay open in a frown. Curves and points are given where they are in space:
    move them with the skin first where that matters. Give the lines of each area as ``Lines`` of their own where areas meet.
    """
    camera, studio = camera or Camera(), studio or Studio()
    surface = face.surface(2)
    if displacement is not None:
        held = canvas_of(face).beside_lids
        surface = Surface(surface.vertices + held[:, None] * prolong(face, displacement), surface.triangles, surface.quads)
    view = View(face, surface, camera)
    areas = [] if lines is None else [lines] if isinstance(lines, Lines) else list(lines)
    furrows = [Furrows(_on_fine_skin(face, area), face.surface(2), camera.axes, len(view.vertices)) for area in areas]
    tint = None if overlay is None else (_shares(face, overlay), overlay.opacity)
    pixels = develop(shade(view, shaders_of(view, face, complexion, studio, furrows, tint), studio))
    for curve in curves:
        draw_curve(pixels, view.depth_mm, camera, curve)
    for dot in points:
        draw_dot(pixels, view.depth_mm, camera, dot)
    return Picture(pixels, view.depth_mm, camera)


def prolong(face: Face, values: np.ndarray) -> np.ndarray:
    """Values per vertex of ``face.surface(1)`` carried to ``face.surface(2)``; values that are there already stay as they are."""
    values = np.asarray(values, float)
    coarse, fine = len(face.surface(1).vertices), len(face.surface(2).vertices)
    if len(values) not in (coarse, fine):
        raise InputError(f"picture: {len(values)} values; give one per vertex of face.surface(1) ({coarse}) or face.surface(2) ({fine})")
    return values if len(values) == fine else prolong_levels(values, 1, 2)


def _on_fine_skin(face: Face, lines: Lines) -> Lines:
    spacing = lines.spacing_mm if np.ndim(lines.spacing_mm) == 0 else prolong(face, np.nan_to_num(lines.spacing_mm))
    phase, depth = (prolong(face, np.nan_to_num(values)) for values in (lines.phase_mm, lines.depth_mm))
    return replace(lines, phase_mm=phase, depth_mm=depth, spacing_mm=spacing)


def _shares(face: Face, overlay: Overlay) -> np.ndarray:
    if not overlay.high > overlay.low:
        raise InputError(f"picture: overlay from {overlay.low:g} to {overlay.high:g}; give a high value above the low one")
    return (prolong(face, np.nan_to_num(overlay.values, nan=overlay.low)) - overlay.low) / (overlay.high - overlay.low)
