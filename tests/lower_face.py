"""The lower face of the reference woman on a coarse grid, built once."""

from functools import cache

from glabella import Patient, Plan
from glabella.evidence.lower_face import load_lower_parameters
from glabella.lower_face.treatment import LowerPerson, build_lower_person
from glabella.plan import Injection, Session

ONA = "onabotulinumtoxinA"
COARSE = {"step_mm": 2.8, "depth_step_mm": 1.4}


@cache
def person(sex: str = "female") -> LowerPerson:
    return build_lower_person(None, Patient(sex=sex), load_lower_parameters(), **COARSE)


def everywhere() -> Plan:
    """Needles over every area of the lower face; but for the mentalis within the highest doses of published trials."""
    sites = [(f"platysma_{place}_{side}", 3.0) for place in ("jaw_middle", "band_upper", "band_middle") for side in ("left", "right")]
    platysma = Plan(ONA, (Session(0.0, tuple(Injection(site, units, depth_mm=4.0) for site, units in sites)),), "study")
    plan = Plan.study(ONA, "masseter_72")
    return plan.merged(Plan.study(ONA, "depressor_anguli_oris_4")).merged(mentalis_plan()).merged(platysma)


def mentalis_plan() -> Plan:
    """8 U in the mentalis. No label or trial of the evidence has it, so the label check refuses it; the stages compute it."""
    needles = tuple(Injection(f"mentalis_{side}", 4.0, target_muscle=f"mentalis_{side}") for side in ("left", "right"))
    return Plan(ONA, (Session(0.0, needles),), "study")


def platysma_plan(depth_mm: float) -> Plan:
    """36 U in six sites of each side, all at one depth."""
    places = ("jaw_posterior", "jaw_middle", "jaw_anterior", "band_upper", "band_middle", "band_lower")
    needles = tuple(Injection(f"platysma_{place}_{side}", 3.0, depth_mm=depth_mm) for place in places for side in ("left", "right"))
    return Plan(ONA, (Session(0.0, needles),), "study")
