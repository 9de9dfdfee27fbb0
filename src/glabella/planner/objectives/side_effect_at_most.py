"""A side effect that is computed here stays as rare as asked."""

from dataclasses import dataclass

from glabella.planner.objectives.objective import Chance, Reply
from glabella.reading import check_choice

COMPUTED = ("eyelid_ptosis", "brow_ptosis", "dry_eye", "asymmetric_smile")


@dataclass(frozen=True)
class SideEffectAtMost:
    """The probability per person of ``effect``, at the nominal parameters and over the scatter of needles, is at most ``limit``."""

    effect: str
    limit: float

    def __post_init__(self) -> None:
        check_choice(self.effect, "side_effect_at_most: effect", COMPUTED)

    @property
    def with_probability(self) -> float:
        """Least probability of being spared."""
        return 1 - self.limit

    @property
    def last_day(self) -> float:
        """Side effects are rated at their peak, whatever the day."""
        return 0.0

    def chance(self, reply: Reply) -> Chance:
        """Probability of being spared."""
        risk = reply.side_effect(self.effect)
        return Chance(1 - risk.value, None if risk.slope is None else -risk.slope)

    def says(self) -> str:
        """In words."""
        return f"no {self.effect.replace('_', ' ')}"
