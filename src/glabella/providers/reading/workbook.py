"""The first sheet of a workbook (.xlsx) as lines of comma-separated text. The report of deactivated numbers comes as one."""

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
IN_MEMORY = 2**23


def workbook_lines(source: Path | IO[bytes]) -> IO[bytes]:
    """The sheet as text that can be read from the start. Errors: those of zipfile for a damaged archive."""
    held = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (who reads closes it)
    text = io.TextIOWrapper(held, "utf-8", newline="", write_through=True)  # type: ignore[arg-type]
    writer = csv.writer(text, lineterminator="\n")
    with zipfile.ZipFile(source) as archive:
        shared = list(_shared_texts(archive))
        sheet = min((name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)), default="")
        if not sheet:
            raise zipfile.BadZipFile("no sheet in the workbook")
        try:
            with archive.open(sheet) as stream:
                for _, element in ElementTree.iterparse(stream):
                    if element.tag == f"{SPACE}row":
                        writer.writerow(_cells(element, shared))
                        element.clear()
        except ElementTree.ParseError as error:
            raise zipfile.BadZipFile(f"the sheet cannot be read: {error}") from None
    text.detach()
    held.seek(0)
    return held  # type: ignore[return-value]


def _shared_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return
    with archive.open("xl/sharedStrings.xml") as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag == f"{SPACE}si":
                yield "".join(piece.text or "" for piece in element.iter(f"{SPACE}t"))
                element.clear()


def _cells(row: ElementTree.Element, shared: list[str]) -> list[str]:
    found: list[str] = []
    for cell in row.iter(f"{SPACE}c"):
        place = _column(cell.get("r", ""))
        found += [""] * (place - len(found))
        value = cell.find(f"{SPACE}v")
        text = (value.text or "") if value is not None else ""
        if cell.get("t") == "s" and text:
            text = shared[int(text)]
        elif cell.get("t") == "inlineStr":
            text = "".join(piece.text or "" for piece in cell.iter(f"{SPACE}t"))
        found.append(text)
    return found


def _column(reference: str) -> int:
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return max(number - 1, 0)
