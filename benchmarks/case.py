"""The one case of all subjects: the reference face with the licensed glabellar pattern of onabotulinumtoxinA, nominal parameters."""

from functools import cache

import numpy as np

from glabella.evidence import Parameters, load_parameters
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.bolus import Bolus, place_boluses
from glabella.stages.diffusion.spread import source_of
from glabella.treatment import Person, build_person


@cache
def parameters() -> Parameters:
    return load_parameters()


@cache
def person() -> Person:
    return build_person(None, Patient(), parameters())


@cache
def plan() -> Plan:
    return Plan.label("onabotulinumtoxinA", "glabellar")


@cache
def boluses() -> tuple[Bolus, ...]:
    return tuple(place_boluses(plan().sessions[0], plan(), person().anatomy, parameters(), None))


@cache
def source() -> np.ndarray:
    return source_of(boluses(), len(person().spread.volume))
