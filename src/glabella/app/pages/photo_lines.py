"""Lines found in a photo, offered as the grades before treatment: nothing is set unless a person takes it."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui import ui

from glabella.app.desk import Desk
from glabella.app.follow import Hands
from glabella.app.heavy import BusyError
from glabella.app.pages.busy import Busy
from glabella.app.pages.controls import block, button, card, finding, text, told
from glabella.app.photos import HeldPhoto
from glabella.app.services import Services
from glabella.photo.simulated import OfferedGrade, can_show_lines, look_for_lines, offer_grades, with_offered
from glabella.treatment import Person

HEADINGS = ("Area", "Depth at rest, mm", "Grade offered (0 to 3)", "In the plan", "Yours to decide")


class PhotoLines:
    """The card below the photo. ``start`` with a new photo, ``look`` once its head is built."""

    def __init__(self, desk: Desk, services: Services, hands: Hands) -> None:
        self.desk, self.services, self.hands = desk, services, hands
        self._held: HeldPhoto | None = None
        self._looking: asyncio.Task[None] | None = None
        self._offered: tuple[OfferedGrade, ...] = ()
        with card("Lines in this photo") as self.card:
            self.busy = Busy()
            self.box = block("gl-told")
        self.card.set_visibility(False)
        desk.listen(lambda rows: self._tell())

    def start(self, held: HeldPhoto) -> None:
        """A photo was fitted; its lines are looked for when the skin of its head is known."""
        if held is self._held:
            return
        self.clear()
        self._held = held
        self.card.set_visibility(True)
        if not can_show_lines(held.face):
            with self.box:
                told("The photo is too coarse or too soft to see lines in it. The grades before treatment are set under Person.", "", "p")

    def clear(self) -> None:
        """Forget what was found."""
        self._held, self._offered = None, ()
        self.box.clear()
        self.busy.done()
        self.card.set_visibility(False)

    def look(self, person: Person) -> None:
        """Look for lines, once for each photo."""
        held = self._held
        if held is None or self._offered or not can_show_lines(held.face) or (self._looking and not self._looking.done()):
            return
        self._looking = asyncio.get_running_loop().create_task(self._look(held, person))

    async def _look(self, held: HeldPhoto, person: Person) -> None:
        client = self.box.client
        with client:
            self.busy.show("Looking for lines")
        try:
            job = self.services.heavy.submit("lines", lambda job: offer_grades(look_for_lines({"rest": held.face}, person)))
            found = await asyncio.wrap_future(job.future)
        except BusyError:
            found = ()
        except Exception:
            logging.getLogger("glabella.app").exception("lines of a photo could not be measured")
            found = ()
        with client:
            self.busy.done()
            if self._held is held:
                self._offered = found
                self._tell()

    def _tell(self) -> None:
        if not self._offered:
            return
        now = {one.area: self.desk.note.patient.baseline[one.area].rest for one in self._offered}
        if getattr(self, "_told_of", None) == (self._offered, now):
            return
        self._told_of = (self._offered, now)
        self.box.clear()
        with self.box:
            told(
                "Depth of the lines as the photo shows them, and the grade at rest that goes with it. The light decides much: compare with "
                "what you see, and take it or leave it. Nothing is set by itself; Undo takes it back.", "gl-small", "p",
            )  # fmt: skip
            with block("gl-table-wrap"), ui.element("table").classes("gl-table"):
                text("Grades offered from the photo", "gl-visually-hidden", "caption")
                with ui.element("thead"), ui.element("tr"):
                    for heading in HEADINGS:
                        told(heading, "", "th").props('scope="col"')
                with ui.element("tbody"):
                    for one in self._offered:
                        self._row(one, now[one.area])
            finding("info", "Measured on painted heads only: dark skin and light from above read up to 1.6 times as deep (docs/photo.md).")

    def _row(self, one: OfferedGrade, now: float) -> None:
        with ui.element("tr"):
            told(one.area.replace("_", " "), "", "th").props('scope="row"')
            text(f"{one.lines.depth_mm:.2f} ± {one.lines.depth_error_mm:.2f}", "gl-number", "td")
            text(f"{one.grade:.1f} ({one.low:.1f} to {one.high:.1f})", "gl-number", "td")
            text(f"{now:g}", "gl-number", "td")
            with ui.element("td"):
                name = f"Take grade {_rounded(one):g} at rest for {one.area.replace('_', ' ')}"
                button("Take", partial(self._take, one), name=name, quiet=True)

    def _take(self, one: OfferedGrade) -> None:
        note = self.desk.note
        self.desk.change(replace(note, patient=with_offered(note.patient, (replace(one, grade=_rounded(one)),))))


def _rounded(one: Any) -> float:
    return round(min(one.grade, 3.0), 1)
