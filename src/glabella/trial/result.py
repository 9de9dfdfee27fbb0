"""What a trial gives: responders, strain, onset, duration and side effects of every arm, as data, as JSON and its schema."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from scipy.stats import binomtest, norm

from glabella.outcome import FRAME, plain
from glabella.population.block import ONSET_DAYS
from glabella.schemas import check_shape, shipped_schema
from glabella.trial.design import Arm, Trial, check_endpoint
from glabella.trial.summary import KEYS, BlockSummary, kaplan_meier_error, median_day

SCHEMA = "glabella-trial-1"
WATERMARK = "study"
CONFIDENCE = 0.95
TWO_SIDED = float(norm.ppf(0.5 + CONFIDENCE / 2))
COUNTING, BOTH = "counting", "counting and parameters"
UNWANTED_BAND = "90 %: where needles end and ranges of the tables, or counting behind a published rate; no draws of the posterior"


@dataclass(frozen=True, eq=False)
class Spread:
    """What the parameters add to the bands of one arm: root-mean-square distance, in percentage points, of ``draws`` of the posterior from
    the values in force, in the same ``people`` (at least so many in every draw).

    ``responders`` and ``keeping`` (keys, visits), ``strain`` (visits,), ``noticed`` (onset days,): as in ``BlockSummary``.
    """

    draws: int
    people: int
    responders: np.ndarray
    strain: np.ndarray
    noticed: np.ndarray
    keeping: np.ndarray


@dataclass(frozen=True)
class Effect:
    """Chance of a side effect per person, in percent, with its 90 % band; ``basis``: computed, or a label_rate."""

    effect: str
    percent: float
    low: float
    high: float
    basis: str
    source: str


@dataclass(frozen=True, eq=False)
class Rate:
    """Percent at each visit (visits,) with its 95 % band."""

    percent: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Duration:
    """How long the response lasts among ``people`` who responded: days of the visits counted from the last session, percent who still
    respond with their 95 % band, and the first visit at which at most half do, on the curve and on either end of its band (None: later
    than the last visit)."""

    days: np.ndarray
    percent: np.ndarray
    low: np.ndarray
    high: np.ndarray
    median_days: float | None
    median_low_days: float | None
    median_high_days: float | None
    people: int


@dataclass(frozen=True, eq=False)
class Onset:
    """When people notice an effect: percent who had by each of ``days`` with their 95 % band, and the first of these days by which half
    had, on the curve and on either end of its band (None: fewer ever did)."""

    days: np.ndarray
    percent: np.ndarray
    low: np.ndarray
    high: np.ndarray
    median_days: float | None
    median_low_days: float | None
    median_high_days: float | None


@dataclass(frozen=True, eq=False)
class ArmResult:
    """One arm: counts and sums over all its people, and its side effects."""

    arm: Arm
    summary: BlockSummary
    unwanted: tuple[Effect, ...]


@dataclass(frozen=True, eq=False)
class TrialResult:
    """A trial and what came out. ``values``: rows of the tables that were replaced. ``spread``: what the parameters add to the bands of
    each arm, by its name; without it they hold the counting of as many people as were simulated and nothing else."""

    trial: Trial
    arms: tuple[ArmResult, ...]
    seed: int
    version: str
    settings: Mapping[str, Any]
    parameters_sha256: str
    values: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, Spread] = field(default_factory=dict)

    @property
    def watermark(self) -> str:
        """A trial of virtual people is a study; it must stand on everything shown."""
        return WATERMARK

    @property
    def days(self) -> np.ndarray:
        """Days of the visits."""
        return np.array(self.trial.visit_days)

    @property
    def band(self) -> str:
        """What the bands of responders, strain, onset and duration hold: counting, or counting and parameters."""
        return BOTH if self.spread else COUNTING

    def with_spread(self, spread: Mapping[str, Spread]) -> "TrialResult":
        """The same result with bands that also hold what is not known about the parameters, by name of the arm."""
        return replace(self, spread=spread)

    def arm(self, name: str) -> ArmResult:
        """The arm of this name."""
        arm = self.trial.arm(name)
        return next(found for found in self.arms if found.arm == arm)

    def responders(self, arm: str, endpoint: str | None = None, rater: str | None = None) -> Rate:
        """Responders of an arm at each visit: Wilson's interval of as many people as were simulated, widened by ``spread``."""
        key = self._key(endpoint, rater, "responders")
        summary = self.arm(arm).summary
        counts = zip(summary.met[key], summary.counted[key], strict=True)
        low, high = np.array([_wilson(int(k), int(n)) for k, n in counts]).T
        return self._shares(summary.responder_share[key], low, high, self._points(arm, "responders", key))

    def strain_reduction(self, arm: str) -> Rate:
        """Mean over people of the share of strain lost, with the interval of that mean, widened by ``spread``."""
        summary = self.arm(arm).summary
        seen, _, squares = summary.strain
        people, mean = np.maximum(seen, 1), summary.strain_share
        error = TWO_SIDED * np.sqrt(np.maximum(squares / people - mean**2, 0) / people)
        error = np.hypot(error, TWO_SIDED * self._points(arm, "strain") / 100)
        return Rate(100 * mean, 100 * (mean - error), 100 * (mean + error))

    def onset(self, arm: str) -> Onset:
        """Who had noticed an effect by each of the onset days: Wilson's interval, widened by ``spread``."""
        summary = self.arm(arm).summary
        low, high = np.array([_wilson(int(k), summary.people) for k in summary.noticed]).T
        rate = self._shares(summary.noticed_share, low, high, self._points(arm, "noticed"))
        medians = (median_day(ONSET_DAYS, 1 - share / 100) for share in (rate.percent, rate.high, rate.low))
        return Onset(ONSET_DAYS, rate.percent, rate.low, rate.high, *medians)

    def duration(self, arm: str, endpoint: str | None = None, rater: str | None = None) -> Duration:
        """Kaplan-Meier on the visit grid: loss of an endpoint among those who met it at the first visit that counts; Greenwood's interval,
        widened by ``spread``."""
        key = self._key(endpoint, rater, "duration")
        found = self.arm(arm)
        summary = found.summary
        people, share = int(summary.responded[key]), summary.keeping_share[key]
        error = TWO_SIDED * kaplan_meier_error(people, summary.lost[key], summary.left[key])
        rate = self._shares(share, share - error, share + error, self._points(arm, "keeping", key))
        days = self.days - found.arm.session_days[-1]
        median, low, high = (median_day(days, curve / 100) if people else None for curve in (rate.percent, rate.low, rate.high))
        return Duration(days, rate.percent, rate.low, rate.high, median, low, high, people)

    def _key(self, endpoint: str | None, rater: str | None, where: str) -> int:
        """Number in ``KEYS`` of an endpoint, the trial's unless named, and one of its raters, the first unless named."""
        endpoint = endpoint or self.trial.endpoint
        check_endpoint(endpoint, rater, where)
        return KEYS.index((endpoint, rater or next(name for known, name in KEYS if known == endpoint)))

    def _points(self, arm: str, what: str, key: int | None = None) -> np.ndarray:
        """What the parameters add, in percentage points (visits,) or (onset days,); nothing where no draws were run."""
        if arm not in self.spread:
            return np.zeros(1)
        points = getattr(self.spread[arm], what)
        return points if key is None else points[key]

    def _shares(self, share: np.ndarray, low: np.ndarray, high: np.ndarray, points: np.ndarray) -> Rate:
        """Shares and both ends of their counting error, widened by what the parameters add, in percent within 0 and 100."""
        more = TWO_SIDED * points / 100
        low, high = share - np.hypot(share - low, more), share + np.hypot(high - share, more)
        return Rate(100 * share, 100 * np.clip(low, 0, 1), 100 * np.clip(high, 0, 1))

    def to_json(self) -> dict[str, Any]:
        """The result as plain data that `data/trial.schema.json` describes."""
        trial = self.trial
        return {
            "schema": SCHEMA,
            "frame": FRAME,
            "purpose": WATERMARK,
            "watermark": self.watermark,
            "version": self.version,
            "seed": self.seed,
            "name": trial.name,
            "settings": {
                "patients": trial.patients, "visit_days": plain(self.days), "missing": trial.missing, "endpoint": trial.endpoint,
                "rater": trial.rater, **plain(self.settings),
            },
            "band": {
                "holds": self.band, "confidence_percent": 100 * CONFIDENCE,
                "draws": max((one.draws for one in self.spread.values()), default=0),
                "people_per_draw": min((one.people for one in self.spread.values()), default=0), "unwanted": UNWANTED_BAND,
            },
            "mix": plain(asdict(trial.mix)),
            "parameters_sha256": self.parameters_sha256,
            "overrides": plain(self.values),
            "arms": [self._arm_json(found) for found in self.arms],
        }  # fmt: skip

    def _arm_json(self, found: ArmResult) -> dict[str, Any]:
        arm, summary, trial = found.arm, found.summary, self.trial
        endpoints = []
        for endpoint, rater in KEYS:
            rate, duration = self.responders(arm.name, endpoint, rater), self.duration(arm.name, endpoint, rater)
            endpoints.append({
                "endpoint": endpoint, "rater": rater, "median_duration_days": plain(duration.median_days),
                "median_duration_low_days": plain(duration.median_low_days), "median_duration_high_days": plain(duration.median_high_days),
                "visits": _by_day(self.days, rate, "percent"),
            })  # fmt: skip
        onset, duration = self.onset(arm.name), self.duration(arm.name, trial.endpoint, trial.rater)
        return {
            "name": arm.name, "product": arm.product, "indication": arm.indication, "dose_units": plain(arm.dose_units),
            "session_days": plain(arm.session_days), "patients": summary.people,
            "baseline": {
                "female_percent": plain(100 * summary.women / summary.people),
                "severe_percent": plain(100 * summary.severe / summary.people),
                "mean_age_years": plain(summary.age_years / summary.people),
            },
            "endpoints": endpoints,
            "strain": _by_day(self.days, self.strain_reduction(arm.name), "reduction_percent"),
            "onset": {
                "median_days": plain(onset.median_days), "median_low_days": plain(onset.median_low_days),
                "median_high_days": plain(onset.median_high_days), "by_day": _by_day(onset.days, onset, "percent"),
            },
            "duration": {
                "endpoint": trial.endpoint, "rater": trial.rater, "median_days": plain(duration.median_days),
                "median_low_days": plain(duration.median_low_days), "median_high_days": plain(duration.median_high_days),
                "responders": duration.people,
                "by_day": [point for point in _by_day(duration.days, duration, "percent") if point["day"] >= 0],
            },
            "unwanted": [plain(effect) for effect in found.unwanted],
        }  # fmt: skip


def _by_day(days: np.ndarray, rate: Rate | Onset | Duration, name: str) -> list[dict[str, float]]:
    bands = zip(days, rate.percent, rate.low, rate.high, strict=True)
    return [{"day": plain(day), name: plain(value), "low": plain(low), "high": plain(high)} for day, value, low, high in bands]


def _wilson(met: int, counted: int) -> tuple[float, float]:
    """Wilson's interval; nobody counted says nothing."""
    if not counted:
        return 0.0, 1.0
    interval = binomtest(met, counted).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def trial_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a trial's result, as shipped."""
    return shipped_schema("trial")


def validate_trial(document: Mapping[str, Any]) -> None:
    """Check a result read from JSON against the schema; the first misfit is an error that says where it is."""
    check_shape(document, "trial", "trial result")


__all__ = ["ArmResult", "Duration", "Effect", "Onset", "Rate", "Spread", "TrialResult", "trial_schema", "validate_trial"]
