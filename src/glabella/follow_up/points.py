"""Visits as points with their error, on the ruler of the curves."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from glabella.follow_up.forecast import Forecast
from glabella.follow_up.result import Seen
from glabella.follow_up.visits import Visit
from glabella.follow_up.weigh import error_ln, is_unseen, unseen_ln
from glabella.population.raters import borders_ln, grade_probabilities, rater

NO_LINE_LN = -20.0
HALF_BAND_SD = 1.6448536269514722  # standard deviations from the middle to the 95th percentile


def on_ruler(visit: Visit, prior: Forecast, posterior: Forecast, values: Mapping[str, float], factor: float = 1.0) -> Seen:
    """A visit as a point with the rater's error, on the ruler of an investigator's expected grade, at the values in force; ``factor``: by
    how much pictures read the line too deep."""
    borders, effort = borders_ln(values), 0.0 if visit.at_rest else values["effort_sd_ln"]
    investigator = rater("investigator", values)
    ruler = replace(investigator, noise_ln=float(np.hypot(investigator.noise_ln, effort)))

    def expected(depth_ln: float) -> float:
        return float(grade_probabilities(np.array(depth_ln), ruler, borders) @ np.arange(4))

    curve = "grade_rest" if visit.at_rest else "grade"
    before, after = (getattr(one.areas[visit.area], curve).at(visit.day).median for one in (prior, posterior))
    if visit.grade is None:
        middle, low, high = _measured(visit, effort, factor, expected)
        who = "picture" if visit.from_picture else "measured"
    else:
        who = rater(visit.rater or "", values)
        error = HALF_BAND_SD * float(np.sqrt(who.noise_ln**2 + effort**2 + who.person_sd_ln**2))
        edges = np.concatenate([[-np.inf], borders, [np.inf]]) - who.offset_ln
        low = expected(edges[visit.grade] - error) if visit.grade > 0 else 0.0
        high = expected(edges[visit.grade + 1] + error) if visit.grade < 3 else 3.0
        middle, who = float(visit.grade), visit.rater or ""
    return Seen(visit.day, visit.area, visit.expression, who, middle, min(low, middle), max(high, middle), before, after)


def _measured(visit: Visit, effort: float, factor: float, expected: Callable[[float], float]) -> tuple[float, float, float]:
    """A depth as expected grades, with its error and the day's effort; a line that a picture does not show is between none and the
    least that it would."""
    if is_unseen(visit):
        limit, spread = unseen_ln(visit)
        top = limit - np.log(factor) + HALF_BAND_SD * float(np.hypot(spread, effort))
        return expected(limit - np.log(factor) - np.log(2.0)), expected(NO_LINE_LN), expected(top)
    depth, error = float(np.log(visit.depth_mm or 1.0) - np.log(factor)), HALF_BAND_SD * float(np.hypot(error_ln(visit), effort))
    return expected(depth), expected(depth - error), expected(depth + error)
