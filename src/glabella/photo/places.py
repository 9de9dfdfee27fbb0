"""The atlas of the fitted head on the picture: licensed sites and muscles, where they are and whether they are seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.face import Surface
from glabella.photo.fit import FittedHead
from glabella.stages.anatomy import Atlas

FACING = 0.15  # cosine between the skin's normal and the way to the camera from which a place is seen


@dataclass(frozen=True, eq=False)
class Place:
    """A licensed site: ``pixel`` (2,) column and row; ``seen``: not turned away; the muscle it aims at.

    ``error_mm``: nine times in ten the true place lies closer, as far as the fit knows itself; ``sure``: that is close enough to be
    shown as placed, else the site is refused in this picture (``not_fixed``).
    """

    name: str
    pixel: np.ndarray
    seen: bool
    target_muscle: str
    error_mm: float = float("nan")
    sure: bool = True


def not_fixed(limit_mm: float) -> str:
    """What is said of a site that is not shown as placed."""
    return f"this picture does not fix this site to {limit_mm:g} mm"


@dataclass(frozen=True, eq=False)
class MuscleShape:
    """A muscle as its sheet lies under the skin of the picture: ``pixels`` (rows, columns, 2) of its lattice, ``seen`` (rows, columns)."""

    name: str
    pixels: np.ndarray
    seen: np.ndarray


def site_places(head: FittedHead, atlas: Atlas) -> tuple[Place, ...]:
    """Every licensed site of the atlas, which was laid on ``head.neutral``, on the picture."""
    sites = list(atlas.sites.values())
    triangle, share = np.array([site.triangle for site in sites]), np.stack([site.barycentric for site in sites])
    pixels, seen = on_picture(head, triangle, share)
    return tuple(
        Place(site.name, pixels[n], bool(seen[n]), atlas.targets[site.name]) for n, site in enumerate(sites)
    )  # fmt: skip


def muscle_shapes(head: FittedHead, atlas: Atlas) -> Mapping[str, MuscleShape]:
    """The muscles of expression: the skin above every point of their sheets."""
    found = {}
    for name, sheet in atlas.muscles.items():
        if name.startswith("levator_palpebrae"):
            continue
        foot = atlas.surface.closest(sheet.points.reshape(-1, 3))
        pixels, seen = on_picture(head, foot.triangle, foot.barycentric)
        shape = sheet.points.shape[:2]
        found[name] = MuscleShape(name, pixels.reshape(*shape, 2), seen.reshape(shape))
    return found


def on_picture(head: FittedHead, triangle: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pixels (n, 2), seen (n,)) of places on the skin given as triangles of ``surface(2)`` and barycentric shares (n, 3)."""
    skin: Surface = head.seen.surface(2)
    points = skin.at(triangle, share)
    to_camera = head.camera.viewer - points
    to_camera /= np.linalg.norm(to_camera, axis=1, keepdims=True)
    facing = (skin.normal_at(triangle, share) * to_camera).sum(1)
    return head.camera.project(points)[:, :2], facing > FACING


def skin_at(head: FittedHead, pixel: np.ndarray) -> tuple[int, np.ndarray] | None:
    """(triangle of ``surface(2)``, barycentric shares (3,)) where the ray through a pixel (column, row) meets the skin first, else None."""
    triangles, pixels = head.seen.surface(2).triangles, head.pixels
    low, high = _reach(pixels, triangles)
    near = np.flatnonzero(((low <= pixel) & (pixel <= high)).all(1))
    corners = pixels[triangles[near]]
    b, c, p = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2], pixel - corners[:, 0, :2]
    det = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    facing = det < 0  # rows grow downwards: what turns to the right here faces the camera
    safe = np.where(facing, det, -1.0)
    v, w = (p[:, 0] * c[:, 1] - p[:, 1] * c[:, 0]) / safe, (b[:, 0] * p[:, 1] - b[:, 1] * p[:, 0]) / safe
    flat = np.stack([1 - v - w, v, w], 1)
    met = np.flatnonzero(facing & (flat >= -1e-9).all(1))
    if not len(met):
        return None
    away = head.camera.distance_mm - corners[met, :, 2]  # a picture shows what is far more densely
    share = flat[met] / away
    share /= share.sum(1, keepdims=True)
    first = int(((share * corners[met, :, 2]).sum(1)).argmax())
    return int(near[met[first]]), share[first]


def _reach(pixels: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest column and row (n, 2) of each triangle."""
    corners = pixels[triangles, :2]
    return corners.min(1), corners.max(1)
