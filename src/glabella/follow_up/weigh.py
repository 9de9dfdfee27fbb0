"""How likely what was seen is for every candidate: the raters' noise and borders, the effort of the day, the error of a measurement."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from scipy.special import logsumexp

from glabella.follow_up.settle import Settled, chance_ln
from glabella.follow_up.visits import Visit, Visits
from glabella.names import without_side
from glabella.outcome import CONTRACTION
from glabella.patient import Patient
from glabella.population.raters import borders_ln, rater

NODES = 15  # of the effort of a day: numerical
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
    total = settled.log_chance.copy()
    for visit in visits.seen:
        if visit.day == 0:
            effort = 0.0 if visit.at_rest else settled.effort_ln[without_side(visit.area)]
            depth = settled.on(visit.area, visit.expression, 0.0) + effort
            if visit.rater == "subject":
                total += _graded(visit, settled, depth)
            if visit.depth_mm is not None:
                total += _normal_ln(np.log(visit.depth_mm) - depth, error_ln(visit) ** 2)
    return total


def after_ln(settled: Settled, visits: Visits) -> np.ndarray:
    """Log likelihood (people,) of everything seen after day 0; who looks at an area on the same day meets the same effort."""

    def together(visit: Visit) -> tuple[float, str, bool]:
        return visit.day, without_side(visit.area), visit.at_rest

    total = np.zeros(settled.candidates.count)
    later = sorted((visit for visit in visits.seen if visit.day > 0), key=together)
    for (_, _, at_rest), group in groupby(later, together):
        total += _one_day(settled, list(group), 0.0 if at_rest else settled.candidates.values["effort_sd_ln"])
    return total


def _one_day(settled: Settled, group: list[Visit], effort_sd_ln: float) -> np.ndarray:
    """The same for one day: a measured depth is normal in ln depth, and so is what it leaves unknown of the effort; grades are
    integrated over that."""
    total, mean, variance = np.zeros(settled.candidates.count), 0.0, effort_sd_ln**2
    graded: list[tuple[Visit, np.ndarray]] = []
    for visit in group:
        depth = settled.on(visit.area, visit.expression, visit.day)
        if visit.depth_mm is not None:
            error = error_ln(visit) ** 2
            gap = np.log(visit.depth_mm) - depth - mean
            total += _normal_ln(gap, variance + error)
            mean = mean + variance / (variance + error) * gap
            variance *= error / (variance + error)
        if visit.grade is not None:
            graded.append((visit, depth))
    if not graded:
        return total
    if variance == 0:
        return total + sum(_graded(visit, settled, depth + mean) for visit, depth in graded)
    effort = mean + np.sqrt(variance) * _NODE[:, None]
    return total + logsumexp(_LOG_WEIGHT[:, None] + sum(_graded(visit, settled, depth + effort) for visit, depth in graded), axis=0)


def _graded(visit: Visit, settled: Settled, depth_ln: np.ndarray) -> np.ndarray:
    """Log chance (..., people) of the visit's grade by its rater for lines that are ``depth_ln`` deep as the face is held that day."""
    values = settled.candidates.values
    sees = settled.candidates.subject_ln if visit.rater == "subject" else 0.0
    return chance_ln(float(visit.grade or 0), depth_ln + sees, rater(visit.rater or "", values), borders_ln(values))


def error_ln(visit: Visit) -> float:
    """One standard deviation of ln depth: the measured error over the depth."""
    return float(visit.depth_error_mm or 0.0) / float(visit.depth_mm or 1.0)


def _normal_ln(gap: np.ndarray, variance: float) -> np.ndarray:
    return -0.5 * (gap**2 / variance + np.log(2 * np.pi * variance))
