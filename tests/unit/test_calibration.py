"""Calibration: likelihood, sampler, posterior as data; on a straight-line model, which needs no virtual people."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import binom, kstest

from glabella.calibration.coverage import draw_prior, draw_rows, prior_ranks
from glabella.calibration.fit import RATE_FLOOR, load_priors, residuals, to_values
from glabella.calibration.posterior import (
    Emulator,
    between_trials_sd_logit,
    load_posterior,
    log_posterior,
    read_posterior,
    rows_sha256,
    sample,
    write_posterior,
)
from glabella.errors import InputError
from glabella.evidence.parameters import load_parameters, load_population
from glabella.evidence.published import published_rows

RATES = [row for row in published_rows("calibrate") if row.quantity == "responder_percent" and row.arm == "active"][:20]
PRIORS = load_priors()[:4]


def line() -> Emulator:
    """Rates that depend on four parameters in straight lines on the logit scale."""
    rng = np.random.default_rng(4)
    spread = np.array([prior.spread for prior in PRIORS])
    slopes = rng.normal(0, 0.4, (len(RATES), len(PRIORS))) / spread
    return Emulator(tuple(RATES), np.array([p.centre for p in PRIORS]), rng.normal(0, 1, len(RATES)), slopes, np.ones(len(RATES), bool))


def test_deviance_is_that_of_the_binomial():
    row = next(row for row in RATES if row.n)
    counts = round(row.value * row.n / 100)
    for p in (0.3, 0.6, 0.9):
        lost = 2 * (binom.logpmf(counts, row.n, counts / row.n) - binom.logpmf(counts, row.n, p))
        near = residuals([row], np.array([100 * p]))[0] ** 2
        assert near == pytest.approx(lost, rel=0.05)  # the published percent is rounded
    assert np.isfinite(residuals([row], np.array([0.0]))).all()  # a prediction of nothing is floored
    assert RATE_FLOOR < 0.01


def test_a_median_known_only_from_below_is_not_punished_above():
    row = next(row for row in published_rows("calibrate") if row.relation == ">=")
    above, below = residuals([row], np.array([row.value + 30])), residuals([row], np.array([row.value - 30]))
    assert above[0] == 0
    assert below[0] < -1


def test_residuals_of_many_predictions_at_once():
    rows = published_rows("calibrate")
    some = np.random.default_rng(0).uniform(1, 99, (5, len(rows)))
    assert residuals(rows, some) == pytest.approx(np.array([residuals(rows, one) for one in some]))


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


def test_priors_are_drawn_within_their_ranges():
    priors = load_priors()
    for number in range(50):
        x = draw_prior(priors, 1, number)
        assert all(prior.low <= value <= prior.high for prior, value in zip(priors, x, strict=True))


def test_every_prior_is_of_a_row_and_within_its_range():
    rows = {**load_parameters().rows, **load_population().rows}
    for prior in load_priors():
        assert prior.low <= prior.centre <= prior.high, prior.parameter
        assert prior.parameter in rows


def test_the_tables_hold_the_best_fit():
    posterior = load_posterior()
    values = {**load_parameters(), **load_population()}
    for name, value in posterior.best().items():
        assert values[name] == pytest.approx(value, rel=1e-3), name
        assert {**load_parameters().rows, **load_population().rows}[name].kind == "fitted"


def test_the_posterior_was_made_from_the_rows_that_ship():
    posterior = load_posterior()
    assert posterior.facts.rows_sha256 == rows_sha256(published_rows("calibrate"))
    assert set(posterior.parameters) == {prior.parameter for prior in load_priors()}
    assert posterior.facts.emulator_rms_points < 2


def test_changing_rows_that_are_not_calibrated_changes_no_hash():
    from dataclasses import replace

    changed = [row if row.use == "calibrate" else replace(row, value=row.value / 2) for row in (*published_rows(), *published_rows("hold"))]
    assert rows_sha256([row for row in changed if row.use == "calibrate"]) == load_posterior().facts.rows_sha256


def test_posterior_survives_its_file_and_names_a_bad_cell():
    from dataclasses import asdict

    posterior = load_posterior()
    text, _ = write_posterior(posterior)
    again = read_posterior(text, asdict(posterior.facts))
    assert again.draws == pytest.approx(posterior.draws)
    lines = text.splitlines()
    lines[3] = lines[3].replace(lines[3].split(",")[2], "much", 1)
    with pytest.raises(InputError, match=f"line 4, column {posterior.parameters[2]}"):
        read_posterior("\n".join(lines), asdict(posterior.facts))
    with pytest.raises(InputError, match="cells"):
        read_posterior("\n".join([*lines[:3], "1,2"]), asdict(posterior.facts))


def test_spread_between_trials_is_found_and_is_zero_when_counting_explains_all():
    rng = np.random.default_rng(1)
    from dataclasses import replace

    many = [replace(RATES[k % len(RATES)], trial=f"trial {k}", n=300) for k in range(200)]
    p = np.full(len(many), 60.0)
    logit = np.log(1.5) + 0.5 * rng.standard_normal(len(many))
    spread = [replace(row, value=100 * rng.binomial(300, 1 / (1 + np.exp(-x))) / 300) for row, x in zip(many, logit, strict=True)]
    assert between_trials_sd_logit(spread, p) == pytest.approx(0.5, abs=0.08)
    counted = [replace(row, value=100 * rng.binomial(300, 0.6) / 300) for row in many]
    assert between_trials_sd_logit(counted, p) < 0.1


def test_values_are_on_the_parameters_own_scale():
    priors = load_priors()
    values = to_values(np.array([prior.centre for prior in priors]), priors)
    offset = next(prior for prior in priors if prior.scale == "linear")
    assert values[offset.parameter] == offset.centre
    first = priors[0]
    assert first.to_x(values[first.parameter]) == pytest.approx(first.centre)
