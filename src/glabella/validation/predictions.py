"""What every published row should be for each draw of the posterior; draws run side by side in processes."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.calibration.predict import (
    ONSET_DAYS,
    PEOPLE,
    PREDICTED,
    REDUCTION,
    SEED,
    Predictor,
    build_predictor,
    maintained_share,
    reduction_each,
    replace_visits,
    row_onset_share,
)  # fmt: skip
from glabella.evidence.published import PublishedRow, trial_record
from glabella.population.block import Block, Setting, baseline_shift, follow
from glabella.population.endpoints import RESPONSE_DAY
from glabella.stages.junction.course import junction_kinetics

Progress = Callable[[str, float], None]
CURVES = ("responder_percent", "onset_percent", REDUCTION)
MEDIANS = ("onset_median_days", "duration_median_days")


@dataclass(frozen=True)
class Shapes:
    """What an interval needs beside the predicted value, from the best fit, by name of the row: mean and spread between people of the
    strain reduction (shares) on its day; the curve (days, share of people) behind a median."""

    reductions: Mapping[str, tuple[float, float]]
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]]


def curve_rows(rows: Sequence[PublishedRow]) -> tuple[PublishedRow, ...]:
    """Rows that stand for the days of each trial's visits on which nothing was published: the curves behind the figures."""
    found: dict[str, PublishedRow] = {}
    groups: dict[tuple, list[PublishedRow]] = {}
    for row in rows:
        if row.quantity in CURVES and row.day is not None:
            groups.setdefault(curve_key(row), []).append(row)
    for members in groups.values():
        days = ONSET_DAYS if members[0].quantity == "onset_percent" else trial_record(members[0].trial).visit_days
        if members[0].endpoint == "response_maintained":
            days = [day for day in days if day >= RESPONSE_DAY]
        known = {row.day for row in members}
        most = max((row.n for row in members if row.n), default=None)
        for day in days:
            if day not in known:
                name = f"{members[0].row} on day {day:g}"
                found[name] = replace(members[0], row=name, day=float(day), n=most)
    return tuple(found.values())


def curve_key(row: PublishedRow) -> tuple:
    """What rows of one curve have in common."""
    return row.trial, row.product, row.indication, row.dose_units, row.arm, row.quantity, row.endpoint, row.rater


def is_population_row(row: PublishedRow) -> bool:
    """Whether virtual people give this figure."""
    return row.quantity in PREDICTED


def build_predictors(
    rows: Sequence[PublishedRow], values: Mapping[str, float], people: int = PEOPLE, progress: Progress | None = None
) -> tuple[Predictor, ...]:
    """One predictor for each use, so that no row to validate touches what is said of the rows to calibrate."""
    built = []
    for use in ("calibrate", "validate"):
        mine = [row for row in rows if row.use == use and is_population_row(row)]
        built.append(build_predictor([*mine, *curve_rows(mine)], values, people, progress))
    return tuple(built)


def shapes_behind(predictors: Sequence[Predictor], values: Mapping[str, float]) -> Shapes:
    """The best fit once more, for the rows whose sampling error needs more than their own value."""
    reductions: dict[str, tuple[float, float]] = {}
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    people = predictors[0].people
    with threadpool_limits(1):
        for arm in (arm for predictor in predictors for arm in predictor.arms):
            wanted = [row for row in arm.rows if row.quantity in (REDUCTION, *MEDIANS)]
            if not wanted:
                continue
            setting = replace(arm.setting, values=values, kinetics=junction_kinetics(values, arm.rows[0].product))
            block = follow(setting, baseline_shift(setting, 4 * people), SEED, 0, people, screen=False)
            for row in wanted:
                if row.quantity == REDUCTION:
                    part = reduction_each(setting, block, row.day or 0.0, arm.measured)
                    reductions[row.row] = float(part.mean()), float(part.std())
                elif row.quantity == "onset_median_days":
                    curves[row.row] = ONSET_DAYS, row_onset_share(setting, block, row)
                else:
                    curves[row.row] = alive_curve(setting, block, row)
    return Shapes(reductions, curves)


def alive_curve(setting: Setting, block: Block, row: PublishedRow) -> tuple[np.ndarray, np.ndarray]:
    """Visits from the first at which a response counts, and the share of all who still meet the row's endpoint at each."""
    days = setting.visit_days
    first = int(np.argmax(days >= min(RESPONSE_DAY, days[-1])))
    alive = []
    for k in range(first, len(days)):
        part = replace(setting, visit_days=days[first : k + 1])
        alive.append(maintained_share(part, replace_visits(block, first, k + 1), row.endpoint, row.rater or None))
    return days[first:], np.array(alive)


def predict_all(predictors: Sequence[Predictor], values: Mapping[str, float]) -> list[np.ndarray]:
    """Every predictor's rows for one set of values."""
    with threadpool_limits(1):
        return [predictor.predict(values) if predictor.arms else np.zeros(0) for predictor in predictors]


_held: Sequence[Predictor] = ()
Task = tuple[Any, ...]  # a function and its arguments


def _hold(predictors: Sequence[Predictor], alone: bool = False) -> None:
    global _held
    if not alone:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its helpers
    _held = predictors


def _predict_held(values: Mapping[str, float], which: Sequence[int]) -> list[np.ndarray]:
    return predict_all([_held[k] for k in which], values)


def prediction(values: Mapping[str, float], *which: int) -> Task:
    """The task to predict with some of the predictors that the processes hold."""
    return _predict_held, dict(values), which


class Processes:
    """Helpers that hold the same predictors; with one worker everything is done here, one thing after the other."""

    def __init__(self, predictors: Sequence[Predictor], workers: int) -> None:
        self.pool = None
        if workers > 1:
            context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
            self.pool = ProcessPoolExecutor(workers, context, _hold, (tuple(predictors),))
        else:
            _hold(tuple(predictors), alone=True)

    def run(self, step: str, tasks: Sequence[Task], progress: Progress) -> list[Any]:
        """Results of the tasks in order, telling how far it is."""
        if self.pool is None:
            found = []
            for number, (function, *arguments) in enumerate(tasks, start=1):
                found.append(function(*arguments))
                progress(step, number / len(tasks))
            return found
        futures = [self.pool.submit(*task) for task in tasks]
        for number, _ in enumerate(as_completed(futures), start=1):
            progress(step, number / len(futures))
        return [future.result() for future in futures]


@contextmanager
def side_by_side(predictors: Sequence[Predictor], workers: int | None) -> Iterator[Processes]:
    """Helpers for as long as they are needed, as many as there are cores unless said."""
    processes = Processes(predictors, workers or os.cpu_count() or 1)
    try:
        yield processes
    finally:
        _hold((), alone=True)
        if processes.pool is not None:
            processes.pool.shutdown(cancel_futures=True)
