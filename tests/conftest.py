"""Makes the folder above this one importable, so that every test can import the helpers beside this file as `tests.name`."""

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
