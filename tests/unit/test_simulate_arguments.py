"""Arguments of simulate() that cannot be used: one line each, before anything is computed."""

import pytest

from glabella import InputError, Plan, simulate

PLAN = Plan.label("onabotulinumtoxinA", "glabellar")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"days": float("nan")}, "days = nan: must be a whole number from 1"),
        ({"days": "ten"}, "days = ten"),
        ({"samples": -1}, "samples = -1: must be a whole number from 0"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"workers": 0}, "workers = 0: must be a whole number from 1"),
        ({"step_mm": float("nan")}, "step_mm = nan: must be from"),
        ({"depth_step_mm": 50}, "depth_step_mm = 50: must be from"),
        ({"patient": {"age_years": 40}}, "patient: must be a glabella.Patient, not dict"),
    ],
)
def test_unusable_arguments(arguments, says):
    with pytest.raises(InputError, match=says.replace(".", r"\.")):
        simulate(PLAN, **arguments)


def test_a_plan_must_be_a_plan():
    with pytest.raises(InputError, match=r"plan: must be a glabella\.Plan, not str"):
        simulate("plan.toml")


def test_a_session_after_the_last_day():
    with pytest.raises(InputError, match="session on day 120: after the last day 60"):
        simulate(PLAN.repeated(0, 120), days=60)
