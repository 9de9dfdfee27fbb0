"""How people given placebo do: a rise within days, then a slow fading; 1 at week 4 by definition."""

from collections.abc import Mapping

import numpy as np

REFERENCE_DAY = 28.0  # the day on which trials tell the size of the answer


def placebo_course(days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share (days,) of the answer at week 4: ``(1 - exp(-t/rise)) exp(-t/fade)`` over its value there; 0 on the day of treatment."""

    def shape(time: np.ndarray | float) -> np.ndarray:
        time = np.maximum(np.asarray(time, float), 0.0)
        return -np.expm1(-time / values["placebo_rise_days"]) * np.exp(-time / values["placebo_fade_days"])

    return shape(days) / shape(REFERENCE_DAY)
