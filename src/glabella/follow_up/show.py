"""A follow-up in words: what the command line prints, and the sentences of the page."""

from collections.abc import Iterator

from glabella.follow_up.follow_up import ENOUGH, REPORT_DAYS
from glabella.follow_up.forecast import FACTORS, DayEstimate, Forecast
from glabella.follow_up.result import FollowUp
from glabella.outcome import CONTRACTION, FRAME, GRADES, Estimate

SAME = 0.05  # a factor that moved by less, and whose band narrowed by less, is not told


def follow_up_lines(found: FollowUp) -> Iterator[str]:
    """What was seen, the rest of the course before and after it, milestones, what is known of the person, and what it rests on."""
    if found.watermark:
        yield f"*** {found.watermark.upper()}: not for treating a person ***"
    plan = found.plan
    bands = "median (5th to 95th percentile) of people like this"
    yield f"{plan.product}, {plan.units:g} U, purpose '{plan.purpose}'; {bands}; seed {found.seed}"
    yield ""
    yield "seen"
    yield from _aligned(seen_rows(found))
    for area in found.posterior.areas:
        yield ""
        yield f"{area_words(area)} lines at {CONTRACTION[area].replace('_', ' ')}: forecast with the visits (before them)"
        yield from _aligned(course_rows(found, area))
        yield from (f"  {line}" for line in milestone_sentences(found, area))
    yield ""
    yield from _person_lines(found)
    yield worth_sentence(found)
    yield from found.said
    yield FRAME


def _person_lines(found: FollowUp) -> Iterator[str]:
    told = told_factors(found)
    yield "this person" if told else "this person: the visits tell nothing apart"
    if told:
        rows = [("factor on the usual person", "with the visits", "(before)")]
        yield from _aligned([*rows, *((FACTORS[name], f"{after:.2f}", f"({before:.2f})") for name, before, after in told)])


def area_words(area: str) -> str:
    """'lateral_canthal_left' as 'lateral canthal left'."""
    return area.replace("_", " ")


def seen_rows(found: FollowUp) -> list[tuple[str, ...]]:
    """Header and a row per visit: the rating beside what was expected before and is now."""
    rows = [("day", "area", "face", "by", "grade", "expected before", "expected now")]
    for one in found.seen:
        grade = f"{one.grade:.1f}" if one.rater in ("measured", "picture") else f"{one.grade:g} {GRADES[int(one.grade)]}"
        face = one.expression.replace("_", " ")
        expected = (f"{one.expected_before:.1f}", f"{one.expected_after:.1f}")
        rows.append((f"{one.day:g}", area_words(one.area), face, one.rater, grade, *expected))
    return rows


def told_days(found: FollowUp) -> list[float]:
    """Days of the table: those of visits and, after the last one, the usual ones to the last day."""
    last = float(found.days[-1])
    rest = [day for day in (*REPORT_DAYS, last) if found.last_visit < day <= last]
    return sorted({0.0, *found.visits.days, *rest})


def course_rows(found: FollowUp, area: str) -> list[tuple[str, ...]]:
    """Header and a row per day of one area."""
    after, before = found.posterior.areas[area], found.prior.areas[area]
    rows = [("day", "grade 0-3", "(before)", "none or mild %", "(before)", "strain %", "movement % of before", "grade at rest")]
    for day in told_days(found):
        k = int((found.days >= day).argmax())
        rows.append((
            f"{day:g}", _cell(after.grade.at(day)), f"({_cell(before.grade.at(day))})", f"{100 * after.none_or_mild[k]:.0f}",
            f"({100 * before.none_or_mild[k]:.0f})", _cell(after.strain.at(day), 100), _cell(after.movement_percent.at(day), 1, ".0f"),
            _cell(after.grade_rest.at(day)),
        ))  # fmt: skip
    return rows


def milestone_sentences(found: FollowUp, area: str) -> tuple[str, str]:
    """When half of the effect is gone and when the grade is back, with and before the visits."""

    def both(name: str) -> str:
        after, before = (day_words(found, _days(one, name)[area]) for one in (found.posterior, found.prior))
        return f"{after}; before the visits {before}"

    grade = f"grade {found.returns_to} ({GRADES[found.returns_to]})"
    return f"half of the effect gone {both('half_gone')}", f"{grade} again {both('returns')}"


def _days(forecast: Forecast, name: str) -> dict[str, DayEstimate]:
    return getattr(forecast, name)


def day_words(found: FollowUp, day: DayEstimate) -> str:
    """'on day 96 (70 to 130)'; what lies after the last day is said so, and what was never away since the last session."""
    first, last = found.plan.sessions[-1].day, found.days[-1]
    if day.median is None:
        return f"after day {last:g} (by then in {day.by_last_day:.0%} of people like this)"
    low = "never gone" if day.low is not None and day.low <= first else f"{day.low:.0f}"
    high = f"after {last:g}" if day.high is None else f"{day.high:.0f}"
    return f"on day {day.median:.0f} ({low} to {high})" if day.median > first else f"never gone (to {high})"


def told_factors(found: FollowUp) -> list[tuple[str, Estimate, Estimate]]:
    """Name, before and after, of what the visits moved or narrowed by more than ``SAME``."""
    rows = [(name, found.prior.person[name], found.posterior.person[name]) for name in FACTORS]

    def moved(before: Estimate, after: Estimate) -> bool:
        narrower = 1 - (after.high - after.low) / max(before.high - before.low, 1e-12)
        return abs(after.median / before.median - 1) > SAME or narrower > SAME

    return [row for row in rows if moved(*row[1:])]


def worth_sentence(found: FollowUp) -> str:
    """How many people the numbers rest on."""
    enough = "enough" if found.needed is None else f"fewer than the {ENOUGH:.0f} that are wanted"
    before, after = found.prior.effective_people, found.posterior.effective_people
    return (
        f"rests on {found.people} virtual people like this, {found.draws} draws of the posterior: worth {before:.0f} before the visits and "
        f"{after:.0f} with them, {enough}"
    )


def _cell(value: Estimate, factor: float = 1.0, spec: str = ".1f") -> str:
    return format(Estimate(value.median * factor, value.low * factor, value.high * factor), spec)


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
