"""Take the pictures of the app that docs/ shows: python tools/app_screenshots.py [--out docs/pictures]. Needs the extra test and Chromium."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.app_server import app_server
from tests.browser.conftest import ARGUMENTS
from tests.browser.face import at, ready, settle

from glabella.app.note import Note

DESKTOP, TABLET = {"width": 1400, "height": 900}, {"width": 820, "height": 1180}
EXAMPLE = Note("Frown lines, first visit", lot="C7788", rationale="Lowest licensed dose; brow position matters to her.")


def main() -> None:
    """Every door, light on a desktop, and some dark or on a tablet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as data, app_server(data) as server, sync_playwright() as playwright:
        note = server.ask("POST", "/api/v1/notes", EXAMPLE.with_pattern(("glabellar",)).document()).json()["id"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        for scheme, size, kind in (("light", DESKTOP, ""), ("dark", DESKTOP, "-dark"), ("light", TABLET, "-tablet"), ("dark", TABLET, "-tablet-dark")):
            context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", device_scale_factor=1)
            page = context.new_page()
            page.set_default_timeout(120_000)

            def shoot(name: str) -> None:
                path = out / f"app-{name}{kind}.png"
                page.screenshot(path=path)
                print(path)

            page.goto(f"{server.address}/")
            page.get_by_role("heading", name="Explore").wait_for()
            shoot("home")
            page.goto(f"{server.address}/explore")
            ready(page)
            at(page, 30, "Frown")
            shoot("explore")
            page.goto(f"{server.address}/plan/{note}")
            ready(page)
            page.wait_for_function("() => window.glabella.months && window.glabella.months.banded")
            at(page, 30, "Frown")
            shoot("plan")
            page.get_by_role("tab", name="Months").click()
            page.get_by_role("radio", name="Dose").check(force=True)
            settle(page)
            page.wait_for_timeout(1500)
            shoot("months")
            page.goto(f"{server.address}/train?case=strong_frown&seed=1")
            ready(page)
            for _ in range(2):
                page.get_by_role("button", name="Add injection").click()
            page.get_by_role("button", name="Reveal").click()
            page.get_by_text("What would have happened").wait_for()
            settle(page)
            shoot("train")
            context.close()


if __name__ == "__main__":
    main()
