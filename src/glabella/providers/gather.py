"""What the database holds of one person, put together from its tables."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from glabella.providers.board_licence import BoardLicence, find_licences
from glabella.providers.points import Facts
from glabella.providers.sources.national import COLUMNS, OTHER_FAMILY
from glabella.providers.tables import GROUPS, families

PERSON = ", ".join(COLUMNS)


@dataclass(frozen=True)
class Person:
    """A record of the national file as it is kept. ``codes`` and ``licences`` are JSON; ``zip`` None where unreadable."""

    npi: int
    last: str
    first: str
    credential: str
    line: str
    city: str
    state: str
    zip: int | None
    phone: str
    enumerated: str
    updated: str
    family_number: int
    group_number: int
    primary_listed: int
    codes: str
    licences: str

    @property
    def family(self) -> str:
        """The family of the code that decides, 'other' where it is none of ours."""
        return "other" if self.family_number == OTHER_FAMILY else families()[self.family_number]

    @property
    def group(self) -> str:
        """Its group."""
        return GROUPS[self.group_number]


def today_of(database: sqlite3.Connection) -> date:
    """The newest day that the national file tells of: points are of that day, so that the same database gives the same list."""
    row = database.execute("SELECT max(as_of) FROM source WHERE name LIKE 'national%'").fetchone()
    return date.fromisoformat(row[0]) if row and row[0] else date.today()


def claims_of(database: sqlite3.Connection, npi: int) -> dict[int, dict[str, float]]:
    """Days of treatment by year and code."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for year, code, days in database.execute("SELECT year, code, days FROM claim WHERE npi = ?", (npi,)):
        found[year][code] = days
    return dict(found)


def school_of(database: sqlite3.Connection, npi: int) -> int:
    """The year school ended, 0 where unknown."""
    row = database.execute("SELECT year FROM school WHERE npi = ?", (npi,)).fetchone()
    return row[0] if row else 0


def licences_of(database: sqlite3.Connection, person: Person) -> list[BoardLicence]:
    """What the practice state's own list says of the person's licences."""
    return find_licences(database, person.last, person.state, person.licences, person.family)


def active_of(licences: Iterable[BoardLicence], day: date) -> bool | None:
    """Whether one of them is active; None where no list says."""
    found = [licence.active_on(day.isoformat()) for licence in licences if licence.status]
    return any(found) if found else None


def facts_of(
    person: Person, today: date, claims: Mapping[int, Mapping[str, float]], school_year: int, licence_active: bool | None
) -> Facts:
    """What points look at."""
    return Facts(
        person.group, bool(person.primary_listed), today, claims, school_year, _year(person.enumerated),
        f'["{person.state}", ' in person.licences, licence_active, _year(person.updated),
    )  # fmt: skip


def _year(day: str) -> int:
    return int(day[:4]) if day else 0
