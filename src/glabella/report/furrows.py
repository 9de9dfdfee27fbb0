"""Wrinkles as bumps: furrows turn the skin towards or away from the light and let less of it reach their bottom."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from glabella.face import Surface
from glabella.report.complexion import smoothstep, waves

FURROW_SHARE = 0.7  # of the depth that is a narrow furrow; the rest is a broad swell between furrows
FURROW_WIDTH, WIDEST_MM = 0.13, 0.85  # half-width of a furrow in spacings, and at most
JUMP = 2.0  # a phase that changes by more mm than this per mm of skin is a seam between areas, not a furrow
SHUT = 0.55  # how much a furrow as deep as half its width shuts out the light of its surroundings


@dataclass(frozen=True)
class Lines:
    """Wrinkle lines of one area on the vertices of ``face.surface(1)`` or ``(2)``.

    ``phase_mm`` (n,): distance along the compression; furrows lie where it is half a spacing plus whole ones. ``depth_mm`` (n,):
    depth of the furrows, 0 where there are none. ``spacing_mm`` (n,) or one number. ``irregularity`` 0 to 1: how much furrows
    wander and vary in depth, as in real skin; 0 gives a strict pattern.
    """

    phase_mm: np.ndarray
    depth_mm: np.ndarray
    spacing_mm: np.ndarray | float
    irregularity: float = 0.6


class Furrows:
    """Lines on a surface, ready to crease samples. Arrays per vertex of ``surface``; ``turn`` (3, 3) turns vectors into the view."""

    def __init__(self, lines: Lines, surface: Surface, turn: np.ndarray, vertices: int) -> None:
        phase, depth, spacing = (np.nan_to_num(np.asarray(v, float)) for v in (lines.phase_mm, lines.depth_mm, lines.spacing_mm))
        slope = gradient(surface, phase)
        steep = np.linalg.norm(slope, axis=1)
        self.irregularity = lines.irregularity
        depth = np.maximum(depth, 0) * smoothstep(JUMP * 1.25, JUMP * 0.75, steep)
        slope = slope / np.maximum(steep, 1.0)[:, None] @ turn.T
        self._table = np.zeros((vertices, 6), np.float32)
        self._table[: len(phase)] = np.column_stack([depth, phase, np.maximum(spacing + np.zeros_like(phase), 0.1), slope])

    def crease(self, weights: sp.csr_matrix, place: np.ndarray, normal: np.ndarray, light: np.ndarray) -> None:
        """Turn normals (3, m) and dim the surrounding ``light`` (m,) of samples, in place; ``place`` (3, m) on the resting face."""
        creased = np.flatnonzero(weights @ self._table[:, 0] > 1e-6)
        if not len(creased):
            return
        values = np.ascontiguousarray((weights[creased] @ self._table).T)
        depth, phase, spacing, slope = values[0], values[1], values[2], values[3:]
        place = place[:, creased].T
        sway = 0.16 * self.irregularity * waves(place, 17.0, 11)
        turns = phase / spacing - 0.5 + sway * np.clip(phase / spacing, -0.5, 0.5) / 0.5  # odd where the phase is: symmetric lines stay so
        number = np.rint(turns)
        vary = 0.35 * waves(place + 31.7 * np.abs(number + 0.5)[:, None], 13.0, 12) + 0.25 * np.sin(13.0 * np.abs(number + 0.5))
        depth = depth * np.clip(1 + self.irregularity * vary, 0.1, 1.6)
        share, rise = profile((turns - number) * spacing, spacing)
        turned = normal[:, creased] - depth * rise * slope
        normal[:, creased] = turned / np.sqrt((turned**2).sum(0))
        light[creased] /= 1 + SHUT * depth * share / half_width_mm(spacing)


def half_width_mm(spacing_mm: np.ndarray) -> np.ndarray:
    """Half-width of a furrow."""
    return np.minimum(FURROW_WIDTH * spacing_mm, WIDEST_MM)


def profile(offset_mm: np.ndarray, spacing_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(share of the depth, slope of the height -share per mm) at ``offset_mm`` across from the middle of a furrow."""
    width = half_width_mm(spacing_mm)
    well = FURROW_SHARE * np.exp(-((offset_mm / width) ** 2))
    turn = 2 * np.pi / spacing_mm
    swell = (1 - FURROW_SHARE) / 2
    return well + swell * (1 + np.cos(turn * offset_mm)), well * 2 * offset_mm / width**2 + swell * turn * np.sin(turn * offset_mm)


def gradient(surface: Surface, values: np.ndarray) -> np.ndarray:
    """Gradient (n, 3) along the surface of values (n,) per vertex, averaged over the triangles around it."""
    a, b, c = (surface.vertices[surface.triangles[:, k]] for k in range(3))
    va, vb, vc = (values[surface.triangles[:, k], None] for k in range(3))
    area = np.maximum(surface.triangle_areas_mm2, 1e-12)[:, None]
    turned = va * (c - b) + vb * (a - c) + vc * (b - a)
    slope = np.cross(surface.triangle_normals / area, turned) / 2  # times the area
    return surface.sum_at_corners(slope) / np.maximum(surface.sum_at_corners(area), 1e-12)
