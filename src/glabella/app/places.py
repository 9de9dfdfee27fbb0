"""Places of needles: from a click on the skin to a named site with offsets, and back; how deep a needle can go there; the cut through it.

Points are in mm on the skin of the mesh itself, which no muscle moves: what a page shows at rest has to be carried back to it first.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from glabella.app.workbench import Result
from glabella.errors import InputError
from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import licensed_muscle
from glabella.label.face import on_treated_face
from glabella.names import side_of
from glabella.plan import Injection
from glabella.scene import Section, cut_section
from glabella.stages.anatomy import Atlas, Site
from glabella.stages.anatomy.places import skin_axes, walk
from glabella.stages.bolus import aim_needle
from glabella.treatment import Person

OFF_SKIN_MM = 5.0  # a point this far from the skin was not meant for it
CLOSE_MM = 0.05  # how near to the point the offsets must lead
EXACT_MM = 0.005  # where the search stops
MOST_STEPS = 12
MOST_SITES = 3  # from which a way is looked for
DIFFERENCE_MM = 0.2
MIDLINE_MM = 3.0  # this near to the midline a site on it is as good as one of the side
TAKEN_COSTS_MM = 15.0  # how much farther a site may be that has no needle yet
DECIMALS = 3


@dataclass(frozen=True)
class Depths:
    """How deep a needle can go at a place, in mm: ``least_mm`` is the thickness of the skin, ``most_mm`` the bone or the needle's reach.

    ``suggested_mm``: the middle of the ``muscle`` that the label aims at there, within these.
    """

    suggested_mm: float
    least_mm: float
    most_mm: float
    muscle: str


def site_point(person: Person, injection: Injection) -> np.ndarray:
    """Where the needle of an injection enters the skin, (3,) mm. Errors: InputError for a place outside the face."""
    return site_at(person, injection).point


def site_at(person: Person, injection: Injection) -> Site:
    """The place of an injection on the skin. Errors: InputError for one outside the face."""
    return _place(person.anatomy.atlas, injection)


def place_at(person: Person, point: np.ndarray, taken: Collection[str] = ()) -> tuple[str, float, float]:
    """The named site and the offsets (lateral_mm, up_mm) along the skin that lead to a point (3,).

    The nearest site of the point's side, rather one that is not ``taken``. ``Atlas.moved`` leads back to within 0.05 mm of the skin's
    nearest point. Errors: InputError outside the treated face.
    """
    atlas, wanted = person.anatomy.atlas, np.asarray(point, float)
    if wanted.shape != (3,) or not np.isfinite(wanted).all():
        raise InputError(f"place: {point!r} is no point; give x, y and z in mm")
    foot = atlas.surface.closest(wanted[None])
    target = foot.points[0]
    if foot.distance_mm[0] > OFF_SKIN_MM or not on_treated_face(atlas)(target):
        at = ", ".join(f"{value:.0f}" for value in wanted)
        raise InputError(
            f"place ({at}) mm: outside the upper face; allowed: the skin from the cheekbones to the frontalis' upper margin, "
            "not the open eye; choose another place"
        )
    for name in _by_distance(atlas, target, taken)[:MOST_SITES]:
        found = _offsets(atlas, atlas.sites[name], target)
        if found is not None:
            return name, *found
    raise InputError("place: no way along the skin leads there from a named site; choose a place nearby")


def depths_at(person: Person, injection: Injection) -> Depths:
    """How deep the needle of an injection can go. Errors: InputError for a place outside the face."""
    anatomy = person.anatomy
    site = _place(anatomy.atlas, injection)
    muscle = injection.target_muscle or licensed_muscle(injection.site)
    reach_mm = min(rule.limit for rule in find_rules("needle_reach_mm"))
    least = float(anatomy.grid.on_columns(anatomy.skin_mm, site.point[None])[0])
    most = min(float(anatomy.bone_depth_at(site.point[None])[0]), reach_mm)
    middle = anatomy.atlas.depth_to(muscle, site)
    return Depths(float(np.clip(middle, min(least, most), most)), min(least, most), most, muscle)


def section_at(person: Person, result: Result | None, injection: Injection) -> Section:
    """The cut through one needle, with the dose of a result or, without one, of nothing. Errors: InputError for a needle through bone."""
    anatomy = person.anatomy
    dose = np.zeros(len(anatomy.cells))
    for field in result.course.fields if result is not None else ():
        dose = dose + field.uptake_units_per_mm3
    return cut_section(anatomy, aim_needle(injection, anatomy), injection.units, dose)


def _place(atlas: Atlas, injection: Injection) -> Site:
    site = atlas.site(injection.site)
    return atlas.moved(site, injection.lateral_mm, injection.up_mm) if injection.moved else site


def _by_distance(atlas: Atlas, target: np.ndarray, taken: Collection[str]) -> list[str]:
    """Sites of the target's side and of the midline, the best first."""
    side = "left" if target[0] > 0 else "right"
    names = [name for name in atlas.sites if side_of(name) in (side, None) or abs(target[0]) < MIDLINE_MM]
    cost = {name: np.linalg.norm(atlas.sites[name].point - target) + TAKEN_COSTS_MM * (name in taken) for name in names}
    return sorted(names, key=cost.__getitem__)


def _offsets(atlas: Atlas, site: Site, target: np.ndarray) -> tuple[float, float] | None:
    """(lateral_mm, up_mm) from a site to a point of the skin by Newton's method; None where it does not lead there."""
    sign = -1.0 if side_of(site.name) == "right" else 1.0
    left, up = skin_axes(site.normal)
    way = np.array([left @ (target - site.point), up @ (target - site.point)])  # to the left and up
    best, least = way, np.inf
    for _ in range(MOST_STEPS):
        way = np.round(way, DECIMALS)
        here = atlas.moved(site, sign * way[0], way[1])
        off = target - here.point
        gap = float(np.linalg.norm(off))
        if gap < least:
            best, least = way, gap
        if gap < EXACT_MM:
            break
        step = _step(atlas, site, way, off)
        way = way + step * min(1.0, 20.0 / max(float(np.linalg.norm(step)), 1e-9))
    return (sign * float(best[0]) + 0.0, float(best[1]) + 0.0) if least < CLOSE_MM else None


def _step(atlas: Atlas, site: Site, way: np.ndarray, off: np.ndarray) -> np.ndarray:
    """How much farther to go, (left, up), to come nearer by ``off`` (3,)."""
    ways = way + DIFFERENCE_MM * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    ends = walk(atlas.surface, np.tile(site.point, (3, 1)), np.tile(site.normal, (3, 1)), ways[:, 0], ways[:, 1]).points
    slope = (ends[1:] - ends[0]).T / DIFFERENCE_MM  # (3, 2)
    return np.linalg.lstsq(slope, off, rcond=None)[0]
