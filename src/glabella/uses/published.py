"""The published figures beside a course: rows of ``trials/other.csv`` of the same use, product and dose, with their placebo arms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glabella.evidence.other_published import other_rows
from glabella.evidence.published import PublishedRow

if TYPE_CHECKING:
    from glabella.uses.course import UseCourse

CURVE_OF: Mapping[str, tuple[str, str]] = {  # quantity -> curve of an active arm, curve of a placebo arm
    "twstrs_change_points": ("twstrs_change", "twstrs_change_placebo"),
    "sweat_responder_percent": ("responders", "responders_placebo"),
    "hdss_responder_percent": ("hdss_responders", ""),
    "headache_days_change": ("headache_days_change", "headache_days_change_placebo"),
}
FIGURE_OF: Mapping[str, str] = {  # quantity -> figure of an active arm
    "hdss_duration_median_days": "median_duration_days",
    "lid_effect_onset_days": "onset",
    "lid_effect_peak_days": "peak",
    "lid_effect_duration_days": "duration",
}


@dataclass(frozen=True)
class Beside:
    """A published row and what the course says of it; None where the course does not reach it or has no such number."""

    row: PublishedRow
    model: float | None
    not_reached: bool = False  # the model has such a number, and it lies beyond the days that are followed

    @property
    def missed(self) -> bool:
        """Whether the course lies outside the tolerance that was written beforehand."""
        if self.model is None:
            return self.not_reached and self.row.relation != ">="
        error = self.model - self.row.value
        met = (self.row.relation == ">=" and error >= 0) or (self.row.relation == "<=" and error <= 0)
        return not met and abs(error) > self.row.tolerance + 1e-9


def published_beside(use: str, product: str, dose_units: float) -> tuple[PublishedRow, ...]:
    """Rows of the same use, product and dose, and the placebo rows of their trials; without units the placebo rows alone."""
    rows = [row for row in other_rows() if (row.indication, row.product) == (use, product)]
    active = [row for row in rows if row.arm == "active" and row.dose_units == dose_units]
    trials = {row.trial for row in (active or rows)} if active or not dose_units else set()
    return tuple(row for row in rows if row in active or (row.arm == "placebo" and row.trial in trials))


def curve_name(row: PublishedRow) -> str:
    """The curve on which the figure lies; empty where none does."""
    active, placebo = CURVE_OF.get(row.quantity, ("", ""))
    if row.endpoint == "placebo_first":
        return ""
    return placebo if row.arm == "placebo" else active


def beside(course: "UseCourse") -> tuple[Beside, ...]:
    """Every published figure of the course's use, product and dose with what the course says, rows at their values."""
    figures = {figure.name: figure.at_values for figure in course.figures}
    found = []
    for row in published_beside(course.use, course.product, course.dose_units):
        name, model, not_reached = curve_name(row), None, False
        if name and row.day is not None and row.day <= course.days[-1]:
            model = float(np.interp(row.day, course.days, course.curve(name).at_values))
        elif row.arm == "active" and row.quantity in FIGURE_OF:
            model = figures[FIGURE_OF[row.quantity]]
            not_reached = model is None
        found.append(Beside(row, model, not_reached))
    return tuple(found)


def figure_words(row: PublishedRow) -> str:
    """'sweat responder percent at week 16'."""
    when = f" at week {row.day / 7:g}" if row.day else ""
    arm = ", placebo" if row.arm == "placebo" else ""
    what = row.quantity.replace("_", " ").replace("hdss", "severity scale").replace("twstrs", "TWSTRS").replace("tsui", "Tsui scale")
    return f"{what.removesuffix(' percent').removesuffix(' points').removesuffix(' days')}{arm}{when}"


def missed_sentences(course: "UseCourse") -> list[str]:
    """What the course gets wrong beyond tolerance, one figure each."""
    return [
        f"{figure_words(one.row)}: published {one.row.value:g}, here {number_words(one.model, one.row.unit)}"
        for one in beside(course)
        if one.missed
    ]


def value_words(row: PublishedRow) -> str:
    """'at most 3 days'."""
    bound = {"=": "", ">=": "at least ", "<=": "at most "}[row.relation]
    return f"{bound}{row.value:g} {unit_words(row.unit)}"


def number_words(value: float | None, unit: str = "") -> str:
    """'12.0 days', or that it is not reached."""
    return "not reached" if value is None else f"{value:.1f} {unit_words(unit)}".rstrip()


def unit_words(unit: str) -> str:
    """'%', or the unit in words."""
    return "%" if unit == "percent" else unit.replace("_", " ")
