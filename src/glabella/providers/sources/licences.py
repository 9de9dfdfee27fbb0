"""Licences as states publish them. Only those that somebody in the registry claims to hold are kept, without birth year or address."""

import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from glabella.errors import InputError
from glabella.providers.layouts import COLUMNS, StateLayout, known_layouts, layout_of
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source, iso_day, licence_keys

NOTHING_NOTED = frozenset(("", "N", "NO", "NONE", "FALSE", "0", "N/A"))


class Licences(Source):
    """A state's open list of licences, or of what its board did."""

    name, title, order = "licences", "Licences", 8
    signature = ()
    layouts: ClassVar[tuple[StateLayout, ...]] = ()

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        layout = layout_of(header, (*self.layouts, *known_layouts()))
        assert layout is not None
        self.layout: StateLayout = layout
        what = "Licences" if layout.kind == "licences" else "Actions of the board"
        self.title = f"{what} of {layout.state} ({layout.dataset})"  # type: ignore[misc]
        self.places = {field: header.place(name) for field in COLUMNS if (name := getattr(layout, field))}
        self.rows: list[tuple[str, ...]] = []
        self.claimed: dict[str, set[str]] = {}

    @classmethod
    def recognises(cls, header: Header) -> bool:
        """As every source."""
        return layout_of(header, (*cls.layouts, *known_layouts())) is not None

    @property
    def row_name(self) -> str:
        """As every source."""
        return self.layout.list.removesuffix("_export")

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        database.execute("DELETE FROM licence WHERE state = ? AND list = ?", (self.layout.state, self.row_name))

    def resume(self, database: sqlite3.Connection) -> None:
        """As every source."""
        super().resume(database)
        if not database.execute("SELECT EXISTS (SELECT 1 FROM person)").fetchone()[0]:
            raise InputError(f"{self.member.where}: licences are kept of people in the registry; ingest the national provider file first")
        rows = database.execute("SELECT last, licences FROM person WHERE licences LIKE ?", (f'%"{self.layout.state}"%',))
        for last, text in rows:
            for state, number in json.loads(text):
                for key in licence_keys(number) if state == self.layout.state else ():
                    self.claimed.setdefault(key, set()).add(last)

    def take(self, record: list[str]) -> None:
        """As every source."""
        self.counts["records"] += 1
        keys = [key for key in licence_keys(self._said(record, "number")) if key in self.claimed]
        if not keys:
            self.counts["of nobody in the registry"] += 1
            return
        noted = self._said(record, "discipline")
        if self.layout.kind == "actions":
            noted = ", ".join(part for part in (noted, iso_day(self._said(record, "day"))) if part)
        noted = "" if noted.upper() in NOTHING_NOTED else noted
        kind = self._said(record, "type") or self.layout.type_is
        rest = (kind, self._said(record, "status"), iso_day(self._said(record, "expires")), noted)
        names = {(key, name) for key in keys for name in self._last_names(record, key)}
        if not names:
            self.counts["of another name"] += 1
            return
        self.rows += [(self.layout.state, key, self.row_name, name, *rest) for key, name in sorted(names)]
        self.counts["kept"] += 1

    def _said(self, record: list[str], field: str) -> str:
        return record[self.places[field]].strip() if field in self.places else ""

    def _last_names(self, record: list[str], key: str) -> list[str]:
        """The last name; of a full name, what somebody who claims the number is called and what stands in it as whole words."""
        if "last_name" in self.places:
            return [self._said(record, "last_name").upper()]
        whole = f" {_letters(self._said(record, 'full_name'))} "
        return [last.upper() for last in self.claimed[key] if (name := _letters(last)) and f" {name} " in whole]

    def flush(self) -> None:
        """As every source."""
        self.database.executemany("INSERT OR REPLACE INTO licence VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self.rows)
        self.rows.clear()


def with_layouts(layouts: Sequence[StateLayout]) -> type[Licences]:
    """The source that knows a user's lists as well."""
    return type("Licences", (Licences,), {"layouts": tuple(layouts)})


def _letters(name: str) -> str:
    """Words of capitals, without the signs that lists leave out."""
    return " ".join(re.sub(r"[^A-Z ]", " ", name.upper().replace("'", "")).split())
