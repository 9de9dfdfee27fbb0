"""Fields of the forms: native inputs with a visible label, which keyboards and screen readers know by heart."""

import datetime
from collections.abc import Callable, Mapping, MutableSet
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from glabella.app.glossary import find_terms, glossary, whole_words

EMIT_CHECKED = "(event) => emit(event.target.checked)"


def text(words: str, classes: str = "", tag: str = "span") -> TextElement:
    """Plain text in an element of its own."""
    element = TextElement(tag=tag, text=words)
    element.classes(classes)
    return element


class Told(Element, component="../web/told.js", dependencies=["../web/glabella_terms.js"]):
    """Text whose technical terms are marked and explained."""

    def __init__(self, words: str, tag: str, *, known: tuple[str, ...] = (), mark: bool = False, labels: str = "") -> None:
        super().__init__()
        self.props["tag"], self.props["words"], self.props["known"] = tag, words, list(known)
        self.props["mark"], self.props["labels"] = mark, labels

    def set_text(self, words: str) -> None:
        """Show other words."""
        if self.props["words"] != words:
            self.props["words"] = words


class Glossary(Element, component="../web/glossary.js", dependencies=["../web/glabella_terms.js"]):
    """What the terms of a page mean, once on every page, before all other text."""

    def __init__(self) -> None:
        super().__init__()
        self.props["terms"] = [{"key": key, "says": term.says, "words": whole_words(term.words)} for key, term in glossary().items()]


def told(words: str, classes: str = "", tag: str = "span", *, seen: MutableSet[str] | None = None) -> TextElement | Told:
    """Text in an element of its own, its technical terms marked and explained: where they occur first, and not those in ``seen``."""
    terms = find_terms(words)
    new = [term for term in terms if seen is None or term not in seen]
    if not new:
        return text(words, classes, tag)
    known = tuple(term for term in terms if term not in new)
    if seen is not None:
        seen |= set(new)
    element = Told(words, tag, known=known)
    element.classes(classes)
    return element


def explain(element: Element, words: str) -> None:
    """Let a control explain the first term in its words when it has the focus or the pointer."""
    for term in find_terms(words)[:1]:
        element.props["data-term"] = term
        element.props["aria-describedby"] = f"gl-says-{term}"


class Entry(Element, component="../web/field.js"):
    """A native input, textarea or select; the text in it belongs to whoever types."""

    def __init__(self, tag: str, value: Any, attributes: Mapping[str, Any], options: Mapping[str, str] | None, send: str) -> None:
        super().__init__()
        self.props["tag"], self.props["send"] = tag, send
        self.props["attributes"] = dict(attributes)
        self.props["options"] = [list(option) for option in (options or {}).items()]
        self.props["value"] = "" if value is None else value

    def remember(self, value: Any) -> None:
        """Know what was typed without sending it back."""
        with self.props.suspend_updates():
            self.props["value"] = value

    def show(self, value: Any) -> None:
        """Show another value."""
        value = "" if value is None else value
        if self.props["value"] != value:
            self.remember(value)
            self.run_method("set_value", value)


class Field:
    """A labelled native input that sends ``edit``. ``set`` shows another value; ``say`` writes a remark under it."""

    def __init__(
        self, label: str, tag: str, value: Any, attributes: Mapping[str, Any], edited: Callable[[str], str | None], *,
        options: Mapping[str, str] | None = None, send: str = "input", hidden_label: bool = False, tip: str = "",
    ) -> None:  # fmt: skip
        with ui.element("div").classes("gl-field") as self.box:
            marked = not hidden_label and bool(find_terms(label))
            self.label = Told(label, "label", mark=True) if marked else text(label, "", "label")
            self.label.classes("gl-visually-hidden" if hidden_label else "gl-label")
            self.entry = Entry(tag, value, attributes, options, send)
            self.remark = ui.element("span").classes("gl-remark").props('role="status"')
        self.label.props["labels" if marked else "for"] = self.entry.html_id
        described = [f"gl-says-{term}" for term in find_terms(label)[:1]] + [self.remark.html_id]
        self.entry.props["attributes"] = {**attributes, "aria-describedby": " ".join(described)}
        self._said = ""
        if tip:
            self.box.props["title"] = tip

        def changed(event: Any) -> None:
            self.entry.remember(event.args)
            self.say(edited(str(event.args)) or "")

        self.entry.on("edit", changed)

    def set(self, value: Any) -> None:
        """Show ``value``."""
        self.entry.show(value)

    def say(self, remark: str, severity: str = "caution") -> None:
        """A remark under the field, none with empty text."""
        if remark == self._said:
            return
        self._said = remark
        self.remark.clear()
        self.remark.classes(replace=f"gl-remark gl-remark-{severity}" if remark else "gl-remark")
        if remark:
            with self.remark:
                text(remark)


def number_field(
    label: str, value: float | None, on_change: Callable[[float | None], str | None], *, unit: str = "", least: float | None = None,
    most: float | None = None, step: float | str = "any", hidden_label: bool = False, tip: str = "",
) -> Field:  # fmt: skip
    """A number that is sent as it is typed; ``on_change`` gets it (None when empty) and may return what is wrong with it."""
    attributes: dict[str, Any] = {"type": "number", "inputmode": "decimal", "step": step, "autocomplete": "off"}
    attributes |= {name: limit for name, limit in (("min", least), ("max", most)) if limit is not None}

    def edited(given: str) -> str | None:
        try:
            number = float(given) if given.strip() else None
        except ValueError:
            return f"'{given}' is not a number"
        return on_change(number)

    words = f"{label}, {unit}" if unit else label
    return Field(words, "input", shown_number(value), attributes, edited, hidden_label=hidden_label, tip=tip)


def shown_number(value: float | None) -> str:
    """A number as a field shows it."""
    return "" if value is None else f"{value:.6g}"


def text_field(
    label: str, value: str, on_change: Callable[[str], str | None], *, lines: int = 1, longest: int = 120, placeholder: str = ""
) -> Field:
    """Text that is sent as it is typed."""
    attributes: dict[str, Any] = {"maxlength": longest, "placeholder": placeholder, "autocomplete": "off"}
    attributes |= {"rows": lines} if lines > 1 else {"type": "text"}
    return Field(label, "textarea" if lines > 1 else "input", value, attributes, on_change)


def date_field(label: str, value: datetime.date | None, on_change: Callable[[datetime.date | None], str | None]) -> Field:
    """A calendar date, or none."""

    def edited(given: str) -> str | None:
        try:
            return on_change(datetime.date.fromisoformat(given) if given else None)
        except ValueError:
            return "not a date"

    return Field(label, "input", value.isoformat() if value else "", {"type": "date"}, edited, send="change")


def choice_field(
    label: str, options: Mapping[str, str], value: str, on_change: Callable[[str], str | None], *, hidden_label: bool = False, tip: str = ""
) -> Field:
    """One of several, as a native list."""
    return Field(label, "select", value, {}, on_change, options=options, send="change", hidden_label=hidden_label, tip=tip)


def check_field(label: str, value: bool, on_change: Callable[[bool], None]) -> Element:
    """A native check box with its words beside it."""
    with ui.element("label").classes("gl-check") as box:
        tick = ui.element("input")
        tick.props["type"] = "checkbox"
        tick.props["checked"] = value
        explain(tick, label)
        text(label)
    tick.on("change", lambda event: on_change(bool(event.args)), js_handler=EMIT_CHECKED)
    return box


def segmented(
    legend: str, options: Mapping[str, str], value: str, on_change: Callable[[str], Any], *, tips: Mapping[str, str] | None = None
) -> Element:
    """One of a few, side by side: native radio buttons in a group with a legend."""
    with ui.element("fieldset").classes("gl-segmented") as group:
        told(legend, "gl-label", "legend")
        name = f"segmented-{group.id}"
        for key, words in options.items():
            with ui.element("label") as box:
                radio = ui.element("input")
                for prop, given in (("type", "radio"), ("name", name), ("value", key), ("checked", key == value)):
                    radio.props[prop] = given
                text(words)
            if tips and key in tips:
                box.props["title"] = tips[key]
            explain(radio, words)
            radio.on("change", lambda _, key=key: on_change(key), js_handler="(event) => emit(null)")
    return group


def button(
    words: str, on_click: Callable[[], Any], *, primary: bool = False, tip: str = "", name: str = "", quiet: bool = False
) -> Element:
    """A native button. ``name``: what a screen reader says where the words are a sign."""
    kind = "gl-button gl-button-primary" if primary else "gl-button gl-button-quiet" if quiet else "gl-button"
    element = ui.element("button").classes(kind)
    element.props["type"] = "button"
    with element:
        text(words)
    if tip:
        element.props["title"] = tip
    if name:
        element.props["aria-label"] = name
    explain(element, words)
    element.on("click", lambda _: on_click(), js_handler="(event) => emit(null)")
    return element


def enable(element: Element, enabled: bool) -> None:
    """Let a button be pressed, or not."""
    if element.props.get("disabled", False) != (not enabled):
        element.props["disabled"] = not enabled
        element.update()


LONGEST_NUMBER = 28  # letters of a cell that is still a number with its band
SEVERITY_WORDS = {"refuse": "Not allowed", "caution": "Caution", "info": "Note"}


def finding(severity: str, words: str, more: str = "") -> Element:
    """A remark with a sign, a word and a colour."""
    element = block(f"gl-finding gl-finding-{severity}", "p")
    with element:
        text(SEVERITY_WORDS[severity], "", "b")
        with block("", "span"):
            told(words)
            if more:
                told(f" ({more})", "gl-muted")
    return element


def card(title: str, level: str = "h2") -> Element:
    """A card with a heading; use it in a with statement."""
    element = ui.element("section").classes("gl-card")
    with element:
        told(title, "", level)
    return element


def block(classes: str = "", tag: str = "div") -> Element:
    """A plain element with classes."""
    return ui.element(tag).classes(classes)


def link(words: str, target: str, classes: str = "", *, download: bool = False) -> Element:
    """A link; ``download`` keeps the page where it is."""
    element = ui.element("a").classes(classes)
    element.props["href"] = target
    if download:
        element.props["download"] = True
    with element:
        text(words)
    return element


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> Element:
    """A plain table with a caption."""
    with block("gl-table-wrap"), ui.element("table").classes("gl-table") as element:
        text(caption, "gl-visually-hidden", "caption")
        seen: set[str] = set()
        with ui.element("thead"), ui.element("tr"):
            for heading in headings:
                told(heading, "", "th", seen=seen).props('scope="col"')
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    told(row[0], "", "th", seen=seen).props('scope="row"')
                    for value in row[1:]:
                        told(value, "gl-number" if len(value) <= LONGEST_NUMBER else "", "td", seen=seen)
    return element
