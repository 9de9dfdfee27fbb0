"""The atlas: muscles, bony landmarks, licensed sites and skin areas of one person, on both sides of the upper face.

The drawing is data (``data/muscles.toml``, ``bones.toml``, ``orbit.toml``, ``sites.toml``, ``areas.toml``), left side only, each
entry with its source; the other side is its mirror image. Here it is laid on a person's face and sunk below the skin
along the true normal.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import numpy as np

from glabella.errors import InputError, nearest
from glabella.face import Face, Foot, Surface, load_face
from glabella.names import side_of, without_side
from glabella.stages.anatomy.drawing import NASION, Drawing, drawn_feet, mirror_landmarks, mirrored_points
from glabella.stages.anatomy.orbit import inside_orbit, levator_sheets, septum_sheet
from glabella.stages.anatomy.places import Site, distance_to_line, licensed_sites, site_at, walk
from glabella.stages.anatomy.regions import ANCHORS, blend
from glabella.stages.anatomy.sheet import LATTICE_STEP_MM, Lattice, Sheet, even_shares, make_sheet, smooth_line

__all__ = ["Atlas", "Sheet", "Site", "atlas_data", "build_atlas"]

SIDES = (("left", 1.0), ("right", -1.0))
BONY_CURVES = ("supraorbital_rim", "orbital_rim", "lateral_orbital_rim")


@dataclass(frozen=True)
class Atlas:
    """The anatomy of one person. ``muscles`` and ``septa`` by name; ``curves`` (n, 3) and ``points`` (3,) on the skin.

    Curves whose name ends in ``_bone`` lie on the bone. ``areas``: which triangles of ``face.surface(1)`` belong to each skin area.
    ``sites``: the licensed sites; ``targets``: the muscle each one aims at.
    """

    face: Face
    surface: Surface
    muscles: Mapping[str, Sheet]
    septa: Mapping[str, Sheet]
    curves: Mapping[str, np.ndarray]
    points: Mapping[str, np.ndarray]
    areas: Mapping[str, np.ndarray]
    sites: Mapping[str, Site]
    targets: Mapping[str, str]

    def __hash__(self) -> int:
        return id(self)

    def site(self, name: str) -> Site:
        """The licensed site of this name."""
        if name not in self.sites:
            raise InputError(f"site '{name}' is unknown; {nearest(name, self.sites)}")
        return self.sites[name]

    def moved(self, site: Site, lateral_mm: float = 0.0, up_mm: float = 0.0) -> Site:
        """The place reached from ``site`` along the skin: ``lateral_mm`` away from the midline (on the midline: to the left)."""
        left = -lateral_mm if side_of(site.name) == "right" else lateral_mm
        foot = walk(self.surface, site.point[None], site.normal[None], np.array([left]), np.array([up_mm]))
        return site_at(site.name, self.surface, foot)

    def depth_to(self, muscle: str, site: Site) -> float:
        """Depth in mm below ``site``, along the true normal, of the middle of a muscle; below the edge, of its nearest part.

        A paired muscle may be named without its side: then the side of the site, or on the midline the nearer one.
        """
        names = [name for name in self.muscles if name == muscle or without_side(name) == muscle]
        side = side_of(site.name)
        if f"{muscle}_{side}" in names:
            names = [f"{muscle}_{side}"]
        if not names:
            raise InputError(f"muscle '{muscle}' is unknown; {nearest(muscle, self.muscles)}")
        best, depth = np.inf, np.nan
        for name in names:
            sheet = self.muscles[name]
            offset = (site.point - sheet.points).reshape(-1, 3)
            below = offset @ site.normal
            aside = np.linalg.norm(offset - below[:, None] * site.normal, axis=1)
            near = np.argsort(aside)[:4]
            if aside[near[0]] < best:
                best = aside[near[0]]
                depth = float(np.average(below[near], weights=1 / (aside[near] + 0.05)))
        return depth

    def aside_mm(self, muscle: str, site: Site) -> float:
        """How far beside a muscle the needle at ``site`` would pass, in mm; 0 where it goes through it."""
        sheet = self.muscles[muscle]
        offset = (site.point - sheet.points).reshape(-1, 3)
        below = offset @ site.normal
        aside = np.linalg.norm(offset - below[:, None] * site.normal, axis=1)
        return max(0.0, float(aside.min()) - LATTICE_STEP_MM)

    def curve_of(self, name: str, site: Site) -> np.ndarray:
        """A curve by name, or that of the site's own side (on the midline the nearer one) where curves are paired."""
        if name in self.curves:
            return self.curves[name]
        side = side_of(site.name)
        pairs = [f"{name}_{side}"] if side else [f"{name}_left", f"{name}_right"]
        if pairs[0] not in self.curves:
            raise InputError(f"curve '{name}' is unknown; {nearest(name, self.curves)}")
        return min((self.curves[pair] for pair in pairs), key=lambda line: distance_to_line(site.point[None], line)[0][0])

    def distance_to_curve_mm(self, site: Site, curve_name: str) -> float:
        """Straight distance of a site from a curve in mm, with a sign.

        Positive above a curve that runs across (rim, brow, margin) and lateral of one that runs up and down (lateral rim,
        temporal fusion line); negative on the other side.
        """
        line = self.curve_of(curve_name, site)
        gap, foot = distance_to_line(site.point[None], line)
        extent = np.ptp(line, axis=0)
        if extent[1] > extent[0] and not curve_name.startswith("brow"):
            away = (abs(site.point[0]) - abs(foot[0, 0])) or 1.0
            return float(np.copysign(gap[0], away))
        return float(np.copysign(gap[0], site.point[1] - foot[0, 1]))

    def distance_to_point_mm(self, site: Site, point_name: str) -> float:
        """Straight distance of a site from a named point in mm; a paired point may be named without its side."""
        name = point_name if point_name in self.points else f"{point_name}_{side_of(site.name) or 'left'}"
        if name not in self.points:
            raise InputError(f"point '{point_name}' is unknown; {nearest(point_name, self.points)}")
        return float(np.linalg.norm(site.point - self.points[name]))

    def in_orbit(self, points: np.ndarray, side: str) -> np.ndarray:
        """Whether points (n, 3) lie within the bony orbit of one side."""
        roof = atlas_data("orbit")["roof"]
        size = self.face.interpupillary_distance_mm / load_face().interpupillary_distance_mm
        rim, apex = self.curves[f"orbital_rim_{side}_bone"], self.points[f"orbit_apex_{side}"]
        return inside_orbit(points, rim, apex, size * roof["rise_mm"], size * roof["behind_rim_mm"])


@cache
def atlas_data(name: str) -> dict[str, Any]:
    """One file of the drawing, as read: muscles, bones, orbit, sites or areas."""
    return tomllib.loads(resources.files("glabella.data").joinpath(f"{name}.toml").read_text("utf-8"))


def build_atlas(face: Face, patient: Any, parameters: Mapping[str, float]) -> Atlas:
    """Lay the drawing on a face. ``patient`` may be None; of it only the sex and the upper margin of the frontalis are read."""
    bones, orbit = atlas_data("bones"), atlas_data("orbit")
    drawing = Drawing(face)
    surface = drawing.surface
    heights = _heights(drawing, bones["heights"], patient)

    curves = _curves(drawing, bones, heights)
    points = _points(face, bones, curves, orbit)
    points["trichion"] = drawing.on_skin(np.array([[0.0, heights["hairline"]]])).points[0]
    for side, sign in SIDES:
        notch = np.array([bones["points"]["supraorbital_notch"]["place"]]) * [sign, 1]
        points[f"supraorbital_notch_{side}"] = drawing.on_skin(notch).points[0]
        for name in BONY_CURVES:
            curves[f"{name}_{side}_bone"] = _on_bone(face, surface, curves[f"{name}_{side}"], parameters)

    muscles = _muscles(drawing, heights)
    septa = {}
    for side, _ in SIDES:
        lid = float(points[f"upper_lid_margin_{side}"][1])
        belly, aponeurosis = levator_sheets(face, surface, orbit, lid, side)
        muscles |= {belly.name: belly, aponeurosis.name: aponeurosis}
        rim = _rim_part(curves[f"supraorbital_rim_{side}_bone"], side, orbit["orbital_septum"])
        septa[f"orbital_septum_{side}"] = septum_sheet(surface, rim, aponeurosis, orbit, side)

    rules = atlas_data("sites")
    sites = licensed_sites(drawing, curves, points, rules, heights["frontalis_upper_margin"])
    return Atlas(face, surface, muscles, septa, curves, points, _areas(), sites, {name: _target(name, rules) for name in sites})


def _target(site: str, rules: Mapping[str, Any]) -> str:
    rule = rules.get(site) or rules[without_side(site)]
    muscle, side = rule["target_muscle"], side_of(site)
    return f"{muscle}_{side}" if side else muscle


def _heights(drawing: Drawing, data: Mapping[str, Any], patient: Any) -> dict[str, float]:
    """How far up in the drawing this person's hairline, upper margin of the frontalis and line of convergence lie."""
    share = {"female": 0.0, "male": 1.0}.get(getattr(patient, "sex", ""), drawing.face.sex)
    trichion = ((1 - share) * data["trichion_above_nasion_female_mm"] + share * data["trichion_above_nasion_male_mm"]) * drawing.size
    margin = getattr(patient, "frontalis_upper_margin_mm", None)
    if margin is None:
        margin = trichion - data["margin_below_trichion_mm"]
    least, most = data["margin_least_above_nasion_mm"] * drawing.size, data["margin_most_above_nasion_mm"]
    if not least <= margin <= most:
        raise InputError(
            f"patient: frontalis_upper_margin_mm = {margin:g} must lie between {least:.0f} and {most:.0f} mm above the nasion; "
            "measure it straight from the nasion"
        )
    return {
        "hairline": drawing.up_for_height(trichion),
        "frontalis_upper_margin": drawing.up_for_height(margin),
        "frontalis_convergence": drawing.up_for_height(data["convergence_share"] * trichion),
    }


def _stretched(drawn: np.ndarray, from_up_mm: float, drawn_up_mm: float, up_mm: float) -> np.ndarray:
    """Points (..., 2) above ``from_up_mm`` stretched so that ``drawn_up_mm`` comes to ``up_mm``."""
    above = np.maximum(drawn[..., 1] - from_up_mm, 0) * ((up_mm - from_up_mm) / (drawn_up_mm - from_up_mm) - 1)
    return np.stack([drawn[..., 0], drawn[..., 1] + above], -1)


DRAWN_AT = {"hairline": "drawn_trichion_mm", "frontalis_upper_margin": "drawn_margin_mm", "frontalis_convergence": "drawn_convergence_mm"}


@cache
def _drawn_curves() -> Mapping[str, np.ndarray]:
    """Curves of the drawing before they are stretched: both sides, or across."""
    drawn: dict[str, np.ndarray] = {}
    for name, curve in atlas_data("bones")["curves"].items():
        line = smooth_line(np.array(curve["line"], float), curve.get("closed", False))
        if curve.get("across"):
            drawn[name] = np.concatenate([mirrored_points(line[:0:-1]), line])
        else:
            drawn |= {f"{name}_left": line, f"{name}_right": mirrored_points(line)}
    return drawn


@cache
def _curve_foot(name: str, up_mm: float | None) -> Foot:
    line = _drawn_curves()[name]
    if up_mm is not None:
        data = atlas_data("bones")["heights"]
        line = _stretched(line, data["stretch_from_up_mm"], data[DRAWN_AT[name]], up_mm)
    return drawn_feet(line)


def _curves(drawing: Drawing, bones: Mapping[str, Any], heights: Mapping[str, float]) -> dict[str, np.ndarray]:
    curves = {name: drawing.transfer(_curve_foot(name, heights.get(name))).points for name in _drawn_curves()}
    marks, pair = drawing.face.landmarks, mirror_landmarks()
    for side, _ in SIDES:
        edges = [marks[np.array(bones["brow"][edge]) if side == "left" else pair[bones["brow"][edge]]] for edge in ("lower_edge", "upper_edge")]
        for name, line in zip(("brow_lower_edge", "brow_upper_edge", "brow"), (*edges, (edges[0] + edges[1]) / 2), strict=True):
            curves[f"{name}_{side}"] = drawing.surface.closest(smooth_line(line)).points
    return curves


def _points(face: Face, bones: Mapping[str, Any], curves: Mapping[str, np.ndarray], orbit: Mapping[str, Any]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, number in bones["landmarks"].items():
        if isinstance(number, list):
            found |= {f"{name}_left": face.landmarks[number[0]], f"{name}_right": face.landmarks[number[1]]}
        else:
            found[name] = face.landmarks[number]
    size = face.interpupillary_distance_mm / load_face().interpupillary_distance_mm
    pair = mirror_landmarks()
    for (side, sign), (centre, radius_mm) in zip(SIDES, reversed(face.eyeballs), strict=True):
        found[f"pupil_{side}"] = centre + [0, 0, radius_mm]
        found[f"globe_{side}"] = centre
        found[f"orbit_apex_{side}"] = centre + size * np.array(orbit["apex"]["position_mm"]) * [sign, 1, 1]
        brow = curves[f"brow_{side}"]
        found[f"brow_head_{side}"], found[f"brow_tail_{side}"] = brow[0], brow[-1]
        number = [bones["brow"][edge][bones["brow"]["peak"]] for edge in ("lower_edge", "upper_edge")]
        peak = face.landmarks[number if side == "left" else pair[number]].mean(0)
        found[f"brow_peak_{side}"] = brow[np.linalg.norm(brow - peak, axis=1).argmin()]
    return found


def _on_bone(face: Face, surface: Surface, line: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
    foot = surface.closest(line)
    depth_mm = blend(face, {region: parameters[f"depth_to_bone_{region}_mm"] for region in ANCHORS}, line)
    return line - depth_mm[:, None] * surface.normal_at(foot.triangle, foot.barycentric)


def _rim_part(bone: np.ndarray, side: str, data: Mapping[str, Any]) -> np.ndarray:
    lateral = np.abs(_drawn_curves()[f"supraorbital_rim_{side}"][:, 0])
    return bone[(lateral >= data["from_lateral_mm"]) & (lateral <= data["to_lateral_mm"])]


@cache
def _lattice(muscle: str) -> Lattice:
    data = atlas_data("muscles")[muscle]
    return Lattice(np.array(data["lines"], float), data.get("closed", False))


@cache
def _shares(muscle: str) -> tuple[np.ndarray, np.ndarray]:
    """Shares (u, v) of the lattice points of a muscle, even on the skin of the reference face."""
    u, v = np.linspace(0, 1, 121), np.linspace(0, 1, 41)
    skin = drawn_feet(_lattice(muscle).at(u, v)).points
    u, v = even_shares(skin, u, 0, LATTICE_STEP_MM), even_shares(skin, v, 1, LATTICE_STEP_MM)
    return (u[:-1] if _lattice(muscle).closed else u), v


@cache
def _drawn(muscle: str) -> np.ndarray:
    return _lattice(muscle).at(*_shares(muscle))


@lru_cache(maxsize=64)
def _muscle_foot(muscle: str, side: str | None, margin_up_mm: float | None) -> Foot:
    drawn = _drawn(muscle)
    if margin_up_mm is not None:
        data = atlas_data("bones")["heights"]
        drawn = _stretched(drawn, data["stretch_from_up_mm"], data["drawn_margin_mm"], margin_up_mm)
    return drawn_feet(mirrored_points(drawn) if side == "right" else drawn)


def _muscles(drawing: Drawing, heights: Mapping[str, float]) -> dict[str, Sheet]:
    sheets = {}
    for muscle, data in atlas_data("muscles").items():
        margin = heights["frontalis_upper_margin"] if data.get("follows_upper_margin") else None
        u, v = _shares(muscle)
        depth, thickness = (
            np.repeat(_lattice(muscle).at_stations(u, data[row])[:, None], len(v), 1) for row in ("depth_mm", "thickness_mm")
        )
        insertion = data["insertion_from"]
        if insertion == "convergence_line":
            insertion = _convergence_share(muscle, heights)
        for side in (None,) if data.get("midline") else ("left", "right"):
            foot = drawing.transfer(_muscle_foot(muscle, side, margin))
            normal = drawing.normals(foot)
            name = f"{muscle}_{side}" if side else muscle
            sheets[name] = make_sheet(
                name, foot.points - depth[..., None] * normal, normal, thickness, depth,
                closed=data.get("closed", False), origin=data["origin"], insertion_from=float(insertion),
            )  # fmt: skip
    return sheets


def _convergence_share(muscle: str, heights: Mapping[str, float]) -> float:
    """Share of the length of the frontalis at which its fibres cross the line of convergence."""
    data = atlas_data("bones")["heights"]
    drawn = _stretched(_drawn(muscle), data["stretch_from_up_mm"], data["drawn_margin_mm"], heights["frontalis_upper_margin"])
    shares = np.linspace(0, 1, len(drawn))
    return float(np.mean([np.interp(-heights["frontalis_convergence"], -line[:, 1], shares) for line in np.moveaxis(drawn, 1, 0)]))


@cache
def _areas() -> Mapping[str, np.ndarray]:
    """The skin areas: the same triangles of every face."""
    coarse = load_face().surface(1)
    centre = coarse.vertices[coarse.triangles].mean(1) - load_face().landmarks[NASION]
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
    x, y = points[:, 0], points[:, 1]
    odd = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
        if y0 != y1:
            odd ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return odd
