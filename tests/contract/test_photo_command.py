"""glabella photo: what it asks, prints, writes and keeps to itself, and bad input."""

import json
import re
import sys

import pytest
from click.testing import CliRunner
from PIL import Image
from tests.photo_made import Case, invented_face, paint

from glabella.cli import main
from glabella.commands.common import BAD_INPUT, REFUSED
from glabella.stages.anatomy import build_atlas

YES = ("--adult", "--consent")
SECRET = "48.8584"


def run(*arguments):
    return CliRunner().invoke(main, ["photo", *(str(argument) for argument in arguments)])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A painted person at rest and frowning with lines, with a place and a name in the EXIF of both."""
    from glabella.evidence import load_parameters
    from glabella.patient import Patient
    from glabella.photo.lines import expect_lines
    from glabella.report.render import Lines
    from glabella.stages.skin import build_skin

    folder, exif = tmp_path_factory.mktemp("person"), Image.Exif()
    exif[0x010E] = f"a name and {SECRET}"
    paths = []
    for name, units in (("rest", {}), ("frown", {"browDownLeft": 0.6, "browDownRight": 0.6})):
        face, neutral = invented_face(81, units)
        lines = expect_lines(
            build_skin(build_atlas(neutral, None, load_parameters()), load_parameters()), ("glabellar",), Patient(), load_parameters()
        )
        drawn = (Lines(lines.phase_mm["glabellar"], 0.6 * lines.strength["glabellar"], 6.0),)
        picture = paint(Case(81, skin="medium", light="from above", pixels_per_mm=3.2, size=(210.0, 270.0)), face, drawn if units else ())
        Image.fromarray(picture.pixels).save(folder / f"{name}.jpg", quality=95, exif=exif)
        paths.append(folder / f"{name}.jpg")
    return paths


@pytest.fixture(scope="module")
def shown(pictures, landmark_model_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photo") / "out"
    result = run(pictures[0], "--frown", pictures[1], *YES, "--samples", 4, "--day", 30, "--model", landmark_model_path, "--out", folder)
    assert result.exit_code == 0, result.output
    return result.output, folder


def test_without_adult_and_consent_nothing_is_read(pictures):
    for given, missing in (((), "--adult"), (("--adult",), "--consent"), (("--consent",), "--adult")):
        result = run(pictures[0], *given)
        assert result.exit_code == REFUSED
        assert f"give {missing}" in result.output
        assert "Nothing was read" in result.output


def test_the_report_shows_sites_lines_and_days_and_is_marked_as_simulation(shown):
    text, folder = shown
    assert "Simulation, not a forecast of you" in text
    page = (folder / "report.html").read_text("utf-8")
    for part in (
        "Muscles and licensed sites",
        "Simulated skin, at rest",
        "Simulated skin, frowning",
        'type="range"',
        "5th percentile of depth",
        ">simulation<",
    ):
        assert part in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "harmless" not in page
    found = json.loads((folder / "photo.json").read_text("utf-8"))
    frown = found["depth_ratio"]["maximum_frown"]["glabellar"][0]
    assert frown["low"] <= frown["median"] <= frown["high"] < 0.7
    assert {one["area"] for one in found["offered_baseline"] if one["expression"] == "maximum_frown"} == {"glabellar"}
    assert sum(site["units"] or 0 for site in found["sites"]) == 20
    assert found["size"]["error_mm"] > 1


def test_nothing_of_the_file_but_its_pixels_is_written(shown):
    _, folder = shown
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        assert SECRET.encode() not in content
        assert b"rest.jpg" not in content
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert not image.getexif()
                assert "exif" not in image.info
    assert b"Exif" not in (folder / "report.html").read_bytes()


def test_the_offered_patient_file_is_one(shown):
    from glabella.patient import Patient

    patient = Patient.read(shown[1] / "patient.toml")
    found = json.loads((shown[1] / "photo.json").read_text("utf-8"))
    assert patient.interpupillary_distance_mm == pytest.approx(found["size"]["interpupillary_distance_mm"], abs=0.06)
    offered = {(one["area"], one["expression"]): one["grade"] for one in found["offered_baseline"]}
    assert patient.baseline["glabellar"].contraction == pytest.approx(offered["glabellar", "maximum_frown"], abs=0.06)


def test_bad_input_is_one_line(pictures, tmp_path, landmark_model_path):
    text = tmp_path / "face.jpg"
    text.write_text("no picture")
    for arguments, message in (
        ((), "PICTURE is missing"),
        ((text, *YES, "--model", landmark_model_path), "not a picture that can be read"),
        ((pictures[0], *YES, "--model", text), "sha256"),
        ((pictures[0], *YES, "--plan", text, "--area", "forehead"), "--area: the plan file says it already"),
        ((pictures[0], *YES, "--area", "glabela"), "glabellar"),
        ((pictures[0], *YES, "--out", text), "is a file"),
        ((pictures[0], *YES, "--model", landmark_model_path, "--day", 31), "day 31: pictures are made for days 0, 7, 30"),
    ):
        result = run(*arguments)
        assert result.exit_code == BAD_INPUT, result.output
        assert message in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_the_package_does_not_load_what_photos_need():
    import subprocess

    code = "import sys, glabella, glabella.cli; print([m for m in ('ai_edge_litert', 'PIL', 'glabella.photo') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
