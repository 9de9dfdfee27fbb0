"""A photo in the Plan door: dropped, confirmed, fitted; what is placed on the photo is on the head and in the table; removed and gone.

The person is a painted head of which everything is known. One page and one fit for the whole file; the tests follow each other on it.
"""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from glabella.app.note import Note
from glabella.evidence import load_parameters
from glabella.patient import Patient
from glabella.photo import fit_photo
from glabella.photo.fitted_patient import FittedPatient
from glabella.photo.model_file import FILE_NAME
from glabella.photo.picture import picture_of
from glabella.photo.places import on_picture
from glabella.plan import Injection
from glabella.stages.anatomy import build_atlas
from tests.browser.conftest import Watched
from tests.browser.face import ready, settle
from tests.browser.test_plan_page import new_note, offsets
from tests.browser.test_terms import check as check_terms
from tests.photo_made import Case, invented_face, paint

CASE = Case(33, turn=10, skin="medium", light="from the side", pixels_per_mm=3.0, size=(230.0, 290.0))
PLACED = "() => window.__glabella_photo && window.__glabella_photo.viewer.sites.length"
GUESS = "A" * 32


class Truth:
    """The painted head, its file, and the fit that the server makes of it."""

    def __init__(self, model):
        self.face, neutral = invented_face(CASE.seed)
        self.atlas = build_atlas(neutral, None, load_parameters())
        self.camera = CASE.camera.truth
        out, exif = io.BytesIO(), Image.Exif()
        exif[0x010E], exif[0x8825] = "SECRET PLACE", {1: "N", 2: (52.0, 31.0, 12.0)}
        Image.fromarray(paint(CASE, self.face).pixels).save(out, "JPEG", quality=95, exif=exif)
        self.file = out.getvalue()
        self.fit = fit_photo(picture_of(self.file), model)
        self.neutral = FittedPatient.of(Patient(), "here", self.fit).shape(self.face)

    def pixel(self, name):
        """Where a licensed site of the painted head really is in the picture."""
        site = self.atlas.sites[name]
        return self.camera.project(self.face.surface(2).at(np.array([site.triangle]), site.barycentric[None]))[0, :2]

    def seen_at(self, point):
        """The pixel of a point of the resting head."""
        foot = self.neutral.surface(2).closest(np.array([point], float))
        return on_picture(self.fit.head, foot.triangle, foot.barycentric)[0][0]


@pytest.fixture(scope="module")
def truth(landmark_model):
    return Truth(landmark_model)


@pytest.fixture(scope="module", autouse=True)
def model_in_place(server, landmark_model_path):
    """The landmark model where the app looks first: its own data folder."""
    folder = server.data / "models"
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(landmark_model_path.read_bytes())


@pytest.fixture(scope="module")
def watched(browser, server, model_in_place):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    found = Watched(context, server.address)
    yield found
    context.close()


@pytest.fixture(scope="module")
def page(watched, server, truth):
    """A plan with one needle, and the photo dropped on its tab."""
    note = Note("photo", injections=(Injection("procerus", 4, target_muscle="procerus"),))
    found = watched.open(f"/plan/{new_note(server, note)}")
    ready(found)
    found.get_by_role("tab", name="Photo").click()
    drop(found, truth.file, "image/jpeg")
    found.locator(".gl-finding-caution").get_by_text("Say first that the person is 18 or over").wait_for()
    found.get_by_label("The person in the photo is 18 or over").check()
    found.get_by_label("The photo is mine").check()
    expect(found.locator(".glp-drop input")).to_be_enabled()
    found.evaluate("() => { window.__before = window.__glabella_face.viewer.bundle; }")
    drop(found, truth.file, "image/jpeg")
    found.wait_for_function(PLACED)
    found.wait_for_function("() => window.__glabella_face.viewer.bundle !== window.__before")
    ready(found)
    return found


def drop(page, content, kind):
    """Drop a file as a hand does."""
    page.locator(".glp-drop").wait_for()
    page.evaluate(
        """([content, kind]) => {
          const data = new DataTransfer(), bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
          data.items.add(new File([bytes], "face", { type: kind }));
          document.querySelector(".glp-drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [base64.b64encode(content).decode(), kind],
    )


def tab_to(page, locator):
    for _ in range(120):
        if locator.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never reached {locator}")


def sites(page):
    """What the photo shows: {id: pixel}."""
    return {site["id"]: np.array(site["pixel"]) for site in page.evaluate("() => window.__glabella_photo.viewer.sites")}


def points(page):
    """What the head shows: {id: point in mm}."""
    return {site["id"]: np.array(site["point"]) for site in page.evaluate("() => window.__glabella_face.viewer.sites")}


def in_window(page, pixel):
    return page.evaluate("(pixel) => window.__glabella_photo.project(pixel)", [float(v) for v in pixel])


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()
    if name == "Photo":
        page.locator(".glp img").scroll_into_view_if_needed()


def check_in_step(page, truth):
    """Every site is at the same place of the skin on the photo and on the head."""
    shown, there = sites(page), points(page)
    assert shown.keys() == there.keys()
    for number, pixel in shown.items():
        assert np.linalg.norm(truth.seen_at(there[number]) - pixel) < 0.3, number  # pixels: a tenth of a millimetre


def wait_for_sites(page, before):
    """Wait until both pictures show something else than before."""
    for name, key in (("photo", "pixel"), ("face", "point")):
        was = {"photo": before[0], "face": before[1]}[name]
        page.wait_for_function(
            f"(was) => JSON.stringify(window.__glabella_{name}.viewer.sites.map((site) => site.{key})) !== was", arg=was
        )


def state(page):
    return [
        page.evaluate(f"() => JSON.stringify(window.__glabella_{name}.viewer.sites.map((site) => site.{key}))")
        for name, key in (("photo", "pixel"), ("face", "point"))
    ]


def test_the_photo_is_fitted_and_the_plan_has_its_head(page, truth):
    face = page.evaluate("() => window.__glabella_face.viewer.bundle.arrays.position")
    position = np.array(list(face.values()) if isinstance(face, dict) else face).reshape(-1, 3)
    shape = truth.neutral.surface(2)
    assert np.median(shape.closest(position[::97]).distance_mm) < 0.01  # the head beside the photo is the fitted one
    said = page.locator(".glp-held").inner_text()
    assert f"{truth.fit.size.interpupillary_distance_mm:.1f} ± {truth.fit.size.interpupillary_error_mm:.1f} mm" in said
    assert "from the irises" in said
    check_in_step(page, truth)


def test_a_click_on_the_photo_places_where_the_painted_head_has_the_site(page, truth):
    for number, name in enumerate(("corrugator_medial_left", "corrugator_medial_right"), start=1):
        wanted, before = truth.pixel(name), state(page)
        page.locator(".glp img").scroll_into_view_if_needed()
        page.mouse.click(*in_window(page, wanted))
        wait_for_sites(page, before)
        assert np.linalg.norm(sites(page)[number] - wanted) < 0.3 * truth.camera.pixels_per_mm + 0.7  # a pixel of the window is 0.5 mm
        check_in_step(page, truth)
    open_tab(page, "Sites")
    for row, name in ((2, "corrugator_medial_left"), (3, "corrugator_medial_right")):
        assert page.get_by_label(f"Injection {row}, site").input_value() == name
        assert np.hypot(*offsets(page, row)) < 2.0  # mm from where the painted head's own licensed site is
    open_tab(page, "Photo")


def test_a_drag_on_the_head_moves_the_mark_on_the_photo(page, truth):
    before, old = state(page), sites(page)[2]
    settle(page)
    x, y = page.evaluate("(point) => window.__glabella_face.project(point)", points(page)[2].tolist())
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 7):
        page.mouse.move(x - 2 * step, y - 3 * step)
    page.mouse.up()
    wait_for_sites(page, before)
    check_in_step(page, truth)
    moved_mm = (sites(page)[2] - old) / truth.camera.pixels_per_mm
    assert -25 < moved_mm[1] < -4  # up in the picture, and to the side the pointer went
    assert moved_mm[0] < -2


def test_a_drag_on_the_photo_moves_it_on_the_head(page, truth):
    page.locator(".glp img").scroll_into_view_if_needed()
    before, start = state(page), sites(page)[1]
    wanted = start + 6 * truth.camera.pixels_per_mm * np.array([0.8, -0.6])
    x, y = in_window(page, start)
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.3, 0.7, 1.0):
        page.mouse.move(*in_window(page, start + share * (wanted - start)))
    page.mouse.up()
    wait_for_sites(page, before)
    assert np.linalg.norm(sites(page)[1] - wanted) < 0.3 * truth.camera.pixels_per_mm + 0.7
    check_in_step(page, truth)


def test_typing_and_undo_move_both(page, truth):
    before, pixels, there = state(page), sites(page), points(page)
    open_tab(page, "Sites")
    _, up = offsets(page, 1)
    page.get_by_label("Injection 1, up, mm").fill(f"{up + 5:g}")
    open_tab(page, "Photo")
    wait_for_sites(page, before)
    assert np.linalg.norm(points(page)[0] - there[0]) == pytest.approx(5.0, abs=0.3)  # along the skin, which is nearly flat there
    assert (pixels[0] - sites(page)[0])[1] / truth.camera.pixels_per_mm == pytest.approx(5.0, abs=0.8)
    check_in_step(page, truth)
    changed = state(page)
    page.get_by_role("button", name="Undo").click()
    wait_for_sites(page, changed)
    assert state(page) == before


def test_the_keyboard_moves_a_mark_on_the_photo(page, truth):
    mark = page.locator(".glp .site").nth(1)
    tab_to(page, mark)
    before, there = state(page), points(page)[1]
    page.keyboard.press("ArrowUp")
    wait_for_sites(page, before)
    assert (points(page)[1] - there)[1] == pytest.approx(1.0, abs=0.25)
    assert mark.evaluate("(element) => element === document.activeElement")
    assert "Needle 2" in mark.get_attribute("aria-label")
    check_in_step(page, truth)
    expect(page.locator(".glp-hand")).to_contain_text("needle 2")


def test_what_lies_over_the_photo(page, truth):
    page.locator(".glp-tools").get_by_role("radio", name="Muscles").check(force=True)
    page.wait_for_function("() => document.querySelectorAll('.glp-sheet').length > 6")
    page.locator(".glp-tools").get_by_role("radio", name="Landmarks").check(force=True)
    page.wait_for_function("() => document.querySelectorAll('.glp .name').length > 4")
    drawn = page.evaluate("() => window.__glabella_photo.viewer.anatomy.points")
    nasion = next(np.array(one["pixel"]) for one in drawn if one["name"] == "nasion")
    point = truth.atlas.points["nasion"]
    foot = truth.atlas.surface.closest(point[None])
    true = truth.camera.project(truth.face.surface(2).at(foot.triangle, foot.barycentric))[0, :2]
    assert np.linalg.norm(nasion - true) / truth.camera.pixels_per_mm < 3.0


def test_lines_are_offered_and_nothing_is_set(page):
    page.get_by_role("button", name=re.compile("^Take grade .* for forehead")).wait_for()
    row = page.locator("tr").filter(has_text="forehead")
    assert row.locator("td").nth(2).inner_text() == "1"  # the plan still has its own
    row.get_by_role("button", name="Take").click()
    expect(page.locator("tr").filter(has_text="forehead").locator("td").nth(2)).not_to_have_text("1")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tr").filter(has_text="forehead").locator("td").nth(2)).to_have_text("1")


def test_every_term_of_the_tab_is_explained(page):
    used = set()
    check_terms(page, used)
    assert {"iris", "depth", "grade", "landmarks"} <= used


def test_the_tab_is_accessible(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_removed_is_forgotten(page, watched, server, truth):
    address = page.evaluate("() => document.querySelector('.glp img').getAttribute('src')")
    head = page.evaluate("() => window.__glabella_face.viewer.url").removeprefix(server.address)
    answer = server.ask("GET", address)
    assert (answer.status, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "image/jpeg", "no-store")
    assert b"SECRET" not in answer.body
    assert len(Image.open(io.BytesIO(answer.body)).getexif()) == 0
    assert server.ask("GET", head).headers["cache-control"] == "no-store"
    assert server.ask("GET", address, headers={"Origin": "http://elsewhere.example"}).status == 403
    key = address.split("/")[3]
    assert len(key) >= 32
    for other in (GUESS, key[:-1], key[:-1] + ("A" if key[-1] != "A" else "B")):
        assert server.ask("GET", f"/view/photos/{other}/picture.jpg").status == 404
    count = len(sites(page))
    page.get_by_role("button", name="Remove photo").click()
    page.get_by_text("The photo was removed").wait_for()
    expect(page.get_by_label("The person in the photo is 18 or over")).not_to_be_checked()  # asked anew for the next photo
    expect(page.locator(".glp-drop input")).to_be_disabled()
    page.wait_for_function("(was) => window.__glabella_face.viewer.url !== was", arg=head)
    assert server.ask("GET", address).status == 404
    assert server.ask("GET", head).status == 404
    page.get_by_role("button", name="Undo").click()  # takes a step back, and not to the photo
    page.wait_for_function("(count) => window.__glabella_face.viewer.sites.length === count", arg=count)
    assert server.ask("GET", address).status == 404
    held = {path.name for path in server.data.rglob("*") if path.is_file()}
    assert all(name == FILE_NAME or "sqlite" in name for name in held), held
    for path in server.data.rglob("*sqlite*"):
        assert b"SECRET" not in path.read_bytes()
    watched.verdict()


def test_by_keyboard_a_wrong_file_is_one_clear_line(pages, server):
    pages.forgiven = ("403",)
    page = pages.open(f"/plan/{new_note(server, Note('keyboard photo'))}")
    ready(page)
    page.get_by_role("tab", name="Photo").focus()
    page.keyboard.press("Enter")
    page.locator(".glp-drop").wait_for()
    for name in ("The person in the photo is 18 or over", "The photo is mine"):
        box = page.get_by_label(name)
        tab_to(page, box)
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    expect(page.locator(".glp-drop input")).to_be_enabled()
    field = page.locator(".glp-drop input[type=file]")
    tab_to(page, field)  # a native field: what Enter opens is the browser's own, and headless it comes not every time
    field.set_input_files({"name": "face.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"})
    line = page.get_by_role("tabpanel").locator(".gl-finding-caution")
    expect(line).to_contain_text("not a picture that can be read")
    assert "\n" not in line.locator("span").first.inner_text()
    grey = io.BytesIO()
    Image.new("RGB", (400, 500), (120, 130, 140)).save(grey, "PNG")
    page.locator(".glp-drop input").set_input_files({"name": "wall.png", "mimeType": "image/png", "buffer": grey.getvalue()})
    expect(line).to_contain_text("no face found")
    ticket = next(url for url in pages.asked if "/view/photos/" in url).removeprefix(server.address)
    page.get_by_label("The photo is mine").uncheck()
    expect(page.locator(".glp-drop input")).to_be_disabled()
    answer = server.ask("POST", ticket, grey.getvalue(), {"Content-Type": "image/png"})
    assert answer.status == 403
    assert "say first" in answer.body.decode()


# --- the same without a page -----------------------------------------------------------------------------------------------

FIT = "/api/v1/photo/fit"
YES = "?adult=true&consent=true"


def test_a_program_may_ask_for_a_fit_and_nothing_is_kept(server, watched, truth):
    answer = server.ask("POST", FIT + YES, truth.file, {"Content-Type": "image/jpeg"})
    assert answer.status == 200, answer.body
    found = answer.json()
    assert found["size"]["interpupillary_distance_mm"] == pytest.approx(truth.fit.size.interpupillary_distance_mm, rel=1e-9)
    for site in found["sites"]:
        if site["site"].startswith(("procerus", "corrugator")):
            off = np.linalg.norm([site["column"], site["row"]] - truth.pixel(site["site"])) / truth.camera.pixels_per_mm
            assert off < 2.0, site


REFUSED = {
    "unanswered": ("?adult=true", b"x", "image/png", 422, "input"),
    "empty": (YES, b"", "image/png", 422, "input"),
    "no picture": (YES, b"x" * 500, "image/jpeg", 422, "input"),
    "JSON": (YES, b"{}", "application/json", 415, "unsupported_media_type"),
    "pupils out of range": (YES + "&pupil_distance_mm=20", b"x", "image/png", 422, "input"),
    "pupils not a number": (YES + "&pupil_distance_mm=nan", b"x", "image/png", 422, "input"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fitted_has_a_stable_answer(server, case):
    query, body, kind, status, code = case
    answer = server.ask("POST", FIT + query, body, {"Content-Type": kind})
    assert (answer.status, answer.code) == (status, code)


def test_a_bomb_a_flood_and_a_foreign_page_are_refused(server):
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    answer = server.ask("POST", FIT + YES, bomb.getvalue(), {"Content-Type": "image/png"})
    assert (answer.status, answer.code) == (422, "input")
    assert "would unpack to" in answer.json()["error"]["message"]
    foreign = server.ask("POST", FIT + YES, b"x", {"Content-Type": "image/png", "Origin": "http://elsewhere.example"})
    assert (foreign.status, foreign.code) == (403, "foreign_origin")
    assert server.ask("POST", f"/view/photos/{GUESS}", b"x", {"Content-Type": "image/png"}).status == 404
    import http.client

    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        line.request("POST", FIT + YES, (b"x" * 1_000_000 for _ in range(40)), {"Content-Type": "image/png"}, encode_chunked=True)
        answered = line.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        answered = 413
    line.close()
    assert answered == 413
    assert not [text for text in server.errors if "Traceback" in text or "Exception" in text]
