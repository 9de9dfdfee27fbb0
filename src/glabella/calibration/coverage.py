"""Simulation-based calibration: made-up trials with known parameters, fitted as the published ones are.

Parameters are drawn from the priors, the published rows are replaced by numbers drawn from the model with these parameters, and the
posterior is sampled. If likelihood, prior and sampler are right, the rank of the true value among the draws is uniform (S. Talts and
others, arXiv 1804.06788). ``prior_ranks`` asks it of the sampler on a straight-line model; ``replicate`` of the whole path: figures by
the engine, found again by ``calibrate``. ``coverage.csv`` holds the ranks of ``tools/measure_coverage.py``.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import resources
from math import sqrt

import numpy as np
from scipy.stats import binom, kstest

from glabella.calibration.calibrate import calibrate
from glabella.calibration.fit import COUNTED, HALF_WIDTH, UNKNOWN_N, Prior, load_priors, to_values
from glabella.calibration.posterior import Emulator, sample
from glabella.calibration.predict import Memory, Predictor, build_predictor
from glabella.errors import InputError
from glabella.evidence.parameters import stream
from glabella.evidence.published import PublishedRow, published_rows
from glabella.population.arms import trial_values

RANKED = 99  # draws among which the truth has a rank
CHECKED = 3  # draws on which the straight-line model of a replicate is compared with the engine
INSIDE = 0.9
BINS = 10
SURE = 0.99  # of the bounds of counts
FIRST_COLUMNS = ("replicate", "deviance", "straight_line_rms_points", "figures_sha256")


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
    emulator: Emulator, priors: Sequence[Prior], replicates: int, seed: int = 0, *, draws: int = RANKED, steps: int = 600,
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


class MadeUpTrials:
    """The trials of ``rows`` made up again and again: what is computed once for all replicates.

    ``people``: virtual people per arm, the same ones in the made-up figures and in the fit; ``parameters``: those that have a prior
    unless named.
    """

    def __init__(
        self, rows: Sequence[PublishedRow] | None = None, people: int = 100, seed: int = 1, parameters: Sequence[str] | None = None
    ) -> None:
        self.priors = tuple(prior for prior in load_priors() if parameters is None or prior.parameter in parameters)
        self.base, self.people, self.seed = trial_values(), people, seed
        rows = [row for row in (published_rows("calibrate") if rows is None else rows) if row.use == "calibrate"]
        self.predictor = build_predictor(rows, self.base, people)
        self.memory = Memory()
        self.first: dict[tuple, np.ndarray] = {}  # where every fit begins

    def predicted(self, number: int) -> np.ndarray:
        """What the engine says of each row (rows,), in its own unit, with the true parameters of a replicate."""
        return self.predictor.predict({**self.base, **to_values(draw_prior(self.priors, self.seed, number), self.priors)}, self.memory)

    def figures(self, number: int, predicted: np.ndarray | None = None) -> tuple[PublishedRow, ...]:
        """The rows as they would be published in a replicate."""
        return draw_rows(self.predictor.rows, self.predicted(number) if predicted is None else predicted, self.seed, number)

    def replicate(self, number: int, *, most_steps: int, draws: int = RANKED, sampler_steps: int = 1500) -> "Replicate":
        """One replicate through ``calibrate``, which begins in the middle of the priors and knows nothing of the truth."""
        rows = self.figures(number)
        posterior, found = calibrate(
            rows, draws=draws + 1, seed=self.seed + number, people=self.people, most_steps=most_steps, sampler_steps=sampler_steps,
            checked=CHECKED, parameters=[prior.parameter for prior in self.priors], evaluate=self._evaluate,
        )  # fmt: skip
        true = to_values(draw_prior(self.priors, self.seed, number), self.priors)
        ranks = (posterior.draws[1:] < [true[name] for name in posterior.parameters]).sum(0)
        return Replicate(number, found.deviance, posterior.facts.emulator_rms_points, figures_sha256(rows), tuple(map(int, ranks)))

    def _evaluate(self, predictor: Predictor) -> Callable[[Sequence[Mapping[str, float]]], list[np.ndarray]]:
        """The engine for a fit. All fits begin at the same point, so that point and its slopes are computed once."""

        def many(sets: Sequence[Mapping[str, float]]) -> list[np.ndarray]:
            keys = [tuple(values.values()) for values in sets]
            found = [
                self.first[key] if key in self.first else predictor.predict(one, self.memory) for key, one in zip(keys, sets, strict=True)
            ]
            if len(self.first) < len(self.priors) + 1:
                self.first.update(zip(keys, found, strict=True))
            return found

        return many


def figures_sha256(rows: Sequence[PublishedRow]) -> str:
    """Hash over made-up figures, so that a replicate says which it was fitted to."""
    return hashlib.sha256(repr([(row.row, row.value) for row in rows]).encode()).hexdigest()


@dataclass(frozen=True)
class Replicate:
    """One replicate: deviance of its best fit, error of the straight-line model in its sampling (percentage points), hash over its
    made-up figures, and the rank of each true value."""

    number: int
    deviance: float
    straight_line_rms_points: float
    figures_sha256: str
    ranks: tuple[int, ...]


@dataclass(frozen=True)
class CoverageFacts:
    """How the ranks were made. ``draws``: among which the truth was ranked; ``people``: virtual people per arm; ``most_steps``: of the
    optimiser; ``first_predicted``: what the engine said of each row with the true parameters of the first replicate, in its own unit."""

    command: str
    version: str
    seed: int
    people: int
    draws: int
    most_steps: int
    sampler_steps: int
    first_predicted: tuple[float, ...]


@dataclass(frozen=True)
class Coverage:
    """Ranks of true values over replicates, and what they say."""

    parameters: tuple[str, ...]
    replicates: tuple[Replicate, ...]
    facts: CoverageFacts

    @property
    def ranks(self) -> np.ndarray:
        """Rank (replicates, parameters) of each true value among the draws, 0 to ``facts.draws``."""
        return np.array([one.ranks for one in self.replicates])

    @property
    def places(self) -> np.ndarray:
        """The same as shares between 0 and 1 (replicates, parameters): middles of the ranks."""
        return (self.ranks + 0.5) / (self.facts.draws + 1)

    def histogram(self, bins: int = BINS) -> np.ndarray:
        """Share of all ranks (bins,) in each of as many equal parts of 0 to 1."""
        return np.histogram(self.places, bins, (0.0, 1.0))[0] / self.ranks.size

    def bounds(self, bins: int = BINS) -> tuple[float, float]:
        """Between which shares 99 % of the bars of a uniform histogram lie if parameters of a replicate told nothing of each other."""
        low, high = binom.interval(SURE, self.ranks.size, 1 / bins)
        return float(low) / self.ranks.size, float(high) / self.ranks.size

    @property
    def pooled_p(self) -> float:
        """Kolmogorov and Smirnov's test of all ranks against the uniform, taken as independent."""
        return float(kstest(self.places.ravel(), "uniform").pvalue)

    @property
    def parameter_p(self) -> np.ndarray:
        """The same for each parameter (parameters,), over replicates, which are independent."""
        return np.array([kstest(column, "uniform").pvalue for column in self.places.T])

    @property
    def inside(self) -> float:
        """Share of true values inside the 90 % interval of their posterior."""
        return float(self._inside.mean())

    @property
    def inside_error(self) -> float:
        """Standard error of ``inside`` over replicates."""
        return float(self._inside.mean(1).std(ddof=1) / sqrt(len(self.replicates)))

    @property
    def inside_of_parameter(self) -> np.ndarray:
        """Number of replicates (parameters,) whose 90 % interval holds the true value."""
        return self._inside.sum(0)

    @property
    def _inside(self) -> np.ndarray:
        return np.abs(self.places - 0.5) < INSIDE / 2


def write_coverage(found: Coverage) -> tuple[str, str]:
    """Text of coverage.csv and coverage.json."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*FIRST_COLUMNS, *found.parameters))
    for one in found.replicates:
        writer.writerow((one.number, f"{one.deviance:.2f}", f"{one.straight_line_rms_points:.3f}", one.figures_sha256, *one.ranks))
    return out.getvalue(), json.dumps(asdict(found.facts), indent=1) + "\n"


def read_coverage(text: str, facts: Mapping, where: str = "coverage.csv") -> Coverage:
    """Parse the ranks; errors name row and column."""
    header, *lines = csv.reader(io.StringIO(text))
    if tuple(header[: len(FIRST_COLUMNS)]) != FIRST_COLUMNS:
        raise InputError(f"{where}: header must begin with {','.join(FIRST_COLUMNS)}; remake it with tools/measure_coverage.py")
    known = CoverageFacts(**{**facts, "first_predicted": tuple(facts["first_predicted"])})
    found = []
    for line, cells in enumerate(lines, start=2):
        if len(cells) != len(header):
            raise InputError(f"{where} line {line}: {len(cells)} cells, must be {len(header)}; remake it with tools/measure_coverage.py")
        ranks = []
        for name, cell in zip(header[len(FIRST_COLUMNS) :], cells[len(FIRST_COLUMNS) :], strict=True):
            if not cell.isdecimal() or int(cell) > known.draws:
                raise InputError(f"{where} line {line}, column {name}: '{cell}' is not a rank from 0 to {known.draws}")
            ranks.append(int(cell))
        try:
            found.append(Replicate(int(cells[0]), float(cells[1]), float(cells[2]), cells[3], tuple(ranks)))
        except ValueError:
            raise InputError(
                f"{where} line {line}: replicate, deviance and error must be numbers; remake it with tools/measure_coverage.py"
            ) from None
    return Coverage(tuple(header[len(FIRST_COLUMNS) :]), tuple(found), known)


@cache
def load_coverage() -> Coverage:
    """The ranks shipped with the package."""
    folder = resources.files("glabella.evidence")
    facts = json.loads(folder.joinpath("coverage.json").read_text("utf-8"))
    return read_coverage(folder.joinpath("coverage.csv").read_text("utf-8"), facts)
