"""Counts of treatments billed to Medicare, by person, code and place: one file per year."""

import re
import sqlite3
from collections import Counter
from datetime import date

from glabella.errors import InputError
from glabella.providers.npi import is_npi
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source
from glabella.providers.tables import injection_codes


class Claims(Source):
    """Days of treatment and services per person, year and code, summed over the places of service."""

    name, title, order = "claims", "Medicare Part B by provider and service (CMS)", 5
    signature = ("Rndrng_NPI", "HCPCS_Cd", "Tot_Srvcs")
    sifts = True

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        at = header.place
        self.npi, self.code, self.kind = at("Rndrng_NPI"), at("HCPCS_Cd"), at("Rndrng_Prvdr_Ent_Cd")
        self.services, self.days = at("Tot_Srvcs"), at("Tot_Bene_Day_Srvcs")
        self.codes = frozenset(injection_codes())
        self.wanted = re.compile("|".join(sorted(self.codes)).encode()).search
        self.sums: dict[tuple[int, str], list[float]] = {}
        self.counts = Counter()
        if as_of is None:
            named = re.search(r"_D(?:Y)?(\d\d)(?!\d)", member.name, re.IGNORECASE)
            if named is None:
                raise InputError(
                    f"{member.where}: the year of the counts is not in the name (as ..._D23_Prov_Svc.csv); give it with --as-of 2023-12-31"
                )
            self.as_of, self.as_of_from = date(2000 + int(named[1]), 12, 31), "file name"

        self.title = f"{type(self).title}, {self.as_of.year}"  # type: ignore[misc]

    @property
    def row_name(self) -> str:
        """As every source."""
        return f"claims_{self.as_of.year}"

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        database.execute("DELETE FROM claim WHERE year = ?", (self.as_of.year,))

    def sift(self, line: bytes) -> bool:
        """As every source."""
        if self.wanted(line) is None:
            self.counts["records"] += 1
            self.counts["other services"] += 1
            return False
        return True

    def take(self, record: list[str]) -> None:
        """As every source."""
        self.counts["records"] += 1
        code, number = record[self.code].strip(), record[self.npi].strip()
        if code not in self.codes or record[self.kind].strip() != "I":
            self.counts["other services"] += 1
            return
        if not is_npi(number):
            self.counts["wrong check digits"] += 1
            return
        try:
            days, services = float(record[self.days].replace(",", "")), float(record[self.services].replace(",", ""))
        except ValueError:
            self.counts["without a count"] += 1
            return
        held = self.sums.setdefault((int(number), code), [0.0, 0.0])
        held[0] += days
        held[1] += services
        self.counts["kept"] += 1

    def flush(self) -> None:
        """As every source."""
        year = self.as_of.year
        self.database.executemany(
            "INSERT INTO claim VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET days = days + excluded.days, services = services + excluded.services",
            [(npi, year, code, days, services) for (npi, code), (days, services) in self.sums.items()],
        )
        self.sums.clear()
