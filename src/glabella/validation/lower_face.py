"""Published figures of the lower face: thickness and grade of the masseter, weakening of the mouth corner, what people notice.

One nominal woman of the reference face per pattern; the spread between people is that of ``masseter_response_sd_ln``. A dose that
is not known is the row ``masseter_usual_dose_units``. Spread of the toxin is solved once per plan, since the posterior does not move it.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters
from glabella.evidence.lower_face import load_lower_parameters, load_study_patterns, lower_site_areas, lower_target
from glabella.evidence.published import PublishedRow
from glabella.label import check_plan, ensure_allowed
from glabella.lower_face.treatment import LowerPerson, build_lower_person, lower_placement_doses
from glabella.names import without_side
from glabella.patient import Patient
from glabella.plan import Injection, Plan, Session
from glabella.runs import PEAK_DAYS, peak_block_of
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import MuscleDose, muscle_doses, spread_toxin
from glabella.stages.junction import block_junctions
from glabella.stages.muscle.masseter import masseter_thickness, weaken_lower_muscles
from glabella.stages.unwanted.lower_face import rate_lower_face

SHARES = ("masseter_grade_le3_percent", "weak_bite_percent", "masseter_smile_percent", "platysma_swallowing_percent")
QUANTITIES = (*SHARES, "masseter_clench_change_mm", "masseter_thinnest_days", "dao_weakening_percent")
TOLERANCE = 1e-6
DAYS = np.arange(0.0, 181.0)
RESPONSE_NODES = np.polynomial.hermite_e.hermegauss(9)
ENTRY_STEPS = (np.arange(20) + 0.5) / 20 - 0.5  # places within a grade: numerical
EFFECTS = {
    "weak_bite_percent": "weak_bite", "masseter_smile_percent": "asymmetric_smile", "platysma_swallowing_percent": "difficulty_swallowing",
}  # fmt: skip
PATTERNS = {"masseter": "masseter_48", "depressor_anguli_oris": "depressor_anguli_oris_4"}


def predict_lower_face(rows: Sequence[PublishedRow], sets: Sequence[Mapping[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    """What each row should be, (sets, rows) in its own unit, and the spread between people (rows,)."""
    values, person_sd = np.zeros((len(sets), len(rows))), np.zeros(len(rows))
    with threadpool_limits(1):
        for k, row in enumerate(rows):
            values[:, k] = [_value(row, _stage_parameters(one)) for one in sets]
            person_sd[k] = abs(values[0, k]) * _stage_parameters(sets[0])["masseter_response_sd_ln"]
    return values, person_sd


def _stage_parameters(values: Mapping[str, float]) -> Parameters:
    table = load_lower_parameters()
    return table.with_values({name: value for name, value in values.items() if name in table.rows})


def trial_plan(product: str, indication: str, units: float) -> Plan:
    """The pattern of a trial in the lower face with its units over both sides; the label check of a study holds for it."""
    if indication == "platysma":  # no pattern is shipped: the units evenly over all named sites, in the middle of the muscle
        sites = [site for site, area in lower_site_areas().items() if without_side(area) == "platysma"]
        needles = tuple(Injection(site, units / len(sites), target_muscle=lower_target(site)) for site in sites)
        return Plan(product, (Session(0.0, needles),), "study")
    known = next(p for p in (product, "onabotulinumtoxinA") if _has_pattern(p, PATTERNS[indication]))
    plan = Plan.study(known, PATTERNS[indication])
    plan = Plan(product, plan.sessions, "study", vials=10).scaled(units)
    ensure_allowed(check_plan(plan))
    return plan


def _has_pattern(product: str, pattern: str) -> bool:
    return any((row.product, row.pattern) == (product, pattern) for row in load_study_patterns())


@cache
def _person() -> LowerPerson:
    return build_lower_person(None, Patient(), load_lower_parameters())


@cache
def _doses(product: str, indication: str, units: float) -> Mapping[str, MuscleDose]:
    """Dose of the muscles that the indication is about."""
    plan, person = trial_plan(product, indication, units), _person()
    field = spread_toxin(person.spread, place_boluses(plan.sessions[0], plan, person.anatomy, load_lower_parameters()), TOLERANCE)
    return {name: dose for name, dose in muscle_doses(person.anatomy, (field,)).items() if without_side(name) == indication}


def _value(row: PublishedRow, parameters: Parameters) -> float:
    units = parameters["masseter_usual_dose_units"] if np.isnan(row.dose_units) else row.dose_units
    if row.quantity in EFFECTS:
        return 100 * _chance(EFFECTS[row.quantity], row, units, parameters)
    if units == 0:
        return 100 * _grade_share(0.0, parameters)
    blockade = block_junctions(_doses(row.product, row.indication, units), np.zeros(1), DAYS, parameters, row.product)
    force = weaken_lower_muscles(blockade, parameters)
    at = int(np.searchsorted(DAYS, row.day or 0.0))
    if row.quantity == "dao_weakening_percent":
        return 100 * (1 - float(force.force["depressor_anguli_oris_left"][at]))
    thickness = masseter_thickness(force, "female", parameters)["masseter_left"]
    if row.quantity == "masseter_thinnest_days":
        return float(DAYS[thickness.rest_mm.argmin()])
    change_mm = float(thickness.clench_mm[at] - thickness.clench_mm[0])
    return change_mm if row.quantity == "masseter_clench_change_mm" else 100 * _grade_share(change_mm, parameters)


def _grade_share(change_mm: float, parameters: Mapping[str, float]) -> float:
    """Share of people rated 3 or less who entered at 4 or 5, when their masseter changed by ``change_mm`` in clench on the mean."""
    node, weight = RESPONSE_NODES
    sd = parameters["masseter_response_sd_ln"]
    change = change_mm * np.exp(sd * node - sd**2 / 2) / parameters["masseter_grade_step_mm"]
    five = parameters["masseter_grade_five_share"]
    share = 0.0
    for grade, of_people in ((4, 1 - five), (5, five)):
        now = grade + ENTRY_STEPS[:, None] + change
        rated = ndtr((3.5 - now) / parameters["masseter_grade_rater_sd"])
        share += of_people * float(rated.mean(0) @ weight / weight.sum())
    return share


@cache
def _structure_doses(product: str, indication: str, units: float) -> Mapping[str, np.ndarray]:
    """Dose of the structures at risk over placements; the posterior does not move it."""
    return lower_placement_doses(_person(), trial_plan(product, indication, units), load_lower_parameters(), seed=0)


def _chance(effect: str, row: PublishedRow, units: float, parameters: Parameters) -> float:
    blockade = block_junctions(_doses(row.product, row.indication, units), np.zeros(1), PEAK_DAYS, parameters, row.product)
    force = weaken_lower_muscles(blockade, parameters).force
    masseters = [curve for name, curve in force.items() if without_side(name) == "masseter"] or [np.ones(1)]
    bite_lost = parameters["clench_masseter_share"] * (1 - np.mean(masseters, axis=0).min())
    doses = _structure_doses(row.product, row.indication, units)
    return rate_lower_face(doses, np.array([bite_lost]), peak_block_of(row.product), [parameters])[effect].value
