"""The likelihood of published rows and where it is highest.

Responder rates are counts: binomial, so a row weighs by its n. Medians, onset and strain are normal with the stated tolerance as
their 90 % half-width. Priors are the rows of priors.csv, normal in the logarithm (or as they are), cut at the range of the parameter.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy.optimize import least_squares
from scipy.special import xlogy

from glabella.calibration.predict import Predictor
from glabella.evidence.parameters import load_parameters, load_population
from glabella.evidence.published import PublishedRow

UNKNOWN_N = 45  # people per arm where the source does not say: the smallest of what such trials have
RATE_FLOOR = 0.005  # probability of a rating by mistake: keeps one odd rating in a placebo arm from ruling everything
HALF_WIDTH = 1.645  # a tolerance is the 90 % half-width
COUNTED = ("responder_percent", "side_effect_percent")
STEP = 0.15  # of a prior's spread, for derivatives: numerical


@dataclass(frozen=True)
class Prior:
    """Normal prior of a parameter in its own ``scale``, ln or linear, cut at ``low`` and ``high`` of its row."""

    parameter: str
    scale: str
    centre: float
    spread: float
    low: float
    high: float

    def to_value(self, x: np.ndarray | float) -> np.ndarray | float:
        """From the number that is fitted to the parameter's value."""
        return np.exp(x) if self.scale == "ln" else x

    def to_x(self, value: float) -> float:
        """From the parameter's value to the number that is fitted."""
        return float(np.log(value)) if self.scale == "ln" else value


@cache
def load_priors() -> tuple[Prior, ...]:
    """The priors shipped with the package."""
    rows = {**load_parameters().rows, **load_population().rows}
    found = []
    with resources.files("glabella.evidence").joinpath("priors.csv").open("r", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            to = np.log if cells["scale"] == "ln" else float
            row, median = rows[cells["parameter"]], float(cells["median"])
            low = to(row.low) if row.low > 0 or cells["scale"] == "linear" else to(row.high) - 8.0
            found.append(Prior(row.name, cells["scale"], float(to(median)), float(cells["spread"]), float(low), float(to(row.high))))
    return tuple(found)


def to_values(x: np.ndarray, priors: Sequence[Prior]) -> dict[str, float]:
    """Parameter values of the fitted numbers ``x``."""
    return {prior.parameter: float(prior.to_value(value)) for prior, value in zip(priors, x, strict=True)}


def residuals(rows: Sequence[PublishedRow], predicted: np.ndarray) -> np.ndarray:
    """Signed root of twice the lost log-likelihood (..., rows) for predictions (..., rows): its squares sum to the deviance."""
    value, tolerance, n = (np.array([getattr(row, name) or 0.0 for row in rows], float) for name in ("value", "tolerance", "n"))
    n[n == 0] = UNKNOWN_N
    counted = np.array([row.quantity in COUNTED for row in rows])
    at_least = np.array([row.relation == ">=" for row in rows])
    p, y = np.clip(predicted / 100, RATE_FLOOR, 1 - RATE_FLOOR), np.clip(value / 100, 0, 1)
    loss = xlogy(y, y) - xlogy(y, p) + xlogy(1 - y, 1 - y) - xlogy(1 - y, 1 - p)
    miss = np.where(counted, np.sign(p - y) * np.sqrt(np.maximum(2 * n * loss, 0.0)), (predicted - value) / (tolerance / HALF_WIDTH))
    return np.where(at_least & (predicted >= value), 0.0, miss)


@dataclass(frozen=True)
class Fit:
    """Highest posterior density: ``x`` on the scales of the priors, predictions there and their slopes (rows, parameters)."""

    priors: tuple[Prior, ...]
    x: np.ndarray
    predicted: np.ndarray
    slopes: np.ndarray
    deviance: float


Evaluate = Callable[[Sequence[dict[str, float]]], Sequence[np.ndarray]]


def fit(
    predictor: Predictor,
    values: Mapping[str, float],
    priors: Sequence[Prior] | None = None,
    *,
    evaluate: Evaluate | None = None,
    most_steps: int = 30,
    start: np.ndarray | None = None,
) -> Fit:
    """Least squares on deviance residuals and priors together, within the ranges of the table.

    ``evaluate`` predicts for several sets of values at once, for instance on several cores; one after another unless given.
    """
    priors = tuple(priors or load_priors())
    rows, base = predictor.rows, dict(values)
    centre, spread = np.array([p.centre for p in priors]), np.array([p.spread for p in priors])
    low, high = np.array([p.low for p in priors]), np.array([p.high for p in priors])
    many = evaluate or (lambda sets: [predictor.predict(one) for one in sets])
    held: dict[bytes, np.ndarray] = {}

    def predict(points: Sequence[np.ndarray]) -> list[np.ndarray]:
        new = [x for x in points if x.tobytes() not in held]
        held.update(zip([x.tobytes() for x in new], many([{**base, **to_values(x, priors)} for x in new]), strict=True))
        return [held[x.tobytes()] for x in points]

    def lost(x: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return np.concatenate([residuals(rows, predicted), (x - centre) / spread])

    def rough_slopes(x: np.ndarray) -> np.ndarray:
        """Slope (rows, parameters) of each prediction per unit of each fitted number, towards the middle of its prior."""
        steps = STEP * spread * np.where(x > centre, -1.0, 1.0)
        here, *shifted = predict([x, *(x + step for step in np.diag(steps))])
        return ((np.array(shifted) - here) / steps[:, None]).T

    def slopes(x: np.ndarray) -> np.ndarray:
        """The same by central differences."""
        ahead = [np.minimum(x + step, high) for step in np.diag(STEP * spread)]
        behind = [np.maximum(x - step, low) for step in np.diag(STEP * spread)]
        both = predict([*ahead, *behind])
        width = np.array([(a - b).max() for a, b in zip(ahead, behind, strict=True)])
        return ((np.array(both[: len(x)]) - np.array(both[len(x) :])) / width[:, None]).T

    def jacobian(x: np.ndarray) -> np.ndarray:
        here, slope = predict([x])[0], rough_slopes(x)
        near = np.array([(residuals(rows, here + 0.5 * s) - residuals(rows, here - 0.5 * s)) for s in (slope * STEP * spread).T])
        return np.vstack([(near / (STEP * spread)[:, None]).T, np.diag(1 / spread)])

    first = np.clip(centre if start is None else start, low + 1e-6, high - 1e-6)
    found = least_squares(
        lambda x: lost(x, predict([x])[0]), first, jacobian, bounds=(low, high), x_scale=spread, max_nfev=most_steps,
        xtol=1e-4, ftol=1e-4, gtol=1e-6,
    )  # fmt: skip
    predicted = predict([found.x])[0]
    return Fit(priors, found.x, predicted, slopes(found.x), float(np.sum(residuals(rows, predicted) ** 2)))
