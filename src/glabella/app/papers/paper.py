"""What both papers share: an A4 page with embedded fonts that know accents, a foot on every page, and words for numbers and dates."""

import datetime
from collections.abc import Iterator, Sequence

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from glabella.app.dates import KeyDate
from glabella.app.note import Note
from glabella.app.workbench import Result
from glabella.errors import InputError, RefusedError
from glabella.evidence.patterns import licensed_muscle, site_areas
from glabella.label import Finding, ensure_allowed
from glabella.names import AREAS, side_of, without_side
from glabella.outcome import FRAME, Estimate
from glabella.plan import Injection
from glabella.report.style import BLUE, GRID, INK, MUTED

FONT, MONO = "DejaVu", "DejaVuMono"
FACES = {"": "DejaVuSans", "B": "DejaVuSans-Bold", "I": "DejaVuSans-Oblique"}
MARGIN_MM = 14.0
FOOT_MM = 15.0


class Paper(FPDF):
    """An A4 document in DejaVu. ``trace``: version, seed and hash that stand at the foot of every page."""

    def __init__(self, title: str, trace: str) -> None:
        super().__init__(format="A4")
        from matplotlib import get_data_path

        self.trace = trace
        for style, name in FACES.items():
            self.add_font(FONT, style, f"{get_data_path()}/fonts/ttf/{name}.ttf")
        self.add_font(MONO, "", f"{get_data_path()}/fonts/ttf/DejaVuSansMono.ttf")
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, FOOT_MM + 2)
        self.set_title(title)
        self.set_lang("en")
        self.set_creator("glabella")
        self.set_subject(FRAME)
        self.ink()

    def ink(self, colour: str = INK) -> None:
        """Colour of text and lines from here on."""
        self.set_text_color(colour)
        self.set_draw_color(colour)

    def text_line(self, text: str, size: float, style: str = "", colour: str = INK, height: float | None = None) -> None:
        """A paragraph over the whole width."""
        self.set_font(FONT, style, size)
        self.ink(colour)
        self.multi_cell(0, height or 0.46 * size, clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ink()

    def heading(self, text: str, size: float = 11.0, space: float = 3.0) -> None:
        """A heading that does not stand alone at the end of a page."""
        if self.will_page_break(space + 22):
            self.add_page()
        self.ln(space)
        self.text_line(text, size, "B", BLUE)
        self.ln(0.8)

    def footer(self) -> None:
        """The frame, what the numbers were made with, and the page number."""
        self.set_y(-FOOT_MM)
        self.set_draw_color(GRID)
        self.line(MARGIN_MM, self.get_y(), self.w - MARGIN_MM, self.get_y())
        self.ln(1.2)
        self.set_font(FONT, "B", 7)
        self.set_text_color(INK)
        self.cell(0, 3.4, f"{FRAME[0].upper()}{FRAME[1:]}. Figures are predictions of a model, not of this person.")
        self.set_font(FONT, "", 7)
        self.set_x(MARGIN_MM)
        self.cell(0, 3.4, f"page {self.page_no()} of {{nb}}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(MONO, "", 5.6)
        self.set_text_color(MUTED)
        self.cell(0, 3.0, self.trace)
        self.ink()

    def bytes(self) -> bytes:
        """The finished file."""
        return bytes(self.output())


def when_words(one: KeyDate, start: datetime.date | None) -> str:
    """'day 3', or the date, with the band in brackets where there is one."""
    if one.day is None:
        return one.note
    known = [day for day in (one.day, one.low_day, one.high_day) if day is not None]
    days = [f"day {day:.0f}" if start is None else date_words(start, day) for day in known]
    return days[0] if len(set(days)) < 3 else f"{days[0]} ({days[1]} to {days[2]})"


def check_paper(note: Note, result: Result, findings: Sequence[Finding] | None = None) -> None:
    """Raise RefusedError for a study or a plan that the label refuses, InputError where the result is of another plan or person."""
    plan = note.plan()
    if plan is None or result.plan is None:
        raise InputError("papers: the note has no injections; place at least one")
    if note.purpose == "study" or result.plan.purpose == "study":
        raise RefusedError("papers: purpose 'study' has no treatment sheet and no leaflet; they are for a person, within the label")
    ensure_allowed(result.findings if findings is None else findings)
    same = (plan.product, plan.dilution, plan.sessions) == (result.plan.product, result.plan.dilution, result.plan.sessions)
    if not same or note.patient != result.person.patient:
        raise InputError("papers: the prediction is of another plan or person than the note; simulate the note again")


def trace_of(result: Result) -> str:
    """Version, seed and parameter hash in one line."""
    outcome = result.outcome
    return f"glabella {outcome.version}  seed {outcome.seed}  samples {result.samples}  parameters {outcome.parameters_sha256}"


def clean(text: str) -> str:
    """Text without what no font draws: tabs become spaces, control and bidirectional marks go."""
    text = text.replace("\t", "    ").replace("\r", "")
    return "".join(c for c in text if c == "\n" or (ord(c) >= 32 and ord(c) not in range(0x7F, 0xA0) and c not in _MARKS))


_MARKS = {chr(n) for n in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)}


def date_words(start: datetime.date, days: float = 0) -> str:
    """'1 December 2026', ``days`` after ``start``."""
    try:
        date = start + datetime.timedelta(days=round(days))
    except OverflowError:
        return f"day {days:.0f}"
    return f"{date.day} {date:%B} {date.year}"


def site_words(site: str) -> str:
    """'corrugator lateral, left'."""
    side = side_of(site)
    return without_side(site).replace("_", " ") + (f", {side}" if side else "")


def offset_words(injection: Injection) -> str:
    """How far from the named site: '2 mm lateral, 1 mm up', or 'at the site'."""
    away, back = ("lateral", "medial") if side_of(injection.site) else ("to the left", "to the right")
    parts = [
        f"{abs(value):g} mm {plus if value > 0 else minus}"
        for value, plus, minus in ((injection.lateral_mm, away, back), (injection.up_mm, "up", "down"))
        if value
    ]
    return ", ".join(parts) or "at the site"


def target_of(injection: Injection) -> str:
    """The muscle that the needle is meant for: the plan's own, or the label's at that site."""
    return injection.target_muscle or licensed_muscle(injection.site)


def treated_areas(note: Note) -> Iterator[str]:
    """Areas of the note's sites, in the usual order."""
    areas = {site_areas()[injection.site] for injection in note.injections}
    return (area for area in AREAS if area in areas)


def band_words(estimate: Estimate, form: str = ".1f", unit: str = "") -> str:
    """'1.2 (0.8 to 1.7)', without brackets where there is no band."""
    if estimate.low == estimate.high:
        return f"{estimate.median:{form}}{unit}"
    return f"{estimate.median:{form}}{unit} ({estimate.low:{form}} to {estimate.high:{form}})"
