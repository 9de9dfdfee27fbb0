"""Ask in a real browser: by one's own words, from the list, and where nothing covers it; nothing that axe objects to."""

import pytest

from tests.browser.test_doors import check_accessible
from tests.browser.test_terms import check


def asked(page, words):
    page.get_by_label("Your question").fill(words)
    page.get_by_label("Your question").press("Enter")
    page.wait_for_url("**/ask?q=*")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_question_is_answered_with_verdict_numbers_and_sources(pages, scheme):
    page = pages.open("/")
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_role("heading", name="Straight answers").wait_for()
    asked(page, "Will I need higher doses with time?")
    answer = page.get_by_role("region", name="Answer")
    answer.get_by_role("heading", name="Are higher doses needed with time?").wait_for()
    words = answer.inner_text()
    assert "Wrong" in words
    assert "5112" in words
    answer.locator("summary", has_text="sources").first.click()
    assert answer.locator("li a[href^='https://pubmed']").count() >= 1
    check_accessible(page)


def test_what_is_not_covered_is_said_with_the_nearest(pages):
    page = pages.open("/ask")
    asked(page, "what is the capital of France")
    page.get_by_role("heading", name="Not covered").wait_for()
    assert "Get help now: After an injection" in page.get_by_role("region", name="Answer").inner_text()
    check_accessible(page)


def test_the_list_leads_to_every_answer_by_keyboard(pages):
    page = pages.open("/ask")
    theme = page.locator("summary", has_text="What can go wrong")
    theme.focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Can it be undone?").last
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask?answer=undo")
    page.get_by_role("region", name="Answer").get_by_role("heading", name="Can it be undone?").wait_for()
    check_accessible(page)


def test_an_address_of_no_answer_says_so(pages):
    page = pages.open("/ask?answer=nothing_of_the_kind")
    page.get_by_text("There is no such answer").wait_for()
    check_accessible(page)


@pytest.mark.parametrize("key", ["drooping_lid", "frozen", "brands", "prevents_lines"])
def test_technical_terms_of_an_answer_are_explained(pages, key):
    page = pages.open(f"/ask?answer={key}")
    page.get_by_role("region", name="Answer").get_by_role("heading").first.wait_for()
    for summary in page.locator(".gl-answer summary").all():
        summary.click()
    check(page, set())


@pytest.mark.parametrize("path", ["/ask", "/ask?q=what+is+the+capital+of+France", "/ask?answer=maximum_dose", "/ask?answer=drooping_lid"])
def test_on_a_phone_nothing_is_clipped(pages, path):
    page = pages.open(path)
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("heading", name="Straight answers").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
