"""A real browser on a real server."""

import urllib.parse

import pytest

from tests.app_server import AppServer


@pytest.fixture(scope="session")
def server(tmp_path_factory, browser):
    """One app for the pages of a test process: it builds a face once."""
    found = AppServer(tmp_path_factory.mktemp("app")).start()
    yield found
    found.kill()


class Watched:
    """A browser context whose pages may neither complain nor ask another machine."""

    def __init__(self, context, address):
        self.context, self.address, self.complaints, self.abroad, self.asked = context, address, [], [], []
        self.forgiven = ()

    def open(self, path=""):
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        page.goto(self.address + path)
        return page

    def _asked(self, request):
        self.asked.append(request.url)
        url = urllib.parse.urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and f"{url.hostname}:{url.port}" != urllib.parse.urlsplit(self.address).netloc:
            self.abroad.append(request.url)

    def verdict(self):
        assert self.abroad == []
        assert [text for text in self.complaints if not any(known in text for known in self.forgiven)] == []


@pytest.fixture
def pages(browser, server):
    """``pages.open(path)`` opens a page of the app; at the end nothing may have been complained about or asked abroad."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, reduced_motion="reduce")
    watched = Watched(context, server.address)
    yield watched
    context.close()
    watched.verdict()
