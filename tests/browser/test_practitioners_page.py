"""Practitioners in a real browser: from nothing to invented people, a list, a map, a sheet; nothing is asked abroad."""

import pytest

from tests.browser.test_doors import check_accessible

pytestmark = pytest.mark.xdist_group("browser-practitioners")


def test_from_nothing_to_a_sheet(pages):
    page = pages.open("/practitioners")
    page.get_by_text("never at home").first.wait_for()
    page.get_by_text("many injectors are nurses").first.wait_for()
    page.get_by_text("Nothing is downloaded from this page").wait_for()
    page.get_by_role("button", name="Try with invented people").click()
    page.get_by_text("These people are invented").wait_for(timeout=120_000)
    page.get_by_label("ZIP code, or city and state").fill("nowhere")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("must be a ZIP code").wait_for()
    page.get_by_label("ZIP code, or city and state").fill("Minneapolis, MN")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Search").click()
    page.locator(".gl-person").first.wait_for()
    assert "points" not in page.locator(".gl-person").first.inner_text()
    page.locator(".gl-person summary").first.click()
    sheet = page.locator(".gl-person").first
    assert "national registry, 2026-09-13" in sheet.inner_text()
    assert sheet.get_by_role("link", name="Check with the state board").get_attribute("href").startswith("https://")
    assert page.locator("svg.gl-map circle.gl-map-mark").count() > 0
    assert page.locator("svg.gl-map").get_attribute("aria-label").startswith("Map: ")
    page.get_by_text("How sorted").click()
    page.get_by_text("of 70 points").first.wait_for()
    check_accessible(page)
