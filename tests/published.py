"""A posterior made of priors, and published rows that are quick to predict."""

from dataclasses import replace

import numpy as np

from glabella.calibration.fit import load_priors
from glabella.calibration.posterior import Posterior, PosteriorFacts
from glabella.evidence.published import PublishedRow, published_rows

FACTS = PosteriorFacts("none: drawn from the priors", 1, 64, "0" * 64, 0.3, 1.0)


def prior_posterior(draws: int = 4, shrink: float = 0.3) -> Posterior:
    """The centre of the priors and a few draws about it; nothing was fitted."""
    priors, rng = load_priors(), np.random.default_rng(0)
    table = []
    for n in range(draws + 1):
        x = [p.centre + (shrink * p.spread * rng.standard_normal() if n else 0.0) for p in priors]
        table.append([p.to_value(np.clip(v, p.low + 1e-9, p.high - 1e-9)) for p, v in zip(priors, x, strict=True)])
    return Posterior(tuple(p.parameter for p in priors), np.array(table), FACTS)


def row(name: str, **changes) -> PublishedRow:
    """A shipped row, with changes."""
    return replace(next(one for one in published_rows() if one.row == name), **changes)
