"""Plan, for people who inject or study: the face and the table, the months, the risks, a goal, and what is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from nicegui import ui

from glabella.app.desk import Desk, licensed_areas, usual_injection
from glabella.app.follow import Hands
from glabella.app.months_view import Curves
from glabella.app.note import Note
from glabella.app.pages.controls import Told, block, button, card, enable, finding, table, text, told
from glabella.app.pages.forms import PersonForm, SyringeForm
from glabella.app.pages.goal_form import GoalForm
from glabella.app.pages.keep import Keep
from glabella.app.pages.photo import PhotoPanel
from glabella.app.pages.risk_overlay import RiskOverlay
from glabella.app.pages.shell import shell
from glabella.app.pages.sites_table import SitesTable
from glabella.app.pages.stage import Document, Stage
from glabella.app.pages.told import tell_dates, tell_findings, tell_side_effects, tell_sources
from glabella.app.places import place_at
from glabella.app.services import Services
from glabella.app.store import NotFoundError
from glabella.app.workbench import Result
from glabella.errors import GlabellaError, InputError
from glabella.evidence.patterns import site_areas
from glabella.label import Finding
from glabella.plan import Plan

TABS = {
    "sites": "Sites", "photo": "Photo", "person": "Person", "months": "Months", "risks": "Side effects", "goal": "Goal", "keep": "Keep",
}  # fmt: skip
PATTERN_WORDS = {"glabellar": "Between the brows", "forehead": "Forehead", "lateral_canthal": "Beside the eyes"}
FIRST_TITLE = "Glabellar lines"


async def new_plan(services: Services, hands: Hands) -> str:
    """Make a note with the licensed glabellar pattern; its id."""
    return await hands.keep(partial(services.store.create, Note(FIRST_TITLE).with_pattern(("glabellar",)).document()))


async def plan_page(services: Services, hands: Hands, note_id: str) -> None:
    """Build the page of one kept note."""
    try:
        kept = await hands.keep(partial(services.store.load, note_id))
        note = Note.from_document(kept.document, f"plan {note_id}")
    except (NotFoundError, InputError) as error:
        with shell("Plan not found", "/plan"):
            told("This plan is not here", "", "h1")
            finding("caution", str(error))


            async def start() -> None:
                ui.navigate.to(f"/plan/{await new_plan(services, hands)}")

            button("Start a new plan", start, primary=True)
        return
    PlanPage(services, hands, note_id, note, kept.version)


class PlanPage:
    """One page with one note on its desk."""

    def __init__(self, services: Services, hands: Hands, note_id: str, note: Note, version: int) -> None:
        self.services, self.hands, self.desk = services, hands, Desk(note)
        self.findings: Sequence[Finding] = ()
        self._checks = 0
        self._asked: tuple[Any, ...] | None = None
        self._sources_told: list[Document] | None = None
        with shell("Plan", "/plan"):
            self.mark = block("gl-watermark").props('aria-hidden="true"')
            told("Plan a treatment", "gl-visually-hidden", "h1")
            with block("gl-columns"):
                self.stage = Stage(services, hands, placing=True)
                with block("gl-side"):
                    self._header(note_id, version)
                    self._tabs()
        self.stage.face.on("pick", self._picked)
        self.stage.face.on("select", lambda event: self.take(int(event.args["id"])))
        self.stage.face.on("drag_end", self._dragged)
        self.stage.on_result(self._told)
        self.desk.listen(lambda rows: self._changed())
        self._changed()
        if note.injections:
            self.take(0)

    # --- building -----------------------------------------------------------------------------------------------------------

    def _header(self, note_id: str, version: int) -> None:
        with block("gl-card"):
            self.keep = Keep(self.desk, self.services, self.hands, note_id, version, self._saved)
            with block("gl-row gl-tools"):
                self.undo = button("↶ Undo", self.desk.undo)
                self.redo = button("↷ Redo", self.desk.redo)
                self.saved = text("", "gl-muted gl-small").props('role="status"')
            self.verdict = block("gl-row gl-verdict").props('role="status"')
            self.syringe_words = Told("", "p")
            with block("gl-syringe", "details"):
                text("Change what is in the syringe", "", "summary")
                self.syringe = SyringeForm(self.desk)
        ui.keyboard(on_key=self._key)

    def _tabs(self) -> None:
        with ui.tabs().props('align="left" no-caps mobile-arrows outside-arrows') as tabs:
            made = {name: ui.tab(name, label=words) for name, words in TABS.items()}
        with ui.tab_panels(tabs, value="sites").classes("gl-tab-panels").props("keep-alive"):
            for name, build in (
                ("sites", self._sites), ("photo", self._photo), ("person", self._person), ("months", self._months), ("risks", self._risks),
                ("goal", self._goal), ("keep", self._keeping),
            ):  # fmt: skip
                with ui.tab_panel(made[name]):
                    build()

    def _sites(self) -> None:
        with card("Injection sites"):
            with block("gl-row"):
                self.patterns = block("gl-row")
            self._pattern_buttons()
            self.table = SitesTable(self.desk, self.take, self.stage.depths)
        with card("Through the layers, along the needle in hand"):
            section = self.stage.section(editable=True)
            section.on("depth", lambda event: self._depth(float(event.args["depth_mm"])))
        with card("What the label says"):
            self.label_box = block("gl-findings")

    def _pattern_buttons(self) -> None:
        self._pattern_product = self.desk.note.product
        self.patterns.clear()
        with self.patterns:
            told("Licensed patterns:", "gl-muted")
            for area in licensed_areas(self.desk.note.product):
                button(
                    PATTERN_WORDS[area],
                    lambda area=area: self._pattern(area),
                    tip=f"Put the licensed {area.replace('_', ' ')} pattern in place",
                )

    def _photo(self) -> None:
        self.photo = PhotoPanel(self.desk, self.stage, self.services, self.hands, self._at, self.take)

    def _person(self) -> None:
        with card("The person"):
            self.person_form = PersonForm(self.desk)

    def _months(self) -> None:
        with card("Over the months"):
            self.curves = Curves()
        with card("When"):
            self.dates = block("gl-told")
        with card("Where the dose goes"):
            self.balance = block("gl-told")
        with card("Where this comes from"):
            self.sources = block("gl-told")

    def _risks(self) -> None:
        with card("What can go wrong, and how likely"):
            self.effects = block("gl-told")
        with card("Where a needle would be risky"):
            self.risk_overlay = RiskOverlay(self.desk, self.stage, self.services, self.hands)

    def _goal(self) -> None:
        with card("The lowest dose that is enough"):
            GoalForm(self.desk, self.services, self.hands)

    def _keeping(self) -> None:
        self.keep.build()

    # --- hands --------------------------------------------------------------------------------------------------------------

    def take(self, number: int) -> None:
        """Take a needle in hand."""
        self.desk.select(number)
        self.stage.select(self.desk.selected, self.desk.note.injections)

    def _picked(self, event: Any) -> None:
        self._at(np.array(event.args["point"], float), None)

    def _dragged(self, event: Any) -> None:
        self._at(np.array(event.args["point"], float), int(event.args["id"]))

    def _at(self, point: np.ndarray, number: int | None) -> None:
        if self.stage.result is None:
            return
        injections = self.desk.note.injections
        taken = {one.site for n, one in enumerate(injections) if n != number}
        try:
            if number is not None and number < len(injections):
                one = injections[number]
                site, lateral_mm, up_mm = place_at(self.stage.result.person, point, taken | set(_all_but(one.site)))
                self.desk.set_injection(number, replace(one, site=site, lateral_mm=lateral_mm, up_mm=up_mm), rows=True)
                self.take(number)
            else:
                site, lateral_mm, up_mm = place_at(self.stage.result.person, point, taken)
                self.desk.add(usual_injection(self.desk.note.product, site, lateral_mm, up_mm))
                self.take(len(injections))
        except InputError as error:
            ui.notify(str(error), position="top", type="warning", timeout=4000)
            self.stage.select(self.desk.selected, injections)

    def _depth(self, depth_mm: float) -> None:
        if self.desk.selected is not None:
            one = replace(self.desk.note.injections[self.desk.selected], depth_mm=round(depth_mm, 2), target_muscle=None)
            self.desk.set_injection(self.desk.selected, one, merge="depth", rows=True)

    def _pattern(self, area: str) -> None:
        try:
            self.desk.change(self.desk.note.with_pattern((area,)))
            self.take(0)
        except InputError as error:
            ui.notify(str(error), position="top", type="warning")

    def _key(self, event: Any) -> None:
        if event.action.keydown and event.modifiers.ctrl and event.key.name and event.key.name.lower() == "z":
            (self.desk.redo if event.modifiers.shift else self.desk.undo)()

    # --- what follows -------------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        note = self.desk.note
        self.syringe_words.set_text(syringe_words(note))
        enable(self.undo, self.desk.can_undo)
        enable(self.redo, self.desk.can_redo)
        if note.product != self._pattern_product:
            self._pattern_buttons()
        self._watermark(note.purpose == "study")
        self.keep.touched()
        asked = (note.patient, note.product, note.dilution, note.vials, note.purpose, note.expiry, note.hours_since_mixing,
                 note.treatment_date, note.injections)  # fmt: skip
        if asked == self._asked:
            return
        self._asked = asked
        self.stage.select(self.desk.selected, note.injections)
        try:
            plan = note.plan()
        except InputError as error:
            self.stage.refuse(note.patient, str(error))
            self._check(None, str(error))
            return
        self.stage.show(note.patient, plan, note.injections, note.treatment_date)
        self._check(plan, "")

    def _check(self, plan: Plan | None, trouble: str) -> None:
        self._checks += 1
        number = self._checks
        note = self.desk.note

        async def check() -> None:
            found: Sequence[Finding] = ()
            why = trouble
            if plan is not None:
                try:
                    found = await self.hands.soon(partial(self.services.workbench.findings, note.patient, plan, note.treatment_date))
                except GlabellaError as error:
                    why = str(error)
            if number == self._checks:
                with self.mark.client:
                    self._say_findings(found, why)

        asyncio.get_running_loop().create_task(check())

    def _say_findings(self, found: Sequence[Finding], trouble: str) -> None:
        self.findings = found
        self.stage.mark_beyond(found)
        self.table.say(found)
        self.photo.show()
        self.syringe.say(found, trouble)
        self.person_form.say(found)
        tell_findings(self.label_box, found)
        counts = {s: sum(f.severity == s for f in found) for s in ("refuse", "caution", "info")}
        self.verdict.clear()
        with self.verdict:
            told(f"{self.desk.note.units:g} U of {self.desk.note.product}", "gl-number gl-strong")
            for severity, words in (("refuse", "not allowed by the label"), ("caution", "to be careful about"), ("info", "to note")):
                if counts[severity]:
                    told(f"{counts[severity]} {words}", f"gl-chip gl-chip-{severity}")
            if trouble:
                finding("refuse", trouble)

    def _told(self, result: Result, document: Document) -> None:
        self.table.show_depths()
        self.risk_overlay.suggest()
        tell_dates(self.dates, document)
        tell_side_effects(self.effects, document)
        if document["sources"] != self._sources_told:  # the longest list of the page, and mostly the same
            self._sources_told = document["sources"]
            tell_sources(self.sources, document)
        self.balance.clear()
        dose = document["dose"]
        rows = [(name.replace("_", " "), f"{units:.2f}") for name, units in sorted(dose["by_muscle"].items(), key=lambda x: -x[1])]
        with self.balance:
            placed, taken, cleared = dose["placed_units"], dose["taken_up_units"], dose["cleared_units"]
            told(f"Of {placed:g} U placed, {taken:.2f} U are taken up by nerve endings and {cleared:.2f} U are cleared.", "", "p")
            table(("Muscle", "Units taken up"), [row for row in rows if row[1] != "0.00"], "Units taken up by muscle")

    def _watermark(self, study: bool) -> None:
        if study == bool(self.mark.default_slot.children):
            return
        self.mark.clear()
        if study:
            with self.mark:
                for _ in range(12):
                    text("study")

    def _saved(self, words: str) -> None:
        self.saved.set_text(words)


def syringe_words(note: Note) -> str:
    """What is in the syringe, in one line."""
    mixed = f"{note.vials} vial{'s' if note.vials > 1 else ''} of {note.dilution.vial_units:g} U in {note.dilution.diluent_ml:g} mL each"
    lot = f", lot {note.lot}" if note.lot else ""
    date = f", on {note.treatment_date:%-d %B %Y}" if note.treatment_date else ""
    study = ", STUDY" if note.purpose == "study" else ""
    return f"Syringe: {note.product}, {mixed}{lot}{date}{study}"


def _all_but(site: str) -> tuple[str, ...]:
    """No other site: a needle that is dragged stays with its own, so that its offsets say how far it went."""
    return tuple(name for name in site_areas() if name != site)
