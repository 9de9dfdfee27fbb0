"""Cervical dystonia: dose per volume of neck muscle -> junction -> muscle force -> points of the TWSTRS scale.

The scale falls with the force that the injected muscles have lost, on top of the course of people given placebo. Two numbers belong to
the site: points per force and the answer to placebo, each fitted to one row. Kinetics and muscle are the face's.
"""

from collections.abc import Mapping

import numpy as np

from glabella.uses.kinetics import TissueDose, force_loss, log_normal_dose, people_of
from glabella.uses.placebo import placebo_course
from glabella.uses.tables import muscles_of

USE = "cervical_dystonia"
LAST_DAY = 400
MODELLED = (
    "Junction and muscle of the face, by dose per volume of four neck muscles; a log-normal spread of the dose inside a muscle.",
    "TWSTRS points in proportion to the force lost, plus the course of people given placebo.",
    "Type B as a shorter-lived block with its own potency, both from the literature and not from the trials shown.",
)
NOT_MODELLED = (
    "Posture, tremor and pain apart from each other; where the needles go; which muscles a person's dystonia uses.",
    "Trouble swallowing and other side effects in the neck; antibodies; earlier sessions.",
)
CURVES = {
    "twstrs_change": ("TWSTRS total, change from before", "points"),
    "twstrs_change_placebo": ("the same with placebo", "points"),
    "force": ("force of the injected muscles", "percent"),
}
FIGURES = {
    "twstrs_change_week_4": ("TWSTRS change at week 4", "points"),
    "over_placebo_week_4": ("of it beyond placebo", "points"),
    "twstrs_change_week_12": ("TWSTRS change at week 12", "points"),
    "half_gone_days": ("half of the peak improvement gone by", "days"),
}


def neck_dose(units: float, values: Mapping[str, float]) -> dict[str, TissueDose]:
    """Uptake dose of ``units`` shared among the injected muscles: what stays is taken up or cleared, as in the face."""
    taken_up = values["uptake_rate_per_day"] / (values["uptake_rate_per_day"] + values["clearance_rate_per_day"])
    kept = values["neck_contained_share"] * taken_up
    return {
        muscle.muscle: log_normal_dose(kept * units * muscle.dose_share / muscle.volume_mm3, values["neck_dose_spread_sd_ln"])
        for muscle in muscles_of(USE)
    }


def neck_force_loss(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share of the force of the injected muscles lost (people, days); 0 without units."""
    if not units:
        return np.zeros((len(people_of(values).weight), len(days)))
    pull = {muscle.muscle: muscle.dose_share for muscle in muscles_of(USE)}  # injectors give more where the muscle pulls more
    return force_loss(neck_dose(units, values), pull, product, days, values)


def twstrs_change(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Mean change of the TWSTRS total from baseline in points (days,), negative for better; without units exactly placebo's course."""
    lost = people_of(values).weight @ neck_force_loss(product, units, days, values)
    return -(values["twstrs_placebo_points"] * placebo_course(days, values) + values["twstrs_points_per_force"] * lost)


def improvement_percent(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Improvement in percent of the score before treatment (days,); stands in for other scales such as Tsui's."""
    return -100 * twstrs_change(product, units, days, values) / values["twstrs_baseline_points"]


def duration_days(product: str, units: float, values: Mapping[str, float], left: float) -> float | None:
    """Day after the peak on which only the share ``left`` of the peak improvement remains; None if not by ``LAST_DAY``."""
    days = np.arange(0.0, LAST_DAY + 1)
    better = -twstrs_change(product, units, days, values)
    peak = int(np.argmax(better))
    below = np.flatnonzero(better[peak:] <= left * better[peak])
    if not len(below):
        return None
    k = peak + int(below[0])
    return float(np.interp(left * better[peak], [better[k], better[k - 1]], [days[k], days[k - 1]]))


def curves(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every curve of ``CURVES`` (days,)."""
    lost = people_of(values).weight @ neck_force_loss(product, units, days, values)
    placebo = twstrs_change(product, 0.0, days, values)
    return {
        "twstrs_change": placebo - values["twstrs_points_per_force"] * lost,
        "twstrs_change_placebo": placebo,
        "force": 100 * (1 - lost),
    }


def figures(product: str, units: float, values: Mapping[str, float]) -> dict[str, float | None]:
    """Every figure of ``FIGURES``."""
    days = np.array([28.0, 84.0])
    active, placebo = twstrs_change(product, units, days, values), twstrs_change(product, 0.0, days, values)
    return {
        "twstrs_change_week_4": float(active[0]),
        "over_placebo_week_4": float(active[0] - placebo[0]),
        "twstrs_change_week_12": float(active[1]),
        "half_gone_days": duration_days(product, units, values, 0.5),
    }
