"""The route through the orbital septum: fluid of a needle at or below the bony rim runs back along the levator.

Smooth diffusion alone does not reach the levator: its belly lies more than 20 mm behind the lid. What does is fluid that passes the
septum near the rim and spreads in the space in front of the aponeurosis and along the muscle (King 2016 describes the route;
its share is not measured). A needle tracks the more the nearer it enters to the rim.

Beside the eye the same fluid can run back along the lateral rectus (double vision after needles lateral of the canthus: case in
the British Journal of Ophthalmology 2007). There the needle is shallow, so its fluid must also reach as deep as the septum.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from glabella.names import SIDES
from glabella.stages.anatomy import Anatomy
from glabella.stages.anatomy.places import distance_to_line

AT_END_MM = 1e-9  # rounding


def rim_distance_mm(entry: np.ndarray, anatomy: Anatomy) -> tuple[float, str]:
    """How far along the skin an entry (3,) lies above the bony supraorbital rim (negative: over the orbit), and of which side."""
    distance_mm, side = rim_distances_mm(entry[None], anatomy)
    return float(distance_mm[0]), side[0]


def rim_distances_mm(entries: np.ndarray, anatomy: Anatomy) -> tuple[np.ndarray, list[str]]:
    """The same for entries (n, 3): distances (n,) in mm, and the side of the nearer rim of each.

    The rim is taken where it is felt through the skin, as labels measure it, and only where the levator lies behind it: skin below the
    middle of the eye is not over the levator, and counts as that far away.
    """
    gaps, signs = [], []
    for side in SIDES:
        rim = anatomy.atlas.curves[f"supraorbital_rim_{side}"]
        belly = anatomy.atlas.muscles[f"levator_palpebrae_superioris_{side}"].points[..., 0]
        rim = rim[(rim[:, 0] > belly.min()) & (rim[:, 0] < belly.max())]
        gap, foot = distance_to_line(entries, rim)
        beyond_end = np.abs(foot[:, None] - rim[[0, -1]]).max(2).min(1) < AT_END_MM
        gaps.append(gap)
        below_eye = entries[:, 1] < anatomy.atlas.points[f"globe_{side}"][1]  # the levator lies above the eye
        signs.append(np.where(beyond_end | below_eye | (entries[:, 1] >= foot[:, 1]), 1.0, -1.0))
    nearer = np.where((gaps[0] < gaps[1]) | ((gaps[0] == gaps[1]) & (signs[0] <= signs[1])), 0, 1)
    return np.choose(nearer, gaps) * np.choose(nearer, signs), [SIDES[k] for k in nearer]


def tracked_share(distance_mm: np.ndarray | float, parameters: Mapping[str, float]) -> np.ndarray:
    """Share of the fluid that passes the septum for needles that enter at these distances above the rim."""
    below = ndtr((parameters["septum_tracking_reach_mm"] - np.asarray(distance_mm, float)) / parameters["septum_tracking_softness_mm"])
    return parameters["septum_tracking_share"] * parameters["orbital_septum_transmission"] * below


def levator_bed(anatomy: Anatomy, side: str, parameters: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n,) that tracked fluid fills, behind the septum beside the belly of the levator, and their shares (n,)."""
    cells = anatomy.near_levator(side, parameters["tracked_fluid_layer_mm"])
    volume = anatomy.volume_mm3[cells]
    return cells, volume / volume.sum()


def lateral_rim_distances_mm(entries: np.ndarray, anatomy: Anatomy) -> tuple[np.ndarray, list[str]]:
    """How far along the skin entries (n, 3) lie lateral of the lateral bony rim (n,) in mm (negative: over the orbit), and its side.

    Only the lateral half of the opening counts as over the orbit: elsewhere the nearest fluid could run to another muscle.
    """
    gaps, signs = [], []
    for side in SIDES:
        rim = anatomy.atlas.curves[f"lateral_orbital_rim_{side}"]
        middle = anatomy.atlas.points[f"globe_{side}"][0]
        gap, foot = distance_to_line(entries, rim)
        beyond_end = np.abs(foot[:, None] - rim[[0, -1]]).max(2).min(1) < AT_END_MM
        outward = entries[:, 0] * np.sign(middle)
        outside = beyond_end | (outward >= foot[:, 0] * np.sign(middle)) | (outward < abs(middle))
        gaps.append(gap)
        signs.append(np.where(outside, 1.0, -1.0))
    nearer = np.where((gaps[0] < gaps[1]) | ((gaps[0] == gaps[1]) & (signs[0] <= signs[1])), 0, 1)
    return np.choose(nearer, gaps) * np.choose(nearer, signs), [SIDES[k] for k in nearer]


def laterally_tracked_share(
    aside_mm: np.ndarray | float, beyond_septum_mm: np.ndarray | float, parameters: Mapping[str, float]
) -> np.ndarray:
    """Share of the fluid that passes the septum beside the eye, for entries so far lateral of the place where half of it does and fluid
    that ends so far below the depth of the septum (negative: before it)."""
    softness = parameters["septum_tracking_softness_mm"]
    both = ndtr(-np.asarray(aside_mm, float) / softness) * ndtr(np.asarray(beyond_septum_mm, float) / softness)
    return parameters["septum_tracking_share"] * parameters["orbital_septum_transmission"] * both


def lateral_rectus_bed(anatomy: Anatomy, side: str, parameters: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n,) that fluid tracked beside the eye fills, behind the septum beside the lateral rectus, and their shares (n,)."""
    cells = anatomy.near_belly(anatomy.atlas.bystanders[f"lateral_rectus_{side}"], parameters["tracked_fluid_layer_mm"])
    volume = anatomy.volume_mm3[cells]
    return cells, volume / volume.sum()
