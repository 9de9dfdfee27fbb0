"""Labelled numbers and curves with their bands, and what is read off a curve."""

from dataclasses import dataclass

import numpy as np

from glabella.errors import InputError, SolverError

BAND_PERCENTILES = (5.0, 50.0, 95.0)
ONSET_REDUCTION = 0.1  # conventions of `Curve.course`: first 10 % lost, back within 10 % of the start


@dataclass(frozen=True)
class Estimate:
    """A number with its band: median, 5th (``low``) and 95th (``high``) percentile over the samples."""

    median: float
    low: float
    high: float

    def __float__(self) -> float:
        return self.median

    def __format__(self, spec: str) -> str:
        """'0.12 (0.08 to 0.16)', each number in ``spec``; the number alone where the band does not show."""
        median, low, high = (_signless_zero(format(x, spec or ".3g")) for x in (self.median, self.low, self.high))
        return median if low == high == median else f"{median} ({low} to {high})"

    def __str__(self) -> str:
        return format(self, "")


def _signless_zero(text: str) -> str:
    """'-0.0' as '0.0' and '+0.0' as '0.0': a rounded nothing has no direction."""
    return text.lstrip("+-") if float(text) == 0 else text


@dataclass(frozen=True)
class Course:
    """Milestones of an effect, in days, read off a median curve; None where it does not happen within the days computed.

    ``onset_day``: first 10 % of the value before treatment lost; ``deepest_day`` with ``deepest_reduction`` (a share);
    ``half_gone_day``: half of the deepest effect gone again; ``back_day``: within 10 % of the value before treatment again.
    """

    onset_day: float | None
    deepest_day: float
    deepest_reduction: float
    half_gone_day: float | None
    back_day: float | None


@dataclass(frozen=True, eq=False)
class Curve:
    """A quantity over ``days`` (t,): ``median`` (t,) and its band from ``low`` to ``high`` (5th and 95th percentile)."""

    days: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __post_init__(self) -> None:
        known: dict[int, np.ndarray] = {}  # without samples the band is the median: one array then
        for name in ("days", "median", "low", "high"):
            given = getattr(self, name)
            values = known.get(id(given))
            if values is None:
                values = np.array(given, float)
                if values.ndim != 1 or values.shape != np.shape(self.days):
                    raise ValueError(f"curve: {name} has shape {values.shape}, must be {np.shape(self.days)} like the days")
                if not np.isfinite(values.sum()) and not np.isfinite(values).all():  # a finite sum has finite parts
                    raise SolverError(f"curve: {name} is not finite at day {self.days[int(np.argmin(np.isfinite(values)))]:g}")
                values.flags.writeable = False
                known[id(given)] = values
            object.__setattr__(self, name, values)
        if not len(self.days) or (np.diff(self.days) <= 0).any():
            raise ValueError("curve: days must rise and must not be empty")
        if self.low is self.median is self.high:
            return
        slack = 1e-9 * max(1.0, float(np.abs(self.median).max()))
        if (self.low > self.median + slack).any() or (self.high < self.median - slack).any():
            raise ValueError("curve: needs low <= median <= high")

    def at(self, day: float) -> Estimate:
        """The value on a day, linear between the days computed; a day outside them is an error."""
        if not self.days[0] <= day <= self.days[-1]:
            raise InputError(f"day {day:g} was not computed; ask for a day from {self.days[0]:g} to {self.days[-1]:g}, or simulate longer")
        return Estimate(*(float(np.interp(day, self.days, values)) for values in (self.median, self.low, self.high)))

    def reduction(self) -> "Curve":
        """Share lost since the first day, relative to the median of that day (so the band there shows the spread of people)."""
        start = float(self.median[0])
        if abs(start) < 1e-12:
            raise InputError("no reduction: the curve is 0 before treatment; ask for the curve itself")
        lost = [1 - values / start for values in (self.median, self.low, self.high)]
        return Curve(self.days, lost[0], np.minimum(lost[1], lost[2]), np.maximum(lost[1], lost[2]))

    def course(self) -> Course:
        """When the effect begins, is deepest, is half gone and is over, from the median."""
        lost = self.reduction().median
        deepest = int(np.argmax(lost))
        most = float(lost[deepest])
        some = most >= ONSET_REDUCTION
        return Course(
            onset_day=_crossing(self.days[: deepest + 1], lost[: deepest + 1], ONSET_REDUCTION) if some else None,
            deepest_day=float(self.days[deepest]),
            deepest_reduction=most,
            half_gone_day=_crossing(self.days[deepest:], -lost[deepest:], -most / 2) if some else None,
            back_day=_crossing(self.days[deepest:], -lost[deepest:], -ONSET_REDUCTION) if some else None,
        )


def _crossing(days: np.ndarray, rising: np.ndarray, level: float) -> float | None:
    """First day on which ``rising`` reaches ``level``, linear between the days; None if it never does."""
    reached = np.flatnonzero(rising >= level)
    if not len(reached):
        return None
    i = int(reached[0])
    if i == 0:
        return float(days[0])
    return float(days[i - 1] + (days[i] - days[i - 1]) * (level - rising[i - 1]) / (rising[i] - rising[i - 1]))


def summarise(days: np.ndarray, nominal: np.ndarray, samples: np.ndarray | None = None) -> Curve:
    """Curve of a quantity: median and 5th to 95th percentile over ``samples`` (s, t); without samples the ``nominal`` run (t,)."""
    if samples is None or len(samples) == 0:
        return Curve(days, nominal, nominal, nominal)
    low, median, high = np.percentile(np.asarray(samples, float), BAND_PERCENTILES, axis=0)
    return Curve(days, median, low, high)
