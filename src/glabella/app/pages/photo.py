"""The photo tab: a photo is dropped, the head fitted to it is the plan's face, and what is placed on one is placed on the other."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from nicegui import ui

from glabella.app.desk import Desk
from glabella.app.follow import Hands
from glabella.app.heavy import Job, StoppedError
from glabella.app.note import Note
from glabella.app.pages.busy import Busy
from glabella.app.pages.controls import (
    Told,
    block,
    button,
    card,
    check_field,
    finding,
    number_field,
    segmented,
    shown_number,
    text,
    told,
)
from glabella.app.pages.photo_lines import PhotoLines
from glabella.app.pages.sites_table import site_words
from glabella.app.pages.stage import Stage
from glabella.app.photo_marks import landmarks_on_photo, muscles_on_photo, sites_on_photo
from glabella.app.photo_view import PhotoDrop, PhotoView
from glabella.app.photos import IDLE_SECONDS, HeldPhoto
from glabella.app.services import Services
from glabella.errors import GlabellaError, InputError
from glabella.names import side_of, without_side
from glabella.patient import Patient
from glabella.photo.fitted_patient import FittedPatient
from glabella.photo.photo import PhotoFace
from glabella.photo.places import skin_at
from glabella.stages.anatomy import Atlas
from glabella.treatment import Person

ABOUT = (
    "A photo of the face from the front, upright, at rest. It is read on this computer and held in memory for this page alone: nothing of "
    "it is written to disk, and what the camera put into the file besides (place, time, device) is dropped. It is forgotten when you "
    "remove it, a minute after the page is closed, or after two hours without use. The irises give its size."
)
ADULT = "The person in the photo is 18 or over"
CONSENT = "The photo is mine, or used with the person's consent"
MIRRORED = "It is a mirror image, as some phones show selfies"
OVER = {"none": "Nothing", "muscles": "Muscles", "landmarks": "Landmarks"}
LOOK_SECONDS = 60.0
REMOVED = "The photo was removed. Nothing of it is held any more; the size of the face stays in the plan."
IDLE = "The photo was forgotten after two hours without use; the size of the face stays in the plan."


class PhotoPanel:
    """The tab. ``at(point, number)`` puts a needle at a point of the skin; ``take(number)`` takes one in hand."""

    def __init__(
        self, desk: Desk, stage: Stage, services: Services, hands: Hands, at: Callable[[np.ndarray, int | None], None],
        take: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.desk, self.stage, self.services, self.hands, self._at, self._take = desk, stage, services, hands, at, take
        self.photos = services.photos
        self.held: HeldPhoto | None = None
        self._job: Job | None = None
        self._closed = False
        self._from_photo: float | None = None
        self._over: tuple[str, Atlas | None] = ("none", None)
        self._ticket = self.photos.new_ticket()
        with card("A photo of this person"):
            self._build_empty()
            self._build_held()
        self.lines = PhotoLines(desk, services, hands)
        self._show_state()
        desk.listen(lambda rows: self.show())
        stage.on_result(lambda result, document: self._answered())
        stage.on_mode(self.view.set_mode)
        ui.timer(LOOK_SECONDS, self._look)
        ui.context.client.on_delete(self._gone)

    # --- building -----------------------------------------------------------------------------------------------------------

    def _build_empty(self) -> None:
        with block("gl-told") as self.empty:
            told(ABOUT, "gl-muted gl-small", "p")
            self.questions = block("glp-checks")
            self.drop = PhotoDrop(f"/view/photos/{self._ticket}")
            self.drop.on("sent", self._sent)
            self.drop.on("refused", lambda event: self._say(str(event.args)))
        self._ask()
        with block("gl-row") as self.working:
            self.busy = Busy()
            self.cancel = button("Cancel", self._cancel)
        self.trouble = block("gl-told").props('role="status"')

    def _build_held(self) -> None:
        with block("gl-told glp-held") as self.shown:
            with block("gl-row glp-tools"):
                segmented("Over the photo", OVER, "none", self._lay_over)
                button("Remove photo", self.remove, tip="Forget the photo and the head fitted to it, at once")
            self.view = PhotoView()
            self.view.on("pick", lambda event: self._place(event.args, None))
            self.view.on("drag_end", lambda event: self._place(event.args, int(event.args["id"])))
            self.view.on("select", lambda event: self._take(int(event.args["id"])))
            self.view.on("nudge", self._nudge)
            self.hidden = text("", "gl-muted gl-small", "p")
            with block("gl-row glp-hand") as self.hand:
                self.hand_words = Told("", "p")
                self.units = number_field("Units of this needle", None, self._set_units, unit="U", step=0.5, least=0)
                button("Leave it out", self._leave_out)
            self.facts = block("gl-told")
            self.other = block("gl-told")

    # --- before: questions, file, fit ---------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """The questions, open: they are asked for every photo."""
        self._said = {"adult": False, "consent": False, "mirrored": False}
        self.photos.confirm(self._ticket, False)
        self.drop.set_open(False)
        self.questions.clear()
        with self.questions:
            for name, words in (("adult", ADULT), ("consent", CONSENT), ("mirrored", MIRRORED)):
                check_field(words, False, partial(self._tick, name))

    def _tick(self, name: str, on: bool) -> None:
        self._said[name] = on
        both = self._said["adult"] and self._said["consent"]
        self.photos.confirm(self._ticket, both)
        self.drop.set_open(both)
        self._say("")

    async def _sent(self) -> None:
        if self._job is not None:
            return
        before, mirrored = self.desk.note.patient, self._said["mirrored"]
        typed = before.interpupillary_distance_mm
        patient = replace(_plain(before), interpupillary_distance_mm=None if typed == self._from_photo else typed)
        self._say("")
        try:
            content = self.photos.take(self._ticket)
            job = self._job = self.services.heavy.submit("photo", partial(_fit, self.photos.fit, content, patient, mirrored))
            del content
            self._show_state()
            self.busy.show("Fitting the head to the photo", lambda: job.share)
            face = await asyncio.wrap_future(job.future)
            if self._closed:
                return
            self.held = self.photos.hold(face)
            self._ask()
        except StoppedError:
            self._say("Cancelled. Nothing of the photo was kept.", "info")
            return
        except GlabellaError as error:
            self._say(str(error))
            return
        except Exception as error:
            logging.getLogger("glabella.app").exception("a photo could not be fitted", exc_info=error)
            self._say(f"something went wrong inside: {type(error).__name__}; the terminal has more")
            return
        finally:
            self._job = None
            self.busy.done()
            self._show_state()
        self._adopt()

    def _adopt(self) -> None:
        """Make the head of the photo the plan's face."""
        held = self.held
        assert held is not None
        patient = FittedPatient.of(_plain(self.desk.note.patient), held.key, held.face)
        self._from_photo = patient.interpupillary_distance_mm if held.face.size.from_iris else None
        self.view.set_picture(f"/view/photos/{held.key}/picture.jpg", held.window)
        self._tell_facts(held)
        self.lines.start(held)
        self.desk.change(replace(self.desk.note, patient=patient))
        self.show()
        self.view.come_into_view()

    def _cancel(self) -> None:
        if self._job is not None:
            self.services.heavy.cancel(self._job)

    # --- hands on the photo ---------------------------------------------------------------------------------------------------

    def _place(self, pixel: dict[str, Any], number: int | None) -> None:
        person, held = self._person(), self.held
        if held is None:
            return
        if person is None:
            self._warn("The face is still being built; try again in a moment.")
            return
        met = skin_at(held.face.head, np.array([float(pixel["x"]), float(pixel["y"])]))
        if met is None:
            self._warn("There is no skin of the fitted head; choose another place.")
        else:
            triangle, share = met
            self._at(person.face.surface(2).at(np.array([triangle]), share[None])[0], number)
        self.show()

    def _warn(self, words: str) -> None:
        ui.notify(words, position="top", type="warning", timeout=4000)

    def _nudge(self, event: Any) -> None:
        number = int(event.args["id"])
        if number < len(self.desk.note.injections):
            toward = -1 if side_of(self.desk.note.injections[number].site) == "right" else 1  # their right is on the picture's left
            self._take(number)
            self.desk.nudge(number, toward * float(event.args["right"]), float(event.args["up"]))

    def _set_units(self, units: float | None) -> str | None:
        number = self.desk.selected
        if number is None:
            return None
        try:
            one = replace(self.desk.note.injections[number], units=0.0 if units is None else units)
            self.desk.set_injection(number, one, merge=f"units {number}", rows=True)
        except InputError as error:
            return str(error).rpartition("; ")[0] or str(error)
        return None

    def _leave_out(self) -> None:
        if self.desk.selected is not None:
            self.desk.remove(self.desk.selected)

    # --- showing --------------------------------------------------------------------------------------------------------------

    def _person(self) -> Person | None:
        """The person whose face is the photo's head, once it is built."""
        result = self.stage.result
        return result.person if result is not None and self._is_ours(result.person.patient) else None

    def _is_ours(self, patient: Patient) -> bool:
        return self.held is not None and isinstance(patient, FittedPatient) and patient.photo == self.held.key

    def _answered(self) -> None:
        person = self._person()
        if person is not None:
            self.lines.look(person)
            if self._over[0] != "none" and self._over[1] is not person.anatomy.atlas:
                self._lay_over(self._over[0])
        self.show()

    def show(self) -> None:
        """Sites and words as the desk has them."""
        held = self.held
        if held is None:
            return
        held.used = time.monotonic()
        note, person = self.desk.note, self._person()
        self._show_hand(note)
        self._offer_head(not self._is_ours(note.patient))
        if person is None or not self._is_ours(note.patient):
            self.view.set_sites([])
            self.hidden.set_text("")
            return
        places = sites_on_photo(held.face.head, person, note.injections)
        sites = []
        for number, (one, place) in enumerate(zip(note.injections, places, strict=True)):
            if place is not None:
                words = f"Needle {number + 1}: {site_words(one.site)}, {one.units:g} U; arrow keys move it 1 mm"
                sites.append({
                    "id": number, "label": f"{number + 1}:", "words": words, "units": one.units, "pixel": place[0], "seen": place[1],
                    "selected": number == self.desk.selected, "beyond_label": one.site in self.stage.beyond,
                })  # fmt: skip
        self.view.set_sites(sites)
        away = [f"{site['id'] + 1} ({site_words(note.injections[site['id']].site)})" for site in sites if not site["seen"]]
        self.hidden.set_text(f"Turned away in this photo, and seen on the face beside it: {'; '.join(away)}." if away else "")

    def _show_hand(self, note: Note) -> None:
        number = self.desk.selected
        self.hand.set_visibility(number is not None)
        if number is not None:
            one = note.injections[number]
            moved = f", {one.lateral_mm:+g} mm aside, {one.up_mm:+g} mm up" if one.moved else ""
            self.hand_words.set_text(f"In hand: needle {number + 1}, {site_words(one.site)}{moved}")
            self.units.set(shown_number(one.units))

    def _offer_head(self, offer: bool) -> None:
        """After an undo the plan's face may be another than the photo's."""
        if offer == bool(self.other.default_slot.children):
            return
        self.other.clear()
        if offer:
            with self.other:
                finding("info", "The plan's face is not the head of this photo at the moment, so no sites are shown on it.")
                button("Use the head of this photo", self._adopt)

    def _tell_facts(self, held: HeldPhoto) -> None:
        face, q = held.face, held.face.quality
        by = "from the irises" if face.size.from_iris else "as the plan has it"
        error = f" ± {face.size.interpupillary_error_mm:.1f}"
        side = "left" if q.turn_degrees > 0 else "right"
        self.facts.clear()
        with self.facts:
            told(
                "The face beside it is now this head, at rest and both sides alike. Pupils "
                f"{face.size.interpupillary_distance_mm:.1f}{error} mm apart, {by}; another distance can be typed under Person. The head "
                f"is turned {abs(q.turn_degrees):.0f}° to the person's {side}.", "gl-small", "p",
            )  # fmt: skip
            told(_how_sure(face), "gl-small", "p")
            for note in face.picture.notes:
                finding("info", f"The file: {note}.")
            for caution in q.cautions:
                finding("caution", caution[0].upper() + caution[1:] + ".")

    def _lay_over(self, kind: Any) -> None:
        held, person = self.held, self._person()
        atlas = person.anatomy.atlas if person is not None else None
        self._over = (kind, atlas)
        if held is None or atlas is None or kind == "none":
            self.view.set_anatomy(None)
            return
        make = muscles_on_photo if kind == "muscles" else landmarks_on_photo

        async def lay() -> None:
            found = await self.hands.soon(partial(make, held.face.head, atlas))
            if self._over == (kind, atlas) and self.held is held:
                with self.view.client:
                    self.view.set_anatomy(found)

        self._laying = asyncio.get_running_loop().create_task(lay())

    def _show_state(self) -> None:
        self.empty.set_visibility(self.held is None and self._job is None)
        self.shown.set_visibility(self.held is not None)
        self.working.set_visibility(self._job is not None)

    def _say(self, words: str, severity: str = "caution") -> None:
        self.trouble.clear()
        if words:
            with self.trouble:
                finding(severity, words[0].upper() + words[1:])

    # --- forgetting -----------------------------------------------------------------------------------------------------------

    def remove(self, words: str = REMOVED) -> None:
        """Forget the photo, the head, and everything computed on it; undo does not bring it back."""
        held, self.held = self.held, None
        if held is None:
            return
        self.photos.forget(held.key)
        self.view.set_picture(None)
        self.view.set_sites([])
        self.view.set_anatomy(None)
        self.lines.clear()
        self.facts.clear()
        self._show_state()
        self._say(words, "info")
        self.stage.let_go()
        self.desk.rewrite(lambda note: replace(note, patient=_plain(note.patient)))
        self.services.workbench.forget(held.key)

    def _look(self) -> None:
        if self.held is not None and time.monotonic() - self.held.used > IDLE_SECONDS:
            self.remove(IDLE)

    def _gone(self) -> None:
        """The page was closed for good."""
        self._closed = True
        self.photos.drop_ticket(self._ticket)
        self._cancel()
        if self.held is not None:
            self.photos.forget(self.held.key)
            self.services.workbench.forget(self.held.key)
            self.held = None


def _fit(fit: Callable[..., Any], content: bytes, patient: Patient, mirrored: bool, job: Job) -> Any:
    return fit(content, patient, mirrored, job.progress)


def _plain(patient: Patient) -> Patient:
    return patient.plain() if isinstance(patient, FittedPatient) else patient


def _how_sure(face: PhotoFace) -> str:
    """Which of the licensed sites this picture does not fix closely enough."""
    limit, seen = face.parameters["site_error_mm"], [place for place in face.places if place.seen]
    unsure = [place for place in seen if not place.sure]
    if not unsure:
        return f"Look where every site lies: this picture fixes each to {limit:g} mm, by the fit's own judgement."
    named = ", ".join(dict.fromkeys(without_side(place.name).replace("_", " ") for place in unsure))
    return (
        f"Look where every site lies: this picture does not fix {len(unsure)} of the {len(seen)} licensed sites that are seen "
        f"to {limit:g} mm ({named})."
    )
