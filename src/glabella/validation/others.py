"""Figures beyond one course in the upper face: who predicts them, and how they are judged.

A predictor names its quantities of ``trials/other.csv`` and says for several sets of parameter values (the best fit first) what each
row should be. The posterior's draws say how far a prediction is known, the spread between people how far a mean of n would vary.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glabella.errors import InputError
from glabella.evidence.other_published import other_rows
from glabella.evidence.published import PublishedRow
from glabella.validation import lower_face, uses, years
from glabella.validation.intervals import interval, mean_figures, rate_figures
from glabella.validation.judged import Judged


@dataclass(frozen=True)
class Predicted:
    """``values`` (sets, rows) in each row's unit; ``person_sd`` (rows,) between people in that unit, not used for shares of people."""

    values: np.ndarray
    person_sd: np.ndarray


@dataclass(frozen=True)
class Other:
    """One predictor. ``shares``: those of its quantities that count people in percent, whose sampling is binomial; ``predict`` gives
    the values and the spread between people of a ``Predicted``."""

    name: str
    quantities: tuple[str, ...]
    shares: tuple[str, ...]
    predict: Callable[[Sequence[PublishedRow], Sequence[Mapping[str, float]]], tuple[np.ndarray, np.ndarray]]


OTHERS: tuple[Other, ...] = (
    Other("years of treatment", years.QUANTITIES, years.SHARES, years.predict_years),
    Other("lower face", lower_face.QUANTITIES, lower_face.SHARES, lower_face.predict_lower_face),
    Other("therapeutic uses", uses.QUANTITIES, uses.SHARES, uses.predict_uses),
)


def predictor_of(row: PublishedRow, others: Sequence[Other] | None = None) -> Other:
    """The predictor that speaks of the row; a quantity that nobody predicts is an error."""
    for other in OTHERS if others is None else others:
        if row.quantity in other.quantities:
            return other
    raise InputError(f"trials/other.csv, row {row.row}: nothing predicts the quantity '{row.quantity}'; mark the row 'hold'")


def rows_by_predictor(rows: Sequence[PublishedRow]) -> Mapping[str, tuple[PublishedRow, ...]]:
    """The rows of each predictor that has any, by its name, in the order of ``OTHERS``."""
    found: dict[str, list[PublishedRow]] = {other.name: [] for other in OTHERS}
    for row in rows:
        found[predictor_of(row).name].append(row)
    return {name: tuple(mine) for name, mine in found.items() if mine}


def predict_others(name: str, rows: Sequence[PublishedRow], sets: Sequence[Mapping[str, float]]) -> Predicted:
    """What the predictor ``name`` says of its rows."""
    return Predicted(*next(other for other in OTHERS if other.name == name).predict(rows, sets))


def judge_others(name: str, rows: Sequence[PublishedRow], predicted: Predicted, between_sd_logit: float, seed: int) -> tuple[Judged, ...]:
    """The rows beside their predictions, with 90 % predictive intervals from parameters and counting."""
    other = next(other for other in OTHERS if other.name == name)
    found = []
    for row, values, sd in zip(rows, predicted.values.T, predicted.person_sd, strict=True):
        if row.quantity in other.shares:
            figures = rate_figures(row, values[1:], between_sd_logit, seed, 0.0)
        else:
            figures = mean_figures(row, values[1:], float(sd), seed)
        found.append(Judged(row, float(values[0]), *interval(row, figures), name))
    return tuple(found)


__all__ = ["OTHERS", "Other", "Predicted", "judge_others", "other_rows", "predict_others", "predictor_of", "rows_by_predictor"]
