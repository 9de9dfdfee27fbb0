"""What one step less at each site would cost: the change of every chance on the planner's own draws, with its interval."""

from dataclasses import dataclass

import numpy as np

from glabella.planner.objectives import Chance, Key, Objective, Reply
from glabella.planner.problem import Problem
from glabella.planner.result import OneStepLess

NORMAL_95 = 1.6448536269514722  # standard deviations to either side that hold 90 %


@dataclass(frozen=True)
class OneDraw:
    """A ``Reply`` of one ``draw`` of another: what that draw adds to a mean over draws."""

    whole: Reply
    draw: int

    @property
    def days(self) -> np.ndarray:
        """Days (t,) of every curve."""
        return self.whole.days

    def curve(self, key: Key) -> np.ndarray:
        """A curve (1, t)."""
        return self.whole.curve(key)[self.draw : self.draw + 1]

    def slope(self, key: Key) -> None:
        """None: the units are fixed."""

    def side_effect(self, effect: str) -> Chance:
        """That of all draws: it is rated at the nominal parameters."""
        return self.whole.side_effect(effect)

    def rated_at_most(self, depth_mm: np.ndarray, grade: int) -> tuple[np.ndarray, np.ndarray]:
        """Probability that a rater gives the grade or less, and its derivative by ln(depth)."""
        return self.whole.rated_at_most(depth_mm, grade)


def one_step_less(problem: Problem, units: np.ndarray) -> tuple[OneStepLess, ...]:
    """Each variable that may go down a step: the change in points of every chance, and the 90 % interval of that mean over draws."""
    choice, step = problem.choice, problem.choice.step_units
    now = _by_draw(problem, units)
    rows = []
    for variable, name in enumerate(choice.names):
        if units[variable] < step - 1e-9 or choice.least[variable] > units[variable] - step + 1e-9:
            continue
        fewer = np.array(units, float)
        fewer[variable] -= step
        change = 100 * (_by_draw(problem, fewer) - now)
        mean, count = change.mean(1), change.shape[1]
        half = NORMAL_95 * change.std(1, ddof=1) / np.sqrt(count) if count > 1 else np.zeros(len(mean))
        low, high, mean = (tuple(float(value) for value in values) for values in (mean - half, mean + half, mean))
        rows.append(OneStepLess(name, float(units[variable]), float(step * choice.needles_of[variable]), mean, low, high))
    return tuple(rows)


def _by_draw(problem: Problem, units: np.ndarray) -> np.ndarray:
    """Chance (objectives, draws of all people) of every condition in each draw."""
    replies = [response.reply(problem.choice.directions @ units) for response in problem.responses]
    drawn = [OneDraw(reply, draw) for reply in replies for draw in range(len(reply.response.influence.draws))]
    return np.array([[_chance(objective, one) for one in drawn] for objective in problem.objectives])


def _chance(objective: Objective, reply: Reply) -> float:
    return objective.chance(reply).value


__all__ = ["OneDraw", "one_step_less"]
