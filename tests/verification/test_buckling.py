"""Folding of a layer on a base and memory of lines against closed forms and independent integration."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.stats import norm

from glabella.stages.wrinkle.buckling import fold_amplitude, threshold_strain, wavelength_mm
from glabella.stages.wrinkle.memory import remember, resting_line


def test_known_thresholds_and_wavelengths():
    """Dermis 66 kPa of 1 mm on fat of 3 kPa: 6.6 % and 12 mm; stratum corneum 2 MPa of 15 um on dermis: 5.4 % and 0.2 mm."""
    assert threshold_strain(66, 3) == pytest.approx(0.0662, abs=5e-4)
    assert wavelength_mm(1.0, 66, 3) == pytest.approx(12.2, abs=0.1)
    assert threshold_strain(1993, 66) == pytest.approx(0.0536, abs=5e-4)
    assert wavelength_mm(0.015, 1993, 66) == pytest.approx(0.203, abs=0.002)


def test_wavelength_and_threshold_minimise_the_energy():
    """The critical wavelength minimises the compressive stress of a plate of plane-strain modulus E on a half-space."""
    layer, base, thickness = 66.0, 3.0, 0.9
    waves = np.linspace(2, 40, 200001)
    k = 2 * np.pi / waves
    strain = (k * thickness) ** 2 / 12 + base / layer / (2 * k * thickness)
    best = strain.argmin()
    assert waves[best] == pytest.approx(wavelength_mm(thickness, layer, base), rel=1e-3)
    assert strain[best] == pytest.approx(threshold_strain(layer, base), rel=1e-6)


@pytest.mark.parametrize("spread", [0.1, 0.3, 0.6])
def test_amplitude_is_the_mean_over_local_strains(spread):
    threshold = 0.066
    for strain in (0.02, 0.05, 0.066, 0.12, 0.3):
        start = np.log(threshold / strain) / spread

        def integrand(z, strain=strain):
            return np.sqrt(max(strain / threshold * np.exp(spread * z) - 1, 0.0)) * norm.pdf(z)

        exact = quad(integrand, max(start, -10), 10, epsabs=1e-13, epsrel=1e-11, limit=400)[0] if start < 10 else 0.0
        assert fold_amplitude(np.array([strain]), threshold, spread)[0] == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("spread", [0.05, 0.3, 0.6])
def test_amplitudes_of_many_strains_are_those_of_each_alone(spread):
    strains = np.concatenate([[0.0], np.geomspace(1e-4, 0.5, 1999)])
    alone = np.array([fold_amplitude(np.array([strain]), 0.066, spread)[0] for strain in strains])
    assert np.abs(fold_amplitude(strains, 0.066, spread) - alone).max() < 1e-11


def test_amplitude_without_spread_is_the_plain_law():
    found = fold_amplitude(np.array([0.0, 0.05, 0.066, 0.132]), 0.066, 0.0)
    assert found == pytest.approx([0, 0, 0, 1.0])
    assert fold_amplitude(np.array([0.132]), 0.066, 1e-3)[0] == pytest.approx(1.0, abs=1e-4)


def test_memory_is_exact_for_a_target_of_straight_pieces():
    days = np.concatenate([[0, 0.5, 1, 1.5], np.arange(2, 271)])
    target = np.interp(days, [0, 3, 20, 100, 150, 270], [1, 0.3, 0.1, 0.4, 0.9, 1.0])
    exact = solve_ivp(
        lambda t, r: (np.interp(t, days, target) - r) / 80.0, (0, 270), [1.0], t_eval=days, rtol=1e-10, atol=1e-12, max_step=0.5
    ).y[0]
    assert remember(days, target, 1.0, 80.0) == pytest.approx(exact, abs=1e-8)


def test_resting_line_fades_fast_then_slowly_when_nothing_folds():
    days = np.arange(0.0, 2001.0)
    left = resting_line(days, np.where(days > 0, 0.0, 0.0), 0.6, 90.0, 2000.0)
    assert left == pytest.approx(0.6 * np.exp(-days / 90) + 0.4 * np.exp(-days / 2000), abs=1e-12)
