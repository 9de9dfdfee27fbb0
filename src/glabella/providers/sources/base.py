"""What every source has: how it is recognised, what it takes from a record, and what is said about it afterwards."""

import re
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime
from typing import ClassVar

from glabella.providers.reading import Header, Member


class Source:
    """One public file. ``take`` is given each record; ``flush`` writes what was gathered; both may run again after an interruption.

    ``counts`` are kept through interruptions: 'records' and 'kept', and one entry for every kind of record that was left out.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int]
    signature: ClassVar[tuple[str, ...]]
    sifts: ClassVar[bool] = False
    holds_back: ClassVar[bool] = False  # whether the people of the list are not shown

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        self.header, self.member = header, member
        self.width = len(header.names)
        self.counts: Counter[str] = Counter()
        day, basis = (as_of, "given") if as_of else (self.day_in_name(), "file name")
        if day is None:
            day, basis = datetime.fromtimestamp(member.path.stat().st_mtime, UTC).date(), "time of the file"
        self.as_of, self.as_of_from = day, basis

    @classmethod
    def recognises(cls, header: Header) -> bool:
        """Whether the columns are those of this source."""
        return header.has(cls.signature)

    def day_in_name(self) -> date | None:
        """The day that the file's own name tells, or its archive's."""
        for name in (self.member.name, self.member.path.name):
            found = re.findall(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)", name)
            for year, month, day in reversed(found):
                if (read := _day(year, month, day)) is not None:
                    return read
            for month, day, year in reversed(re.findall(r"(?<!\d)(\d\d)(\d\d)(\d\d)(?!\d)", name)):
                if (read := _day(f"20{year}", month, day)) is not None:
                    return read
        return None

    @property
    def row_name(self) -> str:
        """The name in the list of sources; it differs where several files of a kind are kept."""
        return self.name

    def begin(self, database: sqlite3.Connection) -> None:
        """Before the first record, not after an interruption."""

    def resume(self, database: sqlite3.Connection) -> None:
        """Before the first record, and after an interruption as well."""
        self.database = database

    def sift(self, line: bytes) -> bool:
        """Whether a raw line has to be parsed."""
        raise NotImplementedError

    def take(self, record: list[str]) -> None:
        """One record of the right width."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what was gathered."""

    def end(self) -> None:
        """After the last record."""


def iso_day(text: str) -> str:
    """'2026-08-09' from MM/DD/YYYY, YYYYMMDD or an ISO day or time; '' from anything else."""
    text = text.strip()
    if not text:
        return ""
    usual = len(text) == 10 and text[2] == "/" == text[5] and text.replace("/", "").isdigit()
    if usual and "01" <= text[:2] <= "12" and "01" <= text[3:5] <= "28" and text[6:] >= "1900":
        return f"{text[6:]}-{text[:2]}-{text[3:5]}"  # nearly all of them, a few million times
    for pattern, order in ((r"(\d\d?)/(\d\d?)/(\d{4})", (2, 0, 1)), (r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?", (0, 1, 2))):
        found = re.fullmatch(pattern, text)
        if found:
            parts = found.groups()
            day = _day(*(parts[place] for place in order))
            return day.isoformat() if day else ""
    return ""


def zip_number(text: str) -> int | None:
    """The first five digits of a ZIP code as a number; None where there are none."""
    digits = text.strip()[:5]
    return int(digits) if len(digits) == 5 and digits.isdigit() and digits != "00000" else None


def licence_keys(number: str) -> list[str]:
    """A licence number as it is compared: all its digits, and its last run of digits, without zeros in front.

    Registry and state write the same number with and without the code of the profession before it.
    """
    runs = re.findall(r"\d+", number)
    found = ("".join(runs).lstrip("0"), runs[-1].lstrip("0") if runs else "")
    return [key for key in dict.fromkeys(found) if key]


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= 1900 else None
