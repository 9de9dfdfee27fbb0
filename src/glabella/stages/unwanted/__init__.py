"""Dose outside its target to the probability of each side effect: computed where there is a mechanism, else label rates."""

from glabella.stages.unwanted.computed import MAPPED, STRUCTURES, ComputedRisk, EffectWords, chance_of, effect_words, rate_unwanted
from glabella.stages.unwanted.label_rates import LabelRate, label_rates
from glabella.stages.unwanted.reach import NeedleMap, map_reach, structure_doses, structure_weights
from glabella.stages.unwanted.scatter import PlacementDraws, draw_placements, placement_offsets

__all__ = [
    "MAPPED",
    "STRUCTURES",
    "ComputedRisk",
    "EffectWords",
    "LabelRate",
    "NeedleMap",
    "PlacementDraws",
    "chance_of",
    "draw_placements",
    "effect_words",
    "label_rates",
    "map_reach",
    "placement_offsets",
    "rate_unwanted",
    "structure_doses",
    "structure_weights",
]
