"""Strain of the skin as a trial measured it, in every virtual person: the trial's own region, from the face at rest to its contraction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence import load_parameters
from glabella.evidence.published import PublishedRow, trial_record
from glabella.evidence.strain_regions import StrainRegion, load_strain_regions
from glabella.face import load_face
from glabella.frown import FROWN_PATTERNS
from glabella.patient import Patient
from glabella.population.archetypes import Archetype
from glabella.population.block import Setting, archetype_of
from glabella.population.course import course_times, muscle_force
from glabella.population.people import People
from glabella.stages.anatomy.atlas import build_atlas
from glabella.stages.anatomy.drawing import NASION
from glabella.stages.skin import Skin, build_skin

MEASURES = ("horizontal_compression", "vertical_stretch", "major")
MOST_COMPRESSIVE = "most_compressive"
CHUNK = 512  # courses handled at once, so that temporaries stay small


@dataclass(frozen=True)
class Measured:
    """How the muscles strain one region of a typical face: mean, half difference and shear strain ``parts`` (3, triangles, muscles) per
    newton, ``weight`` (triangles,), and ``newton`` (patterns, muscles): the tension at contraction less that at rest."""

    parts: np.ndarray
    weight: np.ndarray
    newton: np.ndarray


def region_of(row: PublishedRow) -> StrainRegion | None:
    """The region that a row of strain is of, by its name; None where the trial has none of its own."""
    mine = (region for region in load_strain_regions().values() if region.trial == row.trial)
    return next((region for region in mine if f"_{region.region}_" in row.row), None)


def measure_of(row: PublishedRow) -> str:
    """Which strain a row gives, by its name; the most compressive one where it does not say."""
    return next((name for name in MEASURES if name in row.row), MOST_COMPRESSIVE)


@lru_cache(maxsize=8)
def _skin(sex: str, margin_mm: float) -> tuple[Skin, Patient, tuple[np.ndarray, float]]:
    """Skin of a typical face at the values in force, whose it is, and its nasion with the scale of the drawing."""
    parameters, patient = load_parameters(), Patient(sex=sex, frontalis_upper_margin_mm=margin_mm)
    with threadpool_limits(1):
        face = patient.shape(load_face(), parameters)
        skin = build_skin(build_atlas(face, patient, parameters), parameters)
    return skin, patient, (face.landmarks[NASION], face.interpupillary_distance_mm / load_face().interpupillary_distance_mm)


def region_triangles(skin: Skin, region: StrainRegion, nasion: np.ndarray, size: float) -> np.ndarray:
    """Triangles of the skin whose middle lies in the region, seen from the front."""
    at = skin.areas[region.area] if region.area else np.flatnonzero(_facing(skin))
    across, up = (skin.surface.centroids[at] - nasion)[:, :2].T
    inside = np.ones(len(at), bool)
    if region.between == "mid_pupillary_lines":
        inside &= np.abs(across) < size * load_face().interpupillary_distance_mm / 2
    if region.between == "brow_peaks":
        triangle, weights = skin.points["brow_peak_left"]
        inside &= np.abs(across) < weights @ skin.surface.vertices[skin.surface.triangles[triangle], 0]
    inside &= up >= (-np.inf if region.from_mm is None else size * region.from_mm)
    inside &= up <= (np.inf if region.to_mm is None else size * region.to_mm)
    return at[inside]


def _facing(skin: Skin) -> np.ndarray:
    return skin.surface.triangle_normals[:, 2] > 0


def find_measured(archetypes: Sequence[Archetype], region: StrainRegion) -> tuple[Measured, ...]:
    """The region on each typical face."""
    return tuple(_measured(a.sex, a.frontalis_upper_margin_mm, region) for a in archetypes)


@lru_cache(maxsize=64)
def _measured(sex: str, margin_mm: float, region: StrainRegion) -> Measured:
    parameters, contraction = load_parameters(), trial_record(region.trial).contraction
    skin, patient, frame = _skin(sex, margin_mm)
    at = region_triangles(skin, region, *frame)
    horizontal, vertical, shear = skin.mode_strains[:, at].transpose(2, 1, 0)
    rest = skin.tension_newton("rest", patient, parameters)
    people = [Patient(sex=sex, frontalis_upper_margin_mm=margin_mm, frown_pattern=pattern) for pattern in FROWN_PATTERNS]
    weight = skin.membrane.areas_mm2[at]
    return Measured(
        np.stack([0.5 * (horizontal + vertical), 0.5 * (horizontal - vertical), shear]),
        weight / weight.sum(),
        np.stack([skin.tension_newton(contraction, one, parameters) for one in people]) - rest,
    )


def measured_strain(
    setting: Setting, people: People, days: Sequence[float], asked: Mapping[str, tuple[Sequence[Measured], str]]
) -> dict[str, np.ndarray]:
    """Strain (people, days) as a positive fraction after one session on day 0, by name of what is ``asked``: regions on the typical faces
    of ``setting``, and the measure."""
    wanted = np.asarray(days, float)
    times = course_times(np.append(wanted, 1.0))
    at = np.searchsorted(times, wanted)
    found = {name: np.zeros((len(people.male), len(wanted))) for name in asked}
    for number, (archetype, who) in enumerate(archetype_of(setting, people)):
        force = np.ones((len(who), len(wanted), len(archetype.muscles)))
        if setting.treated:
            force = muscle_force(archetype, setting.units[0], people, who, times, setting.kinetics, setting.values)[:, at]
        inside = archetype.column_of >= 0
        for name, (regions, measure) in asked.items():
            region = regions[number]
            pull = np.repeat((region.newton[people.pattern[who]] * np.exp(people.size_ln[who]))[:, None], len(wanted), axis=1)
            pull[:, :, archetype.column_of[inside]] *= force[:, :, inside]
            found[name][who] = _mean_strain(region, measure, pull.reshape(-1, pull.shape[2]).T).reshape(len(who), len(wanted))
    return found


def _mean_strain(region: Measured, measure: str, newton: np.ndarray) -> np.ndarray:
    """Mean over the region (k,) for tensions (muscles, k)."""
    if measure in ("horizontal_compression", "vertical_stretch"):  # linear: the mean comes first
        middle, half, _ = np.tensordot(region.weight, region.parts, (0, 1)) @ newton
        return -(middle + half) if measure == "horizontal_compression" else middle - half
    mean = np.empty(newton.shape[1])
    for first in range(0, newton.shape[1], CHUNK):
        middle, half, slant = region.parts @ newton[:, first : first + CHUNK]
        radius = np.hypot(half, slant)
        value = middle + radius if measure == "major" else -np.minimum(middle - radius, 0.0)
        mean[first : first + CHUNK] = region.weight @ value
    return mean
