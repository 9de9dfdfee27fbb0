"""Plan to units placed in tissue: each injection is an ellipsoid of fluid around the needle's tip."""

from glabella.stages.bolus.place import Bolus, Needle, aim_needle, fill_bolus, place_boluses

__all__ = ["Bolus", "Needle", "aim_needle", "fill_bolus", "place_boluses"]
