"""Draws of the fitted parameters: sampled about the best fit, kept as data, read by everything that states an uncertainty."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy.special import expit, logit

from glabella.calibration.fit import RATE_FLOOR, UNKNOWN_N, Fit, Prior, residuals
from glabella.errors import InputError
from glabella.evidence.published import PublishedRow

RATES = ("responder_percent", "onset_percent", "strain_reduction_percent", "side_effect_percent")
WALKERS_PER_PARAMETER = 4


@dataclass(frozen=True)
class PosteriorFacts:
    """How the draws were made and what is known of them.

    ``between_trials_sd_logit``: spread of the calibration rows about the fit that neither counting nor the draws explain, on the
    logit scale. ``emulator_rms_points``: error of the straight-line model used in sampling, checked on draws.
    """

    command: str
    seed: int
    people: int
    rows_sha256: str
    between_trials_sd_logit: float
    emulator_rms_points: float


@dataclass(frozen=True)
class Posterior:
    """``draws`` (draws, parameters) in the parameters' own units; the first row is the best fit."""

    parameters: tuple[str, ...]
    draws: np.ndarray
    facts: PosteriorFacts

    def best(self) -> dict[str, float]:
        """Parameter values of the best fit."""
        return self.values(0)

    def some(self, draws: int) -> list[int]:
        """Numbers of so many draws, evenly through the table; the best fit is not among them unless there is nothing else."""
        last = len(self.draws) - 1
        if not 1 <= draws <= max(last, 1):
            raise InputError(f"draws = {draws}: must be from 1 to {max(last, 1)}, the draws that the posterior has")
        return [int(k) for k in np.unique(np.linspace(min(1, last), last, draws).astype(int))]

    def values(self, draw: int) -> dict[str, float]:
        """Parameter values of one draw."""
        return dict(zip(self.parameters, map(float, self.draws[draw]), strict=True))


def rows_sha256(rows: Sequence[PublishedRow]) -> str:
    """Hash over rows, so that a posterior says which numbers it was fitted to."""
    return hashlib.sha256(repr([astuple(row) for row in rows]).encode()).hexdigest()


@dataclass(frozen=True)
class Emulator:
    """Straight lines through the best fit: percentages on the logit scale, days as they are."""

    rows: tuple[PublishedRow, ...]
    x: np.ndarray
    centre: np.ndarray
    slopes: np.ndarray
    rate: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predicted values (..., rows) for fitted numbers (..., parameters)."""
        line = self.centre + (x - self.x) @ self.slopes.T
        return np.where(self.rate, 100 * expit(line), line)


def emulate(rows: Sequence[PublishedRow], found: Fit) -> Emulator:
    """The straight-line model about the best fit."""
    rate = np.array([row.quantity in RATES for row in rows])
    p = np.clip(found.predicted / 100, RATE_FLOOR, 1 - RATE_FLOOR)
    inside = (found.predicted / 100 > RATE_FLOOR) & (found.predicted / 100 < 1 - RATE_FLOOR)
    per_logit = np.where(rate, inside / (100 * p * (1 - p)), 1.0)
    return Emulator(tuple(rows), found.x, np.where(rate, logit(p), found.predicted), found.slopes * per_logit[:, None], rate)


def log_posterior(x: np.ndarray, emulator: Emulator, priors: Sequence[Prior]) -> np.ndarray:
    """Log density (walkers,) up to a constant of fitted numbers (walkers, parameters); minus infinity outside the ranges."""
    low, high = np.array([p.low for p in priors]), np.array([p.high for p in priors])
    pull = (x - [p.centre for p in priors]) / [p.spread for p in priors]
    lost = (residuals(emulator.rows, emulator.predict(x)) ** 2).sum(-1)
    return np.where(((x >= low) & (x <= high)).all(1), -0.5 * (lost + (pull**2).sum(1)), -np.inf)


def sample(emulator: Emulator, priors: Sequence[Prior], draws: int, seed: int, steps: int = 1500) -> np.ndarray:
    """Fitted numbers (draws, parameters) by emcee's ensemble sampler on the straight-line model; the second half of the chain, thinned."""
    try:
        import emcee
    except ImportError:
        raise InputError("calibrate needs the package emcee; install it with: pip install 'glabella[calibrate]'") from None

    walkers = WALKERS_PER_PARAMETER * len(priors)
    spread = np.array([p.spread for p in priors])
    low, high = np.array([p.low for p in priors]), np.array([p.high for p in priors])
    rng = np.random.default_rng(seed)
    start = np.clip(emulator.x + 0.2 * spread * rng.standard_normal((walkers, len(priors))), low + 1e-6, high - 1e-6)
    sampler = emcee.EnsembleSampler(
        walkers, len(priors), log_posterior, args=(emulator, tuple(priors)), vectorize=True,
        moves=emcee.moves.DEMove(),  # not its snooker move: up to emcee 3.1.6 that one narrows the posterior (pull request 531)
    )  # fmt: skip
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, steps)
    chain = np.asarray(sampler.get_chain(discard=steps // 2, flat=True))
    return chain[rng.choice(len(chain), draws, replace=False)]


def between_trials_sd_logit(rows: Sequence[PublishedRow], predicted: np.ndarray) -> float:
    """Spread between trials that counting does not explain, from the mean miss of each arm on the logit scale; at least 0."""
    misses: dict[tuple, list[tuple[float, float]]] = {}
    for row, value in zip(rows, predicted, strict=True):
        p, y = value / 100, row.value / 100
        if row.quantity == "responder_percent" and 0.03 < p < 0.97:
            n = row.n or UNKNOWN_N
            y = (y * n + 0.5) / (n + 1)
            misses.setdefault((row.trial, row.dose_units), []).append((logit(y) - logit(p), 1 / (n * p * (1 - p))))
    excess = [np.mean([m for m, _ in part]) ** 2 - np.mean([v for _, v in part]) for part in misses.values()]
    return float(np.sqrt(max(np.mean(excess), 0.0))) if excess else 0.0


def write_posterior(posterior: Posterior) -> tuple[str, str]:
    """Text of posterior.csv and posterior.json."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(posterior.parameters)
    writer.writerows([[f"{value:.6g}" for value in draw] for draw in posterior.draws])
    return out.getvalue(), json.dumps(asdict(posterior.facts), indent=1) + "\n"


def read_posterior(text: str, facts: Mapping, where: str = "posterior.csv") -> Posterior:
    """Parse the draws; errors name row and column."""
    rows = list(csv.reader(io.StringIO(text)))
    names = tuple(rows[0]) if rows else ()
    draws = np.empty((len(rows) - 1, len(names)))
    for line, cells in enumerate(rows[1:], start=2):
        if len(cells) != len(names):
            raise InputError(f"{where} line {line}: {len(cells)} cells, must be {len(names)}; remake it with tools/calibrate.py")
        for column, cell in enumerate(cells):
            try:
                draws[line - 2, column] = float(cell)
            except ValueError:
                raise InputError(f"{where} line {line}, column {names[column]}: '{cell}' is not a number") from None
    return Posterior(names, draws, PosteriorFacts(**facts))


@cache
def load_posterior() -> Posterior:
    """The posterior shipped with the package."""
    folder = resources.files("glabella.evidence")
    facts = json.loads(folder.joinpath("posterior.json").read_text("utf-8"))
    return read_posterior(folder.joinpath("posterior.csv").read_text("utf-8"), facts)
