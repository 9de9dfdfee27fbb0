"""Dose outside its target to the probability of each side effect: computed where there is a mechanism, else label rates."""

from glabella.stages.unwanted.label_rates import LabelRate, label_rates
from glabella.stages.unwanted.reach import StructureReach, map_reach, structure_weights
from glabella.stages.unwanted.scatter import PlacementDraws, draw_placements, placement_offsets
from glabella.stages.unwanted.computed import STRUCTURES, ComputedRisk, rate_unwanted

__all__ = [
    "STRUCTURES",
    "ComputedRisk",
    "LabelRate",
    "PlacementDraws",
    "StructureReach",
    "draw_placements",
    "label_rates",
    "map_reach",
    "placement_offsets",
    "rate_unwanted",
    "structure_weights",
]
