"""The planner's problem: how probable each condition is for given units, and its exact derivative, over all draws and people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from glabella.evidence import Parameters
from glabella.planner.choice import Choice
from glabella.planner.influence import build_influence, only_reached, with_needles
from glabella.planner.objectives import Objective
from glabella.planner.response import Response, goal_days, mean_reply
from glabella.planner.risk import build_risk
from glabella.treatment import Person

Progress = Callable[[str, float], None]
EDGE = 1e-4  # chances are kept this far from 0 and 1 before their logit is taken: numerical


@dataclass(frozen=True)
class Problem:
    """``responses``: one per person. ``required`` (objectives,): least chance of each. ``count``: how often it was evaluated."""

    choice: Choice
    objectives: tuple[Objective, ...]
    responses: tuple[Response, ...]
    required: np.ndarray
    _held: dict[bytes, tuple[np.ndarray, np.ndarray | None]] = field(default_factory=dict, repr=False)
    count: list[int] = field(default_factory=lambda: [0])

    def chances(self, x: np.ndarray) -> np.ndarray:
        """Chance (objectives,) of every condition at units ``x`` (variables,), draws counted."""
        return self._evaluate(np.asarray(x, float), slopes=False)[0]

    def with_slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chances, smooth in the units, and their derivative (objectives, variables)."""
        value, slope = self._evaluate(np.asarray(x, float), slopes=True)
        assert slope is not None
        return value, slope

    def slack(self, x: np.ndarray) -> np.ndarray:
        """How far each chance is above what is required, as a difference of logits; at least 0 everywhere: the goal is reached."""
        return logit(self.chances(x)) - logit(self.required)

    def reaches(self, x: np.ndarray) -> bool:
        """Whether every condition is as probable as required, the draws counted."""
        return bool((self.chances(x) >= self.required - 1e-12).all())

    def tightened(self, required: np.ndarray) -> "Problem":
        """The same problem with other required chances."""
        return replace(self, required=required)

    def _evaluate(self, x: np.ndarray, slopes: bool) -> tuple[np.ndarray, np.ndarray | None]:
        key = x.tobytes() + bytes([slopes])
        if key not in self._held:
            self.count[0] += 1
            directions = self.choice.directions if slopes else None
            units = self.choice.directions @ x
            replies = [response.reply(units, directions) for response in self.responses]
            found = [mean_reply([objective.chance(reply) for reply in replies]) for objective in self.objectives]
            slope = np.stack([np.asarray(chance.slope) for chance in found]) if slopes else None
            self._held[key] = np.array([chance.value for chance in found]), slope
        return self._held[key]


def build_problem(
    persons: Sequence[Person], choice: Choice, objectives: tuple[Objective, ...], on_day: float, parameters: Parameters, draws: int,
    seed: int, workers: int | None = None, report: Progress = lambda stage, share: None, may_move: bool = False,
) -> Problem:  # fmt: skip
    """Solve the influence of every needle for each person; ``draws`` in all, shared among them. ``may_move``: needles will be moved."""
    days = goal_days(on_day, max(o.last_day for o in objectives))
    each = max(1, draws // len(persons))
    template = choice.filled(choice.start)
    responses = []
    for number, person in enumerate(persons):
        influence = build_influence(person, template, parameters, each, seed + 7919 * number, workers, report)
        if not may_move:
            influence = only_reached(influence, choice.directions @ choice.most)
        responses.append(Response(influence, days, build_risk(person, template, parameters, seed + number)))
    return Problem(choice, objectives, tuple(responses), np.array([o.with_probability for o in objectives]))


def at_volumes_of(problem: Problem, choice: Choice, x: np.ndarray, seed: int, workers: int | None = None) -> Problem:
    """The same problem with the fluid, and the places, that the needles of ``choice`` have at units ``x``."""
    template = choice.filled(x)
    responses = []
    for number, response in enumerate(problem.responses):
        influence = with_needles(response.influence, template, workers)
        risk = build_risk(influence.person, template, influence.nominal, seed + number)
        responses.append(Response(influence, response.days, risk))
    return replace(problem, choice=choice, responses=tuple(responses), _held={})


def logit(chance: np.ndarray) -> np.ndarray:
    """Log odds, with chances kept off 0 and 1."""
    inside = np.clip(chance, EDGE, 1 - EDGE)
    return np.log(inside / (1 - inside))


def logit_slope(chance: np.ndarray) -> np.ndarray:
    """Derivative of ``logit``."""
    inside = np.clip(chance, EDGE, 1 - EDGE)
    return 1 / (inside * (1 - inside))
