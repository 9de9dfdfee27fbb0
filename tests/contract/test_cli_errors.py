"""Bad input on the command line: exit code 2, one line on stderr that says what, where and what to do, no traceback."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.plan import Plan

PLAN = """
purpose = "person"
product = "onabotulinumtoxinA"
[dilution]
vial_units = 100
diluent_ml = 2.5
[[session]]
day = 0
[[session.injection]]
site = "corrugator_lateral_left"
depth_mm = 5
units = 4
"""


PROGRESS = re.compile(r"[a-z ]+ +\d+%")  # on a busy machine there may be some before the error


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def one_line(result, code, *words):
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    (line,) = (line for line in result.stderr.splitlines() if not PROGRESS.fullmatch(line))
    for word in words:
        assert word in line, line
    return line


@pytest.fixture
def write(tmp_path):
    def write(old="", new="", name="plan.toml", text=PLAN):
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new) if old else text)
        return path

    return write


BAD_PLANS = {
    "unknown site": ("corrugator_lateral_left", "corugator_lateral_left", "did you mean 'corrugator_lateral_left'"),
    "unknown product": ("onabotulinumtoxinA", "onabotulinumtoxin", "did you mean 'onabotulinumtoxinA'"),
    "brand instead of product": ("onabotulinumtoxinA", "Xeomin", "did you mean 'incobotulinumtoxinA'"),
    "unknown key": ("units = 4", "unitz = 4", "did you mean 'units'"),
    "unknown unit": ("units = 4", 'units = "4 IU"', "unit 'IU' is not valid here"),
    "unknown unit of length": ("depth_mm = 5", 'depth_mm = "5 milimeter"', "valid: mm"),
    "negative dose": ("units = 4", "units = -4", "above 0"),
    "dose that is no number": ("units = 4", "units = nan", "finite"),
    "dose with hundreds of digits": ("units = 4", f"units = 1{400 * '0'}", "401 digits"),
    "more vials than anybody opens": ("[dilution]", "vials = 1e300\n[dilution]", "at most 1000"),
    "litres at one site": ("diluent_ml = 2.5", "diluent_ml = 1e6", "1e-06 to 5 mL at one site"),
    "next to nothing at one site": ("units = 4", "units = 1e-300", "mL at one site"),
    "offset beyond any face": ("units = 4", "units = 4\nlateral_mm = 1e9", "at most 150"),
    "pattern that is no name": ("day = 0", "day = 0\npattern = [3]", "names in quotes"),
    "infinite dose": ("units = 4", "units = inf", "finite"),
    "more units than the vials hold": ("units = 4", "units = 101", "more than the 100 U in 1 vial(s)"),
    "diluent volume zero": ("diluent_ml = 2.5", "diluent_ml = 0", "above 0"),
    "injection volume zero": ("units = 4", "units = 4\nvolume_ml = 0.0", "above 0"),
    "empty plan": (PLAN[PLAN.index("[[session]]") :], "", "empty"),
    "empty session": (PLAN[PLAN.index("[[session.injection]]") :], "", "no injections"),
    "malformed TOML": ("units = 4", "units = = 4", "line 12"),
    "malformed TOML at the end": ("units = 4", "units = ", "line 12"),
    "another product in the session": ("units = 4", 'units = 4\nproduct = "abobotulinumtoxinA"', "not interchangeable"),
    "units of another product": ("units = 4", 'units = "10 Dysport units"', "never converted"),
}


@pytest.mark.parametrize("command", ["check", "simulate"])
@pytest.mark.parametrize("case", BAD_PLANS)
def test_bad_plan_files(write, command, case):
    old, new, words = BAD_PLANS[case]
    one_line(run(command, write(old, new)), 2, "plan.toml", words)


BAD_PATIENTS = {
    "under 18": ("age_years = 17", "18 years and over"),
    "unknown key": ("agee_years = 30", "did you mean 'age_years'"),
    "unknown condition": ('conditions = ["pregnant"]', "did you mean 'pregnancy'"),
    "unknown unit": ('age_years = "40 months"', "valid: years"),
    "malformed TOML": ('sex = "female', "line 1"),
    "no number": ("age_years = nan", "finite"),
}


@pytest.mark.parametrize("command", ["check", "simulate"])
@pytest.mark.parametrize("case", BAD_PATIENTS)
def test_bad_patient_files(write, command, case):
    text, words = BAD_PATIENTS[case]
    one_line(run(command, write(), "--patient", write(name="person.toml", text=text)), 2, "person.toml", words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("depth_mm = 5", "depth_mm = 5\nlateral_mm = 300", "outside"),
        ("depth_mm = 5", "depth_mm = 5\nup_mm = 120", "outside"),
        ("depth_mm = 5", "depth_mm = 5\nup_mm = -25", "outside"),  # over the open eye
        ("depth_mm = 5", "depth_mm = 30", "deeper than a needle"),
        ("depth_mm = 5", "depth_mm = 11", "through the bone"),
    ],
)
def test_needles_that_cannot_be(write, old, new, words):
    one_line(run("check", write(old, new)), 2, "corrugator_lateral_left", words)


def test_a_needle_through_bone_is_bad_input_for_the_simulation(write):
    one_line(run("simulate", write("depth_mm = 5", "depth_mm = 12"), "--samples", 0, "--days", 1), 2, "corrugator_lateral_left", "bone")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek", "plan.toml"], "did you mean 'check'"),
        (["check"], "PLAN.toml"),
        (["check", "plan.toml", "--jsn"], "--json"),
        (["check", "no-such-plan.toml"], "no such file"),
        (["check", "."], "is a directory"),
        (["show", "muscle"], "did you mean 'muscles'"),
        (["simulate", "plan.toml", "--days", "0"], "--days"),
        (["simulate", "plan.toml", "--days", "soon"], "--days"),
        (["simulate", "plan.toml", "--samples", "-1"], "--samples"),
        (["simulate", "plan.toml", "--seed", "-1"], "--seed"),
        (["simulate", "plan.toml", "--patient", "nobody.toml"], "no such file"),
        (["simulate", "plan.toml", "--set", "tissue_porosity"], "NAME=VALUE"),
        (["simulate", "plan.toml", "--set", "tissue_porosity=much"], "NAME=VALUE"),
        (["simulate", "plan.toml", "--set", "interpupillary_distance_femal_mm=60"], "did you mean 'interpupillary_distance_female_mm'"),
        (["simulate", "plan.toml", "--set", "interpupillary_distance_female_mm=nan"], "finite"),
        (["simulate", "plan.toml", "--set", "tissue_porosity=-1"], "must not be negative"),
        (["simulate", "plan.toml", "--set", "tissue_porosity=0", "--samples", "0", "--days", "1"], "nothing can be computed"),
        (["show", "face", "--out", "face.pdf"], "must end in .png"),
        (["show", "muscles", "--out", "muscles.gif"], "must end in .png or .svg or .pdf"),
        (["simulate", "plan.toml", "--out", "plan.toml"], "is a file"),
        (["simulate", "plan.toml", "--out", "plan.toml/below"], "cannot be written"),
        (["demo", "--out", "plan.toml/below"], "cannot be written"),
        (["simulate", "plan.toml", "--out", "."], "output folder"),
        (["show", "products", "--out", "missing/products.txt"], "no such file"),
        (["show", "products", "--out", "."], "is a folder"),
    ],
)
def test_bad_arguments(write, monkeypatch, tmp_path, arguments, words):
    write()
    monkeypatch.chdir(tmp_path)
    started = time.perf_counter()
    one_line(run(*arguments), 2, words)
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.toml"]
    assert time.perf_counter() - started < 60  # found before any computation


def test_a_session_after_the_last_day(write):
    one_line(run("simulate", write("day = 0", "day = 45"), "--days", 45), 2, "session on day 45", "--days")


def test_a_report_does_not_replace_the_folder_one_is_in(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    one_line(run("demo", "--out", "."), 2, "holds the folder that you are in")
    one_line(run("demo", "--out", ""), 2, "holds the folder that you are in")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(write, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    one_line(run("simulate", write(), "--out", closed / "report"), 2, "permission denied")


def test_a_refused_plan_has_exit_code_1(tmp_path):
    plan = tmp_path / "plan.toml"
    Plan.label("onabotulinumtoxinA").with_units("procerus", 5).write(plan)
    checked = run("check", plan)
    assert checked.exit_code == 1
    assert checked.stderr == ""
    assert checked.stdout.startswith("refuse  day 0, glabellar: 21 U")
    as_json = run("check", plan, "--json")
    assert as_json.exit_code == 1
    assert '"allowed": false' in as_json.stdout
    result = run("simulate", plan, "--samples", 0, "--days", 1)
    assert result.exit_code == 1
    assert "refused: day 0, glabellar: 21 U" in one_line(result, 1)
    assert result.stdout == ""


def test_a_licensed_plan_is_allowed(tmp_path):
    plan = tmp_path / "plan.toml"
    Plan.label("onabotulinumtoxinA").write(plan)
    result = run("check", plan)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "allowed for purpose 'person': 20 U of onabotulinumtoxinA" in result.stdout


def test_help_and_products_need_no_simulation():
    for arguments in (["--help"], [], ["simulate", "--help"], ["--version"], ["show", "products"]):
        result = run(*arguments)
        assert result.exit_code == 0, arguments
        assert result.stdout
    assert "incobotulinumtoxinA (Xeomin)" in run("show", "products").stdout
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, glabella.cli; print('scipy' in sys.modules, 'matplotlib' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert loaded.stdout.split() == ["False", "False"]


def test_an_interrupted_run_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "glabella.cli", "demo", "--out", str(tmp_path / "out"), "--samples", "2000"]
    listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a test run in the background would pass its deafness on
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen) as process:
        assert process.stderr is not None
        assert "%" in process.stderr.readline()  # the computation is under way
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == ""
    assert errors.splitlines()[-1] == "interrupted, nothing was written"
    assert "Traceback" not in errors
    assert list(Path(tmp_path).iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_the_standard_output():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "glabella.cli", "show", "products"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == "error: the output cannot be written (no space left on device); make room, or send it elsewhere"
    assert "Traceback" not in result.stderr
