"""Share of draws in which a margin is positive, smooth enough to have a derivative while planning."""

import numpy as np
from scipy.special import ndtr

from glabella.planner.objectives.objective import Chance


def soft_share(margin: np.ndarray, slope: np.ndarray | None, width: float) -> Chance:
    """Share of draws (draws,) with a positive margin. With a ``slope`` (draws, variables) each draw counts by a normal ramp of
    ``width``, so that the share has a derivative; without one draws are counted."""
    if slope is None:
        return Chance(float((margin >= 0).mean()))
    z = margin / width
    density = np.exp(-0.5 * z * z) / (np.sqrt(2 * np.pi) * width)
    return Chance(float(ndtr(z).mean()), density @ slope / len(margin))
