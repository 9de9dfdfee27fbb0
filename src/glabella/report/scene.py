"""What the pictures of a report need beyond the numbers: shapes of the face over days, needle sections, histograms."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from glabella.face import Face

LAYERS = ("outside", "epidermis", "dermis", "fat", "muscle", "bone", "orbit")
PICTURE_DAYS = (0.0, 7.0, 30.0, 60.0, 90.0, 120.0, 180.0)
PICTURE_EXPRESSIONS = ("rest", "maximum_frown")


@dataclass(frozen=True)
class LineField:
    """Wrinkle lines on the n vertices of ``face.surface(1)``.

    ``phase`` (n,) in rad grows across the lines, furrows lie at odd multiples of pi; ``depth_mm`` (n,), ``spacing_mm`` (n,).
    """

    phase: np.ndarray
    depth_mm: np.ndarray
    spacing_mm: np.ndarray


@dataclass(frozen=True)
class Section:
    """A cut through the layers that contains a needle.

    The picture's axes: ``across_mm`` (nx,) along the skin, 0 at the entry; ``depth_mm`` (nz,) along the needle, 0 at the entry,
    positive inwards. ``layer`` (nz, nx) indexes ``LAYERS``; ``muscle`` (nz, nx) indexes ``muscle_names``, -1 where there is none.
    ``dose_units_per_mm3`` (nz, nx) is the uptake dose per volume of tissue. ``entry`` and ``tip`` are (across, depth) in mm.
    ``across_label`` says what the horizontal axis means, e.g. 'mm away from the midline'.
    """

    title: str
    site: str
    units: float
    across_mm: np.ndarray
    depth_mm: np.ndarray
    layer: np.ndarray
    muscle: np.ndarray
    muscle_names: tuple[str, ...]
    dose_units_per_mm3: np.ndarray
    entry: tuple[float, float]
    tip: tuple[float, float]
    across_label: str = "mm along the skin from the needle"

    def __post_init__(self) -> None:
        shape = (len(self.depth_mm), len(self.across_mm))
        for name in ("layer", "muscle", "dose_units_per_mm3"):
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(
                    f"section '{self.title}': {name} has shape {np.shape(getattr(self, name))}, must be {shape} (depth, across)"
                )
        if np.min(self.layer) < 0 or np.max(self.layer) >= len(LAYERS):
            raise ValueError(f"section '{self.title}': layer codes must lie in 0..{len(LAYERS) - 1} ({', '.join(LAYERS)})")
        if np.max(self.muscle) >= len(self.muscle_names):
            raise ValueError(
                f"section '{self.title}': muscle index {np.max(self.muscle)} has no name; muscle_names has {len(self.muscle_names)}"
            )


@dataclass(frozen=True)
class Histogram:
    """Dose-muscle histogram: the share of a muscle's volume that takes up at least each dose.

    ``dose_units_per_mm3`` (n,) rises, ``volume_share_at_least`` (n,) falls from 1.
    """

    muscle: str
    dose_units_per_mm3: np.ndarray
    volume_share_at_least: np.ndarray

    def dose_at_share(self, share: float) -> float:
        """Dose that at least ``share`` of the volume takes up: 0.98, 0.5 and 0.02 give D98, D50 and D2."""
        return float(np.interp(-share, -np.asarray(self.volume_share_at_least), self.dose_units_per_mm3))


@dataclass(frozen=True)
class Scene:
    """Everything to draw one outcome on its face.

    ``displacement[expression]`` (d, n, 3) mm on the vertices of ``face.surface(1)`` and ``lines[expression]`` (d LineFields) belong to
    ``picture_days`` (d,). ``dose_on_skin_units_per_mm2`` is the column-integrated uptake dose on the vertices of ``face.surface(2)``.
    ``site_points`` (3,) and ``curves`` (m, 3) are drawn over the face: needles, bony rim, brows.
    """

    face: Face
    picture_days: tuple[float, ...]
    displacement: Mapping[str, np.ndarray]
    lines: Mapping[str, tuple[LineField, ...]]
    dose_on_skin_units_per_mm2: np.ndarray
    sections: tuple[Section, ...]
    histograms: tuple[Histogram, ...]
    site_points: Mapping[str, np.ndarray]
    site_units: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vertices = len(self.face.surface(1).vertices)
        for expression, moved in self.displacement.items():
            if np.shape(moved) != (len(self.picture_days), vertices, 3):
                raise ValueError(
                    f"scene: displacement of {expression} has shape {np.shape(moved)}, must be {(len(self.picture_days), vertices, 3)}"
                )
        for expression, lines in self.lines.items():
            if len(lines) != len(self.picture_days):
                raise ValueError(f"scene: {expression} has lines for {len(lines)} days, must be {len(self.picture_days)}")
        if len(self.dose_on_skin_units_per_mm2) != len(self.face.surface(2).vertices):
            raise ValueError("scene: dose_on_skin_units_per_mm2 needs one number per vertex of face.surface(2)")
