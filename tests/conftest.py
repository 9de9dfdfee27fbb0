"""Makes the folder above this one importable, so that every test can import the helpers beside this file as `tests.name`."""

import os

import pytest


@pytest.fixture(scope="session")
def landmark_model_path(tmp_path_factory):
    """The landmark model of photos, found or fetched."""
    from tests.photo_model import model_path

    return model_path(tmp_path_factory)


@pytest.fixture(scope="session")
def landmark_model(landmark_model_path):
    """The landmark model, ready to run."""
    from glabella.photo import LandmarkModel, find_model

    return LandmarkModel(find_model(landmark_model_path))


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium for the whole process; without one the test is skipped, except in CI, where that is a failure."""
    from tests.chromium import ARGUMENTS, chromium_path

    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: .ci/run installs Debian's")
        pytest.skip("no Chromium on this machine: the browser tests need one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several processes the tests of one file stay together, since they share what its fixtures make; long rows of checks are split.

    Not by xdist's groups: pytest 9.2 no longer lets it write them into the names of tests, and says nothing.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "verification/" in nodeid or "properties/" in nodeid else nodeid.split("::")[0]

    return ByFile(config, log)
