"""The picture on a later day: its skin moved and its own lines softened or deepened as the model says, and nothing else."""

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from glabella.evidence.photo import load_photo_parameters
from glabella.face import Face, prolong
from glabella.photo.fit import FittedHead
from glabella.photo.lines import DARKEST, FoundLines
from glabella.photo.picture import Picture
from glabella.photo.skin_map import SkinMap, map_skin

MOST_CHANGE = 1.2  # ln light: no pixel is changed by more


def later_picture(
    picture: Picture, skin_map: SkinMap, found: FoundLines, depth_ratio: Mapping[str, float], displacement_mm: np.ndarray | None = None
) -> np.ndarray:
    """Pixels (rows, columns, 3) uint8 of the picture when each area's lines have ``depth_ratio`` times their depth.

    ``displacement_mm`` (n, 3): how the skin has moved since the picture, on ``surface(1)`` or ``(2)``, in the head's frame. Where the
    ratio is 1 and nothing moved, every pixel is the picture's own.
    """
    change = np.zeros((*skin_map.shape, 3))
    for area, valley in found.valley.items():
        change += (1 - depth_ratio[area]) * valley
    change = np.clip(change, -MOST_CHANGE, MOST_CHANGE)
    pixels = picture.pixels.copy()
    part = pixels[skin_map.window].astype(float)
    touched = change != 0
    part[touched] = np.clip((part[touched] + DARKEST) * np.exp(change[touched]) - DARKEST, 0, 255)
    pixels[skin_map.window] = np.rint(part).astype(np.uint8)
    if displacement_mm is None or not np.any(displacement_mm):
        return pixels
    return _moved(pixels, skin_map.head, displacement_mm)


def _moved(pixels: np.ndarray, head: FittedHead, displacement_mm: np.ndarray) -> np.ndarray:
    """The skin drawn where it has moved to; what is not skin stays."""
    surface = head.seen.surface(2)
    moved = np.asarray(displacement_mm, float)
    moved = moved if len(moved) == len(surface.vertices) else prolong(moved, 1, 2)
    there = head.camera.project(surface.vertices + _held_at_lids(head.seen)[:, None] * moved)
    skin_map = map_skin(head, pixels.shape[:2], there)
    source = skin_map.carry(head.pixels[:, :2] - there[:, :2])
    row, column = np.nonzero(skin_map.inside)
    shift = source[row, column]
    far = np.linalg.norm(shift, axis=1) > 1e-3
    row, column, shift = row[far], column[far], shift[far]
    out = pixels.copy()
    places = row + skin_map.low[1] + shift[:, 1], column + skin_map.low[0] + shift[:, 0]
    for k in range(3):
        values = map_coordinates(pixels[..., k].astype(np.float32), places, order=1, mode="nearest")
        out[row + skin_map.low[1], column + skin_map.low[0], k] = np.rint(values).astype(np.uint8)
    return out


def _held_at_lids(face: Face) -> np.ndarray:
    """(n,) 0 at the margins of the lids to 1 from ``lids_held_mm`` away, on ``surface(2)``."""
    vertices, borders = face.surface(2).vertices, face.borders(2)
    lids = cKDTree(vertices[np.concatenate([borders["right_eye"], borders["left_eye"]])])
    free = load_photo_parameters()["lids_held_mm"]
    share = np.clip(lids.query(vertices, distance_upper_bound=free)[0] / free, 0, 1)
    return share * share * (3 - 2 * share)
