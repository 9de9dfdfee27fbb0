"""The folder of what can be computed again: solved faces of trials, and the people who were treated last.

It holds nothing that parameters, data and code do not determine; names of files are hashes of all three. ``GLABELLA_CACHE`` names another
folder, or switches the cache off when empty. A folder that cannot be written costs the cache, not the result.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import IO

from glabella.version import own_version

SUFFIXES = (".py", ".toml", ".csv", ".npz")


def cache_folder() -> Path | None:
    """``GLABELLA_CACHE``, else in the user's cache; None when switched off."""
    named = os.environ.get("GLABELLA_CACHE")
    if named is not None:
        return Path(named) if named else None
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glabella"


@lru_cache
def code_sha256(parts: Sequence[str]) -> str:
    """Hash of files and folders of this package, so that a cache never outlives a change of the code or data it was made by."""
    digest = hashlib.sha256(own_version().encode())
    for part in parts:
        root = Path(str(resources.files("glabella"))) / part
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.suffix in SUFFIXES:
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def write_cached(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then rename it; where that fails nothing is left and nothing is said."""
    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            beside = Path(file.name)
            write(file)
        beside.replace(path)
    except OSError:
        if beside:
            beside.unlink(missing_ok=True)


def keep_newest(folder: Path, pattern: str, most: int) -> None:
    """Remove all but the ``most`` files of a pattern that were used last."""
    try:
        files = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[most:]:
            path.unlink(missing_ok=True)
    except OSError:
        pass  # another process was faster
