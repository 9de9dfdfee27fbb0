"""The parameter rows of a person's photo. Read only when a picture is."""

from functools import cache

from glabella.evidence.parameters import Parameters, read_parameters
from glabella.evidence.tables import shipped_text


@cache
def _photo_rows() -> Parameters:
    return read_parameters(shipped_text("photo.csv"), "photo.csv")


def load_photo_parameters() -> Parameters:
    """The shipped rows of ``photo.csv``: iris, camera, shape of faces, what a picture must have to be measured."""
    return _photo_rows().recording()
