"""Trial designs: what is refused and how, and what a file says."""

from dataclasses import replace
from pathlib import Path

import pytest

from glabella.errors import InputError
from glabella.plan import Plan
from glabella.population.people import Mix
from glabella.trial.cohort import Cohort
from glabella.trial.design import Arm, Trial, highest_dose, parse_ages, parse_days
from glabella.trial.options import trial_from_options

ONA = "onabotulinumtoxinA"
ARM = Arm.label(ONA)
FILE = """
name = "a trial"
like = "ona_canthal_1"
patients = 50
visit_days = [30, 60]
[baseline]
age_years = [30, 60]
[[arm]]
product = "onabotulinumtoxinA"
indication = "lateral_canthal"
dose_units = 12
session_days = [0, 40]
[power]
day = 30
margin_percent = 15
"""


def test_a_placebo_arm_is_always_there():
    assert [arm.dose_units for arm in Trial("t", (ARM,)).arms] == [20, 0]
    named = Arm("saline", ONA, "glabellar", 0)
    assert [arm.name for arm in Trial("t", (named, ARM)).arms] == ["saline", ARM.name]


@pytest.mark.parametrize(
    ("indication", "most", "together"), [("glabellar", 80, ()), ("forehead", 40, (64,)), ("lateral_canthal", 36, (44,))]
)
def test_a_dose_may_be_as_high_as_in_a_published_trial(indication, most, together):
    assert highest_dose(ONA, indication) == pytest.approx(most)
    for dose in (0.5, most, *together):
        Arm.label(ONA, indication, dose)
    for dose in (most + 0.1, 1000):
        with pytest.raises(InputError, match=f"allowed: above 0 to {most:g} U"):
            Arm.label(ONA, indication, dose)


BAD_ARMS = {
    "product": (lambda: Arm.label("onabotulinumtoxin"), "did you mean 'onabotulinumtoxinA'"),
    "indication": (lambda: Arm.label(ONA, "forhead"), "did you mean 'forehead'"),
    "no such pattern": (lambda: Arm.label("abobotulinumtoxinA", "forehead"), "no licensed pattern"),
    "dose 0": (lambda: Arm.label(ONA, "glabellar", 0), "above 0"),
    "negative dose": (lambda: replace(ARM, dose_units=-1), "at least 0"),
    "dose that is no number": (lambda: Arm.label(ONA, "glabellar", float("nan")), "finite"),
    "sessions out of order": (lambda: replace(ARM, session_days=(90, 0)), "later than the one before"),
    "no sessions": (lambda: replace(ARM, session_days=()), "list of days"),
    "too many sessions": (lambda: replace(ARM, session_days=tuple(range(0, 1100, 100))), "at most 10"),
    "patients 0": (lambda: replace(ARM, patients=0), "at least 1"),
    "no name": (lambda: replace(ARM, name=" "), "not empty"),
    "another product's plan": (lambda: replace(ARM, product="abobotulinumtoxinA", plan=Plan.label(ONA)), "one product per arm"),
    "plan of another area": (lambda: replace(ARM, indication="forehead", plan=Plan.label(ONA)), "not forehead"),
    "plan whose needles change": (
        lambda: replace(ARM, plan=Plan.label(ONA).merged(Plan.label(ONA, "lateral_canthal", day=90))), "different needles",
    ),
}  # fmt: skip
BAD_TRIALS = {
    "no arms": ({"arms": ()}, "no arm"),
    "the same name twice": ({"arms": (ARM, ARM)}, "its own name"),
    "patients 0": ({"patients": 0}, "at least 1"),
    "negative patients": ({"patients": -5}, "at least 1"),
    "half a patient": ({"patients": 10.5}, "whole number"),
    "visit before day 0": ({"visit_days": (-1, 30)}, "at least 0"),
    "no visit": ({"visit_days": ()}, "list of days"),
    "visits out of order": ({"visit_days": (30, 7)}, "later than the one before"),
    "session after the last visit": ({"arms": (replace(ARM, session_days=(0, 400)),)}, "not before the last visit"),
    "endpoint": ({"endpoint": "ge1_grade_improvment"}, "did you mean 'ge1_grade_improvement'"),
    "rater": ({"endpoint": "ge2_grade_composite", "rater": "subject"}, "valid: both"),
    "rule for missing visits": ({"missing": "ignored"}, "valid: non_response, excluded"),
    "seed": ({"seed": -1}, "at least 0"),
    "severe": ({"mix": Mix(severe_share=1.2)}, "at most 0.99"),
    "female": ({"mix": Mix(female_share=-0.1)}, "at least 0"),
    "children": ({"mix": Mix(least_age_years=12)}, "at least 18"),
    "ages": ({"mix": Mix(least_age_years=60, most_age_years=30)}, "must be lower"),
    "drop-out": ({"dropout_per_day": 2}, "at most 1"),
}
BAD_FILES = {
    "unknown key": ("patients = 50", "pateints = 50", "did you mean 'patients'"),
    "unknown trial": ("ona_canthal_1", "ona_canthal1", "did you mean 'ona_canthal_1'"),
    "unknown arm key": ("dose_units = 12", "dose = 12", "unknown key 'dose'"),
    "brand as unit": ("dose_units = 12", 'dose_units = "12 Botox"', "never converted"),
    "visits as text": ("visit_days = [30, 60]", 'visit_days = "30"', "list of days"),
    "visit before day 0": ("visit_days = [30, 60]", "visit_days = [-3, 60]", "at least 0"),
    "part of a draw": ("patients = 50", "patients = 50\ndraws = 2.5", "draws = 2.5: must be a whole number"),
    "one draw": ("patients = 50", "patients = 50\ndraws = 1", "one draw tells no spread; give 0 for none"),
    "one age": ("age_years = [30, 60]", "age_years = [30]", "lowest and the highest"),
    "power without a visit": ("day = 30", "day = 45", "no visit on that day; valid: 30, 60"),
    "power of an unknown arm": ("margin_percent", 'arm = "x"\nmargin_percent', "unknown; valid: onabotulinumtoxinA 12 U, placebo"),
    "power of an unknown rater": ("margin_percent", 'rater = "both"\nmargin_percent', "valid: investigator, subject"),
    "margin 0": ("margin_percent = 15", "margin_percent = 0", "above 0"),
    "plan file that is not there": ("dose_units = 12\nsession_days = [0, 40]", 'plan = "no.toml"', "cannot be read"),
    "a plan and a dose": ("dose_units = 12", 'dose_units = 12\nplan = "no.toml"', "leave dose_units out"),
}


@pytest.mark.parametrize("name", BAD_ARMS)
def test_bad_arms_are_named(name):
    make, words = BAD_ARMS[name]
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize("name", BAD_TRIALS)
def test_bad_trials_are_named(name):
    change, words = BAD_TRIALS[name]
    with pytest.raises(InputError, match=words):
        Trial(**{"name": "t", "arms": (ARM,), **change})


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_named(name, tmp_path):
    old, new, words = BAD_FILES[name]
    path = tmp_path / "trial.toml"
    assert old in FILE
    path.write_text(FILE.replace(old, new, 1))
    with pytest.raises(InputError, match=words):
        Trial.read(path)


def test_a_file_says_everything(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(FILE)
    trial = Trial.read(path)
    assert (trial.name, trial.patients, trial.visit_days) == ("a trial", 50, (30, 60))
    assert (trial.mix.screening, trial.mix.mean_age_years, trial.mix.least_age_years) == ("both", 46.4, 30)
    assert trial.arms[0].session_days == (0, 40)
    assert trial.arms[1].session_days == (0, 40)
    assert (trial.power.day, trial.power.margin_percent, trial.power.endpoint) == (30, 15, trial.endpoint)
    assert trial.draws is None
    path.write_text(FILE.replace("patients = 50", "patients = 50\ndraws = 0"))
    assert Trial.read(path).draws == 0


def test_an_arm_takes_a_plan_of_its_own(tmp_path):
    Plan.label(ONA, purpose="study").move("corrugator_lateral_left", up_mm=2).repeated(0, 100).write(tmp_path / "plan.toml")
    (tmp_path / "trial.toml").write_text('[[arm]]\nplan = "plan.toml"\n')
    arm = Trial.read(tmp_path / "trial.toml").arms[0]
    assert (arm.product, arm.indication, arm.dose_units, arm.session_days) == (ONA, "glabellar", pytest.approx(20), (0, 100))


def test_the_example_is_read():
    trial = Trial.read(Path(__file__).parents[2] / "examples" / "trial.toml")
    assert [arm.dose_units for arm in trial.arms] == [10, 20, 0]


def test_options_replace_what_a_file_says(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(FILE)
    trial = trial_from_options(path, patients=7, seed=3, visits="30,90", severe=0.5, female=0, age="20-40", draws=5)
    assert (trial.patients, trial.seed, trial.visit_days, trial.draws) == (7, 3, (30, 90), 5)
    assert (trial.mix.severe_share, trial.mix.female_share, trial.mix.most_age_years) == (0.5, 0, 40)
    with pytest.raises(InputError, match="the file names the arms"):
        trial_from_options(path, product=ONA)
    with pytest.raises(InputError, match="give one"):
        trial_from_options(None)


def test_the_first_rater_of_an_endpoint_is_taken_unless_one_is_named():
    assert Trial("t", (ARM,), endpoint="ge2_grade_composite").rater == "both"
    assert Trial("t", (ARM,)).rater == "investigator"


def test_days_and_ages_are_parsed():
    assert parse_days("7, 30,60.5", "--visits") == (7, 30, 60.5)
    assert parse_ages("30-65", "--age") == (30, 65)
    for text in ("", "7;30", "30-60", "7,"):
        with pytest.raises(InputError, match="--visits"):
            parse_days(text, "--visits")
    for text in ("30", "30-", "-30-40", "a-b", "1.2.3-4"):
        with pytest.raises(InputError, match="--age"):
            parse_ages(text, "--age")


def test_a_cohort_is_a_recipe():
    cohort = Cohort.sample(200, like="abo_dose_2021", seed=4, draws=0)
    assert (cohort.patients, cohort.seed, cohort.mix.severe_share, cohort.draws) == (200, 4, 0.679, 0)
    with pytest.raises(InputError, match="did you mean 'abo_dose_2021'"):
        Cohort.sample(200, like="abo_dose_2012")
    with pytest.raises(InputError, match="at least 1"):
        Cohort.sample(0)
