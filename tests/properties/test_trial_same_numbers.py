"""A trial's numbers do not depend on who computes its blocks, in which order, or how many more people are wanted."""

import json
import pickle

import numpy as np
import pytest

from glabella import Arm, Plan, Trial, run_trial
from glabella.trial.result import validate_trial
from glabella.trial.run import BlockTask, arm_specs, prepare, run_block

ONA = "onabotulinumtoxinA"


@pytest.fixture(scope="module")
def trial():
    return Trial("small", (Arm.label(ONA),), patients=1100, visit_days=(7, 30, 60), seed=5)


@pytest.fixture(scope="module")
def text(trial):
    return json.dumps(run_trial(trial, workers=1).to_json())


def test_the_result_fits_its_schema(text):
    document = json.loads(text)
    validate_trial(document)
    assert [arm["patients"] for arm in document["arms"]] == [1100, 1100]
    active, placebo = (arm["endpoints"][0]["visits"][1]["percent"] for arm in document["arms"])
    assert active > 60 > 25 > placebo


def test_workers_change_nothing(trial, text):
    assert json.dumps(run_trial(trial, workers=2).to_json()) == text


def test_another_map_in_another_order_changes_nothing(trial, text):
    def compute(function, tasks):
        function, tasks = pickle.loads(pickle.dumps((function, tasks)))
        return reversed([pickle.loads(pickle.dumps(function(task))) for task in reversed(tasks)])

    assert json.dumps(run_trial(trial, compute=compute).to_json()) == text


def test_more_patients_begin_with_the_same_people(trial):
    spec = arm_specs(trial)[0]
    size = prepare(spec).entering
    few, more, whole = (run_block(BlockTask(spec, trial.seed, 0, people)) for people in (299, 300, size))
    assert set(np.unique(more.met - few.met)) <= {0, 1}
    assert (whole.met >= more.met).all()
    assert more.age_years - few.age_years == pytest.approx(47, abs=30)


def test_the_same_people_are_in_every_arm(trial):
    summaries = [run_block(BlockTask(spec, 9, 0, 500)) for spec in arm_specs(trial)]
    first, *others = [(s.women, s.severe, s.age_years) for s in summaries]
    assert others == [first] * len(others)


def test_a_plan_of_its_own_is_the_pattern_that_it_repeats():
    plan = Plan.label(ONA, purpose="study")
    days = (30, 120)
    pattern, own = (
        run_trial(Trial("t", (arm,), 40, days, seed=2), side_effects=False).to_json()["arms"][0]["endpoints"]
        for arm in (Arm.label(ONA), Arm("own", ONA, "glabellar", 0, plan=plan))
    )
    assert pattern == own


def test_what_is_not_known_about_the_parameters_widens_the_intervals(trial):
    result = run_trial(trial, side_effects=False)
    assert all(arm["unwanted"] == [] for arm in result.to_json()["arms"])
    key = (result.trial.arms[0].name, "none_or_mild_at_max_contraction", "investigator")
    plain, wide = (r.responders(*key) for r in (result, result.with_spread({key: np.array([0.0, 4.0, 4.0])})))
    assert (wide.percent == plain.percent).all()
    assert wide.low[0] == plain.low[0]
    assert (wide.high - wide.low)[1:] == pytest.approx(np.hypot((plain.high - plain.low)[1:], 2 * 1.96 * 4), rel=0.01)
    other = (key[0], "ge1_grade_improvement", "subject")
    assert (result.responders(*other).low == result.with_spread({key: np.ones(3)}).responders(*other).low).all()
