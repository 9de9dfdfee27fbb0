"""Side effects of one nominal person, from the scatter of needles."""

from collections.abc import Mapping
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters, load_parameters
from glabella.patient import Patient
from glabella.population.arms import dosed_plan
from glabella.treatment import PEAK_DAYS, build_person, find_risks, run_course, with_label_rates

TOLERANCE = 1e-6
PARAMETER_DRAWS = 16
COMPONENTS = {"horizontal_compression": (0, -1.0), "vertical_stretch": (1, 1.0)}
REGIONS = ("glabella", "forehead", "face")


@dataclass(frozen=True)
class Chance:
    """Chance of a side effect in percent with the 90 % band over the table's rows."""

    percent: float
    low: float
    high: float


def stage_parameters(values: Mapping[str, float]) -> Parameters:
    """The table of the stages with those of ``values`` that are its rows."""
    table = load_parameters()
    return table.with_values({name: value for name, value in values.items() if name in table.rows})


def predict_unwanted(product: str, indication: str, units: float, values: Mapping[str, float]) -> dict[str, Chance]:
    """Chance of each side effect after one session in the nominal person; a placebo reaches nothing."""
    if not units:
        return {}
    with threadpool_limits(1):
        parameters = stage_parameters(values)
        person = build_person(None, Patient(), parameters)
        plan = dosed_plan(product, indication, units)
        course = run_course(person, plan, PEAK_DAYS, parameters, [None], TOLERANCE)
        chances = with_label_rates(plan, find_risks(person, plan, parameters, course, [], PARAMETER_DRAWS, seed=0))
    return {name: Chance(100 * chance.value, 100 * chance.low, 100 * chance.high) for name, chance in chances.items()}
