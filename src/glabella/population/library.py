"""Archetypes of a plan, from memory, from the cache folder or freshly solved.

The cache holds nothing that the parameters, the plan and the code do not determine: its key is a hash of all three. A file that
cannot be read is made anew. See ``glabella.cache``.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from glabella.cache import cache_folder, code_sha256, write_cached
from glabella.evidence import Parameters
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.population.archetypes import ELEMENTS, LANDINGS, TRIANGLES, Archetype, AreaFolding, build_archetype
from glabella.stages.anatomy.drawing import atlas_data

Progress = Callable[[str, float], None]
REACHED_AT = "junction_d50_units_per_mm3"
FOLDING = ("parts", "weight", "contracted_newton")
BUILT_FROM = ("data", "stages/anatomy", "stages/bolus", "stages/diffusion", "stages/skin", "face.py", "population/archetypes.py")
PLAIN = ("dose_per_unit", "units", "muscle_of", "share", "column_of")


def typical_patients(margin_sd_mm: float) -> tuple[Patient, ...]:
    """Women and men whose frontalis ends one standard deviation below or above the usual height."""
    heights = atlas_data("bones")["heights"]
    patients = []
    for sex in ("female", "male"):
        usual = heights[f"trichion_above_nasion_{sex}_mm"] - heights["margin_below_trichion_mm"]
        patients += [Patient(sex=sex, frontalis_upper_margin_mm=usual + step) for step in (-margin_sd_mm, margin_sd_mm)]
    return tuple(patients)


def find_archetypes(
    plan: Plan, areas: Sequence[str], parameters: Parameters, margin_sd_mm: float, progress: Progress | None = None
) -> tuple[Archetype, ...]:
    """The typical faces under the plan's pattern of needles: the same places and volumes, whatever the units."""
    report = progress or (lambda stage, share: None)
    found = []
    patients = typical_patients(margin_sd_mm)
    for number, patient in enumerate(patients):
        report("typical faces", number / len(patients))
        found.append(_find(plan, patient, tuple(areas), parameters))
    report("typical faces", 1.0)
    return tuple(found)


@lru_cache(maxsize=64)
def _in_memory(key: str) -> list[Archetype]:
    return []


def _find(plan: Plan, patient: Patient, areas: tuple[str, ...], parameters: Parameters) -> Archetype:
    key = _key(plan, patient, areas, parameters)
    held = _in_memory(key)
    if not held:
        folder = cache_folder()
        path = folder / f"{key}.npz" if folder else None
        archetype = _read(path) if path else None
        if archetype is None:
            archetype = build_archetype(plan, patient, parameters, areas)
            if path:
                _write(archetype, path)
        held.append(archetype)
    return held[0]


def _key(plan: Plan, patient: Patient, areas: tuple[str, ...], parameters: Parameters) -> str:
    needles = [(i.site, i.depth_mm, i.target_muscle, i.lateral_mm, i.up_mm, plan.volume_ml(i)) for i in plan.sessions[0].injections]
    stages = ("anatomy", "bolus", "diffusion", "skin", "unwanted")
    values = [(name, parameters[name]) for name, row in parameters.rows.items() if row.stage in stages or name == REACHED_AT]
    made_by = code_sha256(BUILT_FROM), LANDINGS, ELEMENTS, TRIANGLES
    text = repr((made_by, needles, patient.sex, patient.frontalis_upper_margin_mm, areas, values))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _write(archetype: Archetype, path: Path) -> None:
    arrays: dict[str, np.ndarray] = {name: getattr(archetype, name) for name in PLAIN}
    for area, folding in archetype.folding.items():
        arrays |= {f"{area}/{name}": value for name, value in asdict(folding).items()}
    arrays |= {
        "sex": np.array(archetype.sex),
        "margin": np.array(archetype.frontalis_upper_margin_mm),
        "muscles": np.array(archetype.muscles),
    }
    write_cached(path, lambda file: np.savez(file, **arrays))  # pyright: ignore[reportArgumentType]


def _read(path: Path) -> Archetype | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            data: Mapping[str, np.ndarray] = {name: file[name] for name in file.files}
        areas = dict.fromkeys(name.split("/")[0] for name in data if "/" in name)
        folding = {area: AreaFolding(**{name: data[f"{area}/{name}"] for name in FOLDING}) for area in areas}
        plain = {name: data[name] for name in PLAIN}
        return Archetype(sex=str(data["sex"]), frontalis_upper_margin_mm=float(data["margin"]), muscles=tuple(map(str, data["muscles"])),
                         folding=folding, **plain)  # fmt: skip
    except (OSError, ValueError, KeyError, EOFError):
        return None
