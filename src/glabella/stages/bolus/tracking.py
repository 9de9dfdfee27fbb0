"""The route through the orbital septum: fluid of a needle at or below the bony rim runs back along the levator.

Smooth diffusion alone does not reach the levator: its belly lies more than 20 mm behind the lid. What does is fluid that passes the
septum near the rim and spreads in the space in front of the aponeurosis and along the muscle (King 2016 describes the route;
its share is not measured). A needle tracks the more the nearer it enters to the rim.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from glabella.stages.anatomy import Anatomy


def rim_distance_mm(entry: np.ndarray, anatomy: Anatomy) -> tuple[float, str]:
    """How far along the skin an entry lies above the bony supraorbital rim (negative: over the orbit), and of which side.

    The rim is taken where it is felt through the skin, as labels measure it, and only where the levator lies behind it.
    """
    found = []
    for side in ("left", "right"):
        rim = anatomy.atlas.curves[f"supraorbital_rim_{side}"]
        belly = anatomy.atlas.muscles[f"levator_palpebrae_superioris_{side}"].points[..., 0]
        rim = rim[(rim[:, 0] > belly.min()) & (rim[:, 0] < belly.max())]
        start, along = rim[:-1], np.diff(rim, axis=0)
        t = np.clip(((entry - start) * along).sum(1) / (along**2).sum(1), 0, 1)
        away = entry - (start + t[:, None] * along)
        gap = np.linalg.norm(away, axis=1)
        nearest = int(gap.argmin())
        beyond_end = (nearest == 0 and t[0] == 0) or (nearest == len(t) - 1 and t[-1] == 1)
        sign = 1.0 if beyond_end or away[nearest, 1] >= 0 else -1.0
        found.append((float(gap[nearest]), sign, side))
    gap, sign, side = min(found)
    return sign * gap, side


def tracked_share(distance_mm: np.ndarray | float, parameters: Mapping[str, float]) -> np.ndarray:
    """Share of the fluid that passes the septum for needles that enter at these distances above the rim."""
    below = ndtr((parameters["septum_tracking_reach_mm"] - np.asarray(distance_mm, float)) / parameters["septum_tracking_softness_mm"])
    return parameters["septum_tracking_share"] * parameters["orbital_septum_transmission"] * below


def levator_bed(anatomy: Anatomy, side: str, parameters: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n,) that tracked fluid fills, behind the septum beside the belly of the levator, and their shares (n,)."""
    gap = anatomy.gap_to_levator_mm[side]
    cells = np.flatnonzero(anatomy.behind_septum & (gap < parameters["tracked_fluid_layer_mm"]))
    volume = anatomy.volume_mm3[cells]
    return cells, volume / volume.sum()
