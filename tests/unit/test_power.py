"""Size and power of a trial of two arms: the formula against published numbers and against exact and simulated trials."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from glabella.calibration.posterior import Posterior, PosteriorFacts
from glabella.cli import main
from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.trial import power
from glabella.trial.design import Trial
from glabella.trial.power import SIMULATED, complete, cut, find_power, normal_power, normal_size, rates_under_null, simulate_power, succeeds
from glabella.trial.show import power_lines

EXAMPLE = Path(__file__).parents[2] / "examples" / "trial.toml"
CASES = [(0.8, 0.8, 0.1, 0.025), (0.85, 0.9, 0.15, 0.025), (0.7, 0.5, 0.0, 0.025), (0.9, 0.9, 0.1, 0.05)]
ARMS = [{"product": "onabotulinumtoxinA", "dose_units": 20}, {"name": "low", "product": "onabotulinumtoxinA", "dose_units": 10}]


def test_published_sizes():
    """Fleiss' formula without continuity correction: a textbook's 10 against 12 %, and the documentation of statsmodels."""
    assert normal_size(0.12, 0.10, 0.0, 0.025, 0.8) == 3841
    assert normal_size(0.55, 0.40, 0.0, 0.025, 0.8) == 173


def test_rates_under_the_null_hypothesis_are_the_most_likely_ones():
    rng = np.random.default_rng(0)
    for p, q, margin in [*((*rng.random(2), m) for m in (0.0, 0.05, 0.2, 0.5) for _ in range(20)), (0.9, 0.95, 0.1)]:

        def unlikely(x, p=p, q=q, margin=margin):
            logs = np.log(np.maximum([x, 1 - x, x + margin, 1 - x - margin], 1e-300))
            return -logs @ [p, 1 - p, q, 1 - q]

        best = minimize_scalar(unlikely, bounds=(0, 1 - margin), method="bounded", options={"xatol": 1e-10}).x
        assert rates_under_null(p, q, margin)[0] == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("seen", [(1, 1), (0, 0)])
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.3])
def test_everybody_or_nobody_responds(seen, margin):
    """W. N. Anderson, Farrington-Manning in the extreme case (2022): the rates lie at the edge."""
    assert rates_under_null(*seen, margin) == pytest.approx((1 - margin, 1) if seen[0] else (0, margin), abs=1e-12)


@pytest.mark.parametrize(("p", "q", "margin", "tail"), CASES)
def test_the_formula_against_the_exact_power_and_the_simulated_one(p, q, margin, tail):
    n = normal_size(p, q, margin, tail, 0.9)
    assert normal_power(p, q, margin, tail, n - 1) < 0.9 <= normal_power(p, q, margin, tail, n)
    met, against = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    wins = succeeds(met, against, n, margin, tail)
    exact = binom.pmf(np.arange(n + 1), n, p) @ wins @ binom.pmf(np.arange(n + 1), n, q)
    assert normal_power(p, q, margin, tail, n) == pytest.approx(exact, abs=0.01)
    error = np.sqrt(exact * (1 - exact) / SIMULATED)
    assert simulate_power(p, q, margin, tail, n, 1) == pytest.approx(exact, abs=4 * error)
    null = [binom.pmf(np.arange(n + 1), n, x) @ wins @ binom.pmf(np.arange(n + 1), n, x + margin) for x in np.linspace(0, 1 - margin, 21)]
    assert max(null) < 1.2 * tail


def test_no_size_suffices_where_the_arm_is_worse_by_the_margin():
    assert normal_size(0.7, 0.85, 0.15, 0.025, 0.9) is None
    assert normal_size(0.5, 0.5, 0.0, 0.025, 0.9) is None


def design(**table):
    return Trial.from_mapping({"arm": ARMS, "visit_days": [7, 30, 90], "power": {"day": 30, **table}})


def test_what_the_table_leaves_open():
    asked = complete(design())
    assert (asked.arm, asked.against, asked.kind, asked.alpha) == ("onabotulinumtoxinA 20 U", "placebo", "superiority", 0.05)
    asked = complete(design(margin_percent=10, arm="low", against="onabotulinumtoxinA 20 U"))
    assert (asked.kind, asked.alpha) == ("non_inferiority", 0.025)


BAD = {
    "unknown arm": ({"arm": "lo"}, "did you mean 'low'"),
    "unknown endpoint": ({"endpoint": "ge1_grade_improvment"}, "did you mean 'ge1_grade_improvement'"),
    "unknown kind": ({"kind": "non_inferior"}, "did you mean 'non_inferiority'"),
    "margin missing": ({"kind": "non_inferiority"}, "margin_percent is missing"),
    "margin of superiority": ({"kind": "superiority", "margin_percent": 5}, "leave one of them out"),
    "margin 0": ({"margin_percent": 0}, "above 0"),
    "negative margin": ({"margin_percent": -5}, "above 0"),
    "power 1": ({"power": 1}, "power = 1"),
    "power 0": ({"power": 0}, "power = 0"),
    "power in percent": ({"power": 90}, "at most 0.9999"),
    "alpha 0": ({"alpha": 0}, "alpha = 0"),
    "both": ({"power": 0.8, "patients": 50}, "leave one out"),
    "one patient": ({"patients": 1}, "at least 2"),
    "no such visit": ({"day": 31}, "no visit on that day"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_one_clear_error(name):
    table, words = BAD[name]
    with pytest.raises(InputError, match=words) as caught:
        design(**table)
    assert "\n" not in str(caught.value)


def test_a_trial_without_the_table_says_so(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(EXAMPLE.read_text().partition("[power]")[0])
    for arguments in ((path, "--power"), ("--product", "onabotulinumtoxinA", "--power")):
        result = CliRunner().invoke(main, ["trial", *map(str, arguments)])
        assert result.exit_code == 2
        assert "--power" in result.stderr or "[power] table" in result.stderr


@pytest.mark.parametrize(("draws", "words"), [("0", "at least 2"), ("1", "one draw tells no spread"), ("500", "must be from 1 to 199")])
def test_an_assurance_needs_draws_that_there_are(draws, words):
    result = CliRunner().invoke(main, ["trial", str(EXAMPLE), "--power", "--draws", draws])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert words in line


def test_the_trial_is_cut_after_the_visit_that_is_asked_about():
    trial = cut(Trial.read(EXAMPLE), 90.0)
    assert trial.visit_days[-1] == 90
    assert [arm.session_days for arm in trial.arms] == [(0,)] * 3
    assert cut(Trial.read(EXAMPLE), 120.0).arms[1].session_days == (0, 90)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(power, "PEOPLE", 1000)
    monkeypatch.setattr(power, "DRAW_PEOPLE", 1000)


@pytest.mark.usefixtures("few")
def test_assurance_lies_between_the_draws_and_less_potent_toxin_has_less_power():
    shipped = load_parameters()["junction_d50_units_per_mm3"]
    d50 = shipped * np.array([[1.0], [0.6], [1.0], [6.0]])
    posterior = Posterior(("junction_d50_units_per_mm3",), d50, PosteriorFacts("", 0, 0, "", 0.0, 0.0))
    table = {"endpoint": "none_or_mild_at_max_contraction", "kind": "superiority", "patients": 8}
    result = find_power(
        Trial.from_mapping({"patients": 1000, "arm": ARMS[:1], "visit_days": [30], "power": {"day": 30, **table}}), posterior
    )
    powers = result.drawn_power(8)
    assert len(powers) == 3
    assert powers[0] > powers[1] > powers[2] + 0.05
    assert powers.min() < result.assurance(8) < powers.max()
    assert result.drawn[1] == pytest.approx(result.rates), "the middle draw is the shipped value"
    assert result.patients == 8
    assert result.simulated == pytest.approx(result.power(8), abs=0.1)
    assert [result.assurance(n) for n in (20, 40)] == sorted(result.assurance(n) for n in (20, 40))


@pytest.mark.usefixtures("few")
def test_the_command_prints_the_curve_and_writes_it(tmp_path):
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["trial", str(EXAMPLE), "--patients", "1000", "--power", "--draws", "2", "--out", str(out), "--json"])
    assert result.exit_code == 0, (result.stderr, result.exception)
    document = json.loads(result.stdout)
    assert sorted(path.name for path in out.iterdir()) == ["power.json", "power.png", "power.svg"]
    assert json.loads((out / "power.json").read_text()) == document
    assert document["watermark"] == "study"
    assert 0.9 <= document["power"] < 0.92
    assert document["simulated"]["power"] == pytest.approx(document["power"], abs=0.02)
    sizes = [point["patients_per_arm"] for point in document["curve"]]
    assert document["patients_per_arm"] in sizes
    assert sizes == sorted(sizes)
    assert document["assurance"]["low"] <= document["assurance"]["mean"] <= document["assurance"]["high"]
    assert "STUDY" in (out / "power.svg").read_text()


def test_the_table_marks_the_size_and_says_when_there_is_none():
    trial = Trial.read(EXAMPLE)
    for rates, patients, words in (((0.84, 0.93), 700, ">               700"), ((0.6, 0.93), None, "no number of patients")):
        drawn = np.array([rates, np.array(rates) - 0.01])
        simulated = None if patients is None else 0.9
        result = power.PowerResult(trial, complete(trial), 1000, np.array(rates), drawn, 1.0, patients, simulated, "0")
        lines = list(power_lines(result))
        assert "STUDY" in lines[0]
        assert any(words in line for line in lines), lines
        json.dumps(result.to_json())
