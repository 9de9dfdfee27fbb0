"""The photo and the field it is dropped on, as elements of a NiceGUI page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nicegui.element import Element

from glabella.app.photos import CONFIRM, MOST_BYTES

LIBRARIES: list[str | Path] = [f"web/{name}.js" for name in ("glabella_bus", "glabella_terms", "glabella_face_marks", "glabella_photo")]


class PhotoDrop(Element, component="web/photo_drop.js", dependencies=["web/glabella_bus.js"]):
    """A field for one file, which goes to ``url``. Events: ``sent``; ``refused`` with the line that says why."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.props["url"], self.props["open"], self.props["most"] = url, False, MOST_BYTES
        self.props["closed_words"] = f"{CONFIRM[0].upper()}{CONFIRM[1:]}"

    def set_open(self, is_open: bool) -> None:
        """Whether a file is taken."""
        self.props["open"] = is_open


class PhotoView(Element, component="web/photo_view.js", dependencies=LIBRARIES):
    """A photo with sites. Events: ``pick`` {x, y} and ``drag_end`` {id, x, y} in pixels of the picture; ``select`` {id}; ``nudge`` {id,
    right, up}; ``ready``; ``failed`` {message, status}."""

    def __init__(self) -> None:
        super().__init__()
        self.props["picture"], self.props["sites"], self.props["anatomy"], self.props["mode"] = None, [], None, "place"

    def set_picture(self, url: str | None, frame: Sequence[int] = ()) -> None:
        """Show the part ``frame`` (left, top, width, height) of a picture at an own route; None: nothing."""
        self.props["picture"] = None if url is None else {"url": url, "frame": list(frame)}

    def come_into_view(self) -> None:
        """Scroll there, so that the photo stands beside the face."""
        self.run_method("come_into_view")

    def set_sites(self, sites: Sequence[Mapping[str, Any]]) -> None:
        """Sites to show: id, label, words, units, pixel, seen, selected, beyond_label."""
        if list(sites) != self.props["sites"]:
            self.props["sites"] = [dict(site) for site in sites]
        else:
            self.run_method("settle")

    def set_anatomy(self, anatomy: Mapping[str, Any] | None) -> None:
        """Lay outlines over the photo: see ``glabella.app.photo_marks``."""
        self.props["anatomy"] = anatomy

    def set_mode(self, mode: str) -> None:
        """Whether a click places a site: 'place' or 'look'."""
        self.props["mode"] = mode
