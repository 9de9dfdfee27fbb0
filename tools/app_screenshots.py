"""Take the pictures of the app that docs/ shows: ``python tools/app_screenshots.py``. Needs the extra test, and Chromium.

The photo is of a painted head; it needs the landmark model (``glabella photo --fetch-model``).
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.app_server import app_server
from tests.browser.face import at, ready, settle
from tests.chromium import ARGUMENTS, chromium_path
from tests.photo_made import Case, invented_face, paint

from glabella.app.note import Note

DESKTOP, TABLET = {"width": 1400, "height": 900}, {"width": 820, "height": 1180}
KINDS = {"": ("light", DESKTOP), "-dark": ("dark", DESKTOP), "-tablet": ("light", TABLET), "-tablet-dark": ("dark", TABLET)}
EXAMPLE = Note("Frown lines, first visit", lot="C7788", rationale="Lowest licensed dose; brow position matters to her.")
BANDED = "() => window.glabella.months && window.glabella.months.banded"


def visit(page: Page, address: str, note: str, out: Path, kind: str) -> None:
    """Every door in its main state."""

    def shoot(name: str) -> None:
        path = out / f"app-{name}{kind}.png"
        page.screenshot(path=path)
        print(path)

    page.goto(f"{address}/")
    page.get_by_role("heading", name="Explore").wait_for()
    shoot("home")
    page.goto(f"{address}/explore")
    ready(page)
    at(page, 30, "Frown")
    shoot("explore")
    page.goto(f"{address}/plan/{note}")
    ready(page)
    page.wait_for_function(BANDED)
    at(page, 30, "Frown")
    shoot("plan")
    page.get_by_role("tab", name="Months").click()
    page.get_by_role("radio", name="Dose").check(force=True)
    settle(page)
    page.wait_for_timeout(1500)
    shoot("months")
    page.goto(f"{address}/train?case=strong_frown&seed=1")
    ready(page)
    for _ in range(2):
        page.get_by_role("button", name="Add injection").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("What would have happened").wait_for()
    settle(page)
    shoot("train")


def visit_photo(page: Page, address: str, note: str, out: Path, kind: str, photo: bytes) -> None:
    """The photo tab with a fitted head, a needle in hand and the muscles over the photo."""
    page.goto(f"{address}/plan/{note}")
    ready(page)
    page.get_by_role("tab", name="Photo").click()
    page.get_by_label("The person in the photo is 18 or over").check()
    page.get_by_label("The photo is mine").check()
    page.evaluate("() => { window.__before = window.__glabella_face.viewer.bundle; }")
    page.locator(".glp-drop input:enabled").set_input_files({"name": "face.png", "mimeType": "image/png", "buffer": photo})
    page.wait_for_function("() => window.__glabella_photo && window.__glabella_photo.viewer.sites.length")
    page.wait_for_function("() => window.__glabella_face.viewer.bundle !== window.__before")
    page.wait_for_function(BANDED)
    page.get_by_role("button", name="Take grade").first.wait_for()
    page.locator(".glp-tools").get_by_role("radio", name="Muscles").check(force=True)
    page.wait_for_function("() => document.querySelectorAll('.glp-sheet').length > 6")
    page.locator(".glp-host").evaluate("(element) => element.scrollIntoView({ block: 'end' })")
    settle(page)
    path = out / f"app-photo{kind}.png"
    page.screenshot(path=path)
    print(path)
    page.get_by_role("button", name="Remove photo").click()
    page.get_by_text("The photo was removed").wait_for()


def painted_photo() -> bytes:
    """A photo of nobody."""
    out, case = io.BytesIO(), Case(33, turn=10, skin="medium", light="from the side", pixels_per_mm=4.0, size=(230.0, 290.0))
    Image.fromarray(paint(case, invented_face(case.seed)[0]).pixels).save(out, "PNG")
    return out.getvalue()


def main() -> None:
    """Light and dark, on a desktop and on a tablet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--only", choices=("doors", "photo"), help="The doors alone, or the photo tab alone.")
    asked = parser.parse_args()
    out, photo = asked.out, painted_photo() if asked.only != "doors" else b""
    with tempfile.TemporaryDirectory() as data, app_server(data) as server, sync_playwright() as playwright:
        note = server.ask("POST", "/api/v1/notes", EXAMPLE.with_pattern(("glabellar",)).document()).json()["id"]
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        for kind, (scheme, size) in KINDS.items():
            context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(120_000)
            if asked.only != "photo":
                visit(page, server.address, note, out, kind)
            if asked.only != "doors":
                visit_photo(page, server.address, note, out, kind, photo)
            context.close()


if __name__ == "__main__":
    main()
