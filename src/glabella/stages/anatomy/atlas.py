"""The atlas: muscles, bony landmarks, licensed sites and skin areas of one person, on both sides of the upper face.

The drawing is data (``data/muscles.toml``, ``bones.toml``, ``orbit.toml``, ``sites.toml``, ``areas.toml``), left side only, each
entry with its source; the other side is its mirror image. Here it is laid on a person's face and sunk below the skin
along the true normal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glabella.errors import InputError, nearest
from glabella.face import Face, Surface
from glabella.names import SIDES, side_of, without_side
from glabella.stages.anatomy.areas import skin_areas
from glabella.stages.anatomy.drawing import Drawing, atlas_data, drawn_landmark
from glabella.stages.anatomy.landmarks import find_heights, find_points, lay_curves, rim_part
from glabella.stages.anatomy.licensed import licensed_sites
from glabella.stages.anatomy.muscles import lay_muscles
from glabella.stages.anatomy.orbit import lateral_rectus_sheet, levator_sheets, septum_sheet
from glabella.stages.anatomy.places import Site, distance_to_line, site_at, walk
from glabella.stages.anatomy.sheet import LATTICE_STEP_MM, Sheet

__all__ = ["Atlas", "Sheet", "Site", "atlas_data", "build_atlas", "find_sites"]


@dataclass(frozen=True)
class Atlas:
    """The anatomy of one person. ``muscles`` and ``septa`` by name; ``curves`` (n, 3) and ``points`` (3,) on the skin.

    Curves whose name ends in ``_bone`` lie on the bone. ``areas``: which triangles of ``face.surface(1)`` belong to each skin area.
    ``sites``: the licensed sites; ``targets``: the muscle each one aims at. ``bystanders``: muscles that no plan aims at and no
    expression uses; they take up too little to change the field of the dose, and are only asked how much would reach them.
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
    bystanders: Mapping[str, Sheet] = field(default_factory=dict)

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


def build_atlas(face: Face, patient: Any, parameters: Mapping[str, float]) -> Atlas:
    """Lay the drawing on a face. ``patient`` may be None; of it only the sex and the upper margin of the frontalis are read."""
    drawing = Drawing(face)
    heights = find_heights(drawing, getattr(patient, "sex", None), getattr(patient, "frontalis_upper_margin_mm", None))
    curves = lay_curves(drawing, heights, parameters)
    points = find_points(drawing, curves, heights)

    muscles, septa, bystanders, orbit = lay_muscles(drawing, heights), {}, {}, atlas_data("orbit")
    lid_margin_up_mm = drawn_landmark(atlas_data("bones")["landmarks"]["upper_lid_margin"][0])[1]
    for side in SIDES:
        belly, aponeurosis = levator_sheets(drawing, orbit, lid_margin_up_mm, side)
        muscles |= {belly.name: belly, aponeurosis.name: aponeurosis}
        ends = orbit["orbital_septum"]["from_lateral_mm"], orbit["orbital_septum"]["to_lateral_mm"]
        rim = rim_part(curves[f"supraorbital_rim_{side}_bone"], side, *ends)
        septa[f"orbital_septum_{side}"] = septum_sheet(drawing.surface, rim, aponeurosis, orbit, side)
        bystanders[f"lateral_rectus_{side}"] = lateral_rectus_sheet(drawing, orbit, side)

    sites = licensed_sites(drawing, curves, points, heights)
    targets = {name: _target(name, atlas_data("sites")) for name in sites}
    return Atlas(face, drawing.surface, muscles, septa, curves, points, skin_areas(), sites, targets, bystanders)


def find_sites(face: Face, patient: Any, parameters: Mapping[str, float]) -> dict[str, Site]:
    """The licensed sites alone, the same as ``build_atlas`` lays, without the muscles that take most of its time."""
    drawing = Drawing(face)
    heights = find_heights(drawing, getattr(patient, "sex", None), getattr(patient, "frontalis_upper_margin_mm", None))
    curves = lay_curves(drawing, heights, parameters)
    return licensed_sites(drawing, curves, find_points(drawing, curves, heights), heights)


def _target(site: str, rules: Mapping[str, Any]) -> str:
    rule = rules.get(site) or rules[without_side(site)]
    muscle, side = rule["target_muscle"], side_of(site)
    return f"{muscle}_{side}" if side else muscle
