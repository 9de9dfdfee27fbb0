"""What the therapeutic uses should be for each draw of the posterior: the rows of ``trials/other.csv`` that they speak of."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.evidence.published import PublishedRow
from glabella.uses import axillary_hyperhidrosis, blepharospasm, cervical_dystonia, chronic_migraine
from glabella.uses.cervical_dystonia import improvement_percent, twstrs_change
from glabella.uses.tables import site_rows, use_parameters

SEED = 1
PEAK_LEFT = 0.2  # the trial's own definition: at least 80 % of the peak improvement lost
WINDOW_WEEKS_4_6 = (28.0, 42.0)
PLACEBO_WEEKS = 168.0  # two cycles of 12 weeks
MEDIAN_FACTOR = 1.25  # standard error of a median over that of a mean, normal spread
SHARES = ("sweat_responder_percent", "hdss_responder_percent")
Values = Mapping[str, float]


def _day(row: PublishedRow) -> np.ndarray:
    return np.array([row.day or 0.0])


def _over_placebo(row: PublishedRow, values: Values) -> float:
    days = np.array(WINDOW_WEEKS_4_6)
    active = twstrs_change(row.product, row.dose_units, days, values)
    return float((active - twstrs_change(row.product, 0.0, days, values)).mean())


def _headache(row: PublishedRow, values: Values) -> float:
    start = None if row.arm == "placebo" else PLACEBO_WEEKS if row.endpoint == "placebo_first" else 0.0
    return float(chronic_migraine.headache_days_change(_day(row), values, start)[0])


def _lid(which: str) -> Callable[[PublishedRow, Values], float]:
    return lambda row, values: _or(blepharospasm.LAST_DAY, blepharospasm.effect_times(row.product, row.dose_units, values)[which])


def _or(last_day: float, found: float | None) -> float:
    """What is not reached counts as the last day that was followed."""
    return float(last_day) if found is None else found


PREDICT: Mapping[str, Callable[[PublishedRow, Values], float]] = {
    "twstrs_change_points": lambda row, v: float(twstrs_change(row.product, row.dose_units, _day(row), v)[0]),
    "twstrs_over_placebo_points": _over_placebo,
    "twstrs_duration_median_days": lambda row, v: _or(
        cervical_dystonia.LAST_DAY, cervical_dystonia.duration_days(row.product, row.dose_units, v, PEAK_LEFT)
    ),
    "tsui_improvement_percent": lambda row, v: float(improvement_percent(row.product, row.dose_units, _day(row), v)[0]),
    "sweat_responder_percent": lambda row, v: float(
        axillary_hyperhidrosis.responders_percent(row.product, row.dose_units, _day(row), v)[0]
    ),
    "hdss_responder_percent": lambda row, v: float(
        axillary_hyperhidrosis.hdss_responders_percent(row.product, row.dose_units, _day(row), v)[0]
    ),
    "hdss_duration_median_days": lambda row, v: _or(
        axillary_hyperhidrosis.LAST_DAY, axillary_hyperhidrosis.median_duration_days(row.product, row.dose_units, v)
    ),
    "lid_effect_onset_days": _lid("onset"),
    "lid_effect_peak_days": _lid("peak"),
    "lid_effect_duration_days": _lid("duration"),
    "headache_days_change": _headache,
}
QUANTITIES = tuple(PREDICT)


def predict_uses(rows: Sequence[PublishedRow], sets: Sequence[Values]) -> tuple[np.ndarray, np.ndarray]:
    """Predicted (sets, rows) in each row's unit, and the spread between people (rows,) behind a mean of n.

    The first set has the site-level rows at their values; every other one draws them as ``follow_use`` does.
    """
    table = use_parameters()
    names = site_rows()
    found = np.zeros((len(sets), len(rows)))
    with threadpool_limits(1):
        for n, values in enumerate(sets):
            drawn = table.draw(SEED, n) if n else table
            mine = {**{name: drawn[name] for name in names}, **values}
            found[n] = [PREDICT[row.quantity](row, mine) for row in rows]
    return found, np.array([_person_sd(row.quantity, found[0, k], table) for k, row in enumerate(rows)])


def _person_sd(quantity: str, value: float, table: Values) -> float:
    if quantity == "twstrs_over_placebo_points":
        return np.sqrt(2) * table["twstrs_change_sd_points"]  # two arms, each at least as large as the smaller one
    if quantity.startswith("twstrs_change"):
        return table["twstrs_change_sd_points"]
    if quantity == "tsui_improvement_percent":
        return table["tsui_improvement_sd_percent"]
    if quantity == "headache_days_change":
        return table["headache_change_sd_days"]
    median = MEDIAN_FACTOR if "median" in quantity else 1.0
    return median * table["use_duration_sd_ratio"] * value if quantity.endswith("_days") else 0.0
