"""The treatment sheet for the clinic's files: the syringe, the needles on the face, the prediction, the label, and lines to sign."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from glabella.app.dates import key_dates
from glabella.app.note import Note
from glabella.app.papers.paper import (
    FONT,
    MARGIN_MM,
    Paper,
    band_words,
    check_paper,
    clean,
    date_words,
    offset_words,
    site_words,
    target_of,
    trace_of,
    treated_areas,
    when_words,
)
from glabella.app.papers.pictures import Spot, lay_out_spots, needle_texts, upper_face
from glabella.app.words import EXPRESSIONS, name_area, name_effect
from glabella.app.workbench import Result
from glabella.evidence.products import find_product
from glabella.evidence.sources import find_reference, load_references
from glabella.label import Finding
from glabella.outcome import CONTRACTION
from glabella.report.faces import UPPER_FACE
from glabella.report.style import GRID, INK, MUTED, VERMILLION, words

PICTURE_MM = 112.0  # width of the face on the page
SHOWN_DAYS = (30, 90)
BLANK = "_" * 22
SIGNED = ("Patient identifier", "Prescriber", "Licence number", "Signature", "Date signed", "Review date")


def professional_sheet(note: Note, result: Result, findings: Sequence[Finding] | None = None) -> bytes:
    """The sheet as PDF. ``findings``: those of a check with the treatment date, else the result's own.

    Errors: RefusedError for purpose 'study' or a plan that the label refuses; InputError where the result is of another plan.
    """
    check_paper(note, result, findings)
    found = result.findings if findings is None else findings
    paper = Paper(f"Treatment sheet: {note.title}", trace_of(result))
    paper.add_page()
    paper.text_line("Treatment sheet", 18, "B")
    paper.text_line(note.title, 11, "", MUTED)
    paper.ln(2)
    _facts(paper, note)
    _face(paper, note, result)
    _sites(paper, note, result)
    _effect(paper, note, result)
    _unwanted(paper, result)
    _findings(paper, found)
    paper.heading("Rationale")
    paper.text_line(note.rationale or "\n".join([BLANK * 4] * 3), 9)
    _signatures(paper)
    _sources(paper, result, found)
    return paper.bytes()


def _facts(paper: Paper, note: Note) -> None:
    """Two columns of what is in the syringe and whom it is for; what is not known is a line to fill in by hand."""
    product, dilution, person = find_product(note.product), note.dilution, note.patient
    mixed = f"{dilution.vial_units:g} U in {dilution.diluent_ml:g} mL of saline = {dilution.units_per_ml:g} U/mL"
    left = [
        ("Product", f"{product.name} ({product.brand})"), ("Lot", note.lot or BLANK),
        ("Expiry", date_words(note.expiry) if note.expiry else BLANK),
        ("Dilution", f"{mixed} ({dilution.units_per_ml / 10:.3g} U in 0.1 mL)"),
    ]  # fmt: skip
    hours = BLANK if note.hours_since_mixing is None else f"{note.hours_since_mixing:g} h"
    date = note.treatment_date
    right = [
        ("Treatment date", date_words(date) if date else BLANK),
        ("Vials", f"{note.vials} of {dilution.vial_units:g} U"), ("Hours since mixing", hours),
        ("Person", f"{'woman' if person.sex == 'female' else 'man'}, {person.age_years:g} years"),
    ]  # fmt: skip
    with _table(paper, (18, 88, 33, 43), headings=False) as table:
        for (name, value), (other, text) in zip(left, right, strict=True):
            row = table.row()
            for cell, style in ((name, _MUTED), (value, _STRONG), (other, _MUTED), (text, _STRONG)):
                row.cell(clean(cell), style=style)


def _face(paper: Paper, note: Note, result: Result) -> None:
    """The face from the front with numbered needles, and beside it the totals."""
    jpeg, points = upper_face(result)
    scale = PICTURE_MM / UPPER_FACE.shape[1]
    top, left = paper.get_y() + 3, MARGIN_MM
    height = UPPER_FACE.shape[0] * scale
    plan = result.plan
    assert plan is not None
    listed = ", ".join(f"{n} {site_words(i.site)} {i.units:g} U" for n, i in enumerate(note.injections, start=1))
    paper.image(io.BytesIO(jpeg), left, top, PICTURE_MM, alt_text=f"The face from the front with numbered needles: {listed}")
    for spot in lay_out_spots(points * scale + [left, top], needle_texts(plan), radius=1.45):
        _draw_spot(paper, spot)
    paper.set_font(FONT, "", 7)
    paper.set_text_color(INK)
    paper.text(left + 2, top + height - 2, "person's right")
    paper.text(left + PICTURE_MM - 2 - paper.get_string_width("person's left"), top + height - 2, "person's left")
    _totals(paper, note, left + PICTURE_MM + 5, top)
    paper.set_y(top + height + 1)


def _draw_spot(paper: Paper, spot: Spot) -> None:
    (x, y), (u, v) = spot.at, spot.label
    paper.set_draw_color(INK)
    paper.set_fill_color(INK)
    paper.set_line_width(0.2)
    paper.line(x, y, u, v)
    paper.circle(x, y, 0.65, style="F")
    paper.set_fill_color(255, 255, 255)
    paper.rect(u - 4.6, v - 1.65, 9.2, 3.3, style="FD", round_corners=True, corner_radius=0.9)
    paper.set_font(FONT, "B", 6)
    text = f"{spot.number}: {spot.text}"
    paper.set_text_color(INK)
    paper.text(u - paper.get_string_width(text) / 2, v + 0.75, text)


def _totals(paper: Paper, note: Note, left: float, top: float) -> None:
    """Units and volume per muscle and in all, and what stays in the vials."""
    units: dict[str, float] = {}
    for injection in note.injections:
        units[target_of(injection)] = units.get(target_of(injection), 0.0) + injection.units
    lines = [(words(name), total) for name, total in units.items()]
    paper.set_xy(left, top)
    width = paper.w - MARGIN_MM - left

    def line(text: str, total: float, style: str) -> None:
        paper.set_font(FONT, style, 7.6)
        paper.set_x(left)
        paper.multi_cell(width - 17, 3.6, text, align="L", new_x=XPos.RIGHT, new_y=YPos.TOP)
        split: Any = paper.multi_cell(width - 17, 3.6, text, dry_run=True, output="LINES")
        paper.set_x(left + width - 18)
        paper.cell(18, 3.6, f"{total:g} U", align="R")
        paper.set_y(paper.get_y() + 3.6 * len(split) + 0.8)

    paper.set_font(FONT, "B", 8.5)
    paper.cell(width, 4.5, "Units by muscle aimed at", new_x=XPos.LEFT, new_y=YPos.NEXT)
    for name, total in lines:
        line(name, total, "")
    paper.set_draw_color(GRID)
    paper.line(left, paper.get_y(), left + width, paper.get_y())
    paper.ln(1)
    line("all injections", note.units, "B")
    line(f"in {note.vials} vial(s)", note.vials * note.dilution.vial_units, "")
    line("left over, to be discarded", note.units_left, "B")
    paper.set_x(left)
    paper.set_font(FONT, "", 7.6)
    paper.multi_cell(width, 3.6, f"{note.dilution.volume_ml(note.units):.3g} mL injected in all", align="L")


def _sites(paper: Paper, note: Note, result: Result) -> None:
    paper.heading("Injections", space=2)
    needles = [bolus.needle for bolus in result.course.boluses[0]]
    with _table(paper, (7, 44, 41, 16, 48, 13, 13), align=("RIGHT", *["LEFT"] * 2, "RIGHT", "LEFT", "RIGHT", "RIGHT")) as table:
        _head(table, ("No", "Site", "Offset from the site", "Depth", "Target muscle", "Units", "mL"))
        for number, (injection, needle) in enumerate(zip(note.injections, needles, strict=True), start=1):
            aimed = words(target_of(injection))
            target = aimed if injection.target_muscle else f"by depth; label: {aimed}"
            cells = (str(number), site_words(injection.site), offset_words(injection), f"{needle.depth_mm:.1f} mm", target)
            table.row([*cells, f"{injection.units:g}", f"{note.volume_ml(injection):.3g}"])
        total = table.row(style=_STRONG)
        total.cell("all", colspan=5)
        total.cell(f"{note.units:g}")
        total.cell(f"{note.dilution.volume_ml(note.units):.3g}")


def _effect(paper: Paper, note: Note, result: Result) -> None:
    outcome = result.outcome
    days = [day for day in SHOWN_DAYS if day <= outcome.days[-1]]
    start = note.treatment_date
    if paper.will_page_break(24 + 5.2 * 2 * len(list(treated_areas(note)))):
        paper.add_page()

    def name(expression: str) -> str:
        return EXPRESSIONS[expression].professional.lower()

    heads = [f"day {day}" + (f", {date_words(start, day)}" if start else "") for day in days]
    paper.heading("Predicted effect")
    with _table(paper, (76, 16, *[46] * len(days))) as table:
        _head(table, ("Grade, 0 none to 3 severe", "before", *heads))
        for area in treated_areas(note):
            curve = outcome.grade(area, CONTRACTION[area])
            named = f"{name_area(area).professional}, {name(CONTRACTION[area])}"
            table.row([named, f"{curve.median[0]:.1f}", *(band_words(curve.at(day)) for day in days)])
        for expression in dict.fromkeys(CONTRACTION[area] for area in treated_areas(note)):
            kept = outcome.movement[expression]
            table.row([f"Movement kept, {name(expression)}", "100 %", *(band_words(kept.at(day), ".0f", " %") for day in days)])
    paper.ln(1)
    paper.text_line("; ".join(f"{one.title}: {when_words(one, start)}" for one in key_dates(result, start)) + ".", 8)
    bands = f"In brackets: 5th to 95th percentile of {result.samples} simulated samples of what is not known." if result.samples else (
        "One nominal run: no bands were computed."
    )  # fmt: skip
    paper.text_line(bands, 7.5, "", MUTED)


def _unwanted(paper: Paper, result: Result) -> None:
    if paper.will_page_break(12 + 5.2 * (len(result.outcome.unwanted) + 1)):
        paper.add_page()
    paper.heading("Side effects, chance per person")
    with _table(paper, (44, 36, 24, 30, 50)) as table:
        _head(table, ("Effect", "Chance (band)", "Basis", "Begins", "Lasts"))
        for effect, chance in sorted(result.outcome.unwanted.items(), key=lambda item: -item[1].value):
            basis = "computed" if chance.basis == "computed" else "label rate"
            told = _percent(chance.value, chance.low, chance.high)
            table.row([name_effect(effect).professional, told, basis, chance.onset, chance.duration])


def _percent(value: float, low: float, high: float) -> str:
    def one(share: float) -> str:
        return "under 0.1" if share < 0.001 else f"{100 * share:.1f}"

    return f"{one(value)} %" if one(low) == one(high) == one(value) else f"{one(value)} % ({one(low)} to {one(high)})"


def _findings(paper: Paper, findings: Sequence[Finding]) -> None:
    paper.heading("Label check")
    if not findings:
        paper.text_line("No findings.", 9)
        return
    with _table(paper, (18, 40, 90, 36)) as table:
        _head(table, ("Severity", "Where", "What", "Source"))
        for finding in findings:
            row = table.row()
            row.cell(finding.severity, style=FontFace(emphasis="B", color=MUTED if finding.severity == "info" else VERMILLION))
            for text in (finding.where, finding.what, f"{finding.source} ({finding.quality})"):
                row.cell(clean(text.replace("_", " ") if text == finding.where else text))


def _signatures(paper: Paper) -> None:
    """Blank lines to fill in by hand, kept together on one page."""
    if paper.will_page_break(48):
        paper.add_page()
    paper.heading("To be filled in by hand")
    width = (paper.w - 2 * MARGIN_MM - 8) / 2
    top = paper.get_y() + 6
    for number, name in enumerate(SIGNED):
        x, y = MARGIN_MM + 1 + (width + 8) * (number % 2), top + 11 * (number // 2)
        paper.set_draw_color(INK)
        paper.set_line_width(0.25)
        paper.line(x + 34, y, x + width, y)
        paper.set_font(FONT, "", 8.5)
        paper.text(x, y - 0.5, name)
    paper.set_y(top + 11 * ((len(SIGNED) - 1) // 2) + 4)


def _sources(paper: Paper, result: Result, findings: Sequence[Finding]) -> None:
    known = load_references()
    keys = [chance.source for chance in result.outcome.unwanted.values()] + [finding.source for finding in findings]
    paper.heading("Sources of label and rates", 9)
    for key in sorted({key for key in keys if key in known}):
        reference = find_reference(key)
        paper.text_line(f"{key}: {reference} {reference.link}", 6.2, "", MUTED, 2.9)


# --- tables -------------------------------------------------------------------------------------------------------------------

_MUTED = FontFace(color=MUTED)
_STRONG = FontFace(emphasis="BOLD")


def _table(paper: Paper, widths: Sequence[float], headings: bool = True, align: Any = "LEFT") -> Any:
    paper.set_font(FONT, "", 8)
    paper.ink()
    paper.set_draw_color(GRID)
    return paper.table(
        col_widths=tuple(widths), borders_layout=TableBordersLayout.HORIZONTAL_LINES, line_height=3.7, padding=(0.7, 1.2),
        first_row_as_headings=headings, headings_style=FontFace(emphasis="BOLD", color=MUTED), text_align=align,
    )  # fmt: skip


def _head(table: Any, names: Iterable[str]) -> None:
    table.row(list(names))
