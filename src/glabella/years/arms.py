"""The arms of years of treatment: which ways to go on are compared, when their sessions come, and what there is to say of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from glabella.errors import InputError, nearest
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.years.allowed import (
    Interval,
    allow_own_days,
    allow_repeat,
    check_ages,
    check_returns,
    more_than_published,
    one_pattern,
    shortest_study_interval,
    shown_to_label,
)
from glabella.years.follow import Schedule
from glabella.years.repeat import Repeat

SCENARIOS = ("never", "licensed", "as_planned", "over_treated")  # licensed: a person's own plan; as_planned: a study's
BY_CALENDAR = "every 3 months"
RETURNS_TO = 2.0  # grade at contraction whose return ends a response: moderate
Comparing = Sequence[str] | str | None


@dataclass(frozen=True)
class Arm:
    """A scenario to be followed: its schedule, its purpose and what there is to say."""

    name: str
    title: str
    purpose: str
    schedule: Schedule
    said: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def plan_arms(
    plan: Plan, patient: Patient, area: str, repeat: Repeat | str | None, compare: Comparing, last: float, visit_days: float
) -> tuple[tuple[Arm, ...], tuple[Plan, ...]]:
    """The arms to follow, and plans of their first sessions for the label check."""
    pattern = one_pattern(plan)
    arms: list[Arm] = []
    shown = []
    for name in _compared(plan, compare):
        if name == "never":
            arms.append(Arm("never", "never treated", "person", Schedule()))
        elif name == "over_treated":
            study = pattern.with_purpose("study")
            interval = allow_repeat(study, Repeat(interval_days=shortest_study_interval().least_days))
            arm = _arm(name, f"over-treated, {interval.repeat}", study, interval, patient, area, last, visit_days)
            same = next((k for k, other in enumerate(arms) if other.purpose == "study" and other.schedule == arm.schedule), None)
            if same is not None:  # the plan itself is as often as any trial was: the two would be one curve under two names
                arms[same] = replace(arms[same], said=(*arms[same].said, "as often as over-treated: shown once"))
                continue
            arms.append(_of_age(arm, study, patient, last))
            shown.append(shown_to_label(study, interval))
        else:
            arm, seen = _planned_arm(name, plan, pattern, patient, area, repeat, last, visit_days)
            arms.append(_of_age(arm, plan, patient, last))
            shown.append(seen)
    return tuple(arms), tuple(shown)


def _compared(plan: Plan, compare: Comparing) -> list[str]:
    """Names of the scenarios asked for, each once, the plan's own before over-treated."""
    own, other = ("licensed", "as_planned") if plan.purpose == "person" else ("as_planned", "licensed")
    known = [name for name in SCENARIOS if name != other]
    if compare is None:
        return ["never", own]
    names = list(dict.fromkeys([compare] if isinstance(compare, str) else compare))
    if not names:
        raise InputError(f"compare: nothing is named; name at least one of {', '.join(known)}")
    for name in names:
        if name == other:
            raise InputError(f"compare: '{other}' is not of this plan, whose purpose is '{plan.purpose}'; its own sessions are '{own}'")
        if name not in known:
            raise InputError(f"compare: '{name}' is unknown; {nearest(str(name), known)}")
    return sorted(names, key=known.index)


def _planned_arm(
    name: str, plan: Plan, pattern: Plan, patient: Patient, area: str, repeat: Repeat | str | None, last: float, visit_days: float
) -> tuple[Arm, Plan]:
    """The arm the plan asks for."""
    title = "treated as licensed" if plan.purpose == "person" else "treated as planned"
    if len(plan.sessions) > 1:
        if repeat is not None:
            raise InputError(
                "plan: it has several sessions and is to be repeated as well; keep one session, or leave the rule of repeating out"
            )
        days = tuple(session.day for session in plan.sessions)
        interval = allow_own_days(plan)
        said = (*interval.said, *more_than_published(interval, len(days)))
        return Arm(name, _titled(f"{title}, on the plan's own days", plan), plan.purpose, Schedule(days), said, interval.sources), plan
    if repeat is None:  # a grade can return only where it was worse before
        worse = patient.baseline[area].contraction > RETURNS_TO
        repeat = Repeat.when_grade_returns(RETURNS_TO) if worse else BY_CALENDAR
    rule = repeat if isinstance(repeat, Repeat) else Repeat.read(repeat)
    interval = allow_repeat(plan, rule)
    arm = _arm(name, f"{title}, {interval.repeat}", plan, interval, patient, area, last, visit_days)
    return arm, shown_to_label(pattern, interval)


def _arm(name: str, title: str, plan: Plan, interval: Interval, patient: Patient, area: str, last: float, visit_days: float) -> Arm:
    """The arm at this interval, with what there is to say of it."""
    schedule = _schedule(interval, patient, area, last, visit_days)
    said = (*interval.said, *more_than_published(interval, len(schedule.days)))
    return Arm(name, _titled(title, plan), plan.purpose, schedule, said, interval.sources)


def _titled(title: str, plan: Plan) -> str:
    """The title says itself what is a study, so that it stands in every sentence, table and picture."""
    return title if plan.purpose == "person" else f"{title} (study)"


def _of_age(arm: Arm, plan: Plan, patient: Patient, last: float) -> Arm:
    """The arm, if nobody is too old at its last session; one by the grade may come up to the day before the end."""
    latest = max((day for day in arm.schedule.days if day < last), default=0.0) if arm.schedule.grade is None else max(last - 1, 0.0)
    said, sources = check_ages(plan, patient, latest)
    return replace(arm, said=(*arm.said, *said), sources=(*arm.sources, *sources))


def _schedule(interval: Interval, patient: Patient, area: str, last: float, visit_days: float) -> Schedule:
    rule = interval.repeat
    if rule.interval_days is not None:
        return Schedule(tuple(np.arange(0.0, last, rule.interval_days)))
    check_returns(rule, patient, area)
    return Schedule(grade=rule.grade, least_days=interval.least_days, visit_days=visit_days)
