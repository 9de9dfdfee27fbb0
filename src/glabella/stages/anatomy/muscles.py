"""Muscles that follow the skin: lattices of the drawing, laid on a person's skin and sunk below it."""

from collections.abc import Mapping
from functools import cache, lru_cache

import numpy as np

from glabella.face import Foot
from glabella.stages.anatomy.drawing import Drawing, atlas_data, drawn_feet, measured_beforehand, mirrored_points, stretched
from glabella.stages.anatomy.sheet import Lattice, Sheet, even_shares, make_sheet

LATTICE_STEPS_MM = (0.8, 0.64, 0.5)  # numerical: spacing on the reference face, the first that is fine enough on the person's
LARGEST_STEP_MM = 1.0


def lay_muscles(drawing: Drawing, heights: Mapping[str, float]) -> dict[str, Sheet]:
    """All of them by name, on both sides; ``heights`` as ``landmarks.find_heights`` gives them."""
    sheets: dict[str, Sheet] = {}
    for muscle in atlas_data("muscles"):
        for step_mm in [step for step in LATTICE_STEPS_MM if step * drawing.size < LARGEST_STEP_MM] or LATTICE_STEPS_MM[-1:]:
            found = _muscle(muscle, drawing, heights, step_mm)
            if max(sheet.longest_step_mm for sheet in found) <= LARGEST_STEP_MM:
                break
        sheets |= {sheet.name: sheet for sheet in found}
    return sheets


@cache
def lattice_of(muscle: str) -> Lattice:
    """The smooth map of a muscle of the drawing, left or in the midline."""
    data = atlas_data("muscles")[muscle]
    return Lattice(np.array(data["lines"], float), data.get("closed", False))


@cache
def _shares(muscle: str, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares (u, v) of the lattice points of a muscle, no more than ``step_mm`` apart on the skin of the reference face."""
    u, v = (measured_beforehand(f"{muscle}/{step_mm}/{axis}") for axis in ("u", "v"))
    return find_shares(muscle, step_mm) if u is None or v is None else (u, v)


def find_shares(muscle: str, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """The same, measured on a fine lattice."""
    u, v = np.linspace(0, 1, 121), np.linspace(0, 1, 41)
    skin = drawn_feet(lattice_of(muscle).at(u, v)).points
    u, v = even_shares(skin, u, 0, step_mm), even_shares(skin, v, 1, step_mm)
    if atlas_data("muscles")[muscle].get("midline") and len(v) % 2:
        # no fibre exactly in the midline, where the closest skin is on two sides alike and a choice would break the symmetry
        v = np.interp(np.linspace(0, 1, len(v) + 1), np.linspace(0, 1, len(v)), v)
    return (u[:-1] if lattice_of(muscle).closed else u), v


@cache
def _drawn(muscle: str, step_mm: float) -> np.ndarray:
    return lattice_of(muscle).at(*_shares(muscle, step_mm))


@cache
def _depth_and_thickness(muscle: str, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Both (nu, nv) on the lattice; nobody writes into them."""
    u, v = _shares(muscle, step_mm)
    data, lattice = atlas_data("muscles")[muscle], lattice_of(muscle)
    depth, thickness = (np.repeat(lattice.at_stations(u, data[row])[:, None], len(v), 1) for row in ("depth_mm", "thickness_mm"))
    depth.flags.writeable = thickness.flags.writeable = False
    return depth, thickness


@lru_cache(maxsize=128)
def _muscle_foot(muscle: str, side: str | None, margin_up_mm: float | None, step_mm: float) -> Foot:
    drawn = _drawn(muscle, step_mm)
    if margin_up_mm is not None:
        data = atlas_data("bones")["heights"]
        drawn = stretched(drawn, data["stretch_from_up_mm"], data["drawn_margin_mm"], margin_up_mm)
    known = None if margin_up_mm is not None else measured_beforehand(f"{muscle}/{step_mm}/{side or 'midline'}")
    return drawn_feet(mirrored_points(drawn) if side == "right" else drawn, known)


def _muscle(muscle: str, drawing: Drawing, heights: Mapping[str, float], step_mm: float) -> list[Sheet]:
    """The muscle on both sides, or the one in the midline."""
    data, lattice = atlas_data("muscles")[muscle], lattice_of(muscle)
    margin = heights["frontalis_upper_margin"] if data.get("follows_upper_margin") else None
    depth, thickness = _depth_and_thickness(muscle, step_mm)
    insertion = data["insertion_from"]
    if insertion == "convergence_line":
        insertion = _convergence_share(muscle, heights)
    sheets = []
    for side in (None,) if data.get("midline") else ("left", "right"):
        foot = drawing.transfer(_muscle_foot(muscle, side, margin, step_mm))
        normal = drawing.normals(foot)
        sheets.append(make_sheet(
            f"{muscle}_{side}" if side else muscle, foot.points - depth[..., None] * normal, normal, thickness, depth,
            closed=lattice.closed, origin=data["origin"], insertion_from=float(insertion),
        ))  # fmt: skip
    return sheets


def _convergence_share(muscle: str, heights: Mapping[str, float]) -> float:
    """Share of the length of the frontalis at which its fibres cross the line of convergence."""
    data, margin = atlas_data("bones")["heights"], heights["frontalis_upper_margin"]
    drawn = stretched(_drawn(muscle, LATTICE_STEPS_MM[0]), data["stretch_from_up_mm"], data["drawn_margin_mm"], margin)
    shares = np.linspace(0, 1, len(drawn))
    return float(np.mean([np.interp(-heights["frontalis_convergence"], -line[:, 1], shares) for line in np.moveaxis(drawn, 1, 0)]))
