"""From a product, an indication and a dose to what all people of an arm share."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations

import numpy as np

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.parameters import load_population
from glabella.evidence.published import TrialRecord
from glabella.names import AREAS
from glabella.plan import Plan
from glabella.population.block import Setting
from glabella.population.library import Progress, find_archetypes
from glabella.population.people import Mix
from glabella.stages.junction.course import junction_kinetics

TOGETHER = {"glabellar": (), "forehead": ("glabellar", "lateral_canthal"), "lateral_canthal": ("glabellar", "forehead")}


def arm_plan(product: str, indication: str, dose_units: float) -> Plan:
    """The licensed pattern of the indication scaled to a total dose, as a study.

    Where the dose is the labelled total of the indication with other areas (forehead with glabella, 40 U; all three, 64 U), these
    are treated too, each at its labelled dose. The fluid of every needle stays the label's: another dose is another concentration.
    """
    plan = Plan.label(product, indication, purpose="study")
    if abs(plan.units - dose_units) < 1e-9:
        return plan
    others = [area for area in TOGETHER[indication] if area not in plan.areas]
    for more in chain.from_iterable(combinations(others, n) for n in range(1, len(others) + 1)):
        try:
            wider = Plan.label(product, (indication, *more), purpose="study")
        except InputError:
            continue  # this product has no pattern there
        if abs(wider.units - dose_units) < 1e-9:
            return wider
    return plan


def dosed_plan(product: str, indication: str, dose_units: float) -> Plan:
    """``arm_plan`` with the dose itself: the same needles and volumes with another number of units in them."""
    plan = arm_plan(product, indication, dose_units)
    if abs(plan.units - dose_units) < 1e-9:
        return plan
    factor = dose_units / plan.units
    dilution = replace(plan.dilution, diluent_ml=plan.dilution.diluent_ml / factor)
    session = plan.sessions[0]
    injections = tuple(replace(injection, units=injection.units * factor) for injection in session.injections)
    vials = max(1, math.ceil(dose_units / dilution.vial_units - 1e-9))
    return replace(plan, dilution=dilution, vials=vials, sessions=(replace(session, injections=injections),))


def trial_values(overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Every parameter as a plain number: the table of the stages, the table of the population, and what replaces them."""
    values = {**load_parameters(), **load_population()}
    return {**values, **(overrides or {})}


def mix_of(record: TrialRecord) -> Mix:
    """Whom this trial enrolled."""
    return Mix(
        record.female_share, record.mean_age_years, record.sd_age_years, record.least_age_years, record.most_age_years,
        record.severe_share, record.screening,
    )  # fmt: skip


def arm_setting(
    product: str,
    indication: str,
    dose_units: float,
    visit_days: Sequence[float],
    mix: Mix,
    values: Mapping[str, float],
    *,
    session_days: Sequence[float] = (0.0,),
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> Setting:
    """What the people of one arm share; ``dose_units`` per session, 0 for placebo. ``values``: see ``trial_values``."""
    plan = arm_plan(product, indication, dose_units or Plan.label(product, indication, purpose="study").units)
    areas = tuple(area for area in AREAS if area == indication or area.startswith(f"{indication}_"))
    archetypes = find_archetypes(plan, areas, parameters or load_parameters(), values["person_frontalis_margin_sd_mm"], progress)
    units = archetypes[0].units * (dose_units / archetypes[0].units.sum())
    return Setting(
        archetypes, areas, np.tile(units, (len(session_days), 1)), np.asarray(session_days, float), np.asarray(visit_days, float), mix,
        junction_kinetics(values, product), values,
    )  # fmt: skip
