"""The licensed sites of a person, each placed by the rule that its label gives.

A rule is followed on the person's skin; the place it leads to is kept as a point of the drawing until the end.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from glabella.face import Foot
from glabella.names import SIDES
from glabella.stages.anatomy.drawing import Drawing, atlas_data, drawn_feet, drawn_landmark
from glabella.stages.anatomy.places import Site, distance_to_line, site_at, walk
from glabella.stages.anatomy.sheet import arc_length

SIGNS = {"left": 1.0, "right": -1.0}
COLUMN_MM = np.arange(7.0, 100.0, 0.5)  # numerical: where paths straight up the drawing are looked at
NASAL_ROOT_MM = np.arange(-10.0, 30.0, 0.5)
ROW_MM = np.arange(20.0, 60.0, 0.5)
AWAY_MM, AROUND_MM = np.arange(0.5, 24.0, 1.0), np.arange(-9.0, 9.5, 1.0)


def licensed_sites(
    drawing: Drawing, curves: Mapping[str, np.ndarray], points: Mapping[str, np.ndarray], heights: Mapping[str, float]
) -> dict[str, Site]:
    """Every licensed site of both sides by name."""
    rules, surface = atlas_data("sites"), drawing.surface
    places = {"procerus": _cross_of_brow_heads_and_canthi(drawing, points)}
    for side in SIDES:
        for name in ("corrugator_medial", "corrugator_lateral"):
            places[f"{name}_{side}"] = _above_rim(drawing, curves[f"supraorbital_rim_{side}"], rules[name], SIGNS[side])
        canthus, along_mm = points[f"lateral_canthus_{side}"], rules["lateral_canthal_middle"]["lateral_mm"]
        places[f"lateral_canthal_middle_{side}"] = _temporal(drawing, canthus, along_mm, SIGNS[side])
    places |= _forehead(drawing, curves, rules, heights["frontalis_upper_margin"])
    foot = drawing.on_skin(np.stack(list(places.values())))
    found = {name: site_at(name, surface, foot, row) for row, name in enumerate(places)}

    ways = [(name, side) for name in ("lateral_canthal_upper", "lateral_canthal_lower") for side in SIDES]
    start = [found[f"lateral_canthal_middle_{side}"] for _, side in ways]
    left = np.array([SIGNS[side] * rules[name]["lateral_mm"] for name, side in ways])
    up = np.array([rules[name]["up_mm"] for name, _ in ways])
    foot = walk(surface, np.stack([site.point for site in start]), np.stack([site.normal for site in start]), left, up)
    return found | {f"{name}_{side}": site_at(f"{name}_{side}", surface, foot, row) for row, (name, side) in enumerate(ways)}


@cache
def _column_foot(lateral_mm: float) -> Foot:
    return drawn_feet(np.c_[np.full_like(COLUMN_MM, lateral_mm), COLUMN_MM])


@cache
def _nasal_root() -> Foot:
    return drawn_feet(np.c_[np.zeros_like(NASAL_ROOT_MM), NASAL_ROOT_MM])


def _up_at(skin: np.ndarray, drawn_up: np.ndarray, height: float) -> float:
    """How far up in the drawing a path straight up (n, 3) comes to a height (y) on the person's face."""
    return float(np.interp(height, skin[:, 1], drawn_up))


def _height_at(line: np.ndarray, x: float) -> float:
    """How high (y) a line (n, 3) that runs across lies at ``x``; beyond its ends, as at its ends."""
    order = np.argsort(line[:, 0])
    return float(np.interp(x, line[order, 0], line[order, 1]))


def _cross_of_brow_heads_and_canthi(drawing: Drawing, points: Mapping[str, np.ndarray]) -> np.ndarray:
    """In the midline, where the lines from each brow head to the opposite medial canthus cross, seen from the front."""
    flip = np.array([-1.0, 1.0])
    head = (points["brow_head_left"][:2] + points["brow_head_right"][:2] * flip) / 2
    canthus = (points["medial_canthus_left"][:2] + points["medial_canthus_right"][:2] * flip) / 2
    height = canthus[1] + (head[1] - canthus[1]) * canthus[0] / (canthus[0] + head[0])
    return np.array([0.0, _up_at(drawing.transfer(_nasal_root()).points, NASAL_ROOT_MM, height)])


def _above_rim(drawing: Drawing, rim: np.ndarray, rule: Mapping[str, Any], sign: float) -> np.ndarray:
    """Straight up from the rim to where the rim is far enough away."""
    skin = drawing.transfer(_column_foot(sign * rule["lateral_mm"])).points[: len(COLUMN_MM) // 2]
    gap, feet = distance_to_line(skin, rim)
    gap = np.where(skin[:, 1] > feet[:, 1], gap, -gap)
    above = slice(int(np.flatnonzero(gap < 0)[-1]), None)
    up = np.interp(rule["least_mm"] + rule["margin_mm"], gap[above], COLUMN_MM[: len(skin)][above])
    return np.array([sign * rule["lateral_mm"], up])


def _drawn_canthus() -> np.ndarray:
    return drawn_landmark(atlas_data("bones")["landmarks"]["lateral_canthus"][0])


@cache
def _temporal_feet(sign: float) -> Foot:
    canthus = _drawn_canthus()
    return drawn_feet(np.stack(np.meshgrid(sign * (canthus[0] + AWAY_MM), canthus[1] + AROUND_MM, indexing="ij"), -1))


def _temporal(drawing: Drawing, canthus: np.ndarray, along_mm: float, sign: float) -> np.ndarray:
    """The place ``along_mm`` temporal to the canthus along the skin, on the level of the canthus."""
    drawn_canthus = _drawn_canthus()
    skin = drawing.transfer(_temporal_feet(sign)).points
    up = np.array([_up_at(column, drawn_canthus[1] + AROUND_MM, canthus[1]) for column in skin])
    level = np.stack([[np.interp(canthus[1], column[:, 1], column[:, axis]) for axis in range(3)] for column in skin])
    along = np.linalg.norm(level[0] - canthus) + arc_length(level)
    return np.array([sign * (drawn_canthus[0] + np.interp(along_mm, along, AWAY_MM)), np.interp(along_mm, along, up)])


def _forehead(
    drawing: Drawing, curves: Mapping[str, np.ndarray], rules: Mapping[str, Any], margin_up_mm: float
) -> dict[str, np.ndarray]:
    lower, middle = rules["frontalis_lower"], rules["frontalis_lower_midline"]
    drawn_up = COLUMN_MM[margin_up_mm + 2.0 > COLUMN_MM]
    heads = (curves["brow_left"][0, 1] + curves["brow_right"][0, 1]) / 2

    def column(lateral_mm: float) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Skin points straight up, length along them, and that length at the brow and at the upper margin."""
        foot = _column_foot(0.0) if lateral_mm == 0 else drawn_feet(np.c_[np.full_like(drawn_up, lateral_mm), drawn_up])
        skin = drawing.transfer(foot).points[: len(drawn_up)]
        along = arc_length(skin)
        brow = _height_at(curves["brow_left" if lateral_mm > 0 else "brow_right"], skin[0, 0]) if lateral_mm else heads
        margin = _height_at(curves["frontalis_upper_margin"], skin[-1, 0])
        at_brow, at_margin = np.interp([brow, margin], skin[:, 1], along)
        return skin, along, float(at_brow), float(at_margin)

    def low(lateral_mm: float, rule: Mapping[str, Any]) -> tuple[np.ndarray, float]:
        """Midway between brow and margin, and far enough from the brow both straight up and straight away; and its height."""
        skin, along, at_brow, at_margin = column(lateral_mm)
        least = rule["least_above_brow_mm"] + rule["margin_mm"]
        near = np.minimum(*(distance_to_line(skin, curves[f"brow_{side}"])[0] for side in SIDES))
        clear = np.flatnonzero((near < least) & (along < at_margin))[-1] + 1
        at = max((at_brow + at_margin) / 2, at_brow + least, float(along[clear]))
        return np.array([lateral_mm, np.interp(at, along, drawn_up)]), float(np.interp(at, along, skin[:, 1]))

    centre, height = low(0.0, middle)
    found = {"frontalis_lower_midline": centre}
    for side in SIDES:
        row = SIGNS[side] * ROW_MM
        skin = drawing.on_skin(np.c_[row, np.full_like(row, centre[1])]).points
        along = arc_length(skin)
        fusion = curves[f"temporal_fusion_line_{side}"]
        order = np.argsort(fusion[:, 1])
        fusion_x = np.interp(height, fusion[order, 1], np.abs(fusion[order, 0]))
        at_fusion = np.interp(fusion_x, np.abs(skin[:, 0]), along)
        lateral = float(np.interp(at_fusion - lower["medial_of_fusion_mm"], along, row))
        found[f"frontalis_lower_{side}"], side_height = low(lateral, lower)
        skin, along, _, at_margin = column(lateral / 2)
        at_row = np.interp((height + side_height) / 2, skin[:, 1], along)
        found[f"frontalis_upper_{side}"] = np.array([lateral / 2, np.interp((at_row + at_margin) / 2, along, drawn_up)])
    return found
