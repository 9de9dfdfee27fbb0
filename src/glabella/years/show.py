"""Years of treatment in words: what the command line prints, and the sentences of the page."""

from collections.abc import Iterator
from textwrap import wrap

from glabella.outcome import CONTRACTION, FRAME, Curve, Estimate
from glabella.wording import counted
from glabella.years.result import Prevention, Response, Scenario, Weaker, Years

MARKS_YEARS = (1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0)
WIDTH = 118
NARROW = 10  # a column of the table, at least
MAIN_MUSCLES = {"glabellar": ("corrugator_supercilii_left", "procerus"), "forehead": ("frontalis_left",)}
ASSUMED = (
    "Assumed here: how fast a resting line deepens with age and how much of that is folding, the slow memory of the skin, and that each "
    "sample's needles land in the same places at every session. Bulk grows back faster in this model than in the one MRI study there is."
)
BY_YEAR = (
    "Mean: over the whole year. Worst: the worst day of that year, for lines as a rule the one before a session; in the first year from "
    "the label's shortest interval on, since before the first session every line is at its worst. Of bulk, worst is lowest. The sentences "
    "tell the mean over the last year."
)


def years_lines(found: Years) -> Iterator[str]:
    """A table per scenario over the years, then what differs, and what it rests on."""
    if found.watermark:
        studies = ", ".join(s.title.removesuffix(" (study)") for s in found.scenarios.values() if s.watermark)
        yield f"*** STUDY: {studies}: not for treating a person ***"
    bands = f"median (5th to 95th percentile) of {counted(found.samples, 'sample')}" if found.samples else "no samples, so no bands"
    units = f"{found.settings['units_per_session']:g} U a session"
    yield f"{found.plan.product}, {units}, {counted(found.years, 'year')}; {bands}; seed {found.seed}"
    area = next(iter(next(iter(found.scenarios.values())).areas))
    for scenario in found.scenarios.values():
        yield ""
        yield from _scenario_lines(found, scenario, area)
    yield ""
    yield from wrap(BY_YEAR, WIDTH)
    yield ""
    for sentence in (*summary_lines(found), ASSUMED):
        yield from wrap(sentence, WIDTH, subsequent_indent="  ")
    yield FRAME


def summary_lines(found: Years) -> Iterator[str]:
    """Plain sentences: prevention, bulk, intervals, the weaker muscle, antibodies."""
    for entry in found.prevention:
        yield from prevention_sentences(found, entry)
    for scenario in found.scenarios.values():
        if scenario.session_days:
            yield from _bulk_sentence(found, scenario)
            yield from _interval_sentence(scenario)
    if found.weaker:
        yield weaker_sentence(found.weaker, found.returns_to)
    for scenario in found.scenarios.values():
        if scenario.antibodies:
            yield antibody_sentence(scenario)


def prevention_sentences(found: Years, entry: Prevention) -> Iterator[str]:
    """'Prevents new lines' as a number, and what becomes of a line that is there already."""
    title, lines = found.scenarios[entry.scenario].title, f"{entry.area.replace('_', ' ')} line"
    years = counted(found.years, "year")
    yield (
        f"New lines, {title}: of 100 people with this face but no {lines} at rest to begin with, {of_hundred(entry.new_never)} would show "
        f"one after {years} never treated, {of_hundred(entry.new_treated)} with these sessions{_prevented(entry.fewer_new)}."
    )
    if entry.depth_before_mm <= 0:
        return
    yield (
        f"The line that is there, {title}: {entry.depth_before_mm:.2f} mm deep at rest before, after {years} it is "
        f"{entry.depth_treated_mm:.2f} mm deep instead of {entry.depth_never_mm:.2f} mm never treated, {entry.less_depth_mm:.2f} mm less "
        f"in pairs; a rater sees it at rest in {of_hundred(entry.seen_treated)} of 100 people instead of {of_hundred(entry.seen_never)}."
    )


def _prevented(fewer: Estimate) -> str:
    if round(100 * fewer.high) < 1:
        return ", so that there is next to none to prevent"
    return f": new lines prevented in {of_hundred(fewer)} of 100"


def of_hundred(share: Estimate) -> str:
    """People of a hundred with the band: '12 (5 to 25)', 'fewer than 1 (up to 4)'."""
    median, low, high = (f"{100 * value:.0f}" for value in (share.median, share.low, share.high))
    if median == "0":
        return "fewer than 1" if high == "0" else f"fewer than 1 (up to {high})"
    return median if low == high == median else f"{median} ({'fewer than 1' if low == '0' else low} to {high})"


def flattest_muscle(scenario: Scenario) -> str:
    """The muscle with the least bulk over the last year."""
    return min(scenario.muscles, key=lambda name: scenario.yearly["muscle", name, "bulk"].mean.median[-1])


def _bulk_sentence(found: Years, scenario: Scenario) -> Iterator[str]:
    if scenario.muscles:
        flattest = flattest_muscle(scenario)
        bulk = scenario.yearly["muscle", flattest, "bulk"]
        mean, least = (percent(last(curve)) for curve in (bulk.mean, bulk.worst))
        yield (
            f"Bulk, {scenario.title}: after {counted(found.years, 'year')} the flattest muscle, {flattest.replace('_', ' ')}, has "
            f"{mean} % of its untreated bulk, {least} % at its lowest."
        )


def last(curve: Curve) -> Estimate:
    """The last value of a curve with its band."""
    return Estimate(float(curve.median[-1]), float(curve.low[-1]), float(curve.high[-1]))


def _interval_sentence(scenario: Scenario) -> Iterator[str]:
    if len(scenario.intervals) > 1 and scenario.intervals[0].days.high > scenario.intervals[0].days.low:
        first, last = scenario.intervals[0], scenario.intervals[-1]
        yield (
            f"Intervals, {scenario.title}: {first.days:.0f} days after the first session, {last.days:.0f} after number {last.number}; the "
            "dose stays the same."
        )


def weaker_sentence(weaker: Weaker, grade: float) -> str:
    """The same dose in a weaker muscle."""
    return (
        f"Weaker muscle: at {100 * weaker.strength:.0f} % of the usual strength the same dose brings the grade down to "
        f"{weaker.weaker.lowest_grade:.2f} instead of {weaker.usual.lowest_grade:.2f}, and grade {grade:g} is back after "
        f"{_back(weaker.weaker)} instead of {_back(weaker.usual)} days."
    )


def _back(response: Response) -> str:
    return f"{response.days_until_back:.0f}" if response.days_until_back else "more than the followed"


def antibody_sentence(scenario: Scenario) -> str:
    """The rare event, never mixed into the curves."""
    chance = scenario.antibodies
    assert chance is not None
    sessions, seen = counted(round(chance.sessions), "session"), counted(chance.observed_sessions, "session")
    return (
        f"Antibodies, {scenario.title} (rare, not in the curves): {_chance(chance.observed)} would form them if everyone had {seen}, the "
        f"most that people were followed for; if every one of {sessions} carried the same chance, "
        f"{_chance(chance.loss_of_effect)} would lose the effect. From then on sessions do nothing."
    )


def _chance(band: tuple[float, float, float]) -> str:
    value, low, high = (100 * each for each in band)
    return f"{value:.2g} % ({low:.1g} to {high:.2g} %)"


def percent(value: Estimate) -> str:
    """A share in percent with its band."""
    return format(Estimate(100 * value.median, 100 * value.low, 100 * value.high), ".0f")


def marks(found: Years) -> list[int]:
    """Indices of the years of a short table: some whole years, and the last."""
    ends = [float(end) for end in found.year_ends]
    return [n for n, end in enumerate(ends) if end in MARKS_YEARS or n == len(ends) - 1]


def table(found: Years, scenario: Scenario, area: str) -> list[tuple[str, ...]]:
    """Header, a row before treatment, and two rows per marked year, mean and worst: lines, bulk of the main muscles, units so far."""
    contraction = CONTRACTION[area].replace("_", " ")
    columns: list[tuple[str, tuple[str, ...], float, str]] = [
        (f"grade at {contraction}", ("skin", area, "grade_contraction"), 1, ".1f"),
        ("grade at rest", ("skin", area, "grade_rest"), 1, ".1f"),
        ("depth at rest mm", ("skin", area, "depth_rest_mm"), 1, ".2f"),
        (f"fine lines at {contraction} µm", ("skin", area, "fine_lines_contraction_mm"), 1000, ".0f"),
    ]
    names = [name for name in MAIN_MUSCLES.get(area, ()) if name in scenario.muscles] or list(scenario.muscles)[:2]
    columns += [(f"bulk % {name.replace('_', ' ')}", ("muscle", name, "bulk"), 100, ".0f") for name in names]
    units = ("units so far",) if scenario.session_days else ()
    rows = [("year", *(column[0] for column in columns), *units)]
    before = [_before(scenario, name) for _, name, _, _ in columns]
    rows.append(
        ("before", *(_cell(at, factor, spec) for at, (_, _, factor, spec) in zip(before, columns, strict=True)), *("0" for _ in units))
    )
    for n in marks(found):
        year = f"{found.year_ends[n]:.4g}"
        for kind in ("mean", "worst"):
            curves = (getattr(scenario.yearly[name], kind) for _, name, _, _ in columns)
            cells = (_cell(_nth(curve, n), factor, spec) for curve, (_, _, factor, spec) in zip(curves, columns, strict=True))
            so_far = _cell(_nth(scenario.units_by_year, n), 1, ".0f") if kind == "mean" else ""
            rows.append((f"{year}, {kind}", *cells, *(so_far for _ in units)))
    return rows


def _before(scenario: Scenario, name: tuple[str, ...]) -> Estimate:
    kind, part, quantity = name
    return getattr((scenario.areas if kind == "skin" else scenario.muscles)[part], quantity).at(0.0)


def _nth(curve: Curve, n: int) -> Estimate:
    return Estimate(float(curve.median[n]), float(curve.low[n]), float(curve.high[n]))


def _cell(value: Estimate, factor: float, spec: str) -> str:
    return format(Estimate(value.median * factor, value.low * factor, value.high * factor), spec)


def _scenario_lines(found: Years, scenario: Scenario, area: str) -> Iterator[str]:
    sessions = f"; {scenario.sessions:.0f} session{'' if scenario.sessions.high == 1 else 's'}" if scenario.session_days else ""
    yield f"{scenario.title}{sessions}"
    for note in scenario.said:
        yield from wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")
    rows = table(found, scenario, area)
    widths = [max(NARROW if k else 0, *(len(row[k]) for row in rows[1:])) for k in range(len(rows[0]))]
    header = [wrap(name, width) for name, width in zip(rows[0], widths, strict=True)]
    tall = max(map(len, header))
    lines = zip(*([""] * (tall - len(name)) + name for name in header), strict=True)
    for row in (*lines, *rows[1:]):
        yield ("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
