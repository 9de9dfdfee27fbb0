"""Where needles land: scatter of the placement, per axis along the skin and in depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glabella.evidence.parameters import stream


@dataclass(frozen=True)
class PlacementDraws:
    """Offsets (draws, injections, 3) in mm: to the left and up along the skin, and deeper."""

    offsets_mm: np.ndarray


def draw_placements(sites: Sequence[str], draws: int, seed: int, session: int, parameters: Mapping[str, float]) -> PlacementDraws:
    """Independent normal scatter for the needle at each of ``sites``: ``placement_sd_mm`` per axis along the skin,
    ``placement_depth_sd_mm`` in depth. A site has the same scatter in every plan, so that plans can be compared in pairs."""
    normal = np.stack([stream(seed, "placements", session, *needle).standard_normal((draws, 3)) for needle in _needles(sites)], 1)
    return PlacementDraws(normal * _spread(parameters))


def placement_offsets(sites: Sequence[str], seed: int, sample: int, session: int, parameters: Mapping[str, float]) -> np.ndarray:
    """Offsets (injections, 3) in mm of one sample; a site has the same in every plan."""
    normal = np.stack([stream(seed, "placement", sample, session, *needle).standard_normal(3) for needle in _needles(sites)])
    return normal * _spread(parameters)


def _needles(sites: Sequence[str]) -> list[tuple[str, int]]:
    """Each site with how often it was named before."""
    return [(site, list(sites[:n]).count(site)) for n, site in enumerate(sites)]


def _spread(parameters: Mapping[str, float]) -> np.ndarray:
    along = parameters["placement_sd_mm"]
    return np.array([along, along, parameters["placement_depth_sd_mm"]])
