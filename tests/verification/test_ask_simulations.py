"""The simulations behind the answers run again: the same numbers draw by draw, and the bands shown are those of the draws."""

import csv
import io
from importlib import resources

import numpy as np
import pytest

from glabella.ask.rows import load_rows
from glabella.ask.simulations import DRAWS, DRAWS_FILE, FEW, QUANTITIES, SEED, run_simulations

AGAIN = 2  # draws: each is independent of the others and of how many there are
TOLERANCE = 1e-6  # absolute, in days, percent, grades and weeks; ten digits are kept


@pytest.fixture(scope="module")
def kept():
    text = resources.files("glabella.ask").joinpath(DRAWS_FILE).read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    return {key: np.array([float(row[key]) for row in rows if row[key]]) for key in rows[0] if key != "draw"}


def test_the_simulations_give_what_is_kept(kept):
    again = run_simulations(AGAIN)
    assert set(again) == set(kept) == set(QUANTITIES)
    for key, values in again.items():
        np.testing.assert_allclose(values, kept[key][:AGAIN], rtol=0, atol=TOLERANCE, err_msg=key)


def test_shown_numbers_and_bands_are_those_of_the_draws(kept):
    table = load_rows("simulated")
    assert set(table) == set(kept)
    for key, values in kept.items():
        cells = table[key].cells
        assert len(values) == int(cells["draws"]) == (FEW if key.startswith("years_") else DRAWS)
        assert int(cells["seed"]) == SEED
        assert (cells["what"], cells["unit"]) == (QUANTITIES[key].what, QUANTITIES[key].unit)
        low, middle, high = np.percentile(values, (5, 50, 95))
        assert float(cells["value"]) == pytest.approx(middle, abs=TOLERANCE)
        if cells["low"]:
            assert (float(cells["low"]), float(cells["high"])) == pytest.approx((low, high), abs=TOLERANCE)
        else:
            assert low == high


def test_the_numbers_are_of_the_right_kind(kept):
    for key, values in kept.items():
        unit = QUANTITIES[key].unit
        if unit == "percent":
            assert (values >= 0).all()
            assert (values <= 100 + 1e-9).all(), key
        if unit == "grade":
            assert ((values >= 0) & (values <= 3)).all(), key
    assert (kept["licensed_movement_day_30"] < kept["half_dose_movement_day_30"]).all()
    assert (kept["lid_moved"] > kept["lid_licensed"]).all()
