"""Raw data of pictures, taken from one nominal run: the moved skin, its lines, the dose on the skin, sections, histograms.

No drawing happens here: ``report`` draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from glabella.evidence import Parameters
from glabella.face import Face
from glabella.plan import Plan
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import Needle
from glabella.stages.wrinkle import line_phase, line_strength

if TYPE_CHECKING:
    from glabella.treatment import Course, Person

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

    ``displacement[expression]`` (d, n, 3) mm on the vertices of ``face.surface(1)`` and
    ``lines[expression]`` (d times one LineField per area) belong to ``picture_days`` (d,).
    ``dose_on_skin_units_per_mm2`` is the column-integrated uptake dose on the vertices of ``face.surface(2)``.
    ``site_points`` (3,) and ``curves`` (m, 3) are drawn over the face: needles, bony rim, brows.
    """

    face: Face
    picture_days: tuple[float, ...]
    displacement: Mapping[str, np.ndarray]
    lines: Mapping[str, tuple[tuple[LineField, ...], ...]]
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


ACROSS_MM, ABOVE_MM, BELOW_MM, PIXEL_MM = 18.0, 1.5, 13.0, 0.25  # what a section shows
BESIDE_MM = 0.8  # a place this near to the lattice of a muscle lies on it: numerical
HISTOGRAM_POINTS = 200


def build_scene(person: "Person", plan: Plan, grid: np.ndarray, parameters: Parameters, course: "Course") -> Scene:
    """Everything that pictures of this run need."""
    days = tuple(day for day in PICTURE_DAYS if day <= grid[-1])
    at = [int(np.searchsorted(grid, day)) for day in days]
    skin, patient, anatomy = person.skin, person.patient, person.anatomy
    force = [{name: float(values[i]) for name, values in course.force.force.items()} for i in at]
    displacement = {e: np.stack([skin.displacement(e, f, patient, parameters) for f in force]) for e in PICTURE_EXPRESSIONS}
    spacing = course.wrinkles.spacing_mm
    phases = {area: 2 * np.pi * line_phase(skin, area, patient, parameters) / spacing[area] for area in spacing}
    strengths = {area: line_strength(skin, area, patient, parameters) for area in spacing}

    def lines_of(area: str, expression: str, i: int) -> LineField:
        depth = strengths[area] * course.wrinkles.depth_mm[area][expression][i]
        return LineField(phases[area], depth, np.full(len(depth), spacing[area]))

    lines = {e: tuple(tuple(lines_of(area, e, i) for area in spacing) for i in at) for e in PICTURE_EXPRESSIONS}
    dose = sum(field.uptake_units_per_mm3 for field in course.fields)
    atlas = anatomy.atlas
    first = course.boluses[0]
    return Scene(
        face=person.face,
        picture_days=days,
        displacement=displacement,
        lines=lines,
        dose_on_skin_units_per_mm2=dose_on_skin(anatomy, person.spread.uptake_volume, np.asarray(dose)),
        sections=tuple(cut_section(anatomy, bolus.needle, bolus.units, np.asarray(dose)) for bolus in first),
        histograms=tuple(_histograms(anatomy, np.asarray(dose))),
        site_points={bolus.needle.site: bolus.needle.entry for bolus in first},
        site_units={bolus.needle.site: bolus.units for bolus in first},
        curves={name: line for name, line in atlas.curves.items() if name.startswith(("brow_", "supraorbital_rim_"))},
    )


def dose_on_skin(anatomy: Anatomy, uptake_volume: np.ndarray, dose: np.ndarray) -> np.ndarray:
    """Units taken up below each mm2 of skin, on the vertices of ``face.surface(2)``; 0 outside the grid."""
    grid = anatomy.grid
    columns = np.bincount(anatomy.cells // grid.shape[2], uptake_volume * dose, grid.shape[0] * grid.shape[1]).reshape(grid.shape[:2])
    area = grid.radius_mm**2 * np.cos(grid.phi) * grid.steps[0] * grid.steps[1] / grid.cosine
    vertices = anatomy.atlas.surface.vertices
    where = grid.coordinates(vertices)
    value = map_coordinates(columns / area, np.stack(grid.column_index(where[:, 0], where[:, 1])), order=1, mode="constant")
    return np.where(np.abs(where[:, 2]) < 3.0, value, 0.0)


def _histograms(anatomy: Anatomy, dose: np.ndarray) -> list[Histogram]:
    found = []
    for name, muscle in anatomy.muscles.items():
        if not muscle.innervated:
            continue
        values, volume = dose[muscle.cells], muscle.share * anatomy.volume_mm3[muscle.cells]
        order = np.argsort(values)
        left = 1 - np.concatenate([[0.0], np.cumsum(volume[order])[:-1]]) / volume.sum()
        pick = np.unique(np.linspace(0, len(order) - 1, HISTOGRAM_POINTS).astype(int))
        found.append(Histogram(name, values[order][pick], left[pick]))
    return found


def cut_section(anatomy: Anatomy, needle: Needle, units: float, dose_units_per_mm3: np.ndarray) -> Section:
    """The upright cut through one needle of ``units``: up along the skin against depth along the needle.

    ``dose_units_per_mm3`` (n,): uptake dose in the tissue cells, zeros before treatment.
    """
    grid, atlas = anatomy.grid, anatomy.atlas
    left = np.cross([0.0, 1.0, 0.0], needle.normal)
    left /= np.linalg.norm(left)
    up = np.cross(needle.normal, left)
    across = np.arange(-ACROSS_MM, ACROSS_MM + PIXEL_MM / 2, PIXEL_MM)
    down = np.arange(-ABOVE_MM, BELOW_MM + PIXEL_MM / 2, PIXEL_MM)
    points = needle.entry + across[None, :, None] * up - down[:, None, None] * needle.normal
    flat = points.reshape(-1, 3)
    where = grid.coordinates(flat)
    column = tuple(
        np.clip(np.rint((where[:, n] - axis[0]) / step), 0, len(axis) - 1).astype(int)
        for n, (axis, step) in enumerate(((grid.theta, grid.steps[0]), (grid.phi, grid.steps[1])))
    )
    depth = where[:, 2] * grid.cosine[column]
    whole = np.zeros(int(np.prod(grid.shape)))
    whole[anatomy.cells] = anatomy.whole
    value = np.zeros_like(whole)
    value[anatomy.cells] = dose_units_per_mm3
    level = np.interp(where[:, 2], grid.depth_mm, np.arange(grid.shape[2]))
    inside = np.stack([*grid.column_index(where[:, 0], where[:, 1]), level])
    have, mean = (map_coordinates(a.reshape(grid.shape), inside, order=1) for a in ((whole > 0).astype(float), value))
    bone = depth > anatomy.bone_depth_at(flat)
    orbit = ~np.isfinite(anatomy.bone_depth_mm[column]) & (depth > grid.on_columns(anatomy.septum_mm, flat))
    code = {name: n for n, name in enumerate(LAYERS)}
    layer = np.full(len(flat), code["fat"])
    layer[depth < grid.on_columns(anatomy.skin_mm, flat)] = code["dermis"]
    layer[depth < anatomy.epidermis_mm] = code["epidermis"]
    names = tuple(name for name, sheet in atlas.muscles.items() if _near(sheet.points, needle.entry))
    muscle = np.full(len(flat), -1)
    for number, name in enumerate(names):
        sheet = atlas.muscles[name]
        lattice = sheet.points.reshape(-1, 3)
        reach_mm = float(np.hypot(sheet.thickness_mm.max() / 2, BESIDE_MM))
        gap, nearest = (np.asarray(found) for found in cKDTree(lattice).query(flat, distance_upper_bound=reach_mm))
        close = np.flatnonzero(np.isfinite(gap))  # others lie outside the muscle for sure
        nearest = nearest[close]
        through = np.abs(np.einsum("nd,nd->n", flat[close] - lattice[nearest], sheet.normals.reshape(-1, 3)[nearest]))
        beside = np.sqrt(np.maximum(gap[close] ** 2 - through**2, 0))
        muscle[close[(through < sheet.thickness_mm.ravel()[nearest] / 2) & (beside < BESIDE_MM)]] = number
    layer[muscle >= 0] = code["muscle"]
    layer[orbit & (muscle < 0)] = code["orbit"]
    layer[bone & ~orbit] = code["bone"]
    layer[depth < 0] = code["outside"]
    muscle[(layer != code["muscle"])] = -1
    field = np.where((layer == code["bone"]) | (layer == code["outside"]), 0.0, mean / np.maximum(have, 0.2))
    shape = (len(down), len(across))
    return Section(
        title=f"{needle.site.replace('_', ' ')}: {units:g} U, {needle.depth_mm:.1f} mm deep",
        site=needle.site,
        units=units,
        across_mm=across,
        depth_mm=down,
        layer=layer.reshape(shape),
        muscle=muscle.reshape(shape),
        muscle_names=names,
        dose_units_per_mm3=field.reshape(shape),
        entry=(0.0, 0.0),
        tip=(0.0, needle.depth_mm),
        across_label="mm up along the skin from the needle",
    )


def _near(points: np.ndarray, entry: np.ndarray) -> bool:
    return bool(np.linalg.norm(points - entry, axis=2).min() < ACROSS_MM + 5)
