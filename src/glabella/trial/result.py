"""What a trial gives: responders, strain, onset, duration and side effects of every arm, as data, as JSON and its schema."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from scipy.stats import binomtest, norm

from glabella.errors import InputError
from glabella.outcome import FRAME, plain
from glabella.population.block import ONSET_DAYS
from glabella.trial.design import Arm, Trial, check_endpoint
from glabella.trial.summary import KEYS, BlockSummary, kaplan_meier, median_day

SCHEMA = "glabella-trial-1"
WATERMARK = "study"
CONFIDENCE = 0.95
TWO_SIDED = float(norm.ppf(0.5 + CONFIDENCE / 2))
Spread = Mapping[tuple[str, str, str], np.ndarray]


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
    """Percent at each visit (visits,) with its 95 % interval."""

    percent: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Duration:
    """How long the response lasts among ``people`` who responded: days of the visits counted from the last session, percent who still
    respond, and the first visit at which at most half do (None: later than the last visit)."""

    days: np.ndarray
    percent: np.ndarray
    median_days: float | None
    people: int


@dataclass(frozen=True, eq=False)
class ArmResult:
    """One arm: counts and sums over all its people, and its side effects."""

    arm: Arm
    summary: BlockSummary
    unwanted: tuple[Effect, ...]


@dataclass(frozen=True, eq=False)
class TrialResult:
    """A trial and what came out. ``values``: rows of the tables that were replaced. ``parameter_spread``: standard deviation in percentage
    points (visits,) that the parameters add, by (arm, endpoint, rater); it widens the intervals."""

    trial: Trial
    arms: tuple[ArmResult, ...]
    seed: int
    version: str
    settings: Mapping[str, Any]
    parameters_sha256: str
    values: Mapping[str, float] = field(default_factory=dict)
    parameter_spread: Spread = field(default_factory=dict)

    @property
    def watermark(self) -> str:
        """A trial of virtual people is a study; it must stand on everything shown."""
        return WATERMARK

    @property
    def days(self) -> np.ndarray:
        """Days of the visits."""
        return np.array(self.trial.visit_days)

    def with_spread(self, spread: Spread) -> "TrialResult":
        """The same result with intervals that also hold what is not known about the parameters."""
        return replace(self, parameter_spread=spread)

    def arm(self, name: str) -> ArmResult:
        """The arm of this name."""
        arm = self.trial.arm(name)
        return next(found for found in self.arms if found.arm == arm)

    def responders(self, arm: str, endpoint: str | None = None, rater: str | None = None) -> Rate:
        """Responders of an arm at each visit: Wilson's interval of as many people as were simulated, widened by ``parameter_spread``."""
        endpoint = endpoint or self.trial.endpoint
        check_endpoint(endpoint, rater, "responders")
        rater = rater or next(name for known, name in KEYS if known == endpoint)
        summary, key = self.arm(arm).summary, KEYS.index((endpoint, rater))
        met, counted = summary.met[key], summary.counted[key]
        share = met / np.maximum(counted, 1)
        bounds = np.array([_wilson(int(k), int(n)) for k, n in zip(met, counted, strict=True)]).T
        more = TWO_SIDED * np.asarray(self.parameter_spread.get((arm, endpoint, rater), 0.0)) / 100
        low, high = share - np.hypot(share - bounds[0], more), share + np.hypot(bounds[1] - share, more)
        return Rate(100 * share, 100 * np.clip(low, 0, 1), 100 * np.clip(high, 0, 1))

    def strain_reduction(self, arm: str) -> Rate:
        """Mean over people of the share of strain lost, with the interval of that mean."""
        seen, total, squares = self.arm(arm).summary.strain
        people = np.maximum(seen, 1)
        mean = total / people
        error = TWO_SIDED * np.sqrt(np.maximum(squares / people - mean**2, 0) / people)
        return Rate(100 * mean, 100 * (mean - error), 100 * (mean + error))

    def onset(self, arm: str) -> tuple[float | None, np.ndarray]:
        """First of the onset days by which half had noticed an effect (None: fewer ever did), and the percent who had by each of them."""
        summary = self.arm(arm).summary
        share = summary.noticed / summary.people
        return median_day(ONSET_DAYS, 1 - share), 100 * share

    def duration(self, arm: str, endpoint: str | None = None, rater: str | None = None) -> Duration:
        """Kaplan-Meier on the visit grid: loss of an endpoint among those who met it at the first visit that counts."""
        endpoint = endpoint or self.trial.endpoint
        check_endpoint(endpoint, rater, "duration")
        rater = rater or next(name for known, name in KEYS if known == endpoint)
        found, key = self.arm(arm), KEYS.index((endpoint, rater))
        summary = found.summary
        share = kaplan_meier(int(summary.responded[key]), summary.lost[key], summary.left[key])
        days, people = self.days - found.arm.session_days[-1], int(summary.responded[key])
        return Duration(days, 100 * share, median_day(days, share) if people else None, people)

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
                "rater": trial.rater, "confidence_percent": 100 * CONFIDENCE,
                "intervals": "people and parameters" if self.parameter_spread else "people", **plain(self.settings),
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
                "visits": _by_day(self.days, rate, "percent"),
            })  # fmt: skip
        median, noticed = self.onset(arm.name)
        duration = self.duration(arm.name, trial.endpoint, trial.rater)
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
                "median_days": plain(median),
                "by_day": [{"day": plain(day), "percent": plain(noticed[k])} for k, day in enumerate(ONSET_DAYS)],
            },
            "duration": {
                "endpoint": trial.endpoint, "rater": trial.rater, "median_days": plain(duration.median_days), "responders": duration.people,
                "by_day": [
                    {"day": plain(day), "percent": plain(duration.percent[k])} for k, day in enumerate(duration.days) if day >= 0
                ],
            },
            "unwanted": [plain(effect) for effect in found.unwanted],
        }  # fmt: skip


def _by_day(days: np.ndarray, rate: Rate, name: str) -> list[dict[str, float]]:
    bands = zip(days, rate.percent, rate.low, rate.high, strict=True)
    return [{"day": plain(day), name: plain(value), "low": plain(low), "high": plain(high)} for day, value, low, high in bands]


def _wilson(met: int, counted: int) -> tuple[float, float]:
    """Wilson's interval; nobody counted says nothing."""
    if not counted:
        return 0.0, 1.0
    interval = binomtest(met, counted).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


@cache
def trial_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a trial's result, as shipped."""
    return json.loads(resources.files("glabella.data").joinpath("trial.schema.json").read_text("utf-8"))


def validate_trial(document: Mapping[str, Any]) -> None:
    """Check a result read from JSON against the schema; the first misfit is an error that says where it is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(trial_schema()).iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "top level"
        what = error.message if len(error.message) < 200 else error.message[:200] + " ..."
        raise InputError(f"trial result, {where}: {what}; see trial.schema.json")


__all__ = ["ArmResult", "Duration", "Effect", "Rate", "TrialResult", "trial_schema", "validate_trial"]
