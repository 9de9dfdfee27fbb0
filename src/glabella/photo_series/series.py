"""The story of a series: pictures of one person, each fitted, laid over the first, checked against it, and its lines measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.names import AREAS
from glabella.patient import Patient
from glabella.photo.landmarks import LandmarkModel
from glabella.photo.lines import ExpectedLines, expect_lines, find_lines
from glabella.photo.photo import PhotoFace, fit_photo
from glabella.photo.picture import Picture, read_picture
from glabella.photo.simulated import can_show_lines
from glabella.photo.skin_map import map_skin
from glabella.photo_series.align import align, shown_first, window_of
from glabella.photo_series.checks import Check, compare, light_change
from glabella.photo_series.depths import DepthChange, LineDepth, change_of, depth_of
from glabella.photo_series.light import Light, estimate_light
from glabella.stages.skin import build_skin
from glabella.stages.wrinkle import CONTRACTION

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class PictureOf:
    """A picture to be looked at: the day, the face that was made ('rest' or an area's contraction), and its file or pixels."""

    day: float
    expression: str
    picture: Path | Picture

    @property
    def where(self) -> str:
        """For messages: 'picture of day 30 (maximum frown)'."""
        return f"picture of day {self.day:g} ({self.expression.replace('_', ' ')})"


@dataclass(frozen=True, eq=False)
class Look:
    """One picture of a series. The first of its expression has no checks, and its ``pixels`` are its own; ``change`` is against it."""

    day: float
    expression: str
    face: PhotoFace
    light: Light | None
    light_off: float
    pixels: np.ndarray
    residual_mm: float | None
    checks: tuple[Check, ...]
    depths: Mapping[str, LineDepth]
    change: Mapping[str, DepthChange]

    @property
    def fine(self) -> bool:
        """Whether every check passed."""
        return all(check.fine for check in self.checks)

    @property
    def words(self) -> str:
        """'day 30, maximum frown'."""
        return f"day {self.day:g}, {'at rest' if self.expression == 'rest' else self.expression.replace('_', ' ')}"


@dataclass(frozen=True, eq=False)
class Series:
    """Looks by expression, each in order of day; ``patient`` in the size that the first picture shows."""

    looks: Mapping[str, tuple[Look, ...]]
    patient: Patient
    limits: Mapping[str, float]

    @cached_property
    def all(self) -> tuple[Look, ...]:
        """Every look, in order of day."""
        return tuple(sorted((look for looks in self.looks.values() for look in looks), key=lambda look: (look.day, look.expression)))


def look_at_series(
    pictures: Sequence[PictureOf],
    model: LandmarkModel,
    patient: Patient | None = None,
    pupil_distance_mm: float | None = None,
    progress: Progress = lambda what, share: None,
) -> Series:
    """Fit, align, check and measure pictures of one person.

    The first picture of each expression is what the others are held against. All heads have the size of the very first picture (at rest
    where there is one), so that its error is common to all. InputError, which names the picture, for what `fit_photo` refuses.
    """
    ordered = sorted(pictures, key=lambda one: (one.day, one.expression != "rest", one.expression))
    check_pictures(ordered)
    faces: list[PhotoFace] = []
    for number, one in enumerate(ordered):
        progress("pictures", number / len(ordered))
        who = patient if not faces else faces[0].patient  # the size of the first
        faces.append(fit_photo(_read(one), model, who, pupil_distance_mm, one.where))
    progress("lines in the pictures", 0.0)
    person, table = faces[0].patient, load_parameters()
    expected = expect_lines(build_skin(faces[0].atlas, table), AREAS, person, table)
    limits, looks = faces[0].parameters, {}
    for expression in dict.fromkeys(one.expression for one in ordered):
        mine = [(one, face) for one, face in zip(ordered, faces, strict=True) if one.expression == expression]
        looks[expression] = tuple(_looks(mine, expected, limits))
    return Series(looks, person, limits)


def check_pictures(pictures: Sequence[PictureOf]) -> None:
    """InputError where a picture has nothing to be compared with, or stands twice."""
    keys = [(one.day, one.expression) for one in pictures]
    for one in pictures:
        if keys.count((one.day, one.expression)) > 1:
            raise InputError(f"{one.where}: there are two; keep the better one")
    if len(pictures) < 2:
        raise InputError("pictures: a series needs two or more of the same face, on different days; for one alone there is glabella photo")
    for one in pictures:
        if [expression for _, expression in keys].count(one.expression) < 2:
            raise InputError(f"{one.where}: there is no other picture of this face to compare it with; add that of another day")


def areas_of(expression: str) -> tuple[str, ...]:
    """Areas whose lines an expression shows: all at rest, else its own."""
    return AREAS if expression == "rest" else tuple(area for area in AREAS if CONTRACTION[area] == expression)


def _read(one: PictureOf) -> Picture:
    if isinstance(one.picture, Picture):
        return one.picture
    try:
        return read_picture(one.picture)
    except InputError as error:
        raise InputError(f"{one.where}: {error}") from None


def _looks(mine: list[tuple[PictureOf, PhotoFace]], expected: ExpectedLines, limits: Mapping[str, float]) -> list[Look]:
    first = mine[0][1]
    window, light = window_of(first), estimate_light(first)
    found: list[Look] = []
    for one, face in mine:
        own = light if face is first else estimate_light(face)
        off = 0.0 if face is first else light_off(light, own, limits)
        depths = _depths(face, one.expression, expected, off, limits)
        if face is first:
            found.append(Look(one.day, one.expression, face, own, off, shown_first(first, window), None, (), depths, {}))
            continue
        aligned, checks = align(first, face, window), compare(first, face, (light, own), one.expression, limits)
        before = found[0].depths
        change = {area: change_of(before[area], depth, limits) for area, depth in depths.items() if area in before}
        found.append(Look(one.day, one.expression, face, own, off, aligned.pixels, aligned.residual_mm, checks, depths, change))
    return found


def light_off(first: Light | None, own: Light | None, limits: Mapping[str, float]) -> float:
    """How far the light has changed; where it cannot be told, as far as is just noticed."""
    return limits["series_light_most"] if first is None or own is None else light_change(first, own)


def _depths(face: PhotoFace, expression: str, expected: ExpectedLines, off: float, limits: Mapping[str, float]) -> dict[str, LineDepth]:
    """Depths of the areas that the expression shows, where the picture is fine enough and the area is seen."""
    if not can_show_lines(face):
        return {}
    areas = areas_of(expression)
    shown = ExpectedLines({area: expected.phase_mm[area] for area in areas}, {area: expected.strength[area] for area in areas})
    skin_map = map_skin(face.head, face.picture.shape)
    lines = find_lines(face.picture, skin_map, shown, face.landmarks, face.parameters, fill=False)
    return {area: depth_of(one, off, limits) for area, one in lines.areas.items() if np.isfinite(one.depth_error_mm)}
