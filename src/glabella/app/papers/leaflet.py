"""One page in plain words for the person who is treated: what is planned, the first 14 days, what is normal, when to get help."""

from collections.abc import Mapping, Sequence
from typing import Any

from fpdf.enums import XPos, YPos

from glabella.app.dates import KeyDate, key_dates
from glabella.app.note import Note
from glabella.app.papers.paper import (
    FONT,
    FOOT_MM,
    MARGIN_MM,
    Paper,
    check_paper,
    clean,
    date_words,
    trace_of,
    treated_areas,
    when_words,
)
from glabella.app.words import AREAS, label_emergency_text, name_area, name_effect
from glabella.app.workbench import Result
from glabella.errors import SolverError
from glabella.evidence.products import find_product
from glabella.evidence.sources import find_reference
from glabella.names import side_of, without_side
from glabella.outcome import CONTRACTION
from glabella.report.style import BLUE, GRID, INK, MUTED, VERMILLION

SIZES = (11.5, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5)  # points: the largest with which everything fits on one page is taken
IN_PEOPLE = 1000  # one denominator for all chances, so that they can be compared
ALWAYS = ("eyelid_ptosis", "brow_ptosis")
MOST_EFFECTS = 7  # beside those that always stand there
ADVICE_SOURCE = "leti_eu_leaflet"  # where the advice on driving and on getting help was read
QUESTIONS = (
    "Who will inject me, and are they licensed to?",
    "Which product is it? May I see the vial, its number and its date?",
    "These are my illnesses, medicines and earlier treatments. Do they matter?",
    "Is there anything I should not do on the day?",
    "Whom do I call if something feels wrong, also at night?",
    "When will you see me again?",
)


def leaflet(note: Note, result: Result) -> bytes:
    """The leaflet as PDF, always one page.

    Errors: RefusedError for purpose 'study' or a plan that the label refuses; InputError where the result is of another plan.
    """
    check_paper(note, result)
    for size in SIZES:
        paper = _write(note, result, size)
        if paper.pages_count == 1 and not paper.overfull:
            return paper.bytes()
    raise SolverError("leaflet: the text does not fit on one page; shorten the title")


class _Leaflet(Paper):
    """A page of two columns that notes when it overflows."""

    overfull = False
    size = 11.0

    def column(self, left: float, width: float, top: float) -> None:
        """Write from here on between ``left`` and ``left + width``."""
        self.set_left_margin(left)
        self.set_right_margin(self.w - left - width)
        self.set_xy(left, top)

    def part(self, title: str, colour: str = BLUE) -> None:
        """The heading of a part."""
        self.ln(0.18 * self.size)
        self.text_line(title, self.size + 1.5, "B", colour)
        self.ln(0.05 * self.size)

    def say(self, text: str, style: str = "", colour: str = INK) -> None:
        """A paragraph."""
        self.text_line(text, self.size, style, colour, 0.44 * self.size)
        self.check()

    def item(self, text: str, head: str = "") -> None:
        """A point of a list; ``head`` stands before it in bold."""
        left, indent = self.l_margin, 0.36 * self.size
        self.set_fill_color(BLUE)
        self.circle(left + 1.6, self.get_y() + 0.235 * self.size, 0.065 * self.size, style="F")
        self.set_left_margin(left + indent)
        self.set_x(left + indent)
        for style, words in (("B", head), ("", text)):
            if words:
                self.set_font(FONT, style, self.size)
                self.ink()
                self.write(0.44 * self.size, clean(words if style == "" or not text else f"{words} "))
        self.set_left_margin(left)
        self.ln(0.53 * self.size)
        self.check()

    def check(self) -> None:
        """Note whether the column runs into the foot."""
        self.overfull = self.overfull or self.get_y() > self.h - FOOT_MM - 1


def _write(note: Note, result: Result, size: float) -> _Leaflet:
    paper = _Leaflet(f"Leaflet: {note.title}", trace_of(result))
    paper.size = size
    paper.add_page()
    paper.set_auto_page_break(False)
    days = {one.what: one for one in key_dates(result, note.treatment_date)}
    width = paper.w - 2 * MARGIN_MM
    gap, first = 7.0, 0.49
    paper.text_line("Your treatment, and the weeks after it", size + 8, "B")
    if note.title:
        paper.text_line(note.title, size, "", MUTED)
    paper.part("What is planned")
    paper.say(_planned(note))
    top = paper.get_y() + 1
    paper.column(MARGIN_MM, first * width, top)
    _first_days(paper, note, result, days)
    _questions(paper)
    left_end = paper.get_y()
    paper.column(MARGIN_MM + first * width + gap, (1 - first) * width - gap, top)
    _normal(paper, result)
    _dates(paper, note, days)
    paper.column(MARGIN_MM, width, max(left_end, paper.get_y()))
    _help(paper)
    _sources(paper, result)
    return paper


def _planned(note: Note) -> str:
    areas = list(treated_areas(note))
    if {"lateral_canthal_left", "lateral_canthal_right"} <= set(areas):  # both sides are one thing to the person
        areas = [*dict.fromkeys(without_side(area) for area in areas)]
    lines = [(name_area(area) if side_of(area) else AREAS[area]).plain.lower() for area in areas]
    product = find_product(note.product)
    day = f" on {date_words(note.treatment_date)}" if note.treatment_date else ""
    return (
        f"{len(note.injections)} small injections of {product.brand} ({product.name}), {note.units:g} units in all{day}, for the "
        f"{_and(lines)}. The medicine lets small muscles rest for some months, so that they fold the skin less. Then it wears off. "
        "Lines that are there when your face is at rest fade less than lines that come when you move it."
    )


def _first_days(paper: _Leaflet, note: Note, result: Result, days: Mapping[str, KeyDate]) -> None:
    paper.part("The first 14 days")
    onset = days.get("visible_from")
    share = _share_by(result, note, 14.0)
    paper.item("You feel a few small pricks. Redness, a small bump or a bruise can show and fades within days.", "Day 0:")
    paper.item("Headache or feeling sick can come and mostly passes within hours to days.", "Days 1 to 3:")
    if onset and onset.day is not None:
        paper.item("You may see the first change. It builds up slowly: seeing nothing yet is normal.", f"From about day {onset.day:.0f}:")
    lid = result.outcome.unwanted["eyelid_ptosis"]
    paper.item(f"If an eyelid is going to hang, it mostly shows now; it lasts {lid.duration}. Call your practitioner.", f"{lid.onset}:")
    paper.item(f"{share} of the effect should be there. Look at both sides and tell your practitioner what you see.", "Day 14:")
    paper.item("If you feel weak or your sight is blurred, do not drive or use machines.", "At any time:")


def _share_by(result: Result, note: Note, day: float) -> str:
    """How much of the strongest effect is there on a day, in words."""
    curves = [result.outcome.strain(area, CONTRACTION[area]) for area in treated_areas(note)]
    curve = max(curves, key=lambda c: c.course().deepest_reduction).reduction()
    share = curve.at(day).median / max(float(curve.median.max()), 1e-12)
    return "Nearly all" if share > 0.95 else f"About {max(0, round(10 * share))} tenths"


def _normal(paper: _Leaflet, result: Result) -> None:
    paper.part("What else can happen")
    paper.say(f"Of {IN_PEOPLE} people treated like this, about this many have it:")
    chances = sorted(result.outcome.unwanted.items(), key=lambda item: -item[1].value)
    others = [effect for effect, chance in chances if effect not in ALWAYS and chance.value * IN_PEOPLE >= 1][:MOST_EFFECTS]
    shown = [(effect, chance) for effect, chance in chances if effect in (*ALWAYS, *others)]
    for effect, chance in shown:
        y = paper.get_y()
        paper.set_font(FONT, "B", paper.size)
        paper.cell(1.45 * paper.size, 0.5 * paper.size, in_people(chance.value), align="R")
        paper.set_font(FONT, "", paper.size)
        lasting = "" if chance.duration == "unknown" else f"; lasts {chance.duration}"
        lasting += "; as many have it after a dummy injection" if "placebo" in chance.seriousness else ""
        paper.set_x(paper.l_margin + 1.45 * paper.size + 1)
        text = clean(f"{name_effect(effect).plain.lower()}{lasting}")
        paper.multi_cell(0, 0.44 * paper.size, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        paper.set_draw_color(GRID)
        paper.set_y(max(paper.get_y(), y + 0.5 * paper.size) + 0.3)
        paper.check()
    paper.say(
        "Most of these pass by themselves. Call your practitioner if one troubles you. See an eye doctor if an eye stays sore or dry."
    )


def in_people(chance: float) -> str:
    """'13' of ``IN_PEOPLE``, or 'under 1'."""
    return f"{chance * IN_PEOPLE:.0f}" if chance * IN_PEOPLE >= 0.95 else "under 1"


def _help(paper: _Leaflet) -> None:
    """The label's warning in a box, which is drawn first as high as its text will be."""
    left, width, top, pad = paper.l_margin, paper.epw, paper.get_y() + 1.5, 3.0
    first, *others = label_emergency_text().paragraphs
    parts = [("Get help now", paper.size + 3, "B", VERMILLION), (first, paper.size + 0.5, "B", INK)]
    parts.append((" ".join(others), paper.size, "", INK))
    paper.column(left + pad, width - 2 * pad, top + pad)
    height = 2 * pad
    for text, size, style, _ in parts:
        paper.set_font(FONT, style, size)
        needed: Any = paper.multi_cell(0, 0.44 * size, text, align="L", dry_run=True, output="HEIGHT")
        height += needed
    paper.set_fill_color("#fbe9e1")
    paper.set_draw_color(VERMILLION)
    paper.set_line_width(0.7)
    paper.rect(left, top, width, height, style="FD", round_corners=True, corner_radius=2)
    paper.set_line_width(0.2)
    for text, size, style, colour in parts:
        paper.text_line(text, size, style, colour, 0.44 * size)
    paper.column(left, width, top + height + 1)


def _questions(paper: _Leaflet) -> None:
    paper.part("Questions to ask")
    for question in QUESTIONS:
        paper.item(question)


def _dates(paper: _Leaflet, note: Note, days: Mapping[str, KeyDate]) -> None:
    paper.part("Your dates")
    named = {"visible_from": "first change", "strongest": "strongest", "half_gone": "half worn off", "label_interval": "not again before"}
    if note.treatment_date:
        paper.item(date_words(note.treatment_date), "treatment:")
    for what, title in named.items():
        if what in days and days[what].day is not None:
            about = "" if what == "label_interval" else "about "
            paper.item(f"{about}{when_words(days[what], note.treatment_date)}", f"{title}:")
    paper.say("Yours can be earlier or later by weeks.", "", MUTED)


def _sources(paper: _Leaflet, result: Result) -> None:
    rates = [chance.source for chance in result.outcome.unwanted.values() if chance.basis == "label_rate"]
    keys = [ADVICE_SOURCE, *label_emergency_text().keys, *rates, result.outcome.unwanted["eyelid_ptosis"].source]
    titles = [find_reference(key).fields["title"] for key in dict.fromkeys(keys)]
    paper.set_draw_color(GRID)
    paper.line(MARGIN_MM, paper.get_y(), paper.w - MARGIN_MM, paper.get_y())
    paper.ln(1)
    told = (
        f"Where this comes from: advice and rates from {'; '.join(titles)}. "
        "Drooping eyelid, lowered brow, dry eye, uneven smile, effect and dates are computed by this program."
    )
    paper.text_line(told, 6.0, "", MUTED, 2.7)
    paper.check()


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
