"""Objectives of a plan, one file each. To add one: write its file, and name it in ``KINDS`` if goal files may use it."""

from typing import Any

from glabella.planner.objectives.brow_drop_at_most import BrowDropAtMost
from glabella.planner.objectives.grade_at_most import GradeAtMost
from glabella.planner.objectives.improved_by import ImprovedBy
from glabella.planner.objectives.movement_kept import MovementKept
from glabella.planner.objectives.objective import Chance, Key, Objective, Reply
from glabella.planner.objectives.side_effect_at_most import COMPUTED, SideEffectAtMost

KINDS: dict[str, Any] = {
    "brow_drop_at_most": BrowDropAtMost,
    "grade_at_most": GradeAtMost,
    "improved_by": ImprovedBy,
    "movement_kept": MovementKept,
    "side_effect_at_most": SideEffectAtMost,
}  # the tables [[objective]] of a goal file by their key ``kind``

__all__ = [
    "COMPUTED",
    "KINDS",
    "BrowDropAtMost",
    "Chance",
    "GradeAtMost",
    "ImprovedBy",
    "Key",
    "MovementKept",
    "Objective",
    "Reply",
    "SideEffectAtMost",
]
