"""The parameter table: readable, sourced, and its errors name row and column."""

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.evidence.parameters import COLUMNS, read_parameters, stream
from glabella.evidence.sources import load_references

HEADER = ",".join(COLUMNS)
ROW = "a_mm,1,0.5,2,mm,assumed,yes,skin,assumed_here,why"


def test_shipped_table_is_sourced():
    table = load_parameters()
    keys = set(load_references())
    assert len(table) > 80
    for row in table.rows.values():
        assert row.source in keys, row.name
        assert row.low <= row.value <= row.high
        if row.source == "assumed_here":
            assert row.kind in ("assumed", "fitted"), row.name
            assert row.note, f"{row.name}: an assumed value says why"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x,y\n", "header"),
        (f"{HEADER}\n{ROW}\n{ROW}\n", "line 3: parameter 'a_mm' appears twice"),
        (f"{HEADER}\n{ROW.replace(',1,', ',one,')}\n", "line 2, column value"),
        (f"{HEADER}\n{ROW.replace('0.5', '1.5')}\n", "low <= value <= high"),
        (f"{HEADER}\n{ROW.replace('assumed,yes', 'guess,yes')}\n", "column kind"),
        (f"{HEADER}\n{ROW.replace('yes', 'perhaps')}\n", "column drawn"),
        (f"{HEADER}\n{ROW.replace('assumed_here', '')}\n", "column source"),
    ],
)
def test_errors_name_row_and_column(text, says):
    with pytest.raises(InputError, match=says):
        read_parameters(text)


def test_unknown_name_gives_the_nearest():
    table = read_parameters(f"{HEADER}\n{ROW}\n")
    with pytest.raises(InputError, match="did you mean 'a_mm'"):
        table["a_mn"]
    with pytest.raises(InputError, match="finite"):
        table.with_values({"a_mm": float("nan")})


def test_reading_is_noted_and_overrides_change_the_hash():
    table = load_parameters()
    name = next(iter(table.rows))
    changed = table.with_values({name: table.rows[name].high + 1})
    assert changed.sha256 != table.sha256
    assert table.recording().read == ()
    fresh = table.recording()
    assert fresh[name] == table.rows[name].value
    assert fresh.read == (name,)


def test_draws_stay_in_range_repeat_and_keep_overrides():
    table = read_parameters(f"{HEADER}\n{ROW}\nb_mm,1,0,3,mm,assumed,no,skin,assumed_here,why\n")
    values = np.array([table.draw(3, n)["a_mm"] for n in range(400)])
    assert values.min() >= 0.5
    assert values.max() <= 2
    assert values.std() == pytest.approx(np.sqrt((0.25 + 1 + 4 - 0.5 - 1 - 2) / 18), rel=0.15)  # triangular(0.5, 1, 2)
    assert table.draw(3, 7)["a_mm"] == table.draw(3, 7)["a_mm"] != table.draw(4, 7)["a_mm"]
    assert table.draw(3, 7)["b_mm"] == 1
    assert table.with_values({"a_mm": 9.0}).draw(3, 7)["a_mm"] == 9.0


def test_streams_are_independent_of_each_other():
    a, b = stream(1, "x", 0).random(2000), stream(1, "x", 1).random(2000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.08
