"""Dose outside its target to the probability of each side effect: computed where there is a mechanism, else label rates."""

from glabella.stages.unwanted.blood import BloodBound, BloodLevels, DetectionLimit, bound_blood, detection_limits
from glabella.stages.unwanted.brow import BrowChange, measure_brows
from glabella.stages.unwanted.computed import (
    MAPPED,
    ComputedRisk,
    EffectWords,
    chance_of,
    effect_words,
    rate_brows,
    rate_muscles,
    rate_unwanted,
)
from glabella.stages.unwanted.label_rates import LabelRate, all_rates, any_event_rate, count_interval, label_rates
from glabella.stages.unwanted.mechanisms import BROW_MECHANISMS, MUSCLE_MECHANISMS, ONE_OF_MANY, STRUCTURES
from glabella.stages.unwanted.reach import NeedleMap, ReachFields, map_reach, solve_reach, structure_doses, structure_weights
from glabella.stages.unwanted.scatter import PlacementDraws, draw_placements, placement_offsets

__all__ = [
    "BROW_MECHANISMS",
    "MAPPED",
    "MUSCLE_MECHANISMS",
    "ONE_OF_MANY",
    "STRUCTURES",
    "BloodBound",
    "BloodLevels",
    "BrowChange",
    "ComputedRisk",
    "DetectionLimit",
    "EffectWords",
    "LabelRate",
    "NeedleMap",
    "PlacementDraws",
    "ReachFields",
    "all_rates",
    "any_event_rate",
    "bound_blood",
    "chance_of",
    "count_interval",
    "detection_limits",
    "draw_placements",
    "effect_words",
    "label_rates",
    "map_reach",
    "measure_brows",
    "placement_offsets",
    "rate_brows",
    "rate_muscles",
    "rate_unwanted",
    "solve_reach",
    "structure_doses",
    "structure_weights",
]
