"""Puts the pages and their routes on the server."""

from functools import partial
from threading import Thread

from nicegui import app, ui

from glabella.app.export_routes import export_router
from glabella.app.follow import Hands
from glabella.app.pages.ask import ask_page
from glabella.app.pages.explore import explore
from glabella.app.pages.home import home
from glabella.app.pages.plan import new_plan, plan_page
from glabella.app.pages.providers import practitioners
from glabella.app.pages.train import train
from glabella.app.photo_routes import photo_router
from glabella.app.services import Services
from glabella.app.view_routes import Answers, view_router, warm_up

RECONNECT_SECONDS = 60.0  # a page keeps its state on the server for so long when the line is cut


def register(services: Services) -> None:
    """Pages at /, /explore, /ask, /plan, /plan/ID, /train, /practitioners; data under /view; papers and pictures under REST's notes."""
    hands, answers = Hands(), Answers()
    app.on_startup(lambda: Thread(target=warm_up, args=(services, answers), name="glabella-warm-up", daemon=True).start())
    app.include_router(view_router(services, hands, answers))
    app.include_router(export_router(services, hands))
    app.include_router(photo_router(services.photos))

    @ui.page("/", reconnect_timeout=RECONNECT_SECONDS)
    def _home() -> None:
        home(services, hands)

    @ui.page("/explore", reconnect_timeout=RECONNECT_SECONDS)
    def _explore() -> None:
        explore(services, hands)

    @ui.page("/ask", reconnect_timeout=RECONNECT_SECONDS)
    def _ask(q: str = "", answer: str = "") -> None:
        ask_page(q, answer)

    @ui.page("/plan", reconnect_timeout=RECONNECT_SECONDS)
    async def _plan() -> None:
        newest = await hands.keep(partial(services.store.list, limit=1))
        ui.navigate.to(f"/plan/{newest[0].id if newest else await new_plan(services, hands)}")

    @ui.page("/plan/{note_id}", reconnect_timeout=RECONNECT_SECONDS)
    async def _plan_of(note_id: str) -> None:
        await plan_page(services, hands, note_id)

    @ui.page("/train", reconnect_timeout=RECONNECT_SECONDS)
    def _train(case: str = "", seed: int = 1) -> None:
        train(services, hands, case, seed)

    @ui.page("/practitioners", reconnect_timeout=RECONNECT_SECONDS)
    def _practitioners() -> None:
        practitioners(services, hands)
