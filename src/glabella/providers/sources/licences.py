"""Licences as states publish them. Only those that somebody in the registry claims to hold are kept, without birth year or address."""

import json
import sqlite3
from datetime import date

from glabella.errors import InputError
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source, iso_day, licence_key
from glabella.providers.tables import StateLayout, state_layouts


class Licences(Source):
    """A state's open list of licences."""

    name, title, order = "licences", "Licences", 8
    signature = ()

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        layout = layout_of(header)
        assert layout is not None
        self.layout: StateLayout = layout
        self.title = f"Licences of {layout.state} ({layout.dataset})"  # type: ignore[misc]
        columns = (layout.number, layout.last_name, layout.type, layout.status, layout.expires, layout.discipline)
        self.places = [header.place(column) for column in columns]
        self.rows: list[tuple[str, ...]] = []
        self.claimed: frozenset[str] = frozenset()

    @classmethod
    def recognises(cls, header: Header) -> bool:
        """As every source."""
        return layout_of(header) is not None

    @property
    def row_name(self) -> str:
        """As every source."""
        return f"licences_{self.layout.state}"

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        database.execute("DELETE FROM licence WHERE state = ?", (self.layout.state,))

    def resume(self, database: sqlite3.Connection) -> None:
        """As every source."""
        super().resume(database)
        rows = database.execute("SELECT licences FROM person WHERE licences LIKE ?", (f'%"{self.layout.state}"%',))
        self.claimed = frozenset(
            licence_key(number) for (text,) in rows for state, number in json.loads(text) if state == self.layout.state
        )
        if not database.execute("SELECT EXISTS (SELECT 1 FROM person)").fetchone()[0]:
            raise InputError(f"{self.member.where}: licences are kept of people in the registry; ingest the national provider file first")

    def take(self, record: list[str]) -> None:
        """As every source."""
        self.counts["records"] += 1
        number, last, kind, status, expires, discipline = (record[place].strip() for place in self.places)
        key = licence_key(number)
        if not key or key not in self.claimed:
            self.counts["of nobody in the registry"] += 1
            return
        clean = discipline.upper() in ("", self.layout.clean.upper())
        self.rows.append((self.layout.state, key, last.upper(), kind, status, iso_day(expires), "" if clean else discipline))
        self.counts["kept"] += 1

    def flush(self) -> None:
        """As every source."""
        self.database.executemany("INSERT OR REPLACE INTO licence VALUES (?, ?, ?, ?, ?, ?, ?)", self.rows)
        self.rows.clear()


def layout_of(header: Header) -> StateLayout | None:
    """The state whose columns these are."""
    for layout in state_layouts():
        if header.has((layout.number, layout.last_name, layout.type, layout.status, layout.expires, layout.discipline)):
            return layout
    return None
