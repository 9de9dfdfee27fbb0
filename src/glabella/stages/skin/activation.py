"""Which muscles pull in which expression, and how hard: rows of the table, a person's frown pattern, sex and own strengths."""

from glabella.evidence import Parameters
from glabella.names import without_side
from glabella.patient import Patient

EXPRESSIONS: tuple[str, ...] = ("rest", "maximum_frown", "brow_raise", "smile", "eye_closure")


def full_tension_newton(muscle: str, expression: str, patient: Patient, parameters: Parameters) -> float:
    """Tension with which the untreated ``muscle`` pulls the skin in ``expression``, in N.

    The row ``<muscle>_tension_newton`` is the pull at full effort, ``activation_<expression>_<muscle>`` the share of it. A muscle
    that an expression does not call upon keeps its tone at rest. A frown pattern weighs the effort of the maximum frown.
    The person's own strength of the muscle multiplies it all.
    """
    kind = without_side(muscle)
    effort = _row(parameters, f"activation_{expression}_{kind}")
    if expression == "maximum_frown":
        effort *= patient.frown_pattern_weights.get(kind, 1.0)
    effort = max(effort, _row(parameters, f"activation_rest_{kind}"))
    if patient.sex == "male":
        effort *= parameters["muscle_tension_male_ratio"]
    return effort * parameters[f"{kind}_tension_newton"] * patient.muscle_strength.get(muscle, 1.0)


def _row(parameters: Parameters, name: str) -> float:
    return parameters[name] if name in parameters.rows else 0.0
