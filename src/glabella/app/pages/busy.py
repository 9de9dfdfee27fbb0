"""A calm sign that something is being computed: words that a screen reader hears once, and a bar where progress is known."""

from collections.abc import Callable

from nicegui import ui

from glabella.app.pages.controls import block, text

AFTER_SECONDS = 0.4  # what is quicker needs no sign
TICK_SECONDS = 0.4


class Busy:
    """``show(words, share)`` once something takes long, ``done()`` when it ended. ``share``: asked now and then; None: not known."""

    def __init__(self) -> None:
        with block("gl-busy") as self.box:
            self._words = text("").props('role="status"')
            self._bar = ui.element("progress")
            self._bar.props["aria-label"] = "Progress"
        self._bar.set_visibility(False)
        self._wanted, self._waited = "", 0.0
        self._share: Callable[[], float | None] = lambda: None
        self._timer = ui.timer(TICK_SECONDS, self._tick, active=False)

    def show(self, words: str, share: Callable[[], float | None] = lambda: None) -> None:
        """Something began, or goes on with other words."""
        if words != self._wanted:
            self._wanted, self._waited = words, 0.0
        self._share = share
        self._timer.activate()

    def done(self) -> None:
        """It ended."""
        self._wanted = ""
        self._timer.deactivate()
        self._words.set_text("")
        self._bar.set_visibility(False)

    def _tick(self) -> None:
        self._waited += TICK_SECONDS
        if not self._wanted or self._waited < AFTER_SECONDS:
            return
        self._words.set_text(self._wanted)
        share = self._share()
        if share is None:
            self._bar.props.pop("value", None)
        else:
            self._bar.props["value"] = round(share, 2)
        self._bar.set_visibility(True)
