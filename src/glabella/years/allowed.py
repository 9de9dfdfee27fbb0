"""Which sessions may follow each other: for a person as the label says, in a study as far as a published trial carries it."""

from dataclasses import dataclass, replace
from itertools import pairwise

from glabella.errors import InputError, RefusedError
from glabella.evidence.label_rules import find_rules
from glabella.evidence.study_intervals import StudyInterval, load_study_intervals
from glabella.patient import Patient
from glabella.plan import Plan, check_upper_face
from glabella.years.ageing import DAYS_A_YEAR
from glabella.years.repeat import FORMS, Repeat

FAR_DAYS = 3 * 365.0  # sessions at intervals up to this are shown to the label check


@dataclass(frozen=True)
class Interval:
    """What is carried out: ``repeat``, never sooner than ``least_days``; ``said``: what to know about it, each with its source.

    ``published_sessions``: how many sessions the trial behind an interval shorter than the label's had, None for others.
    """

    repeat: Repeat
    least_days: float
    said: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    published_sessions: int | None = None


def label_interval_days(product: str) -> float:
    """The label's shortest time between treatments."""
    return max(rule.limit for rule in find_rules("interval_at_least_days") if rule.covers(product))


def shortest_study_interval() -> StudyInterval:
    """The shortest interval of any published trial in the evidence."""
    return min(load_study_intervals(), key=lambda row: row.least_days)


def allow_repeat(plan: Plan, repeat: Repeat) -> Interval:
    """The interval as it will be carried out; RefusedError where neither label nor published trial allows it."""
    label = label_interval_days(plan.product)
    days = repeat.interval_days
    if plan.purpose != "study":
        if days is None:
            return Interval(repeat, label)
        if days >= label:
            return Interval(repeat, days)
        counts = find_rules("counts_as_three_months_days")[0].limit
        if days >= counts:
            note = f"sessions come {label:g} days apart, not {days:g}: the label says not more often than every 3 months"
            return Interval(Repeat(interval_days=label), label, (note,), (_label_source(plan),))
        raise RefusedError(
            f"refused: {repeat}: the label asks for at least {label:g} days between sessions; ask for {label:g} days or more, or set "
            "purpose = 'study' in the plan"
        )
    shortest = shortest_study_interval()
    if days is None or days >= label:
        return Interval(repeat, label if days is None else days)
    if days < shortest.least_days:
        raise RefusedError(
            f"refused: {repeat}: no published trial in the evidence has sessions less than {shortest.least_days:g} days apart "
            f"[{shortest.source}]; ask for {shortest.least_days:g} days or more"
        )
    own = next((row for row in load_study_intervals() if row.product == plan.product and row.least_days <= days), None)
    if own:
        note = f"study: sessions {days:g} days apart; published for {own.product} in {own.treated}, {own.sessions} sessions at most"
        return Interval(repeat, days, (note,), (own.source,), own.sessions)
    note = (
        f"study, no published trial of {plan.product} at this interval: {days:g} days is shorter than the label's {label:g}; the nearest "
        f"is {shortest.product}, at least {shortest.least_days:g} days, {shortest.sessions} sessions at most, in {shortest.treated}"
    )
    return Interval(repeat, days, (note,), (shortest.source,), shortest.sessions)


def allow_own_days(plan: Plan) -> Interval:
    """The plan's own sessions. A person's are for the label check; a study's are refused where no published trial came as often.

    Sessions that count as one treatment, a touch-up and what it touches up, may be nearer; the label check adds up their units.
    """
    days = [session.day for session in plan.sessions]
    label = label_interval_days(plan.product)
    if plan.purpose != "study":
        return Interval(Repeat(interval_days=label), label)
    rule = find_rules("one_treatment_days")[0]
    first, gaps, touched_up = days[0], [], False
    for before, day in pairwise(days):
        if day - first < rule.limit:
            touched_up = True
            continue
        first = day
        gaps.append(day - before)
    least = min(gaps, default=label)
    shortest = shortest_study_interval()
    if least < shortest.least_days:
        raise RefusedError(
            f"refused: sessions of the plan {least:g} days apart: no published trial in the evidence has sessions less than "
            f"{shortest.least_days:g} days apart [{shortest.source}]; put them {shortest.least_days:g} days or more apart, or within "
            f"{rule.limit:g} days of a session as its touch-up"
        )
    found = allow_repeat(plan, Repeat(interval_days=least))
    if not touched_up:
        return found
    note = f"study: sessions less than {rule.limit:g} days after another count as one treatment with it; the label knows no touch-ups"
    return replace(found, said=(note, *found.said), sources=(rule.source, *found.sources))


def check_region(plan: Plan) -> None:
    """Years are computed in the upper face. For a person the lower face is refused, like every plan for it; a study is told where to go."""
    if plan.region != "lower_face":
        return
    site = plan.sites[0]
    if plan.purpose != "study":
        raise RefusedError(
            f"refused: {site} lies in the lower face: off-label, or without its label's text in the evidence, so nothing there is computed "
            "for a person; 'glabella check' says more"
        )
    check_upper_face(plan.sites, "years")


def _label_source(plan: Plan) -> str:
    return next(rule.source for rule in find_rules("interval_at_least_days") if rule.covers(plan.product))


def more_than_published(interval: Interval, sessions: int) -> tuple[str, ...]:
    """A note where there are more sessions than the trial behind the interval had."""
    most = interval.published_sessions
    if most is None or sessions <= most:
        return ()
    return (f"study: {sessions} sessions, more than the {most} of that trial: beyond them nothing is published at this interval",)


def check_ages(plan: Plan, patient: Patient, last_session: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The person at the age of the last session (day): RefusedError where a label of the product, in any country, excludes that age.

    In a study a limit that holds for persons only is a note; gives the notes and their sources.
    """
    age = patient.age_years + last_session / DAYS_A_YEAR
    notes, sources = [], []
    for rule in find_rules("age_below_years"):
        if not rule.covers(plan.product) or age < rule.limit:
            continue
        what = f"{plan.product}: {int(age)} years old at the last session; the {rule.jurisdiction} label: {rule.note} [{rule.source}]"
        if rule.severity == "study_only" and plan.purpose == "study":
            notes.append(f"study: {what}")
            sources.append(rule.source)
            continue
        left = rule.limit - patient.age_years
        fit = "no years fit" if left <= 0 else "1 year fits" if left == 1 else f"{left:g} years fit"
        raise RefusedError(f"refused: {what}; {fit}")
    return tuple(notes), tuple(sources)


def check_returns(repeat: Repeat, patient: Patient, area: str) -> None:
    """A grade can only return below where it was before treatment: the course nears that, and hardly ever reaches it."""
    before = patient.baseline[area].contraction
    if repeat.grade is not None and before <= repeat.grade:
        raise InputError(
            f"repeat {repeat}: before treatment the grade of the {area.replace('_', ' ')} lines at contraction is {before:g}, so it never "
            f"quite returns to {repeat.grade:g}; ask for less than {before:g}, or by the calendar ({FORMS})"
        )


def one_pattern(plan: Plan) -> Plan:
    """The plan with its first session alone, on day 0. The years follow one pattern: sessions that differ are an error."""
    first = plan.sessions[0]
    if any(session.injections != first.injections for session in plan.sessions[1:]):
        raise InputError("plan: its sessions differ; years follow one pattern: keep one session, and say when it repeats with --repeat")
    return plan.repeated(0.0)


def shown_to_label(plan: Plan, interval: Interval) -> Plan:
    """The first sessions of the years, as the label check is to see them."""
    days = min(interval.repeat.interval_days or interval.least_days, FAR_DAYS)
    return plan.repeated(0.0, days, 2 * days)
