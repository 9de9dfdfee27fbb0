"""The brow sinks at most so many millimetres at rest."""

from dataclasses import dataclass

import numpy as np

from glabella.names import SIDES
from glabella.planner.objectives.objective import Chance, Reply, days_say, worst
from glabella.planner.objectives.soft import soft_share

PARTS = ("head", "peak", "tail")
SOFT_MM = 0.05  # width over which a draw counts as partly met while planning: numerical


@dataclass(frozen=True)
class BrowDropAtMost:
    """On every day of the window no point of either brow lies more than ``drop_mm`` below where it was before treatment."""

    drop_mm: float
    on_day: float
    until_day: float
    with_probability: float

    @property
    def last_day(self) -> float:
        """Last day of the window."""
        return self.until_day

    def chance(self, reply: Reply) -> Chance:
        """Share of draws that hold it."""
        found = [worst(reply, ("brow", side, part), self.on_day, self.until_day, -1.0) for side in SIDES for part in PARTS]
        height = np.stack([value for value, _ in found])
        lowest, draw = height.argmin(0), np.arange(height.shape[1])
        slopes = [slope for _, slope in found if slope is not None]
        slope = np.stack(slopes)[lowest, draw] if slopes else None
        return soft_share(height[lowest, draw] + self.drop_mm, slope, SOFT_MM)

    def says(self) -> str:
        """In words."""
        return f"no part of either brow sinks more than {self.drop_mm:g} mm at rest {days_say(self.on_day, self.until_day)}"
