"""What drives peak and duration, what the dose adds, and women against men: questions put to the same virtual people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glabella.calibration.posterior import Posterior
from glabella.calibration.predict import PEOPLE, PredictedArm, Predictor
from glabella.evidence import load_parameters
from glabella.evidence.parameters import Parameter, load_population
from glabella.evidence.published import DEFAULT, PublishedRow, trial_record
from glabella.population.arms import arm_setting, mix_of
from glabella.population.people import Mix

PRODUCT, INDICATION, LABELLED_UNITS = "onabotulinumtoxinA", "glabellar", 20.0
DOSES = (10.0, 20.0, 40.0, 60.0, 80.0)
DAYS = (3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0, 30.0, *(float(day) for day in range(45, 361, 15)))  # strain is read on these
PEAK_FROM, PEAK_TO = 14.0, 30.0
MOVED_STAGES = ("junction", "muscle", "wrinkle", "population")  # the others would need other typical faces
QUANTILES = (0.05, 0.95)
OUTCOMES = {
    "half_strain_days": "days until the loss of strain is half of its deepest",
    "peak_strain_reduction_percent": "deepest loss of strain, day 14 to 30, %",
    "none_or_mild_day_30_percent": "none or mild on day 30, investigator, %",
}


@dataclass(frozen=True)
class Driver:
    """A parameter moved alone from ``low`` to ``high``: 5 % to 95 % of the posterior, or the range of its row. Results by outcome."""

    parameter: str
    known_by: str
    low: float
    high: float
    at_low: Mapping[str, float]
    at_high: Mapping[str, float]

    def swing(self, outcome: str) -> float:
        """How far the outcome moves."""
        return abs(self.at_high[outcome] - self.at_low[outcome])


@dataclass(frozen=True)
class DosePoint:
    """One dose in one kind of people: median and 90 % band over the posterior of each outcome."""

    people: str
    dose_units: float
    median: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]


def _row(trial: str, units: float, quantity: str, endpoint: str, day: float | None, unit: str) -> PublishedRow:
    """A row that nobody published, to be predicted."""
    rater = "investigator" if endpoint else ""
    return PublishedRow(
        f"{trial} {units:g} U {quantity} {endpoint} {day}", trial, PRODUCT, INDICATION, units, "active", None, quantity, endpoint, rater,
        day, 0.0, unit, "=", 1.0, "hold", "assumed", "assumed_here", "",
    )  # fmt: skip


def strain_rows(trial: str, units: float) -> list[PublishedRow]:
    """Strain over the days, and none or mild on day 30."""
    strain = [_row(trial, units, "strain_reduction_percent", "", day, "percent") for day in DAYS]
    return [*strain, _row(trial, units, "responder_percent", "none_or_mild_at_max_contraction", PEAK_TO, "percent")]


def read_strain_rows(values: np.ndarray) -> dict[str, float]:
    """The three outcomes from the predictions of ``strain_rows``."""
    days, reduction = np.array(DAYS), values[: len(DAYS)]
    inside = (days >= PEAK_FROM) & (days <= PEAK_TO)
    return {
        "half_strain_days": half_of_deepest(days, reduction),
        "peak_strain_reduction_percent": float(reduction[inside].max()),
        "none_or_mild_day_30_percent": float(values[len(DAYS)]),
    }


def half_of_deepest(days: np.ndarray, reduction: np.ndarray) -> float:
    """Day, after the deepest, on which the reduction falls to half of it, between two days on a straight line; the last day if never."""
    deepest = int(np.argmax(reduction))
    below = np.flatnonzero(reduction[deepest:] <= reduction[deepest] / 2)
    if not len(below):
        return float(days[-1])
    k = deepest + int(below[0])
    share = (reduction[k - 1] - reduction[deepest] / 2) / (reduction[k - 1] - reduction[k])
    return float(days[k - 1] + share * (days[k] - days[k - 1]))


def arm_of(rows: Sequence[PublishedRow], mix: Mix, values: Mapping[str, float]) -> PredictedArm:
    """An arm of people of our choice."""
    days = sorted({*trial_record(rows[0].trial).visit_days, *(row.day for row in rows if row.day is not None)})
    return PredictedArm(arm_setting(PRODUCT, INDICATION, rows[0].dose_units, days, mix, values), tuple(rows))


def driver_predictor(values: Mapping[str, float], people: int = PEOPLE) -> Predictor:
    """20 U in the default population."""
    return Predictor((arm_of(strain_rows(DEFAULT, LABELLED_UNITS), mix_of(trial_record(DEFAULT)), values),), people)


def moved_values(posterior: Posterior) -> list[tuple[str, str, float, float]]:
    """Parameters to move: name, posterior or table, low and high."""
    moved = []
    for k, name in enumerate(posterior.parameters):
        low, high = np.quantile(posterior.draws[:, k], QUANTILES)
        moved.append((name, "posterior", float(low), float(high)))
    rows: list[Parameter] = [*load_parameters().rows.values(), *load_population().rows.values()]
    for row in rows:
        if row.name not in posterior.parameters and row.stage in MOVED_STAGES and row.low < row.high:
            moved.append((row.name, "table", row.low, row.high))
    return [one for one in moved if _may_matter(one[0])]


def _may_matter(name: str) -> bool:
    """Whether a row can touch this product and area."""
    other_product = name.split("_")[0].endswith("toxinA") and not name.startswith(PRODUCT)
    return not other_product and name not in ("fat_modulus_forehead_ratio", "fat_modulus_lateral_canthal_ratio")


# Doses and sexes -----------------------------------------------------------------------------------------------------------------

WOMEN, MEN, DOSE_2005, DOSE_2022 = "women", "men", "ona_dose_women_2005", "ona_high_dose_women"


def dose_arms(values: Mapping[str, float]) -> dict[tuple[str, float], PredictedArm]:
    """Arms by kind of people and dose: women and men of the default population, and the people of the two dose trials."""
    arms = {}
    default = mix_of(trial_record(DEFAULT))
    for units in DOSES:
        for people, share in ((WOMEN, 1.0), (MEN, 0.0)):
            mix = Mix(**{**vars(default), "female_share": share})
            arms[people, units] = arm_of(strain_rows(DEFAULT, units), mix, values)
        early = [_row(DOSE_2005, units, "responder_percent", "relapse_to_baseline", 120.0, "percent")]
        late = [
            _row(DOSE_2022, units, "responder_percent", "ge1_grade_improvement", 168.0, "percent"),
            _row(DOSE_2022, units, "duration_median_days", "ge1_grade_improvement", None, "days"),
        ]
        arms[DOSE_2005, units] = arm_of(early, mix_of(trial_record(DOSE_2005)), values)
        arms[DOSE_2022, units] = arm_of(late, mix_of(trial_record(DOSE_2022)), values)
    return arms


def read_dose_arms(keys: Sequence[tuple[str, float]], arms: Sequence[PredictedArm], values: np.ndarray) -> dict[tuple[str, float], dict]:
    """Outcomes of each arm from all predictions in order."""
    found, start = {}, 0
    for key, arm in zip(keys, arms, strict=True):
        part = values[start : start + len(arm.rows)]
        start += len(arm.rows)
        if key[0] in (WOMEN, MEN):
            found[key] = read_strain_rows(part)
        elif key[0] == DOSE_2005:
            found[key] = {"back_at_baseline_day_120_percent": float(part[0])}
        else:
            found[key] = {"improved_by_one_grade_day_168_percent": float(part[0]), "improved_by_one_grade_median_days": float(part[1])}
    return found


def dose_points(found: Sequence[Mapping[tuple[str, float], Mapping[str, float]]]) -> tuple[DosePoint, ...]:
    """Best fit (the first of ``found``) and band over all draws."""
    points = []
    for people, units in found[0]:
        each = {name: np.array([one[people, units][name] for one in found]) for name in found[0][people, units]}
        low, high = ({name: float(np.quantile(x, q)) for name, x in each.items()} for q in QUANTILES)
        points.append(DosePoint(people, units, {name: float(x[0]) for name, x in each.items()}, low, high))
    return tuple(points)


def same_as_women_units(points: Sequence[DosePoint], outcome: str, at_units: float = LABELLED_UNITS) -> float | None:
    """Dose at which men reach what women reach with ``at_units``; None beyond the doses computed."""
    women = {p.dose_units: p.median[outcome] for p in points if p.people == WOMEN}
    men = sorted((p.dose_units, p.median[outcome]) for p in points if p.people == MEN)
    doses, reached = np.array([d for d, _ in men]), np.maximum.accumulate([r for _, r in men])
    if at_units not in women or not reached[0] <= women[at_units] <= reached[-1]:
        return None
    return float(np.exp(np.interp(women[at_units], reached, np.log(doses))))
