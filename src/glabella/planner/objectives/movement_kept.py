"""An expression keeps at least so much of its movement: a brow that can still be raised, a smile that stays."""

from dataclasses import dataclass

from glabella.planner.objectives.objective import Chance, Reply, days_say, worst
from glabella.planner.objectives.soft import soft_share
from glabella.reading import check_choice
from glabella.stages.skin.strain import MEASURED

SOFT_PERCENT = 2.0  # width over which a draw counts as partly met while planning: numerical


@dataclass(frozen=True)
class MovementKept:
    """On every day of the window the movement of ``expression`` is at least ``percent`` of what it was before."""

    expression: str
    percent: float
    on_day: float
    until_day: float
    with_probability: float

    def __post_init__(self) -> None:
        check_choice(self.expression, "movement_kept: expression", MEASURED)

    @property
    def last_day(self) -> float:
        """Last day of the window."""
        return self.until_day

    def chance(self, reply: Reply) -> Chance:
        """Share of draws that keep it."""
        least, slope = worst(reply, ("movement", self.expression), self.on_day, self.until_day, -1.0)
        return soft_share(least - self.percent, slope, SOFT_PERCENT)

    def says(self) -> str:
        """In words."""
        what = self.expression.replace("_", " ")
        return f"at least {self.percent:g} % of the movement of the {what} kept {days_say(self.on_day, self.until_day)}"
