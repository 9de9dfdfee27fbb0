"""The chain, run for tests: nominal courses of a plan under parameter overrides, kept once per session of tests."""

from functools import cache

import numpy as np

from glabella.evidence import load_parameters
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.treatment import Course, build_person, day_grid, run_course

DAYS = 270


@cache
def person(overrides: tuple[tuple[str, float], ...] = ()):
    return build_person(None, Patient(), load_parameters().with_values(dict(overrides)))


def course(plan: Plan, **overrides: float) -> Course:
    """The nominal run of ``plan`` to day 270."""
    key = tuple(sorted(overrides.items()))
    parameters = load_parameters().with_values(overrides)
    return run_course(person(key), plan, day_grid(DAYS), parameters, [None] * len(plan.sessions), 1e-9)


def frown_strain(plan: Plan, **overrides: float) -> np.ndarray:
    """Glabellar strain at maximum frown (t,)."""
    return course(plan, **overrides).strain.strain["glabellar"]["maximum_frown"]


def reduction(strain: np.ndarray) -> np.ndarray:
    """Share of the untreated strain that is lost (t,)."""
    return 1 - strain / strain[0]


def milestones(lost: np.ndarray) -> dict[str, float]:
    """Days of onset (10 % lost), deepest effect, half of it gone, back within 10 % of baseline; and the deepest loss."""
    days = day_grid(DAYS)
    deepest = int(lost.argmax())

    def falls_to(level: float) -> float:
        below = np.flatnonzero(lost[deepest:] < level)
        return float(days[deepest + below[0]]) if len(below) else float("inf")

    onset = np.flatnonzero(lost > 0.1)
    return {
        "onset": float(np.interp(0.1, lost[: deepest + 1], days[: deepest + 1])) if len(onset) else float("inf"),
        "deepest_day": float(days[deepest]),
        "deepest": float(lost[deepest]),
        "half_gone": falls_to(lost[deepest] / 2),
        "back": falls_to(0.1),
    }
