"""A face as flat as a drawing, with straight landmarks: distances in label checks are then known exactly.

Lateral is x, up is y. The rim lies at 20 mm, the brow at 22 mm, the lateral rim at 46 mm, the lateral canthus at 40 mm from the
midline, the temporal fusion line at 50 mm, the frontalis margin at 85 mm.
"""

from dataclasses import dataclass, field

import numpy as np

from glabella.errors import InputError
from glabella.names import side_of

PAIRED_SITES = {
    "corrugator_medial": (12, 31), "corrugator_lateral": (28, 33),
    "frontalis_lower": (38, 50), "frontalis_upper": (19, 66),
    "lateral_canthal_upper": (53, 11), "lateral_canthal_middle": (57, 0), "lateral_canthal_lower": (53, -11),
}  # fmt: skip
MIDLINE_SITES = {"procerus": (0, 14), "frontalis_lower_midline": (0, 50)}
PAIRED_CURVES = {
    "supraorbital_rim": [(5, 20), (46, 20)], "brow": [(8, 22), (48, 22)], "lateral_orbital_rim": [(46, 20), (46, -20)],
    "temporal_fusion_line": [(50, 25), (50, 90)], "frontalis_upper_margin": [(0, 85), (60, 85)],
}  # fmt: skip
SIGNS = {"left": 1, "right": -1}
HALF_WIDTH_MM = 80.0


@dataclass(frozen=True)
class FlatSite:
    name: str
    point: np.ndarray


def _spread(pairs, midline=()):
    return {f"{name}_{side}": (sign * np.array(x), y) for name, (x, y) in pairs.items() for side, sign in SIGNS.items()} | dict(midline)


@dataclass(frozen=True)
class FlatFace:
    curves: dict = field(
        default_factory=lambda: {
            f"{name}_{side}": np.array([(sign * x, y, 0.0) for x, y in points])
            for name, points in PAIRED_CURVES.items()
            for side, sign in SIGNS.items()
        }
    )
    points: dict = field(default_factory=lambda: {f"lateral_canthus_{side}": np.array([sign * 40.0, 0, 0]) for side, sign in SIGNS.items()})

    def site(self, name):
        x, y = _spread(PAIRED_SITES, MIDLINE_SITES)[name]
        return FlatSite(name, np.array([x, y, 0.0]))

    def moved(self, site, lateral_mm=0.0, up_mm=0.0):
        point = site.point + np.array([SIGNS[side_of(site.name) or "left"] * lateral_mm, up_mm, 0])
        if abs(point[0]) > HALF_WIDTH_MM:
            raise InputError(f"no skin {point[0]:.0f} mm from the midline")
        return FlatSite(site.name, point)
