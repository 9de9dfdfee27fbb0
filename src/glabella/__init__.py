"""An open treatment simulator for botulinum toxin: from the needle to the skin, over the months, with sources.

Research and education, not a medical device. The public names are loaded when they are first used, so that
``import glabella`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glabella.calibration.calibrate import calibrate
    from glabella.calibration.posterior import load_posterior
    from glabella.comparison import Comparison
    from glabella.errors import GlabellaError, InputError, RefusedError
    from glabella.evidence import load_parameters
    from glabella.face import Face, load_face
    from glabella.follow_up.follow_up import update_forecast
    from glabella.follow_up.result import FollowUp
    from glabella.follow_up.visits import Visit, Visits
    from glabella.label import Finding, check_plan
    from glabella.outcome import Curve, Outcome
    from glabella.patient import Grades, Patient
    from glabella.plan import Dilution, Injection, Plan, Session
    from glabella.planner.compare import compare
    from glabella.planner.goal import Goal, Limits, Needles
    from glabella.planner.infeasible import InfeasibleError
    from glabella.planner.lowest_dose import lowest_dose
    from glabella.planner.result import PlannedDose
    from glabella.planner.risk_map import RiskMap, risk_map
    from glabella.treatment import simulate
    from glabella.trial.cohort import Cohort
    from glabella.trial.design import Arm, Trial
    from glabella.trial.result import TrialResult
    from glabella.trial.run import run_trial
    from glabella.validation.validate import validate
    from glabella.years.repeat import Repeat
    from glabella.years.result import Years
    from glabella.years.years import follow_years

_HOMES = {
    "glabella.calibration.calibrate": ("calibrate",),
    "glabella.calibration.posterior": ("load_posterior",),
    "glabella.comparison": ("Comparison",),
    "glabella.errors": ("GlabellaError", "InputError", "RefusedError"),
    "glabella.evidence": ("load_parameters",),
    "glabella.face": ("Face", "load_face"),
    "glabella.follow_up.follow_up": ("update_forecast",),
    "glabella.follow_up.result": ("FollowUp",),
    "glabella.follow_up.visits": ("Visit", "Visits"),
    "glabella.label": ("Finding", "check_plan"),
    "glabella.outcome": ("Curve", "Outcome"),
    "glabella.patient": ("Grades", "Patient"),
    "glabella.plan": ("Dilution", "Injection", "Plan", "Session"),
    "glabella.planner.compare": ("compare",),
    "glabella.planner.goal": ("Goal", "Limits", "Needles"),
    "glabella.planner.infeasible": ("InfeasibleError",),
    "glabella.planner.lowest_dose": ("lowest_dose",),
    "glabella.planner.result": ("PlannedDose",),
    "glabella.planner.risk_map": ("RiskMap", "risk_map"),
    "glabella.treatment": ("simulate",),
    "glabella.trial.cohort": ("Cohort",),
    "glabella.trial.design": ("Arm", "Trial"),
    "glabella.trial.result": ("TrialResult",),
    "glabella.trial.run": ("run_trial",),
    "glabella.validation.validate": ("validate",),
    "glabella.years.repeat": ("Repeat",),
    "glabella.years.result": ("Years",),
    "glabella.years.years": ("follow_years",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Arm",
    "Cohort",
    "Comparison",
    "Curve",
    "Dilution",
    "Face",
    "Finding",
    "FollowUp",
    "GlabellaError",
    "Goal",
    "Grades",
    "InfeasibleError",
    "Injection",
    "InputError",
    "Limits",
    "Needles",
    "Outcome",
    "Patient",
    "Plan",
    "PlannedDose",
    "RefusedError",
    "Repeat",
    "RiskMap",
    "Session",
    "Trial",
    "TrialResult",
    "Visit",
    "Visits",
    "Years",
    "calibrate",
    "check_plan",
    "compare",
    "follow_years",
    "load_face",
    "load_parameters",
    "load_posterior",
    "lowest_dose",
    "risk_map",
    "run_trial",
    "simulate",
    "update_forecast",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'glabella' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
