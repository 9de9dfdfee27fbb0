"""Weighted people: quantiles, and how many they are worth."""

import numpy as np

QUANTILES = (0.05, 0.5, 0.95)


def shares(log_weight: np.ndarray) -> np.ndarray:
    """Weights (n,) that add up to one; all zero where every one of them is."""
    top = log_weight.max()
    if not np.isfinite(top):
        return np.zeros_like(log_weight)
    weight = np.exp(log_weight - top)
    return weight / weight.sum()


def effective_people(share: np.ndarray) -> float:
    """Kish's effective sample size of weights that add up to one: the number of people of equal weight that would tell as much."""
    square = float((share**2).sum())
    return 1 / square if square > 0 else 0.0


def quantiles(values: np.ndarray, share: np.ndarray, at: tuple[float, ...] = QUANTILES) -> np.ndarray:
    """Quantiles (quantiles, ...) of ``values`` (n, ...) with weights ``share`` (n,), linear between the middles of the weights.

    Infinite values sort last: a quantile among them is infinite.
    """
    flat = values.reshape(len(values), -1)
    kept = share > 0
    flat, share = flat[kept], share[kept]
    found = np.empty((len(at), flat.shape[1]))
    for k, column in enumerate(flat.T):
        order = np.argsort(column, kind="stable")
        weight, sorted_values = share[order], column[order]
        middle = np.cumsum(weight) - 0.5 * weight
        finite = np.isfinite(sorted_values)
        found[:, k] = np.interp(at, middle, np.where(finite, sorted_values, 0.0))
        if not finite.all():
            last = middle[finite][-1] if finite.any() else -1.0
            found[np.asarray(at) > last, k] = np.inf
    return found.reshape(len(at), *values.shape[1:])
