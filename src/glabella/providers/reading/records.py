"""Records of a table, one after another, with the byte that follows each: where an interrupted ingest goes on."""

import csv
from collections.abc import Callable, Iterator

from glabella.errors import InputError
from glabella.providers.reading.members import Member

Sift = Callable[[bytes], bool]
BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
UTF8_MARK = b"\xef\xbb\xbf"
DELIMITERS = (",", "\t", "|")
MOST_UNREADABLE_SHARE = 0.01
csv.field_size_limit(2**20)


class Records:
    """Iterates over the records of a member, header apart.

    ``offset``: byte after the record that was given last. ``sift`` may say of a raw line that nobody needs it; then it is not parsed.
    ``unreadable`` counts lines that are neither UTF-8 nor Windows-1252 text; they are left out. ``records`` counts what was parsed.
    """

    def __init__(self, member: Member) -> None:
        self.member = member
        self.offset = self.lines = self.records = self.unreadable = self.other_text = 0
        self.unfinished = False
        self.delimiter = ","

    def header(self, title_rows: int = 0) -> list[str]:
        """The first record, after rows that only hold a title. Errors: InputError for a file that is not text."""
        stream = self.member.lines()
        first = b""
        for _ in range(title_rows + 1):
            first = next(stream, b"")
            self.offset += len(first)
        stream.close()  # type: ignore[attr-defined]
        if first[:2] in BOMS or b"\0" in first:
            kind = BOMS.get(first[:2], "not text")
            raise InputError(f"{self.member.where}: {kind}, where UTF-8 text is expected; take the file as published, or save it as UTF-8")
        text = self._text(first.removeprefix(UTF8_MARK))
        if text is None:
            raise InputError(f"{self.member.where}: the first line is not text; take the file as published, or save it as UTF-8")
        self.delimiter = max(DELIMITERS, key=text.count)
        return [name.strip() for name in next(csv.reader([text], delimiter=self.delimiter), [])]

    def read(self, start: int, sift: Sift | None = None) -> Iterator[list[str]]:
        """Records from byte ``start`` on. Errors: InputError for quotes that never end, and where too much is not text."""
        self.offset = start
        try:
            for record in csv.reader(self._texts(sift), delimiter=self.delimiter):
                self.records += 1
                yield record
        except csv.Error as error:
            raise InputError(f"{self.member.where}: cannot be read near byte {self.offset:,} ({error}); fetch the file again") from None
        if self.unreadable > max(1, MOST_UNREADABLE_SHARE * self.lines):
            raise InputError(
                f"{self.member.where}: {self.unreadable:,} of {self.lines:,} lines are not text in UTF-8 or Windows-1252; "
                "take the file as published, or save it as UTF-8"
            )

    def _texts(self, sift: Sift | None) -> Iterator[str]:
        for line in self.member.lines(self.offset):
            self.offset += len(line)
            self.lines += 1
            if sift is not None and not sift(line):
                continue
            text = self._text(line)
            if text is None:
                self.unreadable += 1
                continue
            self.unfinished = not line.endswith(b"\n")
            yield text

    def _text(self, line: bytes) -> str | None:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.other_text += 1
        try:
            return line.decode("cp1252")
        except UnicodeDecodeError:
            return None
