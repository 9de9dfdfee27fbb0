"""Plan to units placed in tissue: each injection is an ellipsoid of fluid around the needle's tip."""

from glabella.stages.bolus.place import (
    Bolus,
    Needle,
    aim_needle,
    aim_needles,
    bolus_axes_mm,
    bolus_frame,
    fill_bolus,
    injection_volume_ml,
    place_boluses,
)
from glabella.stages.bolus.tracking import (
    lateral_rectus_bed,
    lateral_rim_distances_mm,
    laterally_tracked_share,
    levator_bed,
    rim_distance_mm,
    rim_distances_mm,
    tracked_share,
)

__all__ = [
    "Bolus",
    "Needle",
    "aim_needle",
    "aim_needles",
    "bolus_axes_mm",
    "bolus_frame",
    "fill_bolus",
    "injection_volume_ml",
    "lateral_rectus_bed",
    "lateral_rim_distances_mm",
    "laterally_tracked_share",
    "levator_bed",
    "place_boluses",
    "rim_distance_mm",
    "rim_distances_mm",
    "tracked_share",
]
