"""A few typical faces that stand for everyone: where a unit at each needle ends up, and how each muscle folds the skin.

Transport is linear in the units, so the dose of a person is a sum over needles of units times the dose of one unit from where the
needle landed. Landing places are a fixed set of quasi-random draws from the stated scatter; each person's needles take one each.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters
from glabella.frown import FROWN_PATTERNS
from glabella.patient import Patient
from glabella.plan import Plan, Session
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import DoseField, muscle_doses, spread_toxin
from glabella.stages.diffusion.spread import source_of
from glabella.stages.wrinkle import CONTRACTION
from glabella.treatment import Person, build_person

LANDINGS = 32  # places where each needle may land: numerical
ELEMENTS = 64  # tissue elements that stand for one muscle: numerical
TRIANGLES = 64  # triangles that stand for one area of skin: numerical
TOLERANCE = 1e-5
NEGLIGIBLE = 1e-3  # of the half dose: a muscle that gets less everywhere is not followed


@dataclass(frozen=True)
class AreaFolding:
    """How the muscles squeeze one area: mean, half difference and shear strain (3, triangles, muscles) per newton, weights of the
    triangles (triangles,), and the tension in N of each muscle (patterns, muscles) in the area's own contraction."""

    parts: np.ndarray
    weight: np.ndarray
    contracted_newton: np.ndarray


@dataclass(frozen=True)
class Archetype:
    """A typical face under one pattern of needles.

    ``dose_per_unit`` (needles, landings, elements): uptake in units/mm3 of one unit of the needle; ``units`` (needles,): the pattern's
    own; ``muscle_of`` and ``share`` (elements,): which of ``muscles`` an element belongs to and which share of it. ``folding`` by area;
    ``column_of`` (muscles,): where each of ``muscles`` stands among those that pull the skin, -1 for none of them.
    """

    sex: str
    frontalis_upper_margin_mm: float
    muscles: tuple[str, ...]
    dose_per_unit: np.ndarray
    units: np.ndarray
    muscle_of: np.ndarray
    share: np.ndarray
    folding: Mapping[str, AreaFolding]
    column_of: np.ndarray


def landing_offsets(needles: int, parameters: Mapping[str, float]) -> np.ndarray:
    """Offsets (needles, landings, 3) in mm: quasi-random draws of the normal scatter along the skin and in depth."""
    scatter = np.array([parameters["placement_sd_mm"], parameters["placement_sd_mm"], parameters["placement_depth_sd_mm"]])
    draws = qmc.Sobol(3 * needles, seed=0).random(LANDINGS).reshape(LANDINGS, needles, 3)
    return ndtri(np.clip(draws, 1e-9, 1 - 1e-9)).transpose(1, 0, 2) * scatter


def build_archetype(plan: Plan, patient: Patient, parameters: Parameters, areas: Sequence[str], workers: int | None = None) -> Archetype:
    """Solve the spread of one unit from every landing place of every needle of the plan's first session."""
    with threadpool_limits(1):
        person = build_person(None, patient, parameters)
        session = plan.sessions[0]
        nominal = spread_toxin(person.spread, place_boluses(session, plan, person.anatomy, parameters), TOLERANCE)
        muscles, cells, muscle_of, share = _elements(person, nominal, parameters)
        offsets = landing_offsets(len(session.injections), parameters)

        def solve(place: tuple[int, int]) -> np.ndarray:
            needle, landing = place
            injection = session.injections[needle]
            one = Session(session.day, (injection,))
            boluses = place_boluses(one, plan, person.anatomy, parameters, offsets[needle, landing][None])
            exposure = person.spread.solve(source_of(boluses, len(person.anatomy.cells)), TOLERANCE)
            return np.maximum(person.spread.uptake_per_day * exposure[cells], 0.0) / injection.units

        places = [(n, k) for n in range(len(session.injections)) for k in range(LANDINGS)]
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            doses = list(pool.map(solve, places))
    margin = patient.frontalis_upper_margin_mm
    return Archetype(
        patient.sex,
        np.nan if margin is None else margin,
        muscles,
        np.array(doses).reshape(len(session.injections), LANDINGS, len(cells)),
        np.array([i.units for i in session.injections]),
        muscle_of,
        share,
        {area: _folding(person, area, parameters) for area in areas},
        np.array([person.skin.muscles.index(m) if m in person.skin.muscles else -1 for m in muscles]),
    )


def _elements(
    person: Person, nominal: DoseField, parameters: Mapping[str, float]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Muscles that the pattern reaches and the tissue cells that stand for them: even steps of volume in order of dose."""
    muscles, cells, muscle_of, share = [], [], [], []
    for name, dose in muscle_doses(person.anatomy, (nominal,)).items():
        local = dose.dose_units_per_mm3[0]
        if local.max() < NEGLIGIBLE * parameters["junction_d50_units_per_mm3"]:
            continue
        order = np.argsort(local)
        upto = np.cumsum(dose.volume_mm3[order])
        middle = (np.arange(ELEMENTS) + 0.5) / ELEMENTS * upto[-1]
        cells.append(person.anatomy.muscles[name].cells[order[np.searchsorted(upto, middle)]])
        muscle_of.append(np.full(ELEMENTS, len(muscles)))
        share.append(np.full(ELEMENTS, 1 / ELEMENTS))
        muscles.append(name)
    return tuple(muscles), np.concatenate(cells), np.concatenate(muscle_of), np.concatenate(share)


def _folding(person: Person, area: str, parameters: Parameters) -> AreaFolding:
    skin, expression = person.skin, CONTRACTION[area]
    triangles = skin.areas[area]
    horizontal, vertical, shear = skin.mode_strains[:, triangles].transpose(2, 1, 0)
    parts = np.stack([0.5 * (horizontal + vertical), 0.5 * (horizontal - vertical), shear])
    weight = skin.membrane.areas_mm2[triangles]
    full = skin.tension_newton(expression, person.patient, parameters)
    middle, half, slant = parts @ full
    order = np.argsort(middle - np.hypot(half, slant))
    upto = np.cumsum(weight[order])
    keep = order[np.searchsorted(upto, (np.arange(TRIANGLES) + 0.5) / TRIANGLES * upto[-1])]
    patients = [replace(person.patient, frown_pattern=pattern) for pattern in FROWN_PATTERNS]
    return AreaFolding(
        parts[:, keep],
        np.full(TRIANGLES, 1 / TRIANGLES),
        np.stack([skin.tension_newton(expression, p, parameters) for p in patients]),
    )
