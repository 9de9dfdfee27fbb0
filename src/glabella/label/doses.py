"""Units and days: ceilings per area, limits over time, the interval between treatments, areas that belong together.

For a person the label's maximum holds per area and over all sessions within the label's interval, earlier treatments included,
so that neither splitting a dose nor moving a needle gets round it. A study goes as far as the highest dose of a published trial.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from glabella.evidence.patterns import labelled_units
from glabella.evidence.products import NOT_INTERCHANGEABLE
from glabella.evidence.study_maxima import load_study_maxima
from glabella.label.entries import Entry
from glabella.label.finding import ROUNDING, Context, Finding, caution
from glabella.patient import EarlierToxin
from glabella.plan import Session


def check_doses(context: Context, entries: Sequence[Entry], before: Sequence[EarlierToxin]) -> Iterator[Finding]:
    """Units per area and in all, added up over every session and earlier treatment that counts as one with each session."""
    interval = _interval_days(context)
    window = context.rules("one_treatment_days")[0].limit if context.study else interval
    for session in context.plan.sessions:
        units = _units_by_area([entry for entry in entries if _within(entry.session, session, window)])
        ours = [t for t in before if t.product == context.product and session.day + t.days_ago < window]
        for toxin in ours:
            if toxin.area in units:
                units[toxin.area] += toxin.units
        where = f"day {session.day:g}" if session == context.plan.sessions[0] else f"the {window:g} days up to day {session.day:g}"
        yield from _check_ceilings(context, units, sum(t.units for t in ours if t.area is None), where)
        yield from _check_cumulative(context, session, entries, before, interval)


def _within(session: Session, last: Session, window_days: float) -> bool:
    """Whether a session lies in the window that ends with ``last``."""
    return last.day - window_days < session.day <= last.day


def _units_by_area(entries: Sequence[Entry]) -> dict[str, float]:
    units: dict[str, float] = {}
    for entry in entries:
        units[entry.area] = units.get(entry.area, 0.0) + entry.injection.units
    return units


def _check_ceilings(context: Context, units: Mapping[str, float], unplaced: float, where: str) -> Iterator[Finding]:
    """Units per area against their ceilings; earlier units of unknown area on top of all of them."""
    most = 0.0
    basis = ("maximum_units", "assumed_here", "assumed")
    for area, given in units.items():
        limit, *basis = ceiling(context, area)
        most += limit
        if given > limit + ROUNDING:
            yield Finding("refuse", _too_much(context, area, given, limit), f"{where}, {area}", *basis)
    total = sum(units.values()) + unplaced
    if unplaced and total > most + ROUNDING:
        what = f"{total:.9g} U of {context.product}, {unplaced:g} U of them given before; allowed: up to {most:g} U in the treated areas"
        yield Finding("refuse", what, where, *basis)


def ceiling(context: Context, area: str) -> tuple[float, str, str, str]:
    """Highest units for an area of skin, and the rule, source and quality that say so; 0 where nothing allows any."""
    if context.study:
        row = load_study_maxima().get((context.product, area))
        return (row.units, "study_maximum", row.source, row.quality) if row else (0.0, "study_maximum", "assumed_here", "assumed")
    for rule in context.rules("maximum_units", area):
        return rule.limit, rule.rule, rule.source, rule.quality
    return 0.0, "maximum_units", "assumed_here", "assumed"


def _too_much(context: Context, area: str, given: float, limit: float) -> str:
    product, name = context.product, area.replace("_", " ")
    if context.study:
        if limit == 0:
            return f"no published trial of {product} in the {name} area is in the evidence; choose another product or leave the area out"
        return f"{given:.9g} U of {product} is above the highest dose of a published trial; allowed: up to {limit:g} U; lower the units"
    if limit == 0:
        licensed = ", ".join(labelled_units(product)).replace("_", " ")
        return f"{product} is not licensed there (off-label); licensed: {licensed}; leave the area out, or set purpose = 'study'"
    return f"{given:.9g} U of {product} is above the label's maximum; allowed: up to {limit:g} U; lower the units, or set purpose = 'study'"


def _check_cumulative(
    context: Context, session: Session, entries: Sequence[Entry], before: Sequence[EarlierToxin], interval: float
) -> Iterator[Finding]:
    """The product's own limit over all indications, in 3 months or in one session."""
    for rule in context.rules("maximum_units_in_3_months"):
        units = sum(entry.injection.units for entry in entries if _within(entry.session, session, interval))
        units += sum(t.units for t in before if t.product == context.product and session.day + t.days_ago < interval)
        if units > rule.limit + ROUNDING:
            what = f"{units:.9g} U in 3 months; allowed: up to {rule.limit:g} U, all indications together; lower the units"
            yield context.finding(rule, what, f"day {session.day:g}")
    for rule in context.rules("maximum_units_in_session"):
        if session.units > rule.limit + ROUNDING:
            what = f"{session.units:.9g} U in one session; allowed: up to {rule.limit:g} U, all indications together; lower the units"
            yield context.finding(rule, what, f"day {session.day:g}")


def _interval_days(context: Context) -> float:
    """The label's shortest time between treatments."""
    return max(rule.limit for rule in context.rules("interval_at_least_days"))


def check_intervals(context: Context, before: Sequence[EarlierToxin]) -> Iterator[Finding]:
    """Time between sessions, and since earlier treatments with any botulinum toxin."""
    rule = context.rules("interval_at_least_days")[0]
    days = [session.day for session in context.plan.sessions]
    asked = f"the label asks for at least {rule.limit:g}"
    for first, second in pairwise(days):
        if second - first < rule.limit:
            yield context.finding(rule, f"{second - first:g} days after the session before; {asked}", f"day {second:g}")
    for toxin in before:
        since = toxin.days_ago + days[0]
        if since < rule.limit:
            where = "patient, earlier toxin"
            yield context.finding(rule, f"{since:g} days after {toxin.units:g} U of {toxin.product}; {asked}", where)
            if toxin.product != context.product:
                other = next(row for row in context.rules("medicine") if row.value == "other_botulinum_toxins")
                yield context.finding(other, f"{toxin.product} before {context.product}: {NOT_INTERCHANGEABLE}", where)


def check_needed_areas(context: Context, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Areas that the label treats only together with another."""
    labelled = labelled_units(context.product)
    for session in context.plan.sessions:
        units = _units_by_area([entry for entry in entries if entry.session == session])
        for area in units:
            for rule in context.rules("requires_area", area):
                other, where = str(rule.value), f"day {session.day:g}, {area}"
                if other not in units:
                    yield context.finding(rule, f"without the {other} area: {rule.note}; add the pattern '{other}'", where)
                elif units[other] < labelled[other] - ROUNDING:
                    yield caution(rule, f"only {units[other]:g} of {labelled[other]:g} U in the {other} area: {rule.note}", where)
