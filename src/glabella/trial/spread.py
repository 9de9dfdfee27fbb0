"""What is not known about the parameters: the arms of a trial once more with draws of the posterior, in the same few people.

A draw gives other responders than the values in force because the parameters differ, and hardly because the people do: they are drawn
from the same random streams. The root-mean-square distance over draws is what the parameters add to a band. It is taken about the values
in force and not about the mean of the draws, since the best fit of a skewed posterior is not in its middle.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from operator import add

import numpy as np

from glabella.calibration.posterior import Posterior, load_posterior
from glabella.trial.design import Trial
from glabella.trial.result import Spread
from glabella.trial.run import ArmSpec, BlockTask, arm_specs, prepare
from glabella.trial.summary import BlockSummary

DRAWS = 20  # measured: with these the spread is known to a sixth of itself
LEAST_PEOPLE = 500  # of a draw; a block is computed whole, and so the whole of it counts


def draw_specs(trial: Trial, values: Mapping[str, float] | None = None, posterior: Posterior | None = None) -> list[list[ArmSpec]]:
    """The arms with the values in force, and then with each draw: as many as the trial says. ``values`` are not drawn but stay.

    No draws: an empty list. More than the posterior has are an error.
    """
    if trial.draws == 0:
        return []
    posterior = posterior or load_posterior()
    draws = trial.draws or min(DRAWS, max(len(posterior.draws) - 1, 1))
    kept = dict(values or {})
    return [arm_specs(trial, kept), *(arm_specs(trial, {**posterior.values(k), **kept}) for k in posterior.some(draws))]


def draw_tasks(specs: Sequence[Sequence[ArmSpec]], seed: int) -> list[list[BlockTask]]:
    """Whole blocks of every arm of every draw, in their order: as many as hold ``LEAST_PEOPLE``."""
    found = []
    for spec in (spec for of_draw in specs for spec in of_draw):
        size = prepare(spec).entering
        found.append([BlockTask(spec, seed, block, size) for block in range(-(-LEAST_PEOPLE // size))])
    return found


def find_spread(trial: Trial, tasks: Sequence[Sequence[BlockTask]], summaries: Iterator[BlockSummary]) -> dict[str, Spread]:
    """The spread of each arm, by its name, from the summaries of ``tasks`` in their order."""
    found = [reduce(add, islice(summaries, len(blocks))) for blocks in tasks]
    arms = len(trial.arms)
    return {arm.name: _spread(found[k], found[k + arms :: arms]) for k, arm in enumerate(trial.arms)} if found else {}


def _spread(here: BlockSummary, drawn: Sequence[BlockSummary]) -> Spread:
    def points(what: str) -> np.ndarray:
        shares = np.array([getattr(one, what) for one in drawn])
        return 100 * np.sqrt(np.mean((shares - getattr(here, what)) ** 2, axis=0))

    people = min(one.people for one in (here, *drawn))
    return Spread(len(drawn), people, *map(points, ("responder_share", "strain_share", "noticed_share", "keeping_share")))


__all__ = ["DRAWS", "draw_specs", "draw_tasks", "find_spread"]
