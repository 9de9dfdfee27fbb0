"""Muscle force over the months to strain of the skin, movement and brow position: a linear combination of the modes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from glabella.evidence import Parameters
from glabella.names import AREAS, SIDES, side_of
from glabella.patient import Patient
from glabella.stages.muscle import MuscleForce
from glabella.stages.skin.activation import EXPRESSIONS
from glabella.stages.skin.modes import Skin

MEASURED = {"maximum_frown": "frown", "brow_raise": "brow_peak", "smile": "mouth_corner", "eye_closure": "upper_lid"}
CHUNK = 64  # columns handled at once, so that temporaries stay in cache


@dataclass(frozen=True)
class SkinStrain:
    """What the skin does over ``days`` (t,); every curve is (t,).

    ``strain[area][expression]``: mean over the area of the most compressive principal strain, as a positive fraction, from
    the skin with no tension; ``halves[area][side][expression]`` the same of each half of the areas that straddle the midline.
    ``movement[expression]``: percent of the untreated displacement from rest, mean of both sides, and ``movement_by_side`` each
    side. ``brow[side][part]``: mm up at rest, from the untreated brow. ``dermis_thickness_mm`` per area.
    """

    days: np.ndarray
    strain: Mapping[str, Mapping[str, np.ndarray]]
    movement: Mapping[str, np.ndarray]
    movement_by_side: Mapping[str, Mapping[str, np.ndarray]]
    brow: Mapping[str, Mapping[str, np.ndarray]]
    dermis_thickness_mm: Mapping[str, float]
    halves: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]] = field(default_factory=dict)


def strain_skin(skin: Skin, force: MuscleForce, patient: Patient, parameters: Parameters) -> SkinStrain:
    """Strain of each area in each expression, movement and brow position, day by day."""
    days = np.asarray(force.days, float)
    left = _force_rows(skin, force)
    every = _newton(skin, left, patient, parameters)
    strain, halves = {}, {}
    for area in AREAS:
        parts = _halves(skin, area)
        means = [mean_compression(skin, triangles, every) for triangles in parts.values()]
        size = np.array([skin.membrane.areas_mm2[triangles].sum() for triangles in parts.values()])
        strain[area] = _by_expression(size / size.sum() @ np.stack(means))
        if len(parts) > 1:
            halves[area] = {side: _by_expression(mean) for side, mean in zip(parts, means, strict=True)}

    rest = skin.tension_newton("rest", patient, parameters)
    movement, movement_by_side = {}, {}
    for expression, point in MEASURED.items():
        full = skin.tension_newton(expression, patient, parameters) - rest
        size = {side: _movement_mm(skin, f"{point}_{side}", full, left) for side in SIDES}
        movement_by_side[expression] = {side: _percent(size[side][1:], size[side][0]) for side in SIDES}
        both = (size["left"] + size["right"]) / 2
        movement[expression] = _percent(both[1:], both[0])
    brow = {
        side: {part: (rest[:, None] * (left - 1)).T @ skin.at_point(f"brow_{part}_{side}")[:, 1] for part in ("head", "peak", "tail")}
        for side in SIDES
    }
    return SkinStrain(days, strain, movement, movement_by_side, brow, skin.dermis_thickness_mm, halves)


def _halves(skin: Skin, area: str) -> dict[str, np.ndarray]:
    """Triangles of each half of an area that straddles the midline; all of them, under its side, where it does not."""
    triangles, side = skin.areas[area], side_of(area)
    if side:
        return {side: triangles}
    on_left = skin.surface.centroids[triangles, 0] > 0
    return {"left": triangles[on_left], "right": triangles[~on_left]}


def _by_expression(mean: np.ndarray) -> dict[str, np.ndarray]:
    """Means (expressions times t,) as one curve (t,) per expression."""
    return dict(zip(EXPRESSIONS, mean.reshape(len(EXPRESSIONS), -1), strict=True))


def mean_compression(skin: Skin, triangles: np.ndarray, newton: np.ndarray) -> np.ndarray:
    """Area-weighted mean (k,) over ``triangles`` of the most compressive strain, positive, for tensions (muscles, k)."""
    return _compress(skin, triangles, newton, None)


def compression_slope(skin: Skin, triangles: np.ndarray, newton: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``mean_compression`` (k,) and its derivative (muscles, k) by the tension of each muscle."""
    slope = np.empty_like(newton, dtype=float)
    return _compress(skin, triangles, newton, slope), slope


def _compress(skin: Skin, triangles: np.ndarray, newton: np.ndarray, slope: np.ndarray | None) -> np.ndarray:
    horizontal, vertical, shear = skin.mode_strains[:, triangles].transpose(2, 1, 0)
    parts = np.stack([0.5 * (horizontal + vertical), 0.5 * (horizontal - vertical), shear])  # mean, half difference, shear
    weights = skin.membrane.areas_mm2[triangles]
    weights = weights / weights.sum()
    mean = np.empty(newton.shape[1])
    for start in range(0, newton.shape[1], CHUNK):
        middle, half, slant = parts @ newton[:, start : start + CHUNK]
        radius = np.sqrt(half * half + slant * slant)
        least = np.minimum(middle - radius, 0.0)  # the smaller principal strain
        mean[start : start + CHUNK] = -(weights @ least)
        if slope is not None:
            squeezed = -weights[:, None] * (least < 0)
            along = squeezed / np.maximum(radius, 1e-300)
            slope[:, start : start + CHUNK] = parts[0].T @ squeezed - parts[1].T @ (along * half) - parts[2].T @ (along * slant)
    return mean


def _force_rows(skin: Skin, force: MuscleForce) -> np.ndarray:
    """Force (muscles, t) as a share of untreated."""
    return np.stack([np.broadcast_to(np.asarray(force.force.get(muscle, 1.0), float), len(force.days)) for muscle in skin.muscles])


def _newton(skin: Skin, left: np.ndarray, patient: Patient, parameters: Parameters) -> np.ndarray:
    """Tension (muscles, expressions times t): all days of one expression after the other."""
    return np.concatenate([skin.tension_newton(name, patient, parameters)[:, None] * left for name in EXPRESSIONS], axis=1)


def _movement_mm(skin: Skin, point: str, full: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Length of the displacement from rest: first untreated, then day by day."""
    share = np.concatenate([np.ones((len(full), 1)), left], axis=1)
    return np.linalg.norm((full[:, None] * share).T @ skin.at_point(point), axis=1)


def _percent(value: np.ndarray, whole: float) -> np.ndarray:
    return 100.0 * value / whole if whole > 0 else np.zeros_like(value)
