import numpy as np
from tests.uptake import Uptake, dose_for_ratio, log_normal

from glabella.evidence import load_parameters
from glabella.stages.junction import Blockade, block_junctions
from glabella.stages.muscle import weaken_muscles

PARAMETERS = load_parameters()
DAYS = np.arange(0, 361.0)


def treated(parameters=PARAMETERS, days=DAYS):
    muscle = {"m": log_normal(dose_for_ratio(2.3, parameters), 0.5)}
    return block_junctions(muscle, np.zeros(1), days, parameters, "onabotulinumtoxinA")


def test_an_untreated_muscle_keeps_force_and_bulk_exactly():
    blockade = block_junctions({"m": Uptake(np.zeros((1, 2)), np.ones(2))}, np.zeros(1), DAYS, PARAMETERS, "onabotulinumtoxinA")
    force = weaken_muscles(blockade, PARAMETERS)
    assert (force.force["m"] == 1).all()
    assert (force.bulk["m"] == 1).all()


def test_force_is_active_share_times_bulk():
    blockade = treated()
    force = weaken_muscles(blockade, PARAMETERS)
    np.testing.assert_array_equal(force.force["m"], blockade.active["m"] * force.bulk["m"])
    assert force.force["m"].argmin() < force.bulk["m"].argmin()


def test_bulk_is_lowest_between_the_foot_muscle_and_the_masseter_and_returns_within_a_year():
    bulk = weaken_muscles(treated(), PARAMETERS).bulk["m"]
    assert 42 <= DAYS[bulk.argmin()] <= 77  # measured: foot muscle day 42, masseter week 11
    assert 0.5 < bulk.min() < 0.75
    assert bulk[-1] > 0.95


def test_a_muscle_blocked_for_good_shrinks_to_the_floor():
    blockade = Blockade(np.array([0, 1000.0]), {"m": np.ones(2)}, {"m": np.zeros(2)})
    assert abs(weaken_muscles(blockade, PARAMETERS).bulk["m"][-1] - PARAMETERS["muscle_bulk_floor"]) < 1e-9


def test_a_blockade_made_by_hand_follows_the_one_with_its_course():
    blockade = treated()
    by_hand = Blockade(blockade.days, blockade.blocked, blockade.active)
    full, rough = (weaken_muscles(b, PARAMETERS).bulk["m"] for b in (blockade, by_hand))
    np.testing.assert_allclose(rough, full, atol=2e-3)


def test_a_single_day_and_no_muscles_are_fine():
    assert weaken_muscles(Blockade(np.zeros(1), {"m": np.zeros(1)}, {"m": np.ones(1)}), PARAMETERS).bulk["m"] == 1
    assert weaken_muscles(Blockade(DAYS, {}, {}), PARAMETERS).force == {}
