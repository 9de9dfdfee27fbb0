"""Where needles land: scatter of the placement, per axis along the skin and in depth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.evidence.parameters import stream


@dataclass(frozen=True)
class PlacementDraws:
    """Offsets (draws, injections, 3) in mm: to the left and up along the skin, and deeper."""

    offsets_mm: np.ndarray


def draw_placements(injections: int, draws: int, seed: int, session: int, parameters: Mapping[str, float]) -> PlacementDraws:
    """Independent normal scatter for each needle: ``placement_sd_mm`` per axis along the skin, ``placement_depth_sd_mm`` in depth."""
    normal = np.stack([stream(seed, "placements", session, n).standard_normal((draws, 3)) for n in range(injections)], 1)
    return PlacementDraws(normal * _spread(parameters))


def placement_offsets(injections: int, seed: int, sample: int, session: int, parameters: Mapping[str, float]) -> np.ndarray:
    """Offsets (injections, 3) in mm of one sample."""
    normal = np.stack([stream(seed, "placement", sample, session, n).standard_normal(3) for n in range(injections)])
    return normal * _spread(parameters)


def _spread(parameters: Mapping[str, float]) -> np.ndarray:
    along = parameters["placement_sd_mm"]
    return np.array([along, along, parameters["placement_depth_sd_mm"]])
