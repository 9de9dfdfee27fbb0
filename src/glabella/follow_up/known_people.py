"""Does it work? Simulated people whose course is known, seen by noisy raters, forecast from what was seen.

The people are drawn from the population that the forecast believes in, each handful with a draw of the posterior of its own, so this
verifies the arithmetic of weights and bands and measures what visits are worth; it does not show that the population is right.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from glabella.calibration.posterior import Posterior
from glabella.evidence.parameters import stream
from glabella.follow_up.candidates import Alike, draw_candidates
from glabella.follow_up.forecast import PeopleCourses, follow_people, pool
from glabella.follow_up.settle import Settled, settle
from glabella.follow_up.visits import Visit, Visits
from glabella.follow_up.weigh import after_ln, all_ln, before_ln
from glabella.follow_up.weighted import effective_people, quantiles, shares
from glabella.names import without_side
from glabella.outcome import CONTRACTION
from glabella.population.block import ENTRY_GRADE
from glabella.population.raters import RATERS, borders_ln, rate, rater

HANDFUL = 40  # people drawn with one draw of the posterior, of whom those enter whom the investigator rates moderate or severe
SURE = 0.95  # of the interval of a coverage
QUANTITIES = ("grade", "strain")


@dataclass(frozen=True)
class KnownPerson:
    """One simulated person: grades before treatment by (area, expression), ratings on the visit days, and the truth (days,) by quantity."""

    entry: Mapping[tuple[str, str], float]
    visits: Visits
    truth: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Score:
    """Forecast of one quantity after so many visits: mean error and root mean square error of the median over people and days, share of
    truths inside the 90 % band with the exact binomial interval of the people (days of one person count as one share), mean width."""

    people: int
    visits: int
    quantity: str
    mean_error: float
    root_mean_square: float
    inside: float
    inside_low: float
    inside_high: float
    width: float
    effective_people: float


def draw_known(
    alike: Alike, posterior: Posterior, times: np.ndarray, visit_days: Sequence[float], told_days: Sequence[float], people: int, seed: int,
    raters: Sequence[str] = RATERS,
) -> list[KnownPerson]:  # fmt: skip
    """People of the population who enter with a moderate or severe line, rated on the visit days by ``raters`` with all their noise."""
    found: list[KnownPerson] = []
    number = 0
    while len(found) < people:
        settled = settle(draw_candidates(alike, posterior, times, seed, number, HANDFUL), {})
        found += _rated(settled, visit_days, told_days, seed, number, raters)
        number += 1
    return found[:people]


def _rated(
    settled: Settled, visit_days: Sequence[float], told_days: Sequence[float], seed: int, number: int, raters: Sequence[str]
) -> Iterable[KnownPerson]:
    candidates, values = settled.candidates, settled.candidates.values
    area = next(iter(candidates.strain))
    expression, borders = CONTRACTION[area], borders_ln(values)
    investigator = rater("investigator", values)

    def noise(*key: str | float) -> np.ndarray:
        return stream(seed, "known people", *map(str, key), number).standard_normal(candidates.count)

    before = rate(settled.on(area, expression, 0) + settled.effort_ln[without_side(area)], investigator, borders, noise("entry"))
    resting = rate(settled.on(area, "rest", 0), investigator, borders, noise("entry at rest"))
    given = {}
    for day in visit_days:
        depth = settled.on(area, expression, day) + values["effort_sd_ln"] * noise("effort", day)
        for name in raters:
            sees = candidates.subject_ln if name == "subject" else 0.0
            given[day, name] = rate(depth + sees, rater(name, values), borders, noise(name, day))
    courses = follow_people(settled, ENTRY_GRADE, 0.0)
    at = np.searchsorted(candidates.times, told_days)
    for who in np.flatnonzero(before >= ENTRY_GRADE):
        visits = tuple(Visit(day, area, expression, name, int(grades[who])) for (day, name), grades in given.items())
        yield KnownPerson(
            {(area, expression): float(before[who]), (area, "rest"): float(resting[who])}, Visits(visits),
            {quantity: courses.curves[area, quantity][who, at] for quantity in QUANTITIES},
        )  # fmt: skip


def score(
    alike: Alike, posterior: Posterior, times: np.ndarray, known: Sequence[KnownPerson], told_days: Sequence[float], seed: int, blocks: int,
    block_people: int,
) -> list[Score]:  # fmt: skip
    """How well every known person is forecast on ``told_days`` before any visit, and after each visit day in turn."""
    drawn = [draw_candidates(alike, posterior, times, seed, number, block_people) for number in range(blocks)]
    area = next(iter(drawn[0].strain))
    at = np.searchsorted(times, told_days)
    settled: dict[tuple, tuple[list[Settled], PeopleCourses]] = {}
    chances: dict[tuple, np.ndarray] = {}  # of what was seen on one day: many people are rated alike
    days = known[0].visits.days
    errors: dict[tuple[int, str], list[np.ndarray]] = {}
    for person in known:
        key = tuple(sorted(person.entry.items()))
        if key not in settled:
            parts = [settle(one, person.entry) for one in drawn]
            settled[key] = parts, pool([follow_people(one, ENTRY_GRADE, 0.0) for one in parts])
        parts, courses = settled[key]
        weight = np.concatenate([before_ln(one, Visits()) for one in parts])
        for count in range(len(days) + 1):
            if count and any(visit.from_picture for visit in person.visits.seen):  # days share a factor: nothing is kept of one alone
                until = person.visits.until(days[count - 1])
                weight = np.concatenate([all_ln(one, until) for one in parts])
            elif count:
                today = tuple(visit for visit in person.visits.seen if visit.day == days[count - 1])
                if (key, today) not in chances:
                    chances[key, today] = np.concatenate([after_ln(one, Visits(today)) for one in parts])
                weight = weight + chances[key, today]
            share = shares(weight)
            for quantity in QUANTITIES:
                low, median, high = quantiles(courses.curves[area, quantity][:, at], share)
                truth = person.truth[quantity]
                inside = (low <= truth) & (truth <= high)
                worth = np.full(len(at), effective_people(share))
                errors.setdefault((count, quantity), []).append(np.stack([np.abs(median - truth), inside, high - low, worth]))
    return [_score(count, quantity, np.array(rows)) for (count, quantity), rows in errors.items()]


def _score(visits: int, quantity: str, rows: np.ndarray) -> Score:
    """``rows`` (people, 4, days): error, inside, width, effective people."""
    error, inside, width, worth = rows.mean(2).T
    share, people = float(inside.mean()), len(rows)
    return Score(
        people, visits, quantity, float(error.mean()), float((rows[:, 0] ** 2).mean() ** 0.5), share, *binomial_interval(share, people),
        float(width.mean()), float(worth.mean()),
    )  # fmt: skip


def together(parts: Sequence[Score]) -> Score:
    """The score of all people of several groups, of the same quantity after as many visits."""
    people = sum(one.people for one in parts)

    def mean(name: str, power: int = 1) -> float:
        return float(sum(one.people * getattr(one, name) ** power for one in parts) / people) ** (1 / power)

    inside = mean("inside")
    return Score(
        people, parts[0].visits, parts[0].quantity, mean("mean_error"), mean("root_mean_square", 2), inside,
        *binomial_interval(inside, people), mean("width"), mean("effective_people"),
    )  # fmt: skip


def binomial_interval(share: float, people: int, together: int = 1) -> tuple[float, float]:
    """Exact (Clopper-Pearson) 95 % interval of a share of people; a count between two is taken as it is. ``together``: of so many shares
    all lie in theirs with that chance at least (Bonferroni)."""
    count, half = share * people, (1 - SURE) / 2 / together
    low = float(beta.ppf(half, count, people - count + 1)) if count > 0 else 0.0
    high = float(beta.ppf(1 - half, count + 1, people - count)) if count < people else 1.0
    return low, high


__all__ = ["KnownPerson", "Score", "binomial_interval", "draw_known", "score", "together"]
