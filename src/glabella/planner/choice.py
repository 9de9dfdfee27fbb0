"""What the planner chooses: units at needles, left and right together where that is asked, within the label's ceilings."""

from dataclasses import dataclass, replace

import numpy as np

from glabella.errors import InputError
from glabella.evidence.patterns import load_patterns, site_areas
from glabella.label.doses import ceiling
from glabella.label.finding import Context
from glabella.names import AREAS, mirrored, without_side
from glabella.plan import Injection, Plan, Session
from glabella.planner.goal import Goal


@dataclass(frozen=True)
class Ceiling:
    """Highest units of some variables together: ``members`` (variables,) counts how many needles each of them has there."""

    says: str
    members: np.ndarray
    units: float


@dataclass(frozen=True)
class Choice:
    """Variables x in units per needle. ``template``: the plan with every needle that may be used; ``directions`` (needles, variables)
    is 1 where a needle gets the units of a variable; ``least`` and ``most`` (variables,) its range; ``start`` where to begin."""

    template: Plan
    names: tuple[str, ...]
    directions: np.ndarray
    least: np.ndarray
    most: np.ndarray
    start: np.ndarray
    ceilings: tuple[Ceiling, ...]
    step_units: float

    @property
    def needles_of(self) -> np.ndarray:
        """Needles (variables,) that each variable has."""
        return self.directions.sum(0)

    def total(self, x: np.ndarray) -> float:
        """Units of all needles."""
        return float(self.needles_of @ x)

    @property
    def range_units(self) -> tuple[float, float]:
        """Fewest and most units in total that the ranges and ceilings allow."""
        from scipy.optimize import linprog

        members = np.array([c.members for c in self.ceilings]).reshape(len(self.ceilings), -1) if self.ceilings else None
        units = [c.units for c in self.ceilings] if self.ceilings else None
        found = linprog(-self.needles_of, A_ub=members, b_ub=units, bounds=list(zip(self.least, self.most, strict=True)))
        return self.total(self.least), self.total(found.x if found.x is not None else self.most)

    def fits(self, x: np.ndarray) -> bool:
        """Whether ``x`` is within the ranges and ceilings."""
        inside = bool((x >= self.least - 1e-9).all() and (x <= self.most + 1e-9).all())
        return inside and all(c.members @ x <= c.units + 1e-9 for c in self.ceilings)

    def plan(self, x: np.ndarray) -> Plan:
        """The plan with these units; needles without units are left out."""
        units = self.directions @ x
        session = self.template.sessions[0]
        kept = tuple(replace(i, units=float(u)) for i, u in zip(session.injections, units, strict=True) if u > 1e-9)
        if not kept:
            raise InputError("goal: the lowest dose is no dose at all; nothing is asked for that needs one")
        vials = int(np.ceil(sum(i.units for i in kept) / self.template.dilution.vial_units - 1e-9))
        return replace(self.template, sessions=(Session(0.0, kept),), vials=max(1, vials))

    def filled(self, x: np.ndarray) -> Plan:
        """The template with these units and every needle kept: those without units hold one step, so that their reach is known."""
        units = np.maximum(self.directions @ x, self.step_units)
        session = self.template.sessions[0]
        injections = tuple(replace(i, units=float(u)) for i, u in zip(session.injections, units, strict=True))
        vials = int(np.ceil(sum(units) / self.template.dilution.vial_units - 1e-9))
        return replace(self.template, sessions=(Session(0.0, injections),), vials=max(1, vials))


def find_choice(goal: Goal, start: Plan | None = None) -> Choice:
    """The variables of a goal: the licensed sites of its areas, or those of ``start``.

    Errors: InputError where no site is left, a step does not fit, or ``start`` is of another product or has several sessions.
    """
    wishes = goal.needles
    template = _template(goal, start)
    injections = template.sessions[0].injections
    sites = [injection.site for injection in injections]
    labelled = {row.site: row.units for row in load_patterns() if row.product == goal.product}
    area_by_site = site_areas()
    groups = _groups(injections, symmetric=wishes.symmetric)
    directions = np.zeros((len(sites), len(groups)))
    for variable, members in enumerate(groups):
        directions[members, variable] = 1.0
    context = Context(template, "US")
    ceilings = [_ceiling_of(context, area, sites, directions) for area in AREAS if any(area_by_site[s] == area for s in sites)]
    if wishes.most_units is not None:
        ceilings.append(Ceiling(f"most_units = {wishes.most_units:g} U", directions.sum(0), wishes.most_units))
    highest = [c.units for c in ceilings]
    fixed = np.array([without_side(area_by_site[sites[m[0]]]) not in goal.areas for m in groups])  # what the label asks for beside the goal
    site_most = np.array([labelled.get(sites[m[0]], max(highest)) for m in groups])
    if wishes.most_units_per_site is not None:
        lowered = np.minimum(site_most, wishes.most_units_per_site) if goal.purpose == "person" else wishes.most_units_per_site
        site_most = np.where(fixed, site_most, lowered)
    most = np.minimum(site_most, min(highest))
    if (most < wishes.dose_step_units).any():
        short = sites[groups[int(most.argmin())][0]]
        step = f"dose_step_units = {wishes.dose_step_units:g}"
        raise InputError(f"needles: {step} is more than {short} may get ({most.min():g} U); lower the step")
    least = np.where(fixed, most, 0.0)
    _check_fixed(goal, directions.sum(0), least, fixed)
    given = np.array([injections[m[0]].units for m in groups])
    names = tuple(without_side(sites[m[0]]) if len(m) > 1 else sites[m[0]] for m in groups)
    return Choice(template, names, directions, least, most, np.clip(given, least, most), tuple(ceilings), wishes.dose_step_units)


def _check_fixed(goal: Goal, needles_of: np.ndarray, least: np.ndarray, fixed: np.ndarray) -> None:
    """What the label asks for beside the goal's areas must fit under the limits that are given."""
    needles, units = int(needles_of @ fixed), float(needles_of @ least)
    wishes = goal.needles
    for name, most, needed in (("most_needles", wishes.most_needles, needles), ("most_units", wishes.most_units, units)):
        if most is not None and needed > most - (name == "most_needles"):
            kind = "needles" if name == "most_needles" else "U"
            raise InputError(
                f"needles: {name} = {most:g}, but the label asks for {needed:g} {kind} in another area beside {' and '.join(goal.areas)}; "
                f"raise {name} above that, or change the area"
            )


def _template(goal: Goal, start: Plan | None) -> Plan:
    plan = start or Plan.label(goal.product, goal.areas, purpose=goal.purpose)
    if plan.product != goal.product:
        raise InputError(f"start plan: {plan.product}, but the goal is for {goal.product}: not interchangeable; change one of them")
    if len(plan.sessions) != 1:
        raise InputError(f"start plan: {len(plan.sessions)} sessions; the planner chooses the units of one; give a plan with one session")
    area_of_site = site_areas()
    wanted = Plan.label(goal.product, goal.areas, purpose=goal.purpose).areas  # with what the label asks for beside the goal's areas
    for area in wanted:
        if area not in plan.areas:
            raise InputError(f"goal: no needle of the start plan is in the {area.replace('_', ' ')} area; change area or the start plan")
    plan = plan.without(*(site for site in plan.sites if without_side(area_of_site[site]) not in wanted))
    if goal.needles.sites is None:
        return plan.with_purpose(goal.purpose)
    have = [injection.site for injection in plan.sessions[0].injections]
    for site in goal.needles.sites:
        if site not in have:
            raise InputError(f"needles: sites: {site} is no site of this plan; its sites: {', '.join(have)}; change area, sites or --start")
    for area in goal.areas:
        if not any(without_side(area_of_site[site]) == area for site in goal.needles.sites):
            raise InputError(f"needles: sites: no allowed site in the {area.replace('_', ' ')} area; add one, or change the goal's area")
    away = [site for site in have if site not in goal.needles.sites and without_side(area_of_site[site]) in goal.areas]
    return plan.without(*away).with_purpose(goal.purpose)


def _groups(injections: tuple[Injection, ...], symmetric: bool) -> list[list[int]]:
    """Needles that get the same units: a needle and its mirror image."""
    groups: list[list[int]] = []
    taken: set[int] = set()
    for n, injection in enumerate(injections):
        if n in taken:
            continue
        image = injection.mirrored()
        twin = [k for k, other in enumerate(injections) if k > n and k not in taken and other == replace(image, units=other.units)]
        members = [n, *(twin[:1] if symmetric and mirrored(injection.site) != injection.site else [])]
        taken.update(members)
        groups.append(members)
    return groups


def _ceiling_of(context: Context, area: str, sites: list[str], directions: np.ndarray) -> Ceiling:
    inside = np.array([site_areas()[site] == area for site in sites], float)
    units, rule, source, _ = ceiling(context, area)
    if units <= 0:
        raise InputError(f"goal: {context.product} is not licensed in the {area.replace('_', ' ')} area; change the area or the product")
    word = "highest published dose" if context.study else "label's maximum"
    return Ceiling(f"the {word} of {units:g} U in the {area.replace('_', ' ')} area ({rule}; {source})", inside @ directions, units)


__all__ = ["Ceiling", "Choice", "find_choice"]
