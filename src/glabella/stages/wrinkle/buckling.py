"""When a stiff layer on a soft one is squeezed: nothing below a threshold strain, then folds whose depth grows with its root.

The layer (modulus E_s, thickness h) on a deep soft base (E_f) folds at ``1/4 (3 E_f / E_s)^(2/3)`` with the wavelength
``2 pi h (E_s / (3 E_f))^(1/3)``; beyond it the amplitude is ``h sqrt(strain / threshold - 1)``. Dermis on fat makes the lines
that are graded, stratum corneum on dermis the fine ones.
"""

from collections.abc import Callable

import numpy as np
from numpy.polynomial import Chebyshev

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
TAIL = 8.0  # standard deviations after which the normal distribution is left out
MANY = 200  # strains from which a polynomial through some of them is quicker
LEAST_DEGREE, DEGREES_PER_SD = 30, 3  # of that polynomial: a normal distribution blurs, so its error is of the order of rounding


def threshold_strain(layer_kpa: float, base_kpa: float) -> float:
    """Strain at which the layer starts to fold."""
    return 0.25 * (3 * base_kpa / layer_kpa) ** (2 / 3)


def wavelength_mm(thickness_mm: float, layer_kpa: float, base_kpa: float) -> float:
    """Distance between the folds."""
    return 2 * np.pi * thickness_mm * (layer_kpa / (3 * base_kpa)) ** (1 / 3)


def fold_amplitude(strain: np.ndarray, threshold: float | np.ndarray, spread_ln: float | np.ndarray) -> np.ndarray:
    """Mean of ``sqrt(x / threshold - 1)`` (nothing below the threshold) over local strains x, in thicknesses of the layer.

    Local strains are log-normal about ``strain`` with standard deviation ``spread_ln``: every line has its own, so grades do
    not jump. Integrated from the threshold on in the root of the distance, where the integrand is smooth. ``threshold`` and
    ``spread_ln`` are one number each, or one per strain.
    """
    strain = np.asarray(strain, float)
    if strain.size >= MANY and np.ndim(threshold) == np.ndim(spread_ln) == 0 and spread_ln > 0:
        return _fold_amplitudes(strain, float(threshold), float(spread_ln))
    return _mean_over_lines(strain, threshold, spread_ln, _amplitude)


def _amplitude(grown: np.ndarray) -> np.ndarray:
    return np.sqrt(np.expm1(grown))


def _fold_amplitudes(strain: np.ndarray, threshold: float, spread_ln: float) -> np.ndarray:
    """The same for many strains under one threshold: by Chebyshev's polynomial in ln(strain)."""
    found = np.zeros_like(strain)
    some = strain > threshold * np.exp(-TAIL * spread_ln)
    if some.any():
        grown = np.log(strain[some])
        low, high = grown.min(), max(grown.max(), grown.min() + spread_ln)
        degree = LEAST_DEGREE + int(DEGREES_PER_SD * (high - low) / spread_ln)
        if 3 * degree > grown.size:
            return _mean_over_lines(strain, threshold, spread_ln, _amplitude)
        law = Chebyshev.interpolate(
            lambda x: _mean_over_lines(np.exp(x), threshold, spread_ln, _amplitude), degree, domain=np.array([low, high])
        )
        found[some] = np.maximum(law(grown), 0.0)
    return found


def fold_slope(strain: np.ndarray, threshold: float | np.ndarray, spread_ln: float | np.ndarray) -> np.ndarray:
    """Derivative of ``fold_amplitude`` by ``ln(strain)``; ``spread_ln`` must be above 0."""
    return _mean_over_lines(strain, threshold, spread_ln, lambda grown: 0.5 * np.exp(grown) / np.sqrt(np.expm1(grown)))


def _mean_over_lines(
    strain: np.ndarray, threshold: float | np.ndarray, spread_ln: float | np.ndarray, of: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Mean over local strains x beyond the threshold of a function of ln(x / threshold)."""
    strain = np.asarray(strain, float)
    threshold, spread = (np.broadcast_to(np.asarray(value, float), strain.shape) for value in (threshold, spread_ln))
    found = np.zeros_like(strain)
    if (spread <= 0).all():
        beyond = strain > threshold
        found[beyond] = of(np.log(strain[beyond] / threshold[beyond]))
        return found
    some = strain > threshold * np.exp(-TAIL * spread)
    spread = spread[some]
    start = np.log(threshold[some] / strain[some]) / spread  # in standard deviations
    low = np.sqrt(np.maximum(-TAIL - start, 0.0))
    high = np.sqrt(TAIL - start)
    root = 0.5 * (high + low)[:, None] + 0.5 * (high - low)[:, None] * NODES
    beyond = root * root
    density = np.exp(-0.5 * (start[:, None] + beyond) ** 2) / np.sqrt(2 * np.pi)
    found[some] = 0.5 * (high - low) * ((of(spread[:, None] * beyond) * density * 2 * root) @ WEIGHTS)
    return found
