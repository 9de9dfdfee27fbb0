"""Whether two pictures may show different people: the shape of the face without pose, size and expression."""

import numpy as np

from glabella.photo.fit import SEEN
from glabella.photo.photo import PhotoFace
from glabella.photo_series.align import rigid

HEAD_IPD_MM = 63.0


def shape_distance_mm(first: PhotoFace, visit: PhotoFace) -> float:
    """Root mean square distance, across and up, of the landmarks of the calm, symmetric heads laid over one another at 63 mm between the
    pupils. How far a point stands ahead is a guess of each fit, and told people apart worse."""
    mine, theirs = (
        photo.head.neutral.landmarks[:SEEN] * HEAD_IPD_MM / photo.head.neutral.interpupillary_distance_mm for photo in (first, visit)
    )
    turn, scale, shift = rigid(theirs, mine)
    off = (scale * theirs @ turn.T + shift - mine)[:, :2]
    return float(np.sqrt((off**2).sum(1).mean()))
