"""Goals: TOML, presets and defaults, what may be asked, objectives of a user's own."""

from dataclasses import dataclass

import numpy as np
import pytest

import glabella as g
from glabella.planner.goal import PRESETS, Goal, Limits, Needles
from glabella.planner.objectives import BrowDropAtMost, Chance, GradeAtMost, ImprovedBy, MovementKept, SideEffectAtMost

FILE = """
area = "glabellar"
[goal]
grade_at_most = 1
on_day = 30
until_day = "60 days"
with_probability = 0.7
[keep]
brow_raise_percent = 80
brow_drop_at_most_mm = 1
with_probability = 0.85
[limits]
eyelid_ptosis = 0.02
[needles]
dose_step_units = 0.5
most_needles = 3
sites = ["procerus"]
placement_sd_mm = "2 mm"
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "goal.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_file_is_the_goal_that_it_says(write):
    goal = Goal.read(write(FILE))
    assert goal.areas == ("glabellar",)
    assert goal.wishes == (GradeAtMost("glabellar", 1, 30.0, 60.0, 0.7, "maximum_frown"),)
    assert goal.bounds == (
        MovementKept("brow_raise", 80.0, 30.0, 60.0, 0.85), BrowDropAtMost(1.0, 30.0, 60.0, 0.85), SideEffectAtMost("eyelid_ptosis", 0.02),
    )  # fmt: skip
    assert goal.needles == Needles(("procerus",), 0.5, 3, placement_sd_mm=2.0)
    assert goal.last_day == 60
    assert goal == Goal(
        "glabellar", 1, 30, 60, 0.7, keep={"brow_raise": 80}, brow_drop_at_most_mm=1, keep_probability=0.85,
        limits=Limits(eyelid_ptosis=0.02), needles=Needles(("procerus",), 0.5, 3, placement_sd_mm=2),
    )  # fmt: skip


def test_defaults():
    goal = Goal("lateral_canthal")
    assert goal.product == "onabotulinumtoxinA"
    assert (goal.on_day, goal.until_day, goal.with_probability) == (30, 30, 0.8)
    assert goal.skin_areas == ("lateral_canthal_left", "lateral_canthal_right")
    assert [wish.expression for wish in goal.wishes] == ["smile", "smile"]
    assert goal.bounds == ()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_goals_and_may_be_changed(name, write):
    ready = Goal.preset(name)
    assert ready.wishes
    assert Goal.preset(name, on_day=14, until_day=14).on_day == 14
    changed = Goal.read(write(f'preset = "{name}"\n[goal]\nwith_probability = 0.55\n[limits]\ndry_eye = 0.1\n'))
    assert changed.with_probability == 0.55
    assert changed.grade_at_most == ready.grade_at_most
    assert changed.keep == ready.keep
    assert changed.limits.given == {**ready.limits.given, "dry_eye": 0.1}


def test_objective_tables(write):
    text = 'area = "glabellar"\n[[objective]]\nkind = "improved_by"\narea = "glabellar"\ngrades = 1\non_day = 30\nuntil_day = 60\n'
    goal = Goal.read(write(text + "with_probability = 0.6\n"))
    assert goal.grade_at_most is None
    assert goal.wishes == (ImprovedBy("glabellar", 1.0, 30.0, 60.0, 0.6),)
    limit = '[[objective]]\nkind = "side_effect_at_most"\neffect = "dry_eye"\nlimit = 0.05\n'
    both = Goal.read(write(text + "with_probability = 0.6\n" + limit))
    assert both.bounds == (SideEffectAtMost("dry_eye", 0.05),)


@dataclass(frozen=True)
class SameOnBothSides:
    """An objective as a user would write it."""

    with_probability: float = 0.9
    last_day: float = 30.0

    def chance(self, reply):
        left, right = (reply.curve(("brow", side, "peak"))[:, -1] for side in ("left", "right"))
        return Chance(float((np.abs(left - right) < 1).mean()))

    def says(self):
        return "both brows within 1 mm of each other"


def test_an_objective_of_a_users_own():
    goal = Goal("glabellar", more=(SameOnBothSides(),))
    assert [o.says() for o in goal.objectives][1] == "both brows within 1 mm of each other"
    assert goal.last_day == 30


BAD = {
    "unknown area": ('"glabellar"', '"chin"', "valid: glabellar, forehead, lateral_canthal"),
    "no area": ('area = "glabellar"', "", "'area' is missing"),
    "empty area": ('"glabellar"', "[]", "no area"),
    "unknown key": ("on_day = 30", "onday = 30", "did you mean 'on_day'"),
    "unknown table": ("[limits]", "[limit]", "did you mean 'limits'"),
    "zero probability": ("= 0.7", "= 0", "nothing is asked for; give a probability above 0"),
    "certainty": ("= 0.7", "= 1", "no dose can be sure of that"),
    "days exchanged": ('"60 days"', "20", "until_day = 20 comes before on_day = 30; exchange them"),
    "half a day": ('"60 days"', "60.5", "must be a whole number; give 60 or 61"),
    "weeks": ('"60 days"', '"8 weeks"', "unit 'weeks' is not valid here"),
    "half a grade": ("grade_at_most = 1", "grade_at_most = 1.5", "give 0, 1 or 2"),
    "a grade that asks for nothing": ("grade_at_most = 1", "grade_at_most = 3", "at most 2"),
    "no site": ('sites = ["procerus"]', "sites = []", "no allowed site"),
    "unknown site": ('["procerus"]', '["proceru"]', "did you mean 'procerus'"),
    "odd step": ("dose_step_units = 0.5", "dose_step_units = 0.3", "0.5 or 1 U"),
    "step above the limit": ("dose_step_units = 0.5", "dose_step_units = 1\nmost_units = 0.5", "is larger than most_units = 0.5"),
    "step above the site's limit": ("dose_step_units = 0.5", "dose_step_units = 1\nmost_units_per_site = 0.5", "lower the step or raise"),
    "needles in parts": ("most_needles = 3", "most_needles = 2.5", "whole number"),
    "movement above what there is": ("brow_raise_percent = 80", "brow_raise_percent = 120", "at most 100"),
    "unknown movement": ("brow_raise_percent = 80", "brow_lift_percent = 80", "brow_raise_percent"),
    "limit on what is not computed": ("eyelid_ptosis = 0.02", "headache = 0.02", "has no computed probability"),
    "limit of zero": ("eyelid_ptosis = 0.02", "eyelid_ptosis = 0", "no dose can be sure of that"),
    "unknown product": ("area =", 'product = "Botx"\narea =', "onabotulinumtoxinA"),
    "product without that licence": ('area = "glabellar"', 'product = "letibotulinumtoxinA"\narea = "forehead"', "letibotulinumtoxinA"),
    "unknown preset": ("area =", 'preset = "frozen"\narea =', "keep_more_movement"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_goals_say_what_to_change(write, case):
    old, new, words = BAD[case]
    assert old in FILE
    with pytest.raises(g.InputError) as caught:
        Goal.read(write(FILE.replace(old, new, 1)))
    assert words in str(caught.value), str(caught.value)
    assert "goal.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


SURE = "with_probability = 0.8"
BAD_OBJECTIVES = {
    "no kind": ("", "valid: brow_drop_at_most"),
    "unknown kind": ('kind = "grade_at_least"', "did you mean 'grade_at_most'"),
    "something missing": ('kind = "improved_by"\narea = "glabellar"', "improved_by needs area, grades, on_day"),
    "unknown field": ('kind = "improved_by"\nareas = "glabellar"', "did you mean 'area'"),
    "unknown area": (f'kind = "improved_by"\narea = "chin"\ngrades = 1\non_day = 30\nuntil_day = 30\n{SURE}', "1: improved_by: area"),
    "a word for a day": ('kind = "improved_by"\non_day = "soon"', "not a number"),
    "days exchanged": (
        f'kind = "movement_kept"\nexpression = "smile"\npercent = 50\non_day = 30\nuntil_day = 10\n{SURE}', "comes before on_day",
    ),
    "zero probability": ('kind = "movement_kept"\nwith_probability = 0', "above 0"),
    "more than all": ('kind = "movement_kept"\npercent = 101', "at most 100"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_OBJECTIVES)
def test_bad_objectives_say_what_to_change(write, case):
    text, words = BAD_OBJECTIVES[case]
    with pytest.raises(g.InputError) as caught:
        Goal.read(write(f'area = "glabellar"\n[[objective]]\n{text}\n'))
    assert words in str(caught.value), str(caught.value)
    assert "goal.toml, objective 1" in str(caught.value)


def test_a_goal_without_a_wish():
    with pytest.raises(g.InputError, match="nothing is asked for"):
        Goal("glabellar", grade_at_most=None)
    with pytest.raises(g.InputError, match="nothing is asked for"):
        Goal("glabellar", grade_at_most=None, more=(SideEffectAtMost("dry_eye", 0.1),))
