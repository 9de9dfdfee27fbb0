"""The expected grade falls by at least so much: for people whose lines cannot, or should not, become mild."""

from dataclasses import dataclass

from glabella.names import AREAS
from glabella.planner.objectives.objective import Chance, Reply, days_say, worst
from glabella.planner.objectives.soft import soft_share
from glabella.reading import check_choice
from glabella.stages.wrinkle.grade import CONTRACTION

SOFT_GRADES = 0.05  # width over which a draw counts as partly met while planning: numerical


@dataclass(frozen=True)
class ImprovedBy:
    """On every day of the window the mean grade over raters of ``area`` at its contraction is ``grades`` below the one before."""

    area: str
    grades: float
    on_day: float
    until_day: float
    with_probability: float

    def __post_init__(self) -> None:
        check_choice(self.area, "improved_by: area", AREAS)

    @property
    def last_day(self) -> float:
        """Last day of the window."""
        return self.until_day

    def chance(self, reply: Reply) -> Chance:
        """Share of draws that improve so much."""
        key = ("skin", self.area, CONTRACTION[self.area], "grade")
        grade, slope = worst(reply, key, self.on_day, self.until_day, 1.0)
        before = reply.curve(key)[:, 0]
        return soft_share(before - self.grades - grade, None if slope is None else -slope, SOFT_GRADES)

    def says(self) -> str:
        """In words."""
        return f"{self.area.replace('_', ' ')} lines {self.grades:g} grades better than before {days_say(self.on_day, self.until_day)}"
