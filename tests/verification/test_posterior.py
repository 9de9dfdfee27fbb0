"""Sampler and coverage: known answers are recovered, on a straight-line model, which needs no virtual people, and on the engine."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import kstest, truncnorm

from glabella.calibration.coverage import (
    MadeUpTrials,
    draw_rows,
    figures_sha256,
    load_coverage,
    prior_ranks,
    read_coverage,
    write_coverage,
)  # fmt: skip
from glabella.calibration.fit import load_priors
from glabella.calibration.posterior import Emulator, log_posterior, sample
from glabella.errors import InputError
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


def test_sampler_keeps_the_width_of_as_many_parameters_as_are_fitted():
    """Data that say nothing leave the priors, cut at their ranges. emcee's snooker move made them a fifth too narrow."""
    priors = load_priors()
    rows = tuple(replace(row, n=1, value=50.0) for row in RATES[:1])
    nothing = Emulator(rows, np.array([p.centre for p in priors]), np.zeros(1), np.zeros((1, len(priors))), np.ones(1, bool))
    found = sample(nothing, priors, 4000, seed=5).std(0)
    ends = [((p.low - p.centre) / p.spread, (p.high - p.centre) / p.spread) for p in priors]
    true = np.array([p.spread * truncnorm.std(*cut) for p, cut in zip(priors, ends, strict=True)])
    assert np.exp(np.log(found / true).mean()) == pytest.approx(1, abs=0.04)
    assert found / true == pytest.approx(1, abs=0.12)


def test_shipped_ranks_say_what_the_report_says():
    """Full engine, the product's own fit and sampler: uniform by Kolmogorov and Smirnov, 90 % of true values inside 90 % intervals."""
    found = load_coverage()
    assert found.parameters == tuple(prior.parameter for prior in load_priors())
    assert len(found.replicates) >= 20
    assert [one.number for one in found.replicates] == list(range(len(found.replicates)))
    print(f"inside {100 * found.inside:.1f} +- {100 * found.inside_error:.1f} %, KS p {found.pooled_p:.3g}")
    assert found.pooled_p > 0.01
    assert found.parameter_p.min() > 0.01 / len(found.parameters)
    assert found.inside == pytest.approx(0.9, abs=3 * found.inside_error)


def test_figures_of_a_shipped_replicate_are_made_again():
    """From what the engine said then bit for bit; the engine itself still says nearly that, or the ranks must be remade."""
    found = load_coverage()
    trials = MadeUpTrials(people=found.facts.people, seed=found.facts.seed)
    then = np.array(found.facts.first_predicted)
    assert figures_sha256(trials.figures(0, then)) == found.replicates[0].figures_sha256
    rates = np.array([row.unit == "percent" for row in trials.predictor.rows])
    error = np.sqrt(np.mean((trials.predicted(0) - then)[rates] ** 2))
    assert error < 0.5, "the engine has changed: remake it with tools/measure_coverage.py"


def test_a_replicate_through_the_whole_path_is_the_same_twice_whatever_rows_to_validate_say():
    names = ("person_sensitivity_sd_ln", "light_chain_half_life_days")
    label = [row for use in ("calibrate", "validate") for row in published_rows(use) if row.trial == "ona_label_glabellar"]
    kept_out = [row if row.use == "calibrate" else replace(row, value=99.0, n=7) for row in label]
    settings = {"most_steps": 2, "draws": 19, "sampler_steps": 200}
    first, second = (MadeUpTrials(rows, 40, 3, names).replicate(1, **settings) for rows in (label, kept_out))
    assert first == second, "not the same twice, or a row to validate has reached a fit"
    assert all(0 <= rank <= 19 for rank in first.ranks)


def test_a_memory_of_courses_changes_no_prediction():
    label = [row for row in published_rows("calibrate") if row.trial == "ona_label_glabellar"]
    trials = MadeUpTrials(label, 40)
    for name in ("", *(prior.parameter for prior in load_priors())):
        values = trials.base | ({name: trials.base[name] * 1.05} if name else {})
        assert (trials.predictor.predict(values, trials.memory) == trials.predictor.predict(values)).all(), name


def test_ranks_are_read_as_they_were_written_and_errors_name_the_cell():
    found = load_coverage()
    text, facts = write_coverage(found)
    assert write_coverage(read_coverage(text, json.loads(facts))) == (text, facts)
    name = found.parameters[0]
    start = text.index(f"\n0,{found.replicates[0].deviance:.2f}")
    broken = text[:start] + text[start:].replace(f"{found.replicates[0].figures_sha256},{found.replicates[0].ranks[0]},",
                                                 f"{found.replicates[0].figures_sha256},x,", 1)  # fmt: skip
    with pytest.raises(InputError, match=f"line 2, column {name}: 'x' is not a rank from 0 to"):
        read_coverage(broken, asdict(found.facts))
    with pytest.raises(InputError, match="line 2: 3 cells"):
        read_coverage(text.splitlines()[0] + "\n0,1,2\n", asdict(found.facts))
