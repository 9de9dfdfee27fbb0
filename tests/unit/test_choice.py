"""What the planner may choose: within the label, within the goal's areas, within the limits given."""

from dataclasses import replace

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.plan import Plan
from glabella.planner.choice import find_choice
from glabella.planner.goal import Goal, Needles

FROWN, FOREHEAD = Goal("glabellar", 1, 30), Goal("forehead", 1, 30)


def with_needles(goal: Goal, **needles) -> Goal:
    return replace(goal, needles=Needles(**needles))


def test_a_start_plan_keeps_to_the_areas_of_the_goal():
    everything = Plan.label("onabotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal"))
    choice = find_choice(FROWN, everything)
    assert choice.template.areas == ("glabellar",)
    assert choice.total(choice.most) == 20


def test_what_the_label_asks_for_beside_the_goal_is_given_in_full():
    choice = find_choice(with_needles(FOREHEAD, most_units_per_site=1))
    assert choice.total(choice.least) == Plan.label("onabotulinumtoxinA", "glabellar").units
    assert choice.total(choice.most) == choice.total(choice.least) + 5


def test_no_site_of_a_person_gets_more_than_the_label():
    for goal in (FROWN, with_needles(FROWN, most_units=100, most_units_per_site=100), with_needles(FROWN, most_units_per_site=20)):
        assert np.all(find_choice(goal).most == 4)
    assert find_choice(with_needles(replace(FROWN, purpose="study"), most_units_per_site=10)).most.max() == 10


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (with_needles(FOREHEAD, most_needles=3), "most_needles = 3"),
        (with_needles(FOREHEAD, most_units=10), "most_units = 10"),
        (with_needles(FOREHEAD, sites=("procerus",)), "no allowed site in the forehead"),
        (with_needles(FROWN, sites=("frontalis_lower_left",)), "frontalis_lower_left"),
    ],
)
def test_limits_that_leave_nothing_are_named(goal, words):
    with pytest.raises(InputError, match=words):
        find_choice(goal)
