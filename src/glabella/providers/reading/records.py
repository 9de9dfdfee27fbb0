"""Records of a table, one after another, with the byte that follows each: where an interrupted ingest goes on."""

import csv
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from glabella.errors import InputError
from glabella.providers.reading.members import Member

Sift = Callable[[bytes], bool]
BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
UTF8_MARK = b"\xef\xbb\xbf"
DELIMITERS = (",", "\t", "|")
MOST_UNREADABLE_SHARE = 0.01
MOST_TITLE_ROWS = 5
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

    def headers(self) -> Iterator[list[str]]:
        """What may be the header, line by line, since some files begin with rows that only hold a title; ``offset`` goes along.

        Errors: InputError for a file that is not text.
        """
        stream = self.member.lines()
        try:
            for number, line in enumerate(islice(stream, MOST_TITLE_ROWS + 1)):
                self.offset += len(line)
                if not number and (line[:2] in BOMS or b"\0" in line):
                    kind = BOMS.get(line[:2], "not text")
                    raise InputError(
                        f"{self.member.where}: {kind}, where UTF-8 text is expected; take the file as published, or save it as UTF-8"
                    )
                text = self._text(line.removeprefix(UTF8_MARK))
                if text is None:
                    raise InputError(f"{self.member.where}: the first line is not text; take the file as published, or save it as UTF-8")
                self.delimiter = max(DELIMITERS, key=text.count)
                yield [name.strip() for name in next(self._reader([text]), [])]
        finally:
            stream.close()  # type: ignore[attr-defined]

    def read(self, start: int, sift: Sift | None = None) -> Iterator[list[str]]:
        """Records from byte ``start`` on. Errors: InputError for quotes that never end, and where too much is not text."""
        self.offset = start
        try:
            for record in self._reader(self._texts(sift)):
                self.records += 1
                yield record
        except csv.Error as error:
            raise InputError(f"{self.member.where}: cannot be read near byte {self.offset:,} ({error}); fetch the file again") from None
        if self.unreadable > max(1, MOST_UNREADABLE_SHARE * self.lines):
            raise InputError(
                f"{self.member.where}: {self.unreadable:,} of {self.lines:,} lines are not text in UTF-8 or Windows-1252; "
                "take the file as published, or save it as UTF-8"
            )

    def _reader(self, texts: Iterable[str]) -> "Iterator[list[str]]":
        """Files with bars quote nothing: a quote there is part of a name."""
        return csv.reader(texts, delimiter=self.delimiter, quoting=csv.QUOTE_NONE if self.delimiter == "|" else csv.QUOTE_MINIMAL)

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
