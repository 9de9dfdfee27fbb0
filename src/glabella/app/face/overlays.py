"""What is laid over the face: the dose of a result and a risk map, as one number per vertex of the face bundle.

Files as in ``bundle.py``: ``values`` (n,) and, where there may be none, ``known`` (n,) 0 or 1. The header says how to show them:
``ramp`` sRGB colours from ``range[0]`` to ``range[1]`` (``stepped``: one per level), ``levels`` of the lines of equal value
(``at`` in stored numbers, ``label`` in words), and the ``legend``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from glabella.app.face.bundle import mesh_of, pack
from glabella.app.workbench import Result
from glabella.errors import InputError
from glabella.planner.risk_map import SMALLEST, RiskMap
from glabella.planner.risk_map_distances import LEVELS
from glabella.planner.risk_map_document import in_words
from glabella.report.faces import CM2, DOSE_LINES, DOSE_SHOWN, round_up
from glabella.report.risk_map_picture import STEPS
from glabella.report.shading import VIRIDIS
from glabella.scene import dose_on_skin

ON_MAP_MM = 1.2  # skin farther from the mapped one hides it


def dose_overlay(result: Result) -> bytes:
    """Units taken up below each cm2 of skin, sessions together, with lines of equal dose. Errors: InputError for an untreated result."""
    if result.plan is None:
        raise InputError("dose on the face: this result has no treatment; choose a result with a plan")
    person, course = result.person, result.course
    dose = np.sum([field.uptake_units_per_mm3 for field in course.fields], axis=0)
    on_skin = CM2 * dose_on_skin(person.anatomy, person.spread.uptake_volume, dose)
    top = round_up(float(on_skin.max())) if on_skin.max() > 0 else 1.0
    levels = [{"at": share * top, "label": f"{share * top:g}"} for share in DOSE_LINES]
    stops = [{"at": level["at"] / top, "label": level["label"]} for level in levels] + [{"at": 1.0, "label": f"{top:g}"}]
    legend = {"title": "Dose taken up, units per cm² of skin", "stops": stops}
    header = _header("dose", mesh_of(person.face).take(on_skin), VIRIDIS, (DOSE_SHOWN * top, top), levels, legend)
    return pack(*header)


def risk_overlay(found: RiskMap) -> bytes:
    """The chance of the map's effect, on the scale of the normal distribution so that lines of small chances are smooth."""
    mesh = mesh_of(found.anatomy.atlas.face)
    points = mesh.surface.vertices[mesh.vertex]
    chance = np.full(len(points), np.nan)
    front = np.flatnonzero(points[:, 2] > points[:, 2].min() / 2)
    chance[front] = found.probability_at(points[front])[:, 0]
    known = np.isfinite(chance)
    near = np.flatnonzero(known)
    known[near] = np.linalg.norm(points[near] - found.skin_at(points[near]), axis=1) < ON_MAP_MM
    behind = np.zeros(len(mesh.plug_of))
    values = np.concatenate([ndtri(np.clip(np.where(known, chance, 0.0), SMALLEST, 1 - SMALLEST)), behind + ndtri(SMALLEST)])
    levels = [{"at": float(ndtri(level)), "label": f"{100 * level:g} %"} for level in LEVELS]
    colours = [f"rgb({', '.join(str(round(255 * c)) for c in step)})" for step in STEPS]
    items = [{"colour": colour, "label": f"{level['label']} or more"} for colour, level in zip(colours, levels, strict=True)]
    legend = {
        "title": f"Chance of {in_words(found.effect)} from {found.units:g} U, {found.depth_mm:g} mm deep",
        "items": [*items, {"colour": "rgb(160, 160, 160)", "label": "no number"}],
        "note": "By place of the needle. An exploration of a model: it says nothing about where anyone should be treated.",
    }
    edges = [level["at"] for level in levels]
    header, arrays = _header("risk", values, STEPS, (edges[0], edges[-1]), levels, legend)
    header["stepped"] = True
    arrays["known"] = np.concatenate([known, behind + 1]).astype(np.uint8), None
    return pack(header, arrays)


def _header(
    kind: str, values: np.ndarray, ramp: np.ndarray, limits: tuple[float, float], levels: Sequence[dict[str, Any]], legend: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, float | None]]]:
    colours = np.rint(255 * ramp).astype(int).tolist()
    legend = {"ramp": [f"rgb({r},{g},{b})" for r, g, b in colours], **legend} if "stops" in legend else legend
    header = {
        "format": "glabella-overlay-1", "kind": kind, "vertices": len(values), "ramp": colours, "range": [float(v) for v in limits],
        "levels": list(levels), "legend": legend, "stepped": False,
    }  # fmt: skip
    return header, {"values": (values.astype(np.float32), None)}
