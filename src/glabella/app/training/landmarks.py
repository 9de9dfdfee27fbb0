"""Neutral places to start a needle from: landmarks of the face that no label speaks of, so that a list of them gives no answer away."""

from collections.abc import Collection, Mapping

import numpy as np

from glabella.app.places import place_at, site_point
from glabella.names import SIDES
from glabella.plan import Injection
from glabella.stages.anatomy import Atlas
from glabella.treatment import Person

MIDLINE = {"glabella": "midline, between the brows", "nasion": "midline, root of the nose", "forehead": "midline, middle of the forehead"}
SIDED = {
    "brow_head": "inner end of the brow", "brow_peak": "highest point of the brow", "brow_tail": "outer end of the brow",
    "lateral_canthus": "outer corner of the eye",
}  # fmt: skip
LANDMARKS: Mapping[str, str] = MIDLINE | {f"{name}_{side}": f"{words}, {side}" for name, words in SIDED.items() for side in SIDES}


def place_of(person: Person, landmark: str, taken: Collection[str] = ()) -> tuple[str, float, float]:
    """Site and offsets (lateral_mm, up_mm) that lead to a landmark; see ``place_at``."""
    return place_at(person, _point(person.anatomy.atlas, landmark), taken)


def landmark_words(person: Person, injection: Injection) -> str:
    """The landmark nearest to a needle and how far it is. Errors: InputError for a needle outside the face."""
    here = site_point(person, injection)
    away = {name: float(np.linalg.norm(_point(person.anatomy.atlas, name) - here)) for name in LANDMARKS}
    nearest = min(away, key=away.__getitem__)
    return f"{away[nearest]:.0f} mm from: {LANDMARKS[nearest]}"


def _point(atlas: Atlas, landmark: str) -> np.ndarray:
    if landmark != "forehead":
        return atlas.points[landmark]
    return atlas.surface.closest(((atlas.points["glabella"] + atlas.points["trichion"]) / 2)[None]).points[0]
