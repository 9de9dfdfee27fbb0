"""One published figure and what the model says it should be."""

from dataclasses import dataclass

import numpy as np

from glabella.calibration.fit import RATE_FLOOR, UNKNOWN_N
from glabella.evidence.published import PublishedRow

SMALL_ARM = 50  # people; below it the sampling error is the measure of a hit
STRAIN_TOLERANCE = 0.2
ONSET_TOLERANCE_POINTS = 10.0


@dataclass(frozen=True)
class Judged:
    """A published row, what was predicted for it in its own unit, and where 90 % of such figures would fall.

    ``made_by``: population (virtual people), placements (of the needles, for side effects), or the name of a predictor in
    ``glabella.validation.others``.
    """

    row: PublishedRow
    predicted: float
    low: float
    high: float
    made_by: str

    @property
    def error(self) -> float:
        """Predicted less observed; nothing where a bound is met."""
        error = self.predicted - self.row.value
        met = (self.row.relation == ">=" and error >= 0) or (self.row.relation == "<=" and error <= 0)
        return 0.0 if met else error

    @property
    def inside_tolerance(self) -> bool:
        """Whether it agrees within the tolerance that was written beforehand."""
        return abs(self.error) <= self.row.tolerance + 1e-9

    @property
    def inside_interval(self) -> bool:
        """Whether the published figure lies in the 90 % predictive interval; of a bound, whether the interval reaches it."""
        below = self.row.relation == "<=" or self.row.value <= self.high + 1e-9
        return below and (self.row.relation == ">=" or self.row.value >= self.low - 1e-9)

    @property
    def hit(self) -> bool:
        """Inside both."""
        return self.inside_tolerance and self.inside_interval

    @property
    def is_rate(self) -> bool:
        """Whether the figure is a share of people in percent."""
        return self.row.unit == "percent" and not self.row.quantity.startswith("strain")

    @property
    def is_small(self) -> bool:
        """Whether it is a rate of an arm with few people."""
        return self.is_rate and self.row.n is not None and self.row.n < SMALL_ARM

    @property
    def standard_errors(self) -> float:
        """Error in binomial standard errors of the predicted rate."""
        p = np.clip(self.predicted / 100, RATE_FLOOR, 1 - RATE_FLOOR)
        return float(abs(self.error) / (100 * np.sqrt(p * (1 - p) / people_behind(self.row))))


def people_behind(row: PublishedRow) -> int:
    """People whom the figure counts; where the source does not say, as many as the fit assumes."""
    return row.n or UNKNOWN_N
