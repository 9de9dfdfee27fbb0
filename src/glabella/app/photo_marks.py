"""What lies over a photo: the sites of a plan, muscles and landmarks of the fitted head, in pixels of the picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glabella.app.face.bundle import SHOWN_CURVES
from glabella.app.places import site_at
from glabella.errors import GlabellaError
from glabella.names import without_side
from glabella.photo import FittedHead
from glabella.photo.places import on_picture
from glabella.plan import Injection
from glabella.report.anatomy_picture import COLOURS
from glabella.stages.anatomy import Atlas
from glabella.treatment import Person

BONE, SOFT, BROW = "#05477a", "#454d54", "#5c3b29"  # as the 3D view has them
NAMED = ("notch", "nasion", "glabella", "trichion", "canthus")
LEAST_RUN = 2
STEP, FEW = 2, 40  # every other point of a curve of more than a few is enough for a picture


def sites_on_photo(head: FittedHead, person: Person, injections: Sequence[Injection]) -> list[tuple[list[float], bool] | None]:
    """(pixel, whether it is turned to the camera) of each injection; None outside the face. ``person`` has the head of the photo."""
    places: list[Any] = []
    for one in injections:
        try:
            places.append(site_at(person, one))
        except GlabellaError:
            places.append(None)
    known = [place for place in places if place is not None]
    if not known:
        return [None] * len(places)
    pixels, seen = on_picture(head, np.array([place.triangle for place in known]), np.stack([place.barycentric for place in known]))
    found = iter(zip(np.round(pixels, 2).tolist(), seen.tolist(), strict=True))
    return [None if place is None else next(found) for place in places]


def muscles_on_photo(head: FittedHead, atlas: Atlas) -> dict[str, Any]:
    """Outlines of the muscles under the skin that is seen."""
    shapes = []
    for name, sheet in atlas.muscles.items():
        plain = without_side(name)
        if plain not in COLOURS or plain.startswith("levator_palpebrae") or plain.startswith("levator_aponeurosis"):
            continue
        points = sheet.points[:: 1 if len(sheet.points) < FEW else STEP]
        edges = [points[:, 0], points[:, -1]] if sheet.closed else [_around(points)]
        paths = []
        for edge in edges:
            pixels, seen = _on_skin(head, atlas, np.concatenate([edge, edge[:1]]))
            if sheet.closed:
                paths += _runs(pixels, seen)
            elif seen.sum() > LEAST_RUN:
                paths.append(np.round(pixels[seen], 1).tolist())
        shapes.append({"name": plain.replace("_", " "), "colour": COLOURS[plain], "line": sheet.closed, "dashed": False, "paths": paths})
    shapes.sort(key=_extent, reverse=True)  # the large ones first, so that none covers a small one
    return {"title": "Muscles of the model, under this skin", "shapes": shapes, "points": []}


def _extent(shape: dict[str, Any]) -> float:
    return max((float(np.prod(np.ptp(np.array(path), axis=0))) for path in shape["paths"]), default=0.0)


def landmarks_on_photo(head: FittedHead, atlas: Atlas) -> dict[str, Any]:
    """Bony rim, hairline, margin of the frontalis, brows, and named points, where they are seen."""
    shapes = []
    for name, line in atlas.curves.items():
        plain = without_side(name)
        if plain not in SHOWN_CURVES:
            continue
        pixels, seen = _on_skin(head, atlas, np.asarray(line)[::STEP])
        bony, words = _kind(plain)
        dashed = not bony and plain != "brow"
        colour = BONE if bony else BROW if plain == "brow" else SOFT
        shapes.append({"name": words, "colour": colour, "line": True, "dashed": dashed, "paths": _runs(pixels, seen)})
    names = [name for name in atlas.points if any(part in name for part in NAMED)]
    pixels, seen = _on_skin(head, atlas, np.array([atlas.points[name] for name in names]))
    points = [
        {"name": without_side(name).replace("_", " "), "pixel": np.round(pixels[n], 1).tolist()} for n, name in enumerate(names) if seen[n]
    ]
    return {"title": "Landmarks", "shapes": shapes, "points": points}


def _kind(name: str) -> tuple[bool, str]:
    if "rim" in name or "fusion" in name:
        return True, "bony rim of the orbit, temporal fusion line"
    return False, "brow" if name == "brow" else "hairline, upper margin of the frontalis"


def _on_skin(head: FittedHead, atlas: Atlas, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    foot = atlas.surface.closest(points)
    return on_picture(head, foot.triangle, foot.barycentric)


def _around(lattice: np.ndarray) -> np.ndarray:
    """The border of a lattice, once around."""
    return np.concatenate([lattice[:-1, 0], lattice[-1, :-1], lattice[:0:-1, -1], lattice[0, :0:-1]])


def _runs(pixels: np.ndarray, seen: np.ndarray) -> list[Any]:
    """The parts of a line that are seen."""
    pieces = np.split(np.arange(len(seen)), np.flatnonzero(np.diff(seen.astype(int))) + 1)
    return [np.round(pixels[piece], 1).tolist() for piece in pieces if seen[piece[0]] and len(piece) >= LEAST_RUN]
