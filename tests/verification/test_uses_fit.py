"""The site-level rows come from rows marked calibrate and from nothing else, and each row of the uses matters."""

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from glabella.evidence.other_published import other_rows
from glabella.population.arms import trial_values
from glabella.uses.course import MODELS
from glabella.uses.tables import TYPE_B, USES, site_rows, use_parameters
from glabella.validation.uses import predict_uses

DAYS = np.array([14.0, 28.0, 84.0, 168.0])
DOSES = {"cervical_dystonia": 236.0, "blepharospasm": 15.0, "axillary_hyperhidrosis": 100.0, "chronic_migraine": 155.0}


@cache
def tool():
    spec = importlib.util.spec_from_file_location("fit_uses", Path(__file__).parents[2] / "tools" / "fit_uses.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_refitting_gives_the_shipped_rows():
    found = {fitted.name: fitted for fitted in tool().fit_uses()}
    shipped = {name: row for name, row in site_rows().items() if row.kind == "fitted"}
    assert set(found) == set(shipped)
    for name, row in shipped.items():
        assert (row.value, row.low, row.high) == pytest.approx((found[name].value, found[name].low, found[name].high), rel=2e-3), name


def test_no_row_marked_validate_is_read(monkeypatch):
    asked = []
    monkeypatch.setattr(tool(), "other_rows", lambda use=None: asked.append(use) or other_rows(use))
    used = {name for fitted in tool().fit_uses() for name in fitted.used}
    assert asked == ["calibrate"]
    assert {row.use for row in other_rows() if row.row in used} == {"calibrate"}
    with pytest.raises(ValueError, match="only rows marked calibrate"):
        tool().fit_uses([replace(row, use="validate") for row in tool().calibrate_rows()])


def test_persistence_at_the_glands_is_not_fitted():
    row = site_rows()["sweat_gland_persistence"]
    assert (row.value, row.kind) == (1, "assumed")


def test_rows_marked_calibrate_are_met():
    rows = [row for row in other_rows("calibrate") if row.indication in USES]
    predicted, _ = predict_uses(rows, [trial_values()])
    assert predicted[0] == pytest.approx([row.value for row in rows], abs=0.05)


@cache
def numbers(name="", value=0.0):
    """Every curve of every use, of type B, and how the predictor sees the spread of means, with one row at another value."""
    values = {**use_parameters(), **({name: value} if name else {})}
    parts = [curve for use, units in DOSES.items() for curve in MODELS[use].curves("onabotulinumtoxinA", units, DAYS, values).values()]
    parts += list(MODELS["cervical_dystonia"].curves(TYPE_B, 5000.0, DAYS, values).values())
    parts.append(np.array(list(MODELS["blepharospasm"].figures("onabotulinumtoxinA", 15.0, values).values())))
    return np.concatenate(parts)


SAMPLING = ("twstrs_change_sd_points", "tsui_improvement_sd_percent", "headache_change_sd_days", "use_duration_sd_ratio")


@pytest.mark.parametrize("name", [name for name in site_rows() if name not in (*SAMPLING, "twstrs_baseline_points")])
def test_row_moves_a_course(name):
    row = site_rows()[name]
    assert row.low < row.high
    moved = max(np.abs(numbers(name, end) - numbers()).max() for end in (row.low, row.high))
    assert moved > 1e-6


@pytest.mark.parametrize("change", [{"volume_mm3": 60000.0}, {"dose_share": 0.05}])
def test_each_muscle_of_the_neck_matters(monkeypatch, change):
    from glabella.uses import cervical_dystonia as neck

    muscles = neck.muscles_of(neck.USE)
    usual = neck.neck_force_loss("onabotulinumtoxinA", 236.0, DAYS, use_parameters())
    for k in range(len(muscles)):
        other = tuple(replace(muscle, **change) if k == at else muscle for at, muscle in enumerate(muscles))
        monkeypatch.setattr(neck, "muscles_of", lambda use, other=other: other)
        assert np.abs(neck.neck_force_loss("onabotulinumtoxinA", 236.0, DAYS, use_parameters()) - usual).max() > 1e-6


def test_rows_of_sampling_and_of_scales_move_what_validation_says():
    from glabella.uses.cervical_dystonia import improvement_percent
    from glabella.validation.uses import _person_sd

    table = use_parameters()
    quantities = {row.quantity for row in other_rows() if row.indication in USES}
    for name in SAMPLING:
        moved = table.with_values({name: table.rows[name].high})
        assert any(_person_sd(one, 100.0, moved) != _person_sd(one, 100.0, table) for one in quantities), name
    base = improvement_percent("onabotulinumtoxinA", 152.0, DAYS, table)
    assert (improvement_percent("onabotulinumtoxinA", 152.0, DAYS, table.with_values({"twstrs_baseline_points": 48})) < base).all()
