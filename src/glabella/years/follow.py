"""One person through the years: leg by leg from session to session, with the state carried on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from glabella.evidence import Parameters
from glabella.patient import Patient
from glabella.stages.junction.course import COARSE_FIRST_STEP_DAYS, COARSE_GROWTH, COARSE_LONGEST_STEP_DAYS, Kinetics
from glabella.stages.skin import Skin
from glabella.years.nerves import NerveCourse, NerveState, Uptake, follow_nerves, untouched
from glabella.years.skin import AreaSkin, SkinCourse, SkinState, area_skin

LEG_DAYS = 365.0  # sessions by the calendar are followed together for about so long: it changes no number, only memory
LOOK_AHEAD_DAYS = 56.0  # how far beyond the first visit a leg looks at once where sessions follow the grade
Key = tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """Sessions on ``days``; or the first on day 0 and each next one at the first visit at which the grade at contraction of the
    first area is at least ``grade`` again: visits every ``visit_days`` from ``least_days`` after a session on.

    ``without_effect_from``: from that day on sessions are given and do nothing.
    """

    days: tuple[float, ...] = ()
    grade: float | None = None
    least_days: float = 0.0
    visit_days: float = 0.0
    without_effect_from: float = np.inf


@dataclass(frozen=True)
class OnePerson:
    """One draw of a person: ``uptake`` of a session, the laws' constants, the ``areas`` of skin, the first of them the one asked about."""

    uptake: Uptake
    kinetics: Kinetics
    rates: tuple[float, float, float]
    areas: tuple[AreaSkin, ...]


@dataclass(frozen=True)
class State:
    """All that is carried on at ``day``."""

    day: float
    nerves: NerveState
    skin: tuple[SkinState, ...]


@dataclass(frozen=True)
class Leg:
    """A stretch of the course on its interval ends."""

    nerves: NerveCourse
    skin: tuple[SkinCourse, ...]

    @property
    def days(self) -> np.ndarray:
        """Interval ends (t,)."""
        return self.nerves.ends

    def state(self, end: int) -> State:
        """What to carry on from an interval end."""
        return State(float(self.days[end]), self.nerves.state(end), tuple(course.state(end) for course in self.skin))


@dataclass
class Trajectory:
    """Every quantity of one person by name: on the ``days`` asked for (``curves``) and on the course's own (``course``).

    ``sessions``: days of all sessions.
    """

    days: np.ndarray
    sessions: list[float] = field(default_factory=list)
    own_days: list[np.ndarray] = field(default_factory=list)
    own: dict[Key, list[np.ndarray]] = field(default_factory=dict)

    @cached_property
    def all_days(self) -> np.ndarray:
        """Interval ends (t,) of the course; ``days`` are among them."""
        return np.concatenate(self.own_days)

    def course(self, name: Key) -> np.ndarray:
        """One quantity (t,) on ``all_days``."""
        return np.concatenate(self.own[name])

    @cached_property
    def curves(self) -> Mapping[Key, np.ndarray]:
        """Every quantity on ``days``."""
        at = np.searchsorted(self.all_days, self.days)
        return {name: self.course(name)[at] for name in self.own}


def one_person(uptake: Uptake, kinetics: Kinetics, skin: Skin, areas: Sequence[str], patient: Patient, parameters: Parameters) -> OnePerson:
    """Put together what a draw needs."""
    rates = parameters["muscle_atrophy_per_day"], parameters["muscle_regrowth_per_day"], parameters["muscle_bulk_floor"]
    return OnePerson(uptake, kinetics, rates, tuple(area_skin(skin, area, uptake.muscles, patient, parameters) for area in areas))


def before_treatment(one: OnePerson) -> State:
    """Day 0."""
    return State(0.0, untouched(one.uptake, one.kinetics), tuple(SkinState() for _ in one.areas))


def follow_leg(one: OnePerson, state: State, end: float, sessions: Sequence[float], wanted: np.ndarray) -> Leg:
    """From ``state`` to the day ``end``, with the ``sessions`` (days) among it and all of ``wanted`` among the interval ends."""
    inside = np.array([day for day in sessions if state.day <= day < end])
    days = np.unique(np.concatenate([[state.day], wanted[(wanted > state.day) & (wanted < end)], [end]]))
    times = _with_ends_at(days, inside)
    nerves = follow_nerves(one.uptake, one.kinetics, one.rates, state.nerves, times, inside)
    force = nerves.force
    return Leg(nerves, tuple(area.follow(nerves.ends, force, old) for area, old in zip(one.areas, state.skin, strict=True)))


def _with_ends_at(days: np.ndarray, sessions: np.ndarray) -> np.ndarray:
    """A coarse course in which every one of ``days`` and ``sessions`` is an interval end, and every interval has its middle.

    Intervals grow from the session before them as in ``coarse_course_days``; before any session they are as long as the longest.
    """
    fixed = np.unique(np.concatenate([days, sessions])).tolist()
    given, session, ends = set(sessions.tolist()), -np.inf, [fixed[0]]
    for start, stop in pairwise(fixed):
        session, here = start if start in given else session, start
        while here < stop:
            longest = min(max(COARSE_GROWTH * (here - session), COARSE_FIRST_STEP_DAYS), COARSE_LONGEST_STEP_DAYS)
            parts = math.ceil((stop - here) / longest - 1e-9)
            here = here + (stop - here) / parts if parts > 1 else stop
            ends.append(here)
    times = np.empty(2 * len(ends) - 1)
    times[::2] = ends
    times[1::2] = (times[:-1:2] + times[2::2]) / 2
    return times


def follow_one(one: OnePerson, schedule: Schedule, days: np.ndarray) -> Trajectory:
    """The person on ``days`` (t,), rising from 0: sessions by the calendar or as the grade returns."""
    found = Trajectory(days)
    state, last = before_treatment(one), float(days[-1])
    if schedule.grade is None:
        found.sessions = [day for day in schedule.days if day < last]
        working = [day for day in found.sessions if day < schedule.without_effect_from]
        ends = _leg_ends(working, last)
        for end in ends:
            leg = follow_leg(one, state, end, working, days)
            _note(found, one, leg, len(leg.days) - 1)
            state = leg.state(len(leg.days) - 1)
        return found
    session = 0.0
    while session < last:
        found.sessions.append(session)
        given = [session] if session < schedule.without_effect_from else []
        visit, came_back = session + schedule.least_days, None
        while came_back is None and state.day < last:
            visits = np.arange(visit, visit + LOOK_AHEAD_DAYS, schedule.visit_days)
            leg = follow_leg(one, state, min(float(visits[-1]), last), given, np.concatenate([days, visits]))
            at = np.searchsorted(leg.days, visits[visits <= leg.days[-1]])
            back = at[leg.skin[0].grade_contraction[at] >= schedule.grade]
            stop = int(back[0]) if len(back) else len(leg.days) - 1
            _note(found, one, leg, stop)
            state, given = leg.state(stop), []
            visit = float(visits[-1]) + schedule.visit_days
            came_back = float(leg.days[stop]) if len(back) else None
        session = np.inf if came_back is None else came_back
    return found


def _leg_ends(sessions: Sequence[float], last: float) -> list[float]:
    """Ends of legs of about ``LEG_DAYS``, each at a session."""
    ends, begun = [], 0.0
    for day in sessions:
        if day - begun >= LEG_DAYS:
            ends.append(day)
            begun = day
    return [*ends, last]


def _note(found: Trajectory, one: OnePerson, leg: Leg, stop: int) -> None:
    """Write down the leg up to its interval end ``stop``."""
    kept = slice(1 if found.own_days else 0, stop + 1)  # a leg begins where the one before it ended
    found.own_days.append(leg.days[kept])
    force, bulk = leg.nerves.force, 1 - leg.nerves.wasted
    for n, muscle in enumerate(one.uptake.muscles):
        found.own.setdefault(("muscle", muscle, "force"), []).append(force[kept, n])
        found.own.setdefault(("muscle", muscle, "bulk"), []).append(bulk[kept, n])
    for area, course in zip(one.areas, leg.skin, strict=True):
        for name, values in course.told(kept).items():
            found.own.setdefault(("skin", area.area, name), []).append(values)


def session_responses(found: Trajectory, grade: float) -> Mapping[str, np.ndarray]:
    """Of each session until the next: lowest grade and movement of the first area, and days until the ``grade`` is back.

    Those days are nan where the grade is not back by then.
    """
    area = next(name[1] for name in found.own if name[0] == "skin")
    days, grades = found.all_days, found.course(("skin", area, "grade_contraction"))
    moved = found.course(("skin", area, "movement_percent"))
    lowest, least, back = [], [], []
    for start, end in zip(found.sessions, [*found.sessions[1:], days[-1]], strict=True):
        inside = (days >= start) & (days <= end)
        here, since = grades[inside], days[inside] - start
        lowest.append(here.min())
        least.append(moved[inside].min())
        deepest = int(here.argmin())
        above = np.flatnonzero(here[deepest:] >= grade)
        if here[deepest] >= grade:
            back.append(0.0)
        elif not len(above):
            back.append(np.nan)
        else:
            k = deepest + int(above[0])
            back.append(float(np.interp(grade, here[k - 1 : k + 1], since[k - 1 : k + 1])))
    return {"lowest_grade": np.array(lowest), "lowest_movement_percent": np.array(least), "days_until_back": np.array(back)}
