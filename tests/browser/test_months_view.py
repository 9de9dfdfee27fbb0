"""The slider, the curves and the section in a real browser: nothing is asked of the server, and what is shown is what was computed."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

START_SECONDS = 180  # the harness simulates before it serves, on two shared cores
DATED = "window.glabella && window.glabella.months"
EXPRESSIONS = {"Frown kept": "maximum_frown", "Brow raise kept": "brow_raise", "Smile kept": "smile", "Eye closure kept": "eye_closure"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "NICEGUI"))}
    server = subprocess.Popen([sys.executable, "-m", "tests.browser.months_page", str(port)], env=quiet, stdout=subprocess.DEVNULL)
    try:
        yield wait_for(f"http://127.0.0.1:{port}", server)
    finally:
        server.terminate()
        server.wait(10)


def wait_for(address: str, server: subprocess.Popen) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/months/0.json", timeout=2).close()
            return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"the harness did not start (exit {server.poll()})")


class Visit:
    """A page with what it said and asked for."""

    def __init__(self, browser: Any, address: str, path: str = "", **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.said: list[str] = []
        self.requests: list[str] = []
        self.sent: list[str] = []
        self.page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("websocket", lambda s: s.on("framesent", lambda data: self.sent.append(str(data))))
        self.address = address
        self.page.goto(f"{address}/{path}")
        if not path.endswith("look"):
            self.page.wait_for_function(DATED)
            self.page.wait_for_selector(".gl-chart svg")
            self.page.wait_for_selector(".gl-section-canvas[aria-label]")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *trouble: object) -> None:
        self.context.close()
        if trouble[0] is None:
            assert self.said == []
            assert [url for url in self.requests if not url.startswith((self.address, "data:", "blob:"))] == []

    @property
    def day(self) -> float:
        return self.page.evaluate("window.glabella.day")

    def set_day(self, day: int) -> None:
        self.page.evaluate("(day) => window.glabella.set({ day })", day)

    @property
    def months(self) -> dict[str, Any]:
        return self.page.evaluate("window.glabella.months")

    def cell(self, title: str) -> Any:
        return self.page.locator(".gl-readout-cell", has=self.page.get_by_text(title, exact=True))


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    with Visit(browser, address) as opened:
        yield opened


def rounded(number: float, digits: int, signed: bool = False) -> str:
    """As a reader rounds: half up, a real minus, no minus nothing."""
    text = str(Decimal(abs(number)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    if float(text) == 0:
        return text
    return ("−" if number < 0 else "+" if signed else "") + text


def on_day(months: dict[str, Any], curve: dict[str, list[float]], day: float) -> list[float]:
    return [float(np.interp(day, months["days"], curve[name])) for name in ("median", "low", "high")]


def band(values: list[float], digits: int, signed: bool = False) -> str:
    median, low, high = (rounded(value, digits, signed) for value in values)
    return "" if low == median == high else f"({low} to {high})"


def drag_slider(page: Any) -> None:
    box = page.locator(".gl-range").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 13, y)
    page.mouse.down()
    for share in np.linspace(0, 1, 60):
        page.mouse.move(box["x"] + 13 + share * (box["width"] - 26), y)
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.up()


def test_dragging_the_slider_asks_nothing_of_the_server_and_does_not_redraw_the_curves(visit: Visit) -> None:
    page = visit.page
    page.evaluate(
        """() => { window.redrawn = 0; window.days = new Set(); window.glabella.on('day', (day) => window.days.add(day));
        for (const chart of document.querySelectorAll('.gl-chart-canvas')) new MutationObserver((found) => window.redrawn += found.length)
          .observe(chart, { subtree: true, childList: true, attributes: true }); }"""
    )
    asked, sent = len(visit.requests), len(visit.sent)
    drag_slider(page)
    assert page.evaluate("window.days.size") > 30
    assert visit.day in (182, 183)
    assert visit.requests[asked:] == []
    assert [frame for frame in visit.sent[sent:] if "event" in frame] == []  # what else there is: NiceGUI's heartbeat
    assert page.evaluate("window.redrawn") == 0


def test_the_marker_of_every_chart_follows_the_day_at_once(visit: Visit) -> None:
    page = visit.page
    page.click("[data-tab=muscles]")
    page.wait_for_function("document.querySelectorAll('.gl-chart svg').length > 3")
    where = """() => [...document.querySelectorAll('.gl-chart')].map((chart) => {
        const line = chart.querySelector('.gl-chart-day').getBoundingClientRect(), box = chart.getBoundingClientRect();
        return (line.left + line.width / 2 - box.left - 46) / (box.width - 46 - 14); })"""
    for day in (0, 30, 150, 365):
        visit.set_day(day)
        assert page.evaluate(where) == pytest.approx([day / 365] * page.locator(".gl-chart").count(), abs=0.003)


def test_the_readout_is_the_document_rounded(visit: Visit) -> None:
    months = visit.months
    assert months["banded"]
    for day in (0, 1, 30, 77, 150, 365):
        visit.set_day(day)
        for title, expression in EXPRESSIONS.items():
            values = on_day(months, months["curves"]["movement"][expression], day)
            assert visit.cell(title).locator(".gl-readout-value").inner_text() == f"{rounded(values[0], 0)} %"
            assert visit.cell(title).locator(".gl-readout-band").inner_text() == band(values, 0)
        grade = on_day(months, months["curves"]["grade"]["glabellar"]["maximum_frown"], day)
        word = ("none", "mild", "moderate", "severe")[int(Decimal(grade[0]).quantize(Decimal(1), ROUND_HALF_UP))]
        assert visit.cell("Frown lines").locator(".gl-readout-value").inner_text() == rounded(grade[0], 1)
        assert visit.cell("Frown lines").locator(".gl-readout-band").inner_text() == f"{word} {band(grade, 1)}".strip()
        sides = visit.cell("Brow peak").locator(".gl-readout-side").all_inner_texts()
        for text, side in zip(sides, ("left", "right"), strict=True):
            peak = on_day(months, months["curves"]["brow_mm"][side]["peak"], day)
            assert " ".join(text.split()) == f"{side} {rounded(peak[0], 1, True)} mm {band(peak, 1, True)}".strip()


def test_a_screen_reader_hears_the_day_once_the_hand_rests(visit: Visit) -> None:
    visit.page.evaluate("() => { for (let day = 0; day <= 30; day++) window.glabella.set({ day }); }")
    status = visit.page.locator(".gl-time [role=status]")
    assert "day 30," not in status.inner_text()
    visit.page.wait_for_function("document.querySelector('.gl-time [role=status]').textContent.startsWith('day 30, 14 Jan 2027')")
    assert "Frown kept" in status.inner_text()


def test_the_keyboard_moves_the_days_and_chooses_expressions(visit: Visit) -> None:
    page = visit.page
    slider = page.get_by_role("slider", name="Day", exact=True)
    slider.focus()
    for key, day in (
        ("Home", 0), ("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("PageUp", 31), ("ArrowLeft", 30), ("End", 365),
        ("PageUp", 365), ("PageDown", 335), ("Home", 0), ("PageDown", 0),
    ):  # fmt: skip
        slider.press(key)
        assert visit.day == day, key
    assert slider.get_attribute("aria-valuetext") == "day 0, before the treatment, 15 Dec 2026"
    visit.set_day(30)
    assert slider.get_attribute("aria-valuetext") == "day 30, 14 Jan 2027"
    assert slider.input_value() == "30"
    page.get_by_role("radio", name="Rest").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.glabella.expression") == "maximum_frown"
    page.get_by_role("switch", name="Before and after").press("Space")
    assert page.evaluate("window.glabella.split") is True
    page.get_by_role("tab", name="Movement kept").press("ArrowRight")
    assert page.get_by_role("tab", name="Lines").get_attribute("aria-selected") == "true"
    assert page.get_by_role("tab", name="Lines").evaluate("(tab) => tab === document.activeElement")


def test_marks_stand_where_the_dates_are_and_lead_there(visit: Visit) -> None:
    dates = {entry["what"]: entry for entry in visit.months["dates"]}
    for what in ("visible_from", "strongest", "half_gone"):
        mark = visit.page.locator(f".gl-range-mark[data-what={what}]")
        assert float(mark.evaluate("(mark) => parseFloat(mark.style.left)")) == pytest.approx(100 * dates[what]["day"] / 365, abs=0.01)
    visit.page.get_by_role("button", name="Half gone by").click()
    assert visit.day == int(Decimal(dates["half_gone"]["day"]).quantize(Decimal(1), ROUND_HALF_UP))


def test_a_click_and_a_drag_in_a_chart_set_the_day(visit: Visit) -> None:
    visit.page.locator(".gl-chart").scroll_into_view_if_needed()
    visit.page.mouse.wheel(0, 200)  # from under the strip at the lower edge
    visit.page.wait_for_timeout(300)
    box = visit.page.locator(".gl-chart").bounding_box()
    left, right = box["x"] + 46, box["x"] + box["width"] - 96
    visit.page.mouse.click(left + (right - left) * 100 / 365, box["y"] + 60)
    assert visit.day == pytest.approx(100, abs=1)
    visit.page.mouse.down()
    visit.page.mouse.move(right, box["y"] + 60)
    visit.page.mouse.up()
    assert visit.day == 365
    visit.page.mouse.move(left, box["y"] + 60)
    assert visit.day == 365


def test_the_table_says_what_the_chart_shows(visit: Visit) -> None:
    months, page = visit.months, visit.page
    page.get_by_role("button", name="Show as a table").click()
    rows = page.locator(".gl-curves-table tbody tr")
    assert rows.count() == 13
    day_60 = rows.nth(2).locator("th, td").all_inner_texts()
    shown = [on_day(months, months["curves"]["movement"][e], 60) for e in EXPRESSIONS.values()]
    assert day_60 == ["60", *(f"{rounded(v[0], 0)} % {band(v, 0)}".strip() for v in shown)]
    label = page.locator(".gl-chart").get_attribute("aria-label")
    assert label.startswith("Chart of Movement kept")
    assert "Frown: 100 % before" in label


def test_without_bands_the_lines_stand_alone_and_it_says_so(visit: Visit) -> None:
    page = visit.page
    bands = "document.querySelectorAll('.gl-chart svg path[fill-opacity], .gl-chart svg path[opacity]').length"
    page.evaluate("async () => window.glabella.set({ months: await (await fetch('/months/0.json')).json() })")
    assert not visit.months["banded"]
    visit.set_day(30)
    assert page.locator(".gl-curves-note").inner_text() == "band is being computed"
    assert page.locator(".gl-readout").get_by_text("band is being computed").is_visible()
    assert visit.cell("Frown kept").locator(".gl-readout-band").inner_text() == ""
    for tab in ("grade", "muscles", "brows", "movement"):
        page.click(f"[data-tab={tab}]")
        assert page.locator(".gl-chart svg").count() > 0
        assert page.evaluate(bands) == 0


def test_the_section_names_its_layers_and_the_depth_is_moved_by_keys_and_hand(visit: Visit) -> None:
    page = visit.page
    words = page.locator(".gl-section-canvas").get_attribute("aria-label")
    for part in ("epidermis 0.0 to", "dermis", "fat", "corrugator supercilii, right", "bone", "The tip lies 4.7 mm deep"):
        assert part in words
    handle = page.get_by_role("slider", name="Needle depth")
    assert handle.get_attribute("aria-valuetext") == "4.7 mm deep, in corrugator supercilii"
    pictures = []
    for key, depth in (("ArrowUp", "4.2"), ("ArrowDown", "4.7"), ("ArrowUp", "4.2"), ("ArrowDown", "4.7")):
        handle.press(key)
        page.wait_for_function(f"document.querySelector('.said').textContent === 'depth {depth}'")
        assert handle.get_attribute("aria-valuenow") == depth
        pictures.append(page.locator(".gl-section-canvas").evaluate("(canvas) => canvas.toDataURL()"))
    assert pictures[0] == pictures[2] != pictures[1] == pictures[3]
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] + 22, box["y"] + 62, steps=5)
    assert page.locator(".said").inner_text() == "depth 4.7"  # told once the hand lets go
    page.mouse.up()
    page.wait_for_function("parseFloat(document.querySelector('.said').textContent.slice(6)) > 5.5")


def test_what_changes_while_it_is_hidden_is_drawn_when_it_is_seen_again(visit: Visit) -> None:
    page = visit.page
    show = "(display) => document.querySelector('.gl-columns').style.display = display"
    label = "(document.querySelector('.gl-chart')?.getAttribute('aria-label') ?? '')"
    before = page.evaluate(label)
    page.evaluate(show, "none")
    page.evaluate("async () => window.glabella.set({ months: await (await fetch('/months/0.json')).json() })")
    page.evaluate(show, "")
    page.wait_for_function(f"{label} !== {before!r} && document.querySelector('.gl-chart svg')")
    assert "(" not in page.evaluate(label)  # the lines without their bands


def test_a_section_for_reading_only_cannot_be_moved(browser: Any, address: str) -> None:
    with Visit(browser, address, "simple", reduced_motion="reduce") as visit:
        assert visit.page.get_by_role("slider", name="Needle depth").count() == 0
        picture = "document.querySelector('.gl-section-canvas').toDataURL()"
        before = visit.page.evaluate(picture)
        visit.page.locator(".gl-section-canvas").click(position={"x": 200, "y": 150})
        visit.page.evaluate("() => document.querySelector('.gl-depth').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }))")
        assert visit.page.evaluate(picture) == before
        assert visit.page.locator(".said").text_content() == ""


def test_plain_words_have_no_jargon_and_reduced_motion_stands_still(browser: Any, address: str) -> None:
    with Visit(browser, address, "simple", reduced_motion="reduce") as visit:
        visit.set_day(30)
        words = visit.page.locator(".gl-time").inner_text() + visit.page.locator(".gl-section").inner_text()
        for jargon in ("grade", "units", "corrugator", "frontalis", "procerus", "dermis", "orbicularis", "percentile"):
            assert jargon not in words.lower()
        assert "the frown muscle, which draws the brows together" in words
        assert "as strong as before" in words
        assert not visit.page.locator(".gl-time-play").is_visible()
        assert not visit.page.get_by_role("button", name="Watch the needle").is_visible()


def test_the_needle_passes_the_layers_one_after_the_other(browser: Any, address: str) -> None:
    with Visit(browser, address, "simple") as visit:
        visit.page.evaluate(
            """() => { window.passed = []; const steps = document.querySelectorAll('.gl-steps li');
            const passing = ({ target }) => target.hasAttribute('aria-current') && window.passed.push([...steps].indexOf(target));
            new MutationObserver((found) => found.forEach(passing))
              .observe(document.querySelector('.gl-steps'), { subtree: true, attributes: true }); }"""
        )
        visit.page.get_by_role("button", name="Watch the needle").click()
        visit.page.wait_for_function("window.passed.includes(3)")
        passed = list(dict.fromkeys(visit.page.evaluate("window.passed")))
        assert passed == sorted(passed)  # a busy machine may look at two steps at once, never backwards
        assert (len(passed) >= 2, passed[-1]) == (True, 3)


def test_playing_runs_through_the_days_until_it_is_paused(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Play the year").click()
    page.wait_for_function("window.glabella.day > 20")
    page.get_by_role("button", name="Pause").click()
    day = visit.day
    page.wait_for_timeout(300)
    assert visit.day == day


def test_the_bus_tells_at_once_and_knows_its_names(visit: Visit) -> None:
    told = visit.page.evaluate(
        """() => { const heard = [], bus = window.glabella, off = bus.on('day', (day) => heard.push(day));
        bus.set({ day: 7 }); bus.set({ day: 7 }); bus.set({ day: 8 }); off(); bus.set({ day: 9 });
        try { bus.set({ dya: 1 }); } catch (error) { heard.push(error.message); } return heard; }"""
    )
    assert told[:2] == [7, 8]
    assert told[2].startswith("glabella bus: 'dya' is unknown; one of day, expression")


def test_the_theme_is_the_readers_and_the_pages(browser: Any, address: str) -> None:
    paper = "getComputedStyle(document.querySelector('.gl-card')).backgroundColor"
    light, dark = "rgb(253, 253, 252)", "rgb(26, 33, 39)"
    for scheme, path, expected in (
        ("light", "", light), ("dark", "", dark), ("dark", "light/", light), ("light", "dark/", dark),
    ):  # fmt: skip
        with Visit(browser, address, path, color_scheme=scheme) as visit:
            assert visit.page.evaluate(paper) == expected, (scheme, path)
            assert visit.page.evaluate("window.glabella.theme") == ("light" if expected == light else "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "simple", "look"])
def test_axe_finds_no_violation(browser: Any, address: str, path: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with Visit(browser, address, path, color_scheme=scheme, reduced_motion="reduce") as visit:
        for tab in ("grade", "muscles", "brows", "movement") if path == "" else (None,):
            if tab:
                visit.page.click(f"[data-tab={tab}]")
            found = axe.Axe().run(visit.page)
            assert found.violations_count == 0, found.generate_report()
