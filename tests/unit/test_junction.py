import numpy as np
import pytest
from tests.uptake import Uptake, dose_for_ratio, log_normal

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.stages.junction import block_junctions, blocked_share
from glabella.stages.junction.products import OTHERS, REFERENCE

PARAMETERS = load_parameters()
DAYS = np.concatenate([[0, 0.5, 1, 1.5, 2], np.arange(3, 181)])
TODAY = np.zeros(1)
TREATED = log_normal(dose_for_ratio(2.3, PARAMETERS), 0.5)


def block(dose, session_days=TODAY, days=DAYS, product=REFERENCE, parameters=PARAMETERS):
    return block_junctions(dose, np.asarray(session_days, dtype=float), days, parameters, product)


def test_course_rises_within_two_weeks_and_fades():
    blocked = block({"m": TREATED}).blocked["m"]
    assert blocked[0] == 0
    assert blocked[DAYS == 0.5] < 0.05
    assert blocked[DAYS == 14] > 0.8
    assert 7 <= DAYS[blocked.argmax()] <= 30
    assert blocked[DAYS == 180] < 0.15


@pytest.mark.parametrize("sessions", [1, 2])
def test_no_dose_is_exactly_no_effect(sessions):
    volume = np.array([1.0, 0.3, 7.1])
    dose = {"bare": Uptake(np.zeros((sessions, 3)), volume), "treated": Uptake(np.full((sessions, 3), 2e-3), volume)}
    blockade = block(dose, 60.0 * np.arange(sessions))
    assert (blockade.blocked["bare"] == 0).all()
    assert (blockade.active["bare"] == 1).all()
    assert blockade.blocked["treated"].max() > 0.5


@pytest.mark.parametrize("sessions", [1, 2])
def test_traces_of_dose_do_not_drift(sessions):
    blockade = block({"m": Uptake(np.full((sessions, 4), 1e-9), np.ones(4))}, 60.0 * np.arange(sessions))
    assert blockade.blocked["m"].max() < 1e-12
    assert blockade.active["m"].min() > 1 - 1e-12


def test_sprouts_give_a_little_release_back_behind_a_long_block():
    blockade = block({"m": Uptake(np.full((1, 2), 1.0), np.ones(2))})
    on = DAYS == 30
    assert blockade.blocked["m"][on] > 0.99
    grown = 1 - np.exp(-30 / PARAMETERS["sprout_time_days"])
    assert blockade.active["m"][on] == pytest.approx(PARAMETERS["sprout_release_share"] * grown, abs=0.02)


def test_slow_endings_keep_the_tail():
    none = PARAMETERS.with_values({"slow_ending_share": 0.0})
    with_slow, without = (block({"m": TREATED}, parameters=p).blocked["m"][-1] for p in (PARAMETERS, none))
    assert with_slow - without == pytest.approx(PARAMETERS["slow_ending_share"], rel=0.6)


def test_an_earlier_session_is_felt_before_the_first_day():
    late = block({"m": TREATED}, [-30.0])
    now = block({"m": TREATED}, days=np.concatenate([DAYS, np.arange(181, 211)]))
    np.testing.assert_allclose(late.blocked["m"], np.interp(DAYS + 30, now.days, now.blocked["m"]), atol=2e-4)
    assert late.blocked["m"][0] > 0.5


def test_a_second_session_prolongs_the_block_and_an_empty_one_changes_nothing():
    one = block({"m": TREATED}).blocked["m"]
    twice = Uptake(np.repeat(TREATED.dose_units_per_mm3, 2, axis=0), TREATED.volume_mm3)
    assert (block({"m": twice}, [0, 90]).blocked["m"][DAYS > 95] > one[DAYS > 95] + 0.1).all()
    empty = Uptake(np.concatenate([TREATED.dose_units_per_mm3, np.zeros_like(TREATED.dose_units_per_mm3)]), TREATED.volume_mm3)
    np.testing.assert_array_equal(block({"m": empty}, [0, 90]).blocked["m"], one)


def test_blocked_share_of_tissue_is_that_of_a_muscle_of_the_same_dose():
    doses = np.array([[0.0, 1e-6, 3e-4], [1e-3, 2e-3, 0.5]])
    shares = blocked_share(doses, DAYS, PARAMETERS, REFERENCE)
    assert shares.shape == (2, 3, len(DAYS))
    assert (shares[0, 0] == 0).all()
    for place in np.ndindex(doses.shape):
        muscle = block({"m": Uptake(np.full((1, 5), doses[place]), np.ones(5))})
        np.testing.assert_allclose(shares[place], muscle.blocked["m"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("product", OTHERS)
def test_a_product_has_its_own_unit_and_its_own_persistence(product):
    potency, factor = PARAMETERS[f"{product}_potency_per_unit"], PARAMETERS[f"{product}_half_life_factor"]
    slower = PARAMETERS.with_values({
        name: factor * PARAMETERS[name] for name in ("light_chain_half_life_days", "slow_ending_half_life_days")
    })
    reference = block({"m": Uptake(potency * TREATED.dose_units_per_mm3, TREATED.volume_mm3)}, parameters=slower)
    np.testing.assert_allclose(block({"m": TREATED}, product=product).blocked["m"], reference.blocked["m"], rtol=0, atol=1e-12)


def test_results_name_the_days_and_muscles_that_went_in():
    blockade = block({"procerus": TREATED, "corrugator_supercilii_left": TREATED})
    assert list(blockade.blocked) == list(blockade.active) == ["procerus", "corrugator_supercilii_left"]
    np.testing.assert_array_equal(blockade.days, DAYS)
    np.testing.assert_array_equal(blockade.blocked["procerus"], blockade.blocked["corrugator_supercilii_left"])


def test_no_sessions_at_all_is_no_effect():
    blockade = block({"m": Uptake(np.zeros((0, 3)), np.ones(3))}, [])
    assert (blockade.blocked["m"] == 0).all()


@pytest.mark.parametrize(
    ("dose", "volume", "says"),
    [
        (np.array([[-1e-6, 1e-3]]), np.ones(2), "uptake dose in m: must be finite and not negative"),
        (np.array([[np.nan, 1e-3]]), np.ones(2), "uptake dose in m: must be finite and not negative"),
        (np.array([[1e-3, 1e-3]]), np.zeros(2), "volume of m: "),
        (np.array([[1e-3, 1e-3]]), np.array([1, -1e-9]), "volume of m: "),
        (np.array([1e-3, 1e-3]), np.ones(2), r"uptake dose in m: shape \(2,\), must be"),
        (np.full((2, 2), 1e-3), np.ones(2), "uptake dose in m: shape"),
    ],
)
def test_impossible_doses_are_refused(dose, volume, says):
    with pytest.raises(InputError, match=says):
        block({"m": Uptake(dose, volume)})


@pytest.mark.parametrize("days", [np.array([]), np.array([0, 2, 1.0]), np.array([0, 1, 1.0]), np.array([0, np.inf])])
def test_days_must_rise(days):
    with pytest.raises(InputError, match="days: must be"):
        block({"m": TREATED}, days=days)


def test_an_unknown_product_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'onabotulinumtoxinA'"):
        block({"m": TREATED}, product="onabotulinumtoxina")


def test_tissue_with_a_negative_dose_is_refused():
    with pytest.raises(InputError, match="blocked_share"):
        blocked_share(np.array([-1.0]), DAYS, PARAMETERS, REFERENCE)
