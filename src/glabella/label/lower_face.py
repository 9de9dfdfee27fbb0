"""The label check of a plan for the lower face: off-label for a person, up to a published trial for a study.

The platysma is licensed for onabotulinumtoxinA, but while the label's text on its sites is not in the evidence no needle can be held
against it: for a person it is refused like the rest, and the refusal says why.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from glabella.errors import InputError
from glabella.evidence.label_rules import find_rules
from glabella.evidence.lower_face import load_lower_parameters, load_lower_sites, lower_site_areas, unlicensed_area_message
from glabella.evidence.patterns import load_patterns
from glabella.face import load_face
from glabella.label.doses import check_doses, check_intervals
from glabella.label.entries import Entry
from glabella.label.finding import Context, Finding
from glabella.label.pattern import check_pattern
from glabella.label.person import check_person
from glabella.label.vial import check_vial
from glabella.names import without_side
from glabella.patient import EarlierToxin, Patient
from glabella.plan import Plan, check_upper_face
from glabella.stages.anatomy.atlas import Atlas
from glabella.stages.anatomy.lower_face import build_lower_atlas

FARTHEST_MOVE_MM = 15.0  # numerical: farther from every named site a needle is not in the drawn area any more


def check_lower_plan(
    plan: Plan, person: Patient, atlas: Any = None, *, earlier: Iterable[EarlierToxin] = (), jurisdiction: str = "US",
    on: datetime.date | None = None,
) -> list[Finding]:  # fmt: skip
    """Findings on a plan whose sites lie in the lower face. An atlas of the upper face is an InputError, and so is a needle astray."""
    face = atlas or lower_face_map(person)
    if any(site not in getattr(face, "sites", {}) for site in plan.sites):
        check_upper_face(plan.sites, "plan")  # the caller's atlas is of the upper face
    entries = find_lower_entries(plan, face)
    before = (*person.earlier_toxin, *earlier)
    context = Context(plan, jurisdiction)
    return [
        *_check_purpose(context, entries),
        *check_person(context, person),
        *(check_doses(context, entries, before) if context.study else ()),
        *check_intervals(context, before),
        *check_pattern(context, ()),
        *_check_sites(entries),
        *check_vial(context, on),
    ]


@lru_cache(maxsize=4)
def lower_face_map(person: Patient) -> Atlas:
    """The person's atlas of the lower face."""
    parameters = load_lower_parameters()
    return build_lower_atlas(person.shape(load_face(), parameters), person, parameters)


def find_lower_entries(plan: Plan, atlas: Atlas) -> tuple[Entry, ...]:
    """Every needle of the plan; one that was moved counts to the area of the nearest named site."""
    reach_mm = min(rule.limit for rule in find_rules("needle_reach_mm"))
    names = tuple(lower_site_areas())
    places = np.array([atlas.site(name).point for name in names])
    entries = []
    for number, session in enumerate(plan.sessions, start=1):
        for injection in session.injections:
            where = f"session {number} (day {session.day:g}), {injection.site}"
            if injection.depth_mm is not None and injection.depth_mm > reach_mm:
                raise InputError(f"{where}: depth_mm = {injection.depth_mm:g}: deeper than a needle of {reach_mm:g} mm")
            place, nearest, gap = atlas.site(injection.site), injection.site, 0.0
            if injection.moved:
                place = atlas.moved(place, injection.lateral_mm, injection.up_mm)
                gaps = np.linalg.norm(places - place.point, axis=1)
                nearest, gap = names[int(gaps.argmin())], float(gaps.min())
                if gap > FARTHEST_MOVE_MM:
                    raise InputError(
                        f"{where}: lateral_mm = {injection.lateral_mm:g}, up_mm = {injection.up_mm:g}: {gap:.0f} mm from the nearest named "
                        f"site, {nearest}; allowed: up to {FARTHEST_MOVE_MM:g} mm; use smaller offsets"
                    )
            area = lower_site_areas()[nearest]
            entries.append(Entry(session, injection, where, place.point, area, nearest, gap, gap > 0 and nearest != injection.site))
    return tuple(entries)


def _check_purpose(context: Context, entries: Sequence[Entry]) -> Iterator[Finding]:
    if context.study:
        what = "purpose 'study': beyond the label up to published trials, not for treating a person"
        yield Finding("info", what, "plan", "study", "assumed_here", "assumed")
        return
    label = next(row for row in load_patterns() if row.product == context.product)  # what the label does list
    for area in dict.fromkeys(without_side(entry.area) for entry in entries):
        if area == "platysma" and context.product == "onabotulinumtoxinA":
            what = f"{unlicensed_area_message(context.product, area)}, and a needle cannot be held against it; study only"
            yield Finding("refuse", what, area, "no_label_text", "ona_dosage2024", "seen")
        else:
            what = "off-label: not licensed for this area; study only"
            yield Finding("refuse", f"{what} (set purpose = 'study')", area.replace("_", " "), "off_label", label.source, label.quality)


def _check_sites(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Where the named sites come from: none of them is a label's."""
    for site in dict.fromkeys(without_side(entry.injection.site) for entry in entries):
        row = load_lower_sites()[site]
        if row.quality != "seen":
            what = f"where this site lies is {'assumed' if row.quality == 'assumed' else 'from memory'}: {row.note}"
            yield Finding("info", what, site.replace("_", " "), "site_place", row.source, row.quality)
    for entry in entries:
        if entry.outside:
            what = f"moved into the {entry.area.replace('_', ' ')} area, where its {entry.injection.units:g} U count"
            yield Finding("caution", what, entry.where, "area_of_needle", "assumed_here", "assumed")
