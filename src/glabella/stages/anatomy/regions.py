"""Values that are known per region of the face, blended smoothly over the skin."""

import numpy as np

from glabella.face import Face

# MediaPipe landmarks at which each region's figure holds, and how far (mm) a region's figure reaches: bookkeeping, not biology.
ANCHORS = {
    "glabella": (9,),
    "forehead": (151, 10, 69, 299),
    "temple": (21, 251, 139, 368),
    "eyelid": (159, 386, 145, 374),
    "nasal_dorsum": (197, 195),
    "zygoma": (116, 345, 50, 280),
}
REACH_MM = 12.0


def blend(face: Face, values: dict[str, float], points: np.ndarray) -> np.ndarray:
    """Value (n,) at skin points (n, 3): each region's figure weighted by nearness to its anchors."""
    total, weight_sum = np.zeros(len(points)), np.zeros(len(points))
    x, y, z = np.ascontiguousarray(points.T)
    for region, anchors in ANCHORS.items():
        marks = face.landmarks[list(anchors)]
        square = np.min([(x - mark[0]) ** 2 + (y - mark[1]) ** 2 + (z - mark[2]) ** 2 for mark in marks], axis=0)
        weight = 1 / (1 + (np.sqrt(square) / REACH_MM) ** 4)
        total += weight * values[region]
        weight_sum += weight
    return total / weight_sum
