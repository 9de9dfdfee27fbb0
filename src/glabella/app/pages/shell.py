"""What every page has: the head, the way to the other doors, help that is always one tap away, and the frame."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from glabella.app.months_view import WEB, add_look
from glabella.app.pages.controls import Glossary, block, button, link, text, told
from glabella.app.words import label_emergency_text
from glabella.outcome import FRAME

DOORS = {"/explore": "Explore", "/plan": "Plan", "/train": "Train", "/practitioners": "Practitioners", "/ask": "Ask"}
THEMES = {None: "Light or dark: as the device", False: "Light", True: "Dark"}


@contextmanager
def shell(title: str, active: str) -> Iterator[None]:
    """A page with the top bar and the frame; the body goes inside. ``active``: address of the door, '' at home."""
    add_look()
    ui.add_css(WEB / "pages.css")
    ui.page_title(f"{title} · glabella" if title != "glabella" else "glabella: a treatment simulator")
    ui.colors(primary="#0b5c8f")
    dark = ui.dark_mode(None)
    Glossary()
    help_dialog = _help_dialog()
    with block("gl-page"):
        with block("gl-top", "header"):
            link("glabella", "/", "gl-brand")
            with block("gl-nav", "nav").props('aria-label="Doors"'):
                for address, words in DOORS.items():
                    door = link(words, address)
                    if address == active:
                        door.props["aria-current"] = "page"
            themes = list(THEMES)

            def turn() -> None:
                dark.value = themes[(themes.index(dark.value) + 1) % len(themes)]
                ui.notify(THEMES[dark.value], position="top", timeout=1200)

            button("◐", turn, name="Light or dark", tip="Light, dark, or as the device", quiet=True)
            help_now = button("Get help now", help_dialog.open, tip="Trouble swallowing, speaking or breathing after a treatment")
            help_now.classes(replace="gl-help")
        text(FRAME[0].upper() + FRAME[1:] + ". It informs; it never tells a person what to do.", "gl-frame", "p")
        yield


def _help_dialog() -> ui.dialog:
    words = label_emergency_text()
    with ui.dialog().props('aria-label="Get help now"') as dialog, ui.card().classes("gl-card gl-dialog"):
        text("Get help now", "", "h2")
        for paragraph in words.paragraphs:
            told(paragraph, "", "p")
        text(f"Source: {words.source}", "gl-muted", "p")
        button("Close", dialog.close, primary=True)
    return dialog
