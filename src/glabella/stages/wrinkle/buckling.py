"""When a stiff layer on a soft one is squeezed: nothing below a threshold strain, then folds whose depth grows with its root.

The layer (modulus E_s, thickness h) on a deep soft base (E_f) folds at ``1/4 (3 E_f / E_s)^(2/3)`` with the wavelength
``2 pi h (E_s / (3 E_f))^(1/3)``; beyond it the amplitude is ``h sqrt(strain / threshold - 1)``. Dermis on fat makes the lines
that are graded, stratum corneum on dermis the fine ones.
"""

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
TAIL = 8.0  # standard deviations after which the normal distribution is left out


def threshold_strain(layer_kpa: float, base_kpa: float) -> float:
    """Strain at which the layer starts to fold."""
    return 0.25 * (3 * base_kpa / layer_kpa) ** (2 / 3)


def wavelength_mm(thickness_mm: float, layer_kpa: float, base_kpa: float) -> float:
    """Distance between the folds."""
    return 2 * np.pi * thickness_mm * (layer_kpa / (3 * base_kpa)) ** (1 / 3)


def fold_amplitude(strain: np.ndarray, threshold: float, spread_ln: float) -> np.ndarray:
    """Mean of ``sqrt(x / threshold - 1)`` (nothing below the threshold) over local strains x, in thicknesses of the layer.

    Local strains are log-normal about ``strain`` with standard deviation ``spread_ln``: every line has its own, so grades do
    not jump. Integrated from the threshold on in the root of the distance, where the integrand is smooth.
    """
    strain = np.asarray(strain, float)
    if spread_ln <= 0:
        return np.sqrt(np.maximum(strain / threshold - 1, 0.0))
    amplitude = np.zeros_like(strain)
    some = strain > threshold * np.exp(-TAIL * spread_ln)
    start = np.log(threshold / strain[some]) / spread_ln  # in standard deviations
    low = np.sqrt(np.maximum(-TAIL - start, 0.0))
    high = np.sqrt(TAIL - start)
    root = 0.5 * (high + low)[:, None] + 0.5 * (high - low)[:, None] * NODES
    beyond = root * root
    density = np.exp(-0.5 * (start[:, None] + beyond) ** 2) / np.sqrt(2 * np.pi)
    value = np.sqrt(np.expm1(spread_ln * beyond)) * density * 2 * root
    amplitude[some] = 0.5 * (high - low) * (value @ WEIGHTS)
    return amplitude
