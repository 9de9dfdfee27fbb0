"""How loops are compiled here: by numba, the extra ``fast``; so this is imported only where the compiled code is wanted."""

from collections.abc import Callable

import numba


def kernel(function: Callable) -> Callable:
    """Compiled on first use for one thread without Python's lock, and kept on disk where a folder for it can be written."""
    options = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache
        return numba.njit(**options)(function)
