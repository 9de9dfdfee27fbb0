"""Places on the skin: sites, walks along the skin, and the licensed sites computed from their rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.face import Foot, Surface
from glabella.stages.anatomy.drawing import Drawing
from glabella.stages.anatomy.sheet import arc_length

WALK_STEP_MM = 0.5  # numerical


@dataclass(frozen=True)
class Site:
    """A place on the skin (level-2 surface): ``point`` (3,) mm, true outward unit ``normal`` (3,), triangle and barycentric."""

    name: str
    point: np.ndarray
    normal: np.ndarray
    triangle: int
    barycentric: np.ndarray


def site_at(name: str, surface: Surface, foot: Foot, row: int = 0) -> Site:
    """The site at one row of a foot."""
    triangle, barycentric = foot.triangle[row : row + 1], foot.barycentric[row : row + 1]
    normal = surface.normal_at(triangle, barycentric)[0]
    return Site(name, foot.points[row], normal, int(triangle[0]), barycentric[0])


def skin_axes(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (n, 3) in the skin at unit normals (n, 3): level toward the person's left, and up."""
    left = np.cross([0.0, 1.0, 0.0], normal)
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    return left, np.cross(normal, left)


def walk(surface: Surface, point: np.ndarray, normal: np.ndarray, left_mm: np.ndarray, up_mm: np.ndarray) -> Foot:
    """Where one arrives on the skin from ``point`` (n, 3) going straight ahead: to the left and up, mm along the skin (n,)."""
    left, up = skin_axes(normal)
    way = np.asarray(left_mm, float)[:, None] * left + np.asarray(up_mm, float)[:, None] * up
    length = np.linalg.norm(way, axis=1)
    ahead = way / np.maximum(length, 1e-300)[:, None]
    steps = max(int(np.ceil(length.max() / WALK_STEP_MM)), 1)
    here = point
    foot = surface.closest(here)
    for _ in range(steps):
        foot = surface.closest(here + ahead * (length / steps)[:, None])
        here = foot.points
        out = surface.normal_at(foot.triangle, foot.barycentric)
        ahead = ahead - (ahead * out).sum(1, keepdims=True) * out
        ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-300)
    return foot


def distance_to_line(points: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Straight distance (n,) of points (n, 3) to a polyline (m, 3), and the feet (n, 3) on it."""
    start, step = line[:-1], np.diff(line, axis=0)
    share = ((points[:, None] - start) * step).sum(2) / np.maximum((step * step).sum(1), 1e-300)
    feet = start + np.clip(share, 0, 1)[..., None] * step
    gap = np.linalg.norm(points[:, None] - feet, axis=2)
    best = gap.argmin(1)
    rows = np.arange(len(points))
    return gap[rows, best], feet[rows, best]


def licensed_sites(
    drawing: Drawing, curves: Mapping[str, np.ndarray], points: Mapping[str, np.ndarray], rules: Mapping[str, Any], margin_up_mm: float,
    canthus: np.ndarray,
) -> dict[str, Site]:
    """Every licensed site of both sides, each placed by its own rule; ``canthus``: the left lateral canthus in the drawing."""
    surface = drawing.surface
    found: dict[str, Site] = {}
    for name, rule in rules.items():
        if rule["rule"] == "cross_of_brow_heads_and_canthi":
            found[name] = _procerus(name, drawing, points)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for name in ("corrugator_medial", "corrugator_lateral"):
            found[f"{name}_{side}"] = _above_rim(f"{name}_{side}", drawing, curves[f"supraorbital_rim_{side}"], rules[name], sign)
    found |= _forehead(drawing, curves, rules, margin_up_mm)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        middle = _temporal(drawing, points[f"lateral_canthus_{side}"], canthus, rules["lateral_canthal_middle"]["lateral_mm"], sign)
        found[f"lateral_canthal_middle_{side}"] = site_at(f"lateral_canthal_middle_{side}", surface, middle)
    ways = [(f"{name}_{side}", f"lateral_canthal_middle_{side}", sign, rules[name])
            for name in ("lateral_canthal_upper", "lateral_canthal_lower") for side, sign in (("left", 1.0), ("right", -1.0))]  # fmt: skip
    start = np.stack([found[middle].point for _, middle, _, _ in ways])
    normal = np.stack([found[middle].normal for _, middle, _, _ in ways])
    left = np.array([sign * rule["lateral_mm"] for _, _, sign, rule in ways])
    feet = walk(surface, start, normal, left, np.array([rule["up_mm"] for *_, rule in ways]))
    for row, (name, *_) in enumerate(ways):
        found[name] = site_at(name, surface, feet, row)
    return found


def _procerus(name: str, drawing: Drawing, points: Mapping[str, np.ndarray]) -> Site:
    head = (points["brow_head_left"][:2] * [1, 1] + points["brow_head_right"][:2] * [-1, 1]) / 2
    canthus = (points["medial_canthus_left"][:2] * [1, 1] + points["medial_canthus_right"][:2] * [-1, 1]) / 2
    up = canthus[1] + (head[1] - canthus[1]) * canthus[0] / (canthus[0] + head[0])
    level = np.arange(-10.0, 25.0, 0.25)
    skin = drawing.on_skin(np.c_[np.zeros_like(level), level]).points
    return site_at(name, drawing.surface, _between(drawing.surface, skin, skin[:, 1], up))


def _above_rim(name: str, drawing: Drawing, rim: np.ndarray, rule: Mapping[str, Any], sign: float) -> Site:
    """The first place straight above the rim that is far enough from it."""
    up = np.arange(10.0, 50.0, 0.25)
    foot = drawing.on_skin(np.c_[np.full_like(up, sign * rule["lateral_mm"]), up])
    gap, feet = distance_to_line(foot.points, rim)
    gap = np.where(foot.points[:, 1] > feet[:, 1], gap, -gap)
    return site_at(name, drawing.surface, _between(drawing.surface, foot.points, gap, rule["least_mm"] + rule["margin_mm"]))


def _temporal(drawing: Drawing, point: np.ndarray, canthus: np.ndarray, along_mm: float, sign: float) -> Foot:
    """The place ``along_mm`` temporal to the canthus along the skin, on the level of the canthus."""
    away, up = np.arange(0.5, 24.0, 0.5), np.arange(-9.0, 9.5, 0.5)
    skin = drawing.on_skin(np.stack(np.meshgrid(sign * (canthus[0] + away), canthus[1] + up, indexing="ij"), -1)).points
    level = np.stack([[np.interp(point[1], column[:, 1], column[:, axis]) for axis in range(3)] for column in skin])
    along = np.linalg.norm(level[0] - point) + arc_length(level)
    return _between(drawing.surface, level, along, along_mm)


def _between(surface: Surface, skin: np.ndarray, along: np.ndarray, at: float) -> Foot:
    """The place on the skin at length ``at`` on a path of skin points (n, 3) with lengths (n,)."""
    return surface.closest(np.array([[np.interp(at, along, skin[:, axis]) for axis in range(3)]]))


def _forehead(drawing: Drawing, curves: Mapping[str, np.ndarray], rules: Mapping[str, Any], margin_up_mm: float) -> dict[str, Site]:
    lower, middle = rules["frontalis_lower"], rules["frontalis_lower_midline"]
    found: dict[str, Site] = {}
    up = np.arange(8.0, margin_up_mm + 0.25, 0.25)

    def column(lateral: float) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Skin points straight up at ``lateral``, length along them, and that length at the brow and at the upper margin."""
        skin = drawing.on_skin(np.c_[np.full_like(up, lateral), up]).points
        along = arc_length(skin)
        brow = curves["brow_left" if lateral >= 0 else "brow_right"]
        order = np.argsort(brow[:, 0])
        brow_y = float(np.interp(skin[0, 0], brow[order, 0], brow[order, 1])) if lateral else _level_of_heads(curves)
        margin = curves["frontalis_upper_margin"]
        order = np.argsort(margin[:, 0])
        margin_y = float(np.interp(skin[-1, 0], margin[order, 0], margin[order, 1]))
        at_brow, at_margin = np.interp([brow_y, margin_y], skin[:, 1], along)
        return skin, along, float(at_brow), float(at_margin)

    def place(name: str, skin: np.ndarray, along: np.ndarray, at: float) -> Site:
        return site_at(name, drawing.surface, _between(drawing.surface, skin, along, at))

    def low(lateral: float, rule: Mapping[str, Any], name: str) -> Site:
        skin, along, at_brow, at_margin = column(lateral)
        least = rule["least_above_brow_mm"] + rule["margin_mm"]
        at = max((at_brow + at_margin) / 2, at_brow + least)
        near = min((distance_to_line(skin, curves[f"brow_{side}"])[0] for side in ("left", "right")), key=lambda gap: gap.min())
        clear = along[(near >= least) & (along > at_brow)]
        return place(name, skin, along, max(at, float(clear[0])))

    found["frontalis_lower_midline"] = low(0.0, middle, "frontalis_lower_midline")
    centre = found["frontalis_lower_midline"].point
    level = float(np.interp(centre[1], drawing.on_skin(np.c_[np.zeros_like(up), up]).points[:, 1], up))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        drawn = sign * np.arange(20.0, 60.0, 0.25)
        skin = drawing.on_skin(np.c_[drawn, np.full_like(drawn, level)]).points
        fusion = curves[f"temporal_fusion_line_{side}"]
        order = np.argsort(fusion[:, 1])
        fusion_x = float(np.interp(centre[1], fusion[order, 1], np.abs(fusion[order, 0])))
        along = arc_length(skin)
        at_fusion = float(np.interp(fusion_x, np.abs(skin[:, 0]), along))
        lateral = float(np.interp(at_fusion - lower["medial_of_fusion_mm"], along, drawn))
        site = low(lateral, lower, f"frontalis_lower_{side}")
        found[f"frontalis_lower_{side}"] = site
        skin, along, _, at_margin = column(lateral / 2)
        row = float(np.interp((centre[1] + site.point[1]) / 2, skin[:, 1], along))
        found[f"frontalis_upper_{side}"] = place(f"frontalis_upper_{side}", skin, along, (row + at_margin) / 2)
    return found


def _level_of_heads(curves: Mapping[str, np.ndarray]) -> float:
    return float((curves["brow_left"][0, 1] + curves["brow_right"][0, 1]) / 2)
