"""Training: fictional faces to treat from memory, and what is said about it afterwards."""

from glabella.app.training.cases import Case, Change, case_of, load_cases
from glabella.app.training.score import NeedleScore, Score, WhatHappens, score, score_placement

__all__ = ["Case", "Change", "NeedleScore", "Score", "WhatHappens", "case_of", "load_cases", "score", "score_placement"]
