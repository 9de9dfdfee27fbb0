"""A risk map as plain data and in a few lines of text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glabella.errors import InputError
from glabella.names import side_of, without_side
from glabella.outcome import FRAME, plain
from glabella.planner.risk_map import SEED, Chance, RiskMap
from glabella.planner.risk_map_chance import SPACING_MM
from glabella.planner.risk_map_distances import heights_above_rim, nearest_glabellar_sites, site_distances
from glabella.schemas import check_shape, shipped_schema
from glabella.stages.anatomy import NOMINAL_RADIUS_MM

SCHEMA = "glabella-risk-map-1"
NOTE = "An exploration of a model: it says nothing about where anyone should be treated."
LEAST_SHOWN = 1e-5


def document(found: RiskMap) -> dict[str, Any]:
    """The map as ``data/risk_map.schema.json`` describes it."""
    sources, anatomy = found.sources(), found.anatomy
    heights, distances = heights_above_rim(found), site_distances(found)
    return {
        "schema": SCHEMA,
        "frame": FRAME,
        "note": NOTE,
        "version": found.version,
        "purpose": "person",
        "effect": {"name": found.effect, **plain(found.words)},
        "product": found.product,
        "units": found.units,
        "depth_mm": found.depth_mm,
        "volume_ml": plain(found.volume_ml),
        "dilution": plain(found.dilution),
        "patient": plain(found.patient),
        "scatter": dict(zip(("along_skin_mm", "in_depth_mm"), found.scatter_mm, strict=True)),
        "band": {"percentiles": [5, 95], "draws": found.draws, "seed": SEED, "varied": "law of the effect and route through the septum"},
        "overrides": plain(found.parameters.overrides),
        "parameters_sha256": found.parameters.sha256,
        "settings": {
            "tissue_cells": len(anatomy.cells), "step_mm": round(float(anatomy.grid.steps[0] * NOMINAL_RADIUS_MM), 6),
            "depth_step_mm": float(np.diff(anatomy.grid.edges_mm)[0]), "spacing_mm": SPACING_MM,
        },
        "vertices": {
            "points_mm": [plain(point) for point in found.points], "tip_depth_mm": plain(found.tip_depth_mm),
            "stopped_by_bone": plain(found.stopped_by_bone), "rim_distance_mm": plain(found.rim_distance_mm),
            "dose_units_per_mm3": plain(found.dose_units_per_mm3), "probability": plain(found.probability), "low": plain(found.low),
            "high": plain(found.high),
        },
        "triangles": plain(found.triangles),
        "sites": {
            site: {"point_mm": plain(point), "probability": plain(found.sites[site]) if site in found.sites else None}
            for site, point in found.licensed_sites.items()
        },
        "distances": {
            "above_rim_at_mid_pupil_mm": {side: _by_level(row) for side, row in heights.items()},
            "from_site_to_contour_mm": {site: _by_level(row) for site, row in distances.items()},
            "glabellar_sites_nearest_to_the_rim": list(nearest_glabellar_sites(found)),
        },
        "sources": {
            "parameters": plain(sources.parameters),
            "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in sources.references],
        },
    }  # fmt: skip


def _by_level(row: Mapping[float, float | None]) -> dict[str, Any]:
    return {f"{level:g}": plain(length) for level, length in row.items()}


def risk_map_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a risk map, as shipped."""
    return shipped_schema("risk_map")


def validate_risk_map(data: Mapping[str, Any]) -> None:
    """Check a risk map read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(data, "risk_map", "risk map")
    vertices = data["vertices"]
    lengths = {len(values) for name, values in vertices.items() if name != "dose_units_per_mm3"}
    lengths |= {len(values) for values in vertices["dose_units_per_mm3"].values()}
    if len(lengths) > 1:
        raise InputError(f"risk map, vertices: lists of {sorted(lengths)} values; each needs one per vertex")


def summary_lines(found: RiskMap) -> list[str]:
    """The map in a few lines: the highest chance and where, how high it reaches above the rim, and every licensed site."""
    along, deep = found.scatter_mm
    top = int(found.probability.argmax())
    lines = [
        f"{in_words(found.effect)} if {found.units:g} U of {found.product} in {found.volume_ml:.3g} mL went in {found.depth_mm:g} mm deep",
        f"needle scatter {along:g} mm per axis along the skin, {deep:g} mm in depth; in brackets 90 % of {found.draws} draws of parameters",
        "",
        f"highest  {in_percent(Chance(found.probability[top], found.low[top], found.high[top]))}, {where_is(found, top)}",
        "",
        "above the bony rim at mid pupil the chance stays at or above",
    ]
    heights = heights_above_rim(found)
    for level in next(iter(heights.values())):
        reached = ", ".join(f"{side} {height_text(row[level])}" for side, row in heights.items())
        lines.append(f"  {100 * level:>4g} %  up to {reached}")
    lines += ["", f"{'licensed site':<34}{'chance':<30}{'to the 1 % line':<18}to the 5 % line"]
    distances = site_distances(found)
    for site in found.licensed_sites:
        if site in found.sites:
            cells = [distance_text(length) for length in distances[site].values()]
            lines.append(f"  {in_words(site):<32}{in_percent(found.sites[site]):<30}{cells[0]:<18}{cells[1]}")
        else:
            lines.append(f"  {in_words(site):<32}not computed")
    return [*lines, "", f"{FRAME}; a map explores a model and is no directive"]


def in_words(name: str) -> str:
    """'corrugator_medial_left' as 'corrugator medial, left'."""
    side = side_of(name)
    return without_side(name).replace("_", " ") + (f", {side}" if side else "")


def in_percent(chance: Chance) -> str:
    """'0.38 % (0.15 to 0.94)'."""
    value, low, high = (percent(share) for share in (chance.value, chance.low, chance.high))
    return f"{value} %" + ("" if low == high else f" ({low} to {high})")


def percent(share: float) -> str:
    """Two digits of a chance in percent; 'under 0.001' where it is smaller than anyone can know."""
    if share < LEAST_SHOWN:
        return "under 0.001"
    number = 100 * share
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def distance_text(length: float | None) -> str:
    """'9.2 mm', 'inside by 1.4 mm', or that there is no such line."""
    if length is None:
        return "no such line"
    return f"{length:.1f} mm" if length >= 0 else f"inside by {-length:.1f} mm"


def height_text(height: float | None) -> str:
    """'9.2 mm', or that the chance is lower at the rim, or that the map ends first."""
    if height is None:
        return "beyond the map"
    return f"{height:.1f} mm" if height > 0 else "nowhere"


def where_is(found: RiskMap, vertex: int) -> str:
    """Where a vertex lies, in words."""
    x, y, _ = found.points[vertex]
    rim = found.rim_distance_mm[vertex]
    aside = "in the midline" if abs(x) < 0.5 else f"{abs(x):.0f} mm to the person's {'left' if x > 0 else 'right'}"
    up, over = (f"{abs(length):.0f} mm {'above' if length >= 0 else 'below'}" for length in (y, rim))
    return f"{aside}, {up} the eyes' middle, {over} the bony rim"
