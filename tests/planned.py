"""A small planning problem for tests: one person on a coarse grid, few draws."""

from functools import lru_cache

from glabella.evidence import load_parameters
from glabella.patient import Grades, Patient
from glabella.planner.choice import find_choice
from glabella.planner.goal import Goal, Limits, Needles
from glabella.planner.problem import Problem, build_problem
from glabella.treatment import Person, build_person

MODERATE = Patient(baseline={"glabellar": Grades(rest=1, contraction=2)})
GOAL = Goal(
    "glabellar", 1, 30, 60, 0.7, keep={"brow_raise": 75}, brow_drop_at_most_mm=1.5, keep_probability=0.6,
    limits=Limits(eyelid_ptosis=0.02, brow_ptosis=0.05), needles=Needles(move_mm=4),
)  # fmt: skip
DRAWS, SEED = 12, 4


@lru_cache(maxsize=1)
def coarse_person() -> Person:
    return build_person(None, MODERATE, load_parameters(), step_mm=2.0, depth_step_mm=1.5)


@lru_cache(maxsize=4)
def coarse_problem(goal: Goal = GOAL) -> Problem:
    choice = find_choice(goal)
    return build_problem([coarse_person()], choice, goal.objectives, goal.on_day, load_parameters(), DRAWS, SEED)
