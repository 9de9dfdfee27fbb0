"""The fitted row of the masseter comes from the one row marked calibrate and from nothing else."""

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from glabella.evidence.lower_face import load_lower_parameters
from glabella.evidence.other_published import other_rows
from glabella.validation.lower_face import QUANTITIES
from tests.lower_face import person


@cache
def tool():
    spec = importlib.util.spec_from_file_location("fit_masseter", Path(__file__).parents[2] / "tools" / "fit_masseter.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_refitting_gives_the_shipped_row():
    rows = load_lower_parameters().rows
    assert tool().fit_regrowth() == rows[tool().NAME].value
    assert rows[tool().NAME].kind == "fitted"


def test_the_fit_hardly_depends_on_the_grid():
    assert tool().fit_regrowth(person=person()) == pytest.approx(load_lower_parameters()[tool().NAME], rel=0.01)


def test_no_row_marked_validate_is_read(monkeypatch):
    asked = []
    monkeypatch.setattr(tool(), "other_rows", lambda use=None: asked.append(use) or other_rows(use))
    used = tool().calibrate_rows()
    assert asked == ["calibrate"]
    assert [row.row for row in used] == [row.row for row in other_rows("calibrate") if row.quantity in QUANTITIES]
    with pytest.raises(ValueError, match="only rows marked calibrate"):
        tool().fit_regrowth([replace(row, use="validate") for row in used], person())


def test_the_lowest_day_of_a_parabola_is_exact():
    days = np.arange(0.0, 20.0)
    assert tool().lowest_day(days, (days - 7.3) ** 2) == pytest.approx(7.3)
