"""The full simulation as a reply to the objectives: what was planned on the influence is judged on fresh samples of ``simulate``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from glabella.planner.objectives import Chance, Key, Objective, SideEffectAtMost
from glabella.stages.wrinkle.scale import wrinkle_scale
from glabella.treatment import Treatment


@dataclass(frozen=True)
class SimulatedReply:
    """A ``Reply`` of the objectives from the samples of a full simulation: no derivatives, draws are counted."""

    treatment: Treatment

    @property
    def days(self) -> np.ndarray:
        """Days (t,) of every curve."""
        return self.treatment.outcome.days

    def curve(self, key: Key) -> np.ndarray:
        """A curve (samples, t)."""
        return self.treatment.samples[key]

    def slope(self, key: Key) -> None:
        """None: the units are fixed."""

    def side_effect(self, effect: str) -> Chance:
        """Probability of a computed side effect."""
        return Chance(self.treatment.risks[effect].value)

    def rated_at_most(self, depth_mm: np.ndarray, grade: int) -> tuple[np.ndarray, np.ndarray]:
        """Probability that a rater gives the grade or less, and its derivative by ln(depth)."""
        return wrinkle_scale(self.treatment.outcome.parameters).rated_at_most(depth_mm, grade)


@dataclass(frozen=True)
class Band:
    """A chance with its 90 % interval."""

    value: float
    low: float
    high: float


def judge(objective: Objective, treatments: Sequence[Treatment]) -> Band:
    """How probable a condition is over people and samples.

    The interval is the binomial one (Jeffreys) of as many samples; of a side effect, the one over draws of the parameters.
    """
    value = float(np.mean([objective.chance(SimulatedReply(treatment)).value for treatment in treatments]))
    if isinstance(objective, SideEffectAtMost):
        risks = [treatment.risks[objective.effect] for treatment in treatments]
        return Band(value, 1 - float(np.mean([risk.high for risk in risks])), 1 - float(np.mean([risk.low for risk in risks])))
    count = sum(int(treatment.outcome.settings["samples"]) for treatment in treatments)
    return counted(value, count)


def counted(share: float, count: int) -> Band:
    """A share of ``count`` draws with its binomial (Jeffreys) 90 % interval."""
    met = share * count
    low, high = (float(betaincinv(met + 0.5, count - met + 0.5, p)) for p in (0.05, 0.95))
    return Band(share, min(low, share), max(high, share))
