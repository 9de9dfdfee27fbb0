"""The version of this package, as every result tells it."""

from functools import cache
from importlib.metadata import version


@cache
def own_version() -> str:
    """Version of the installed package; read once, since that takes milliseconds."""
    return version("glabella")
