"""What the server has forgotten: the page asks again by itself; and what takes long says so."""


import pytest

from glabella.app.note import Note
from tests.app_server import AppServer
from tests.browser.face import ready

# the real server, with room for two results instead of 64
FORGETFUL = """
from glabella.app.workbench import Workbench
Workbench.__init__.__kwdefaults__["results"] = 2
from glabella.cli import main
main()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, browser):
    found = AppServer(tmp_path_factory.mktemp("app"), program=("-c", FORGETFUL)).start()
    yield found
    found.kill()


def new_note(server, title, **changes):
    answer = server.ask("POST", "/api/v1/notes", Note(title, **changes).with_pattern(("glabellar",)).document())
    return answer.json()["id"]


def evict(pages, server, times):
    """Another page that makes so many results that those of the first are gone."""
    page = pages.open(f"/plan/{new_note(server, 'other')}")
    ready(page)
    for number in range(times):
        with page.expect_response(lambda answer: "months.json" in answer.url):  # a wish that another overtakes makes no result
            page.get_by_label("Injection 3, units").fill(f"{3 - 0.25 * number:g}")
    page.close()


def test_a_page_whose_result_was_evicted_asks_again(pages, server):
    pages.forgiven = ("404",)
    page = pages.open(f"/plan/{new_note(server, 'first')}")
    ready(page)
    section = page.locator(".gl-section-canvas")
    before = section.get_attribute("aria-label")
    page.wait_for_timeout(1500)
    evict(pages, server, 4)
    lost = []
    page.on("response", lambda answer: lost.append(answer.url) if answer.status == 404 else None)
    page.get_by_role("button", name="3", exact=True).click()  # another needle: its section is of a result that is gone
    page.wait_for_function("(before) => document.querySelector('.gl-section-canvas').getAttribute('aria-label') !== before", arg=before)
    assert "procerus" in section.get_attribute("aria-label")
    assert any("section.bin" in url for url in lost)  # it was gone indeed
    evict(pages, server, 4)
    lost.clear()
    page.get_by_role("radio", name="Dose", exact=True).check(force=True)
    page.locator(".glf-legend").get_by_text("Units").first.wait_for()
    assert any("dose.bin" in url for url in lost)
    page.get_by_label("Injection 3, units").fill("2")  # and all goes on
    page.get_by_text("18 U of onabotulinumtoxinA").first.wait_for()


def test_a_new_face_says_that_it_is_built(pages, server):
    pages.forgiven = ("404",)  # two faces with and without bands are four results, and this server keeps two
    page = pages.open(f"/plan/{new_note(server, 'new face')}")
    ready(page)
    page.get_by_role("tab", name="Person").click()
    page.get_by_label("Age, years").fill("63")
    sign = page.locator(".gl-face .gl-busy").get_by_role("status")
    sign.get_by_text("Building the face").wait_for()
    assert page.locator(".gl-face .gl-busy progress").is_visible()
    sign.get_by_text("Building the face").wait_for(state="detached")
    sign.get_by_text("how sure").wait_for()  # bands, with their progress
    page.wait_for_function("() => document.querySelector('.gl-face .gl-busy progress').value > 0")
    page.locator(".gl-face .gl-busy progress").wait_for(state="hidden")
