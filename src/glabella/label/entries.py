"""Where each needle of a plan enters: on the face, in which licensed area, how far from the sites that labels name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glabella.errors import InputError
from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import site_areas
from glabella.plan import Injection, Plan, Session


class Place(Protocol):
    """A place on the skin: see ``stages.anatomy.atlas.Site``."""

    @property
    def point(self) -> np.ndarray:
        """Position (3,) mm."""
        ...


class FaceMap(Protocol):
    """What this module needs of the anatomy: see ``stages.anatomy.atlas.Atlas``."""

    @property
    def curves(self) -> Mapping[str, np.ndarray]:
        """Named curves (n, 3) mm on the skin."""
        ...

    @property
    def points(self) -> Mapping[str, np.ndarray]:
        """Named points (3,) mm."""
        ...

    def site(self, name: str) -> Place:
        """The place of a named site."""
        ...

    def moved(self, site: Any, lateral_mm: float = 0.0, up_mm: float = 0.0) -> Place:
        """The place after going along the skin."""
        ...


@dataclass(frozen=True)
class Entry:
    """Where the needle of one injection enters the face. ``area``: where its units count.

    ``outside``: it lies in no licensed area and counts to the nearest.
    """

    session: Session
    injection: Injection
    where: str
    point: np.ndarray
    area: str
    nearest_site: str
    distance_mm: float
    outside: bool

    @property
    def rule_site(self) -> str:
        """The site whose rules hold: its own, or the nearest one if it was moved into another area."""
        return self.injection.site if self.area == site_areas()[self.injection.site] else self.nearest_site


def find_entries(plan: Plan, atlas: FaceMap) -> tuple[Entry, ...]:
    """Every needle of a plan on a face. A needle that was moved counts where it lands: to the area of the nearest licensed site."""
    names = tuple(site_areas())
    licensed = np.array([atlas.site(name).point for name in names])
    rules = find_rules("area_reach_mm")
    reach = {area: next(rule.limit for rule in rules if rule.covers(plan.product, area)) for area in set(site_areas().values())}
    entries = []
    for number, session in enumerate(plan.sessions, start=1):
        for injection in session.injections:
            where = f"session {number} (day {session.day:g}), {injection.site}"
            if injection.moved:
                point = _moved(atlas, injection, where).point
                gaps = np.linalg.norm(licensed - point, axis=1)
                nearest, gap = names[int(gaps.argmin())], float(gaps.min())
            else:
                point, nearest, gap = atlas.site(injection.site).point, injection.site, 0.0
            area = site_areas()[nearest]
            entries.append(Entry(session, injection, where, point, area, nearest, gap, gap > reach[area]))
    return tuple(entries)


def check_needles(
    plan: Plan,
    atlas: FaceMap,
    *,
    on_face: Callable[[np.ndarray], bool] | None = None,
    tip_depth_mm: Callable[[Injection, Place], float] | None = None,
    bone_depth_mm: Callable[[np.ndarray], float] | None = None,
) -> None:
    """Raise InputError for a needle outside the face, longer than a needle is, or through bone.

    ``on_face`` says whether a point (3,) lies on the treated face; ``bone_depth_mm`` gives the depth to bone below a point;
    ``tip_depth_mm`` the depth of a tip that the plan gives by its target muscle.
    """
    reach_mm = min(rule.limit for rule in find_rules("needle_reach_mm"))
    for number, session in enumerate(plan.sessions, start=1):
        for injection in session.injections:
            where = f"session {number} (day {session.day:g}), {injection.site}"
            place = _moved(atlas, injection, where) if injection.moved else atlas.site(injection.site)
            if injection.moved and on_face is not None and not on_face(place.point):
                raise InputError(
                    f"{where}: lateral_mm = {injection.lateral_mm:g}, up_mm = {injection.up_mm:g}: needle outside the upper face; "
                    "allowed: the skin from the cheekbones to the frontalis' upper margin, not the open eye; use smaller offsets"
                )
            depth = injection.depth_mm
            if depth is None:
                if tip_depth_mm is None:
                    continue
                depth = tip_depth_mm(injection, place)
            elif depth > reach_mm:
                raise InputError(f"{where}: depth_mm = {depth:g}: deeper than a needle of {reach_mm:g} mm; allowed: above 0 to the bone")
            bone = np.inf if bone_depth_mm is None else bone_depth_mm(place.point)
            if depth > bone:
                raise InputError(
                    f"{where}: the tip at {depth:.1f} mm lies through the bone at {bone:.1f} mm; allowed: above 0 to {bone:.1f} mm; "
                    "lower depth_mm or move the site"
                )


def _moved(atlas: FaceMap, injection: Injection, where: str) -> Place:
    try:
        return atlas.moved(atlas.site(injection.site), injection.lateral_mm, injection.up_mm)
    except InputError as error:
        raise InputError(f"{where}: needle outside the face: {error}") from None
