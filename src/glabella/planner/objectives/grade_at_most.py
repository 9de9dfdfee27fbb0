"""The lines of an area are rated at most so deep: the endpoint of trials ("none or mild" is grade 1 or less)."""

from collections.abc import Mapping
from dataclasses import dataclass

from glabella.names import AREAS
from glabella.planner.objectives.objective import Chance, Reply, days_say, worst
from glabella.reading import check_choice
from glabella.stages.skin.activation import EXPRESSIONS
from glabella.stages.wrinkle.grade import CONTRACTION

WORDS: Mapping[int, str] = {0: "none", 1: "none or mild", 2: "moderate or less"}


@dataclass(frozen=True)
class GradeAtMost:
    """On every day of the window a rater gives the lines of ``area`` in ``expression`` at most ``grade``.

    The chance is over draws of the person and of the needles, and over raters, as in a trial.
    """

    area: str
    grade: int
    on_day: float
    until_day: float
    with_probability: float
    expression: str = ""

    def __post_init__(self) -> None:
        check_choice(self.area, "grade_at_most: area", AREAS)
        object.__setattr__(self, "expression", self.expression or CONTRACTION[self.area])
        check_choice(self.expression, "grade_at_most: expression", EXPRESSIONS)

    @property
    def last_day(self) -> float:
        """Last day of the window."""
        return self.until_day

    def chance(self, reply: Reply) -> Chance:
        """Mean over draws of the probability that a rater says so on the worst day."""
        depth, slope = worst(reply, ("skin", self.area, self.expression, "depth_mm"), self.on_day, self.until_day, 1.0)
        rated, by_ln = reply.rated_at_most(depth, self.grade)
        return Chance(float(rated.mean()), None if slope is None else (by_ln / depth) @ slope / len(depth))

    def says(self) -> str:
        """In words."""
        where = f"{self.area.replace('_', ' ')} lines at {self.expression.replace('_', ' ')}"
        return f"{where} rated {WORDS[self.grade]} (grade {self.grade} or less) {days_say(self.on_day, self.until_day)}"
