"""A trial's numbers do not depend on who computes its blocks, in which order, or how many more people are wanted."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from glabella import Arm, Plan, Trial, run_trial
from glabella.calibration.posterior import load_posterior
from glabella.trial.result import validate_trial
from glabella.trial.run import BlockTask, arm_specs, prepare, run_block
from glabella.trial.summary import KEYS

ONA = "onabotulinumtoxinA"


@pytest.fixture(scope="module")
def trial():
    return Trial("small", (Arm.label(ONA),), patients=1100, visit_days=(7, 30, 60), seed=5, draws=3)


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
        run_trial(Trial("t", (arm,), 40, days, seed=2, draws=2), side_effects=False).to_json()["arms"][0]["endpoints"]
        for arm in (Arm.label(ONA), Arm("own", ONA, "glabellar", 0, plan=plan))
    )
    assert pattern == own


@pytest.fixture(scope="module")
def result(trial):
    return run_trial(trial, side_effects=False)


def test_draws_widen_every_band_and_move_no_figure(trial, result):
    plain = run_trial(replace(trial, draws=0), side_effects=False)
    assert (result.band, plain.band) == ("counting and parameters", "counting")
    assert [arm["unwanted"] for arm in result.to_json()["arms"]] == [[], []]
    arm = trial.arms[0].name
    for name in ("responders", "strain_reduction", "onset", "duration"):
        wide, narrow = getattr(result, name)(arm), getattr(plain, name)(arm)
        assert (wide.percent == narrow.percent).all()
        assert (wide.low <= narrow.low).all()
        assert (wide.high >= narrow.high).all()
        assert (wide.high - wide.low).sum() > 1.2 * (narrow.high - narrow.low).sum(), name
    assert plain.to_json()["band"] == {**result.to_json()["band"], "holds": "counting", "draws": 0, "people_per_draw": 0}


def test_a_band_holds_the_root_mean_square_of_draws_and_counting(trial, result):
    """Against the same trial run with each draw by itself: as many people, of the same seed."""
    arm, spread = trial.arms[0].name, result.spread[trial.arms[0].name]
    assert (spread.draws, spread.people) == (3, prepare(arm_specs(trial)[0]).entering)
    alone = replace(trial, draws=0, patients=spread.people)
    posterior = load_posterior()
    here, *drawn = (run_trial(alone, values=posterior.values(k) if k else None, side_effects=False) for k in (0, *posterior.some(3)))
    for endpoint, rater in KEYS:
        rates = np.array([one.responders(arm, endpoint, rater).percent for one in drawn])
        distance = np.sqrt(np.mean((rates - here.responders(arm, endpoint, rater).percent) ** 2, axis=0))
        assert spread.responders[KEYS.index((endpoint, rater))] == pytest.approx(distance, abs=1e-9)
    strain = np.array([one.strain_reduction(arm).percent for one in drawn]) - here.strain_reduction(arm).percent
    assert spread.strain == pytest.approx(np.sqrt(np.mean(strain**2, axis=0)))
    plain, wide = result.with_spread({}).responders(arm), result.responders(arm)
    added = 1.96 * spread.responders[0]
    assert wide.high - wide.percent == pytest.approx(np.hypot(plain.high - plain.percent, added), rel=1e-3)
    assert wide.percent - wide.low == pytest.approx(np.hypot(plain.percent - plain.low, added), rel=1e-3)


def test_more_patients_have_the_same_spread(trial, result):
    fewer = run_trial(replace(trial, patients=40), side_effects=False)
    for arm, spread in fewer.spread.items():
        assert pickle.dumps(spread) == pickle.dumps(result.spread[arm])


def test_what_is_given_is_not_drawn(trial):
    fixed = run_trial(replace(trial, patients=40), values=load_posterior().best(), side_effects=False)
    for spread in fixed.spread.values():
        assert not any(points.any() for points in (spread.responders, spread.strain, spread.noticed, spread.keeping))
