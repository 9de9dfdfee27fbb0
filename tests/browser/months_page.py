"""A small server with the months on a page, for test_months_view: python -m tests.browser.months_page PORT."""

import datetime
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import JSONResponse, Response
from nicegui import app, ui

import glabella as g
from glabella.app.months import months_document
from glabella.app.months_view import Curves, SectionView, TimeBar, add_look
from glabella.app.places import section_at
from glabella.app.section_bundle import section_bundle
from glabella.app.workbench import Result, Workbench
from glabella.outcome import FRAME

START = datetime.date(2026, 12, 15)
SAMPLES = 4


NAVIGATION = """<nav class="gl-nav" aria-label="Doors"><a href="/simple">Explore</a> <a href="/" aria-current="page">Plan</a>
<a href="/look">Look</a></nav>"""
BENCH = Workbench()
PERSON = g.Patient()


@cache
def result(samples: int) -> Result:
    plan = g.Plan.label("onabotulinumtoxinA", ("glabellar", "lateral_canthal"))
    return BENCH.banded(PERSON, plan, samples=samples, seed=3) if samples else BENCH.course(PERSON, plan)


@cache
def months(samples: int) -> dict[str, Any]:
    return months_document(result(samples), START)


@cache
def sections() -> tuple[bytes, ...]:
    injections = result(0).plan.sessions[0].injections  # type: ignore[union-attr]
    return tuple(section_bundle(section_at(result(0).person, result(0), one)) for one in injections)


def page(simple: bool, dark: bool | None) -> None:
    add_look()
    ui.dark_mode(dark)
    with ui.element("div").classes("gl-page"):
        with ui.element("header").classes("gl-top"):
            ui.html('<a class="gl-brand" href="/">glabella</a>', sanitize=False)
            ui.html(NAVIGATION, sanitize=False).style("margin-right: auto")
            ui.html('<a class="gl-help" href="#help">Get help now</a>', sanitize=False)
        ui.html("<h1>The months</h1>", sanitize=False)
        with ui.element("div").classes("gl-columns"):
            with ui.element("div").classes("gl-face"), ui.element("section").classes("gl-card"):
                TimeBar(simple=simple, months=f"/months/{SAMPLES}.json").on("failed", lambda event: ui.notify(event.args["message"]))
            with ui.element("div").classes("gl-side"):
                with ui.element("section").classes("gl-card"):
                    ui.html("<h2>Through the layers</h2>", sanitize=False)
                    said = ui.label().classes("said gl-visually-hidden")
                    view = SectionView(simple=simple, editable=not simple, section="/section/0.bin")
                    view.on("depth", lambda event: said.set_text(f"depth {event.args['depth_mm']}"))
                with ui.element("section").classes("gl-card"):
                    ui.html("<h2>Curves</h2>", sanitize=False)
                    Curves()
        ui.html(f'<p class="gl-frame">{FRAME}</p>', sanitize=False)


def look(dark: bool | None) -> None:
    """Every class of the style sheet once."""
    add_look()
    ui.dark_mode(dark)
    with ui.element("div").classes("gl-page"):
        ui.html((Path(__file__).parent / "look.html").read_text("utf-8"), sanitize=False)
        with ui.element("section").classes("gl-card"):
            ui.html("<h2>Quasar</h2>", sanitize=False)
            with ui.element("div").classes("gl-row"):
                ui.input("A text", value="written").props("outlined")
                ui.input("Filled", placeholder="empty").props("filled")
                ui.select(["one", "two"], value="one", label="A choice").props("outlined")
                ui.button("Do it", on_click=lambda: dialog.open())
                ui.button("Outline").props("outline")
                ui.button("Not now").props("disable")
                ui.checkbox("Tick", value=True)
                ui.switch("Switch", value=True)
            with ui.tabs() as tabs:
                ui.tab("First")
                ui.tab("Second")
            tabs.set_value("First")
        with ui.dialog() as dialog, ui.card():
            ui.label("Sure?")
            ui.button("Yes", on_click=dialog.close)
        ui.html(f'<p class="gl-frame">{FRAME}</p>', sanitize=False)


def serve(port: int) -> None:
    for make in (lambda: months(SAMPLES), lambda: months(0), sections):  # computed before the first page asks
        make()
    modes: Mapping[str, bool | None] = {"": None, "light/": False, "dark/": True}
    for prefix, dark in modes.items():
        ui.page(f"/{prefix}", title="months")(lambda dark=dark: page(False, dark))
        ui.page(f"/{prefix}simple", title="months, simple")(lambda dark=dark: page(True, dark))
        ui.page(f"/{prefix}look", title="look")(lambda dark=dark: look(dark))
    app.get("/months/{samples}.json")(lambda samples: JSONResponse(months(int(samples))))
    app.get("/section/{number}.bin")(lambda number: Response(sections()[int(number)], media_type="application/octet-stream"))
    ui.run(port=port, host="127.0.0.1", show=False, reload=False, language="en-US", reconnect_timeout=60, favicon="💉")


if __name__ in {"__main__", "__mp_main__"}:
    serve(int(sys.argv[1]))
