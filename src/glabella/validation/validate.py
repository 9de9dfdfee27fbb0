"""The verb of the room: every published figure beside what the model says it should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.calibration.fit import Prior, load_priors
from glabella.calibration.posterior import Posterior, PosteriorFacts, load_posterior
from glabella.calibration.predict import DIARY_STEP_DAYS, PEOPLE, Predictor
from glabella.errors import InputError, nearest
from glabella.evidence.other_published import other_rows
from glabella.evidence.published import UNIT_OF, USES, PublishedRow, published_rows
from glabella.population.arms import trial_values
from glabella.validation.chain import Chance, predict_unwanted
from glabella.validation.drivers import (
    DosePoint,
    Driver,
    dose_arms,
    dose_points,
    driver_predictor,
    moved_values,
    read_dose_arms,
    read_strain_rows,
    same_as_women_units,
)  # fmt: skip
from glabella.validation.intervals import (
    interval,
    loss_time_at,
    mean_figures,
    median_figures,
    onset_time_at,
    rate_figures,
    share_figures,
)  # fmt: skip
from glabella.validation.judged import Judged
from glabella.validation.others import judge_others, predict_others, rows_by_predictor
from glabella.validation.predictions import (
    CURVES,
    Progress,
    Shapes,
    Task,
    build_predictors,
    curve_key,
    prediction,
    shapes_behind,
    side_by_side,
)  # fmt: skip
from glabella.validation.reasons import MissGroup, group_misses
from glabella.validation.strain import predict_strain
from glabella.validation.summary import Summary, summarise
from glabella.version import own_version

DRAWS = 20
JUDGED_USES = ("calibrate", "validate")


@dataclass(frozen=True)
class Band:
    """A curve behind published figures: best fit and 90 % predictive band for n people on the days of the visits."""

    trial: str
    product: str
    indication: str
    dose_units: float
    arm: str
    quantity: str
    endpoint: str
    rater: str
    days: np.ndarray
    predicted: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Spread:
    """A fitted parameter on the scale of its prior: centre and standard deviation before and after the data."""

    prior: Prior
    mean: float
    sd: float

    @property
    def told(self) -> float:
        """Share of the prior's spread that the data took away."""
        return 1 - self.sd / self.prior.spread


@dataclass(frozen=True)
class Identifiability:
    """What the data tell of each parameter and which they do not separate: correlation (parameters, parameters) of the posterior."""

    spreads: tuple[Spread, ...]
    correlation: np.ndarray

    def pairs(self, least: float) -> list[tuple[str, str, float]]:
        """Pairs that are correlated at least so much, the strongest first."""
        names = [spread.prior.parameter for spread in self.spreads]
        found = [
            (names[i], names[j], float(self.correlation[i, j]))
            for i in range(len(names))
            for j in range(i)
            if abs(self.correlation[i, j]) >= least
        ]
        return sorted(found, key=lambda pair: -abs(pair[2]))


@dataclass(frozen=True)
class Validation:
    """Everything that the report says. ``judged``: figures of one course in the upper face; ``others``: all else, by predictor;
    ``baseline``: outcomes of the best fit from which the drivers move."""

    judged: tuple[Judged, ...]
    others: Mapping[str, tuple[Judged, ...]]
    bands: tuple[Band, ...]
    summaries: Mapping[str, Summary]
    misses: tuple[MissGroup, ...]
    baseline: Mapping[str, float]
    drivers: tuple[Driver, ...]
    doses: tuple[DosePoint, ...]
    men_units: float | None
    identifiability: Identifiability
    facts: PosteriorFacts
    draws: int
    people: int
    seed: int
    version: str

    @property
    def other_misses(self) -> Mapping[str, tuple[MissGroup, ...]]:
        """The missed figures of each predictor, grouped by what explains them."""
        return {name: group_misses(judged) for name, judged in self.others.items()}

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        from glabella.validation.document import to_document

        return to_document(self)


def validate(
    posterior: Posterior | None = None,
    rows: Sequence[PublishedRow] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    people: int = PEOPLE,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Recompute the published figures marked ``calibrate`` and ``validate`` with ``draws`` of the posterior.

    The same seed gives the same numbers for any number of ``workers``. ``rows``: those that the package carries unless given;
    ``people``: virtual people per arm.
    """
    posterior = posterior or load_posterior()
    rows = tuple(row for row in ((*published_rows(), *other_rows()) if rows is None else rows) if row.use in JUDGED_USES)
    if not rows:
        raise InputError(f"rows: none is marked {' or '.join(JUDGED_USES)}; valid marks: {', '.join(USES)}")
    beyond = rows_by_predictor([row for row in rows if row.quantity not in UNIT_OF])
    rows = tuple(row for row in rows if row.quantity in UNIT_OF)
    if not 1 <= draws < len(posterior.draws):
        raise InputError(f"draws = {draws}: must be from 1 to {len(posterior.draws) - 1}, the draws that the posterior has")
    report = progress or (lambda step, share: None)
    base = trial_values()
    sets = [{**base, **posterior.values(n)} for n in range(draws + 1)]
    calibrate, checked = build_predictors(rows, base, people, report)
    asked = dose_arms(base)
    predictors = (calibrate, checked, Predictor(tuple(asked.values()), people), driver_predictor(base, people))
    strain = [row for row in rows if row.quantity == "strain_percent"]
    effects = [row for row in rows if row.quantity == "side_effect_percent"]
    plans = list(dict.fromkeys((row.product, row.indication, row.dose_units) for row in effects))
    moves = moved_values(posterior)
    shapes = shapes_behind((calibrate, checked), sets[0])
    tasks: list[Task] = [(predict_strain, strain, sets, people), *((predict_unwanted, *plan, sets[0]) for plan in plans)]
    tasks += [(predict_others, name, mine, sets) for name, mine in beyond.items()]
    tasks += [prediction(values, 0, 1, 2) for values in sets]
    tasks += [prediction({**sets[0], name: value}, 3) for name, _, *ends in moves for value in ends]
    tasks.append(prediction(sets[0], 3))
    with side_by_side(predictors, workers) as processes:
        found = processes.run("published figures", tasks, report)
    by_strain, chances = found[0], dict(zip(plans, found[1 : len(plans) + 1], strict=True))
    found = found[len(plans) + 1 :]
    predicted, found = dict(zip(beyond, found[: len(beyond)], strict=True)), found[len(beyond) :]
    by_draw = found[: len(sets)]
    moved = [read_strain_rows(values[0]) for values in found[len(sets) :]]

    between = posterior.facts.between_trials_sd_logit
    judge = _Judge(shapes, between, seed)
    judged: dict[str, Judged] = {}
    curves: dict[tuple, list[Judged]] = {}
    for k, predictor in enumerate((calibrate, checked)):
        for at, row in enumerate(predictor.rows):
            one = judge.population(row, np.array([draw[k][at] for draw in by_draw]), predictor)
            judged[row.row] = one
            if row.quantity in CURVES:
                curves.setdefault(curve_key(row), []).append(one)
    for at, row in enumerate(strain):
        judged[row.row] = judge.strain(row, *by_strain[:, :, at])
    for row in effects:
        judged[row.row] = judge.effect(row, chances[row.product, row.indication, row.dose_units])
    ordered = tuple(judged[row.row] for row in rows)
    doses = dose_points([read_dose_arms(list(asked), list(asked.values()), draw[2]) for draw in by_draw])
    drivers = [Driver(name, known, low, high, moved[2 * k], moved[2 * k + 1]) for k, (name, known, low, high) in enumerate(moves)]
    others = {name: judge_others(name, mine, predicted[name], between, seed) for name, mine in beyond.items()}
    return Validation(
        ordered, others, tuple(_band(members) for members in curves.values()), {use: summarise(use, ordered) for use in JUDGED_USES},
        group_misses(ordered), moved[-1], tuple(drivers), doses, same_as_women_units(doses, "peak_strain_reduction_percent"),
        identify(posterior), posterior.facts, draws, people, seed, own_version(),
    )  # fmt: skip


def rows_of(trials: Sequence[str] = ()) -> tuple[PublishedRow, ...]:
    """The rows to judge that the package carries, of these trials only where any are named."""
    carried = (*published_rows(), *other_rows())
    known = tuple(dict.fromkeys(row.trial for row in carried))
    for name in trials:
        if name not in known:
            raise InputError(f"trial '{name}' has no figure to validate; {nearest(name, known)}")
    return tuple(row for row in carried if not trials or row.trial in trials)


@dataclass(frozen=True)
class _Judge:
    """Predicted values of a row over the draws (best fit first) to a judgement."""

    shapes: Shapes
    between_sd_logit: float
    seed: int

    def population(self, row: PublishedRow, values: np.ndarray, predictor: Predictor) -> Judged:
        best, drawn, between = float(values[0]), values[1:], self.between_sd_logit
        if row.quantity == "strain_reduction_percent":
            figures = share_figures(row, drawn, 100 * self.shapes.reductions[row.row][1], between, self.seed)
        elif row.row in self.shapes.curves:
            days, share = self.shapes.curves[row.row]
            if row.quantity == "onset_median_days":
                figures = median_figures(row, drawn, onset_time_at(share), DIARY_STEP_DAYS, between, self.seed)
            else:
                gap = float(np.diff(days)[min(np.searchsorted(days[1:], best), len(days) - 2)]) if len(days) > 1 else 0.0
                figures = median_figures(row, drawn, loss_time_at(share, days), gap, between, self.seed)
        else:
            figures = rate_figures(row, drawn, between, self.seed)
        return Judged(row, best, *interval(row, figures), "population")

    def strain(self, row: PublishedRow, values: np.ndarray, spread: np.ndarray) -> Judged:
        """Means of people and their spread, over the draws; trials are not taken to differ."""
        figures = mean_figures(row, values[1:], float(spread[0]), self.seed)
        return Judged(row, float(values[0]), *interval(row, figures), "population")

    def effect(self, row: PublishedRow, chances: Mapping[str, Chance]) -> Judged:
        chance = chances.get(row.endpoint, Chance(0.0, 0.0, 0.0))
        values = np.linspace(chance.low, chance.high, 21)
        return Judged(row, chance.percent, *interval(row, rate_figures(row, values, self.between_sd_logit, self.seed, 0.0)), "placements")


def _band(members: Sequence[Judged]) -> Band:
    ordered = sorted(members, key=lambda one: one.row.day or 0.0)
    row = ordered[0].row
    days, predicted, low, high = (
        np.array(x) for x in zip(*((one.row.day, one.predicted, one.low, one.high) for one in ordered), strict=True)
    )
    return Band(
        row.trial, row.product, row.indication, row.dose_units, row.arm, row.quantity, row.endpoint, row.rater, days, predicted, low, high
    )  # fmt: skip


def identify(posterior: Posterior) -> Identifiability:
    """Posterior against prior, parameter by parameter, and their correlations, on the scales of the priors."""
    priors = {prior.parameter: prior for prior in load_priors()}
    spreads, columns = [], []
    for k, name in enumerate(posterior.parameters):
        x = np.log(posterior.draws[:, k]) if priors[name].scale == "ln" else posterior.draws[:, k]
        columns.append(x)
        spreads.append(Spread(priors[name], float(x.mean()), float(x.std(ddof=1))))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.nan_to_num(np.atleast_2d(np.corrcoef(np.array(columns))))
    return Identifiability(tuple(spreads), correlation)


__all__ = ["Band", "Identifiability", "Spread", "Validation", "identify", "rows_of", "validate"]
