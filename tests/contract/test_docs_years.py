"""docs/years.md: its example is what the model gives, its table is the CSV's, its code runs, its misses are the misses."""

import csv
import importlib.util
import re
from pathlib import Path

import pytest

from glabella.calibration.posterior import load_posterior
from glabella.evidence.other_published import other_rows
from glabella.population.arms import trial_values
from glabella.validation.judged import Judged
from glabella.validation.years import QUANTITIES, predict_years

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "years.md").read_text("utf-8")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("over_treatment_example", ROOT / "tools" / "over_treatment_example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told():
    with (ROOT / "docs" / "over-treatment.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_example_is_what_the_model_gives(tool, told):
    """The nominal run again, against the table's column: three decimals."""
    nominal = tool.example(0)
    again = {row[:5]: float(row[8]) for row in tool.rows("table", nominal, nominal)}
    names = ("variant", "scenario", "year", "quantity", "of_the_year")
    shipped = {tuple(row[name] for name in names): float(row["nominal"]) for row in told if row["variant"] == "table"}
    assert again.keys() == shipped.keys()
    for key, value in shipped.items():
        assert again[key] == pytest.approx(value, abs=1e-3), key


def test_bands_hold_their_medians_and_twice_the_sessions_leave_less_bulk(told):
    fifth = [row for row in told if row["year"] == "5" and row["of_the_year"] == "mean"]
    at_end = {(r["variant"], r["scenario"], r["quantity"]): float(r["median"]) for r in fifth}
    for row in told:
        assert float(row["low"]) <= float(row["median"]) <= float(row["high"])
    for variant in ("table", "slow_regrowth"):
        assert at_end[variant, "over_treated", "bulk_procerus"] < at_end[variant, "as_planned", "bulk_procerus"] < 1
        assert at_end[variant, "over_treated", "depth_rest_mm"] < at_end[variant, "as_planned", "depth_rest_mm"]
        assert at_end[variant, "as_planned", "depth_rest_mm"] < at_end[variant, "never", "depth_rest_mm"]


def test_the_table_of_the_page_is_the_csvs(tool, told):
    assert tool.with_table(PAGE, tool.table_lines(told)) == PAGE


def test_new_lines_are_those_of_the_model_and_of_the_page(tool):
    """The nominal column of 20 years again, and the page's table from the CSV."""
    with (ROOT / "docs" / "new-lines.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert tool.with_table(PAGE, tool.line_table(told), tool.LINES_BEGIN) == PAGE
    nominal = tool.prevention(20.0, 0)
    shipped = {row["quantity"]: float(row["nominal"]) for row in told if row["years"] == "20"}
    for row in tool.line_rows(20.0, nominal, nominal):
        assert float(row[5]) == pytest.approx(shipped[row[1]], abs=1e-3), row[1]
    medians = {(row["years"], row["quantity"]): float(row["median"]) for row in told}
    assert medians["5", "new_never"] < medians["10", "new_never"] < medians["20", "new_never"]
    assert medians["20", "fewer_new"] > 0.5
    assert nominal.depth_before_mm == pytest.approx(0.32, abs=0.005)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_its_code_runs(block, capsys):
    exec(compile(block, "years.md", "exec"), {})
    assert "mm less depth at rest" in capsys.readouterr().out


def test_its_misses_are_the_misses():
    rows = [row for row in other_rows() if row.quantity in QUANTITIES]
    values, _ = predict_years(rows, [{**trial_values(), **load_posterior().values(0)}])
    judged = {row.row: Judged(row, float(value), 0, 0, "years") for row, value in zip(rows, values[0], strict=True)}
    assert len(judged) == 16
    assert "predicts sixteen long-term figures" in PAGE
    missed = {name for name, one in judged.items() if not one.inside_tolerance}
    assert "eight agree" in PAGE
    assert len(missed) == 8
    said = {
        "koerte_procerus_volume_d365": "| 1 % less |",
        "winn_corrugator_amplitude_d21": "| 88 % less |",
        "carruthers2016_rest_odds_per_cycle": "| 1.9 |", "carruthers2016_rest_cleared_cycle1": "| 42 % |",
        "glabella3d_static_d90": "| 35 % less |",
        "glabella3d_dynamic_d30": "| 80 and 59 % less |", "glabella3d_dynamic_d90": "| 80 and 59 % less |",
        "pavicic2015_interval": "| 118 days |",
    }  # fmt: skip
    assert said.keys() == missed
    for name, words in said.items():
        assert words in PAGE
        value = abs(judged[name].predicted)
        assert any(abs(float(number) - value) < (0.5 if value > 2 else 0.3) for number in re.findall(r"[\d.]+", words)), (name, value)
