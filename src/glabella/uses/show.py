"""What ``glabella uses`` prints: the status table with its date, and a course as text."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from glabella.outcome import FRAME
from glabella.uses.course import UseCourse
from glabella.uses.published import beside, figure_words, number_words, unit_words, value_words
from glabella.uses.tables import JURISDICTIONS, USES, Dosing, licences, products

STATUS_WORDS = {"licensed": "licensed", "not_licensed": "not licensed", "unknown": "unknown"}
SHORT = {"licensed": "yes", "not_licensed": "no", "unknown": "?"}
LISTED_WEEKS = (1, 2, 4, 8, 12, 16, 20, 24, 36, 52)


def words(name: str) -> str:
    """'cervical_dystonia' as 'cervical dystonia'."""
    return name.replace("_", " ")


def status_lines() -> Iterator[str]:
    """Which product is licensed for what, where, as of which date; then the uses that have a course."""
    found = {(row.use, row.product, row.jurisdiction): row for row in licences()}
    names = tuple(product for product in products() if any(row.product == product for row in licences()))
    uses = tuple(dict.fromkeys(row.use for row in licences()))
    yield f"Licensed status as of {max(row.as_of for row in licences())}, in the order {', '.join(JURISDICTIONS)}: yes, no, ? (not found)."
    yield "Status changes; the label of a product in a country says what it is licensed for there."
    yield ""
    head = ("use", *(name.removesuffix("toxinA").removesuffix("toxinB") for name in names))
    rows: list[tuple[str, ...]] = [head]
    for use in uses:
        cells = []
        for name in names:
            mine = [found.get((use, name, where)) for where in JURISDICTIONS]
            cells.append(" ".join(SHORT[row.status] if row else "-" for row in mine))
        rows.append((words(use), *cells))
    yield from _table(rows)
    yield ""
    yield f"With a time course: {', '.join(USES)}. Try: glabella uses cervical_dystonia"
    yield f"{FRAME}; `glabella uses --json` gives every row with its source."


def status_document() -> dict[str, Any]:
    """The status table as plain data."""
    rows = [{**vars(row), "as_of": row.as_of.isoformat()} for row in licences()]
    return {"frame": FRAME, "as_of": max(row["as_of"] for row in rows), "uses_with_a_course": list(USES), "licences": rows}


def course_lines(course: UseCourse) -> Iterator[str]:
    """Dosing, status, the course week by week, figures, published figures beside them, what is modelled, sources."""
    if course.watermark:
        yield f"*** {course.watermark.upper()}: beyond the label, not for treating a person ***"
    given = f"{course.dose_units:g} U of {course.product}" if course.dose_units else f"placebo, in the place of {course.product}"
    sessions = "every session" if course.use == "chronic_migraine" else "one session"
    yield f"{words(course.use).capitalize()}: {sessions}, {given}; {course.weeks} weeks"
    yield ""
    yield f"Licensed, as of {course.licences[0].as_of}:" if course.licences else "Licensed: nothing found"
    for row in (row for row in course.licences if row.product == course.product):
        since, note = f", {row.since}" if row.since else "", f": {row.note}" if row.note else ""
        yield f"  {row.jurisdiction} {STATUS_WORDS[row.status]}{since}{_mark(row.quality)} [{row.source}]{note}"
    yield ""
    yield "The label's dosing:"
    yield from (f"  {line}" for line in dosing_lines(course.dosing))
    yield ""
    yield f"Course{' (90 % band over draws of the rows)' if course.samples else ''}:"
    at = [week for week in LISTED_WEEKS if week <= course.weeks]
    rows = [("", *(f"week {week}" for week in at))]
    for curve in course.curves:
        here = [int(np.searchsorted(course.days, 7 * week)) for week in at]
        cells = (_cell(curve.value[k], curve.low[k], curve.high[k], bool(course.samples)) for k in here)
        rows.append((f"{curve.label}, {unit_words(curve.unit)}", *cells))
    yield from _table(rows)
    yield ""
    for figure in course.figures:
        band = f" (band {number_words(figure.low)} to {number_words(figure.high)})" if course.samples and figure.low is not None else ""
        yield f"  {figure.label}: {number_words(figure.value, figure.unit)}{band}"
    found = beside(course)
    if found:
        yield ""
        yield "Published for this product and dose, and what the model says:"
    for one in found:
        row = one.row
        who = f"n {row.n}" if row.n else "n not given"
        fitted = "fitted" if row.use == "calibrate" else "never fitted"
        known = one.model is not None or one.not_reached
        said = f", here {number_words(one.model)}{' MISSED' if one.missed else ''}" if known else ""
        yield f"  {figure_words(row)}: {value_words(row)}{said} ({who}; {fitted}) [{row.source}]"
    yield ""
    yield "Modelled:"
    yield from (f"  {line}" for line in course.modelled)
    yield "Not modelled:"
    yield from (f"  {line}" for line in course.not_modelled)
    yield "Sources:"
    yield from (f"  {line}" for line in course.sources)
    yield f"{course.purpose}; {FRAME}"


def dosing_lines(rows: Sequence[Dosing]) -> Iterator[str]:
    """The dosing table, one line per part, and the sum where there are several parts."""
    for row in rows:
        sites = f"{row.sites} site{'s' if row.sites > 1 else ''} x {row.units_per_site:g} U = " if row.sites and row.units_per_site else ""
        units = f"{row.units:g} U" if row.units else "no single dose"
        yield f"{row.part}: {sites}{units}, at most {row.label_maximum_units:g} U{_mark(row.quality)} [{row.source}]"
        if row.note:
            yield f"  {row.note}"
    if len(rows) > 1:
        sites = sum(row.sites or 0 for row in rows)
        yield f"in sum: {sites} sites, {sum(row.units or 0 for row in rows):g} U, not sooner than after {rows[0].interval_weeks:g} weeks"
    elif rows:
        yield f"not sooner than after {rows[0].interval_weeks:g} weeks"


def _cell(value: float, low: float, high: float, band: bool) -> str:
    return f"{value:.1f} ({low:.1f} to {high:.1f})" if band else f"{value:.1f}"


def _mark(quality: str) -> str:
    return "" if quality == "seen" else f" (from {quality}, not checked)"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(w) if not k else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
