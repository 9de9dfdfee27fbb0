"""The landmark model for tests: the one that is there, else fetched once for the session; in CI its absence is a failure."""

import os

import pytest

from glabella.errors import InputError
from glabella.photo import model_file


def model_path(tmp_path_factory):
    """Path of a checked copy of the landmark model."""
    folder = tmp_path_factory.mktemp("model")
    try:
        path = folder / model_file.FILE_NAME
        path.write_bytes(model_file.find_model().content)
        return path
    except InputError:
        pass
    before = os.environ.get("GLABELLA_DATA")
    os.environ["GLABELLA_DATA"] = str(folder)
    try:
        return model_file.fetch_model()
    except InputError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no landmark model: {error}")
        pytest.skip(f"no landmark model: {error}")
    finally:
        os.environ.pop("GLABELLA_DATA")
        if before is not None:
            os.environ["GLABELLA_DATA"] = before
