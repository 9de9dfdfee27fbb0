"""Practitioners in a real browser: from nothing to invented people, a list, a map, a sheet; nothing is asked abroad."""


from tests.browser.test_doors import check_accessible


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
    page.get_by_label("ZIP code, or city and state").press("Enter")
    page.locator(".gl-person").first.wait_for()
    assert page.get_by_role("status").filter(has_text="people within 50 km").count() == 1
    assert "points" not in page.locator(".gl-person").first.inner_text()
    page.locator(".gl-person summary").first.click()
    sheet = page.locator(".gl-person").first
    assert "national registry, 2026-09-13" in sheet.inner_text()
    assert sheet.get_by_role("link", name="Check with the state board").get_attribute("href").startswith("https://")
    assert page.locator("svg.gl-map circle.gl-map-mark").count() > 0
    assert page.locator("svg.gl-map").get_attribute("aria-label").startswith("Map: ")
    mark = page.locator("svg.gl-map a").last
    number = mark.get_attribute("href").removeprefix("#person-")
    assert mark.get_attribute("aria-label").startswith(f"{number} ")
    mark.focus()
    page.keyboard.press("Enter")  # a mark leads to its line of the list
    assert page.url.endswith(f"#person-{number}")
    assert page.locator(f"#person-{number}").inner_text().startswith(f"{number} ")
    page.locator(f"#person-{number} summary").focus()
    page.keyboard.press("Enter")
    page.locator(f"#person-{number} dl").wait_for()
    page.get_by_text("How sorted").click()
    page.get_by_text("of 70 points").first.wait_for()
    check_accessible(page)


def test_more_is_shown_when_asked_and_the_order_is_said(pages):
    page = pages.open("/practitioners")
    if page.get_by_role("button", name="Try with invented people").count():
        page.get_by_role("button", name="Try with invented people").click()
        page.get_by_text("These people are invented").wait_for(timeout=120_000)
    page.get_by_label("ZIP code, or city and state").fill("Minneapolis, MN")
    page.get_by_label("Specialty").select_option("all")
    page.get_by_role("radio", name="By evidence").check(force=True)
    page.get_by_role("button", name="Search").click()
    page.get_by_text("The first 20 of").wait_for()
    page.get_by_role("button", name="Show more").click()
    page.locator("#person-21").wait_for()
    page.get_by_text("How sorted").click()
    page.get_by_text("unknown is an interval, not a zero").wait_for()
    page.get_by_label("For", exact=True).select_option("migraine")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("for chronic migraine").wait_for()
    check_accessible(page)
