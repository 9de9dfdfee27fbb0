"""What each band of fibres of the frontalis lifts at the brow: whether the middle or the side is weakened shapes it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.evidence import Parameters
from glabella.names import SIDES
from glabella.stages.anatomy import Anatomy, Atlas, Sheet
from glabella.stages.skin.modes import Skin
from glabella.stages.skin.traction import pull_skin

BANDS = 4  # of fibres on each side, from the midline to the temple: numerical
PARTS = ("head", "peak", "tail")


@dataclass(frozen=True)
class BrowLift:
    """``up_mm[side]`` (bands of left and right, parts): how far one newton in the whole frontalis of a side lifts head, peak and tail of
    the brow of ``side`` through the fibres of one band. The bands of one muscle add up to its mode."""

    up_mm: Mapping[str, np.ndarray]


def build_lift(skin: Skin, atlas: Atlas, parameters: Parameters) -> BrowLift:
    """Solve the bands on the factored membrane of ``skin``."""
    held, power = parameters["frontalis_galea_share"], parameters["insertion_density_power"]
    pulls = []
    for side in SIDES:
        sheet = atlas.muscles[f"frontalis_{side}"]
        band = _band_of_fibre(sheet)
        pulls += [pull_skin(sheet, skin.surface, power, held, band == k) for k in range(BANDS)]
    modes = skin.membrane.solve(np.stack(pulls))
    up = {}
    for side in SIDES:
        at = [skin.points[f"brow_{part}_{side}"] for part in PARTS]
        lifts = [np.einsum("k,mk->m", weights, modes[:, skin.surface.triangles[triangle], 1]) for triangle, weights in at]
        up[side] = np.stack(lifts, axis=1)
    return BrowLift(up)


def frontalis_bands(anatomy: Anatomy) -> np.ndarray:
    """Band (n,) of each tissue element of the frontalis: those of the left muscle first, then those of the right, numbered on."""
    from scipy.spatial import cKDTree  # a part of a cold start that a run on a face built before need not pay

    found = []
    for number, side in enumerate(SIDES):
        sheet, cells = anatomy.atlas.muscles[f"frontalis_{side}"], anatomy.muscles[f"frontalis_{side}"].cells
        near = np.asarray(cKDTree(sheet.points.reshape(-1, 3)).query(anatomy.points[cells])[1])
        found.append(_band_of_fibre(sheet)[near % sheet.points.shape[1]] + number * BANDS)
    return np.concatenate(found)


def lose_lift(
    lift: BrowLift, bands: np.ndarray, blocked: np.ndarray, volume_mm3: np.ndarray, newton: Mapping[str, float]
) -> dict[str, dict[str, np.ndarray]]:
    """Height (days,) in mm of each part of each brow, raised at full effort, against the untreated brow raised as hard.

    ``blocked`` (n, days): share of the nerve endings of each element of the frontalis, in the order of ``bands``; ``volume_mm3`` (n,);
    ``newton``: untreated tension of the frontalis of each side.
    """
    count = len(SIDES) * BANDS
    volume = np.maximum(np.bincount(bands, volume_mm3, count), 1e-12)
    mean = np.stack([np.bincount(bands, volume_mm3 * day, count) for day in blocked.T], axis=1) / volume[:, None]
    lost = mean * np.repeat([newton[side] for side in SIDES], BANDS)[:, None]
    return {side: dict(zip(PARTS, -(lift.up_mm[side].T @ lost), strict=True)) for side in SIDES}


def _band_of_fibre(sheet: Sheet) -> np.ndarray:
    """Band (across,) of each fibre: equal numbers of fibres by their distance from the midline at the brow."""
    beside_mm = np.abs(sheet.points[-1, :, 0])
    return np.argsort(np.argsort(beside_mm)) * BANDS // len(beside_mm)
