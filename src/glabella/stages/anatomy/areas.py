"""Skin areas over which strain and lines are averaged."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from glabella.face import load_face
from glabella.stages.anatomy.drawing import NASION, atlas_data, mirrored_points


@cache
def skin_areas() -> Mapping[str, np.ndarray]:
    """Which triangles of ``face.surface(1)`` belong to each area: the same ones of every face."""
    coarse = load_face().surface(1)
    centre = coarse.centroids - load_face().landmarks[NASION]
    seen = (coarse.triangle_normals[:, 2] > 0) & (centre[:, 2] > -load_face().interpupillary_distance_mm)
    areas: dict[str, np.ndarray] = {}
    for name, area in atlas_data("areas").items():
        outline = np.array(area["polygon"], float)
        if area["span"] == "across":
            areas[name] = seen & _inside(np.concatenate([outline, mirrored_points(outline[::-1])]), centre)
        else:
            areas |= {f"{name}_left": seen & _inside(outline, centre), f"{name}_right": seen & _inside(mirrored_points(outline), centre)}
    return areas


def _inside(outline: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points (n, 2 or 3), seen from the front, lie within a polygon (m, 2): crossings of a ray to the right."""
    near = np.flatnonzero(((points[:, :2] >= outline.min(0)) & (points[:, :2] <= outline.max(0))).all(1))
    x, y = points[near, 0], points[near, 1]
    odd = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
        if y0 != y1:
            odd ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    inside = np.zeros(len(points), bool)
    inside[near] = odd
    return inside
