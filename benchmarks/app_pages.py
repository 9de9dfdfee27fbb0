"""The app as a person meets it: a page ready, a plan changed, ten pages at once. ``python benchmarks/app_pages.py`` (needs the extra test).

Absolute times of a shared machine with software WebGL: read them beside its load.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from playwright.sync_api import sync_playwright
from tests.app_server import app_server
from tests.browser.face import DRAWN
from tests.chromium import ARGUMENTS, chromium_path

from glabella.app.note import Note

PAGES = 10
KEY = "() => window.glabella.months && window.glabella.months.key"
CHANGED = "(before) => window.glabella.months && window.glabella.months.key !== before"
SET_UNITS = """([selector, value]) => {
  const input = document.querySelector(selector);
  input.value = value;
  input.dispatchEvent(new Event('input', {bubbles: true}));
  window.__asked = performance.now();
  window.__before = window.glabella.months.key;
  window.__took = null;
  const off = window.glabella.on('months', () => { window.__took = performance.now() - window.__asked; off(); });
}"""
UNITS = ".gl-sites tbody tr:nth-child(3) td:nth-child(4) input"


def report(name: str, milliseconds: list[float], target: str) -> None:
    """One row: median and 95th percentile."""
    median, late = np.percentile(milliseconds, [50, 95])
    print(f"{name:48} {median:8.0f} {late:8.0f}   {len(milliseconds):3}   {target}")


def change(page, value: float) -> None:
    """Type other units; the page notes by itself when the new months are there."""
    page.evaluate(SET_UNITS, [UNITS, f"{value:g}"])


def took(page) -> float:
    """Milliseconds from typing to the new months on the page."""
    page.wait_for_function("() => window.__took !== null")
    return page.evaluate("() => window.__took")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':48} {'median':>8} {'p95':>8}   runs   ms")
    with tempfile.TemporaryDirectory() as data, app_server(data) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))

        def new_page():
            context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(120_000)
            page.complaints = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
            return page

        note = Note("bench").with_pattern(("glabellar",)).document()
        ids = [server.ask("POST", "/api/v1/notes", note).json()["id"] for _ in range(PAGES)]
        ready, first = [], None
        for number in range(6):
            page = new_page()
            start = time.perf_counter()
            page.goto(f"{server.address}/plan/{ids[0]}")
            page.wait_for_function(DRAWN)
            elapsed = 1e3 * (time.perf_counter() - start)
            if number == 0:
                first = elapsed
            else:
                ready.append(elapsed)
            if number < 5:
                page.context.close()
        report("page ready with its face drawn, server just started", [first or 0.0], "")
        report("page ready with its face drawn, server warm", ready, "under 3000")
        page.wait_for_function(KEY)
        changes = []
        for number in range(rounds):
            change(page, 3.9 - 0.1 * number)
            changes.append(took(page))
            time.sleep(0.3)
        report("units typed to new curves on the page", changes, "under 300 at the median")
        page.context.close()

        pages = [new_page() for _ in ids]
        for one, note_id in zip(pages, ids, strict=True):
            one.goto(f"{server.address}/plan/{note_id}", wait_until="commit")
        for one in pages:
            one.wait_for_function(DRAWN)
            one.wait_for_function(KEY)
        together = []
        for turn in range(3):
            for number, one in enumerate(pages):
                change(one, 3.9 - 0.01 * (number + 20 * turn))
            together += [took(one) for one in pages]
            time.sleep(1)
        report(f"the same on {PAGES} pages at once", together, "no error")
        print(f"errors on {PAGES} pages: {[complaint for one in pages for complaint in one.complaints]}")
        print(f"server: start {server.start_seconds:.1f} s, memory {server.resident_mb:.0f} MB")
        browser.close()


if __name__ == "__main__":
    main()
