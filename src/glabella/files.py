"""Files and folders that are never half-written: written beside their place, then renamed into it."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from glabella.errors import InputError


def data_folder() -> Path:
    """Where the user's data belong on this platform: ``GLABELLA_DATA``, else the platform's folder."""
    named = os.environ.get("GLABELLA_DATA")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "glabella"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "glabella"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "glabella"


def read_text(path: str | Path, what: str) -> str:
    """UTF-8 text of a file; ``what`` names the kind of file in errors."""
    path = Path(path)
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be read ({_reason(error)}); give the path of a readable file") from None


def write_file(path: str | Path, content: str | bytes, what: str) -> None:
    """Write text (as UTF-8) or bytes to ``path`` in one step: beside it first, then renamed."""
    data = content.encode() if isinstance(content, str) else content
    write_beside(path, what, lambda beside: beside.write_bytes(data))


def write_beside(path: str | Path, what: str, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path`` (with the same ending), then rename it to ``path``; on failure nothing is left."""
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{what} {path}: is a folder; give the name of a file in it")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=f".partial{path.suffix}")
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be written ({_reason(error)}); choose a folder that you may write to") from None
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be written ({_reason(error)}); choose another path") from None
    finally:
        beside.unlink(missing_ok=True)


def check_folder(path: str | Path) -> Path:
    """Make sure, before a long computation, that ``path`` can become a folder of results; leaves nothing behind."""
    path = Path(path).absolute()
    try:
        if path.exists() and not path.is_dir():
            raise InputError(f"output folder {path}: is a file; give --out another folder")
        parent = path
        while not parent.exists():
            parent = parent.parent
        with tempfile.TemporaryDirectory(dir=parent, prefix=".glabella-"):
            pass
    except OSError as error:
        raise InputError(f"output folder {path}: cannot be written ({_reason(error)}); give --out a folder you may write to") from None
    return path


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
