"""Depths from pictures: their shared factor is integrated, what is not seen is a bound; visits name pictures and are added to."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.special import log_ndtr, logsumexp
from scipy.stats import multivariate_normal, norm
from tests.follow_up_made import ENTRY, TIMES, alike

from glabella.calibration.posterior import load_posterior
from glabella.cli import main
from glabella.errors import InputError
from glabella.evidence.photo import load_photo_parameters
from glabella.follow_up.candidates import draw_candidates
from glabella.follow_up.follow_up import update_forecast
from glabella.follow_up.settle import chance_ln, settle
from glabella.follow_up.visits import Visit, Visits
from glabella.follow_up.weigh import after_ln, all_ln, before_ln, picture_factor_ln
from glabella.follow_up.weighted import shares
from glabella.plan import Plan
from glabella.population.raters import borders_ln, rater

FROWN = "glabellar", "maximum_frown"
SHARED = load_photo_parameters()["line_common_error_share"]
LEAST_MM = 2 * load_photo_parameters()["line_repeat_error_mm"]


@pytest.fixture(scope="module")
def settled():
    return settle(draw_candidates(alike(), load_posterior(), TIMES, 5, 3, 3000), ENTRY)


def read(day, depth_mm, error_mm, area="glabellar", expression="maximum_frown"):
    return Visit(day, area, expression, depth_mm=depth_mm, depth_error_mm=error_mm, depth_from="picture")


def test_pictures_are_one_normal_with_a_factor_in_common(settled):
    visits = Visits((read(0, 0.9, 0.08), read(14, 0.3, 0.05), read(60, 0.5, 0.06), read(60, 0.2, 0.03, expression="rest")))
    effort = settled.candidates.values["effort_sd_ln"]
    own = np.array([0.08 / 0.9, 0.05 / 0.3, 0.06 / 0.5, 0.03 / 0.2]) ** 2 + np.array([0, effort**2, effort**2, 0])
    normal = multivariate_normal(np.zeros(4), SHARED**2 + np.diag(own))
    gap = np.log([0.9, 0.3, 0.5, 0.2])[:, None] - np.stack([
        settled.on(*FROWN, 0) + settled.effort_ln["glabellar"], settled.on(*FROWN, 14), settled.on(*FROWN, 60),
        settled.on("glabellar", "rest", 60),
    ])  # fmt: skip
    likely = normal.logpdf(gap.T)
    found = before_ln(settled, visits) - settled.log_chance + after_ln(settled, visits)
    close = likely > likely.max() - 50
    assert found[close] == pytest.approx(likely[close], abs=1e-9)
    assert all_ln(settled, visits) == pytest.approx(settled.log_chance + found, abs=1e-9)
    precision = 1 / own
    mean = (gap * precision[:, None]).sum(0) / (precision.sum() + SHARED**-2)
    assert picture_factor_ln(settled, visits)["glabellar"] == pytest.approx(mean, abs=1e-12)


def test_grades_and_unseen_lines_beside_pictures_are_integrated_over_factor_and_effort(settled):
    visits = Visits((
        read(14, 0.0, 0.05), read(60, 0.5, 0.1), Visit(60, *FROWN, "subject", 1), Visit(14, *FROWN, "investigator", 0), read(0, 0.8, 0.1),
    ))  # fmt: skip
    values, borders = settled.candidates.values, borders_ln(settled.candidates.values)
    factors, efforts = np.linspace(-2.2, 2.2, 441), np.linspace(-6, 6, 241) * values["effort_sd_ln"]
    step = (factors[1] - factors[0]) * (efforts[1] - efforts[0]) ** 2
    found = before_ln(settled, visits) - settled.log_chance + after_ln(settled, visits)
    usual = norm.logpdf(efforts, 0, values["effort_sd_ln"])
    for who in np.argsort(-found)[[0, 3, 50, 700]]:
        day_0 = settled.on(*FROWN, 0)[who] + settled.effort_ln["glabellar"][who]
        day_14, day_60 = (settled.on(*FROWN, day)[who] + efforts for day in (14, 60))
        ln_factor = norm.logpdf(factors, 0, SHARED) + norm.logpdf(np.log(0.8), day_0 + factors, 0.1 / 0.8)
        unseen = log_ndtr((np.log(LEAST_MM) - day_14 - factors[:, None]) / (0.05 / LEAST_MM))
        ln_14 = usual + unseen + chance_ln(0, day_14, rater("investigator", values), borders)
        seen = chance_ln(1, day_60 + settled.candidates.subject_ln[who], rater("subject", values), borders)
        ln_60 = usual + seen + norm.logpdf(np.log(0.5), day_60 + factors[:, None], 0.1 / 0.5)
        brute = np.log(step) + logsumexp(ln_factor + logsumexp(ln_14, axis=1) + logsumexp(ln_60, axis=1))
        assert found[who] == pytest.approx(brute, abs=0.02)


def test_an_error_that_all_pictures_share_hardly_moves_the_weights_and_one_that_they_do_not_does(settled):
    def told(scale, kind):
        depths = ((0.0, 0.9), (14.0, 0.25), (60.0, 0.5))
        visits = Visits(tuple(replace(read(d, scale * mm, 0.1 * scale * mm), depth_from=kind) for d, mm in depths))
        share = shares(before_ln(settled, visits) + after_ln(settled, visits))
        return float(share @ settled.on(*FROWN, 120))

    shared, apart = (told(1.3, kind) - told(1.0, kind) for kind in ("picture", None))
    assert abs(shared) < 0.12  # of the 0.26 by which all were scaled
    assert apart > 2 * abs(shared)


def test_a_line_that_no_picture_shows_bounds_it_from_above(settled):
    chance = after_ln(settled, Visits((read(60, 0.0, 0.04),)))
    spread = np.sqrt(settled.candidates.values["effort_sd_ln"] ** 2 + SHARED**2 + (0.04 / LEAST_MM) ** 2)
    exact = log_ndtr((np.log(LEAST_MM) - settled.on(*FROWN, 60)) / spread)
    assert np.exp(chance) == pytest.approx(np.exp(exact), abs=1e-4)
    assert np.ptp(chance) > 1


def test_visits_name_pictures_from_their_own_folder(tmp_path):
    path = tmp_path / "visits.toml"
    path.write_text(
        'day_zero = 2026-11-01\n[[visit]]\nday = 0\nexpression = "maximum_frown"\npicture = "a.jpg"\n'
        '[[visit]]\ndate = 2026-12-01\narea = "glabellar"\nexpression = "maximum_frown"\nrater = "subject"\ngrade = 1\npicture = "b.jpg"\n'
    )
    visits = Visits.read(path)
    assert [(one.day, one.picture, one.area) for one in visits.pictures] == [
        (0.0, tmp_path / "a.jpg", None), (30.0, tmp_path / "b.jpg", "glabellar"),
    ]  # fmt: skip
    assert [one.key for one in visits.seen] == [(30.0, *FROWN, "subject")]
    table = tmp_path / "visits.csv"
    table.write_text("day,expression,picture\n0,rest,a.jpg\n30,rest,b.jpg\n")
    assert [one.day for one in Visits.read(table).pictures] == [0.0, 30.0]
    with pytest.raises(InputError, match="not measured yet"):
        update_forecast(Plan.label("onabotulinumtoxinA"), None, visits)
    measured = Visits((read(0, 0.0, 0.04), read(30, 0.5, 0.1)))
    table.write_text(measured.to_csv())
    assert Visits.read(table) == measured


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('day = 1\npicture = "a.jpg"', "'expression' is missing"),
        ('day = -1\nexpression = "rest"\npicture = "a.jpg"', "at least 0"),
        ('day = 1\nexpression = "rest"\npicture = " "', "picture is empty"),
        ('day = 1\nexpression = "rest"\npictures = "a.jpg"', "did you mean 'picture'"),
        ('day = 1\nexpression = "frown"\npicture = "a.jpg"', "maximum_frown"),
        ('day = 1\nexpression = "rest"\npicture = "a.jpg"\n[[visit]]\nday = 1\nexpression = "rest"\npicture = "b.jpg"', "two pictures"),
        ('day = 1\narea = "glabellar"\nexpression = "rest"\ndepth_from = "picture"\nrater = "subject"\ngrade = 1', "without depth_mm"),
        ('day = 1\narea = "glabellar"\nexpression = "rest"\ndepth_mm = 0\ndepth_error_mm = 0.1', "above 0"),
    ],
)
def test_visits_with_pictures_are_read_strictly(tmp_path, text, message):
    path = tmp_path / "visits.toml"
    path.write_text("[[visit]]\n" + text)
    with pytest.raises(InputError, match=message):
        Visits.read(path)


def add(path, *more):
    return CliRunner().invoke(main, ["follow-up", "add", str(path), "--expression", "maximum_frown", *map(str, more)])


GRADE = ("--area", "glabellar", "--rater", "investigator", "--grade")


def test_a_visit_is_added_and_what_was_there_stays_as_it_was(tmp_path):
    path = tmp_path / "visits.toml"
    assert add(path, "--day", 0, *GRADE, 3).exit_code == 0
    before = path.read_text() + "\n# a remark of mine\n"
    path.write_text(before)
    (tmp_path / "later.jpg").write_bytes(b"any")
    found = add(path, "--day", 30, "--picture", tmp_path / "later.jpg", "--note", 'with "quotes"')
    assert found.exit_code == 0, found.output
    assert "2 entries on day 0, 30" in found.output
    assert path.read_text().startswith(before)
    visits = Visits.read(path)
    assert visits.pictures[0].picture == tmp_path / "later.jpg"
    assert visits.seen[0].grade == 3
    assert not list(tmp_path.glob(".visits*"))


def test_a_visit_is_added_to_a_table_and_to_a_list_in_brackets(tmp_path):
    table = tmp_path / "visits.csv"
    table.write_text("day,area,expression,rater,grade,note\n0,glabellar,maximum_frown,investigator,3,\"first, of all\"")
    assert add(table, "--day", 14.5, *GRADE, 1).exit_code == 0
    assert [one.day for one in Visits.read(table).seen] == [0, 14.5]
    deep = add(table, "--day", 15, "--area", "glabellar", "--depth-mm", 1, "--depth-error-mm", 0.1)
    assert "there is no column 'depth_mm'" in deep.output
    new = tmp_path / "new.csv"
    assert add(new, "--day", 14, *GRADE, 1).exit_code == 0
    assert Visits.read(new).seen[0].grade == 1
    listed = tmp_path / "listed.toml"
    listed.write_text('day_zero = 2026-11-01\nvisit = [{day = 0, area = "glabellar", expression = "rest", rater = "subject", grade = 1}]\n')
    assert add(listed, "--date", "2026-11-15", *GRADE, 1).exit_code == 0
    assert [one.day for one in Visits.read(listed).seen] == [0, 14]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--day", 0, *GRADE, 3), "stands twice; keep one"),
        (("--day", 14, *GRADE, 4), "at most 3"),
        (("--day", 14, "--area", "glabela", "--rater", "subject", "--grade", 1), "did you mean 'glabellar'"),
        (("--day", 14, "--area", "glabellar"), "nothing was seen"),
        (("--date", "2026-11-01", *GRADE, 1), "needs day_zero"),
        (("--day", 14, "--picture", "nowhere.jpg"), "no such file"),
        (GRADE, "missing"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_alone(tmp_path, arguments, message):
    path = tmp_path / "visits.toml"
    add(path, "--day", 0, *GRADE, 3)
    before = path.read_bytes()
    found = add(path, *arguments) if arguments != GRADE else add(path, *GRADE, 1)
    assert found.exit_code == 2, found.output
    assert message in found.output
    assert found.output.count("\n") == 1
    assert path.read_bytes() == before
