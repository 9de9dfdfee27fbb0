"""What holds for any dose field: bounds, order in dose, indifference to how the tissue is cut into elements."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.uptake import Uptake

from glabella.evidence import load_parameters
from glabella.stages.junction import block_junctions, blocked_share
from glabella.stages.muscle import weaken_muscles

PARAMETERS = load_parameters()
DAYS = np.array([0, 1, 2, 4, 7, 14, 30, 60, 90, 120, 180, 270.0])
DOSE = st.one_of(st.just(0.0), st.floats(-18, 2).map(np.exp))  # units per mm3: none, or 1.5e-8 to 7
VOLUME = st.floats(1e-3, 10)
SESSIONS = {1: np.zeros(1), 2: np.array([0.0, 60.0])}
MERGING_ERROR = 2e-4  # twice the error stated for merged elements; a single session is exact to rounding


@st.composite
def muscles(draw, sessions=(1, 2)):
    count, elements = draw(st.sampled_from(sessions)), draw(st.integers(1, 8))
    return Uptake(draw(arrays(float, (count, elements), elements=DOSE)), draw(arrays(float, elements, elements=VOLUME)))


def block(muscle):
    return block_junctions({"m": muscle}, SESSIONS[len(muscle.dose_units_per_mm3)], DAYS, PARAMETERS, "onabotulinumtoxinA")


def slack(muscle):
    return 1e-12 if len(muscle.dose_units_per_mm3) == 1 else MERGING_ERROR


@settings(max_examples=60, deadline=None)
@given(muscles())
def test_shares_stay_between_none_and_all(muscle):
    blockade = block(muscle)
    force = weaken_muscles(blockade, PARAMETERS)
    blocked, active, bulk = blockade.blocked["m"], blockade.active["m"], force.bulk["m"]
    for share in (blocked, active, bulk, force.force["m"]):
        assert (share >= 0).all()
        assert (share <= 1).all()
    assert (active >= 1 - blocked - 1e-12).all()
    assert (active <= 1 - blocked * (1 - PARAMETERS["sprout_release_share"]) + 1e-12).all()
    assert (bulk >= PARAMETERS["muscle_bulk_floor"] - 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(muscles(), st.data())
def test_more_dose_never_blocks_less(muscle, data):
    more = muscle.dose_units_per_mm3 + data.draw(arrays(float, muscle.dose_units_per_mm3.shape, elements=DOSE))
    assert (block(Uptake(more, muscle.volume_mm3)).blocked["m"] >= block(muscle).blocked["m"] - slack(muscle)).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(DOSE, min_size=2, max_size=8))
def test_blocked_share_is_in_the_order_of_the_dose(doses):
    shares = blocked_share(np.sort(doses), DAYS, PARAMETERS, "onabotulinumtoxinA")
    assert (np.diff(shares, axis=0) >= 0).all()


@settings(max_examples=60, deadline=None)
@given(muscles(), st.randoms(use_true_random=False), st.floats(0.05, 0.95))
def test_order_and_cutting_of_elements_change_nothing(muscle, random, part):
    order = list(range(len(muscle.volume_mm3)))
    random.shuffle(order)
    dose, volume = muscle.dose_units_per_mm3[:, order], muscle.volume_mm3[order]
    cut = Uptake(np.repeat(dose, 2, axis=1), np.stack([part * volume, (1 - part) * volume], axis=1).ravel())
    expected, found = block(muscle), block(cut)
    np.testing.assert_allclose(found.blocked["m"], expected.blocked["m"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.active["m"], expected.active["m"], rtol=0, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(muscles(), muscles(sessions=(1,)))
def test_muscles_do_not_hear_of_each_other(muscle, other):
    alone = block(muscle)
    neighbour = Uptake(np.repeat(other.dose_units_per_mm3, len(muscle.dose_units_per_mm3), axis=0), other.volume_mm3)
    together = block_junctions(
        {"o": neighbour, "m": muscle}, SESSIONS[len(muscle.dose_units_per_mm3)], DAYS, PARAMETERS, "onabotulinumtoxinA"
    )
    # a session in which this muscle got nothing may be followed or left out: one path or the other, each within 1e-4
    np.testing.assert_allclose(together.blocked["m"], alone.blocked["m"], rtol=0, atol=slack(muscle))
