"""The page of a therapeutic use, and the folder that holds it."""

from pathlib import Path
from typing import Any

from glabella.evidence.published import PublishedRow
from glabella.evidence.tables import read_rows, shipped_text
from glabella.files import check_folder
from glabella.outcome import FRAME, outcome_text
from glabella.report.page import Tile
from glabella.report.style import Picture, styled
from glabella.report.templates import filled_template, page_style
from glabella.report.uses_charts import draw_use
from glabella.report.write import FolderKind, check_report_folder, write_folder
from glabella.uses.course import UseCourse
from glabella.uses.published import beside, figure_words, missed_sentences, number_words, unit_words, value_words
from glabella.uses.show import STATUS_WORDS, words
from glabella.uses.tables import Dosing, Licence, maximum_words

USE_FOLDER = FolderKind("report.html", "use.json", "glabella use")
EMERGENCY_COLUMNS = ("part", "text", "quality", "source")
SECTIONS = (
    ("glance", "At a glance"), ("course", "Course"), ("status", "Licensed where"), ("dosing", "The label's dosing"),
    ("published", "Published figures"), ("limits", "What is modelled"), ("help", "Get help now"), ("sources", "Sources"),
)  # fmt: skip


def check_use_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the page can be put there."""
    check_folder(folder)
    return check_report_folder(folder, USE_FOLDER)


def write_use(course: UseCourse, folder: str | Path) -> Path:
    """Write report.html, use.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_use_folder(folder)
    with styled():
        pictures = list(draw_use(course))
    write_folder(folder, USE_FOLDER, render_use(course, pictures), outcome_text(course.to_json()), pictures)
    return folder / USE_FOLDER.page


def render_use(course: UseCourse, pictures: list[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    return filled_template(
        "uses.html.j2",
        course=course, generator=USE_FOLDER.generator, css=page_style(),
        title=words(course.use).capitalize(), who=_who(course), sections=SECTIONS, pictures=pictures, tiles=_tiles(course), frame=FRAME,
        status=_status(course), as_of=max((row.as_of for row in course.licences), default="unknown"), dosing=_dosing(course),
        maximum=maximum_words(course.dosing),
        published=_published(course), missed=missed_sentences(course), emergency=_emergency(),
    )  # fmt: skip


def _who(course: UseCourse) -> str:
    given = f"{course.dose_units:g} U of {course.product}" if course.dose_units else f"placebo in the place of {course.product}"
    sessions = "Every session" if course.use == "chronic_migraine" else "One session"
    return f"{sessions}: {given}. Followed for {course.weeks} weeks"


def _tiles(course: UseCourse) -> list[Tile]:
    found = []
    for figure in course.figures:
        unit = unit_words(figure.unit)
        known = course.samples and figure.low is not None
        band = f"{unit}; median, 90 % band {number_words(figure.low)} to {number_words(figure.high)}" if known else unit
        found.append(Tile(figure.label[:1].upper() + figure.label[1:], number_words(figure.value), band))
    return found


def _status(course: UseCourse) -> list[tuple[str, ...]]:
    return [
        (row.product, row.jurisdiction, STATUS_WORDS[row.status], row.since, _source(course, row), row.note)
        for row in course.licences
    ]


def _dosing(course: UseCourse) -> list[tuple[str, ...]]:
    def text(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    rows = [
        (
            row.part, text(row.sites), text(row.units_per_site), text(row.units), f"{row.label_maximum_units:g}", _source(course, row),
            row.note,
        )
        for row in course.dosing
    ]  # fmt: skip
    if len(rows) > 1:
        sites, units = sum(row.sites or 0 for row in course.dosing), sum(row.units or 0 for row in course.dosing)
        rows.append(("in sum", f"{sites}", "", f"{units:g}", f"{sum(row.label_maximum_units for row in course.dosing):g}", "", ""))
    return rows


def _published(course: UseCourse) -> list[tuple[str, ...]]:
    rows = []
    for one in beside(course):
        row = one.row
        fitted = "fitted" if row.use == "calibrate" else "never fitted"
        known = one.model is not None or one.not_reached
        said = f"{number_words(one.model)}{', missed' if one.missed else ''}" if known else ""
        rows.append((figure_words(row), value_words(row), said, f"{row.n or 'not given'}", fitted, _source(course, row)))
    return rows


def _source(course: UseCourse, row: Licence | Dosing | PublishedRow) -> str:
    """Place of the source in the list of the page, and how well the row is known."""
    known = "" if row.quality == "seen" else f", {row.quality}"
    return f"[{course.source_number(row.source)}]{known}"


def _emergency() -> list[Any]:
    """The label's words on when to get help: static, the same for every product."""
    return [row.text("text") for row in read_rows(shipped_text("emergency.csv"), EMERGENCY_COLUMNS, "emergency.csv")]
