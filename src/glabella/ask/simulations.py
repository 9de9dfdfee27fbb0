"""Simulations behind the answers: each a call of the library on one person, draw by draw, under a name that answers use.

``tools/build_answers.py`` runs them and keeps what they gave; a test runs them again. One more is one more function in ``SIMULATIONS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.built_people import person_of
from glabella.errors import SolverError
from glabella.evidence import Parameters, load_parameters
from glabella.label import check_plan, ensure_allowed
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.stages.unwanted import placement_offsets
from glabella.treatment import COMPILED_FROM, SAMPLE_TOLERANCE, Course, Person, day_grid, find_risks, run_course

SEED, DRAWS = 0, 48
DRAWS_FILE = "simulated_draws.csv"
DAYS = 300
PRODUCT = "onabotulinumtoxinA"
FROWN, RAISE = "maximum_frown", "brow_raise"
MOVED_SITE, MOVED_DOWN_MM = "corrugator_lateral_left", 5.0

YEARS, EVERY = 5, "every 90 days"
FEW = COMPILED_FROM - 1  # draws of the years: below this the same numbers come without the compiled kinetics


@dataclass(frozen=True)
class Quantity:
    """What one number of a simulation is: in words, and its unit."""

    what: str
    unit: str


class Bench:
    """The people and plans of the simulations, each course run once. ``draws``: how many draws of parameters and needles."""

    def __init__(self, draws: int, parameters: Parameters | None = None) -> None:
        self.draws = draws
        self.parameters = parameters or load_parameters()
        self.days = day_grid(DAYS)
        self._courses: dict[tuple[str, Plan], tuple[Course, ...]] = {}
        self._people: dict[str, Person] = {}

    def person(self, sex: str = "female") -> Person:
        """Someone of 45 with moderate lines at rest and severe ones when frowning."""
        if sex not in self._people:
            patient = Patient(45.0, sex, baseline={"glabellar": Grades(2, 3)})
            self._people[sex] = person_of(patient, self.parameters, compiled=False)
        return self._people[sex]

    @cached_property
    def licensed(self) -> Plan:
        """The licensed glabellar pattern."""
        return Plan.label(PRODUCT, "glabellar")

    def courses(self, plan: Plan, sex: str = "female") -> tuple[Course, ...]:
        """The course of each draw. The label is checked first."""
        if (sex, plan) not in self._courses:
            person = self.person(sex)
            ensure_allowed(check_plan(plan, person.patient, person.anatomy.atlas))
            with threadpool_limits(1):
                self._courses[sex, plan] = tuple(self._course(person, plan, draw) for draw in range(self.draws))
        return self._courses[sex, plan]

    def _course(self, person: Person, plan: Plan, draw: int) -> Course:
        drawn = self.parameters.draw(SEED, draw)
        offsets = [placement_offsets(list(session.sites), SEED, draw, n, drawn) for n, session in enumerate(plan.sessions)]
        return run_course(person, plan, self.days, drawn, offsets, SAMPLE_TOLERANCE)

    def movement(self, plan: Plan, expression: str, sex: str = "female") -> np.ndarray:
        """Movement of the skin in percent of before treatment (draws, days)."""
        return np.stack([course.strain.movement[expression] for course in self.courses(plan, sex)])

    def on(self, values: np.ndarray, day: float) -> np.ndarray:
        """The values of each draw on a day, linear between the days computed."""
        return np.array([np.interp(day, self.days, row) for row in values])


def _half_fallen(bench: Bench, values: np.ndarray) -> np.ndarray:
    """Day on which each row has lost half of what it will have lost at its lowest."""
    return np.array([_crossing(bench.days, -row, -(row[0] + row.min()) / 2) for row in values])


def _half_back(bench: Bench, values: np.ndarray) -> np.ndarray:
    """Day on which each row has regained half of what it lost at its lowest."""
    found = []
    for row in values:
        lowest = int(np.argmin(row))
        found.append(_crossing(bench.days[lowest:], row[lowest:], (row[0] + row[lowest]) / 2))
    return np.array(found)


def _crossing(days: np.ndarray, rising: np.ndarray, level: float) -> float:
    reached = np.flatnonzero(rising >= level)
    if not len(reached):
        raise SolverError(f"the level {level:g} is not reached by day {days[-1]:g}; simulate longer")
    i = int(reached[0])
    if i == 0:
        return float(days[0])
    return float(days[i - 1] + (days[i] - days[i - 1]) * (level - rising[i - 1]) / (rising[i] - rising[i - 1]))


def licensed_course(bench: Bench) -> dict[str, np.ndarray]:
    """The licensed glabellar pattern in the usual person: when it begins, how much movement is left, when it is back."""
    frown, raised = bench.movement(bench.licensed, FROWN), bench.movement(bench.licensed, RAISE)
    return {
        "licensed_half_fallen_day": _half_fallen(bench, frown),
        "licensed_movement_day_14": bench.on(frown, 14),
        "licensed_movement_day_30": bench.on(frown, 30),
        "licensed_movement_day_120": bench.on(frown, 120),
        "licensed_movement_day_180": bench.on(frown, 180),
        "licensed_half_back_weeks": _half_back(bench, frown) / 7,
        "licensed_brow_raise_day_30": bench.on(raised, 30),
    }


def lines(bench: Bench) -> dict[str, np.ndarray]:
    """Grades of the glabellar lines, frowning and at rest, under the licensed pattern."""
    courses = bench.courses(bench.licensed)
    frowning = np.stack([course.wrinkles.grade["glabellar"][FROWN] for course in courses])
    resting = np.stack([course.wrinkles.grade["glabellar"]["rest"] for course in courses])
    return {
        "frown_grade_day_0": frowning[:, 0],
        "frown_grade_day_30": bench.on(frowning, 30),
        "resting_grade_day_0": resting[:, 0],
        "resting_grade_day_30": bench.on(resting, 30),
        "resting_grade_day_90": bench.on(resting, 90),
        "resting_grade_last_day": resting[:, -1],
    }


def bulk(bench: Bench) -> dict[str, np.ndarray]:
    """Bulk of the corrugator after one licensed treatment."""
    muscles = [f"corrugator_supercilii_{side}" for side in ("left", "right")]
    mean = 100 * np.stack([np.mean([course.force.bulk[m] for m in muscles], axis=0) for course in bench.courses(bench.licensed)])
    return {
        "corrugator_bulk_lowest": mean.min(1),
        "corrugator_bulk_lowest_day": bench.days[mean.argmin(1)],
        "corrugator_bulk_last_day": mean[:, -1],
    }


def half_dose(bench: Bench) -> dict[str, np.ndarray]:
    """Half the labelled units at the same sites."""
    frown = bench.movement(bench.licensed.scaled(bench.licensed.units / 2), FROWN)
    return {
        "half_dose_units": np.full(bench.draws, bench.licensed.units / 2),
        "half_dose_movement_day_30": bench.on(frown, 30),
        "half_dose_half_back_weeks": _half_back(bench, frown) / 7,
    }


def forehead(bench: Bench) -> dict[str, np.ndarray]:
    """Forehead and glabella together, as licensed: what is left of raising the brows."""
    both = Plan.label(PRODUCT, ("glabellar", "forehead"))
    return {"forehead_brow_raise_day_30": bench.on(bench.movement(both, RAISE), 30)}


def man(bench: Bench) -> dict[str, np.ndarray]:
    """The licensed glabellar pattern in a man of the same age and lines."""
    frown = bench.movement(bench.licensed, FROWN, "male")
    return {"man_movement_day_30": bench.on(frown, 30), "man_half_back_weeks": _half_back(bench, frown) / 7}


def drooping_lid(bench: Bench) -> dict[str, np.ndarray]:
    """Chance of a drooping lid: the licensed pattern, and the same with one lateral corrugator site lower."""
    moved = bench.licensed.move(MOVED_SITE, up_mm=-MOVED_DOWN_MM)
    return {
        "lid_licensed": _lid_percent(bench, bench.licensed),
        "lid_moved": _lid_percent(bench, moved),
        "moved_down_mm": np.full(bench.draws, MOVED_DOWN_MM),
    }


def _lid_percent(bench: Bench, plan: Plan) -> np.ndarray:
    person = bench.person()
    ensure_allowed(check_plan(plan, person.patient, person.anatomy.atlas))
    with threadpool_limits(1):
        nominal = bench.courses(bench.licensed)[0]  # brow positions are not asked for here
        risks = find_risks(person, plan, bench.parameters, nominal, [], bench.draws, SEED)
    return 100 * np.array(risks["eyelid_ptosis"].values[1:])  # the first is of the values in force, the others of the draws


def years(bench: Bench) -> dict[str, np.ndarray]:
    """Lines at rest after years of the licensed pattern, and without it."""
    from glabella.years.years import follow_years

    found = follow_years(
        bench.licensed, patient=bench.person().patient, years=YEARS, repeat=EVERY, compare=("never", "licensed"),
        samples=min(bench.draws, FEW), seed=SEED, parameters=bench.parameters,
    )  # fmt: skip
    rest = {name: scenario.samples["skin", "glabellar", "grade_rest"][:, -1] for name, scenario in found.scenarios.items()}
    treated = found.scenarios["licensed"]
    return {
        "years_followed": np.full(len(rest["never"]), float(YEARS)),
        "years_interval": np.full(len(rest["never"]), float(treated.session_days[1] - treated.session_days[0])),
        "years_rest_never": rest["never"],
        "years_rest_licensed": rest["licensed"],
    }


SIMULATIONS: tuple[Callable[[Bench], dict[str, np.ndarray]], ...] = (
    licensed_course,
    lines,
    bulk,
    half_dose,
    forehead,
    man,
    drooping_lid,
    years,
)
QUANTITIES: Mapping[str, Quantity] = {
    "licensed_half_fallen_day": Quantity("day on which half of the effect on a full frown is there", "days"),
    "licensed_movement_day_14": Quantity("movement of a full frown left on day 14", "percent"),
    "licensed_movement_day_30": Quantity("movement of a full frown left on day 30", "percent"),
    "licensed_movement_day_120": Quantity("movement of a full frown left on day 120", "percent"),
    "licensed_movement_day_180": Quantity("movement of a full frown left on day 180", "percent"),
    "licensed_half_back_weeks": Quantity("time until half of the lost movement of a frown is back", "weeks"),
    "licensed_brow_raise_day_30": Quantity("movement of raised brows left on day 30, frown lines alone treated", "percent"),
    "frown_grade_day_0": Quantity("grade of frown lines at full frown before treatment", "grade"),
    "frown_grade_day_30": Quantity("grade of frown lines at full frown on day 30", "grade"),
    "resting_grade_day_0": Quantity("grade of frown lines at rest before treatment", "grade"),
    "resting_grade_day_30": Quantity("grade of frown lines at rest on day 30", "grade"),
    "resting_grade_day_90": Quantity("grade of frown lines at rest on day 90", "grade"),
    "resting_grade_last_day": Quantity("grade of frown lines at rest on day 300", "grade"),
    "corrugator_bulk_lowest": Quantity("lowest bulk of the frown muscle after one treatment, of the untreated muscle", "percent"),
    "corrugator_bulk_lowest_day": Quantity("day of the lowest bulk of the frown muscle", "days"),
    "corrugator_bulk_last_day": Quantity("bulk of the frown muscle on day 300, of the untreated muscle", "percent"),
    "half_dose_units": Quantity("half the labelled units", "U"),
    "half_dose_movement_day_30": Quantity("movement of a full frown left on day 30, half the labelled units", "percent"),
    "half_dose_half_back_weeks": Quantity("time until half of the lost movement is back, half the labelled units", "weeks"),
    "forehead_brow_raise_day_30": Quantity("movement of raised brows left on day 30, forehead and frown lines treated", "percent"),
    "man_movement_day_30": Quantity("movement of a full frown left on day 30 in a man", "percent"),
    "man_half_back_weeks": Quantity("time until half of the lost movement is back in a man", "weeks"),
    "lid_licensed": Quantity("chance of a drooping lid, licensed frown pattern", "percent"),
    "lid_moved": Quantity("chance of a drooping lid, one lateral frown site lower", "percent"),
    "moved_down_mm": Quantity("how much lower that site is", "mm"),
    "years_followed": Quantity("length of the simulation over years", "years"),
    "years_interval": Quantity("days between its sessions", "days"),
    "years_rest_never": Quantity("grade of frown lines at rest after these years, never treated", "grade"),
    "years_rest_licensed": Quantity("grade of frown lines at rest after these years, treated as licensed", "grade"),
}


def run_simulations(draws: int) -> dict[str, np.ndarray]:
    """Every number of every simulation, for each of the first ``draws`` draws (of the years at most ``FEW``)."""
    bench = Bench(draws)
    return {key: values for simulation in SIMULATIONS for key, values in simulation(bench).items()}
