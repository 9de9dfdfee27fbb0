"""Simulation-based calibration: made-up trials with known parameters, fitted as the published ones are.

Parameters are drawn from the priors, the published rows are replaced by numbers drawn from the model with these parameters, and the
posterior is sampled. If likelihood, prior and sampler are right, the rank of the true value among the draws is uniform.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from glabella.calibration.fit import COUNTED, HALF_WIDTH, UNKNOWN_N, Prior
from glabella.calibration.posterior import Emulator, sample
from glabella.evidence.parameters import stream
from glabella.evidence.published import PublishedRow


def draw_prior(priors: Sequence[Prior], seed: int, number: int) -> np.ndarray:
    """Fitted numbers (parameters,) from the priors, cut at their ranges."""
    rng = stream(seed, "coverage prior", number)
    found = np.empty(len(priors))
    for k, prior in enumerate(priors):
        found[k] = prior.centre + prior.spread * rng.standard_normal()
        while not prior.low <= found[k] <= prior.high:
            found[k] = prior.centre + prior.spread * rng.standard_normal()
    return found


def draw_rows(rows: Sequence[PublishedRow], predicted: np.ndarray, seed: int, number: int) -> tuple[PublishedRow, ...]:
    """The rows as trials of the same size would publish them if the model were true: counts, and normal figures."""
    rng = stream(seed, "coverage rows", number)
    found = []
    for row, value in zip(rows, predicted, strict=True):
        if row.quantity in COUNTED:
            n = row.n or UNKNOWN_N
            drawn = 100 * rng.binomial(n, np.clip(value / 100, 0, 1)) / n
        else:
            drawn = value + row.tolerance / HALF_WIDTH * rng.standard_normal()
        found.append(replace(row, value=float(drawn), relation="="))
    return tuple(found)


def prior_ranks(
    emulator: Emulator, priors: Sequence[Prior], replicates: int, seed: int = 0, *, draws: int = 99, steps: int = 600,
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> np.ndarray:  # fmt: skip
    """Rank (replicates, parameters), 0 to ``draws``, of each true value among thinned posterior draws."""
    ranks = np.empty((replicates, len(priors)), int)
    for number in range(replicates):
        truth = draw_prior(priors, seed, number)
        rows = draw_rows(emulator.rows, emulator.predict(truth), seed, number)
        found = sample(replace(emulator, rows=rows), priors, draws, seed + number, steps)
        ranks[number] = (found < truth).sum(0)
        progress("made-up trials", (number + 1) / replicates)
    return ranks
