"""The face with its months: what all doors share. It follows a person and a plan, and hands every result on."""

import asyncio
import datetime
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from nicegui import background_tasks, ui

from glabella.app.face import FaceView
from glabella.app.follow import Follower, Hands
from glabella.app.months_view import SectionView, TimeBar
from glabella.app.pages.busy import Busy
from glabella.app.pages.controls import block, finding, segmented
from glabella.app.places import Depths, depths_at, site_point
from glabella.app.services import Services
from glabella.app.workbench import Result
from glabella.errors import GlabellaError
from glabella.label import Finding
from glabella.names import side_of
from glabella.patient import Patient
from glabella.plan import Injection, Plan

Document = dict[str, Any]
GONE, MOST_TRIES = 404, 3
LONGEST_DRAWING_SECONDS = 1.0  # that words wait for curves
AIM = 1000  # numbers of aims on the face start here
VIEWS = {"front": "Front", "left": "Left", "right": "Right"}
CLICKS = {"place": "Places", "look": "Looks"}
OVERLAYS = {"none": "Skin", "dose": "Dose", "muscles": "Muscles", "landmarks": "Bone"}
OVERLAY_TIPS = {
    "none": "The skin alone",
    "dose": "Units taken up below each mm² of skin",
    "muscles": "Muscles under the skin",
    "landmarks": "The bony rim and the brows",
}


class Stage:
    """Face, time bar and needle section of one page.

    ``show(patient, plan, injections)`` asks for a treatment; ``on_result`` hears of every answer. Sites are shown at once.
    """

    def __init__(self, services: Services, hands: Hands, *, simple: bool = False, overlays: bool = True, placing: bool = False) -> None:
        self.services, self.hands = services, hands
        self.follower = Follower(services.workbench, hands, self._answered, self._failed, on_doing=self._doing)
        self.result: Result | None = None
        self.date: datetime.date | None = None
        self._simple = simple
        self._why = ""
        self._patient: Patient | None = None
        self._person_key = self._section_of = ""
        self._injections: tuple[Injection, ...] = ()
        self._selected: int | None = None
        self._beyond: frozenset[str] = frozenset()
        self._aims: tuple[Injection, ...] = ()
        self._overlay = "none"
        self._depths: dict[tuple[object, ...], Depths | None] = {}  # of this person's face
        self._months_of, self._drawn, self._moved = "", asyncio.Event(), False
        self._wish: tuple[Patient, Plan | None] | None = None
        self._again = self._tries = 0
        self._listeners: list[Callable[[Result, Document], None]] = []
        self._mode_listeners: list[Callable[[str], None]] = []
        with block("gl-face gl-card"):
            with block("gl-face-host"):
                self.face = FaceView()
                self.busy = Busy()  # over the picture: what comes and goes must not move it
            with block("gl-toolbar"):
                if placing:
                    segmented("A click", CLICKS, "place", self._set_mode)
                segmented("View", VIEWS, "front", self._look_at)
                if overlays:
                    segmented("Show", OVERLAYS, "none", self.set_overlay, tips=OVERLAY_TIPS)
            self.time = TimeBar(simple=simple)
            self.trouble = block("gl-trouble").props('role="status"')
        if placing:
            self.face.on("ready", lambda: self.face.set_mode("place"))
        for picture in (self.face, self.time):
            picture.on("failed", self._lost)
        self.time.on("loaded", self._loaded)
        self._expression = ""
        self.face.on("ready", lambda: self.look(self._expression) if self._expression else None)
        ui.context.client.on_delete(self.follower.stop)

    def section(self, *, editable: bool = False) -> SectionView:
        """The section view of this stage, placed where this is called."""
        self._section = SectionView(simple=self._simple, editable=editable)
        self._section.on("failed", self._lost)
        return self._section

    _section: SectionView | None = None

    def on_result(self, listener: Callable[[Result, Document], None]) -> None:
        """Call ``listener`` with every result and its months document."""
        self._listeners.append(listener)

    def show(self, patient: Patient, plan: Plan | None, injections: Sequence[Injection] = (), date: datetime.date | None = None) -> None:
        """Ask for a person and a plan."""
        self._injections, self.date, self._why, self._patient = tuple(injections), date, "", patient
        self._want(patient, plan)

    def refuse(self, patient: Patient, why: str) -> None:
        """Say why there is nothing to show, and show the face untreated meanwhile."""
        self._why, self._patient = f"{why}. The face is shown untreated.", patient
        self._want(patient, None)

    def let_go(self) -> None:
        """The result that is shown is no longer kept anywhere; another is asked for next."""
        self.result = None
        self._person_key = self._section_of = ""
        self._depths.clear()

    def _want(self, patient: Patient, plan: Plan | None) -> None:
        self._wish, self._tries = (patient, plan), 0
        self.follower.want(patient, plan, self.date)

    def select(self, number: int | None, injections: Sequence[Injection] | None = None) -> None:
        """Take a needle in hand: marked on the face, cut through in the section. One that was in hand and is changed is cut anew with its
        curves, not before, where the two would share the processor."""
        held = number == self._selected
        self._selected = number
        if injections is not None:
            self._injections = tuple(injections)
        self._show_sites()
        if held:
            self._moved = True
        else:
            self._show_section()

    def depths(self, injection: Injection) -> Depths | None:
        """How deep a needle can go at its place; None outside the face, and while the face is not built."""
        if self.result is None:
            return None
        place = injection.site, injection.lateral_mm, injection.up_mm, injection.target_muscle
        if place not in self._depths:
            try:
                self._depths[place] = depths_at(self.result.person, injection)
            except GlabellaError:
                self._depths[place] = None
        return self._depths[place]

    def mark_beyond(self, findings: Sequence[Finding]) -> None:
        """Mark the sites that a refusal speaks of."""
        self._beyond = frozenset(i.site for f in findings if f.severity == "refuse" for i in self._injections if i.site in f.where)

    def show_aims(self, aims: Sequence[Injection]) -> None:
        """Show where needles should have gone, beside those that are there."""
        self._aims = tuple(aims)
        self._show_sites()

    @property
    def beyond(self) -> frozenset[str]:
        """Sites that a refusal speaks of."""
        return self._beyond

    def on_mode(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with what a click does from now on: place or look."""
        self._mode_listeners.append(listener)

    def _set_mode(self, mode: Any) -> None:
        self.face.set_mode(mode)
        for listener in self._mode_listeners:
            listener(mode)

    def _look_at(self, side: Any) -> None:
        self.face.look_at(side)

    def look(self, expression: str) -> None:
        """Let the face make an expression."""
        self._expression = expression
        ui.run_javascript(f"window.glabella && window.glabella.set({{ expression: '{expression}' }})")

    def set_overlay(self, kind: Any) -> None:
        """What lies over the skin."""
        self._overlay = kind
        url = self._address(f"/view/results/{self.result.key}/dose.bin") if kind == "dose" and self.result and self.result.plan else ""
        self.face.set_overlay(kind if kind != "dose" or url else "none", url)

    def show_risk(self, key: str) -> None:
        """A risk map that the workbench keeps, over the skin."""
        self._overlay = "risk"
        self.face.set_overlay("risk", f"/view/risk/{key}.bin")

    # --- what is under way, and what got lost ---------------------------------------------------------------------------------

    def _doing(self) -> None:
        with self.face.client:
            if self.follower.doing:
                self.busy.show(self.follower.doing, lambda: self.follower.share)
            else:
                self.busy.done()

    def _lost(self, event: Any) -> None:
        """The server no longer had what the page wanted to draw: ask for all of it anew, under new addresses."""
        if event.args.get("status") != GONE or self._wish is None:
            return
        if self._tries >= MOST_TRIES:
            self._say(f"{event.args['message']}; reload the page")
            return
        self._tries += 1
        self._again += 1
        self._person_key = self._section_of = ""
        self.result = None
        self.follower.want(*self._wish, self.date)

    def _address(self, path: str) -> str:
        """An own route; other than the one before where that was lost."""
        return path + (f"{'&' if '?' in path else '?'}again={self._again}" if self._again else "")

    # --- answers ------------------------------------------------------------------------------------------------------------

    async def _answered(self, result: Result) -> None:
        """Curves first; the rest of the page once they are drawn, since it keeps the server from sending them."""
        self._moved |= self.result is None or self.result.plan != result.plan or self.result.person is not result.person
        date = self.date
        text = self.hands.soon(partial(self.hands.documents.text_of, result, date))  # made while the page is told to fetch it
        making = asyncio.ensure_future(text)
        self.result = result
        dated = f"?date={date.isoformat()}" if date else ""
        months = self._address(f"/view/results/{result.key}/months.json{dated}")
        if months != self._months_of:
            self._months_of, self._drawn = months, asyncio.Event()
        with self.face.client:
            self._say(self._why)
            key = self.services.workbench.person_key(result.person.patient)
            if key != self._person_key:
                self._person_key = key
                self._depths.clear()
                self.face.set_person(self._address(f"/view/people/{key}/face.bin"))
            self.time.set_months(months)
        await making
        background_tasks.create(self._tell(result, self.hands.documents.of(result, date), self._drawn))

    def _loaded(self, event: Any) -> None:
        if event.args["url"] == self._months_of:
            self._drawn.set()

    async def _tell(self, result: Result, document: Document, drawn: asyncio.Event) -> None:
        """Sites, section and words of a result, unless a newer one was answered meanwhile: its own stand."""
        with suppress(TimeoutError):
            await asyncio.wait_for(drawn.wait(), LONGEST_DRAWING_SECONDS)
        if self.result is not result or self.face.is_deleted:
            return
        with self.face.client:
            if self._moved:
                self._moved = False
                self._show_sites()
                self._show_section()
                if self._overlay == "dose":
                    self.set_overlay("dose")
            for listener in self._listeners:
                listener(result, document)

    def _failed(self, why: str) -> None:
        with self.face.client:
            if self._patient is not None and not self._why:
                self.refuse(self._patient, why)
            self._say(self._why or why)

    def _say(self, words: str) -> None:
        self.trouble.clear()
        if words:
            with self.trouble:
                finding("caution", words)

    def _show_sites(self) -> None:
        if self.result is None or self._simple:
            return
        sites = [
            self._site(number, injection, f"{number + 1}:", number == self._selected) for number, injection in enumerate(self._injections)
        ]
        sites += [self._site(AIM + number, aim, "aim", False) for number, aim in enumerate(self._aims)]
        self.face.set_sites([site for site in sites if site])

    def _site(self, number: int, injection: Injection, label: str, selected: bool) -> dict[str, Any] | None:
        assert self.result is not None
        try:
            point = site_point(self.result.person, injection)
        except GlabellaError:
            return None  # outside this face: its finding says so
        return {
            "id": number, "label": label, "units": injection.units, "point": [round(float(v), 3) for v in point], "selected": selected,
            "side": side_of(injection.site) or "middle", "beyond_label": injection.site in self._beyond,
        }  # fmt: skip

    def _show_section(self) -> None:
        if self._section is None or self.result is None or self._selected is None or self._selected >= len(self._injections):
            return
        one = self._injections[self._selected]
        treated = self.result.plan.sessions[0].injections if self.result.plan else ()
        if one in treated:
            address = self._address(f"/view/results/{self.result.key}/section.bin?injection={treated.index(one)}")
        else:
            depth = "" if one.depth_mm is None else f"&depth_mm={one.depth_mm:g}"
            where = f"site={one.site}&lateral_mm={one.lateral_mm:g}&up_mm={one.up_mm:g}{depth}&aim={one.target_muscle or ''}"
            address = self._address(f"/view/people/{self._person_key}/section.bin?{where}")
        if address != self._section_of:
            self._section_of = address
            self._section.set_section(address)
