"""Calibration: likelihood, priors, and the posterior as data."""

import numpy as np
import pytest
from scipy.stats import binom

from glabella.calibration.coverage import draw_prior
from glabella.calibration.fit import RATE_FLOOR, load_priors, residuals, to_values
from glabella.calibration.posterior import (
    between_trials_sd_logit,
    load_posterior,
    read_posterior,
    rows_sha256,
    write_posterior,
)
from glabella.errors import InputError
from glabella.evidence.parameters import load_parameters, load_population
from glabella.evidence.published import published_rows

RATES = [row for row in published_rows("calibrate") if row.quantity == "responder_percent" and row.arm == "active"][:20]


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
