"""The smaller public files: second practice places, deactivations, exclusions, clinicians, opt-outs, ZIP centres."""

import sqlite3
from datetime import date
from typing import Any, ClassVar

from glabella.providers.npi import is_npi
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source, iso_day, zip_number

SECOND = "Provider Secondary Practice Location Address"


class Gathering(Source):
    """A source that gathers rows for one statement: the identifier of a person and what is kept beside it.

    ``columns``: that of the identifier and those that ``kept`` is given. ``clear`` empties the table first, because each file is
    complete in itself.
    """

    columns: ClassVar[tuple[str, ...]]
    statement: ClassVar[str]
    clear: ClassVar[str] = ""

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.places = [header.place(name) for name in self.columns]
        self.rows: list[tuple[Any, ...]] = []

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        if self.clear:
            database.execute(self.clear)

    def take(self, record: list[str]) -> None:
        """As every source."""
        self.counts["records"] += 1
        row = self.row(*(record[place].strip() for place in self.places))
        if row is not None:
            self.rows.append(row)
            self.counts["kept"] += 1

    def row(self, number: str, *texts: str) -> tuple[Any, ...] | None:
        """A row of the table; None for a record that is left out, which is counted."""
        kept = self.kept(*texts)
        if kept is None:
            return None
        if is_npi(number):
            return int(number), *kept
        self.counts["without identifier" if not number.strip("0") else "wrong check digits"] += 1
        return None

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """What is kept beside the identifier; None for nothing, which is counted."""
        raise NotImplementedError

    def flush(self) -> None:
        """As every source."""
        self.database.executemany(self.statement, self.rows)
        self.rows.clear()


class SecondPlaces(Gathering):
    """Where else people practise."""

    name, title, order = "second_places", "Second practice places (NPPES)", 2
    signature = ("NPI", f"{SECOND} - Postal Code", f"{SECOND} - City Name")
    columns = (
        "NPI", f"{SECOND} - Address Line 1", f"{SECOND} - Address Line 2", f"{SECOND} - City Name", f"{SECOND} - State Name",
        f"{SECOND} - Postal Code", f"{SECOND} - Country Code (If outside U.S.)",
    )  # fmt: skip
    statement = "INSERT OR IGNORE INTO second_place SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM person WHERE npi = ?1)"

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """As every source."""
        first, second, city, state, postcode, country = texts
        code = zip_number(postcode)
        if code is None or (country or "US") != "US":
            self.counts["without a ZIP code of the country"] += 1
            return None
        return f"{first} {second}".strip(), city, state.upper(), code


class Deactivations(Gathering):
    """The monthly report of numbers that are no longer in use."""

    name, title, order = "deactivations", "Deactivated numbers (NPPES)", 3
    signature = columns = ("NPI", "NPPES Deactivation Date")
    holds_back = True
    clear = "DELETE FROM deactivated"
    statement = "INSERT OR REPLACE INTO deactivated VALUES (?, ?)"

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """As every source."""
        return (iso_day(texts[0]),)


class Exclusions(Gathering):
    """People excluded from federal programmes. Only the number is kept: who shares a name with somebody excluded is never touched."""

    name, title, order = "exclusions", "Exclusions from federal health programmes (OIG)", 4
    signature = ("NPI", "EXCLTYPE", "EXCLDATE", "LASTNAME")
    columns = ("NPI", "REINDATE")
    holds_back = True
    clear = "DELETE FROM excluded"
    statement = "INSERT OR IGNORE INTO excluded VALUES (?)"

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """As every source."""
        if texts[0].strip(" 0"):
            self.counts["reinstated"] += 1
            return None
        return ()


class Clinicians(Gathering):
    """When people finished school; of everybody enrolled in Medicare, one record per address."""

    name, title, order = "clinicians", "Doctors and Clinicians (CMS)", 6
    signature = ("NPI", "Grd_yr", "pri_spec")
    columns = ("NPI", "Grd_yr")
    clear = "DELETE FROM school"
    statement = "INSERT INTO school VALUES (?, ?) ON CONFLICT DO UPDATE SET year = max(year, excluded.year)"

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """As every source."""
        year = texts[0]
        if not year.isdecimal() or not 1930 <= int(year) <= self.as_of.year:
            self.counts["without a year"] += 1
            return None
        return (int(year),)


class OptOuts(Gathering):
    """People who have left Medicare. That is legal and common; it only explains why there are no counts."""

    name, title, order = "opt_outs", "Opt-out affidavits (CMS)", 7
    signature = columns = ("NPI", "Optout Effective Date", "Optout End Date")
    clear = "DELETE FROM opt_out"
    statement = "INSERT OR REPLACE INTO opt_out VALUES (?, ?, ?)"

    def kept(self, *texts: str) -> tuple[Any, ...] | None:
        """As every source."""
        return tuple(iso_day(text) for text in texts)


class ZipCentres(Gathering):
    """A newer list of ZIP centres than the one that ships: the Census Bureau's Gazetteer of ZIP code tabulation areas."""

    name, title, order = "zip_centres", "ZIP centres (Census Gazetteer)", 0
    signature = columns = ("GEOID", "INTPTLAT", "INTPTLONG")
    clear = "DELETE FROM centre"
    statement = "INSERT OR REPLACE INTO centre VALUES (?, ?, ?)"

    @classmethod
    def recognises(cls, header: Header) -> bool:
        """As every source."""
        return header.has(cls.signature) and not header.has(("USPS",))

    def row(self, number: str, *texts: str) -> tuple[Any, ...] | None:
        """A ZIP code in place of a person; 0,0 is a way to say that nobody knows, not a place off Africa."""
        try:
            latitude, longitude = (float(text) for text in texts)
        except ValueError:
            latitude = longitude = 0.0
        code = zip_number(number)
        if code is None or (latitude == 0 and longitude == 0) or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            self.counts["without coordinates"] += 1
            return None
        return code, latitude, longitude


class SpecialtyNames(Gathering):
    """The user's own copy of the code set (NUCC), whose names then stand in place of our short labels. It may not be shipped."""

    name, title, order = "specialty_names", "Names of specialty codes (NUCC)", 0
    signature = ("Code", "Grouping", "Classification", "Specialization")
    columns = ("Code", "Display Name")
    clear = "DELETE FROM specialty_name"
    statement = "INSERT OR REPLACE INTO specialty_name VALUES (?, ?)"

    def row(self, number: str, *texts: str) -> tuple[Any, ...] | None:
        """A code in place of a person."""
        if len(number) == 10 and number.isalnum() and texts[0]:
            return number, texts[0]
        self.counts["without a code and a name"] += 1
        return None
