"""Whether two pictures may show different people: the shape of the face without pose, size and expression."""

import numpy as np

from glabella.photo.photo import PhotoFace
from glabella.photo_series.align import rigid

INNER = (
    6, 197, 195, 5, 4, 1, 2, 98, 327, 129, 358, 168, 122, 351, 193, 417, 33, 133, 263, 362, 130, 359, 9, 8, 151, 10, 118, 347, 101, 330,
    50, 280, 117, 346, 205, 425, 61, 291, 0, 17, 152, 199, 175, 148, 377, 136, 365, 172, 397, 234, 454, 127, 356,
)  # fmt: skip
HEAD_IPD_MM = 63.0


def shape_distance_mm(first: PhotoFace, visit: PhotoFace) -> float:
    """Root mean square distance of landmarks of the calm, symmetric heads, laid over one another at 63 mm between the pupils."""
    mine, theirs = (
        photo.head.neutral.landmarks[list(INNER)] * HEAD_IPD_MM / photo.head.neutral.interpupillary_distance_mm for photo in (first, visit)
    )
    turn, scale, shift = rigid(theirs, mine)
    off = scale * theirs @ turn.T + shift - mine
    return float(np.sqrt((off**2).sum(1).mean()))
