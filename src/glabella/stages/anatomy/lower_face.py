"""The atlas of the lower face and the front of the neck: muscles and named sites of one person, on both sides.

The drawing is data of its own (``data/lower_face``), in three dimensions, since the skin over the jaw and below the chin is not seen
from the front. It is laid on a person's face as the upper face is: by triangle and barycentric coordinates of the mesh.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from glabella.evidence.lower_face import load_lower_sites, lower_site_areas, lower_target
from glabella.face import Face, Foot, load_face
from glabella.names import SIDES
from glabella.stages.anatomy.atlas import Atlas
from glabella.stages.anatomy.drawing import Drawing, atlas_data
from glabella.stages.anatomy.places import site_at
from glabella.stages.anatomy.sheet import LATTICE_STEP_MM, Lattice, Sheet, even_shares, make_sheet

MIRROR = np.array([-1.0, 1.0, 1.0])
LANDMARKS = {"mouth_corner": (291, 61), "gonion": (397, 172), "pogonion": 199, "gnathion": 152, "tragus": (356, 127), "nasion": 168}


def build_lower_atlas(face: Face, patient: Any, parameters: Mapping[str, float]) -> Atlas:
    """Lay the drawing on a face. Of ``patient``, which may be None, only the sex is read: the masseters of men are thicker."""
    drawing = Drawing(face)
    sex = getattr(patient, "sex", None) or "female"
    muscles: dict[str, Sheet] = {}
    for muscle, data in lower_muscles().items():
        for side in (None,) if data.get("across") else SIDES:
            sheet = _sheet(muscle, side, data, drawing, sex, parameters)
            muscles[sheet.name] = sheet
    sites = {}
    for row in load_lower_sites().values():
        for side in SIDES:
            name = f"{row.site}_{side}"
            sites[name] = site_at(name, drawing.surface, drawing.transfer(_site_foot(row.site, side)))
    targets = {name: lower_target(name) for name in lower_site_areas()}
    points = {}
    for name, number in LANDMARKS.items():
        for side, one in zip(SIDES, number, strict=True) if isinstance(number, tuple) else ((None, number),):
            points[f"{name}_{side}" if side else name] = face.landmarks[one]
    return Atlas(face, drawing.surface, muscles, {}, {}, points, {}, sites, targets)


def lower_muscles() -> Mapping[str, Any]:
    """The drawing of the muscles by name, as read."""
    return atlas_data("lower_face/muscles")


@cache
def lower_lattice(muscle: str) -> Lattice:
    """The smooth map of a muscle of the drawing: the left one, or the ring in the midline."""
    data = lower_muscles()[muscle]
    lines = np.array(data["lines"], float)
    if data.get("across"):
        lines = np.concatenate([lines, lines[:, -2:0:-1] * MIRROR], 1)
    return Lattice(lines, bool(data.get("across")))


def _stations(data: Mapping[str, Any], row: str) -> list[float]:
    """One number per station of the lattice, both halves of a ring."""
    values = list(data[row])
    return values + values[-2:0:-1] if data.get("across") else values


@cache
def _shares(muscle: str) -> tuple[np.ndarray, np.ndarray]:
    """Shares (u, v) of the lattice points, evenly spaced on the skin of the reference face."""
    data, lattice = lower_muscles()[muscle], lower_lattice(muscle)
    u, v = np.linspace(0, 1, 81), np.linspace(0, 1, 21)
    points, step = lattice.at(u, v), data.get("step_mm", LATTICE_STEP_MM)
    u, v = even_shares(points, u, 0, step), even_shares(points, v, 1, step)
    if not data.get("across"):
        return u, v
    half = np.linspace(0, 0.5, len(u) // 2 + 1)  # the same stations on both halves of a ring, and none twice
    u = np.interp(half, np.linspace(0, 1, len(u)), u)
    return np.concatenate([u, 1 - u[-2:0:-1]]), v


@cache
def _feet(muscle: str, side: str | None) -> Foot:
    """Feet (nu, nv) on the reference face."""
    drawn = lower_lattice(muscle).at(*_shares(muscle))
    return _closest(drawn * MIRROR if side == "right" else drawn)


@cache
def _site_foot(site: str, side: str) -> Foot:
    row = load_lower_sites()[site]
    drawn = lower_lattice(row.target_muscle).at(np.array([row.along_share]), np.array([row.across_share]))[0]
    return _closest(drawn * MIRROR if side == "right" else drawn)


def _closest(points: np.ndarray) -> Foot:
    """The closest skin of the reference face to points (..., 3)."""
    foot = load_face().surface(2).closest(points.reshape(-1, 3))
    shape = points.shape[:-1]
    return Foot(foot.points.reshape(points.shape), foot.triangle.reshape(shape), foot.barycentric.reshape(points.shape), foot.distance_mm)


def reference_feet(points: np.ndarray, side: str = "left") -> Foot:
    """Feet on the reference face of points (n, 3) drawn on the left, or of their mirror images."""
    return _closest(np.asarray(points, float) * (MIRROR if side == "right" else 1.0))


def _sheet(muscle: str, side: str | None, data: Mapping[str, Any], drawing: Drawing, sex: str, parameters: Mapping[str, float]) -> Sheet:
    u, v = _shares(muscle)
    lattice = lower_lattice(muscle)
    foot = drawing.transfer(_feet(muscle, side))
    normal = drawing.normals(foot)
    full = parameters[f"{data['thickness_row']}_{sex}_mm"] if "thickness_row" in data else 1.0
    cover, thickness = (np.repeat(lattice.at_stations(u, _stations(data, row))[:, None], len(v), 1) for row in ("cover_mm", "thickness_mm"))
    thickness = thickness * full
    depth = cover + thickness / 2
    return make_sheet(
        f"{muscle}_{side}" if side else muscle, foot.points - depth[..., None] * normal, normal, thickness, depth, closed=lattice.closed,
        origin=data["origin"], insertion_from=float(data["insertion_from"]),
    )  # fmt: skip
