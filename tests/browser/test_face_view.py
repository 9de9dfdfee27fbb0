"""The 3D face in a real browser: what is seen on the canvas, not what the code believes."""

import io
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("nicegui")
QUIET = ("GPU stall", "GPU Driver Message")
SLOW_MS = 120_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "NICEGUI_"))}
    command = [sys.executable, "-m", "tests.browser.face_page", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline().strip() == "ready"
        urllib.request.urlopen(f"http://127.0.0.1:{port}/face.bin").read()
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def shared(browser, address):
    """One page for all; every test starts from rest on day 0 without a plan."""
    page = browser.new_page(viewport={"width": 420, "height": 420})
    page.complaints, page.asked = [], []
    page.on("console", lambda m: m.type in ("error", "warning") and not any(q in m.text for q in QUIET) and page.complaints.append(m.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.emulate_media(reduced_motion="reduce", color_scheme="light")
    page.goto(address)
    page.add_style_tag(content="#host { width: 400px !important; height: 400px !important }")
    page.wait_for_function("window.__glabella_face?.ready", timeout=SLOW_MS)
    yield page
    page.close()


@pytest.fixture
def page(shared):
    shared.evaluate("""() => {
        glabella.set({ months: null, day: 0, expression: 'rest', split: false });
        viewer.setSites([]); viewer.setOverlay({ kind: 'none' }); viewer.setMode('look'); viewer.zoomBy(0.01); viewer.lookAt('front');
        viewer.divider = 0.5; window.events.length = 0;
    }""")
    settle(shared)
    yield shared
    assert shared.complaints == []


def settle(page) -> None:
    page.wait_for_function("window.__glabella_face.settled && !viewer.pending", timeout=SLOW_MS)


def set_bus(page, **patch) -> None:
    page.evaluate("patch => glabella.set(patch)", patch)
    settle(page)


def show(page, plan: str) -> None:
    page.evaluate("url => show(url)", f"/months/{plan}")
    settle(page)


def picture(page) -> np.ndarray:
    """Grey levels (rows, columns) of the canvas without what lies over it."""
    from matplotlib.image import imread

    page.evaluate("() => document.querySelectorAll('.glf > :not(canvas)').forEach((e) => { e.style.visibility = 'hidden' })")
    png = page.locator("canvas").screenshot()
    page.evaluate("() => document.querySelectorAll('.glf > :not(canvas)').forEach((e) => { e.style.visibility = '' })")
    return imread(io.BytesIO(png))[..., :3].mean(-1)


def between_brows(page, grey: np.ndarray, side: str = "") -> float:
    """How strongly the picture changes from left to right between the brows, where frown lines run up and down."""
    left, top = page.evaluate("() => __glabella_face.project([-12, 30, 30])")
    right, bottom = page.evaluate("() => __glabella_face.project([12, 6, 30])")
    box = page.locator("canvas").bounding_box()
    x0, x1, y0, y1 = (round(v) for v in (left - box["x"], right - box["x"], top - box["y"], bottom - box["y"]))
    middle, beside = (x0 + x1) // 2, (x1 - x0) // 8  # the skin at the midline moves with either side
    if side == "left":  # the person's left is on the picture's right
        x0 = middle + beside
    if side == "right":
        x1 = middle - beside
    return float(np.abs(np.diff(grey[y0:y1, x0:x1], axis=1)).mean())


def test_frown_lines_soften_by_day_30_and_return_by_day_180(page):
    show(page, "label")
    set_bus(page, expression="maximum_frown")
    steep = {}
    for day in (0, 30, 180):
        set_bus(page, day=day)
        steep[day] = between_brows(page, picture(page))
    assert steep[30] < 0.75 * steep[0]
    assert steep[180] > steep[30] + 0.6 * (steep[0] - steep[30])


def test_the_depth_of_the_lines_on_the_canvas_follows_the_months(page):
    show(page, "label")
    set_bus(page, expression="maximum_frown", day=30)
    depth = page.evaluate("() => viewer.skins[0].uniforms.uDepthLeft.value.toArray()")
    said = page.evaluate("() => glabella.months.lines.glabellar.depth_mm.left.maximum_frown[glabella.months.days.indexOf(30)]")
    assert depth[0] == pytest.approx(said, abs=1e-6)


def test_without_treatment_all_days_look_the_same(page):
    show(page, "none")
    set_bus(page, expression="maximum_frown")
    first = picture(page)
    for day in (30, 150, 365):
        set_bus(page, day=day)
        assert np.array_equal(picture(page), first)


def test_where_only_the_left_changes_only_the_left_lines_soften(page):
    show(page, "left")
    set_bus(page, expression="maximum_frown")
    before = picture(page)
    sides = {side: between_brows(page, before, side) for side in ("left", "right")}
    set_bus(page, day=30)
    after = picture(page)
    now = {side: between_brows(page, after, side) for side in ("left", "right")}
    fall = {side: 1 - now[side] / sides[side] for side in sides}
    assert fall["left"] > 0.2
    assert abs(fall["right"]) < 0.25 * fall["left"]


@pytest.mark.parametrize("expression", ["rest", "maximum_frown"])
def test_a_click_on_a_marker_s_place_is_within_a_millimetre_of_its_point(page, expression):
    show(page, "label")
    set_bus(page, expression=expression, day=10)
    sites = page.evaluate("async () => (await (await fetch('/sites/label')).json())")
    page.evaluate("() => viewer.setMode('place')")
    for site in sites:
        page.evaluate("() => { window.events.length = 0 }")
        x, y = page.evaluate("p => __glabella_face.project(p)", site["point"])
        page.mouse.click(x, y)
        name, hit = page.evaluate("() => window.events.at(-1)")
        assert name == "pick"
        assert np.linalg.norm(np.subtract(hit["point"], site["point"])) < 1.0
        assert sum(hit["barycentric"]) == pytest.approx(1.0)


def test_a_marker_is_selected_by_click_and_dragged_along_the_skin(page):
    sites = page.evaluate("async () => { const s = await (await fetch('/sites/label')).json(); viewer.setSites(s); return s }")
    settle(page)
    hit = page.locator('.site[data-site="s2"] .hit').bounding_box()
    assert min(hit["width"], hit["height"]) >= 24
    x, y = hit["x"] + hit["width"] / 2, hit["y"] + hit["height"] / 2
    page.mouse.click(x, y)
    assert page.evaluate("() => window.events.at(-1)") == ["select", {"id": "s2"}]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y - 10, steps=4)
    page.mouse.move(x + 16, y - 20, steps=4)
    page.mouse.up()
    name, moved = page.evaluate("() => window.events.at(-1)")
    assert name == "drag_end"
    assert moved["id"] == "s2"
    at = page.evaluate("p => __glabella_face.project(p)", moved["point"])
    assert np.hypot(at[0] - x - 16, at[1] - y + 20) < 1.5
    assert np.linalg.norm(np.subtract(moved["point"], sites[2]["point"])) > 5


def test_a_click_beside_the_face_or_while_looking_places_nothing(page):
    page.evaluate("() => viewer.setMode('place')")
    page.mouse.click(8, 390)
    page.evaluate("() => viewer.setMode('look')")
    page.mouse.click(200, 200)
    assert page.evaluate("() => window.events") == []


def test_the_divider_shows_before_and_after_and_moves_by_keys(page):
    show(page, "label")
    set_bus(page, expression="maximum_frown", day=0)
    before = picture(page)
    set_bus(page, day=30)
    after = picture(page)
    set_bus(page, split=True)
    both = picture(page)
    middle = both.shape[1] // 2
    assert np.abs(both[:, : middle - 2] - before[:, : middle - 2]).max() < 0.02
    assert np.abs(both[:, middle + 2 :] - after[:, middle + 2 :]).max() < 0.02
    assert page.locator(".glf-half").all_inner_texts() == ["before", "day 30"]
    page.locator(".glf-divider").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    settle(page)
    assert page.locator(".glf-divider").get_attribute("aria-valuenow") == "40"
    assert np.abs(picture(page)[:, middle - 30 :] - after[:, middle - 30 :]).max() < 0.02


def test_overlays_say_what_they_show_in_words_and_units(page):
    show(page, "label")
    for kind, url, words in (
        ("dose", "/dose/label", "units per cm² of skin"),
        ("muscles", None, "corrugator supercilii"),
        ("landmarks", None, "bony rim"),
    ):
        plain = picture(page)
        page.evaluate("([kind, url]) => viewer.setOverlay({ kind, url })", [kind, url])
        settle(page)
        assert words in page.locator(".glf-legend").inner_text()
        assert np.abs(picture(page) - plain).max() > 0.1
        page.evaluate("() => viewer.setOverlay({ kind: 'none' })")
        settle(page)
        assert page.locator(".glf-legend").is_hidden()
        assert np.array_equal(picture(page), plain)


def test_the_canvas_is_described_in_words(page):
    show(page, "label")
    page.evaluate("async () => viewer.setSites(await (await fetch('/sites/label')).json())")
    set_bus(page, expression="maximum_frown", day=30)
    canvas = page.locator("canvas")
    assert canvas.get_attribute("role") == "img"
    assert canvas.get_attribute("aria-label") == "Face of a woman of 40 years, day 30, maximum frown, 5 injection sites"


def test_labels_of_close_sites_do_not_cover_each_other(page):
    page.evaluate("async () => viewer.setSites(await (await fetch('/sites/upper')).json())")
    settle(page)
    boxes = [box.bounding_box() for box in page.locator(".site text").all() if box.is_visible()]
    assert len(boxes) >= 10
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            wide = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
            high = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
            assert wide <= 0 or high <= 3 or wide * high < 12


def test_nothing_is_drawn_while_nothing_changes(page):
    frames = page.evaluate("() => __glabella_face.frames")
    page.wait_for_timeout(400)
    assert page.evaluate("() => __glabella_face.frames") == frames


def test_another_person_takes_the_place_of_the_first(page):
    show(page, "label")
    before, version = picture(page), page.evaluate("() => __glabella_face.version")
    page.evaluate("() => viewer.setPerson('/face.bin?again')")
    page.wait_for_function("version => __glabella_face.version > version && __glabella_face.settled", arg=version, timeout=SLOW_MS)
    settle(page)
    assert np.array_equal(picture(page), before)


def test_a_lost_picture_comes_back(page):
    show(page, "label")
    before = picture(page)
    page.evaluate("() => { window.lose = viewer.renderer.getContext().getExtension('WEBGL_lose_context'); window.lose.loseContext() }")
    page.wait_for_selector(".glf-note:not([hidden])")
    page.evaluate("() => window.lose.restoreContext()")
    page.wait_for_selector(".glf-note", state="hidden")
    settle(page)
    assert np.array_equal(picture(page), before)


def test_an_expression_is_blended_where_motion_is_welcome(browser, address):
    page = browser.new_page(viewport={"width": 300, "height": 300})
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    page.wait_for_function("window.__glabella_face?.ready", timeout=SLOW_MS)
    page.evaluate("() => show('/months/label')")
    page.evaluate("() => glabella.set({ expression: 'smile' })")
    assert page.evaluate("() => viewer.turning.to") == "smile"
    page.wait_for_function("window.__glabella_face.settled && !viewer.turning", timeout=SLOW_MS)
    assert page.evaluate("() => viewer.weights") == {"smile": 1}
    page.evaluate("() => viewer.dispose()")
    assert page.locator(".glf").count() == 0
    assert page.evaluate("() => window.__glabella_face === undefined")
    page.close()


def test_without_webgl_there_are_words(browser, address):
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(address)
    page.wait_for_selector(".glf-note:not([hidden])")
    assert "no 3D pictures" in page.locator(".glf-note").inner_text()
    page.close()


def test_no_request_left_the_machine(shared, address):
    assert all(url.startswith((address, "blob:", "data:")) for url in shared.asked)
