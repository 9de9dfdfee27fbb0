"""The report: complete, self-contained, readable by everyone, stamped where it must be, and written whole or not at all."""

import base64
import html.parser
import io
import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.example_outcome import build_outcome, example_scene

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.outcome import validate_outcome
from glabella.plan import Plan
from glabella.report import check_report_folder, write_report
from glabella.report.charts import draw_brows
from glabella.report.faces import encode
from glabella.report.page import SECTIONS, face_name, facts, percent, render_page, tiles
from glabella.report.section import describe_section, dose_levels, draw_section
from glabella.report.style import ROLES, inline_svg, styled, words
from glabella.report.write import draw_pictures
from glabella.scene import LAYERS, PICTURE_DAYS, Histogram, Section

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(html.parser.HTMLParser):
    """Elements (tag, attributes) in order, with the text inside some of them; complains about tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *tags):
        return [(tag, attributes) for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """(outcome, folder, page) of a study with overrides and an impolite lot number, written once."""
    plan = replace(Plan.label("onabotulinumtoxinA", purpose="study"), lot="<script>alert('lot')</script>")
    parameters = load_parameters().with_values({"tissue_porosity": 0.25}).recording()
    parameters["tissue_porosity"]
    outcome = build_outcome("study", plan=plan, parameters=parameters)
    steps = []
    path = write_report(outcome, tmp_path_factory.mktemp("reports") / "study", lambda what, share: steps.append((what, share)))
    assert steps[-1] == ("page", 1.0)
    assert all(0 <= share <= 1 for _, share in steps)
    return outcome, path.parent, Page(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def plain_outcome():
    """Without samples and pictures of the face: quick to write."""
    return build_outcome(samples=0, with_scene=False)


def test_the_page_has_every_section_with_its_heading(study):
    _, _, page = study
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for anchor, _ in SECTIONS:
        assert anchor in ids
        assert f"{anchor}-title" in ids
    targets = {attributes["href"][1:] for tag, attributes in page.all("a") if attributes["href"].startswith("#")}
    assert targets <= set(ids)


def test_the_face_is_shown_at_rest_and_frowning_on_the_seven_days(study):
    _, folder, page = study
    shown = [attributes["alt"] for _, attributes in page.all("img")]
    for expression in ("rest", "maximum frown"):
        for day in (0, 7, 30, 60, 90, 120, 180):
            assert any(f"{expression}, day {day}" in alt.replace(" (before", ",") for alt in shown)
            assert (folder / "pictures" / f"{face_name(expression.replace(' ', '_'), day)}.png").stat().st_size > 20_000
    assert PICTURE_DAYS == (0, 7, 30, 60, 90, 120, 180)


def test_every_drawing_is_in_the_page_and_in_the_folder(study):
    outcome, folder, page = study
    ids = {attributes.get("id") for _, attributes in page.elements}
    drawn = {"strain", "movement", "grade", "muscles", "brow", "dose_on_face", "dose_muscle_histogram", "frequencies"}
    drawn |= {f"section_{section.site}" for section in outcome.scene.sections}
    assert drawn <= ids
    files = {path.stem for path in (folder / "pictures").iterdir()}
    assert files == drawn | {face_name(e, day) for e in outcome.scene.displacement for day in PICTURE_DAYS}
    for path in (folder / "pictures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_data_beside_the_page_fit_the_schema(study):
    outcome, folder, _ = study
    document = json.loads((folder / "outcome.json").read_text("utf-8"))
    validate_outcome(document)
    assert document == outcome.to_json()


def test_the_page_says_what_it_is_and_what_it_rests_on(study):
    outcome, _, page = study
    text = " ".join(" ".join(page.text).split())
    assert "Research and education, not a medical device" in text
    assert "What this model gets wrong" in text
    assert outcome.parameters_sha256 in text
    assert "tissue_porosity = 0.25" in text
    for finding in outcome.findings:
        assert finding.what in text
    for entry in outcome.sources().references:
        assert str(entry) in text
    for effect in outcome.unwanted:
        assert words(effect).capitalize() in text
    assert "2.2 (1.2 to 3.6)" in text  # a chance with its band


def test_nothing_is_fetched_from_outside(study):
    _, folder, page = study
    text = (folder / "report.html").read_text("utf-8")
    for tag, attributes in page.elements:
        assert tag not in {"script", "iframe", "object", "embed", "base"}
        for name in ("src", "srcset", "data", "poster", "background"):
            assert attributes.get(name, "data:").startswith("data:")
        if tag == "link":
            assert attributes["href"] == "data:,"
        if tag in ("use", "image"):
            assert attributes["href"].startswith(("#", "data:"))
        assert "xlink:href" not in attributes
        for style in (attributes.get("style", ""),):
            assert "//" not in style
    for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.S):
        assert "@import" not in style
        assert "http" not in style
    assert not re.search(r"url\((?!#)", text)
    policy = next(
        attributes["content"] for tag, attributes in page.all("meta") if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy


def test_text_from_the_plan_is_shown_as_text(study):
    _, _, page = study
    assert not page.all("script")
    assert "alert('lot')" in " ".join(page.text)


def test_everyone_can_read_it(study):
    _, _, page = study
    for _, attributes in page.all("img"):
        assert len(attributes["alt"]) > 20
    for _, attributes in page.all("svg"):
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"]) > 40
    levels = [int(tag[1]) for tag, _ in page.all("h1", "h2", "h3")]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    tables, captions = page.all("table"), page.all("caption")
    assert len(tables) == len(captions) >= 5
    assert all(attributes.get("scope") in ("row", "col") for _, attributes in page.all("th"))
    html_attributes = page.all("html")[0][1]
    assert html_attributes["lang"] == "en"


def contrast(first, second):
    def luminance(colour):
        colour = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
        shares = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_and_lines_stand_out_in_light_dark_and_print(study, scheme):
    _, folder, _ = study
    blocks = re.findall(r":root \{(.*?)\}", (folder / "report.html").read_text("utf-8"), re.S)
    assert len(blocks) == 3
    colours = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{3,6})", blocks[scheme]))
    for background in ("--paper", "--page", "--tint"):
        for text in ("--ink", "--muted", "--accent"):
            assert contrast(colours[text], colours[background]) >= 4.5
    for severity in ("caution", "refuse"):
        for text in (f"--{severity}", "--ink", "--muted"):
            assert contrast(colours[text], colours[f"--{severity}-tint"]) >= 4.5
    for role in set(ROLES.values()) - {"--grid", "--paper"}:
        assert contrast(colours[role], colours["--paper"]) >= 3


def test_study_stands_on_the_page_on_every_drawing_and_on_every_face(study):
    outcome, folder, page = study
    assert outcome.watermark == "study"
    assert any(attributes.get("class") == "watermark" for _, attributes in page.elements)
    assert "Not for treating a person" in " ".join(page.text)
    text = (folder / "report.html").read_text("utf-8")
    drawings = re.findall(r'<svg [^>]*class="chart">.*?</svg>', text, re.S)
    assert len(drawings) == 8 + len(outcome.scene.sections)
    assert all(">STUDY</text>" in drawing for drawing in drawings)
    assert json.loads((folder / "outcome.json").read_text("utf-8"))["watermark"] == "study"


def test_the_stamp_changes_the_pixels_of_pictures(plain_outcome):
    from PIL import Image

    grey = np.full((300, 400, 3), 200, np.uint8)
    png, _ = encode(grey, "study")
    assert 0.02 < (np.array(Image.open(_file(png))) != grey).any(2).mean() < 0.5
    assert (np.array(Image.open(_file(encode(grey, None)[0]))) == grey).all()
    with styled():
        unmarked = draw_brows(plain_outcome)
        marked = draw_brows(replace(plain_outcome, plan=Plan.label("onabotulinumtoxinA", purpose="study")))
    before, after = (np.array(Image.open(_file(picture.png)).convert("RGB")) for picture in (unmarked, marked))
    assert 0.02 < (before != after).any(2).mean() < 0.5
    assert "STUDY" not in unmarked.svg


def _file(content):
    return io.BytesIO(content)


def test_a_person_gets_no_watermark_and_no_bands_are_claimed_without_samples(plain_outcome):
    with styled():
        pictures = list(draw_pictures(plain_outcome))
    text = render_page(plain_outcome, pictures)
    assert "STUDY" not in text
    assert 'class="watermark"' not in text
    assert "no bands were computed" in text
    assert "percentile of 0 samples" not in text
    assert 'id="face"' not in text  # no scene, no pictures of the face
    assert render_page(plain_outcome, pictures) == text


def test_drawings_keep_their_text_and_take_their_colours_from_the_page(plain_outcome):
    with styled():
        drawing = draw_brows(plain_outcome).svg
    assert "brow peak</text>" in drawing
    assert "var(--ink)" in drawing
    assert "var(--blue)" in drawing
    assert not re.search(r'id="(?!brow-)', drawing)
    assert set(re.findall(r"url\(#([^)]+)\)", drawing)) <= set(re.findall(r'id="([^"]+)"', drawing))


def test_ids_of_one_drawing_do_not_meet_those_of_another():
    svg = (
        '<?xml version="1.0"?><svg viewBox="0 0 1 1"><defs><path id="p1"/></defs>'
        '<g id="figure_1"><use xlink:href="#p1" clip-path="url(#p1)"/></g></svg>'
    )
    drawing = inline_svg(svg, "strain", "what it <shows>")
    assert 'id="strain-p1"' in drawing
    assert 'href="#strain-p1"' in drawing
    assert "url(#strain-p1)" in drawing
    assert "figure_1" not in drawing
    assert 'aria-label="what it &lt;shows&gt;"' in drawing


# ---- written whole or not at all -------------------------------------------------------------------------------------------


class Stop(KeyboardInterrupt):
    pass


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def stop_at(step):
    def progress(what, share):
        if what == step:
            raise Stop

    return progress


@pytest.mark.parametrize("step", ["pictures", "page"])
def test_an_interrupted_report_leaves_nothing(plain_outcome, tmp_path, step):
    with pytest.raises(Stop):
        write_report(plain_outcome, tmp_path / "deep" / "report", stop_at(step))
    assert not list(tmp_path.iterdir())


def test_a_new_report_replaces_an_earlier_one_and_an_interrupted_one_does_not(plain_outcome, tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    write_report(plain_outcome, folder)
    before = contents(folder)
    with pytest.raises(Stop):
        write_report(replace(plain_outcome, seed=8), folder, stop_at("pictures"))
    assert contents(folder) == before
    (folder / "pictures" / "face_rest_day_999.png").write_bytes(b"of an older version")
    write_report(replace(plain_outcome, seed=8), folder)
    after = contents(folder)
    assert set(after) == set(before)
    assert json.loads(after["outcome.json"])["seed"] == 8
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_full_disk_or_a_vanished_parent_leaves_the_earlier_report(plain_outcome, tmp_path, monkeypatch):
    """The second rename fails: what was there is put back."""
    from pathlib import Path

    folder = tmp_path / "report"
    write_report(plain_outcome, folder)
    before = contents(folder)
    real = Path.rename

    def rename(self, target):
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(InputError, match="cannot be written \\(no space left on device\\)"):
        write_report(replace(plain_outcome, seed=8), folder)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("name", ["notes.txt", "outcome.json", "pictures", "report.html"])
def test_files_of_others_are_never_replaced(plain_outcome, tmp_path, name):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("my work")
    with pytest.raises(InputError, match=f"holds {name}, not written by a report; give --out a new or empty folder"):
        write_report(plain_outcome, folder)
    assert contents(folder) == {name: b"my work"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_way_is_an_error_before_any_work(tmp_path):
    (tmp_path / "report").write_text("")
    for folder in ("report", "report/deeper"):
        with pytest.raises(InputError, match="output folder"):
            check_report_folder(tmp_path / folder)
    assert not (tmp_path / "new").exists()
    assert check_report_folder(tmp_path / "new") == (tmp_path / "new").resolve()
    assert not (tmp_path / "new").exists()


# ---- small parts -----------------------------------------------------------------------------------------------------------


def test_headline_numbers_are_those_of_the_curves(plain_outcome):
    strain, grade = plain_outcome.strain("glabellar"), plain_outcome.grade("glabellar")
    shown = {tile.name: tile.value for tile in tiles(plain_outcome)}
    course = strain.course()
    assert shown["Deepest effect"] == f"−{100 * course.deepest_reduction:.0f} %"
    assert shown["Half of it gone"] == f"day {course.half_gone_day:.0f}"
    assert shown["Grade of the lines"] == f"{grade.median[0]:.1f} → {grade.at(30).median:.1f}"
    assert shown["Eyelid ptosis"] == "2.2 %"


def test_small_chances_are_not_shown_as_nothing():
    assert [percent(x) for x in (0, 1e-6, 0.0004, 0.0221, 0.133)] == ["0", "under 0.01", "0.04", "2.2", "13"]


def test_facts_put_units_where_a_reader_expects_them():
    pairs = facts(
        {"age_years": 40.0, "lot": None, "conditions": [], "baseline": {"forehead": {"rest": 1.0}}, "medicines": ["aspirin"], "old": True}
    )
    assert pairs == [("Age", "40 years"), ("Baseline: forehead", "rest 1"), ("Medicines", "aspirin"), ("Old", "yes")]


def test_dose_levels_are_round_and_below_the_highest():
    assert dose_levels(13.0, 5) == pytest.approx([0.5, 1, 2, 5, 10])
    assert dose_levels(0.1, 3) == pytest.approx([0.01, 0.02, 0.05])
    assert dose_levels(0.0) == []


def test_a_histogram_gives_the_dose_of_a_share_of_the_volume():
    histogram = Histogram("procerus", np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5, 0.0]))
    assert histogram.dose_at_share(0.5) == 2
    assert histogram.dose_at_share(0.75) == 1.5


def test_a_section_is_told_in_words():
    scene_section = example_section()
    text = describe_section(scene_section)
    assert "dermis 0.0 to 1.0 mm" in text
    assert "The tip lies 2.0 mm deep, in procerus" in text
    assert "highest uptake dose is 4 units per cubic centimetre, 2.0 mm deep" in text


def example_section(**changes):
    across, depth = np.linspace(-5, 5, 11), np.linspace(0, 4, 5)
    code = {name: number for number, name in enumerate(LAYERS)}
    layer = np.repeat([[code["dermis"]], [code["dermis"]], [code["muscle"]], [code["fat"]], [code["bone"]]], 11, axis=1)
    dose = np.zeros((5, 11))
    dose[2, 5] = 0.004
    values = {
        "title": "procerus", "site": "procerus", "units": 4.0, "across_mm": across, "depth_mm": depth, "layer": layer,
        "muscle": np.where(layer == code["muscle"], 0, -1), "muscle_names": ("procerus",), "dose_units_per_mm3": dose,
        "entry": (0.0, 0.0), "tip": (0.0, 2.0),
    }  # fmt: skip
    return Section(**{**values, **changes})


def test_scenes_and_sections_check_their_shapes():
    with pytest.raises(ValueError, match="dose_units_per_mm3 has shape"):
        example_section(dose_units_per_mm3=np.zeros((11, 5)))
    with pytest.raises(ValueError, match=r"layer codes must lie in 0\.\.6"):
        example_section(layer=np.full((5, 11), 7))
    with pytest.raises(ValueError, match="muscle index 0 has no name"):
        example_section(muscle_names=())
    scene = example_scene()
    with pytest.raises(ValueError, match="one number per vertex"):
        replace(scene, dose_on_skin_units_per_mm2=np.zeros(3))
    with pytest.raises(ValueError, match="displacement of rest has shape"):
        replace(scene, displacement={"rest": np.zeros((1, 5, 3))})


def test_pictures_in_the_page_are_the_pictures_themselves(study):
    _, _, page = study
    for _, attributes in page.all("img"):
        content = base64.b64decode(attributes["src"].partition("base64,")[2], validate=True)
        assert content.startswith(b"\xff\xd8") or content.startswith(b"\x89PNG")


def test_numbers_on_the_dose_lines_stand_upright():
    across, depth = np.arange(-18, 18.1, 0.25), np.arange(-1.5, 13.1, 0.25)
    layer = np.where(depth < 0, 0, LAYERS.index("fat"))[:, None] * np.ones(len(across), int)
    dose = 10.0 ** (-np.abs(across) / 9 - 3) * np.ones((len(depth), 1))  # the lines of equal dose run straight down
    section = Section("t", "procerus", 4.0, across, depth, layer, np.full(layer.shape, -1), (), dose, (0.0, 0.0), (0.0, 3.0))
    with styled():
        svg = draw_section(section, "t", [0.05, 0.1, 0.2, 0.5], None).svg
    numbers = re.findall(r"<text([^>]*)>(0\.\d+)</text>", svg)
    assert len(numbers) >= 6  # the scale's and those on the lines
    assert not [style for style, _ in numbers if (turn := re.search(r"rotate\(([-\d.]+)", style)) and float(turn[1]) != 0]
