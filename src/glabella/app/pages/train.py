"""Train: treat six case faces from memory, then see sites and muscles, and what would have happened. Repeatable by seed."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
from nicegui import ui

from glabella.app.desk import Desk, usual_injection
from glabella.app.follow import Hands
from glabella.app.note import Note
from glabella.app.pages.busy import Busy
from glabella.app.pages.controls import block, button, card, finding, table, text, told
from glabella.app.pages.shell import shell
from glabella.app.pages.sites_table import Neutral, SitesTable, site_words
from glabella.app.pages.stage import AIM, Stage
from glabella.app.places import place_at
from glabella.app.services import Services
from glabella.app.training.cases import Case, case_of, load_cases
from glabella.app.training.landmarks import LANDMARKS, landmark_words, place_of
from glabella.app.training.score import Score, score_placement
from glabella.errors import GlabellaError, InputError
from glabella.evidence.patterns import licensed_muscle
from glabella.plan import Injection
from glabella.treatment import Person


def train(services: Services, hands: Hands, name: str, seed: int) -> None:
    """Build the page. ``name``: of a case, '' for the list of them."""
    with shell("Train", "/train"):
        if not name:
            _choose()
            return
        try:
            case = case_of(name, seed)
        except InputError as error:
            told("No such case", "", "h1")
            finding("caution", str(error))
            _choose()
            return
        TrainPage(services, hands, case, seed)


def _choose() -> None:
    told("Treat a case from memory", "", "h1")
    told("Six people who do not exist. Place the needles, then see what lies under the skin and what would have happened.", "gl-lead", "p")
    with block("gl-doors", "nav").props('aria-label="Cases"'):
        for case in load_cases():
            with ui.element("a").classes("gl-door") as door:
                text(case.title, "", "h2")
                told(case.story, "", "p")
            door.props["href"] = f"/train?case={case.name}&seed=1"


class TrainPage:
    """One case being treated."""

    def __init__(self, services: Services, hands: Hands, case: Case, seed: int) -> None:
        self.services, self.hands, self.case, self.seed = services, hands, case, seed
        self.desk = Desk(Note(case.title, case.patient, case.product))
        self.revealed = False
        told(case.title, "", "h1")
        with block("gl-columns"):
            self.stage = Stage(services, hands, overlays=False, placing=True)
            with block("gl-side"):
                with card("The case"):
                    told(case.story, "", "p")
                    told(case.task, "gl-strong", "p")
                    told(
                        "Click on the face to place a needle, or start from a landmark in the table. Drag or nudge to move.",
                        "gl-muted",
                        "p",
                    )
                with card("Your needles"):
                    self.table = SitesTable(self.desk, self.take, self.stage.depths, self._neutral())
                    with block("gl-row"):
                        button("Undo", self.desk.undo)
                        button("Redo", self.desk.redo)
                        button("Reveal", self._reveal, primary=True)
                self.busy = Busy()
                self.answer = block("gl-told").props('role="status"')
                with card("Again"), block("gl-row"):
                    button("The same face", lambda: ui.navigate.to(f"/train?case={case.name}&seed={seed}"))
                    button("Another face like it", lambda: ui.navigate.to(f"/train?case={case.name}&seed={seed + 1}"))
                    button("All cases", lambda: ui.navigate.to("/train"))
        self.stage.face.on("pick", lambda event: self._at(np.array(event.args["point"], float), None))
        self.stage.face.on("select", lambda event: self.take(int(event.args["id"])) if int(event.args["id"]) < AIM else None)
        self.stage.face.on("drag_end", lambda event: self._at(np.array(event.args["point"], float), int(event.args["id"])))
        self.desk.listen(lambda rows: self._changed())
        self.stage.on_result(lambda result, document: self.table.show_depths())
        self.stage.show(case.patient, None)

    def _neutral(self) -> Neutral:
        def person() -> Person:
            if self.stage.result is None:
                raise InputError("the face is still being built; try again in a moment")
            return self.stage.result.person

        def words(injection: Injection) -> str:
            try:
                return landmark_words(person(), injection)
            except InputError:
                return ""

        return Neutral(LANDMARKS, lambda name, taken: place_of(person(), name, taken), words)

    def take(self, number: int) -> None:
        """Take a needle in hand."""
        self.desk.select(number)

    def _at(self, point: np.ndarray, number: int | None) -> None:
        if self.stage.result is None or self.revealed or (number is not None and number >= AIM):
            return
        injections = self.desk.note.injections
        try:
            taken = {one.site for n, one in enumerate(injections) if n != number}
            site, lateral_mm, up_mm = place_at(self.stage.result.person, point, taken)
            if number is None:
                self.desk.add(usual_injection(self.case.product, site, lateral_mm, up_mm))
            else:
                one = injections[number]
                target = None if one.target_muscle is None else licensed_muscle(site)
                moved = replace(one, site=site, target_muscle=target, lateral_mm=lateral_mm, up_mm=up_mm)
                self.desk.set_injection(number, moved, rows=True)
        except InputError as error:
            ui.notify(str(error), position="top", type="warning", timeout=4000)

    def _changed(self) -> None:
        self.stage.select(self.desk.selected, self.desk.note.injections)

    async def _reveal(self) -> None:
        placed = self.desk.note.injections
        self.answer.clear()
        if not placed:
            with self.answer:
                finding("caution", "Place at least one needle first; then reveal.")
            return
        self.busy.show("Looking under the skin")
        try:
            score = await self.hands.later(lambda: score_placement(self.case, placed, self.services.workbench))
        except GlabellaError as error:
            self.answer.clear()
            with self.answer:
                finding("caution", str(error))
            return
        finally:
            self.busy.done()
        self.revealed = True
        self.stage.show_aims(self.case.reference.sessions[0].injections)
        self.stage.set_overlay("muscles")
        self._tell(score)
        with suppress(InputError):  # what is wrong with the plan stands in the score
            self.stage.show(self.case.patient, self.desk.note.plan(), placed)

    def _tell(self, score: Score) -> None:
        self.answer.clear()
        with self.answer:
            with card("How close"):
                told(_summary(score), "gl-strong", "p")
                rows = []
                for one in score.needles:
                    name = site_words(one.site) if one.site else "no target near"
                    off = "missing" if one.verdict == "missing" else "" if one.off_mm is None else f"{one.off_mm:.1f}"
                    rows.append((name, off, f"{one.units:g}", f"{one.target_units:g}", " ".join(one.remarks)))
                table(("Target", "mm off", "Units", "Target units", "What to notice"), rows, "Needles against targets")
            with card("What would have happened"):
                for sentence in score.told:
                    told(sentence, "", "p")
                if score.placed is not None:
                    risks = [
                        (name.replace("_", " "), f"{units:.4f}", f"{score.reference.at_risk_units[name]:.4f}")
                        for name, units in score.placed.at_risk_units.items()
                    ]
                    table(("Units taken up where they should not be", "Yours", "Reference"), risks, "Dose at structures at risk")
                    told("Slide the days under the face to watch it.", "gl-muted", "p")
            with card("What to learn"):
                told(self.case.learn, "", "p")


def _summary(score: Score) -> str:
    """How close, in one line."""
    close = f"On average {score.mean_off_mm:.1f} mm off, at most {score.largest_off_mm:.1f} mm"
    missing = f"; {len(score.missing)} missing" if score.missing else ""
    extra = f"; {len(score.extra)} where no target is" if score.extra else ""
    return f"{close}{missing}{extra}. {score.units:g} U placed, {score.reference_units:g} U in the reference."
