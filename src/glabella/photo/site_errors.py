"""How far off a licensed site may be in this picture: the sites of other heads that the picture allows as well.

Shape, expression, camera and size are drawn together from the posterior of the fit, the sites are laid on each drawn head by the same
rules, and how they scatter about those of the fitted head is their error.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glabella.evidence import load_parameters
from glabella.photo.fit import FittedHead
from glabella.photo.places import on_picture
from glabella.photo.size import Size
from glabella.stages.anatomy.atlas import find_sites

DRAWS = 12
BETWEEN_BROWS = ("procerus", "corrugator_medial")  # the fit believes itself most there


def site_errors_mm(head: FittedHead, size: Size, patient: Any, parameters: Mapping[str, float]) -> dict[str, float]:
    """mm along the picture within which each site lies nine times in ten. ``head`` in the person's mm, ``size`` what made it so."""
    assert head.draw is not None
    random = np.random.default_rng(1)
    usual = _pixels(head, patient)
    off = {name: [] for name in usual}
    for other in head.draw(DRAWS):
        wide = other.seen.interpupillary_distance_mm
        alike = other.camera.pixels_per_mm / head.camera.pixels_per_mm if size.from_iris else size.interpupillary_distance_mm / wide
        drawn = _pixels(other.in_size(alike * (1 + size.error_share * random.normal())), patient)
        for name, pixel in drawn.items():
            off[name].append(((pixel - usual[name]) ** 2).sum())
    scatter = {name: float(np.sqrt(np.mean(squares))) / head.camera.pixels_per_mm for name, squares in off.items()}
    return {name: parameters[_reach(name)] * one for name, one in scatter.items()}


def _reach(site: str) -> str:
    return "site_error_reach_between_brows" if site.startswith(BETWEEN_BROWS) else "site_error_reach"


def _pixels(head: FittedHead, patient: Any) -> dict[str, np.ndarray]:
    sites = find_sites(head.neutral, patient, load_parameters())
    pixels, _ = on_picture(head, np.array([s.triangle for s in sites.values()]), np.stack([s.barycentric for s in sites.values()]))
    return dict(zip(sites, pixels, strict=True))
