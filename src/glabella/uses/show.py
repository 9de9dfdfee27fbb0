"""What ``glabella uses`` prints: the status table with its date, and a course as text."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from glabella.evidence.sources import reference
from glabella.outcome import FRAME
from glabella.uses.course import UseCourse
from glabella.uses.layout import USUAL, table, wrapped
from glabella.uses.published import beside, figure_words, number_words, unit_words, value_words
from glabella.uses.tables import JURISDICTIONS, USES, licences, maximum_words, products

STATUS_WORDS = {"licensed": "licensed", "not_licensed": "not licensed", "unknown": "unknown"}
SHORT = {"licensed": "yes", "not_licensed": "no", "unknown": "?"}
LISTED_WEEKS = (1, 2, 4, 8, 12, 16, 20, 24, 36, 52)


def words(name: str) -> str:
    """'cervical_dystonia' as 'cervical dystonia'."""
    return name.replace("_", " ")


def status_lines(width: int = USUAL) -> Iterator[str]:
    """Which product is licensed for what, where, as of which date; then the uses that have a course."""
    yield from wrapped(_status(width), width)


def _status(width: int) -> Iterator[str]:
    found = {(row.use, row.product, row.jurisdiction): row for row in licences()}
    names = tuple(product for product in products() if any(row.product == product for row in licences()))
    uses = tuple(dict.fromkeys(row.use for row in licences()))
    yield f"Licensed status as of {max(row.as_of for row in licences())}, in the order {', '.join(JURISDICTIONS)}: yes, no, ? (not found)."
    yield "Status changes; the label of a product in a country says what it is licensed for there."
    yield ""
    rows = []
    for use in uses:
        cells = []
        for name in names:
            mine = [found.get((use, name, where)) for where in JURISDICTIONS]
            cells.append(" ".join(SHORT[row.status] if row else "-" for row in mine))
        rows.append((words(use), *cells))
    yield from table(("use", *(name.removesuffix("toxinA").removesuffix("toxinB") for name in names)), rows, width)
    yield ""
    yield f"With a time course: {', '.join(USES)}. Try: glabella uses cervical_dystonia"
    yield f"{FRAME[0].upper()}{FRAME[1:]}; `glabella uses --json` gives every row with its source."


def status_document() -> dict[str, Any]:
    """The status table as plain data."""
    rows = [{**vars(row), "as_of": row.as_of.isoformat(), "citation": reference(row.source)} for row in licences()]
    return {"frame": FRAME, "as_of": max(row["as_of"] for row in rows), "uses_with_a_course": list(USES), "licences": rows}


def course_lines(course: UseCourse, width: int = USUAL) -> Iterator[str]:
    """Dosing, status, the course week by week, figures, published figures beside them, what is modelled, sources, within ``width``.

    A number in brackets is the place of a source in the list at the end.
    """
    yield from wrapped(_course(course, width), width)


def _course(course: UseCourse, width: int) -> Iterator[str]:
    if course.watermark:
        yield study_line(course)
    given = f"{course.dose_units:g} U of {course.product}" if course.dose_units else f"placebo, in the place of {course.product}"
    sessions = "every session" if course.use == "chronic_migraine" else "one session"
    yield f"{words(course.use).capitalize()}: {sessions}, {given}; {course.weeks} weeks"
    yield ""
    yield f"Licensed, as of {course.licences[0].as_of}:" if course.licences else "Licensed: nothing found"
    for row in (row for row in course.licences if row.product == course.product):
        since, note = f", {row.since}" if row.since else "", f": {row.note}" if row.note else ""
        yield f"  {row.jurisdiction} {STATUS_WORDS[row.status]}{since}{_mark(row.quality)} [{course.source_number(row.source)}]{note}"
    yield ""
    yield "The label's dosing:"
    yield from (f"  {line}" for line in dosing_lines(course))
    yield ""
    yield f"Course{' (median and 90 % band over draws of the rows)' if course.samples else ''}:"
    rows = []
    for week in (week for week in LISTED_WEEKS if week <= course.weeks):
        k = int(np.searchsorted(course.days, 7 * week))
        cells = (_cell(curve.value[k], curve.low[k], curve.high[k], bool(course.samples)) for curve in course.curves)
        rows.append((f"week {week}", *cells))
    yield from table(("", *(f"{curve.label}, {unit_words(curve.unit)}" for curve in course.curves)), rows, width)
    yield ""
    for figure in course.figures:
        band = f" ({number_words(figure.low)} to {number_words(figure.high)})" if course.samples and figure.low is not None else ""
        yield f"  {figure.label}: {number_words(figure.value, figure.unit)}{band}"
    found = beside(course)
    if found:
        yield ""
        yield "Published for this product and dose, and what the model says with every row at its value:"
    for one in found:
        row = one.row
        who = f"n {row.n}" if row.n else "n not given"
        fitted = "fitted" if row.use == "calibrate" else "never fitted"
        known = one.model is not None or one.not_reached
        said = f", here {number_words(one.model)}{' MISSED' if one.missed else ''}" if known else ""
        yield f"  {figure_words(row)}: {value_words(row)}{said} ({who}; {fitted}) [{course.source_number(row.source)}]"
    if any(one.missed for one in found):
        yield "  MISSED: outside the tolerance that was written beforehand; where the two differ, believe the trial"
    yield ""
    yield "Modelled:"
    yield from (f"  {line}" for line in course.modelled)
    yield "Not modelled:"
    yield from (f"  {line}" for line in course.not_modelled)
    yield "Sources:"
    yield from (f"  [{n}] {line}" for n, line in enumerate(course.sources, start=1))
    yield f"Purpose: {course.purpose}. {FRAME[0].upper()}{FRAME[1:]}."
    if course.watermark:
        yield study_line(course)


def study_line(course: UseCourse) -> str:
    """The mark of a study: first and last line of what is printed."""
    return f"*** {course.watermark.upper()}: beyond the label, not for treating a person ***"


def dosing_lines(course: UseCourse) -> Iterator[str]:
    """The dosing table, one line per part, then what the label says of the most of a session."""
    for row in course.dosing:
        sites = f"{row.sites} site{'s' if row.sites > 1 else ''} x {row.units_per_site:g} U = " if row.sites and row.units_per_site else ""
        units = f"{row.units:g} U" if row.units else "no single dose"
        yield f"{row.part}: {sites}{units}{_mark(row.quality)} [{course.source_number(row.source)}]{f': {row.note}' if row.note else ''}"
    first, *more = course.dosing
    if more:
        yield f"in sum: {sum(row.sites or 0 for row in course.dosing)} sites, {sum(row.units or 0 for row in course.dosing):g} U"
    yield f"{maximum_words(course.dosing)}; not sooner than after {first.interval_weeks:g} weeks"


def _cell(value: float, low: float, high: float, band: bool) -> str:
    return f"{value:.1f} ({low:.1f} to {high:.1f})" if band else f"{value:.1f}"


def _mark(quality: str) -> str:
    return "" if quality == "seen" else f" (from {quality}, not checked)"
