"""Strain and memory to depth and clinical grade of the lines."""

from glabella.stages.wrinkle.grade import CONTRACTION, LineLaw, Wrinkles, depths_by_side_mm, grade_wrinkles, line_law, soft_layer_kpa
from glabella.stages.wrinkle.lines import line_phase, line_strength

__all__ = [
    "CONTRACTION",
    "LineLaw",
    "Wrinkles",
    "depths_by_side_mm",
    "grade_wrinkles",
    "line_law",
    "line_phase",
    "line_strength",
    "soft_layer_kpa",
]
