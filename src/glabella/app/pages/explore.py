"""Explore, for anyone: choose a face, see the licensed treatment, in plain words. No units, no sites, no export."""

from dataclasses import dataclass, replace

from glabella.app.follow import Hands
from glabella.app.pages.controls import block, card, choice_field, link, number_field, segmented, told
from glabella.app.pages.shell import shell
from glabella.app.pages.stage import Document, Stage
from glabella.app.pages.told import tell_dates, tell_side_effects, tell_sources
from glabella.app.services import Services
from glabella.app.workbench import Result
from glabella.errors import GlabellaError
from glabella.frown import FROWN_PATTERNS
from glabella.names import AREAS
from glabella.outcome import CONTRACTION
from glabella.patient import Grades, Patient
from glabella.plan import Plan

PRODUCT = "onabotulinumtoxinA"  # the one with a licensed pattern for every area
DEPTHS = {"light": "Light", "marked": "Marked", "deep": "Deep"}
GRADES = {"light": Grades(0, 1), "marked": Grades(1, 2), "deep": Grades(2, 3)}
AREA_WORDS = {"glabellar": "Between the brows", "forehead": "Forehead", "lateral_canthal": "Beside the eyes"}
FROWN_WORDS = {
    "U": "brows together and down (U)", "V": "strongly down in the middle (V)", "omega": "together and up (omega)",
    "inverted_omega": "down and drawn in (inverted omega)", "converging_arrows": "straight together (arrows)",
}  # fmt: skip
AREAS_OF = {"glabellar": "glabellar", "forehead": "forehead", "lateral_canthal": "lateral_canthal_left"}
NEEDLE = "A fine needle passes the skin and the fat and stops in the muscle. The picture is a cut through the layers where it goes in."
QUESTIONS = (
    "Are you licensed to give this treatment, and how often do you give it?",
    "Which product do you use, and is it licensed for this part of the face?",
    "What would you do with my face, and what would you leave alone?",
    "What are the risks for me, with my health and my medicines?",
    "What happens if I do not like it, or if something goes wrong? Whom do I call, and when?",
    "When should you see me again, and when could it be repeated at the earliest?",
)


@dataclass(frozen=True)
class Wish:
    """What someone chose."""

    sex: str = "female"
    age_years: float = 45.0
    depth: str = "deep"
    area: str = "glabellar"
    frown_pattern: str = "U"

    def patient(self) -> Patient:
        """The person: the chosen area's lines as deep as chosen, the others one step less."""
        order = list(GRADES)
        less = GRADES[order[max(0, order.index(self.depth) - 1)]]
        baseline = {area: GRADES[self.depth] if area.startswith(self.area) else less for area in AREAS}
        return Patient(self.age_years, self.sex, frown_pattern=self.frown_pattern, baseline=baseline)


def explore(services: Services, hands: Hands) -> None:
    """Build the page."""
    wish = Wish()
    with shell("Explore", "/explore"):
        told("What would it do to a face like this?", "", "h1")
        with block("gl-columns"):
            stage = Stage(services, hands, simple=True, overlays=False)
            with block("gl-side"):
                with card("Choose a face"):
                    form = block("gl-form")
                with card("The needle"):
                    told(NEEDLE, "", "p")
                    stage.section()
                with card("What to expect, and when"):
                    dates = block("gl-told")
                with card("What can go wrong"):
                    risks = block("gl-told")
                with card("What to ask a practitioner"), block("gl-questions", "ul"):
                    for question in QUESTIONS:
                        told(question, "", "li")
                    with block("", "li"):
                        link("Straight answers to other questions", "/ask")
                with card("Where this comes from"):
                    sources = block("gl-told")

        def changed(**changes: object) -> str | None:
            nonlocal wish
            try:
                wanted = replace(wish, **changes)  # type: ignore[arg-type]
                patient, plan = wanted.patient(), Plan.label(PRODUCT, wanted.area)
            except GlabellaError as error:
                return str(error)
            wish = wanted
            injections = plan.sessions[0].injections
            stage.look(CONTRACTION[AREAS_OF[wish.area]])
            stage.show(patient, plan)
            stage.select(0, injections)
            return None

        def age(value: float | None) -> str | None:
            return "give an age in years" if value is None else changed(age_years=value)

        with form:
            segmented("Sex", {"female": "Woman", "male": "Man"}, wish.sex, lambda value: changed(sex=value))
            number_field("Age", wish.age_years, age, unit="years", step=1)
            segmented("Lines", DEPTHS, wish.depth, lambda value: changed(depth=value))
            segmented("Where", AREA_WORDS, wish.area, lambda value: changed(area=value))
            choice_field(
                "Way of frowning", {p: FROWN_WORDS[p] for p in FROWN_PATTERNS}, wish.frown_pattern, lambda v: changed(frown_pattern=v)
            )

        def tell(_: Result, document: Document) -> None:
            tell_dates(dates, document, simple=True)
            tell_side_effects(risks, document)
            tell_sources(sources, document)

        stage.on_result(tell)
        changed()
