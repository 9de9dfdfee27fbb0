"""Muscle: active share of the nerve endings -> bulk and force, per day."""

from glabella.stages.muscle.force import MuscleForce, weaken_muscles

__all__ = ["MuscleForce", "weaken_muscles"]
