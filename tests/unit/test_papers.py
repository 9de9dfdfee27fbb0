"""The papers and pictures: complete, readable, one page where it must be, and none of them for a study."""

import datetime
import io
import json
import re
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from scipy.ndimage import gaussian_filter

from glabella.app.note import Note
from glabella.app.papers.leaflet import in_people, leaflet
from glabella.app.papers.paper import offset_words, site_words
from glabella.app.papers.pictures import face_glb, face_png, lay_out_spots, needle_points
from glabella.app.papers.sheet import professional_sheet
from glabella.app.words import label_emergency_text
from glabella.app.workbench import Workbench
from glabella.errors import InputError, RefusedError
from glabella.label import Finding
from glabella.patient import Patient
from glabella.plan import Injection, Plan
from glabella.report.render import Camera

ONA = "onabotulinumtoxinA"
AREAS = ("glabellar", "forehead", "lateral_canthal")
SMALL = Camera(centre=(0.0, 22.0, 0.0), width_mm=138.0, height_mm=104.0, pixels_per_mm=2.0)
CLOSE = Camera(centre=(0.0, 19.0, 0.0), width_mm=19.0, height_mm=14.0, pixels_per_mm=5.0)
NOTE = replace(
    Note(title="Zoë Łukasiewicz-Ağaoğlu, erste Sitzung").with_pattern(AREAS),
    lot="C4711Æ-9", expiry=datetime.date(2027, 6, 30), hours_since_mixing=3.5, treatment_date=datetime.date(2026, 12, 1),
    rationale="Severe lines at maximum frown.\nWants to keep some movement: señora Ñandú agrees.",
)  # fmt: skip
NOTE = replace(NOTE, injections=(replace(NOTE.injections[0], lateral_mm=-2, up_mm=1.5), *NOTE.injections[1:]))


def text_of(pdf):
    reader = PdfReader(io.BytesIO(pdf))
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


@pytest.fixture(scope="module")
def bench():
    return Workbench()


@pytest.fixture(scope="module")
def result(bench):
    return bench.course(NOTE.patient, NOTE.plan())


@pytest.fixture(scope="module")
def sheet(result):
    return text_of(professional_sheet(NOTE, result))


# --- the sheet --------------------------------------------------------------------------------------------------------------


def test_the_sheet_names_the_syringe_the_lot_and_the_dates(sheet):
    first = sheet[0]
    for words in (
        NOTE.title, "onabotulinumtoxinA (BOTOX Cosmetic)", "C4711Æ-9", "30 June 2027", "1 December 2026", "3.5 h", "1 of 100 U",
        "100 U in 2.5 mL of saline = 40 U/mL (4 U in 0.1 mL)",
    ):  # fmt: skip
        assert words in first, words
    whole = " ".join(sheet)
    for words in ("31 December 2026", "1 March 2027", "Wants to keep some movement: señora Ñandú agrees."):  # days 30 and 90
        assert words in whole, words


def test_every_injection_has_its_row(sheet, result):
    whole = " ".join(sheet)
    assert len(NOTE.injections) == 16
    for number, (injection, bolus) in enumerate(zip(NOTE.injections, result.course.boluses[0], strict=True), start=1):
        start = f"{number} {site_words(injection.site)} {offset_words(injection)} {bolus.needle.depth_mm:.1f} mm"
        assert re.search(re.escape(start) + r" [a-z ,]+ 4 0\.1 ", whole), start
        assert f"{number}: 4 U" in whole  # beside its needle on the face
    assert "2 mm medial, 1.5 mm up" in whole
    assert "all 64 1.6" in whole


def test_totals_per_muscle_and_what_is_left_over(sheet):
    muscles = ("corrugator supercilii, left 8 U", "procerus 4 U", "frontalis 4 U")
    for words in (*muscles, "all injections 64 U", "left over, to be discarded 36 U"):
        assert words in sheet[0], words


def test_the_prediction_is_that_of_the_result(sheet, result):
    whole = " ".join(sheet)
    curve = result.outcome.grade("glabellar", "maximum_frown")
    assert f"Glabellar lines, maximum frown 3.0 {curve.at(30).median:.1f} {curve.at(90).median:.1f}" in whole
    assert "One nominal run: no bands were computed." in whole
    assert "Headache 13.3 % (10.6 to 16.4) label rate" in whole
    assert "Earliest next treatment by the label: 1 March 2027" in whole


def test_lines_to_sign_findings_and_sources_are_there(sheet, result):
    last = sheet[-1]
    for words in ("Patient identifier", "Prescriber", "Licence number", "Signature", "Review date"):
        assert words in last, words
    whole = " ".join(sheet)
    for finding in result.findings:
        assert finding.what in whole
        assert f"{finding.source} ({finding.quality})" in whole
    assert "king2016: King. Management of ptosis." in whole


def test_each_page_says_what_it_is_and_what_made_it(sheet, result):
    for number, page in enumerate(sheet, start=1):
        assert "Research and education, not a medical device" in page
        assert f"page {number} of {len(sheet)}" in page
        assert f"glabella {result.outcome.version} seed 0 samples 0 parameters {result.outcome.parameters_sha256}" in page


def test_bands_are_told_and_findings_of_another_check_are_taken(bench):
    note = Note(treatment_date=datetime.date(2026, 12, 1)).with_pattern(("glabellar",))
    result = bench.banded(note.patient, note.plan(), 120, samples=3)
    caution = Finding("caution", "a remark of the check with a date", "plan, hours_since_mixing", "rule", "label_memory", "memory")
    whole = " ".join(text_of(professional_sheet(note, result, [*result.findings, caution])))
    assert "caution plan, hours since mixing a remark of the check with a date label_memory (memory)" in whole
    assert "5th to 95th percentile of 3 simulated samples" in whole
    grade = result.outcome.grade("glabellar", "maximum_frown").at(30)
    assert f"{grade.median:.1f} ({grade.low:.1f} to {grade.high:.1f})" in whole
    assert "Lot ______________________" in whole  # to fill in by hand
    expired = replace(caution, severity="refuse", what="the vial expired")
    with pytest.raises(RefusedError, match="the vial expired"):
        professional_sheet(note, result, [expired])


# --- the leaflet ------------------------------------------------------------------------------------------------------------


def test_the_leaflet_is_one_page_and_says_when_to_get_help(result):
    pages = text_of(leaflet(NOTE, result))
    assert len(pages) == 1
    (page,) = pages
    for words in (
        "What is planned", "16 small injections of BOTOX Cosmetic (onabotulinumtoxinA), 64 units in all on 1 December 2026",
        "lines beside the eyes",
        "The first 14 days", "What else can happen", "133", "Get help now", "Questions to ask", "not again before: 1 March 2027",
        "Research and education, not a medical device", "page 1 of 1", NOTE.title,
    ):  # fmt: skip
        assert words in page, words
    for paragraph in label_emergency_text().paragraphs:
        assert paragraph in page
    assert not re.search(r"\bmm\b|corrugator|frontalis", page)  # no jargon


@pytest.mark.parametrize(
    ("product", "areas"),
    [(ONA, AREAS[:1]), ("abobotulinumtoxinA", AREAS[:1]), ("incobotulinumtoxinA", AREAS), ("daxibotulinumtoxinA", AREAS[:1])],
)
def test_the_leaflet_of_any_product_fits_even_with_the_longest_title(bench, product, areas):
    note = replace(Note(title="W" * 120, product=product).with_pattern(areas), treatment_date=datetime.date(2026, 9, 30))
    pdf = leaflet(note, bench.course(note.patient, note.plan()))
    assert len(text_of(pdf)) == 1
    fonts = {str(font["/BaseFont"]) for font in PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values()}
    assert all("DejaVu" in font for font in (str(f) for f in fonts)), fonts


@pytest.mark.parametrize(
    ("chance", "words"), [(0.133, "133"), (0.0158, "16"), (0.001, "1"), (1e-9, "under 1"), (0.0, "under 1"), (1.0, "1000")]
)
def test_chances_are_counts_of_a_thousand_people(chance, words):
    assert in_people(chance) == words


# --- who gets none ----------------------------------------------------------------------------------------------------------


def test_a_study_has_neither(bench):
    note = replace(NOTE, purpose="study")
    result = bench.course(note.patient, note.plan())
    for paper in (professional_sheet, leaflet):
        with pytest.raises(RefusedError) as error:
            paper(note, result)
        assert "\n" not in str(error.value)
        assert "purpose 'study' has no treatment sheet and no leaflet" in str(error.value)


def test_a_stale_prediction_a_refused_plan_and_an_empty_note_have_none(result):
    for stale in (
        replace(NOTE, injections=NOTE.injections[1:]),
        replace(NOTE, patient=Patient(age_years=50)),
        replace(NOTE, injections=(replace(NOTE.injections[0], units=3), *NOTE.injections[1:])),
    ):
        for paper in (professional_sheet, leaflet):
            with pytest.raises(InputError, match="another plan or person"):
                paper(stale, result)
    refusal = Finding("refuse", "not allowed", "day 0", "maximum_units", "label_memory", "memory")
    for paper in (professional_sheet, leaflet):
        with pytest.raises(RefusedError, match="not allowed"):
            paper(NOTE, replace(result, findings=(refusal,)))
        with pytest.raises(InputError, match="no injections"):
            paper(replace(NOTE, injections=()), result)


def test_a_lot_or_a_new_date_does_not_make_a_prediction_stale(result):
    changed = replace(NOTE, lot="other", treatment_date=None, expiry=None, hours_since_mixing=None, rationale="", title="")
    whole = " ".join(text_of(professional_sheet(changed, result)))
    assert "day 30" in whole
    assert "December" not in whole
    assert len(text_of(leaflet(changed, result))) == 1


@pytest.mark.parametrize("title", ["名前 नाम اسم", "a\u202eb\u200bc\td", "<b>&amp;</b> **x** __y__ {nb}"])
def test_any_text_makes_a_file(result, title):
    note = replace(NOTE, title=title, rationale=title, lot=title)
    assert len(text_of(leaflet(note, result))) == 1
    pages = text_of(professional_sheet(note, result))
    if "<b>" in title:
        assert "<b>&amp;</b> **x** __y__" in pages[0]


# --- pictures ---------------------------------------------------------------------------------------------------------------


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)


def furrows(result, day):
    """How uneven the skin between the brows looks on the person's right and left: what is finer than a shade, as grey levels."""
    grey = pixels(face_png(result, day, "maximum_frown", sites=False, camera=CLOSE)).mean(-1)
    fine = grey - gaussian_filter(grey, 6)
    middle = grey.shape[1] // 2
    return fine[:, :middle].std(), fine[:, middle:].std()


def test_the_picture_shows_lines_going_and_needles_where_they_are(result):
    for before, after in zip(furrows(result, 0), furrows(result, 30), strict=True):
        assert after < 0.7 * before
    before = pixels(face_png(result, 0, "maximum_frown", sites=False, camera=SMALL))
    assert before.shape == (*SMALL.shape, 3)
    assert np.array_equal(before, pixels(face_png(result, 0, "maximum_frown", sites=False, camera=SMALL)))
    marked = pixels(face_png(result, 0, "maximum_frown", camera=SMALL))
    changed = np.argwhere(np.abs(marked - before).max(-1) > 8)
    for row, column in SMALL.project(needle_points(result))[:, 1::-1]:
        assert np.linalg.norm(changed - [row, column], axis=1).min() < 14  # the frown carries a needle some mm along


def test_a_side_that_is_treated_alone_loses_more_of_its_lines(bench):
    injections = tuple(one for one in NOTE.injections if one.site.startswith("corrugator") and one.site.endswith("_left"))
    result = bench.course(NOTE.patient, replace(NOTE, injections=injections).plan())
    (right, left), (right_after, left_after) = furrows(result, 0), furrows(result, 30)
    assert left_after / left < 0.85
    assert left_after / left < right_after / right - 0.03  # the skin is one sheet: the other side feels a little of it


def test_a_study_s_picture_is_stamped(bench):
    plan = Plan.label(ONA).with_purpose("study")
    study = bench.course(Patient(), plan)
    person = bench.course(Patient(), Plan.label(ONA))
    stamped, plain = (pixels(face_png(r, 0, sites=False, camera=SMALL)) for r in (study, person))
    assert (np.abs(stamped - plain).max(-1) > 4).mean() > 0.02
    assert extras(face_glb(study, 0))["watermark"] == "study"
    assert extras(face_glb(person, 0))["watermark"] is None


def chunks(glb):
    magic, version, length = struct.unpack_from("<III", glb)
    assert (magic, version, length) == (0x46546C67, 2, len(glb))
    size, kind = struct.unpack_from("<II", glb, 12)
    assert (kind, size % 4) == (0x4E4F534A, 0)
    document, at = json.loads(glb[20 : 20 + size]), 20 + size
    size, kind = struct.unpack_from("<II", glb, at)
    assert (kind, at + 8 + size) == (0x004E4942, len(glb))
    return document, glb[at + 8 :]


def extras(glb):
    return chunks(glb)[0]["asset"]["extras"]


def array(document, blob, number):
    accessor = document["accessors"][number]
    view = document["bufferViews"][accessor["bufferView"]]
    kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[accessor["componentType"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    values = np.frombuffer(blob, kind, accessor["count"] * width, view["byteOffset"]).reshape(-1, width)
    assert values.nbytes == view["byteLength"]
    return values


def test_the_solid_model_is_the_moved_skin_in_mm(result):
    document, blob = chunks(face_glb(result, 0, "maximum_frown"))
    face, primitive = result.person.face, document["meshes"][0]["primitives"][0]
    points, colours = (array(document, blob, primitive["attributes"][name]) for name in ("POSITION", "COLOR_0"))
    triangles = array(document, blob, primitive["indices"]).reshape(-1, 3)
    surface = face.surface(2)
    assert np.array_equal(triangles, surface.triangles)
    assert len(points) == len(colours) == len(surface.vertices)
    moved = np.linalg.norm(points - surface.vertices, axis=1)
    assert 2.0 < moved.max() < 25.0  # a frown moves the skin by some mm
    assert np.median(moved) < 0.5
    accessor = document["accessors"][primitive["attributes"]["POSITION"]]
    assert accessor["min"] == points.min(0).tolist()
    assert accessor["max"] == points.max(0).tolist()
    assert document["nodes"][0]["scale"] == [0.001] * 3
    told = document["asset"]["extras"]
    assert (told["units"], told["day"], told["expression"], told["frame"]) == (
        "mm", 0.0, "maximum_frown", "research and education, not a medical device",
    )  # fmt: skip
    after = array(*chunks(face_glb(result, 30, "maximum_frown")), 0)
    assert np.linalg.norm(after - surface.vertices, axis=1).max() < 0.75 * moved.max()
    eyes = [array(document, blob, mesh["primitives"][0]["attributes"]["POSITION"]).mean(0)[0] for mesh in document["meshes"][1:]]
    assert eyes[1] - eyes[0] == pytest.approx(face.interpupillary_distance_mm, abs=0.1)


@pytest.mark.parametrize(("day", "expression", "words"), [(-1, "rest", "day -1"), (9999, "rest", "day 9999"), (0, "wink", "valid: rest")])
def test_days_and_expressions_that_are_not_there(result, day, expression, words):
    for picture in (face_png, face_glb):
        with pytest.raises(InputError, match=words):
            picture(result, day, expression)


def test_labels_of_needles_stay_clear_of_each_other(result):
    points = SMALL.project(needle_points(result))[:, :2]
    spots = lay_out_spots(points, ["4 U"] * len(points), radius=3.0)
    assert [spot.number for spot in spots] == list(range(1, 17))
    places = np.array([spot.label for spot in spots])
    gaps = np.abs(places[:, None] - places[None]) / [6.2 * 3.0, 2.3 * 3.0]
    assert ((gaps.max(-1) >= 1 - 1e-9) | np.eye(len(spots), dtype=bool)).all()
    heap = lay_out_spots(np.zeros((30, 2)), ["1 U"] * 30, radius=3.0)  # more than there is room for: still all there
    assert len(heap) == 30
    assert lay_out_spots(np.zeros((0, 2)), [], radius=3.0) == []


def test_offsets_in_words():
    assert offset_words(Injection("procerus", 4, 3.0, lateral_mm=-1, up_mm=-2.5)) == "1 mm to the right, 2.5 mm down"
    assert offset_words(Injection("corrugator_medial_right", 4, 3.0, lateral_mm=2)) == "2 mm lateral"
    assert offset_words(Injection("procerus", 4, 3.0)) == "at the site"
    assert site_words("corrugator_medial_right") == "corrugator medial, right"
