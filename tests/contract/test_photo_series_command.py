"""glabella photo-series, and glabella follow-up with pictures: what they ask, print, write and keep to themselves."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tests.photo_made import Case, invented_face, paint

from glabella.cli import main
from glabella.commands.common import BAD_INPUT, REFUSED
from glabella.follow_up.document import validate_follow_up
from glabella.follow_up.visits import Visits

YES, SECRET = ("--adult", "--consent"), "48.8584"
PLAN = 'purpose = "person"\nproduct = "onabotulinumtoxinA"\n[[session]]\nday = 0\npattern = "glabellar"\n'


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A frowning painted person on days 0 and 30, with a place and a name in the EXIF, and files that name the pictures."""
    from glabella.evidence import load_parameters
    from glabella.patient import Patient
    from glabella.photo.lines import expect_lines
    from glabella.report.render import Lines
    from glabella.stages.anatomy import build_atlas
    from glabella.stages.skin import build_skin

    folder, exif, table = tmp_path_factory.mktemp("person"), Image.Exif(), load_parameters()
    exif[0x010E] = f"a name and {SECRET}"
    _, neutral = invented_face(82)
    lines = expect_lines(build_skin(build_atlas(neutral, None, table), table), ("glabellar",), Patient(), table)
    for day, depth, unit in ((0, 0.75, 0.6), (30, 0.3, 0.25)):
        face, _ = invented_face(82, {"browDownLeft": unit, "browDownRight": unit})
        drawn = (Lines(lines.phase_mm["glabellar"], depth * lines.strength["glabellar"], 6.0),)
        case = Case(82, turn=day / 10, light="from above", pixels_per_mm=3.0, size=(200.0, 250.0))
        Image.fromarray(paint(case, face, drawn).pixels).save(folder / f"day{day}.jpg", quality=95, exif=exif)
    tables = [f'[[visit]]\nday = {day}\nexpression = "maximum_frown"\npicture = "day{day}.jpg"\n' for day in (0, 30)]
    (folder / "visits.toml").write_text("".join(tables))
    (folder / "plan.toml").write_text(PLAN)
    return folder


@pytest.fixture(scope="module")
def followed(folder, landmark_model_path, tmp_path_factory):
    out = tmp_path_factory.mktemp("follow-up") / "out"
    more = ("--people", 8000, "--model", landmark_model_path, "--out", out)
    found = run("follow-up", folder / "plan.toml", folder / "visits.toml", *YES, *more)
    assert found.exit_code == 0, found.output
    return found.stdout, out


def test_without_adult_and_consent_nothing_is_read(folder):
    for command in (("photo-series", folder / "visits.toml"), ("follow-up", folder / "plan.toml", folder / "visits.toml")):
        for given, missing in (((), "--adult"), (("--adult",), "--consent")):
            found = run(*command, *given)
            assert found.exit_code == REFUSED
            assert f"give {missing}" in found.output


def test_pictures_alone_move_the_forecast_and_offer_a_baseline(followed):
    text, out = followed
    assert "day 30: comparable" in text
    assert re.search(r"picture of day 0, glabellar lines maximum frown: .* grade .* offered; used: 3 by the usual one", text)
    assert "take the offer with --confirm" in text
    assert "times as deep as they are" in text
    document = json.loads((out / "follow-up.json").read_text("utf-8"))
    validate_follow_up(document)
    assert [(v["day"], v["depth_from"]) for v in document["visits"]] == [(0, "picture"), (30, "picture")]
    ratio = document["visits"][1]["depth_mm"] / document["visits"][0]["depth_mm"]
    assert ratio == pytest.approx(0.4, abs=0.12)
    factor = document["picture_factors"]["glabellar"]
    assert factor["low"] < factor["median"] < factor["high"]
    assert document["people"]["effective_after"] < document["people"]["effective_before"]
    again = Visits.read(out / "visits.csv")  # so that the pictures need not be read again
    assert [one.depth_from for one in again.seen] == ["picture", "picture"]


def test_nothing_of_the_files_but_their_pixels_is_written(followed):
    _, out = followed
    assert sorted(path.name for path in out.iterdir()) == ["follow-up.json", "pictures", "pictures.html", "report.html", "visits.csv"]
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET.encode() not in content
            assert b"day30.jpg" not in content
            assert b"Exif" not in content
    assert 'href="pictures.html"' in (out / "report.html").read_text("utf-8")


def test_a_series_by_day_and_picture_is_data(folder, landmark_model_path):
    named = [f"{day}={folder}/day{day}.jpg" for day in (30, 0)]
    found = run("photo-series", *named, "--expression", "maximum_frown", *YES, "--model", landmark_model_path, "--json")
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    first, later = document["looks"]["maximum_frown"]
    assert [first["day"], later["day"]] == [0, 30]
    assert later["comparable"]
    assert later["change"]["glabellar"]["low"] < 0.4 < later["change"]["glabellar"]["high"]
    assert {check["name"] for check in later["checks"]} >= {"turn", "nod", "tilt", "distance", "light", "sharpness", "expression"}
    assert "jpg" not in found.stdout


def test_bad_input_is_one_line(folder, tmp_path, landmark_model_path):
    graded = tmp_path / "graded.toml"
    graded.write_text('[[visit]]\nday = 0\narea = "glabellar"\nexpression = "rest"\nrater = "subject"\ngrade = 1\n')
    late = tmp_path / "late.toml"
    late.write_text(f'[[visit]]\nday = 30\nexpression = "maximum_frown"\npicture = "{folder}/day30.jpg"\n')
    gone = tmp_path / "gone.toml"
    gone.write_text("".join(f'[[visit]]\nday = {day}\nexpression = "rest"\npicture = "no{day}.jpg"\n' for day in (0, 9)))
    model = ("--model", landmark_model_path)
    for arguments, message in (
        (("photo-series", graded, *YES), "no visit has a picture"),
        (("photo-series", late, *YES, *model), "two or more"),
        (("photo-series", "a=b.jpg", *YES), "'a' is no day"),
        (("photo-series", "0=b.jpg", "c.jpg", *YES), "must be DAY=PICTURE"),
        (("photo-series", "0=b.jpg", "1=c.jpg", "--expression", "frown", *YES), "maximum_frown"),
        (("photo-series", gone, *YES, *model), "picture of day 0 (rest): photo"),
        (("photo-series", folder / "visits.toml", *YES, *model, "--out", graded), "is a file"),
        (("follow-up", folder / "plan.toml", late, *YES, *model), "there is no picture of day 0 of the same face"),
        (("follow-up", folder / "plan.toml", graded, "--confirm"), "--confirm: no visit has a picture"),
        (("follow-up", folder / "plan.toml", folder / "visits.toml", "--days", 20, *YES), "day 30 is after the last day 20"),
    ):
        found = run(*arguments)
        assert found.exit_code == BAD_INPUT, found.output
        assert message in found.output
        assert len(found.output.strip().splitlines()) == 1


def test_the_page_blends_any_two_days_with_the_keyboard(followed, browser):
    page = browser.new_context(viewport={"width": 1000, "height": 900}).new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((followed[1] / "pictures.html").as_uri())
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    assert page.locator("output").inner_text() == "day 0 0 %, day 30 100 %"
    page.get_by_role("button", name="Swap").press("Enter")
    assert page.locator("output").inner_text() == "day 30 0 %, day 0 100 %"
    shown = page.locator(".blend img").evaluate_all("images => images.map(image => [image.dataset.day, image.style.opacity])")
    assert np.array_equal(shown, [["0", "1"], ["30", "1"]])
    assert complaints == []
