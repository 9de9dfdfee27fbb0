"""Dose outside its target to the probability of each side effect: computed where there is a mechanism, else label rates."""

from glabella.stages.unwanted.computed import STRUCTURES, ComputedRisk, rate_unwanted
from glabella.stages.unwanted.label_rates import LabelRate, label_rates
from glabella.stages.unwanted.reach import NeedleMap, map_reach, structure_doses, structure_weights
from glabella.stages.unwanted.scatter import PlacementDraws, draw_placements, placement_offsets

__all__ = [
    "STRUCTURES",
    "ComputedRisk",
    "LabelRate",
    "NeedleMap",
    "PlacementDraws",
    "draw_placements",
    "label_rates",
    "map_reach",
    "placement_offsets",
    "rate_unwanted",
    "structure_doses",
    "structure_weights",
]
