"""Sampler and coverage on a straight-line model, which needs no virtual people: known answers are recovered."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import kstest

from glabella.calibration.coverage import draw_rows, prior_ranks
from glabella.calibration.fit import load_priors
from glabella.calibration.posterior import Emulator, log_posterior, sample
from glabella.evidence.published import published_rows

RATES = [row for row in published_rows("calibrate") if row.quantity == "responder_percent" and row.arm == "active"][:20]
PRIORS = load_priors()[:4]


def line() -> Emulator:
    """Rates that depend on four parameters in straight lines on the logit scale."""
    rng = np.random.default_rng(4)
    spread = np.array([prior.spread for prior in PRIORS])
    slopes = rng.normal(0, 0.4, (len(RATES), len(PRIORS))) / spread
    return Emulator(tuple(RATES), np.array([p.centre for p in PRIORS]), rng.normal(0, 1, len(RATES)), slopes, np.ones(len(RATES), bool))


def test_sampler_finds_the_width_of_a_posterior_that_is_known():
    """With strong data the straight-line posterior is normal: its covariance is the inverse of the Hessian."""
    emulator = line()
    rows = tuple(draw_rows(RATES, emulator.predict(emulator.x), 0, 0))
    emulator = Emulator(rows, emulator.x, emulator.centre, emulator.slopes, emulator.rate)
    found = sample(emulator, PRIORS, 2000, seed=3, steps=1200)

    def lost(x: np.ndarray) -> float:
        return -float(log_posterior(x[None], emulator, PRIORS)[0])

    centre = found.mean(0)
    step = 0.05 * found.std(0)
    hessian = np.array([(approx_fprime(centre + s, lost, 0.1 * step) - approx_fprime(centre - s, lost, 0.1 * step)) for s in np.diag(step)])
    hessian /= 2 * step[:, None]
    assert found.std(0) == pytest.approx(np.sqrt(np.diag(np.linalg.inv(hessian))), rel=0.25)


def test_known_parameters_of_made_up_trials_are_recovered():
    """Simulation-based calibration: the rank of the truth among posterior draws is uniform."""
    ranks = prior_ranks(line(), PRIORS, 40, seed=2, draws=49, steps=300)
    uniform = (ranks + np.random.default_rng(0).random(ranks.shape)) / 50
    assert kstest(uniform.ravel(), "uniform").pvalue > 0.01
    inside = ((uniform > 0.05) & (uniform < 0.95)).mean()
    assert inside == pytest.approx(0.9, abs=0.07)
