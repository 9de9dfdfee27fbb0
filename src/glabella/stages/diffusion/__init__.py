"""Units to dose field: one steady solve of ``-div(D grad C) + k C = s`` for the time-integrated concentration C."""

from glabella.stages.diffusion.spread import DoseField, MuscleDose, Spread, build_spread, muscle_doses, spread_toxin

__all__ = ["DoseField", "MuscleDose", "Spread", "build_spread", "muscle_doses", "spread_toxin"]
