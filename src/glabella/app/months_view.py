"""The months on the page: the day slider, the curves and the section through the layers. Thin shells; the work is done in the browser."""

from pathlib import Path

import nicegui.elements.echart  # noqa: F401  puts ECharts into the page's import map, as 'nicegui-echart'
from nicegui import ui
from nicegui.element import Element

WEB = Path(__file__).parent / "web"
BUS = "web/glabella_bus.js"
TERMS = "web/glabella_terms.js"


def add_look() -> None:
    """Put the style sheet into the page that is being built."""
    ui.add_css(WEB / "glabella.css")


class TimeBar(Element, component="web/time_bar.js", dependencies=[BUS, TERMS, "web/glabella_time.js"]):
    """Day slider 0 to 365, expressions, before and after, and the day in numbers (in plain words where ``simple``).

    Events: ``loaded`` {url} when a months document is on the page's bus, ``failed`` {message, status}.
    """

    def __init__(self, *, simple: bool = False, months: str | None = None) -> None:
        super().__init__()
        self._props["simple"] = simple
        self._props["months"] = months

    def set_months(self, url: str | None) -> None:
        """Fetch the months document at an own route into the page's bus; None takes it away. The newest call wins."""
        self._props["months"] = url


class Curves(Element, component="web/curves.js", dependencies=[BUS, TERMS, "web/glabella_time.js", "web/glabella_curves.js"]):
    """Charts of the months document on the page's bus, in tabs, with a day marker that follows the bus; a click or drag sets the day."""


class SectionView(Element, component="web/section_view.js", dependencies=[BUS, TERMS, "web/glabella_time.js", "web/glabella_section.js"]):
    """The cut through the layers along one needle.

    ``editable``: the depth can be dragged or moved by arrow keys. ``simple``: plain names and the needle's way step by step.
    Events: ``depth`` {depth_mm} once the hand lets go (never where not editable), ``shown`` {site}, ``failed`` {message, status}.
    """

    def __init__(self, *, simple: bool = False, editable: bool = False, section: str | None = None) -> None:
        super().__init__()
        self._props["simple"] = simple
        self._props["editable"] = editable
        self._props["section"] = section

    def set_section(self, url: str | None) -> None:
        """Show the section at an own route (see ``section_bundle``); None shows none. The newest call wins."""
        self._props["section"] = url
