"""Distances on a risk map in mm along the skin: from licensed sites to lines of equal chance, and how high these reach above the rim."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from glabella.evidence.patterns import load_patterns
from glabella.face import Surface
from glabella.names import SIDES, side_of
from glabella.planner.risk_map import SMALLEST, RiskMap

LEVELS = (0.001, 0.01, 0.05, 0.2, 0.5)  # of the lines of equal chance
SITE_LEVELS, RIM_LEVELS = (0.01, 0.05), (0.05, 0.01, 0.001)
STEP_MM, HIGHEST_MM, ON_SKIN_MM = 0.25, 60.0, 0.2  # numerical
Levels = Mapping[float, float | None]


def contour_points(found: RiskMap, level: float) -> np.ndarray:
    """Points (n, 3) on the line of equal chance ``level``, less than a mm apart, where the places around it have numbers."""
    skin = found.skin
    points = skin.entries.points
    over = (_scaled(found.probability_at(points)[:, 0]) - float(ndtri(level))).reshape(skin.shape)
    points = points.reshape(*skin.shape, 3)
    crossings = []
    for axis in (0, 1):
        a, b = (np.moveaxis(over, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        p, q = (np.moveaxis(points, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        crosses = (a >= 0) != (b >= 0)
        crosses &= np.isfinite(a) & np.isfinite(b)
        share = (a[crosses] / (a[crosses] - b[crosses]))[:, None]
        crossings.append(p[crosses] * (1 - share) + q[crosses] * share)
    line = np.concatenate(crossings)
    if not len(line):
        return line
    on_skin = found.anatomy.atlas.surface.closest(line).distance_mm < ON_SKIN_MM  # not in the gap between the lids
    return line[on_skin & found.is_computed(line)]


def skin_length_mm(surface: Surface, start: np.ndarray, end: np.ndarray) -> float:
    """Length along the skin of the way below the straight line between two points (3,) on it."""
    count = max(int(np.linalg.norm(end - start) / STEP_MM), 1)
    share = np.linspace(0, 1, count + 1)[:, None]
    way = surface.closest(start * (1 - share) + end * share).points
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


def site_distances(found: RiskMap, levels: Sequence[float] = SITE_LEVELS) -> Mapping[str, Levels]:
    """From each licensed site that has a number to the nearest point of each line: mm along the skin, negative where the site lies
    inside it; None where the line is nowhere on the map."""
    lines = {level: contour_points(found, level) for level in levels}
    surface = found.anatomy.atlas.surface
    distances: dict[str, Levels] = {}
    for site, chance in found.sites.items():
        entry, row = found.licensed_sites[site], {}
        for level, line in lines.items():
            row[level] = None
            if len(line):
                length = skin_length_mm(surface, entry, line[np.linalg.norm(line - entry, axis=1).argmin()])
                row[level] = -length if chance.value >= level else length
        distances[site] = row
    return distances


def nearest_glabellar_sites(found: RiskMap) -> tuple[str, ...]:
    """Of the product's licensed glabellar sites that of each side nearest to the bony rim."""
    sites = [row.site for row in load_patterns() if row.product == found.product and row.area == "glabellar"]
    nearest = []
    for side in SIDES:
        own = [site for site in sites if side_of(site) == side]
        if own:
            nearest.append(own[int(np.argmin(found.reach.rim_distances(np.stack([found.licensed_sites[site] for site in own]))[0]))])
    return tuple(nearest)


def heights_above_rim(found: RiskMap, levels: Sequence[float] = RIM_LEVELS) -> Mapping[str, Levels]:
    """How far above the bony rim at mid pupil, in mm along the skin, the chance stays at ``levels`` or more, per side.

    0 where it is lower at the rim already; None where the map ends before it falls.
    """
    return {side: _heights(found, side, levels) for side in SIDES}


def rim_at_pupil(found: RiskMap, side: str) -> np.ndarray:
    """The point (3,) of the rim felt through the skin straight above the pupil."""
    rim = found.anatomy.atlas.curves[f"supraorbital_rim_{side}"]
    rim = rim[np.argsort(rim[:, 0])]
    x = found.anatomy.atlas.points[f"pupil_{side}"][0]
    return np.array([np.interp(x, rim[:, 0], rim[:, axis]) for axis in range(3)])


def way_up(found: RiskMap, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) of the skin straight up from the rim at mid pupil, and how far along the skin they are from it (n,)."""
    start = rim_at_pupil(found, side)
    surface = found.anatomy.atlas.surface
    up = start[1] + np.arange(0, HIGHEST_MM, STEP_MM)
    triangle, weight = surface.front_most(np.stack([np.full_like(up, start[0]), up], 1))
    points = surface.at(triangle[triangle >= 0], weight[triangle >= 0])
    return points, np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def _heights(found: RiskMap, side: str, levels: Sequence[float]) -> Levels:
    points, along = way_up(found, side)
    chance = found.probability_at(points)[:, 0]
    known = np.isfinite(chance)
    along, over = along[known], _scaled(chance[known])
    heights: dict[float, float | None] = {}
    for level in levels:
        above = np.flatnonzero(over >= ndtri(level))
        if not len(above):
            heights[level] = 0.0
        elif above[-1] == len(over) - 1:
            heights[level] = None
        else:
            ends = slice(above[-1], above[-1] + 2)
            heights[level] = float(np.interp(-ndtri(level), -over[ends], along[ends]))
    return heights


def _scaled(chance: np.ndarray) -> np.ndarray:
    """Chances on the scale of the normal distribution, on which they are interpolated."""
    return ndtri(np.clip(chance, SMALLEST, 1 - SMALLEST))
