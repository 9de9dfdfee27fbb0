"""Ask, for anyone: a question in one's own words, or one from the list; the answer with its verdict, numbers and sources."""

from nicegui import ui

from glabella.app.pages.controls import block, card, finding, link, text, told
from glabella.app.pages.shell import shell
from glabella.ask import Answer, Found, ask, find_answer, load_themes
from glabella.ask.answers import Source
from glabella.ask.search import LONGEST_QUESTION
from glabella.ask.show import simulated_words
from glabella.errors import InputError

ADDRESS = "/ask"
CHIPS = {"supported": "gl-chip gl-chip-accent", "imprecise": "gl-chip gl-chip-caution", "wrong": "gl-chip gl-chip-refuse"}
LEAD = "Ask in your own words. Answers come from published figures and labels, and say where they come from; nothing is made up."


def ask_page(question: str, key: str) -> None:
    """Build the page. ``question``: what was asked, '' for nothing yet; ``key``: of an answer from the list, '' for none."""
    with shell("Ask", ADDRESS):
        text("Straight answers", "", "h1")
        text(LEAD, "gl-lead", "p")
        _search_field(question)
        with block("gl-columns"):
            with block("gl-side"), ui.element("section").props('aria-label="Answer"').classes("gl-answer"):
                _show(question, key)
            with block("gl-side"):
                _questions()


def _search_field(question: str) -> None:
    """A native form: Enter asks, and the address of the answer can be kept."""
    with ui.element("form").classes("gl-row gl-ask").props(f'action="{ADDRESS}" method="get" role="search"'):
        with block("gl-field"):
            label = text("Your question", "gl-label", "label")
            field = ui.element("input")
            for name, value in (("type", "search"), ("name", "q"), ("value", question), ("maxlength", LONGEST_QUESTION)):
                field.props[name] = value
            field.props["placeholder"] = "for instance: how long does it last?"
            field.props["autocomplete"] = "off"
            label.props["for"] = field.html_id
        with ui.element("button").classes("gl-button gl-button-primary") as go:
            text("Ask")
        go.props["type"] = "submit"


def _show(question: str, key: str) -> None:
    if key:
        try:
            _answer(find_answer(key))
        except InputError:
            finding("caution", "There is no such answer; choose one from the list.")
    elif question.strip():
        try:
            _found(ask(question))
        except InputError as error:
            finding("caution", str(error))
    else:
        with card("Often asked"):
            for one in ("side_effects", "how_long", "frozen", "undo", "ruins_skin"):
                _question_link(find_answer(one))


def _found(found: Found) -> None:
    if found.answer is not None:
        _answer(found.answer)
        title = "See also"
    else:
        with card("Not covered"):
            text("There is no answer to this question here, and none is made up.", "", "p")
            with block("", "p"):
                text("Get help now: ", "gl-strong")
                told(found.get_help, "")
        title = "The nearest that are answered"
    if found.nearest:
        with card(title):
            for one in found.nearest:
                _question_link(one)


def _answer(answer: Answer) -> None:
    seen: set[str] = set()  # terms are explained where they stand first
    with card(answer.question):
        with block("", "p"):
            text(answer.verdict_words, CHIPS.get(answer.verdict, "gl-chip"))
            if answer.claim:
                told(f" The claim: {answer.claim}", "gl-muted", seen=seen)
        with block("gl-told"):
            for one in answer.says:
                told(one.text, "", "p", seen=seen)
        if answer.simulated:
            with block("", "details"):
                text("Simulated by this program", "", "summary")
                told("Median, and from the 5th to the 95th of a hundred computed people.", "gl-muted", "p", seen=seen)
                with block("gl-sources", "ul"):
                    for row in answer.simulated:
                        told(simulated_words(row), "", "li", seen=seen)
        if answer.sources:
            _sources(answer.sources)


def _sources(sources: tuple[Source, ...]) -> None:
    with block("", "details"):
        text(f"{len(sources)} {'source' if len(sources) == 1 else 'sources'}", "", "summary")
        with block("gl-sources", "ul"):
            for source in sources:
                with block("", "li"):
                    text(f"{source.reference} ")
                    if source.reference.link:
                        link(source.reference.site, source.reference.link)
                    if source.remark:
                        text(f" ({source.remark})", "gl-muted")


def _questions() -> None:
    """All questions, by theme."""
    with card("All questions"):
        for theme in load_themes():
            with block("gl-theme", "details"):
                text(theme.title, "", "summary")
                with block("gl-questions", "ul"):
                    for one in theme.answers:
                        with block("", "li"):
                            link(one.question, f"{ADDRESS}?answer={one.key}")


def _question_link(answer: Answer) -> None:
    with block("", "p"):
        link(answer.question, f"{ADDRESS}?answer={answer.key}")
