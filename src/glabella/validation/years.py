"""Long-term figures: bulk, nerve signals, lines at rest and intervals of the usual person, followed for years."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from glabella.evidence import load_parameters
from glabella.evidence.long_term_designs import load_designs
from glabella.evidence.published import PublishedRow
from glabella.names import SIDES
from glabella.patient import Patient
from glabella.population.arms import dosed_plan
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import MuscleDose, muscle_doses, spread_toxin
from glabella.stages.junction.course import junction_kinetics
from glabella.treatment import Person, build_person
from glabella.validation.chain import TOLERANCE, stage_parameters
from glabella.years.ageing import DAYS_A_YEAR
from glabella.years.allowed import label_interval_days
from glabella.years.follow import OnePerson, Schedule, Trajectory, follow_one, one_person, session_responses
from glabella.years.nerves import take_up

AREA = {"glabellar": "glabellar", "lateral_canthal": "lateral_canthal_left"}
NODE, WEIGHT = np.polynomial.hermite_e.hermegauss(31)
SPREADS = ("person_half_life_sd_ln", "person_sensitivity_sd_ln")
Values = Mapping[str, float]


@cache
def _person() -> Person:
    return build_person(None, Patient(), load_parameters(), compiled=False)


@cache
def _doses(product: str, indication: str, units: float) -> Mapping[str, MuscleDose]:
    plan = dosed_plan(product, indication, units)
    person = _person()
    boluses = place_boluses(plan.sessions[0], plan, person.anatomy, load_parameters())
    return muscle_doses(person.anatomy, (spread_toxin(person.spread, boluses, TOLERANCE),))


@dataclass(frozen=True)
class Someone:
    """The usual person treated as the row says, for one set of parameter values."""

    row: PublishedRow
    values: Values

    @property
    def area(self) -> str:
        """Area that is looked at."""
        return AREA[self.row.indication]

    def one(self, patient: Patient | None = None) -> OnePerson:
        """The laws and the uptake."""
        parameters = stage_parameters(self.values)
        kinetics = junction_kinetics(parameters, self.row.product)
        taken = take_up(_doses(self.row.product, self.row.indication, self.row.dose_units), kinetics, kinetics.half_dose_units_per_mm3)
        return one_person(taken, kinetics, _person().skin, (self.area,), patient or Patient(), parameters)

    def follow(self, schedule: Schedule, days: np.ndarray, patient: Patient | None = None) -> Trajectory:
        """Their years."""
        return follow_one(self.one(patient), schedule, days)

    def once(self, days: np.ndarray) -> Trajectory:
        """One session."""
        return self.follow(Schedule((0.0,)), days)

    @property
    def day(self) -> float:
        """Day of the figure."""
        return float(self.row.day or 0.0)


def _bulk_loss(who: Someone) -> float:
    return 100 * (1 - who.once(np.array([0.0, who.day])).curves["muscle", who.row.endpoint, "bulk"][-1])


def _emg_loss(who: Someone) -> float:
    curves = who.once(np.array([0.0, who.day])).curves
    return 100 * (1 - float(np.mean([curves["muscle", f"{who.row.endpoint}_{side}", "force"][-1] for side in SIDES])))


def _spasm_residuals(who: Someone) -> np.ndarray:
    """Loss of force in percent at the end of every interval."""
    design = load_designs()["hemifacial_spasm"]
    days = np.arange(0.0, design["years"] * DAYS_A_YEAR, design["interval_days"])
    found = who.follow(Schedule(tuple(days[:-1])), days)
    return 100 * (1 - found.curves["muscle", "orbicularis_oculi_lateral_left", "force"][1:])


def _residual(who: Someone) -> float:
    return float(_spasm_residuals(who)[-1])


def _residual_growth(who: Someone) -> float:
    left = _spasm_residuals(who)
    design = load_designs()["hemifacial_spasm"]
    first = int(design["growth_from_year"] * DAYS_A_YEAR // design["interval_days"]) - 1
    return float(left[-1] - left[first])


def _cleared(who: Someone) -> tuple[np.ndarray, np.ndarray]:
    """Weight (nodes,) of people who have a line at rest at entry, and their chance (nodes, cycles) to show none at some visit."""
    design = load_designs()["resting_lines"]
    cycle, count = design["cycle_months"] * DAYS_A_YEAR / 12, int(design["cycles"])
    starts = np.arange(count) * cycle
    seen = np.array([design[name] for name in design if name.startswith("visit_")])
    visits = (starts[:, None] + np.minimum(seen, cycle - 1)).ravel()
    depth = who.follow(Schedule(tuple(starts)), np.append(0.0, visits)).curves["skin", who.area, "depth_rest_mm"]
    noise, border = who.values["investigator_noise_sd_ln"], who.values["wrinkle_mild_from_mm"]
    own = who.values["person_resting_line_sd_ln"] * NODE
    none = ndtr((np.log(border) - np.log(np.maximum(depth, 1e-12)) - own[:, None]) / noise)
    entered = WEIGHT * (1 - none[:, 0])
    return entered / entered.sum(), 1 - np.prod(1 - none[:, 1:].reshape(len(NODE), count, -1), axis=2)


def _odds_ratio(who: Someone) -> float:
    weight, cleared = _cleared(who)
    share = weight @ cleared
    odds = share / (1 - share)
    return float((odds[-1] / odds[0]) ** (1 / (len(odds) - 1)))


def _cleared_percent(who: Someone) -> float:
    weight, cleared = _cleared(who)
    return 100 * float(weight @ (cleared[:, 0] if who.row.endpoint == "first_cycle" else cleared.prod(1)))


def _change(name: str) -> Callable[[Someone], float]:
    def change(who: Someone) -> float:
        depth = who.once(np.array([0.0, who.day])).curves["skin", who.area, name]
        return 100 * float(depth[-1] / depth[0] - 1)

    return change


def _intervals(who: Someone) -> np.ndarray:
    visit, design = stage_parameters(who.values)["years_visit_interval_days"], load_designs()["intervals"]
    schedule = Schedule(grade=design["returns_to_grade"], least_days=label_interval_days(who.row.product), visit_days=visit)
    return np.diff(who.follow(schedule, np.array([0.0, design["followed_years"] * DAYS_A_YEAR])).sessions)


def _interval_change(who: Someone) -> float:
    gaps = _intervals(who)
    return float(gaps[-1] - gaps[0])


def _second_lasts_longer(who: Someone) -> float:
    design = load_designs()["canthal_second"]
    again = design["second_day"]
    found = who.follow(Schedule((0.0, again)), np.array([0.0, again + design["followed_days"]]))
    ends = Patient().baseline[who.area].contraction - design["over_within_grades"]
    first, second = session_responses(found, ends)["days_until_back"]
    return float(second - (first if np.isfinite(first) else again))


FIGURES: Mapping[str, Callable[[Someone], float]] = {
    "bulk_loss_percent": _bulk_loss,
    "emg_loss_percent": _emg_loss,
    "nerve_signal_residual_percent": _residual,
    "nerve_signal_growth_percent": _residual_growth,
    "resting_lines_odds_ratio": _odds_ratio,
    "resting_lines_cleared_percent": _cleared_percent,
    "static_change_percent": _change("depth_rest_mm"),
    "dynamic_change_percent": _change("depth_contraction_mm"),
    "interval_change_days": _interval_change,
    "interval_days": lambda who: float(_intervals(who).mean()),
    "second_lasts_longer_days": _second_lasts_longer,
}


QUANTITIES = tuple(FIGURES)
SHARES = ("resting_lines_cleared_percent",)


def predict_years(rows: Sequence[PublishedRow], sets: Sequence[Values]) -> tuple[np.ndarray, np.ndarray]:
    """Each row for each set (sets, rows), and the spread between people (rows,).

    That spread is from half-lives and sensitivities alone, one standard deviation either way.
    """
    with threadpool_limits(1):
        values = np.array([[FIGURES[row.quantity](Someone(row, values)) for row in rows] for values in sets])
        moved = [
            [[FIGURES[row.quantity](Someone(row, _moved(sets[0], name, sign))) for row in rows] for sign in (-1, 1)] for name in SPREADS
        ]
    halves = np.diff(np.array(moved), axis=1)[:, 0] / 2
    return values, np.sqrt((halves**2).sum(0))


def _moved(values: Values, spread: str, sign: int) -> Values:
    """A person one standard deviation away."""
    factor = float(np.exp(sign * values[spread]))
    if spread == "person_half_life_sd_ln":
        return {**values, "light_chain_half_life_days": values["light_chain_half_life_days"] * factor}
    return {**values, "junction_d50_units_per_mm3": values["junction_d50_units_per_mm3"] / factor}
