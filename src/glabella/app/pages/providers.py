"""Practitioners near a place: list and map, the evidence sheet, questions to ask, notices. Everything from the local database."""

from pathlib import Path

from nicegui import ui

from glabella.app.follow import Hands
from glabella.app.pages.controls import block, button, card, choice_field, finding, link, segmented, text, text_field
from glabella.app.pages.shell import shell
from glabella.app.practitioner_map import map_svg
from glabella.app.records import DEMO, is_invented, records_database
from glabella.app.services import Services
from glabella.errors import GlabellaError
from glabella.providers import open_database
from glabella.providers.points import total
from glabella.providers.search import Found, Hit, search
from glabella.providers.settle import load_centres
from glabella.providers.sheet import Sheet
from glabella.providers.tables import families, find_use, uses
from glabella.providers.where import read_distance
from glabella.providers.words import CORRECTION, NOTHING_FOUND, NOTICES, QUESTIONS, told_not_shown

DEMO_RECORDS, DEMO_SEED, DEMO_OFTEN = 20_000, 7, 8.0
WITHIN = {"10mi": "10 miles", "25mi": "25 miles", "50mi": "50 miles", "100mi": "100 miles", "50km": "50 km", "100km": "100 km"}
SORTS = {"nearest": "Nearest first", "evidence": "By evidence"}
USUAL = "usual"
AT_ONCE = 20
MAP_SAYS = (
    "Numbers are those of the list; 4+2 stands for number 4 and two more beside it. Marks are centres of ZIP codes, not addresses. "
    "Dots are ZIP codes: many of them make a town. Outlines: United States Census Bureau."
)


def practitioners(services: Services, hands: Hands) -> None:
    """Build the page."""
    with shell("Practitioners", "/practitioners"):
        PractitionersPage(services.settings.data, hands)


class PractitionersPage:
    """One search and its answer. What is searched for is kept nowhere."""

    def __init__(self, data: Path, hands: Hands) -> None:
        self.hands, self.data, self.limit = hands, data, AT_ONCE
        self.near, self.within, self.use, self.sort, self.specialty = "", "50km", "glabellar", "nearest", USUAL
        text("Find a practitioner near you", "", "h1")
        text("Public records on this computer: facts with their source and day, and what nobody knows. No verdicts.", "gl-lead", "p")
        for notice in NOTICES[:1] + NOTICES[3:]:
            finding("caution" if notice is NOTICES[0] else "info", notice)
        self.body = block("gl-practitioners")
        self._build()

    @property
    def database(self) -> Path:
        """What was ingested, else the invented people."""
        return records_database(self.data)

    def _build(self) -> None:
        self.body.clear()
        with self.body:
            if not self.database.is_file():
                self._nothing_there()
                return
            if is_invented(self.database):
                finding("info", "These people are invented, to try the page with. Ingest the public files for real records.")
            with block("gl-columns"):
                with block("gl-side"):
                    self._form()
                    self.answer = block("gl-told")
                with block("gl-side"):
                    self.map_box = block("gl-map-box")
                    with card("Questions to ask"), block("gl-questions", "ul"):
                        for question in QUESTIONS:
                            text(question, "", "li")
                    with card("What this is not"):
                        for notice in NOTICES[1:]:
                            text(notice, "", "p")
                        text(CORRECTION, "gl-muted", "p")

    def _nothing_there(self) -> None:
        with card("No records on this computer yet"):
            text("Get the public files and read them in, once, in a terminal:", "", "p")
            text("glabella providers fetch\nglabella providers ingest FILE...", "gl-code", "pre")
            text("Nothing is downloaded from this page. Or try it with people who do not exist:", "", "p")
            self.trying = button("Try with invented people", self._invent, primary=True)

    async def _invent(self) -> None:
        from glabella.providers.fictional import write_files
        from glabella.providers.ingest import ingest

        def make() -> None:
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                written = write_files(Path(folder), DEMO_RECORDS, DEMO_SEED, often=DEMO_OFTEN)
                ingest(written.paths, self.data / DEMO)

        with self.trying:
            self.trying.clear()
            text("Inventing people ...")
        await self.hands.later(make)
        self.near = "Rochester, MN"
        self._build()

    def _form(self) -> None:
        with card("Where and what for"):
            with block("gl-form"):
                hint = "55902 or Rochester, MN"
                near = text_field("ZIP code, or city and state", self.near, self._set("near"), longest=80, placeholder=hint)
                near.entry.on("keydown.enter", lambda _: self._first_page(), js_handler="(event) => emit(null)")
                choice_field("Within", WITHIN, self.within, self._set("within"))
                choice_field("For", {name: _capital(use.words) for name, use in uses().items()}, self.use, self._set("use"))
                specialties = {USUAL: "Usual for this use", "delegated": "Nurse practitioners and assistants", "all": "All"}
                specialties |= {name: _capital(name.replace("_", " ")) for name in families()}
                choice_field("Specialty", specialties, self.specialty, self._set("specialty"))
            with block("gl-row"):
                segmented("Order", SORTS, self.sort, self._set("sort"))
                button("Search", self._first_page, primary=True)
            self.status = block().props('role="status"')

    def _set(self, name: str):
        def remember(value: str) -> None:
            setattr(self, name, value)

        return remember

    async def _first_page(self) -> None:
        self.limit = AT_ONCE
        await self._search()

    async def _more(self) -> None:
        self.limit += AT_ONCE
        await self._search()

    async def _search(self) -> None:
        def ask() -> tuple[Found, list[tuple[float, float]]]:
            specialties = () if self.specialty == USUAL else (self.specialty,)
            with open_database(self.database) as connection:
                found = search(
                    connection, self.near, read_distance(self.within), find_use(self.use), sort=self.sort, specialties=specialties,
                    limit=self.limit,
                )  # fmt: skip
                centres = load_centres(connection)
            return found, [(centre[0], centre[1]) for hit in found.hits if (centre := centres.find(hit.zip)) is not None]

        try:
            found, points = await self.hands.soon(ask)
        except GlabellaError as error:
            for box in (self.answer, self.map_box, self.status):
                box.clear()
            with self.status:
                finding("caution", str(error).removeprefix("--near "))
            return
        self._show(found, points)

    def _show(self, found: Found, points: list[tuple[float, float]]) -> None:
        for box in (self.map_box, self.status, self.answer):
            box.clear()
        with self.map_box, card("Map"):
            ui.html(map_svg(found, points), sanitize=False)
            text(MAP_SAYS, "gl-muted gl-small", "p")
        whole = "1 person" if found.people == 1 else f"{found.people} people"
        with self.status:
            text(f"{whole} within {found.within.told}", "gl-visually-hidden", "p")
        with self.answer, card(f"{whole} within {found.within.told}"):
            hidden = told_not_shown(found.not_shown)
            text(f"From the {found.place.words}, for {found.use.words}.{f' {_capital(hidden)}.' if hidden else ''}", "gl-muted", "p")
            if not found.hits:
                text(NOTHING_FOUND, "gl-strong", "p")
            for number, hit in enumerate(found.hits, 1):
                self._person(number, hit, found)
            if len(found.hits) < found.people:
                with block("gl-row"):
                    text(f"The first {len(found.hits)} of {found.people}.", "gl-muted")
                    button("Show more", self._more)
            with ui.element("details").classes("gl-more"):
                text("How sorted", "", "summary")
                text(_capital(found.how_sorted) + ".", "", "p")
                with block("gl-points", "ol"):
                    for hit in found.hits:
                        low, high, most = total(hit.sheet.parts)
                        points_told = f"{low:g}" if low == high else f"{low:g} to {high:g}, the difference is unknown"
                        text(f"{points_told}, of {most:g} points", "gl-number", "li")
            with ui.element("details").classes("gl-more"):
                text("Sources and their days", "", "summary")
                for one in found.sources:
                    text(f"{one.title}: {one.as_of}{f' ({one.old})' if one.old else ''}", "", "p")

    def _person(self, number: int, hit: Hit, found: Found) -> None:
        sheet = hit.sheet
        with ui.element("details").classes("gl-person").props(f'id="person-{number}"'):
            with ui.element("summary"):
                text(f"{number}  {sheet.name}{f', {sheet.credential}' if sheet.credential else ''}", "gl-strong")
                text(f"{_capital(sheet.specialty)} · {sheet.city}, {sheet.state} · {found.within.tell(hit.km)}", "gl-muted gl-person-where")
            _sheet(sheet)


def _sheet(sheet: Sheet) -> None:
    street = f"{sheet.street}, " if sheet.street else ""
    text(f"{street}{sheet.where}{f', telephone {sheet.phone}' if sheet.phone else ''}", "", "p")
    with block("gl-facts", "dl"):
        for fact in sheet.facts:
            text(_capital(fact.topic), "", "dt")
            with block("", "dd"):
                text(_capital(fact.says), "" if fact.known else "gl-muted")
                text(f" {fact.source}{f', {fact.as_of}' if fact.as_of else ''}", "gl-small gl-muted")
    with block("gl-row"):
        link("Check with the state board", sheet.board)
        link("National registry", sheet.registry)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
