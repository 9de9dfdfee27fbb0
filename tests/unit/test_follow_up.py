"""Follow-up: visits are read strictly, weights are the likelihood, and what says nothing changes nothing."""


from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from tests.follow_up_made import ENTRY, TIMES, alike

from glabella.calibration.posterior import load_posterior
from glabella.errors import InputError
from glabella.follow_up.candidates import draw_candidates
from glabella.follow_up.follow_up import ENOUGH, draw_until_enough
from glabella.follow_up.forecast import crossing_days, forecast, half_gone_days
from glabella.follow_up.settle import chance_ln, draw_rated, settle
from glabella.follow_up.visits import Visit, Visits
from glabella.follow_up.weigh import after_ln, before_ln, entry_of
from glabella.follow_up.weighted import effective_people, quantiles, shares
from glabella.patient import Grades, Patient
from glabella.population.raters import Rater, borders_ln, rater

FROWN = "glabellar", "maximum_frown"
POSTERIOR = load_posterior()


def seen(day, grade, who="investigator", expression="maximum_frown", **more):
    return Visit(day, "glabellar", expression, who, grade, **more)


@pytest.fixture(scope="module")
def candidates():
    return draw_candidates(alike(), POSTERIOR, TIMES, 5, 3, 4000)


@pytest.fixture(scope="module")
def settled(candidates):
    return settle(candidates, ENTRY)


def weighed(visits, workers=None, most=1000):
    return draw_until_enough(alike(), POSTERIOR, TIMES, Visits(tuple(visits)), ENTRY, 2, most, 2, workers, lambda *told: None)


@pytest.fixture(autouse=True)
def small_rounds(monkeypatch):
    monkeypatch.setattr("glabella.follow_up.follow_up.ROUND_BLOCKS", 2)


TOML = """
day_zero = 2026-01-12
[[visit]]
day = 14
area = "glabellar"
expression = "maximum_frown"
rater = "investigator"
grade = 1
[[visit]]
date = 2026-03-13
area = "glabellar"
expression = "maximum_frown"
depth_mm = 0.4
depth_error_mm = 0.1
"""
TABLE = """day,area,expression,rater,grade,depth_mm,depth_error_mm
60,glabellar,maximum_frown,,,0.4,0.1
14,glabellar,maximum_frown,investigator,1,,
"""


def test_a_table_and_a_toml_file_say_the_same(tmp_path):
    (tmp_path / "visits.toml").write_text(TOML)
    (tmp_path / "visits.csv").write_text(TABLE)
    one, other = Visits.read(tmp_path / "visits.toml"), Visits.read(tmp_path / "visits.csv")
    assert one == other
    assert one.days == (14.0, 60.0)
    assert one.areas == ("glabellar",)
    assert one.until(30).days == (14.0,)
    (tmp_path / "again.csv").write_text(Visits((*one.seen, seen(14, 0, "subject", note='in bed, "tired"'))).to_csv())
    again = Visits.read(tmp_path / "again.csv")
    assert again.seen[0] == one.seen[0]
    assert again.seen[1].note == 'in bed, "tired"'
    assert again.seen[2] == one.seen[1]


AGAIN = """rater = "subject"
grade = 2
[[visit]]
day = 60
area = "glabellar"
expression = "maximum_frown"
rater = "subject"
grade = 2
"""
BAD = {
    "before day 0": ("day = 14", "day = -3", "before day 0; what was seen before the treatment is day 0"),
    "unknown area": ('"glabellar"', '"glabela"', "did you mean 'glabellar'"),
    "unknown expression": ('"maximum_frown"\nrater', '"maximum_frwn"\nrater', "did you mean 'maximum_frown'"),
    "another area's expression": ('"maximum_frown"\nrater', '"smile"\nrater', "valid: rest, maximum_frown"),
    "unknown rater": ('"investigator"', '"doctor"', "valid: investigator, subject"),
    "grade above 3": ("grade = 1", "grade = 4", "at most 3"),
    "grade below 0": ("grade = 1", "grade = -1", "at least 0"),
    "half a grade": ("grade = 1", "grade = 1.5", "whole number"),
    "grade that is no number": ("grade = 1", "grade = nan", "finite"),
    "grade without rater": ('rater = "investigator"\n', "", "grade without rater"),
    "nothing seen": ('rater = "investigator"\ngrade = 1\n', "", "nothing was seen"),
    "malformed line": ("grade = 1", "grade = = 1", "line 8"),
    "unknown key": ("grade = 1", "grad = 1", "did you mean 'grade'"),
    "no day": ("day = 14\n", "", "'day' is missing"),
    "date without day zero": ("day_zero = 2026-01-12", "", "a date needs day_zero"),
    "depth without error": ("depth_error_mm = 0.1", "", "belong together"),
    "depth below zero": ("depth_mm = 0.4", "depth_mm = -0.4", "above 0"),
    "no visit": (TOML, "day_zero = 2026-01-12\n", "no visit in it"),
    "twice": ("depth_mm = 0.4\ndepth_error_mm = 0.1", AGAIN, "glabellar, maximum frown, subject stands twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_visits_are_one_line(tmp_path, name):
    old, new, message = BAD[name]
    assert old in TOML
    path = tmp_path / "visits.toml"
    path.write_text(TOML.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        Visits.read(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rater,grade", "rater,grad", "line 1: unknown column 'grad'; did you mean 'grade'"),
        ("day,", "note,", "line 1: column 'day' is missing"),
        ("14,glab", "soon,glab", "line 3: day = 'soon': not a number"),
        ("investigator,1,,", "investigator,1", "line 3: 5 cells, must be 7"),
        ("14,glabellar", "14,glabelar", "line 3: area = 'glabelar': unknown"),
    ],
)
def test_bad_tables_name_the_line(tmp_path, old, new, message):
    path = tmp_path / "visits.csv"
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Visits.read(path)


def test_a_visit_after_the_last_day_is_refused():
    with pytest.raises(InputError, match="day 200 is after the last day 180"):
        Visits((seen(200, 1),)).check(180)


def test_quantiles_and_worth_of_weights():
    values = np.random.default_rng(1).standard_normal(999)
    even = np.full(999, 1 / 999)
    assert quantiles(values, even) == pytest.approx(np.percentile(values, (5, 50, 95), method="hazen"), abs=1e-12)
    assert quantiles(np.array([1.0, 2.0, 9.0]), np.array([0.5, 0.5, 0.0]), (0.5,)) == pytest.approx([1.5], abs=1e-12)
    assert np.isinf(quantiles(np.array([1.0, np.inf, np.inf]), np.full(3, 1 / 3), (0.5,)))
    assert effective_people(even) == pytest.approx(999, abs=1e-9)
    assert effective_people(np.array([0.5, 0.5, 0.0])) == pytest.approx(2, abs=1e-12)
    assert effective_people(shares(np.array([-np.inf, -np.inf]))) == 0


def test_days_of_milestones_lie_on_straight_lines():
    days = np.array([0.0, 10, 20, 30, 40])
    lost = np.array([[0, 0.8, 0.6, 0.2, 0.1], [0, 0.8, 0.8, 0.7, 0.6], [0, 0.05, 0.02, 0, 0]])
    assert half_gone_days(days, lost) == pytest.approx([25.0, np.inf, 0.0])
    depth = np.array([[1.0, 0.2, 0.4, 0.8, 1.0], [1.0, 0.7, 0.9, 1.0, 1.0]])
    assert crossing_days(days, depth - 0.6, depth) == pytest.approx([25.0, 0.0])


def test_one_rating_is_the_normal_integral_with_both_variances(settled):
    values = settled.candidates.values
    spread = np.hypot(values["investigator_noise_sd_ln"], values["effort_sd_ln"])
    edges = np.concatenate([[-np.inf], borders_ln(values), [np.inf]])
    depth = settled.on(*FROWN, 60.0)
    for grade in range(4):
        chance = norm.cdf((edges[grade + 1] - depth) / spread) - norm.cdf((edges[grade] - depth) / spread)
        likely = chance > 1e-3
        assert np.exp(after_ln(settled, Visits((seen(60, grade),))))[likely] == pytest.approx(chance[likely], abs=2e-4)


def test_raters_of_one_day_share_its_effort_as_an_integral_over_it_says(settled):
    values, borders = settled.candidates.values, borders_ln(settled.candidates.values)
    visits = Visits((seen(60, 2), seen(60, 1, "subject"), Visit(60, *FROWN, depth_mm=0.45, depth_error_mm=0.05)))
    found = after_ln(settled, visits)
    depth, sees = settled.on(*FROWN, 60.0), settled.candidates.subject_ln
    for who in (0, 1, 7, 100, 2000):

        def density(effort, who=who):
            depth_ln = depth[who] + effort
            one = chance_ln(2, np.array(depth_ln), rater("investigator", values), borders)
            two = chance_ln(1, np.array(depth_ln + sees[who]), rater("subject", values), borders)
            measured = norm.logpdf(np.log(0.45), depth_ln, 0.05 / 0.45)
            return np.exp(one + two + measured) * norm.pdf(effort, 0, values["effort_sd_ln"])

        brute = quad(density, -1.2, 1.2, epsabs=1e-13, epsrel=1e-10, limit=400)[0]
        assert np.exp(found[who]) == pytest.approx(brute, abs=2e-5)


def test_weights_of_three_people_by_hand(settled):
    """Posterior shares are prior shares times the chance of what was seen."""
    part = slice(0, 3)
    visits = Visits((seen(14, 1), seen(60, 2, expression="rest")))
    prior, after = before_ln(settled, visits)[part], after_ln(settled, visits)[part]
    values = settled.candidates.values
    at_rest = chance_ln(2, settled.on("glabellar", "rest", 60.0), rater("investigator", values), borders_ln(values))[part]
    mild = np.exp(after_ln(settled, Visits((seen(14, 1),)))[part])
    weight = np.exp(prior) * mild * np.exp(at_rest)
    assert shares(prior + after) == pytest.approx(weight / weight.sum(), abs=1e-12)


def test_people_drawn_to_fit_a_grade_are_those_that_rejection_keeps():
    rng = np.random.default_rng(3)
    count, spreads, noise = 100_000, np.array([0.5, 0.12]), 0.14
    borders, centre = np.log([0.2, 0.5, 1.0]), np.full(count, np.log(0.6))
    normals = rng.standard_normal((3, count))
    plain = spreads[:, None] * normals[:2]
    total = centre + plain.sum(0) + noise * normals[2]
    kept = (total >= borders[2])
    parts, chance = draw_rated(3.0, centre, spreads, noise, borders, rng.standard_normal((3, count)), rng.random((2, count)))
    exact = norm.sf((borders[2] - np.log(0.6)) / np.sqrt((spreads**2).sum() + noise**2))
    assert np.exp(chance) == pytest.approx(np.full(count, exact), abs=1e-12)
    for k in range(2):
        error = 4 * plain[k, kept].std() / np.sqrt(kept.sum())
        assert parts[k].mean() == pytest.approx(plain[k, kept].mean(), abs=error)
        assert parts[k].std() == pytest.approx(plain[k, kept].std(), abs=error)
    between, _ = draw_rated(2.5, centre, spreads, noise, borders, rng.standard_normal((3, count)), rng.random((2, count)))
    assert plain[0, kept].mean() > between[0].mean() > 0


def test_drawing_to_fit_the_grade_before_is_weighting_by_it(candidates, settled):
    """The same people without that trick, weighted by the chance of both grades, give the same later depth."""
    free = settle(candidates, {})
    values = candidates.values
    investigator, borders = rater("investigator", values), borders_ln(values)
    before = free.on(*FROWN, 0) + free.effort_ln["glabellar"]
    weight = shares(chance_ln(3, before, investigator, borders) + chance_ln(1, free.on("glabellar", "rest", 0), investigator, borders))
    share = shares(settled.log_chance)
    assert effective_people(share) > 3 * effective_people(weight)  # which is why it is done
    for area, expression in (FROWN, ("glabellar", "rest")):
        one, other = free.on(area, expression, 60.0), settled.on(area, expression, 60.0)
        spread = np.sqrt(share @ (other - share @ other) ** 2)
        error = 4 * spread / np.sqrt(effective_people(weight))
        assert share @ other == pytest.approx(weight @ one, abs=error)


def test_without_visits_what_is_known_after_is_what_was_known_before():
    found = weighed(())
    assert np.array_equal(found.before_ln, found.after_ln)
    before, after = (forecast(found.people, shares(weight)) for weight in (found.before_ln, found.after_ln))
    assert before.person == after.person
    assert np.array_equal(before.areas["glabellar"].grade.high, after.areas["glabellar"].grade.high)
    assert (found.before_ln != found.before_ln[0]).any()


def test_a_rater_who_sees_nothing_changes_nothing(settled):
    blind = {**settled.candidates.values, "investigator_noise_sd_ln": 1e6, "subject_noise_sd_ln": 1e6}
    judged = replace(settled, candidates=replace(settled.candidates, values=blind))
    visits = Visits((seen(14, 2), seen(60, 3), seen(60, 0, "subject"), seen(60, 3, expression="rest")))
    prior = before_ln(settled, visits)
    assert shares(prior + after_ln(judged, visits)) == pytest.approx(shares(prior), abs=1e-8)
    assert np.abs(shares(prior + after_ln(settled, visits)) - shares(prior)).max() > 1e-4


def test_the_order_of_visits_and_the_number_of_workers_do_not_matter():
    visits = [seen(14, 1), seen(60, 2), seen(60, 2, "subject"), seen(60, 1, expression="rest")]
    one, other = weighed(visits, workers=1), weighed(visits[::-1], workers=3)
    assert np.array_equal(one.after_ln, other.after_ln)
    assert np.array_equal(one.people.curves["glabellar", "grade"], other.people.curves["glabellar", "grade"])


def test_what_was_expected_narrows_and_hardly_shifts(settled):
    depth, prior = settled.on(*FROWN, 60.0), before_ln(settled, Visits())
    expected = float(np.exp(quantiles(depth, shares(prior), (0.5,))[0]))
    visits = Visits((Visit(60.0, *FROWN, depth_mm=expected, depth_error_mm=0.02 * expected),))
    after = shares(prior + after_ln(settled, visits))
    (low, middle, high), (lower, now, higher) = quantiles(depth, shares(prior)), quantiles(depth, after)
    assert higher - lower < 2 * 1.645 * np.hypot(settled.candidates.values["effort_sd_ln"], 0.02)  # of the measurement alone
    assert higher - lower < 0.8 * (high - low)
    assert abs(now - middle) < 0.05 * (high - low)
    for day, at_most in ((70.0, 0.9), (120.0, 1.02)):  # what one day tells fades over the days after it, down to the noise of quantiles
        later = settled.on(*FROWN, day)
        (low, middle, high), (lower, now, higher) = quantiles(later, shares(prior)), quantiles(later, after)
        assert higher - lower < at_most * (high - low)
        assert abs(now - middle) < 0.1 * (high - low)


def test_more_people_are_drawn_until_there_are_enough_but_not_without_bound():
    assert len(weighed((), most=10_000).after_ln) == 500  # two blocks: enough without visits
    unlikely = [seen(14, 2), seen(60, 0), seen(90, 2)]
    found = weighed(unlikely, most=1600)
    assert effective_people(shares(found.after_ln)) < ENOUGH
    assert len(found.after_ln) == 1500
    assert len(found.people.factors["half_life"]) == 1500


def test_a_visit_of_day_0_by_the_investigator_stands_for_the_patients_grade():
    patient = Patient(baseline={"glabellar": Grades(1, 3)})
    assert entry_of(patient, Visits(), ("glabellar",)) == ENTRY
    told = entry_of(patient, Visits((seen(0, 2), seen(14, 0), seen(0, 0, "subject"))), ("glabellar",))
    assert told == {**ENTRY, FROWN: 2.0}


def test_what_the_person_saw_before_counts_too(settled):
    deep, shallow = (shares(before_ln(settled, Visits((seen(0, grade, "subject"),)))) for grade in (3, 2))
    depth = settled.on(*FROWN, 0)
    assert shallow @ depth < deep @ depth - 0.1
    assert shallow @ settled.candidates.subject_ln < deep @ settled.candidates.subject_ln


def test_people_are_like_the_patient():
    patient = Patient(age_years=62, sex="male", frown_pattern="omega", muscle_strength={"corrugator_supercilii": 1.4})
    found = draw_candidates(alike(patient), POSTERIOR, TIMES, 1, 0, 50)
    assert found.people.male.all()
    assert set(found.people.pattern) == {2}
    assert np.exp(found.people.size_ln[:, :2]) == pytest.approx(np.full((50, 2), 1.4), abs=1e-12)
    assert found.people.size_ln[:, 2].std() > 0.1
    assert found.movement["maximum_frown"][:, 0] == pytest.approx(np.full(50, 100.0), abs=1e-9)
    assert (found.movement["maximum_frown"].min(1) < 90).all()


def test_two_sides_share_a_person_and_the_effort_of_a_day():
    whom = alike()
    sides = tuple(f"lateral_canthal_{side}" for side in ("left", "right"))
    faces = []
    for face in whom.setting.archetypes:
        left = face.folding["glabellar"]
        right = replace(left, parts=left.parts * 0.9)
        faces.append(replace(face, folding=dict(zip(sides, (left, right), strict=True))))
    motions = {"smile": whom.motions["maximum_frown"]}
    both = replace(whom, setting=replace(whom.setting, archetypes=tuple(faces), areas=sides), motions=motions)
    found = draw_candidates(both, POSTERIOR, TIMES, 4, 0, 600)
    assert (found.folds[sides[0]][:, 0] >= found.folds[sides[1]][:, 0]).all()
    entry = {(sides[0], "smile"): 3.0, (sides[1], "smile"): 2.0, (sides[0], "rest"): 1.0, (sides[1], "rest"): 1.0}
    lines = settle(found, entry)
    assert (lines.on(sides[0], "smile", 0) >= lines.on(sides[1], "smile", 0)).all()
    assert (lines.on(sides[0], "rest", 0) <= lines.on(sides[0], "smile", 0)).all()
    alone = settle(found, {key: grade for key, grade in entry.items() if key[0] == sides[0]})
    borders, investigator = borders_ln(found.values), rater("investigator", found.values)
    other = chance_ln(2, lines.on(sides[1], "smile", 0) + lines.effort_ln["lateral_canthal"], investigator, borders)
    other = other + chance_ln(1, lines.on(sides[1], "rest", 0), investigator, borders)
    assert np.exp(lines.log_chance) == pytest.approx(np.exp(alone.log_chance + other), abs=1e-12)
    seen_both = Visits(tuple(Visit(60, side, "smile", "investigator", 2) for side in sides))
    apart = sum(after_ln(lines, Visits((visit,))) for visit in seen_both.seen)
    together = after_ln(lines, seen_both)
    kept = together > -5
    assert (together[kept] >= apart[kept] - 1e-9).mean() > 0.9  # what one side says of the day's effort holds for the other


def test_grades_in_the_tail_keep_their_chance():
    who = Rater(0.1, 0.0, 0.0)
    borders = np.log([0.2, 0.5, 1.0])
    found = chance_ln(3, np.log(np.array([0.2])), who, borders)
    assert found == pytest.approx(norm.logsf(np.log(5) / 0.1), abs=1e-6)


