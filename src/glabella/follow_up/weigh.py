"""How likely what was seen is for every candidate: the raters' noise and borders, the effort of the day, the error of a measurement.

Depths from pictures share a factor that nobody knows (skin, lamp, make of the lines). For one candidate all measured depths of an
indication are normal in ln depth with a covariance that is the same for everyone, so factor and efforts are integrated in closed form;
what is no density (grades, lines too shallow to be seen) is then integrated over what the depths leave unknown, given the factor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr, logsumexp

from glabella.follow_up.settle import Settled, chance_ln
from glabella.follow_up.visits import Visit, Visits
from glabella.names import without_side
from glabella.outcome import CONTRACTION
from glabella.patient import Patient
from glabella.population.raters import borders_ln, rater

NODES = 15  # of the effort of a day and of the factor of pictures: numerical
_NODE, _WEIGHT = np.polynomial.hermite_e.hermegauss(NODES)
_LOG_WEIGHT = np.log(_WEIGHT / _WEIGHT.sum())


def entry_of(patient: Patient, visits: Visits, areas: Sequence[str]) -> dict[tuple[str, str], float]:
    """Grades before treatment by (area, expression): what an investigator said on day 0, else the patient's own baseline."""
    found: dict[tuple[str, str], float] = {}
    for area in areas:
        found[area, CONTRACTION[area]] = patient.baseline[area].contraction
        found[area, "rest"] = patient.baseline[area].rest
    for visit in visits.seen:
        if visit.day == 0 and visit.rater == "investigator" and visit.grade is not None:
            found[visit.area, visit.expression] = float(visit.grade)
    return found


def before_ln(settled: Settled, visits: Visits) -> np.ndarray:
    """Log weight (people,) of all that was known before treatment: the grades that the lines were drawn to fit, and of day 0 what the
    person saw and what was measured, under the effort of that day."""
    return settled.log_chance + _likelihood_ln(settled, _counted(visits.until(0)))


def after_ln(settled: Settled, visits: Visits) -> np.ndarray:
    """Log likelihood (people,) of everything seen after day 0, given what was seen on it; who looks at an area on the same day meets the
    same effort."""
    seen = _counted(visits)
    whole = _likelihood_ln(settled, seen)
    return whole - _likelihood_ln(settled, [visit for visit in seen if visit.day == 0])


def all_ln(settled: Settled, visits: Visits) -> np.ndarray:
    """Log weight (people,) with everything: the sum of the two above, at a third of their work."""
    return settled.log_chance + _likelihood_ln(settled, _counted(visits))


def picture_factor_ln(settled: Settled, visits: Visits) -> dict[str, np.ndarray]:
    """Ln of the factor (people,) by which pictures read the lines of each indication too deep, as each candidate would have it."""
    found = {}
    for name in dict.fromkeys(without_side(visit.area) for visit in visits.seen if visit.from_picture):
        mine = [visit for visit in _counted(visits) if without_side(visit.area) == name]
        found[name] = _Indication(settled, mine).factor()[0]
    return found


def _counted(visits: Visits) -> list[Visit]:
    """What the weights count: an investigator's grade of day 0 is what the lines were drawn to fit, and only a depth beside it is left."""
    found = []
    for visit in visits.seen:
        entered = visit.day == 0 and visit.rater == "investigator"
        if not entered or visit.depth_mm is not None:
            found.append(replace(visit, rater=None, grade=None) if entered else visit)
    return found


def _likelihood_ln(settled: Settled, seen: Sequence[Visit]) -> np.ndarray:
    """Log likelihood (people,) of visits; indications share nothing but the candidate."""
    total = np.zeros(settled.candidates.count)
    for name in dict.fromkeys(without_side(visit.area) for visit in seen):
        total = total + _Indication(settled, [visit for visit in seen if without_side(visit.area) == name]).likelihood_ln()
    return total


@dataclass(frozen=True)
class _Day:
    """What was seen of one day and face: efforts of those who look are the same. ``spread`` of it in ln depth, 0 where it is known."""

    seen: tuple[Visit, ...]
    spread: float

    def measured(self) -> list[Visit]:
        """Depths that are a density."""
        return [visit for visit in self.seen if visit.depth_mm is not None and not is_unseen(visit)]

    def others(self) -> list[Visit]:
        """Grades, and lines too shallow to be seen."""
        return [visit for visit in self.seen if visit.grade is not None or is_unseen(visit)]


class _Indication:
    """Everything seen of the areas of one indication."""

    def __init__(self, settled: Settled, seen: Sequence[Visit]) -> None:
        self.settled = settled
        effort_sd_ln = settled.candidates.values["effort_sd_ln"]
        keys = dict.fromkeys((visit.day, visit.at_rest) for visit in seen)
        self.days = [
            _Day(
                tuple(visit for visit in seen if (visit.day, visit.at_rest) == (day, at_rest)),
                0.0 if at_rest or day == 0 else effort_sd_ln,
            )
            for day, at_rest in sorted(keys)
        ]
        pictures = [visit for visit in seen if visit.from_picture]
        self.factor_sd_ln = common_error_ln() if pictures else 0.0

    def likelihood_ln(self) -> np.ndarray:
        """Log likelihood (people,)."""
        total, _, _ = self._densities()
        couples = [day for day in self.days if day.others() and any(visit.from_picture for visit in day.seen)]
        for day in self.days:
            if day.others() and day not in couples:
                total = total + self._others_ln(day, np.zeros(self.settled.candidates.count))
        if not couples:
            return total
        mean, variance = self.factor()
        each = [sum(self._others_ln(day, mean + np.sqrt(variance) * node) for day in couples) for node in _NODE]
        return total + logsumexp(_LOG_WEIGHT[:, None] + np.stack(each), axis=0)

    def factor(self) -> tuple[np.ndarray, float]:
        """Mean (people,) and variance of ln of the pictures' factor, given the measured depths."""
        _, mean, variance = self._densities()
        return mean, variance

    def _densities(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Log density (people,) of all measured depths, with mean and variance of the factor given them: normals, one after the other.

        With the factor c known, days are independent: each adds a quadratic in c, whose coefficients are kept.
        """
        count = self.settled.candidates.count
        total, precision, pull = np.zeros(count), 0.0, np.zeros(count)
        for day in self.days:
            measured = day.measured()
            if not measured:
                continue
            gaps = np.stack([np.log(visit.depth_mm or 1.0) - self._depth(visit) for visit in measured])
            covariance = np.diag([error_ln(visit) ** 2 for visit in measured]) + day.spread**2
            inverse, marks = np.linalg.inv(covariance), np.array([float(visit.from_picture) for visit in measured])
            total = total - 0.5 * (np.einsum("kp,kl,lp->p", gaps, inverse, gaps) + np.linalg.slogdet(2 * np.pi * covariance)[1])
            precision += float(marks @ inverse @ marks)
            pull = pull + (marks @ inverse) @ gaps
        if self.factor_sd_ln == 0:
            return total, np.zeros(count), 0.0
        variance = 1 / (precision + 1 / self.factor_sd_ln**2)
        mean = variance * pull
        return total + 0.5 * (mean**2 / variance + np.log(variance / self.factor_sd_ln**2)), mean, variance

    def _others_ln(self, day: _Day, factor_ln: np.ndarray) -> np.ndarray:
        """Log chance (people,) of what is no density, integrated over the effort that the day's measured depths leave unknown."""
        mean, variance = np.zeros(self.settled.candidates.count), day.spread**2
        if variance > 0:
            for visit in day.measured():
                error = error_ln(visit) ** 2
                off = factor_ln if visit.from_picture else 0.0
                gap = np.log(visit.depth_mm or 1.0) - self._depth(visit) - off - mean
                mean = mean + variance / (variance + error) * gap
                variance *= error / (variance + error)
        if variance == 0:
            return np.asarray(sum(self._other(visit, mean, factor_ln) for visit in day.others()))
        effort = mean + np.sqrt(variance) * _NODE[:, None]
        each = sum(self._other(visit, effort, factor_ln) for visit in day.others())
        return np.asarray(logsumexp(_LOG_WEIGHT[:, None] + each, axis=0))

    def _other(self, visit: Visit, effort: np.ndarray, factor_ln: np.ndarray) -> np.ndarray:
        """Log chance (..., people) of a grade, or of a line that is too shallow to be seen, under an effort."""
        depth = self._depth(visit) + effort
        total = np.zeros(np.shape(depth))
        if visit.grade is not None:
            values = self.settled.candidates.values
            sees = self.settled.candidates.subject_ln if visit.rater == "subject" else 0.0
            total = total + chance_ln(float(visit.grade), depth + sees, rater(visit.rater or "", values), borders_ln(values))
        if is_unseen(visit):
            limit, spread = unseen_ln(visit)
            total = total + log_ndtr((limit - depth - factor_ln) / spread)
        return total

    def _depth(self, visit: Visit) -> np.ndarray:
        """Ln depth (people,) on the day of a visit, on day 0 with that day's effort."""
        known = self.settled.effort_ln[without_side(visit.area)] if visit.day == 0 and not visit.at_rest else 0.0
        return self.settled.on(visit.area, visit.expression, visit.day) + known


def error_ln(visit: Visit) -> float:
    """One standard deviation of ln depth: the measured error over the depth."""
    return float(visit.depth_error_mm or 0.0) / float(visit.depth_mm or 1.0)


def common_error_ln() -> float:
    """One standard deviation of ln of the factor that all pictures of a person share."""
    from glabella.evidence.photo import load_photo_parameters

    return load_photo_parameters()["line_common_error_share"]


def is_unseen(visit: Visit) -> bool:
    """Whether a picture shows a line too shallow to be told from none: its depth is then a bound, not a number."""
    return visit.from_picture and float(visit.depth_mm or 0.0) < _seen_from_mm()


def unseen_ln(visit: Visit) -> tuple[float, float]:
    """Ln of the depth under which lines are not seen, and the spread of what is read there."""
    limit = _seen_from_mm()
    return float(np.log(limit)), float(visit.depth_error_mm or 0.0) / limit


def _seen_from_mm() -> float:
    from glabella.evidence.photo import load_photo_parameters

    return 2 * load_photo_parameters()["line_repeat_error_mm"]
