"""An open treatment simulator for botulinum toxin: from the needle to the skin, over the months, with sources.

Research and education, not a medical device.
"""

from glabella.errors import GlabellaError, InputError, RefusedError
from glabella.evidence import load_parameters
from glabella.face import Face, load_face
from glabella.label import Finding, check_plan
from glabella.outcome import Curve, Outcome
from glabella.patient import Patient
from glabella.plan import Dilution, Injection, Plan, Session
from glabella.treatment import simulate

__all__ = [
    "Curve",
    "Dilution",
    "Face",
    "Finding",
    "GlabellaError",
    "Injection",
    "InputError",
    "Outcome",
    "Patient",
    "Plan",
    "RefusedError",
    "Session",
    "check_plan",
    "load_face",
    "load_parameters",
    "simulate",
]
