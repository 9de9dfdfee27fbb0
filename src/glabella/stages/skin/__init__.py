"""Muscle force to strain of the skin: a membrane on a foundation, one displacement mode per muscle."""

from glabella.stages.skin.activation import EXPRESSIONS
from glabella.stages.skin.modes import Skin, build_skin
from glabella.stages.skin.strain import SkinStrain, strain_by_side, strain_skin

__all__ = ["EXPRESSIONS", "Skin", "SkinStrain", "build_skin", "strain_by_side", "strain_skin"]
