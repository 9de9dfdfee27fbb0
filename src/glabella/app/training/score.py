"""What is said about a placement: how far each needle is off, where the toxin goes, and what would have happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from glabella.app.training.cases import Case
from glabella.app.words import name_area, name_muscle, tell_chance
from glabella.app.workbench import Result, Workbench
from glabella.errors import RefusedError
from glabella.evidence import load_parameters
from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import site_areas
from glabella.label import Finding
from glabella.names import SIDES, side_of, without_side
from glabella.outcome import CONTRACTION
from glabella.plan import Injection, Plan, Session
from glabella.stages.anatomy import Atlas
from glabella.stages.unwanted import STRUCTURES
from glabella.treatment import Person

DIGITS = 3
SAME_UNITS = 1e-6
PARALLEL = {"up": "too high", "down": "too low", "out": "too far out", "in": "too far in", "left": "too far left", "right": "too far right"}
REASONS = {  # what goes wrong on that side of the site, by group of sites; said in words, the numbers are computed
    ("corrugator", "down"): "nearer the bony rim more toxin can pass into the eye socket, where the muscle lies that lifts the lid",
    ("corrugator", "up"): "more of it weakens the forehead muscle, and the brow can drop",
    ("corrugator", "out"): "there the corrugator is thin and lies under the forehead muscle, which holds the brow up",
    ("corrugator", "in"): "it meets the muscle of the other needle and leaves the outer part of the corrugator untreated",
    ("procerus", "up"): "it leaves the procerus and weakens the middle of the forehead",
    ("procerus", "down"): "it goes into the muscle of the nose and misses the line across the root of the nose",
    ("procerus", "left"): "the procerus lies in the midline: off it, one side of the frown stays",
    ("procerus", "right"): "the procerus lies in the midline: off it, one side of the frown stays",
    ("frontalis", "down"): "the lowest part of the forehead muscle holds the brow up: without it the brow drops",
    ("frontalis", "up"): "above the upper margin there is no muscle to treat, and lower lines stay",
    ("frontalis", "out"): "the tail of the brow loses its lift",
    ("frontalis", "in"): "the outer forehead stays active and can pull the tail of the brow up",
    ("frontalis", "left"): "the middle of the forehead stays active, and the other side gets less",
    ("frontalis", "right"): "the middle of the forehead stays active, and the other side gets less",
    ("lateral_canthal", "in"): "nearer the eye it weakens the lid that closes the eye: a dry eye",
    ("lateral_canthal", "down"): "lower down it reaches the smile muscle: an uneven smile",
    ("lateral_canthal", "up"): "higher up it reaches the outer forehead and the tail of the brow",
    ("lateral_canthal", "out"): "it leaves the ring muscle that makes the lines",
}  # fmt: skip


@dataclass(frozen=True)
class NeedleScore:
    """One needle against its target. ``number``: place in what was placed, None for one that is missing; ``site``: the target's site,
    None for an extra needle. Offsets in mm from the target along the skin, ``lateral_mm`` away from the midline (at a midline site to
    the person's left) and ``up_mm``; ``depth_mm`` deeper than the middle of the target muscle. ``remarks`` in plain words.
    """

    number: int | None
    site: str | None
    off_mm: float | None
    lateral_mm: float | None
    up_mm: float | None
    depth_mm: float | None
    units: float
    target_units: float
    verdict: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class WhatHappens:
    """What a placement would have done, in the nominal run: grade of the goal's area on its day, movement kept then (percent), largest
    drop of a brow (mm), chance of a drooping lid, and the toxin taken up (units) by the muscles aimed at and by each structure at risk.
    """

    grade: float
    movement_kept_percent: float
    brow_drop_mm: float
    eyelid_ptosis: float
    brow_ptosis: float
    in_targets_units: float
    at_risk_units: Mapping[str, float]
    goal_reached: bool


@dataclass(frozen=True)
class Score:
    """The whole placement. ``placed`` is None where the label refuses it: nothing is simulated then, ``findings`` say why.

    ``mean_off_mm`` and ``largest_off_mm`` over the needles that belong to a target, 0 where none does.
    """

    needles: tuple[NeedleScore, ...]
    mean_off_mm: float
    largest_off_mm: float
    missing: tuple[str, ...]
    extra: tuple[int, ...]
    units: float
    reference_units: float
    placed: WhatHappens | None
    reference: WhatHappens
    findings: tuple[Finding, ...]
    told: tuple[str, ...]


def score_placement(case: Case, placed: Sequence[Injection], workbench: Workbench) -> Score:
    """Score needles on the case's person, simulating them and the reference. Errors: InputError for a needle outside the face."""
    person = workbench.person(case.patient)
    reference = workbench.course(case.patient, case.reference)
    if not placed:
        return score(case, person, placed, workbench.course(case.patient, None), reference)
    plan = _plan_of(case, placed)
    findings = workbench.findings(case.patient, plan)
    try:
        result = workbench.course(case.patient, plan)
    except RefusedError:
        result = None
    return score(case, person, placed, result, reference, findings)


def score(
    case: Case, person: Person, placed: Sequence[Injection], result: Result | None, reference: Result, findings: Sequence[Finding] = ()
) -> Score:
    """Score needles placed on ``person``. ``result``: their nominal course, None where the label refuses them; ``reference``: that of
    ``case.reference``. The same input gives the same score."""
    atlas = person.anatomy.atlas
    targets = case.reference.sessions[0].injections
    pairs = match_needles(atlas, targets, placed)
    needles = [_score_needle(case, atlas, targets[t], None if p is None else placed[p], p, findings) for t, p in pairs]
    taken = {p for _, p in pairs}
    needles += [_extra(atlas, placed[p], p, findings) for p in range(len(placed)) if p not in taken]
    off = [needle.off_mm for needle in needles if needle.off_mm is not None]
    happens = None if result is None else _happens(case, result, targets)
    expected = _happens(case, reference, targets)
    found = tuple(findings)
    return Score(
        tuple(needles), round(float(np.mean(off)), DIGITS) if off else 0.0, max(off, default=0.0),
        tuple(str(n.site) for n in needles if n.verdict == "missing"),
        tuple(n.number for n in needles if n.verdict == "extra" and n.number is not None),
        sum(injection.units for injection in placed), case.reference.units, happens, expected, found, _tell(case, happens, expected, found),
    )  # fmt: skip


def match_needles(atlas: Atlas, targets: Sequence[Injection], placed: Sequence[Injection]) -> list[tuple[int, int | None]]:
    """Which placed needle is meant for which target: the pairing with the least distance in all.

    A target that no needle comes near, nearer than the reach of its area in the label table, has None.
    """
    aims = np.array([_place(atlas, one).point for one in targets]).reshape(-1, 3)
    ends = np.array([_place(atlas, one).point for one in placed]).reshape(-1, 3)
    reach = [_reach_mm(one.site) for one in targets]
    count, most = len(targets), 1e6
    cost = np.full((count, len(placed) + count), most)  # the last columns: left alone, at the price of its reach
    cost[:, : len(placed)] = np.linalg.norm(aims[:, None] - ends[None], axis=2)
    cost[np.arange(count), len(placed) + np.arange(count)] = reach
    rows, columns = linear_sum_assignment(cost)
    return [(int(t), int(p) if p < len(placed) else None) for t, p in zip(rows, columns, strict=True)]


def _reach_mm(site: str) -> float:
    return next(rule.limit for rule in find_rules("area_reach_mm") if rule.covers("all", site_areas()[site]))


def _plan_of(case: Case, placed: Sequence[Injection]) -> Plan:
    plan = replace(case.reference, sessions=(Session(0.0, tuple(placed)),), vials=1000)
    vials = int(np.ceil(plan.units / plan.dilution.vial_units - 1e-9))
    return replace(plan, vials=max(1, vials))


def _place(atlas: Atlas, injection: Injection) -> Any:
    site = atlas.site(injection.site)
    return atlas.moved(site, injection.lateral_mm, injection.up_mm) if injection.moved else site


def _group(site: str) -> str:
    return next(group for group in ("corrugator", "procerus", "frontalis", "lateral_canthal") if site.startswith(group))


def _score_needle(
    case: Case, atlas: Atlas, target: Injection, placed: Injection | None, number: int | None, findings: Sequence[Finding]
) -> NeedleScore:
    """One target and the needle that was meant for it."""
    site, muscle = target.site, target.target_muscle or atlas.targets[target.site]
    if placed is None:
        words = f"No needle here: the {name_muscle(muscle).professional.lower()} stays untreated at this place."
        return NeedleScore(None, site, None, None, None, None, 0.0, target.units, "missing", (words,))
    aim, end = _place(atlas, target), _place(atlas, placed)
    lateral, up = _along_skin(aim, end.point - aim.point, site)
    off = float(np.linalg.norm(end.point - aim.point))
    wanted = atlas.depth_to(muscle, end)
    depth = (placed.depth_mm if placed.depth_mm is not None else atlas.depth_to(placed.target_muscle or muscle, end)) - wanted
    parameters = load_parameters()
    close, level = off <= parameters["placement_sd_mm"], abs(depth) <= parameters["placement_depth_sd_mm"]
    remarks = []
    if off > 0.05:
        remarks.append(_where_words(site, off, lateral, up, close))
    beside = [min(atlas.aside_mm(name, place) for name in _sides_of(muscle, atlas)) for place in (aim, end)]
    if not close and beside[1] > beside[0]:
        remarks.append(f"The needle passes {beside[1]:.1f} mm beside the {name_muscle(muscle).professional.lower()}.")
    if not level:
        way = "deeper than" if depth > 0 else "above"
        remarks.append(f"Its tip lies {abs(depth):.1f} mm {way} the middle of the {name_muscle(muscle).professional.lower()}.")
    if abs(placed.units - target.units) > SAME_UNITS:
        what = "more effect and more spread" if placed.units > target.units else "less effect there"
        because = case.why(site)
        remarks.append(f"{placed.units:g} U instead of {target.units:g} U: {what}." + (f" Remember: {because}." if because else ""))
    remarks += [f"The label: {finding.what}." for finding in findings if finding.severity != "info" and _is_about(finding, placed)]
    good = close and level and abs(placed.units - target.units) <= SAME_UNITS
    if not remarks:
        remarks.append("Right on the site.")
    off, lateral, up, depth = (round(value, DIGITS) + 0.0 for value in (off, lateral, up, depth))
    return NeedleScore(number, site, off, lateral, up, depth, placed.units, target.units, "good" if good else "off", tuple(remarks))


def _where_words(site: str, off: float, lateral: float, up: float, close: bool) -> str:
    """'5.0 mm off, too low: ...', with the reason unless it is close enough."""
    sideways = ("out", "in") if side_of(site) else ("left", "right")
    main = [(abs(up), "up" if up > 0 else "down"), (abs(lateral), sideways[0] if lateral > 0 else sideways[1])]
    ways = [way for size, way in sorted(main, reverse=True) if size > off / 3]
    text = f"{off:.1f} mm off, {' and '.join(PARALLEL[way] for way in ways)}"
    if close:
        return f"{text}: within the scatter of practised hands."
    return f"{text}: {'; '.join(REASONS[_group(site), way] for way in ways)}."


def _along_skin(aim: Any, step: np.ndarray, site: str) -> tuple[float, float]:
    """A step from a site, along its skin: away from the midline, and up."""
    left = np.cross([0.0, 1.0, 0.0], aim.normal)
    left /= np.linalg.norm(left)
    away = -1.0 if side_of(site) == "right" else 1.0
    return away * float(step @ left), float(step @ np.cross(aim.normal, left))


def _sides_of(muscle: str, atlas: Atlas) -> tuple[str, ...]:
    return (muscle,) if muscle in atlas.muscles else tuple(f"{muscle}_{side}" for side in SIDES)


def _extra(atlas: Atlas, placed: Injection, number: int, findings: Sequence[Finding]) -> NeedleScore:
    """A needle that no target is near."""
    end = _place(atlas, placed)
    under = [name for name, sheet in atlas.muscles.items() if sheet.innervated and not atlas.aside_mm(name, end)]
    struck = " and ".join(name_muscle(name).professional.lower() for name in under) or "no muscle of the face"
    remarks = [f"No target is near. Under it: {struck}."]
    remarks += [f"The label: {finding.what}." for finding in findings if finding.severity != "info" and _is_about(finding, placed)]
    return NeedleScore(number, None, None, None, None, None, placed.units, 0.0, "extra", tuple(remarks))


def _is_about(finding: Finding, placed: Injection) -> bool:
    return finding.where.endswith(f", {placed.site}")


def _happens(case: Case, result: Result, targets: Sequence[Injection]) -> WhatHappens:
    outcome, contraction = result.outcome, CONTRACTION[case.goal_area]
    aimed = {name for one in targets for name in _named(one, outcome.dose.taken_up_by_muscle_units)}
    units = outcome.dose.taken_up_by_muscle_units
    chance = {effect: outcome.unwanted[effect].value if effect in outcome.unwanted else 0.0 for effect in ("eyelid_ptosis", "brow_ptosis")}
    brows = [curve for side in outcome.brow.values() for curve in (side.head_mm, side.peak_mm, side.tail_mm)]
    grade = outcome.grade(case.goal_area, contraction).at(case.on_day).median
    return WhatHappens(
        round(grade, DIGITS), round(outcome.movement[contraction].at(case.on_day).median, DIGITS),
        round(max(0.0, *(-float(curve.median.min()) for curve in brows)), DIGITS), chance["eyelid_ptosis"], chance["brow_ptosis"],
        round(float(sum(units.get(name, 0.0) for name in sorted(aimed))), 6), {name: float(units.get(name, 0.0)) for name in STRUCTURES},
        grade <= case.grade_at_most,
    )  # fmt: skip


def _named(injection: Injection, muscles: Mapping[str, float]) -> list[str]:
    """The muscles that a target's needle is meant for; both sides for one on the midline."""
    target = injection.target_muscle or ""
    return [name for name in muscles if target in (name, without_side(name))]


def _tell(case: Case, placed: WhatHappens | None, reference: WhatHappens, findings: Sequence[Finding]) -> tuple[str, ...]:
    """What would have happened, a sentence each."""
    if placed is None:
        refusals = [finding.what for finding in findings if finding.severity == "refuse"]
        return ("The label does not allow this plan, so it was not simulated.", *(f"{what}." for what in refusals))
    area, day = name_area(case.goal_area).plain.lower(), f"day {case.on_day:g}"
    reached = "That reaches the goal." if placed.goal_reached else f"The goal was {case.grade_at_most:g} or less."
    return (
        f"On {day} the {area} would be rated {placed.grade:.1f}, with the reference {reference.grade:.1f}. {reached}",
        f"Movement kept on {day}: {placed.movement_kept_percent:.0f} %, with the reference {reference.movement_kept_percent:.0f} %.",
        f"A drooping eyelid: {tell_chance(placed.eyelid_ptosis)} people, with the reference {tell_chance(reference.eyelid_ptosis)}.",
        f"The brow would drop by up to {placed.brow_drop_mm:.1f} mm, with the reference {reference.brow_drop_mm:.1f} mm.",
        f"Taken up by the muscles aimed at: {placed.in_targets_units:.2f} U, with the reference {reference.in_targets_units:.2f} U.",
    )
