"""Home, Explore and Train in a real browser; help everywhere; nothing that axe objects to."""

import pytest

from glabella.app.note import Note
from tests.browser.face import at, ready, settle

HELP = "Get help now"


def check_accessible(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home(pages, scheme):
    page = pages.open("/")
    page.emulate_media(color_scheme=scheme)
    for door in ("Explore", "Plan", "Train"):
        assert page.get_by_role("heading", name=door, exact=True).count() == 1
    assert "not a medical device" in page.locator(".gl-frame").inner_text()
    page.get_by_role("button", name=HELP).click()
    text = page.get_by_role("dialog").inner_text()
    assert "swallow" in text
    assert "breath" in text
    page.get_by_role("button", name="Close").click()
    check_accessible(page)


def test_explore_has_no_units_sites_or_export(pages):
    page = pages.open("/explore")
    ready(page)
    page.get_by_text("What to ask a practitioner").wait_for()
    page.get_by_text("Drooping eyelid").first.wait_for()
    words = page.locator(".gl-columns").inner_text()
    assert " U " not in words
    assert "units" not in words.lower()
    assert page.locator(".gl-sites").count() == 0
    assert page.locator("a[download]").count() == 0
    page.get_by_role("radio", name="Man", exact=True).check(force=True)
    settle(page)
    at(page, 30, "Frown")
    check_accessible(page)


def test_train_places_reveals_and_repeats(pages):
    page = pages.open("/train")
    page.get_by_role("heading", name="A strong frown").click()
    ready(page)
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("Place at least one needle first").wait_for()
    page.get_by_role("button", name="Add injection").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("What would have happened").wait_for(timeout=90_000)
    first = page.locator(".gl-told").inner_text()
    assert "missing" in first
    page.get_by_role("button", name="The same face").click()
    ready(page)
    page.get_by_role("button", name="Add injection").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("What would have happened").wait_for(timeout=90_000)
    assert page.locator(".gl-told").inner_text() == first
    check_accessible(page)


def test_plan_is_accessible(pages, server):
    answer = server.ask("POST", "/api/v1/notes", Note("axe").with_pattern(("glabellar",)).document())
    page = pages.open(f"/plan/{answer.json()['id']}")
    ready(page)
    page.locator(".gl-syringe summary").click()
    for tab in ("Sites", "Photo", "Person", "Months", "Side effects", "Goal", "Keep"):
        page.get_by_role("tab", name=tab).click()
        page.locator(".q-tab-panel:visible").last.wait_for()
        page.wait_for_timeout(500)  # a panel that fades in is pale while it does
        check_accessible(page)
