"""The tables in a file: itself, or what lies in a zip archive or a workbook. Opened at a place, read once, never unpacked to disk."""

import gzip
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from glabella.errors import InputError
from glabella.providers.reading.workbook import workbook_lines

CHUNK = LONGEST_LINE = 2**20
TEXT = (".csv", ".txt", ".tsv")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """One table: ``name`` as in the archive or on disk, ``size`` in bytes when unpacked, 0 where nobody knows."""

    path: Path
    name: str
    size: int
    opener: Callable[[], IO[bytes]]

    @property
    def where(self) -> str:
        """For messages."""
        return str(self.path) if self.name == self.path.name else f"{self.path} ({self.name})"

    @property
    def key(self) -> str:
        """Tells whether an interrupted file is the same one: name, size, time of the last change."""
        stat = self.path.stat()
        return f"{self.path.name}|{self.name}|{stat.st_size}|{stat.st_mtime_ns}"

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Lines from byte ``start`` on. Errors: InputError for a damaged archive, a disk that cannot be read, a line without an end."""
        try:
            with self.opener() as stream:
                _skip(stream, start)
                while line := stream.readline(LONGEST_LINE):
                    if len(line) == LONGEST_LINE and line[-1:] != b"\n":  # such as a file that was filled with zeros before it was fetched
                        raise InputError(f"{self.where}: a line of more than 1 MB, so no table or a damaged one; fetch the file again")
                    yield line
        except BROKEN as error:
            raise InputError(f"{self.where}: the archive is damaged or cut short ({_reason(error)}); fetch the file again") from None
        except OSError as error:
            raise InputError(f"{self.where}: cannot be read ({_reason(error)}); check the disk, or fetch the file again") from None


def open_members(path: Path) -> list[Member]:
    """Tables in a file, without pages that only repeat a header. Errors: InputError for a file that is none of the kinds."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        size = path.stat().st_size
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give the files in it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({_reason(error)}); give the path of a readable file") from None
    if not size:
        raise InputError(f"{path}: is empty; fetch the file again")
    if start[:2] == b"\x1f\x8b":
        return [Member(path, path.name.removesuffix(".gz"), 0, lambda: gzip.open(path))]  # type: ignore[list-item]
    if start[:2] != b"PK" and path.suffix.lower() not in (".zip", ".xlsx"):
        return [Member(path, path.name, size, lambda: path.open("rb", buffering=CHUNK))]
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except BROKEN as error:
        raise InputError(f"{path}: the archive is damaged or cut short ({_reason(error)}); fetch the file again") from None
    if any(entry.filename == "xl/workbook.xml" for entry in entries):
        return [Member(path, path.name, 0, lambda: workbook_lines(path))]
    found = []
    for entry in entries:
        name = entry.filename.lower()
        if name.endswith(TEXT) and "fileheader" not in name and "readme" not in name:
            found.append(Member(path, os.path.basename(entry.filename), entry.file_size, _in_zip(path, entry.filename)))
        elif name.endswith(".xlsx"):
            found.append(Member(path, os.path.basename(entry.filename), 0, _workbook_in_zip(path, entry.filename)))
    if not found:
        raise InputError(f"{path}: no table (.csv, .txt or .xlsx) in the archive; take the file as published")
    return found


def _in_zip(path: Path, name: str) -> Callable[[], IO[bytes]]:
    return lambda: zipfile.ZipFile(path).open(name)


def _workbook_in_zip(path: Path, name: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            return workbook_lines(stream)

    return opened


def _skip(stream: IO[bytes], count: int) -> None:
    if count and type(stream).__name__ == "BufferedReader":
        stream.seek(count)
        return
    while count > 0:
        read = len(stream.read(min(CHUNK, count)))
        if not read:
            return
        count -= read


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
