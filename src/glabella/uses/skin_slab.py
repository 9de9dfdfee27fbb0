"""A flat piece of tissue under one needle of a regular field of needles: the spread stage on a plain block of cells.

By symmetry no toxin crosses the planes midway between needles, so that a quarter of one needle's square with sealed walls is the whole
field. The operator is the spread stage's own (``Spread`` on its network of conductances).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sp

from glabella.stages.diffusion.lattice import conductances, network
from glabella.stages.diffusion.spread import Spread

STEP_MM = 0.5  # numerical: halving it moves responders by less than a point (tests/verification/test_uses_slab.py)
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Slab:
    """Tissue from the skin surface down; depths in mm. Dermis above ``dermis_mm``, nerve endings between ``target_from_mm`` and
    ``target_to_mm``."""

    spacing_mm: float
    depth_mm: float
    dermis_mm: float
    target_from_mm: float
    target_to_mm: float


@dataclass(frozen=True)
class SlabDose:
    """Per cell of the target: uptake dose of one unit per needle in units per mm3 (n,), volume (n,) and column below the skin (n,).

    ``placed`` units in the quarter, ``taken_up`` by endings and ``cleared``: the balance.
    """

    dose_per_mm3: np.ndarray
    volume_mm3: np.ndarray
    column: np.ndarray
    placed: float
    taken_up: float
    cleared: float


def slab_dose(slab: Slab, needle_depth_mm: float, volume_ml: float, values: Mapping[str, float], step_mm: float = STEP_MM) -> SlabDose:
    """Spread of one unit per needle through the slab.

    The fluid fills an ellipsoid as in the face, round in the plane of the skin; what would lie outside the tissue is displaced into it.
    """
    names = (
        "toxin_diffusivity_mm2_per_day",
        "dermis_diffusivity_ratio",
        "uptake_rate_per_day",
        "clearance_rate_per_day",
        "tissue_porosity",
    )
    shape = (values["bolus_length_across_fibres"], values["bolus_length_in_depth"])
    return _solve(slab, needle_depth_mm, volume_ml, step_mm, tuple(values[name] for name in names), shape)


@lru_cache(maxsize=64)
def _solve(
    slab: Slab, needle_depth_mm: float, volume_ml: float, step_mm: float, rates: tuple[float, ...], lengths: tuple[float, float]
) -> SlabDose:
    diffusivity, dermis_ratio, uptake, clearance, porosity = rates
    across, down = max(2, round(slab.spacing_mm / 2 / step_mm)), max(4, round(slab.depth_mm / step_mm))
    step = np.array([slab.spacing_mm / 2 / across] * 2 + [slab.depth_mm / down])
    shape, cell = (across, across, down), float(np.prod(step))
    x, z = (np.arange(across) + 0.5) * step[0], (np.arange(down) + 0.5) * step[2]
    edge = np.arange(down + 1) * step[2]
    ratio = np.where(z < slab.dermis_mm, dermis_ratio, 1.0)
    share = np.clip(np.minimum(edge[1:], slab.target_to_mm) - np.maximum(edge[:-1], slab.target_from_mm), 0, None) / step[2]
    tensor = np.broadcast_to(ratio, shape).reshape(-1)[:, None, None] * np.diag(cell / step**2)
    number = np.arange(tensor.shape[0])
    first, second, weight = conductances(shape, number, tensor)
    volume = np.full(len(number), cell)
    target = (np.broadcast_to(share, shape) * cell).reshape(-1)
    spread = Spread(sp.csr_matrix(network(len(number), first, second, weight)), volume, target, diffusivity, uptake, clearance)
    source = _bolus(x, z, needle_depth_mm, 1000 * volume_ml / porosity, lengths)
    placed = 0.25  # a quarter of the needle's square holds a quarter of its unit
    exposure = spread.solve(placed * source.reshape(-1), TOLERANCE)
    inside = target > 0
    taken, cleared = uptake * float(target @ exposure), clearance * float(volume @ exposure)
    column = np.repeat(np.arange(across * across), down)
    return SlabDose(uptake * exposure[inside], target[inside], column[inside], placed, taken, cleared)


def _bolus(x: np.ndarray, z: np.ndarray, needle_depth_mm: float, volume_mm3: float, lengths: tuple[float, float]) -> np.ndarray:
    """Share of the fluid in each cell (across, across, down), in sum 1; needles are the mirror images of the one at the corner.

    The rim of the ellipsoid is as soft as a cell, so that the shares do not jump with its size.
    """
    scale = (volume_mm3 / (4 / 3 * np.pi * lengths[0] ** 2 * lengths[1])) ** (1 / 3)
    radius, half = scale * lengths[0], scale * lengths[1]
    period = 2 * (x[-1] + (x[1] - x[0]) / 2)
    images = [x, period - x]
    inside = np.zeros((len(x), len(x), len(z)))
    soft = (x[1] - x[0]) / radius
    for a in images:
        for b in images:
            far = np.sqrt((a[:, None, None] ** 2 + b[None, :, None] ** 2) / radius**2 + ((z - needle_depth_mm) / half)[None, None, :] ** 2)
            inside += np.clip((1 - far) / soft + 0.5, 0, 1)
    return inside / inside.sum()
