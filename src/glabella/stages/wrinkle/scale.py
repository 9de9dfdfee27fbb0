"""The 0-3 Facial Wrinkle Scale as an ordered model: expected grade of a line of a given depth, and back."""

from dataclasses import dataclass
from math import erfc, exp, inf, log, pi, sqrt

import numpy as np
from scipy.special import ndtr

from glabella.evidence import Parameters

WORST = 3.0


@dataclass(frozen=True)
class Scale:
    """Depths in mm from which raters say mild, moderate and severe, their noise, and the depth of a plainly severe line."""

    from_mm: tuple[float, ...]
    rater_sd_ln: float
    severe_mm: float

    def expected(self, depth_mm: np.ndarray) -> np.ndarray:
        """Mean grade over raters: the sum over the three borders of the probability to be rated beyond it."""
        depth_mm = np.asarray(depth_mm, float)
        log_depth = np.log(np.maximum(depth_mm, 1e-300))
        grade = sum(ndtr((log_depth - np.log(border)) / self.rater_sd_ln) for border in self.from_mm)
        return np.where(depth_mm > 0, grade, 0.0)

    def rated_at_most(self, depth_mm: np.ndarray, grade: int) -> tuple[np.ndarray, np.ndarray]:
        """Probability that a rater gives a line this ``grade`` (0, 1 or 2) or less, and its derivative by ``ln(depth)``."""
        beyond = (np.log(np.maximum(depth_mm, 1e-300)) - np.log(self.from_mm[grade])) / self.rater_sd_ln
        return ndtr(-beyond), -np.exp(-0.5 * beyond * beyond) / (sqrt(2 * pi) * self.rater_sd_ln)

    def depth_mm(self, grade: float) -> float:
        """Depth of a line of this expected grade; grades that only an endless depth would reach get ``severe_mm``."""
        if grade <= 0:
            return 0.0
        if grade >= float(self.expected(np.array(self.severe_mm))):
            return self.severe_mm
        low, high = -20.0, log(self.severe_mm)
        x = (low + high) / 2
        for _ in range(200):  # Newton's method on ln depth, kept between bounds that close in
            steps = [(x - log(border)) / self.rater_sd_ln for border in self.from_mm]
            excess = sum(erfc(-z / sqrt(2)) / 2 for z in steps) - grade
            low, high = (x, high) if excess < 0 else (low, x)
            slope = sum(exp(-z * z / 2) for z in steps) / (sqrt(2 * pi) * self.rater_sd_ln)
            step = -excess / slope if slope > 0 else inf
            if abs(step) < 1e-13 or high - low < 1e-13:
                break
            x = x + step if low < x + step < high else (low + high) / 2
        return exp(x)

    def grade(self, depth_mm: np.ndarray, baseline: float) -> np.ndarray:
        """Expected grade of a line, scaled so that the person's own ``baseline`` comes out exactly at its depth; 0 to 3."""
        return np.minimum(self._own_factor(baseline) * self.expected(depth_mm), WORST)

    def grade_slope(self, depth_mm: np.ndarray, baseline: float) -> np.ndarray:
        """Derivative of ``grade`` by the depth in mm."""
        slope = -sum(self.rated_at_most(depth_mm, n)[1] for n in range(len(self.from_mm))) / np.maximum(depth_mm, 1e-300)
        return np.where(self.grade(depth_mm, baseline) < WORST, self._own_factor(baseline) * slope, 0.0)

    def _own_factor(self, baseline: float) -> float:
        own = float(self.expected(np.array(self.depth_mm(baseline))))
        return baseline / own if own > 0 else 1.0


def wrinkle_scale(parameters: Parameters) -> Scale:
    """The scale of the parameter table."""
    borders = tuple(parameters[f"wrinkle_{word}_from_mm"] for word in ("mild", "moderate", "severe"))
    return Scale(borders, parameters["wrinkle_rater_sd_ln"], parameters["wrinkle_severe_depth_mm"])
