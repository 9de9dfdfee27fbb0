"""Raw data of pictures, taken from one nominal run: the moved skin, its lines, the dose on the skin, sections, histograms."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.spatial import cKDTree

from glabella.evidence import Parameters
from glabella.plan import Plan
from glabella.report.scene import LAYERS, PICTURE_DAYS, PICTURE_EXPRESSIONS, Histogram, LineField, Scene, Section
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import Bolus
from glabella.stages.wrinkle import line_phase, line_strength

if TYPE_CHECKING:
    from glabella.treatment import Course, Person

ACROSS_MM, ABOVE_MM, BELOW_MM, PIXEL_MM = 18.0, 1.5, 13.0, 0.25  # what a section shows
HISTOGRAM_POINTS = 200


def build_scene(person: "Person", plan: Plan, grid: np.ndarray, parameters: Parameters, course: "Course") -> Scene:
    """Everything that pictures of this run need."""
    days = tuple(day for day in PICTURE_DAYS if day <= grid[-1])
    at = [int(np.searchsorted(grid, day)) for day in days]
    skin, patient, anatomy = person.skin, person.patient, person.anatomy
    force = [{name: float(values[i]) for name, values in course.force.force.items()} for i in at]
    displacement = {e: np.stack([skin.displacement(e, f, patient, parameters) for f in force]) for e in PICTURE_EXPRESSIONS}
    phases = {area: line_phase(skin, area, patient, parameters) for area in course.wrinkles.depth_mm}
    strengths = {area: line_strength(skin, area, patient, parameters) for area in phases}
    owner = np.stack(list(strengths.values())).argmax(0)
    phase = np.choose(owner, list(phases.values()))
    spacing = np.array([course.wrinkles.spacing_mm[area] for area in phases])[owner]
    strength = np.stack(list(strengths.values())).max(0)
    lines = {
        e: tuple(
            LineField(2 * np.pi * phase / spacing, strength * np.array([course.wrinkles.depth_mm[a][e][i] for a in phases])[owner], spacing)
            for i in at
        )
        for e in PICTURE_EXPRESSIONS
    }
    dose = sum(field.uptake_units_per_mm3 for field in course.fields)
    atlas = anatomy.atlas
    first = course.boluses[0]
    return Scene(
        face=person.face,
        picture_days=days,
        displacement=displacement,
        lines=lines,
        dose_on_skin_units_per_mm2=_dose_on_skin(anatomy, person.spread.uptake_volume, np.asarray(dose)),
        sections=tuple(_section(anatomy, bolus, np.asarray(dose)) for bolus in first),
        histograms=tuple(_histograms(anatomy, np.asarray(dose))),
        site_points={bolus.needle.site: bolus.needle.entry for bolus in first},
        site_units={bolus.needle.site: bolus.units for bolus in first},
        curves={name: line for name, line in atlas.curves.items() if name.startswith(("brow_", "supraorbital_rim_"))},
    )


def _dose_on_skin(anatomy: Anatomy, uptake_volume: np.ndarray, dose: np.ndarray) -> np.ndarray:
    """Units taken up below each mm2 of skin, on the vertices of ``face.surface(2)``; 0 outside the grid."""
    grid = anatomy.grid
    columns = np.bincount(anatomy.cells // grid.shape[2], uptake_volume * dose, grid.shape[0] * grid.shape[1]).reshape(grid.shape[:2])
    area = grid.radius_mm**2 * np.cos(grid.phi) * grid.steps[0] * grid.steps[1] / grid.cosine
    vertices = anatomy.atlas.surface.vertices
    where = grid.coordinates(vertices)
    value = RegularGridInterpolator((grid.theta, grid.phi), columns / area, bounds_error=False, fill_value=0.0)(where[:, :2])
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


def _section(anatomy: Anatomy, bolus: Bolus, dose: np.ndarray) -> Section:
    """The upright cut through one needle: up along the skin against depth along the needle."""
    needle, grid, atlas = bolus.needle, anatomy.grid, anatomy.atlas
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
    value[anatomy.cells] = dose
    axes = (grid.theta, grid.phi, grid.depth_mm)
    inside = np.stack([where[:, 0], where[:, 1], np.clip(where[:, 2], grid.depth_mm[0], grid.depth_mm[-1])], 1)
    have = RegularGridInterpolator(axes, (whole > 0).astype(float).reshape(grid.shape), bounds_error=False, fill_value=0.0)(inside)
    mean = RegularGridInterpolator(axes, value.reshape(grid.shape), bounds_error=False, fill_value=0.0)(inside)
    bone = depth > grid.on_columns(np.where(np.isfinite(anatomy.bone_depth_mm), anatomy.bone_depth_mm, 1e3), flat)
    orbit = ~np.isfinite(anatomy.bone_depth_mm[column]) & (depth > anatomy.septum_mm[column])
    code = {name: n for n, name in enumerate(LAYERS)}
    layer = np.full(len(flat), code["fat"])
    layer[depth < anatomy.skin_mm[column]] = code["dermis"]
    layer[depth < anatomy.epidermis_mm] = code["epidermis"]
    names = tuple(name for name, sheet in atlas.muscles.items() if _near(sheet.points, needle.entry))
    muscle = np.full(len(flat), -1)
    for number, name in enumerate(names):
        sheet = atlas.muscles[name]
        lattice = sheet.points.reshape(-1, 3)
        gap, nearest = cKDTree(lattice).query(flat)
        offset = flat - lattice[nearest]
        through = np.abs(np.einsum("nd,nd->n", offset, sheet.normals.reshape(-1, 3)[nearest]))
        beside = np.sqrt(np.maximum(gap**2 - through**2, 0))
        muscle[(through < sheet.thickness_mm.ravel()[nearest] / 2) & (beside < 0.8)] = number
    layer[muscle >= 0] = code["muscle"]
    layer[orbit & (muscle < 0)] = code["orbit"]
    layer[bone & ~orbit] = code["bone"]
    layer[depth < 0] = code["outside"]
    muscle[(layer != code["muscle"])] = -1
    field = np.where((layer == code["bone"]) | (layer == code["outside"]), 0.0, mean / np.maximum(have, 0.2))
    shape = (len(down), len(across))
    return Section(
        title=f"{needle.site.replace('_', ' ')}: {bolus.units:g} U, {needle.depth_mm:.1f} mm deep",
        site=needle.site, units=bolus.units, across_mm=across, depth_mm=down, layer=layer.reshape(shape), muscle=muscle.reshape(shape),
        muscle_names=names, dose_units_per_mm3=field.reshape(shape), entry=(0.0, 0.0), tip=(0.0, needle.depth_mm),
        across_label="mm up along the skin from the needle",
    )


def _near(points: np.ndarray, entry: np.ndarray) -> bool:
    return bool(np.linalg.norm(points - entry, axis=2).min() < ACROSS_MM + 5)
