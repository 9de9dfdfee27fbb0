"""Figures that one nominal person gives: strain of the skin by components, and side effects from the scatter of needles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters, load_parameters
from glabella.evidence.published import PublishedRow, trial_record
from glabella.patient import Patient
from glabella.population.arms import dosed_plan
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import muscle_doses, spread_toxin
from glabella.stages.junction import block_junctions
from glabella.stages.muscle import weaken_muscles
from glabella.stages.skin import Skin
from glabella.stages.skin.strain import mean_compression
from glabella.treatment import PEAK_DAYS, Person, build_person, find_risks, run_course, with_label_rates

TOLERANCE = 1e-6
PARAMETER_DRAWS = 16
COMPONENTS = {"horizontal_compression": (0, -1.0), "vertical_stretch": (1, 1.0)}
REGIONS = ("glabella", "forehead", "face")


@dataclass(frozen=True)
class Chance:
    """Chance of a side effect in percent with the 90 % band over the table's rows."""

    percent: float
    low: float
    high: float


def stage_parameters(values: Mapping[str, float]) -> Parameters:
    """The table of the stages with those of ``values`` that are its rows."""
    table = load_parameters()
    return table.with_values({name: value for name, value in values.items() if name in table.rows})


def predict_strain(rows: Sequence[PublishedRow], sets: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Strain in percent (sets, rows) of the nominal person for several sets of parameter values."""
    found = np.zeros((len(sets), len(rows)))
    if not rows:
        return found
    with threadpool_limits(1):
        person = build_person(None, Patient(), load_parameters())
        arms = dict.fromkeys((row.product, row.indication, row.dose_units) for row in rows)
        for product, indication, units in arms:
            plan = dosed_plan(product, indication, units)
            field = spread_toxin(person.spread, place_boluses(plan.sessions[0], plan, person.anatomy, load_parameters()), TOLERANCE)
            dose = muscle_doses(person.anatomy, (field,))
            mine = [k for k, row in enumerate(rows) if (row.product, row.indication, row.dose_units) == (product, indication, units)]
            days = np.unique([0.0, *(float(rows[k].day or 0.0) for k in mine)])
            for n, values in enumerate(sets):
                parameters = stage_parameters(values)
                force = weaken_muscles(block_junctions(dose, np.zeros(1), days, parameters, product), parameters).force
                for k in mine:
                    at = int(np.searchsorted(days, float(rows[k].day or 0.0)))
                    today = {muscle: float(course[at]) for muscle, course in force.items()}
                    found[n, k] = 100 * _strain(person, rows[k], today, parameters)
    return found


def _strain(person: Person, row: PublishedRow, force: Mapping[str, float], parameters: Parameters) -> float:
    """What the row measures, from the face at rest to its contraction; its name says which strain of which region."""
    skin = person.skin
    contraction = trial_record(row.trial).contraction
    full = skin.tension_newton(contraction, person.patient, parameters) - skin.tension_newton("rest", person.patient, parameters)
    newton = full * skin.force_at(force)
    triangles = _region(skin, next(name for name in REGIONS if f"_{name}_" in row.row))
    component = next((part for name, part in COMPONENTS.items() if name in row.row), None)
    if component is None and "major_strain" not in row.row:
        return float(mean_compression(skin, triangles, newton[:, None])[0])
    horizontal, vertical, shear = np.tensordot(newton, skin.mode_strains[:, triangles], 1).T
    value = 0.5 * (horizontal + vertical) + np.hypot(0.5 * (horizontal - vertical), shear)  # the largest stretch
    if component is not None:
        value = component[1] * (horizontal, vertical)[component[0]]
    return float(np.average(value, weights=skin.membrane.areas_mm2[triangles]))


def _region(skin: Skin, name: str) -> np.ndarray:
    """Triangles of a measured region; the forehead of the trial is not described: taken between the brow peaks."""
    if name == "face":
        return np.arange(len(skin.membrane.areas_mm2))
    at = skin.areas["glabellar" if name == "glabella" else name]
    if name != "forehead":
        return at
    triangle, weights = skin.points["brow_peak_left"]
    reach = weights @ skin.surface.vertices[skin.surface.triangles[triangle], 0]
    return at[np.abs(skin.surface.vertices[skin.surface.triangles[at], 0].mean(axis=1)) < reach]


def predict_unwanted(product: str, indication: str, units: float, values: Mapping[str, float]) -> dict[str, Chance]:
    """Chance of each side effect after one session in the nominal person; a placebo reaches nothing."""
    if not units:
        return {}
    with threadpool_limits(1):
        parameters = stage_parameters(values)
        person = build_person(None, Patient(), parameters)
        plan = dosed_plan(product, indication, units)
        course = run_course(person, plan, PEAK_DAYS, parameters, [None], TOLERANCE)
        chances = with_label_rates(plan, find_risks(person, plan, parameters, course, [], PARAMETER_DRAWS, seed=0))
    return {name: Chance(100 * chance.value, 100 * chance.low, 100 * chance.high) for name, chance in chances.items()}
