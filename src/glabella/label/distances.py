"""Distances that labels speak of: a needle from the bony rim, the brow, the canthus, the temporal fusion line."""

from collections.abc import Callable, Mapping

import numpy as np

from glabella.label.entries import Entry, FaceMap
from glabella.names import SIDES, side_of

AT_END_MM = 1e-6


def foot_on_curve(curve: np.ndarray, point: np.ndarray) -> np.ndarray:
    """The point (3,) of a polyline (n, 3) that is closest to ``point``."""
    start, step = curve[:-1], np.diff(curve, axis=0)
    share = np.einsum("nd,nd->n", point - start, step) / np.maximum(np.einsum("nd,nd->n", step, step), 1e-300)
    feet = start + np.clip(share, 0, 1)[:, None] * step
    return feet[np.linalg.norm(feet - point, axis=1).argmin()]


def middle_of_curve(curve: np.ndarray) -> np.ndarray:
    """The point (3,) half way along a polyline (n, 3)."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    return np.array([np.interp(along[-1] / 2, along, curve[:, axis]) for axis in range(3)])


def _sides(entry: Entry) -> tuple[str, ...]:
    """The side of the needle; both for one on the midline."""
    side = side_of(entry.rule_site)
    return (side,) if side else SIDES


def _curve(atlas: FaceMap, name: str, side: str) -> np.ndarray:
    """A curve of one side, or the one that crosses the whole face."""
    return atlas.curves.get(f"{name}_{side}", atlas.curves.get(name, np.zeros((0, 3))))


def _above(atlas: FaceMap, entry: Entry, curve: str) -> float:
    """Height over a curve that runs across the face: the shortest way to it, or beyond its ends the difference in height."""
    gaps = []
    for side in _sides(entry):
        line = _curve(atlas, curve, side)
        foot = foot_on_curve(line, entry.point)
        height = entry.point[1] - foot[1]
        beyond = min(np.linalg.norm(foot - line[0]), np.linalg.norm(foot - line[-1])) < AT_END_MM
        gaps.append(float(height if beyond else np.copysign(np.linalg.norm(entry.point - foot), height)))
    return min(gaps)


def _lateral_of(atlas: FaceMap, entry: Entry, curve: str) -> float:
    gaps = []
    for side in _sides(entry):
        foot, away = foot_on_curve(_curve(atlas, curve, side), entry.point), 1 if side == "left" else -1
        gaps.append(float(np.copysign(np.linalg.norm(entry.point - foot), away * (entry.point[0] - foot[0]))))
    return min(gaps, key=abs)


def _from(entry: Entry, place: np.ndarray) -> float:
    return float(np.linalg.norm(entry.point - place))


MEASURES: Mapping[str, Callable[[FaceMap, Entry], float]] = {
    "above_supraorbital_rim": lambda atlas, entry: _above(atlas, entry, "supraorbital_rim"),
    "above_brow": lambda atlas, entry: _above(atlas, entry, "brow"),
    "from_brow_centre": lambda atlas, entry: min(_from(entry, middle_of_curve(atlas.curves[f"brow_{s}"])) for s in _sides(entry)),
    "temporal_of_orbital_rim": lambda atlas, entry: _lateral_of(atlas, entry, "lateral_orbital_rim"),
    "from_lateral_canthus": lambda atlas, entry: min(_from(entry, atlas.points[f"lateral_canthus_{s}"]) for s in _sides(entry)),
    "from_middle_canthal_site": lambda atlas, entry: min(
        _from(entry, atlas.site(f"lateral_canthal_middle_{s}").point) for s in _sides(entry)
    ),
    "medial_of_temporal_fusion_line": lambda atlas, entry: -_lateral_of(atlas, entry, "temporal_fusion_line"),
    "below_frontalis_margin": lambda atlas, entry: -_above(atlas, entry, "frontalis_upper_margin"),
    "from_licensed_site": lambda atlas, entry: _from(entry, atlas.site(entry.rule_site).point),
}


def measures(rule: str) -> bool:
    """Whether a rule is about a distance that this module measures."""
    return rule.removesuffix("_at_least_mm").removesuffix("_at_most_mm") in MEASURES


def measure(rule: str, atlas: FaceMap, entry: Entry) -> tuple[float, bool]:
    """The distance in mm that a rule such as ``above_brow_at_least_mm`` asks for, and whether its limit is a least one."""
    for ending, least in (("_at_least_mm", True), ("_at_most_mm", False)):
        if rule.endswith(ending):
            return MEASURES[rule.removesuffix(ending)](atlas, entry), least
    raise KeyError(rule)
