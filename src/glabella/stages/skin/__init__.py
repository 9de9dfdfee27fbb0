"""Muscle force to strain of the skin: a membrane on a foundation, one displacement mode per muscle."""

from glabella.stages.skin.activation import EXPRESSIONS
from glabella.stages.skin.lift import BrowLift, build_lift, frontalis_bands, lose_lift
from glabella.stages.skin.modes import Skin, build_skin
from glabella.stages.skin.strain import SkinStrain, strain_skin

__all__ = [
    "EXPRESSIONS",
    "BrowLift",
    "Skin",
    "SkinStrain",
    "build_lift",
    "build_skin",
    "frontalis_bands",
    "lose_lift",
    "strain_skin",
]
