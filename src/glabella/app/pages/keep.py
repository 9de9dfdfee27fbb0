"""What is kept: saved as you go under an address of its own, with versions, own patterns, and ways out and in."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element

from glabella.app.api.notes import read_text
from glabella.app.desk import Desk
from glabella.app.follow import Hands
from glabella.app.note import Note, injection_document, read_injection
from glabella.app.pages.controls import block, button, card, finding, text, text_field, told
from glabella.app.pages.plan_list import PlanList
from glabella.app.services import Services
from glabella.app.store import ConflictError, NotFoundError
from glabella.errors import GlabellaError, InputError
from glabella.evidence.products import NOT_INTERCHANGEABLE

QUIET_SECONDS = 0.8
VERSIONS = 20  # listed
LARGEST_FILE_BYTES = 256 * 1024
EXPORTS = {
    "Note, TOML": "note.toml", "Note, JSON": "note.json", "Plan for the command line, TOML": "plan.toml", "Face, PNG": "face.png",
    "Face, glTF": "face.glb",
}  # fmt: skip
READ_FILE = f"""async (event) => {{
  const file = event.target.files[0];
  if (!file) return;
  emit(file.name, file.size > {LARGEST_FILE_BYTES} ? null : await file.text());
  event.target.value = '';
}}"""


class Keep:
    """Saves the note of a desk, and builds the tab that says so."""

    def __init__(self, desk: Desk, services: Services, hands: Hands, note_id: str, version: int, say: Callable[[str], None]) -> None:
        self.desk, self.services, self.hands, self.id, self.version = desk, services, hands, note_id, version
        self._say, self._kept, self._number, self._conflict = say, desk.note, 0, False
        self._tasks: set[asyncio.Task[None]] = set()  # held here, since a loop forgets tasks that nobody holds
        self._one_at_a_time = asyncio.Lock()
        self._client = ui.context.client
        self._box = None
        self.trouble = block("gl-told")
        self._title = text_field("Title", desk.note.title, self._set_title)
        desk.listen(lambda rows: self._followed())

    def _followed(self) -> None:
        self._title.set(self.desk.note.title)
        if self._own_product and self._own_product != self.desk.note.product:
            self.list_patterns()

    _own_product = ""

    def _set_title(self, title: str) -> str | None:
        try:
            self.desk.change(replace(self.desk.note, title=title or "Untitled plan"), merge="title", rows=False)
        except InputError as error:
            return str(error)
        return None

    def touched(self) -> None:
        """Something may have changed: save it when there is quiet."""
        if self.desk.note == self._kept or self._conflict:
            return
        self._number += 1
        number = self._number
        self._say("Saving ...")

        async def save() -> None:
            await asyncio.sleep(QUIET_SECONDS)
            if number == self._number:
                await self.save()

        self._begin(save())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _gone(self, gone: bool) -> None:
        """This plan was deleted, or brought back: a deleted one is not saved any more."""
        self._conflict = gone
        self._say("Deleted; changes are not saved" if gone else "")
        if not gone:
            self.touched()

    async def save(self) -> None:
        """Save now; a note that was changed in another tab is not overwritten."""
        async with self._one_at_a_time:
            note, version = self.desk.note, self.version
            if note == self._kept or self._conflict:
                return
            try:
                self.version = await self.hands.keep(partial(self.services.store.save, self.id, note.document(), version))
            except ConflictError as error:
                self._conflict = True
                with self._client:
                    self._ask(str(error))
                return
            except GlabellaError as error:
                self._say(f"Not saved: {error}")
                return
            self._kept = note
            with self._client:
                self._say(f"Saved, version {self.version}")
                self.list_versions()

    def _ask(self, why: str) -> None:
        self._say("Not saved: changed in another tab")
        self.trouble.clear()
        with self.trouble:
            finding("caution", f"This plan was changed in another tab or window. {why}")
            with block("gl-row"):
                button("Show the other's", lambda: ui.navigate.to(f"/plan/{self.id}"))
                button("Keep mine as a copy", self._copy, primary=True)

    async def _copy(self) -> None:
        note = self.desk.note
        await self._open_new(replace(note, title=f"{note.title} (copy)"[:120]))

    async def _open_new(self, note: Note) -> None:
        new = await self.hands.keep(partial(self.services.store.create, note.document()))
        ui.navigate.to(f"/plan/{new}")

    # --- the tab ------------------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """The cards of the tab."""
        with card("Papers"):
            told("Two PDFs of this plan. A study has neither.", "gl-muted", "p")
            with block("gl-row"):
                button("Professional sheet (PDF)", lambda: self._export("sheet.pdf"))
                button("Leaflet in plain words (PDF)", lambda: self._export("leaflet.pdf"))
            self.exported = block("gl-told").props('role="status"')
        with card("Out and in"):
            with block("gl-row"):
                for words, ending in EXPORTS.items():
                    button(words, partial(self._export, ending))
            with ui.element("label").classes("gl-field"):
                text("Import a note or a plan (TOML or JSON)", "gl-label")
                file = ui.element("input")
                file.props["type"], file.props["accept"] = "file", ".toml,.json"
                file.on("change", lambda event: self._import(*event.args), js_handler=READ_FILE)
            self.imported = block("gl-told").props('role="status"')
        with card("Plans"):
            with block("gl-row"):
                button("New plan", lambda: self._open_new(Note()))
                button("Duplicate this plan", self._duplicate)
            PlanList(self.services, self.hands, self.id, self._gone)
        with card("Own patterns"):
            told("The needles of this plan under a name, for this product.", "gl-muted", "p")
            name = {"text": ""}
            with block("gl-row"):
                text_field("Name", "", lambda value: name.update(text=value), longest=80)
                button("Save the needles as a pattern", lambda: self._save_pattern(name["text"]))
            self.own = block("gl-told")
        with card("Versions"):
            self._box = block("gl-told")
        self.list_patterns()
        self.list_versions()

    async def _export(self, ending: str) -> None:
        """Save, then hand out what was saved: a paper is never older than the page."""
        self.exported.clear()
        await self.save()
        why = ""
        if self._kept != self.desk.note:
            why = "not saved, so nothing was made: see above"
        elif ending.endswith(".pdf") and self.desk.note.purpose == "study":
            why = "a study has no papers for a person; set the purpose to Person, within the label"
        elif ending.endswith(".pdf") and not self.desk.note.injections:
            why = "there are no injections yet; place one"
        with self.exported:
            if why:
                finding("caution", why)
                return
            told("Being made: the download starts by itself.", "gl-muted", "p")
        ui.download.from_url(f"/notes/{self.id}/{ending}")

    def list_versions(self) -> None:
        """The latest versions, the newest first."""
        if self._box is not None:
            self._begin(self._list_versions(self._box))

    async def _list_versions(self, box: Element) -> None:
        versions = await self.hands.keep(partial(self.services.store.versions, self.id))
        box.clear()
        with box:
            for one in versions[:VERSIONS]:
                with block("gl-row"):
                    text(f"{one.version}: {one.title}", "gl-number gl-own")
                    text(one.saved.replace("T", " ")[:16] + " UTC", "gl-muted gl-small")
                    if one.version != self.version:
                        button(
                            "Bring back", lambda version=one.version: self._bring_back(version), name=f"Bring back version {one.version}"
                        )

    async def _bring_back(self, version: int) -> None:
        kept = await self.hands.keep(partial(self.services.store.load, self.id, version))
        self.desk.change(Note.from_document(kept.document))

    async def _duplicate(self) -> None:
        await self.save()
        new = await self.hands.keep(partial(self.services.store.duplicate, self.id))
        ui.navigate.to(f"/plan/{new}")

    def list_patterns(self) -> None:
        """Own patterns of the product."""
        self._own_product = self.desk.note.product
        self._begin(self._list_patterns(self._own_product))

    async def _list_patterns(self, product: str) -> None:
        patterns = await self.hands.keep(partial(self.services.store.patterns, product))
        if product != self._own_product:
            return
        self.own.clear()
        with self.own:
            for one in patterns:
                with block("gl-row"):
                    text(f"{one.name}: {len(one.injections)} needles")
                    button("Put in place", lambda one=one: self._place(one), name=f"Put {one.name} in place")
                    button("Delete", lambda one=one: self._delete_pattern(one), name=f"Delete pattern {one.name}", quiet=True)

    async def _save_pattern(self, name: str) -> None:
        note = self.desk.note
        needles = [injection_document(one) for one in note.injections]
        try:
            await self.hands.keep(partial(self.services.store.save_pattern, note.product, name, needles))
        except GlabellaError as error:
            ui.notify(str(error), position="top", type="warning")
        self.list_patterns()

    def _place(self, pattern: Any) -> None:
        try:
            if pattern.product != self.desk.note.product:
                raise InputError(f"pattern {pattern.name} is of {pattern.product}; {NOT_INTERCHANGEABLE}")
            injections = tuple(read_injection(one, f"pattern {pattern.name}") for one in pattern.injections)
            self.desk.change(replace(self.desk.note, injections=injections).with_enough_vials())
        except InputError as error:
            ui.notify(str(error), position="top", type="warning")

    async def _delete_pattern(self, pattern: Any) -> None:
        with suppress(NotFoundError):  # another tab was quicker
            await self.hands.keep(partial(self.services.store.delete_pattern, pattern.product, pattern.name))
        self.list_patterns()

    def _import(self, name: str, content: str | None) -> None:
        self.imported.clear()
        with self.imported:
            if content is None:
                finding("refuse", f"{name}: larger than {LARGEST_FILE_BYTES // 1024} kB; a note is a few kB")
                return
            try:
                note = read_text(content, "json" if content.lstrip().startswith("{") else "toml", self.desk.note)
            except GlabellaError as error:
                finding("refuse", str(error))
                return
            self.desk.change(note)
            finding("info", f"{name} was read. Undo brings the earlier plan back.")
