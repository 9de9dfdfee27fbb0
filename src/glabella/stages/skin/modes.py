"""The skin of one face: the membrane factored once, and how it moves and strains when each muscle pulls with one newton."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from glabella.errors import InputError, nearest
from glabella.evidence import Parameters
from glabella.face import Surface
from glabella.names import SIDES, without_side
from glabella.patient import Patient
from glabella.stages.anatomy import ANCHORS, Atlas, Sheet, blend
from glabella.stages.skin.activation import full_tension_newton
from glabella.stages.skin.membrane import Membrane, compression_axis
from glabella.stages.skin.traction import pull_skin

CHIN, DEPTH = 152, 1.0  # landmark below which and pupil distances behind the eyes where the model ends: numerical
NOT_IN_SKIN = ("levator_palpebrae_superioris", "levator_aponeurosis")  # they lift the lid, behind the septum


@dataclass(frozen=True)
class Skin:
    """The skin in front of the ears, from the chin up, with one displacement mode per muscle.

    ``vertex_index`` (n,), ``triangle_index`` (m,): where its vertices and triangles are in ``face.surface(1)``, which has
    ``face_vertices`` vertices. ``modes`` (muscles, n, 3): mm per newton in each of ``muscles``; ``mode_strains``
    (muscles, m, 3): horizontal, vertical and shear strain per newton. ``areas``: triangles of each area in this crop.
    ``points``: where movement is measured, as (triangle, barycentric). ``dermis_thickness_mm`` per area.
    """

    surface: Surface
    membrane: Membrane
    vertex_index: np.ndarray
    triangle_index: np.ndarray
    face_vertices: int
    muscles: tuple[str, ...]
    modes: np.ndarray
    mode_strains: np.ndarray
    areas: Mapping[str, np.ndarray]
    points: Mapping[str, tuple[int, np.ndarray]]
    dermis_thickness_mm: Mapping[str, float]

    def tension_newton(self, expression: str, patient: Patient, parameters: Parameters) -> np.ndarray:
        """Tension (muscles,) of the untreated muscles in an expression."""
        return np.array([full_tension_newton(muscle, expression, patient, parameters) for muscle in self.muscles])

    def force_at(self, force: Mapping[str, float]) -> np.ndarray:
        """Force (muscles,) as a share of untreated; a muscle that is not named is untreated."""
        known = {*self.muscles, *(f"{name}_{side}" for name in NOT_IN_SKIN for side in SIDES)}
        for name in force:
            if name not in known:
                raise InputError(f"muscle '{name}' does not move the skin; {nearest(name, sorted(known))}")
        return np.array([float(force.get(muscle, 1.0)) for muscle in self.muscles])

    def displacement(self, expression: str, force: Mapping[str, float], patient: Patient, parameters: Parameters) -> np.ndarray:
        """Displacement (n, 3) mm of the vertices of ``face.surface(1)`` in an expression, from the skin with no tension at all."""
        newton = self.tension_newton(expression, patient, parameters) * self.force_at(force)
        moved = np.zeros((self.face_vertices, 3))
        moved[self.vertex_index] = np.tensordot(newton, self.modes, 1) * self.fade[:, None]
        return moved

    def strain(self, expression: str, force: Mapping[str, float], patient: Patient, parameters: Parameters) -> np.ndarray:
        """Strain (m, 3) of the crop's triangles in an expression: horizontal, vertical, shear."""
        return np.tensordot(self.tension_newton(expression, patient, parameters) * self.force_at(force), self.mode_strains, 1)

    def compression_direction(self, expression: str, force: Mapping[str, float], patient: Patient, parameters: Parameters) -> np.ndarray:
        """Unit vector (m, 3) along which each triangle of the crop is squeezed most; its sign has no meaning."""
        strain = self.strain(expression, force, patient, parameters)
        axis = compression_axis(strain[:, 0], strain[:, 1], strain[:, 2])
        return np.einsum("ma,mad->md", axis, self.membrane.frames)

    def at_point(self, name: str) -> np.ndarray:
        """Displacement (muscles, 3) mm per newton at a named point."""
        triangle, weights = self.points[name]
        return np.einsum("k,mkd->md", weights, self.modes[:, self.surface.triangles[triangle]])

    @cached_property
    def fade(self) -> np.ndarray:
        """One, going to zero at the cut edge so that pictures show no step; the solution itself is not changed."""
        depth = self.surface.vertices[:, 2] - self.surface.vertices[:, 2].min()
        height = self.surface.vertices[:, 1] - self.surface.vertices[:, 1].min()
        reach = 20.0
        return np.clip(depth / reach, 0, 1) * np.clip(height / reach, 0, 1)


def build_skin(atlas: Atlas, parameters: Parameters, *, keep_factor: bool = False) -> Skin:
    """Factor the membrane of ``atlas.face`` and solve one mode per muscle; nothing here depends on tensions or activations.

    ``keep_factor``: for whoever solves more on it and then lets go of it, in this thread.
    """
    face = atlas.face
    whole = face.surface(1)
    scale = face.interpupillary_distance_mm
    centre = whole.centroids
    inside = (centre[:, 2] > -DEPTH * scale) & (centre[:, 1] > face.landmarks[CHIN][1])
    triangle_index = np.flatnonzero(inside)
    vertex_index, corners = np.unique(whole.triangles[triangle_index], return_inverse=True)
    surface = Surface(whole.vertices[vertex_index], corners.reshape(-1, 3), np.zeros((0, 4), int))
    thickness_mm = _dermis_thickness_mm(atlas, surface.centroids, parameters)
    membrane = _membrane(atlas, surface, thickness_mm, parameters)

    sheets = {name: sheet for name, sheet in atlas.muscles.items() if _pulls_skin(name, sheet)}
    galea = parameters["frontalis_galea_share"]
    power = parameters["insertion_density_power"]
    pulls = [pull_skin(sheet, surface, power, galea if without_side(name) == "frontalis" else 0.0) for name, sheet in sheets.items()]
    modes = np.ascontiguousarray(membrane.solve(np.stack(pulls)))
    if not keep_factor:
        membrane.forget_factor()
    areas = {}
    for name, mask in atlas.areas.items():
        areas[name] = np.flatnonzero(mask[triangle_index])
        if mask.sum() != len(areas[name]) or not len(areas[name]):
            raise InputError(f"area '{name}' is empty or reaches beyond the skin model; keep areas between the ears, above the chin")
    strains = np.ascontiguousarray(membrane.strain(modes))
    return Skin(
        surface, membrane, vertex_index, triangle_index, len(whole.vertices), tuple(sheets), modes, strains, areas,
        _measured_points(atlas, surface),
        {name: float(np.average(thickness_mm[at], weights=membrane.areas_mm2[at])) for name, at in areas.items()},
    )  # fmt: skip


def _pulls_skin(name: str, sheet: Sheet) -> bool:
    return sheet.innervated and not name.startswith(NOT_IN_SKIN)


def _dermis_thickness_mm(atlas: Atlas, points: np.ndarray, parameters: Parameters) -> np.ndarray:
    women, men = (
        blend(atlas.face, {region: parameters[f"dermis_thickness_{region}_{sex}_mm"] for region in ANCHORS}, points)
        for sex in ("female", "male")
    )
    return (1 - atlas.face.sex) * women + atlas.face.sex * men


def _membrane(atlas: Atlas, surface: Surface, thickness_mm: np.ndarray, parameters: Parameters) -> Membrane:
    newton = 1e-3  # N/mm2 per kPa
    nu = parameters["skin_poisson_ratio"]
    modulus = parameters["dermis_modulus_kpa"] * newton
    ratio = dict.fromkeys(ANCHORS, 1.0) | {region: parameters[f"skin_foundation_{region}_ratio"] for region in ("forehead", "eyelid")}
    tangential = parameters["skin_foundation_stiffness_kpa_per_mm"] * newton * blend(atlas.face, ratio, surface.centroids)
    return Membrane(
        vertices=surface.vertices,
        triangles=surface.triangles,
        stiffness_n_per_mm=modulus * thickness_mm / (1 - nu * nu),
        poisson_ratio=nu,
        tangential_n_per_mm3=tangential,
        normal_n_per_mm3=tangential * parameters["skin_foundation_normal_ratio"],
    )


def _measured_points(atlas: Atlas, surface: Surface) -> dict[str, tuple[int, np.ndarray]]:
    """Points at which trials and clinicians measure: brow, frown point, mouth corner, upper lid; both sides."""
    wanted: dict[str, np.ndarray] = {}
    marks = atlas.face.landmarks
    for side, sign, lid, mouth in (("left", 1, 386, 291), ("right", -1, 159, 61)):
        for part in ("head", "peak", "tail"):
            wanted[f"brow_{part}_{side}"] = atlas.points[f"brow_{part}_{side}"]
        wanted[f"upper_lid_{side}"] = marks[lid]
        wanted[f"mouth_corner_{side}"] = marks[mouth]
        brow = atlas.curves[f"brow_{side}"]
        order = np.argsort(sign * brow[:, 0])
        lateral = FROWN_POINT_LATERAL_MM
        up = float(np.interp(lateral, sign * brow[order, 0], brow[order, 1]))
        wanted[f"frown_{side}"] = surface.frontal(sign * lateral, up).points
    foot = surface.closest(np.stack(list(wanted.values())))
    return {name: (int(foot.triangle[k]), foot.barycentric[k]) for k, name in enumerate(wanted)}


FROWN_POINT_LATERAL_MM = 30.0  # where the trial measured, a definition (Proebstle 2014)
