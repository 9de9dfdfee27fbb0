"""The smaller public files: second practice places, deactivations, exclusions, clinicians, opt-outs, ZIP centres."""

import sqlite3
from datetime import date
from typing import Any

from glabella.providers.npi import is_npi
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source, iso_day, zip_number

SECOND = "Provider Secondary Practice Location Address"


class Gathering(Source):
    """A source that gathers rows for one statement. ``clear`` empties its table first, because each file is complete in itself."""

    statement: str
    clear: str = ""

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.rows: list[tuple[Any, ...]] = []

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        if self.clear:
            database.execute(self.clear)

    def take(self, record: list[str]) -> None:
        """As every source."""
        self.counts["records"] += 1
        row = self.row(record)
        if row is not None:
            self.rows.append(row)
            self.counts["kept"] += 1

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """What is kept of a record, None for nothing."""
        raise NotImplementedError

    def number(self, text: str) -> int | None:
        """An identifier with the right check digit; others are counted."""
        text = text.strip()
        if is_npi(text):
            return int(text)
        self.counts["without identifier" if not text.strip("0") else "wrong check digits"] += 1
        return None

    def flush(self) -> None:
        """As every source."""
        self.database.executemany(self.statement, self.rows)
        self.rows.clear()


class SecondPlaces(Gathering):
    """Where else people practise."""

    name, title, order = "second_places", "Second practice places (NPPES)", 2
    signature = ("NPI", f"{SECOND} - Postal Code", f"{SECOND} - City Name")
    statement = "INSERT OR IGNORE INTO second_place SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM person WHERE npi = ?1)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        at = header.place
        self.npi, self.first, self.second = at("NPI"), at(f"{SECOND} - Address Line 1"), at(f"{SECOND} - Address Line 2")
        self.city, self.state, self.zip = at(f"{SECOND} - City Name"), at(f"{SECOND} - State Name"), at(f"{SECOND} - Postal Code")
        self.country = at(f"{SECOND} - Country Code (If outside U.S.)")

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        number, code = self.number(record[self.npi]), zip_number(record[self.zip])
        if number is None or code is None or (record[self.country].strip() or "US") != "US":
            return None
        line = f"{record[self.first].strip()} {record[self.second].strip()}".strip()
        return number, line, record[self.city].strip(), record[self.state].strip().upper(), code


class Deactivations(Gathering):
    """The monthly report of numbers that are no longer in use."""

    name, title, order = "deactivations", "Deactivated numbers (NPPES)", 3
    signature = ("NPI", "NPPES Deactivation Date")
    holds_back = True
    clear = "DELETE FROM deactivated"
    statement = "INSERT OR REPLACE INTO deactivated VALUES (?, ?)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.npi, self.day = header.place("NPI"), header.place("NPPES Deactivation Date")

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        number = self.number(record[self.npi])
        return None if number is None else (number, iso_day(record[self.day]))


class Exclusions(Gathering):
    """People excluded from federal programmes. Only the number is kept: who shares a name with somebody excluded is never touched."""

    name, title, order = "exclusions", "Exclusions from federal health programmes (OIG)", 4
    signature = ("NPI", "EXCLTYPE", "EXCLDATE", "LASTNAME")
    holds_back = True
    clear = "DELETE FROM excluded"
    statement = "INSERT OR IGNORE INTO excluded VALUES (?)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.npi, self.back = header.place("NPI"), header.place("REINDATE")

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        if record[self.back].strip(" 0"):
            self.counts["reinstated"] += 1
            return None
        number = self.number(record[self.npi])
        return None if number is None else (number,)


class Clinicians(Gathering):
    """When people finished school; of everybody enrolled in Medicare, one record per address."""

    name, title, order = "clinicians", "Doctors and Clinicians (CMS)", 6
    signature = ("NPI", "Grd_yr", "pri_spec")
    clear = "DELETE FROM school"
    statement = "INSERT INTO school VALUES (?, ?) ON CONFLICT DO UPDATE SET year = max(year, excluded.year)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.npi, self.year = header.place("NPI"), header.place("Grd_yr")

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        year = record[self.year].strip()
        if not year.isdigit() or not 1930 <= int(year) <= self.as_of.year:
            self.counts["without a year"] += 1
            return None
        number = self.number(record[self.npi])
        return None if number is None else (number, int(year))


class OptOuts(Gathering):
    """People who have left Medicare. That is legal and common; it only explains why there are no counts."""

    name, title, order = "opt_outs", "Opt-out affidavits (CMS)", 7
    signature = ("NPI", "Optout Effective Date", "Optout End Date")
    clear = "DELETE FROM opt_out"
    statement = "INSERT OR REPLACE INTO opt_out VALUES (?, ?, ?)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.npi, self.first, self.last = (header.place(name) for name in self.signature)

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        number = self.number(record[self.npi])
        return None if number is None else (number, iso_day(record[self.first]), iso_day(record[self.last]))


class ZipCentres(Gathering):
    """A newer list of ZIP centres than the one that ships: the Census Bureau's Gazetteer of ZIP code tabulation areas."""

    name, title, order = "zip_centres", "ZIP centres (Census Gazetteer)", 0
    signature = ("GEOID", "INTPTLAT", "INTPTLONG")
    clear = "DELETE FROM centre"
    statement = "INSERT OR REPLACE INTO centre VALUES (?, ?, ?)"

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        self.zip, self.latitude, self.longitude = (header.place(name) for name in self.signature)

    @classmethod
    def recognises(cls, header: Header) -> bool:
        """As every source."""
        return header.has(cls.signature) and not header.has(("USPS",))

    def row(self, record: list[str]) -> tuple[Any, ...] | None:
        """As every source."""
        try:
            latitude, longitude = float(record[self.latitude]), float(record[self.longitude])
        except ValueError:
            self.counts["without coordinates"] += 1
            return None
        code = zip_number(record[self.zip])
        if code is None or (latitude == 0 and longitude == 0) or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            self.counts["without coordinates"] += 1  # 0,0 is a way to say that nobody knows, not a place off Africa
            return None
        return code, latitude, longitude
