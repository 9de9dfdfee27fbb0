"""The plans that are kept: open one, delete one, bring it back."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from nicegui import ui

from glabella.app.follow import Hands
from glabella.app.pages.controls import block, button, link, text
from glabella.app.services import Services
from glabella.app.store import Entry, NotFoundError

MOST = 12


class PlanList:
    """The latest plans. ``current``: id of the one that the page shows; ``on_gone(gone)`` hears when that is deleted or brought back."""

    def __init__(self, services: Services, hands: Hands, current: str = "", on_gone: Callable[[bool], None] = lambda gone: None) -> None:
        self._store, self._hands, self._current, self._on_gone = services.store, hands, current, on_gone
        self._client = ui.context.client
        self.undo = block("gl-row").props('role="status"')
        self.box = block("gl-told")
        self.refresh()

    def refresh(self) -> None:
        """List anew; the file is read beside the event loop."""
        self._reading = asyncio.get_running_loop().create_task(self._list())

    async def _list(self) -> None:
        entries = await self._hands.keep(partial(self._store.list, limit=MOST))
        with self._client:
            self.box.clear()
            with self.box:
                if not entries:
                    text("No plans yet.", "gl-muted", "p")
                for entry in entries:
                    with block("gl-row gl-own"):
                        link(f"{entry.title}, {entry.saved[:10]}", f"/plan/{entry.id}")
                        if entry.id == self._current:
                            text("this one", "gl-chip")
                        name = f"Delete {entry.title}"
                        button("✕", partial(self._delete, entry), name=name, tip="Delete this plan; it can be brought back", quiet=True)

    async def _delete(self, entry: Entry) -> None:
        with suppress(NotFoundError):  # another tab was quicker
            await self._hands.keep(partial(self._store.delete, entry.id))
        if entry.id == self._current:
            self._on_gone(True)
        self.undo.clear()
        with self.undo:
            text(f"Deleted: {entry.title}")
            button("Bring it back", partial(self._restore, entry))
        await self._list()

    async def _restore(self, entry: Entry) -> None:
        await self._hands.keep(partial(self._store.restore, entry.id))
        self.undo.clear()
        if entry.id == self._current:
            self._on_gone(False)
        await self._list()
