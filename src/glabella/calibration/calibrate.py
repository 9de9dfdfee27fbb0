"""The verb of the room: published rows marked calibrate -> posterior."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from glabella.calibration.fit import Fit, fit, load_priors, to_values
from glabella.calibration.posterior import Posterior, PosteriorFacts, between_trials_sd_logit, emulate, rows_sha256, sample
from glabella.calibration.predict import PEOPLE, build_predictor
from glabella.evidence.published import PublishedRow, published_rows
from glabella.population.arms import trial_values

DRAWS = 200
CHECKED = 20  # draws on which the straight-line model is checked, unless told otherwise


def calibrate(
    rows: Sequence[PublishedRow] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    people: int = PEOPLE,
    most_steps: int = 15,
    sampler_steps: int = 1500,
    checked: int = CHECKED,
    parameters: Sequence[str] | None = None,
    evaluate: Callable | None = None,
    start: Mapping[str, float] | None = None,
    report: Callable[[str], None] = lambda line: None,
    command: str = "python tools/calibrate.py",
) -> tuple[Posterior, Fit]:
    """Fit the parameters that have a prior (or those named) to the rows marked ``calibrate`` and draw from the posterior.

    Rows with any other mark are dropped before anything is computed: they cannot change the result. ``evaluate``: see ``fit``.
    ``start``: values to begin from instead of the middle of the priors. ``checked``: draws, at least 1, on which the straight-line
    model of the sampling is compared with the engine.
    """
    rows = tuple(row for row in (published_rows("calibrate") if rows is None else rows) if row.use == "calibrate")
    priors = tuple(prior for prior in load_priors() if parameters is None or prior.parameter in parameters)
    values = trial_values()
    predictor = build_predictor(rows, values, people)
    many = evaluate(predictor) if evaluate else lambda sets: [predictor.predict(one) for one in sets]
    first = None if start is None else np.array([prior.to_x(start[prior.parameter]) for prior in priors])
    found = fit(predictor, values, priors, evaluate=many, most_steps=most_steps, start=first)
    report(f"deviance {found.deviance:.1f} over {len(predictor.rows)} rows")
    emulator = emulate(predictor.rows, found)
    x = sample(emulator, priors, draws - 1, seed, sampler_steps)
    some = x[:checked]
    true = np.array(many([{**values, **to_values(one, priors)} for one in some]))
    points = np.array([row.unit == "percent" for row in predictor.rows])
    error = float(np.sqrt(np.mean((emulator.predict(some) - true)[:, points] ** 2)))
    report(f"straight-line model wrong by {error:.2f} points (root mean square over {len(some)} draws)")
    table = np.array([[prior.to_value(value) for prior, value in zip(priors, one, strict=True)] for one in (found.x, *x)])
    facts = PosteriorFacts(
        command, seed, people, rows_sha256(rows), between_trials_sd_logit(predictor.rows, found.predicted), error
    )  # fmt: skip
    return Posterior(tuple(prior.parameter for prior in priors), table, facts), found
