"""From the drawing of the atlas, made on the reference face seen from the front, to the skin of a person.

Every face has the mesh of the reference face, so a foot on it, kept as triangle and barycentric coordinates, is the same place
of every face: the drawing follows sex, age, size and photo as the landmarks do.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from glabella.face import Face, Foot, Surface, load_face, read_archive

NASION = 168  # MediaPipe's number: the origin of the drawing


@cache
def atlas_data(name: str) -> dict[str, Any]:
    """One file of the drawing, as read: muscles, bones, orbit, sites or areas."""
    return tomllib.loads(resources.files("glabella.data").joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def _measured() -> Mapping[str, np.ndarray]:
    return read_archive("drawing.npz")


def measured_beforehand(name: str) -> np.ndarray | None:
    """What ``tools/build_drawing.py`` found out about the drawing on the reference face, where it did: the same for every person."""
    return _measured().get(name)


def drawn_feet(drawn: np.ndarray, known: np.ndarray | None = None) -> Foot:
    """Feet on the reference face of points (..., 2) of the drawing: [to the left, up] in mm from its nasion, from the front.

    ``known`` (...): the triangle in which each point was found beforehand.
    """
    reference = load_face()
    x, y = np.moveaxis(drawn + reference.landmarks[NASION, :2], -1, 0)
    return reference.surface(2).frontal(x, y, known)


@dataclass(frozen=True)
class Drawing:
    """The drawing on one person's face."""

    face: Face

    @property
    def size(self) -> float:
        """Pupil distance of the person over that of the drawing."""
        return self.face.interpupillary_distance_mm / load_face().interpupillary_distance_mm

    @cached_property
    def surface(self) -> Surface:
        """The skin on which everything is laid."""
        return self.face.surface(2)

    def transfer(self, foot: Foot) -> Foot:
        """The feet (..., 3) of the reference face on this face."""
        flat = self.surface.at(foot.triangle.ravel(), foot.barycentric.reshape(-1, 3))
        return Foot(flat.reshape(foot.points.shape), foot.triangle, foot.barycentric, foot.distance_mm)

    def on_skin(self, drawn: np.ndarray) -> Foot:
        """Feet on this face of points (..., 2) of the drawing."""
        return self.transfer(drawn_feet(drawn))

    def normals(self, foot: Foot) -> np.ndarray:
        """True outward unit normals (..., 3) of the skin at the feet."""
        return self.surface.normal_at(foot.triangle.ravel(), foot.barycentric.reshape(-1, 3)).reshape(foot.points.shape)

    def up_for_height(self, height_mm: float) -> float:
        """How far up in the drawing the midline is ``height_mm`` away from the person's nasion, straight."""
        up, foot = _midline()
        return float(np.interp(height_mm, np.linalg.norm(self.transfer(foot).points - self.face.landmarks[NASION], axis=1), up))


@cache
def _midline() -> tuple[np.ndarray, Foot]:
    up = np.arange(20.0, 106.0, 1.0)
    return up, drawn_feet(np.c_[np.zeros_like(up), up])


def mirrored_points(drawn: np.ndarray) -> np.ndarray:
    """The same points (..., 2) on the other side of the drawing."""
    return drawn * np.array([-1.0, 1.0])


@cache
def mirror_landmarks() -> np.ndarray:
    """Number of each landmark's counterpart on the other side (468,)."""
    return load_face().data["landmark_mirror"].astype(int)


def stretched(drawn: np.ndarray, from_up_mm: float, drawn_up_mm: float, up_mm: float) -> np.ndarray:
    """Points (..., 2) above ``from_up_mm`` stretched so that ``drawn_up_mm`` comes to ``up_mm``."""
    above = np.maximum(drawn[..., 1] - from_up_mm, 0) * ((up_mm - from_up_mm) / (drawn_up_mm - from_up_mm) - 1)
    return np.stack([drawn[..., 0], drawn[..., 1] + above], -1)


def drawn_landmark(number: int) -> np.ndarray:
    """Where a landmark lies in the drawing (2,)."""
    marks = load_face().landmarks
    return marks[number, :2] - marks[NASION, :2]
