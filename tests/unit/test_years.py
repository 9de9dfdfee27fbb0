"""Rules of repeating, what label and trials allow, antibodies: without a simulation."""

import numpy as np
import pytest

from glabella.errors import InputError, RefusedError
from glabella.evidence.immunogenicity import load_antibody_counts, read_antibody_counts
from glabella.evidence.long_term_designs import read_designs
from glabella.evidence.study_intervals import load_study_intervals, read_study_intervals
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.years.ageing import DAYS_A_YEAR
from glabella.years.allowed import allow_repeat, check_returns, one_pattern
from glabella.years.antibodies import antibodies_per_session, antibody_chance, share_that_loses
from glabella.years.arms import plan_arms
from glabella.years.repeat import Repeat
from glabella.years.years import told_days

PLAN = Plan.label("onabotulinumtoxinA", "glabellar")
STUDY = PLAN.with_purpose("study")
TWELVE_WEEKS = Repeat.every(weeks=12)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("every 12 weeks", TWELVE_WEEKS), ("Every  twelve WEEKS", TWELVE_WEEKS), ("every 90 days", Repeat.every(days=90)),
        ("every 4 months", Repeat.every(months=4)), ("twice a year", Repeat(interval_days=365.25 / 2)),
        ("every year", Repeat.every(years=1)),
        ("when the grade returns to 2", Repeat.when_grade_returns(2)), ("when grade is back at 1.5", Repeat.when_grade_returns(1.5)),
    ],
)  # fmt: skip
def test_rules_are_read_from_plain_words(text, rule):
    assert Repeat.read(text) == rule


@pytest.mark.parametrize("text", ["often", "every now and then weeks", "12 weeks", "", "when the grade returns to two"])
def test_other_words_say_the_forms(text):
    with pytest.raises(InputError, match=r"every 12 weeks.*when the grade returns to 2"):
        Repeat.read(text)


@pytest.mark.parametrize("wrong", [{}, {"interval_days": 84, "grade": 2}, {"interval_days": 0}, {"grade": 4}, {"interval_days": 1e9}])
def test_impossible_rules_are_errors(wrong):
    with pytest.raises(InputError):
        Repeat(**wrong)


def test_a_rule_reads_back_from_its_own_words():
    for rule in (TWELVE_WEEKS, Repeat.when_grade_returns(2), Repeat.every(days=90)):
        assert Repeat.read(str(rule)) == rule


def test_a_person_is_never_treated_sooner_than_the_label_says():
    for repeat in (Repeat.every(weeks=6), Repeat.every(days=83)):
        with pytest.raises(RefusedError, match="at least 90 days"):
            allow_repeat(PLAN, repeat)
    near = allow_repeat(PLAN, TWELVE_WEEKS)  # said as 12 weeks, carried out as the label's three months
    assert near.repeat.interval_days == near.least_days == 90
    assert "90 days apart, not 84" in near.said[0]
    assert allow_repeat(PLAN, Repeat.every(days=120)).repeat.interval_days == 120
    assert allow_repeat(PLAN, Repeat.when_grade_returns(2)).least_days == 90


def test_a_study_goes_as_far_as_a_published_trial():
    assert allow_repeat(STUDY, TWELVE_WEEKS).repeat.interval_days == 84
    with pytest.raises(RefusedError, match="less than 42 days apart"):
        allow_repeat(STUDY, Repeat.every(weeks=4))
    six = allow_repeat(STUDY, Repeat.every(weeks=6))
    assert "no published trial of onabotulinumtoxinA at this interval" in six.said[0]
    own = allow_repeat(Plan.label("incobotulinumtoxinA").with_purpose("study"), Repeat.every(weeks=6))
    assert "published for incobotulinumtoxinA in blepharospasm" in own.said[0]
    assert six.sources == own.sources == ("truong2013",)


def test_arms_have_their_purposes_and_the_label_sees_their_sessions():
    arms, shown = plan_arms(PLAN, Patient(), "glabellar", "every 12 weeks", ("never", "licensed", "over_treated"), 365.0, 14.0)
    assert [arm.purpose for arm in arms] == ["person", "person", "study"]
    assert [len(arm.schedule.days) for arm in arms] == [0, 5, 9]
    assert [plan.purpose for plan in shown] == ["person", "study"]
    assert [session.day for session in shown[1].sessions] == [0, 42, 84]
    with pytest.raises(InputError, match="did you mean 'licensed'"):
        plan_arms(PLAN, Patient(), "glabellar", None, ("license",), 365.0, 14.0)


def arms_of(plan, compare=None, repeat=None, years=2):
    return plan_arms(plan, Patient(), "glabellar", repeat, compare, years * DAYS_A_YEAR, 14.0)[0]


def test_over_treated_is_followed_only_when_asked_for():
    assert [arm.name for arm in arms_of(PLAN)] == ["never", "licensed"]
    assert [arm.name for arm in arms_of(STUDY)] == ["never", "as_planned"]
    assert arms_of(PLAN, "over_treated")[0].title == "over-treated, every 6 weeks (study)"
    assert arms_of(STUDY, "as_planned", "every 12 weeks")[0].title == "treated as planned, every 12 weeks (study)"
    for plan, other in ((PLAN, "as_planned"), (STUDY, "licensed")):
        with pytest.raises(InputError, match=f"'{other}' is not of this plan, whose purpose is '{plan.purpose}'"):
            arms_of(plan, other)


def test_a_study_every_six_weeks_is_over_treated_itself_and_shown_once():
    arms = arms_of(STUDY, ("never", "over_treated", "as_planned"), "every 6 weeks")
    assert [arm.name for arm in arms] == ["never", "as_planned"]
    assert arms[1].said[-1] == "as often as over-treated: shown once"
    assert [arm.name for arm in arms_of(STUDY, ("over_treated", "as_planned"), "every 12 weeks")] == ["as_planned", "over_treated"]


def test_own_sessions_of_a_study_keep_the_interval_of_a_trial():
    with pytest.raises(RefusedError, match=r"30 days apart: no published trial .* 42 days or more apart, or within 28 days"):
        arms_of(STUDY.repeated(0, 30))
    with pytest.raises(RefusedError, match="27 days apart"):  # a chain of touch-ups is no touch-up
        arms_of(STUDY.repeated(0, 27, 54))
    six = arms_of(STUDY.repeated(0, 42, 140))[1]
    assert any("no published trial of onabotulinumtoxinA at this interval: 42 days" in note for note in six.said)
    assert arms_of(STUDY.repeated(0, 91))[1].said == ()
    touched_up = arms_of(STUDY.repeated(0, 14, 104))[1]
    assert "count as one treatment" in touched_up.said[0]


@pytest.mark.parametrize("repeat", ["every 12 weeks", "when the grade returns to 2"])
@pytest.mark.parametrize(("product", "age", "limit"), [("abobotulinumtoxinA", 64, 65), ("letibotulinumtoxinA", 74, 75)])
def test_nobody_grows_too_old_for_the_label(product, age, limit, repeat):
    def arms(age, years, plan):
        return plan_arms(plan, Patient(age_years=age), "glabellar", repeat, ("licensed",), years * DAYS_A_YEAR, 14.0)[0]

    plan = Plan.label(product)
    with pytest.raises(RefusedError, match=rf"{age + 19} years old at the last session.*{limit} years.*; 1 year fits"):
        arms(age, 20, plan)
    with pytest.raises(RefusedError, match=f"{limit} years old at the last session.*; no years fit"):
        arms(limit, 1, plan)
    with pytest.raises(RefusedError, match="; 3 years fit"):
        arms(limit - 3, 20, plan)
    assert arms(age, 1, plan)[0].said == arms(50, 5, plan)[0].said  # what fits is allowed, and nothing is said of age


def test_in_a_study_a_limit_for_persons_is_a_note():
    plan = Plan.label("abobotulinumtoxinA").with_purpose("study")
    arms, _ = plan_arms(plan, Patient(age_years=64), "glabellar", "every 4 months", ("as_planned",), 5 * DAYS_A_YEAR, 14.0)
    assert "68 years old at the last session" in arms[0].said[-1]
    assert arms[0].sources == ("abo_reconstitution",)


def test_more_sessions_than_the_trial_had_are_said():
    plan = Plan.label("incobotulinumtoxinA")
    for years, told in ((0.5, False), (2, True)):
        arms, _ = plan_arms(plan, Patient(), "glabellar", None, ("over_treated",), years * DAYS_A_YEAR, 14.0)
        assert any("sessions, more than the 6 of that trial" in note for note in arms[0].said) == told


def test_a_grade_returns_only_to_where_it_was():
    with pytest.raises(InputError, match="is 1, so it never quite returns to 2"):
        check_returns(Repeat.when_grade_returns(2), Patient(baseline={"glabellar": Grades(0, 1)}), "glabellar")
    with pytest.raises(InputError, match="ask for less than 2"):  # the course nears the grade before treatment and does not reach it
        check_returns(Repeat.when_grade_returns(2), Patient(baseline={"glabellar": Grades(0, 2)}), "glabellar")


def test_without_a_rule_moderate_lines_are_treated_by_the_calendar():
    moderate = Patient(baseline={"glabellar": Grades(1, 2)})
    for patient, told in ((Patient(), "when the grade returns to 2"), (moderate, "every")):
        arms, _ = plan_arms(PLAN, patient, "glabellar", None, ("licensed",), DAYS_A_YEAR, 14.0)
        assert f"treated as licensed, {told}" in arms[0].title


def test_sessions_that_differ_are_not_one_pattern():
    assert one_pattern(PLAN.repeated(0, 100)).sessions[0].day == 0
    with pytest.raises(InputError, match="its sessions differ"):
        one_pattern(PLAN.merged(PLAN.with_units("procerus", 3).repeated(100)))
    with pytest.raises(InputError, match="several sessions"):
        plan_arms(PLAN.repeated(0, 100), Patient(), "glabellar", "every 12 weeks", ("licensed",), 365.0, 14.0)


def test_days_that_are_told_end_with_the_last_day():
    for years, step, count in ((5, 14.0, 131), (20, 365.25 / 12, 241)):
        days = told_days(years * 365.25)
        assert len(days) == count
        assert days[-1] == years * 365.25
        assert np.allclose(np.diff(days[:-1]), step)


def test_antibodies_come_from_the_counts():
    seen = next(row for row in load_antibody_counts() if row.most_sessions == 5)
    rate, low, high = antibodies_per_session(seen)
    assert rate == pytest.approx(3 / (810 * 2.8))
    assert low < rate < high
    assert low * 810 * 2.8 == pytest.approx(0.8177, abs=1e-3)  # exact Poisson limits of a count of 3
    assert high * 810 * 2.8 == pytest.approx(7.7537, abs=1e-3)
    few, many = antibody_chance(5), antibody_chance(60)
    assert few.antibodies == few.observed == many.observed
    assert many.antibodies[0] == pytest.approx(1 - (1 - rate) ** 60)
    share = share_that_loses(next(row for row in load_antibody_counts() if row.lost_effect is not None))
    assert share == pytest.approx((3 / 11, 0.0788, 0.5644), abs=1e-3)  # exact binomial limits of 3 of 11
    assert many.loss_of_effect == pytest.approx([one * other for one, other in zip(share, many.antibodies, strict=True)])


def test_the_tables_name_what_is_wrong():
    assert load_study_intervals()[0].least_days == 42
    header = "product,least_days,treated,sessions,quality,source,note\n"
    with pytest.raises(InputError, match="stands twice"):
        read_study_intervals(header + 2 * "incobotulinumtoxinA,42,x,6,seen,truong2013,\n")
    header = "design,figure,value,unit,quality,source,note\n"
    with pytest.raises(InputError, match="stands twice"):
        read_designs(header + 2 * "intervals,followed_years,4,years,assumed,assumed_here,\n")
    with pytest.raises(InputError, match="'nobody1999'"):
        read_designs(header + "intervals,followed_years,4,years,assumed,nobody1999,\n")
    header = "product,indication,people,positive,sessions_each,most_sessions,lost_effect,quality,source,note\n"
    with pytest.raises(InputError, match="positive <= people"):
        read_antibody_counts(header + "onabotulinumtoxinA,glabellar,3,5,,,,seen,naumann2010,\n")
