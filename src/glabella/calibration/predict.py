"""What the model says each published number should be: smooth in the parameters, for a fixed set of virtual people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from glabella.evidence.products import load_products
from glabella.evidence.published import PublishedRow, trial_record
from glabella.population.arms import arm_setting, mix_of
from glabella.population.block import ONSET_DAYS, Block, Setting, baseline_shift, follow, follow_strain
from glabella.population.course import course_times
from glabella.population.endpoints import ENDPOINTS, FAILURES, LATER, RESPONSE_DAY, expected, expected_each
from glabella.population.measured import MOST_COMPRESSIVE, Measured, find_measured, measured_strain, region_of
from glabella.population.people import People
from glabella.stages.junction.course import junction_kinetics

PEOPLE = 400  # virtual people per arm: numerical
SEED = 20_26
PREDICTED = ("responder_percent", "onset_percent", "onset_median_days", "duration_median_days", "strain_reduction_percent")
AFTER_STRAIN = (
    "person_line_depth_sd_ln", "effort_sd_ln", "investigator_noise_sd_ln", "subject_noise_sd_ln", "subject_offset_ln",
    "subject_person_sd_ln", "onset_noticed_share", "onset_noticed_sd_ln",
)  # fmt: skip
PER_PRODUCT = ("potency_per_unit", "half_life_factor")  # rows that the kinetics of one product hold
REDUCTION = "strain_reduction_percent"
NOTICED = "any_onset"
DIARY_STEP_DAYS = 1.0  # a diary is written once a day
MOST_REMEMBERED = 400  # courses of arms: memory


@dataclass(frozen=True)
class PredictedArm:
    """One arm of one trial: what its people share, its published rows, and the region in which the trial measured strain, on each typical
    face, where it had one of its own."""

    setting: Setting
    rows: tuple[PublishedRow, ...]
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True)
class Predictor:
    """The arms behind a set of rows; ``predict`` says what the rows should be for other parameter values."""

    arms: tuple[PredictedArm, ...]
    people: int = PEOPLE
    seed: int = SEED

    @property
    def rows(self) -> tuple[PublishedRow, ...]:
        """Rows in the order of the predictions."""
        return tuple(row for arm in self.arms for row in arm.rows)

    @cached_property
    def _times(self) -> np.ndarray:
        """One course for all arms, so that arms with the same dose share it."""
        return course_times(np.unique(np.concatenate([ONSET_DAYS, *(arm.setting.visit_days for arm in self.arms)])))

    def predict(self, values: Mapping[str, float], memory: "Memory | None" = None) -> np.ndarray:
        """Predicted value (rows,) in each row's own unit; ``memory``: courses of earlier predictions, which change no number."""
        memory = memory or Memory()
        memory.take(values, self.people)
        shifts: dict[tuple, float] = {}
        found: list[float] = []
        for arm in self.arms:
            kinetics = junction_kinetics(values, arm.rows[0].product)
            setting = replace(arm.setting, values=values, kinetics=kinetics)
            key = (id(setting.archetypes[0]), setting.areas, setting.mix)
            if key not in shifts:
                shifts[key] = baseline_shift(setting, 2 * self.people)
            block = follow(setting, shifts[key], self.seed, 0, self.people, screen=False, times=self._times, course=memory.strain)
            found += predict_rows(setting, block, arm.rows, arm.measured)
        return np.array(found)


class Memory:
    """Strain and folds of arms that were followed, for other trials of the same dose in the same people, and for other predictions whose
    values differ only in what comes after the strain (``AFTER_STRAIN``) or belongs to another product."""

    def __init__(self) -> None:
        self.held: dict[tuple, tuple[Setting, tuple[np.ndarray, np.ndarray]]] = {}
        self.before: tuple = ()

    def take(self, values: Mapping[str, float], people: int) -> None:
        """The values of the prediction that follows, and how many people it has."""
        later = (*AFTER_STRAIN, *(f"{product}_{what}" for product in load_products() for what in PER_PRODUCT))
        self.before = (people, *(value for name, value in values.items() if name not in later))

    def strain(self, setting: Setting, people: People, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``follow_strain``, once for each dose, area and kind of people; how severe their lines are does not matter to it."""
        mix = replace(setting.mix, severe_share=0.5, screening="investigator")
        treated = (setting.kinetics, setting.units.tobytes()) if setting.treated else ()
        key = (id(setting.archetypes[0]), *treated, setting.areas, mix, times.tobytes(), self.before)
        found = self.held.pop(key, None) or (setting, follow_strain(setting, people, times))  # the setting keeps its face, and so the id
        self.held[key] = found
        if len(self.held) > MOST_REMEMBERED:
            del self.held[next(iter(self.held))]  # the one not asked for longest
        return found[1]


def build_predictor(rows: Sequence[PublishedRow], values: Mapping[str, float], people: int = PEOPLE, progress=None) -> Predictor:
    """Group rows by arm and find the archetypes of each; rows of a kind that trials do not simulate are left out."""
    arms: dict[tuple, list[PublishedRow]] = {}
    for row in rows:
        known = row.quantity in PREDICTED and (row.quantity != "responder_percent" or row.endpoint in ENDPOINTS)
        if known:
            arms.setdefault((row.trial, row.product, row.indication, row.dose_units, row.arm, is_rated_onset(row)), []).append(row)
    built = []
    for number, ((trial, product, indication, dose_units, _, rated), members) in enumerate(arms.items()):
        if progress:
            progress("arms of published trials", number / len(arms))
        record = trial_record(trial)
        days = sorted({*record.visit_days, *(row.day for row in members if row.day is not None and row.quantity != "onset_percent")})
        setting = arm_setting(product, indication, dose_units, ONSET_DAYS.tolist() if rated else days, mix_of(record), values)
        region = next((region_of(row) for row in members if row.quantity == REDUCTION), None)
        measured = find_measured(setting.archetypes, region) if region else ()
        built.append(PredictedArm(replace(setting, response=record.response), tuple(members), measured))
    return Predictor(tuple(built), people)


def is_rated_onset(row: PublishedRow) -> bool:
    """Whether a row counts as onset the first day with a better grade, so that the lines are rated on the days of the diary."""
    return row.quantity.startswith("onset") and row.endpoint != NOTICED


def predict_rows(setting: Setting, block: Block, rows: Sequence[PublishedRow], measured: Sequence[Measured] = ()) -> list[float]:
    """The rows of one arm."""
    shares = expected(setting, block)
    days = setting.visit_days
    found = []
    for row in rows:
        if row.quantity == "responder_percent":
            found.append(100 * float(_rated_by(shares, row)[np.searchsorted(days, row.day or 0.0)]))
        elif row.quantity == REDUCTION:
            found.append(100 * float(reduction_each(setting, block, row.day or 0.0, measured).mean()))
        elif row.quantity == "onset_percent":
            found.append(100 * float(np.interp(row.day or 0.0, ONSET_DAYS, row_onset_share(setting, block, row))))
        elif row.quantity == "onset_median_days":
            found.append(median_onset_days(row_onset_share(setting, block, row)))
        else:
            found.append(median_duration_days(setting, block, row.endpoint, row.rater or None))
    return found


def _rated_by(shares: Mapping[tuple[str, str], np.ndarray], row: PublishedRow) -> np.ndarray:
    """The share as the row's rater sees it; a row that names none means the first rater of the endpoint."""
    raters = ENDPOINTS[row.endpoint]
    return shares[row.endpoint, row.rater if row.rater in raters else raters[0]]


def reduction_each(setting: Setting, block: Block, day: float, measured: Sequence[Measured] = ()) -> np.ndarray:
    """Share (people,) of each person's strain lost on ``day``, in the trial's own region where it has one."""
    if not measured:
        return block.strain_reduction[:, np.searchsorted(setting.visit_days, day)]
    before, after = measured_strain(setting, block.people, (0.0, day), {"": (measured, MOST_COMPRESSIVE)})[""].T
    return 1 - after / np.maximum(before, 1e-12)


def row_onset_share(setting: Setting, block: Block, row: PublishedRow) -> np.ndarray:
    """Share of people (onset days,) with an onset by then as the row counts it."""
    return rated_onset_share(setting, block, row) if is_rated_onset(row) else onset_share(block, setting.values)


def rated_onset_share(setting: Setting, block: Block, row: PublishedRow) -> np.ndarray:
    """Share of people (onset days,) who have met the row's endpoint on some day until then, each day rated anew."""
    weight, shares = expected_each(setting, block)
    raters = ENDPOINTS[row.endpoint]
    never = np.cumprod(1 - shares[row.endpoint, row.rater if row.rater in raters else raters[0]], axis=1)
    return weight @ (1 - never)


def median_onset_days(share: np.ndarray) -> float:
    """Median onset of people of whom ``share`` (onset days,) have one by then, as a daily diary records it.

    Who has an onset between two days is recorded on the later one. As with a median duration the median is read off straight lines
    to the middle of two recorded values: half a day after half the people have an onset. Beyond the last day: the last day.
    """
    if share[-1] <= 0.5:
        return float(ONSET_DAYS[-1])
    at = float(np.interp(0.5, np.append(0.0, share), np.append(0.0, ONSET_DAYS)))
    return min(at + 0.5 * DIARY_STEP_DAYS, float(ONSET_DAYS[-1]))


def onset_share(block: Block, values: Mapping[str, float]) -> np.ndarray:
    """Share of people (onset days,) who have noticed a loss of strain by then, averaged over what people notice."""
    reduction = np.maximum.accumulate(np.maximum(block.onset_reduction, 1e-9), axis=1)
    return ndtr((np.log(reduction) - np.log(values["onset_noticed_share"])) / values["onset_noticed_sd_ln"]).mean(0)


def median_duration_days(setting: Setting, block: Block, endpoint: str, rater: str | None) -> float:
    """Median time to the loss of ``endpoint`` among those who met it at the first visit at or after day 28, as seen at the visits.

    A person who has lost it by a visit is recorded at that visit; between visits the median is read off a straight line to the
    middle of the two recorded values, so that it is smooth in the parameters. Beyond the last visit: the last visit.
    """
    days = setting.visit_days
    first = int(np.argmax(days >= min(RESPONSE_DAY, days[-1])))
    alive = []
    for k in range(first, len(days)):
        part = replace(setting, visit_days=days[first : k + 1])
        alive.append(maintained_share(part, replace_visits(block, first, k + 1), endpoint, rater))
    curve = np.array(alive) / max(alive[0], 1e-9)
    if curve[-1] > 0.5:
        return float(days[-1])
    k = int(np.argmax(curve <= 0.5))
    rise = (curve[k - 1] - 0.5) / max(curve[k - 1] - curve[k], 1e-9)
    middle = 0.5 * (days[first + k - 1] + days[first + k])
    step = days[first + k] - days[first + k - 1]
    return float(min(middle + rise * step, days[-1])) if k else float(days[first])


def replace_visits(block: Block, start: int, stop: int) -> Block:
    """The block with some of its visits."""
    part = slice(start, stop)
    return replace(
        block, visits_ln=block.visits_ln[:, part], rest_visits_ln=block.rest_visits_ln[:, part],
        strain_reduction=block.strain_reduction[:, part],
    )  # fmt: skip


def maintained_share(setting: Setting, block: Block, endpoint: str, rater: str | None) -> float:
    """Share of all who meet the endpoint at every visit of the block."""
    weight, shares = expected_each(setting, block)
    raters = ENDPOINTS[endpoint]
    share = shares[endpoint, rater if rater in raters else raters[0]]
    if endpoint in LATER:  # already a matter of all visits until then
        return float(weight @ share[:, -1])
    return float(weight @ np.prod(1 - share if endpoint in FAILURES else share, axis=1))
