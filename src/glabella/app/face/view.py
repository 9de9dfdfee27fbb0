"""The 3D face as an element of a NiceGUI page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from nicegui.element import Element

NAMES = ("glabella_bus", "glabella_terms", "glabella_face_data", "glabella_face_shaders", "glabella_face_marks", "glabella_face")
LIBRARIES: list[str | Path] = [f"../web/{name}.js" for name in NAMES]


class FaceView(Element, component="../web/face_view.js", dependencies=LIBRARIES):
    """One person's face, moved and creased by the months document on the page's bus (``window.glabella``).

    Events: ``ready``; ``pick`` {point, triangle, barycentric} where the skin was clicked in mode ``place``; ``select`` {id};
    ``drag_end`` {id, point}; ``failed`` {message, status}. Points are [x, y, z] mm on the resting skin, in the frame of ``glabella.face``.
    """

    def __init__(self, *, person: str | None = None, buttons: bool = True) -> None:
        super().__init__()
        self._props["person"] = person
        self._props["buttons"] = buttons

    def set_person(self, url: str) -> None:
        """Show the face bundle at an own route."""
        self._props["person"] = url
        self.run_method("set_person", url)

    def set_sites(self, sites: Sequence[Mapping[str, Any]]) -> None:
        """Sites to show: id, label, units, point (mm on the resting skin), selected, side, beyond_label."""
        self.run_method("set_sites", [dict(site) for site in sites])

    def set_overlay(
        self, kind: Literal["none", "dose", "muscles", "landmarks", "risk"], url: str | None = None, legend: Mapping[str, Any] | None = None
    ) -> None:
        """Lay something over the face; ``url`` for dose and risk; ``legend`` replaces the overlay's own title or note."""
        self.run_method("set_overlay", {"kind": kind, "url": url, "legend": dict(legend or {})})

    def set_mode(self, mode: Literal["place", "look"]) -> None:
        """Whether a click on the skin places a site."""
        self.run_method("set_mode", mode)

    def look_at(self, side: Literal["front", "left", "right"]) -> None:
        """Turn the face: seen from the front, from the person's left or right."""
        self.run_method("look_at", side)
