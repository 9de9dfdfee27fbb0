"""Skin that ages underneath, and which rows only years tell: they are drawn here, so that a single course stays as it is."""

from dataclasses import dataclass

import numpy as np

from glabella.evidence.parameters import Parameters, stream

DAYS_A_YEAR = 365.25
DRAWN = ("dermis_thinning_per_year", "resting_line_growth_mm_per_year", "resting_line_growth_folding_share", "resting_line_slow_days")


@dataclass(frozen=True)
class Ageing:
    """``thinning_per_year``: share of the dermis lost. ``growth_mm_per_year``: how fast a resting line deepens in skin that folds
    as before, ``folding_share`` of it in proportion to the folding."""

    thinning_per_year: float
    growth_mm_per_year: float
    folding_share: float

    def thickness(self, days: np.ndarray) -> np.ndarray:
        """Thickness of the dermis on ``days`` (t,) as a share of that on day 0."""
        return 1 - self.thinning_per_year * days / DAYS_A_YEAR


def ageing_of(parameters: Parameters) -> Ageing:
    """Read the rows."""
    thinning, growth, share = (parameters[name] for name in DRAWN[:3])
    return Ageing(thinning, growth, share)


def draw_ageing(parameters: Parameters, seed: int, sample: int) -> Parameters:
    """``parameters`` with the rows in ``DRAWN`` from their triangular distributions; what was overridden stays."""
    values = {}
    for name in DRAWN:
        row = parameters.rows[name]
        if name not in parameters.overrides and row.low < row.high:
            values[name] = float(stream(seed, name, sample).triangular(row.low, row.value, row.high))
    return parameters.with_values(values)
