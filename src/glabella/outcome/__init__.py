"""What a simulation returns: labelled curves over days with bands, probabilities, the dose balance, and what it all rests on."""

from glabella.names import AREAS
from glabella.outcome.conventions import CONTRACTION, EXPRESSIONS, FRAME, GRADES
from glabella.outcome.curve import BAND_PERCENTILES, ONSET_REDUCTION, Course, Curve, Estimate, summarise
from glabella.outcome.document import SCHEMA, outcome_schema, validate_outcome
from glabella.outcome.parts import BrowCurves, DoseBalance, MuscleCurves, Probability, Reported, SkinCurves, Sources
from glabella.outcome.plain import SIGNIFICANT_DIGITS, outcome_text, plain
from glabella.outcome.timeline import TIMELINE_DAYS, TIMELINE_HEADER, TimelineRow, timeline_cells
from glabella.outcome.treated import Outcome

__all__ = [
    "AREAS", "BAND_PERCENTILES", "CONTRACTION", "EXPRESSIONS", "FRAME", "GRADES", "ONSET_REDUCTION", "SCHEMA", "SIGNIFICANT_DIGITS",
    "TIMELINE_DAYS", "TIMELINE_HEADER", "BrowCurves", "Course", "Curve", "DoseBalance", "Estimate", "MuscleCurves", "Outcome",
    "Probability", "Reported", "SkinCurves", "Sources", "TimelineRow", "outcome_schema", "outcome_text", "plain", "summarise",
    "timeline_cells", "validate_outcome",
]  # fmt: skip
