"""Years of treatment in words: what the command line prints, and the sentences of the page."""

from collections.abc import Iterator

import numpy as np

from glabella.outcome import CONTRACTION, FRAME, Curve, Estimate
from glabella.years.result import Prevention, Response, Scenario, Weaker, Years

MARKS_YEARS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0)
MAIN_MUSCLES = {"glabellar": ("corrugator_supercilii_left", "procerus"), "forehead": ("frontalis_left",)}
ASSUMED = (
    "Assumed here: how fast a resting line deepens with age and how much of that is folding, the slow memory of the skin, and that each "
    "sample's needles land in the same places at every session. Bulk grows back faster in this model than in the one MRI study there is."
)


def years_lines(found: Years) -> Iterator[str]:
    """A table per scenario over the years, then what differs, and what it rests on."""
    if found.watermark:
        studies = ", ".join(s.title for s in found.scenarios.values() if s.watermark)
        yield f"*** STUDY: {studies}: not for treating a person ***"
    bands = f"median (5th to 95th percentile) of {found.samples} samples" if found.samples else "no samples, so no bands"
    yield f"{found.plan.product}, {found.settings['units_per_session']:g} U a session, {found.years:g} years; {bands}; seed {found.seed}"
    area = next(iter(next(iter(found.scenarios.values())).areas))
    for scenario in found.scenarios.values():
        yield ""
        yield from _scenario_lines(found, scenario, area)
    yield ""
    yield from summary_lines(found)
    yield ASSUMED
    yield FRAME


def summary_lines(found: Years) -> Iterator[str]:
    """Plain sentences: prevention, bulk, intervals, the weaker muscle, antibodies."""
    for entry in found.prevention:
        yield prevention_sentence(found, entry)
    for scenario in found.scenarios.values():
        if scenario.session_days:
            yield from _bulk_sentence(found, scenario)
            yield from _interval_sentence(scenario)
    if found.weaker:
        yield weaker_sentence(found.weaker, found.returns_to)
    for scenario in found.scenarios.values():
        if scenario.antibodies:
            yield antibody_sentence(scenario)


def prevention_sentence(found: Years, entry: Prevention) -> str:
    """'Prevents new lines' as a number."""
    scenario = found.scenarios[entry.scenario]
    lines = f"{entry.area.replace('_', ' ')} lines at rest"
    return (
        f"Prevention, {scenario.title}: after {found.years:g} years {lines} are {entry.depth_treated_mm:.2f} mm deep instead of "
        f"{entry.depth_never_mm:.2f} mm never treated, {entry.less_depth_mm:.2f} mm less in pairs; the chance that a rater sees a line at "
        f"rest is {100 * entry.seen_treated:.0f} % instead of {100 * entry.seen_never:.0f} %."
    )


def _bulk_sentence(found: Years, scenario: Scenario) -> Iterator[str]:
    if scenario.muscles:
        last = float(found.days[-1])
        flattest = sorted(scenario.muscles, key=lambda name: scenario.muscles[name].bulk.at(last).median)[0]
        bulk = scenario.muscles[flattest].bulk.at(last)
        yield (
            f"Bulk, {scenario.title}: after {found.years:g} years the flattest muscle, {flattest.replace('_', ' ')}, has "
            f"{percent(bulk)} % of its untreated bulk."
        )


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
        f"Weaker muscle: at {weaker.strength:.0%} of the usual strength the same dose brings the grade down to "
        f"{weaker.weaker.lowest_grade:.2f} instead of {weaker.usual.lowest_grade:.2f}, and grade {grade:g} is back after "
        f"{_back(weaker.weaker)} instead of {_back(weaker.usual)} days."
    )


def _back(response: Response) -> str:
    return f"{response.days_until_back:.0f}" if response.days_until_back else "more than the followed"


def antibody_sentence(scenario: Scenario) -> str:
    """The rare event, never mixed into the curves."""
    chance = scenario.antibodies
    assert chance is not None
    return (
        f"Antibodies, {scenario.title} (rare, not in the curves): {_chance(chance.observed)} would form them if everyone had "
        f"{chance.observed_sessions} sessions, the most that people were followed for; if every one of {chance.sessions:.0f} sessions "
        "carried the same chance, "
        f"{_chance(chance.loss_of_effect)} would lose the effect. From then on sessions do nothing."
    )


def _chance(band: tuple[float, float, float]) -> str:
    value, low, high = (100 * each for each in band)
    return f"{value:.2g} % ({low:.1g} to {high:.2g} %)"


def percent(value: Estimate) -> str:
    """A share in percent with its band."""
    return format(Estimate(100 * value.median, 100 * value.low, 100 * value.high), ".0f")


def marks(found: Years) -> list[float]:
    """Years of a short table: those that were computed, and the last."""
    return sorted({*(year for year in MARKS_YEARS if year < found.years), found.years})


def table(found: Years, scenario: Scenario, area: str) -> list[tuple[str, ...]]:
    """Header and one row per mark: lines, bulk of the main muscles, units so far."""
    curves = scenario.areas[area]
    columns: list[tuple[str, Curve, float, str]] = [
        (f"grade {CONTRACTION[area].replace('_', ' ')}", curves.grade_contraction, 1, ".1f"),
        ("grade at rest", curves.grade_rest, 1, ".1f"),
        ("depth at rest mm", curves.depth_rest_mm, 1, ".2f"),
        ("fine lines µm", curves.fine_lines_contraction_mm, 1000, ".0f"),
    ]
    names = [name for name in MAIN_MUSCLES.get(area, ()) if name in scenario.muscles] or list(scenario.muscles)[:2]
    columns += [(f"bulk % {name.replace('_', ' ')}", scenario.muscles[name].bulk, 100, ".0f") for name in names]
    if scenario.session_days:
        columns.append(("units so far", scenario.units_so_far, 1, ".0f"))
    rows = [("year", *(column[0] for column in columns))]
    last = float(found.days[-1])
    for year in marks(found):
        day = min(year / found.years * last, last)
        told = float(found.days[np.searchsorted(found.days, day + 1e-9, side="right") - 1])  # units come in steps
        days = (told if curve is scenario.units_so_far else day for _, curve, _, _ in columns)
        cells = (_cell(curve.at(at), factor, spec) for at, (_, curve, factor, spec) in zip(days, columns, strict=True))
        rows.append((f"{year:g}", *cells))
    return rows


def _cell(value: Estimate, factor: float, spec: str) -> str:
    return format(Estimate(value.median * factor, value.low * factor, value.high * factor), spec)


def _scenario_lines(found: Years, scenario: Scenario, area: str) -> Iterator[str]:
    sessions = f"; {scenario.sessions:.0f} session{'' if scenario.sessions.high == 1 else 's'}" if scenario.session_days else ""
    yield f"{scenario.title}{sessions}" + (f"  [{scenario.watermark.upper()}]" if scenario.watermark else "")
    for note in scenario.said:
        yield f"  {note}"
    rows = table(found, scenario, area)
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
