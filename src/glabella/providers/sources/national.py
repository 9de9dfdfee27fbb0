"""The national provider file: monthly whole, weekly in part, 330 columns. Only people with a code of ours are kept."""

import json
import re
import sqlite3
from collections import Counter
from datetime import date
from typing import Any

from glabella.providers.npi import is_npi
from glabella.providers.reading import Header, Member
from glabella.providers.sources.base import Source, iso_day, zip_number
from glabella.providers.tables import GROUPS, families, specialty_of

PRACTICE = "Provider Business Practice Location Address"
MOST_CODES = 15
SEPARATOR = b'","'
WHOLE = re.compile(r"npidata_pfile_20050523-")
OTHER_FAMILY = -1
COLUMNS = (
    "npi", "last", "first", "credential", "line", "city", "state", "zip", "phone", "enumerated", "updated", "family", "group_number",
    "primary_listed", "codes", "licences",
)  # fmt: skip
ADD = f"INSERT OR IGNORE INTO person ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
UPDATE = (  # the newer record counts
    f"{ADD.replace('OR IGNORE ', '')} ON CONFLICT (npi) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
    " WHERE excluded.updated >= person.updated"
)


class National(Source):
    """The monthly file replaces everybody, any other adds, changes and removes.

    The mailing address is compared with the practice address in passing and never kept: a person who works alone and has both in one
    place may live there, so neither street nor telephone is stored then.
    """

    name = "national"
    title = "National provider file (NPPES)"
    order = 1
    signature = ("NPI", "Entity Type Code", "Provider Last Name (Legal Name)", "Healthcare Provider Taxonomy Code_1")
    sifts = True

    def __init__(self, header: Header, member: Member, as_of: date | None) -> None:
        super().__init__(header, member, as_of)
        at = header.place
        self.npi, self.entity = at("NPI"), at("Entity Type Code")
        self.deactivated, self.reactivated = at("NPI Deactivation Date"), at("NPI Reactivation Date")
        self.names = [at("Provider Last Name (Legal Name)"), at("Provider First Name"), at("Provider Credential Text")]
        self.street = [at(f"Provider {which} Line Business Practice Location Address") for which in ("First", "Second")]
        self.mailing = at("Provider First Line Business Mailing Address")
        self.city, self.state, self.zip = at(f"{PRACTICE} City Name"), at(f"{PRACTICE} State Name"), at(f"{PRACTICE} Postal Code")
        self.country = at(f"{PRACTICE} Country Code (If outside U.S.)")
        self.phone = at(f"{PRACTICE} Telephone Number")
        self.enumerated, self.updated = at("Provider Enumeration Date"), at("Last Update Date")
        self.alone = at("Is Sole Proprietor")
        self.codes = [
            tuple(
                at(f"{column}_{number}")
                for column in (
                    "Healthcare Provider Taxonomy Code",
                    "Provider License Number",
                    "Provider License Number State Code",
                    "Healthcare Provider Primary Taxonomy Switch",
                )
            )
            for number in range(1, MOST_CODES + 1)
        ]
        self.code_places = [code for code, *_ in self.codes]
        steps = {later - earlier for earlier, later in zip(self.code_places, self.code_places[1:], strict=False)}
        self.code_slice = slice(self.code_places[0], self.code_places[-1] + 1, steps.pop()) if len(steps) == 1 else None
        sifted = (self.npi, self.entity, self.deactivated, self.city, self.state, self.zip, *self.code_places)
        self.splits = max(sifted) + 1
        self.useless: set[bytes] = {b""}
        self.cities: Counter[tuple[bytes, bytes, bytes]] = Counter()
        self.people: list[tuple[Any, ...]] = []
        self.whole = bool(WHOLE.search(member.name))

    @property
    def row_name(self) -> str:
        """As every source."""
        return "national" if self.whole or self.fresh else "national_update"

    def begin(self, database: sqlite3.Connection) -> None:
        """As every source."""
        if self.whole:
            for table in ("person", "second_place", "city"):
                database.execute(f"DELETE FROM {table}")
            database.execute("DELETE FROM source WHERE name IN ('national_update', 'second_places')")  # what they told of is gone
        self.counts["fresh"] = int(not database.execute("SELECT EXISTS (SELECT 1 FROM person)").fetchone()[0])

    @property
    def fresh(self) -> bool:
        """Whether nobody was there before."""
        return bool(self.counts["fresh"])

    def sift(self, line: bytes) -> bool:
        """Most lines are organisations or other professions: two looks at the raw line spare four fifths of the parsing.

        A line with another number of ``","`` than columns is parsed in full, since a quote or a line break may hide in a value.
        """
        if line.count(SEPARATOR) != self.width - 1 or line[:1] != b'"' or self.code_slice is None:
            return True
        fields = line.split(SEPARATOR, self.splits)
        if fields[self.deactivated]:
            return True
        if fields[self.entity] != b"1":
            self.counts["records"] += 1
            self.counts["organisations"] += 1
            return False
        self.cities[fields[self.city], fields[self.state], fields[self.zip][:5]] += 1
        if self.useless.issuperset(fields[self.code_slice]):
            self.counts["records"] += 1
            self.counts["other professions"] += 1
            return not self.fresh and self._known(fields[0])
        return True

    def _known(self, first: bytes) -> bool:
        """Whether somebody is in the database who may have changed profession."""
        number = first.strip(b'"')
        if not number.isdigit():
            return False
        known = self.database.execute("SELECT EXISTS (SELECT 1 FROM person WHERE npi = ?)", (int(number),)).fetchone()[0]
        self.counts["records"] -= known
        self.counts["other professions"] -= known
        return bool(known)

    def take(self, record: list[str]) -> None:
        """As every source."""
        counts = self.counts
        counts["records"] += 1
        number = record[self.npi].strip()
        ended, again = iso_day(record[self.deactivated]), iso_day(record[self.reactivated])
        if record[self.deactivated].strip() and (not again or again < ended):
            counts["deactivated"] += 1
            self._remove(number, ended)
            return
        if record[self.entity].strip() != "1":
            counts["organisations"] += 1
            return
        listed = self._listed(record)
        if not listed:
            counts["other professions"] += 1
            self._remove(number)
            return
        if (record[self.country].strip() or "US") != "US":
            counts["practices abroad"] += 1
            self._remove(number)
            return
        if not is_npi(number):
            counts["wrong check digits"] += 1
            return
        self.people.append(self._person(record, number, listed))
        counts["kept"] += 1

    def _listed(self, record: list[str]) -> list[tuple[str, str, str, bool]]:
        """Code, licence, its state and whether it is the primary one, of every code; nothing where none is ours."""
        found, ours = [], False
        for code, licence, state, primary in self.codes:
            name = record[code]
            if not name or not (name := name.strip()):
                continue
            if specialty_of(name) is not None:
                ours = True
            else:
                self.useless.add(name.encode())
            found.append((name, record[licence].strip(), record[state].strip().upper(), record[primary].strip() == "Y"))
        return found if ours else []

    def _person(self, record: list[str], number: str, listed: list[tuple[str, str, str, bool]]) -> tuple[Any, ...]:
        family, group, primary_listed = tier_of([(code, primary) for code, _, _, primary in listed])
        street = " ".join(record[place].strip() for place in self.street).strip()
        alone = record[self.alone].strip() == "Y"
        if alone and record[self.street[0]].strip() == record[self.mailing].strip():
            street = ""
        last, first, credential = (record[place].strip() for place in self.names)
        codes = [[code, int(primary)] for code, _, _, primary in listed if specialty_of(code) is not None]
        licences = sorted({(state, licence) for _, licence, state, _ in listed if licence and state})
        return (
            int(number), last, first, credential, street, record[self.city].strip(), record[self.state].strip().upper(),
            zip_number(record[self.zip]), "" if alone else record[self.phone].strip(), iso_day(record[self.enumerated]),
            iso_day(record[self.updated]), family, group, int(primary_listed), json.dumps(codes), json.dumps(licences),
        )  # fmt: skip

    def _remove(self, number: str, ended: str = "") -> None:
        if self.fresh or not number.isdigit():
            return
        self._write_people()  # a row of the same file may have added the person
        self.counts["removed"] += self.database.execute("DELETE FROM person WHERE npi = ?", (int(number),)).rowcount
        self.database.execute("DELETE FROM second_place WHERE npi = ?", (int(number),))
        if ended:
            self.database.execute("INSERT OR REPLACE INTO deactivated VALUES (?, ?)", (int(number), ended))

    def flush(self) -> None:
        """As every source."""
        self._write_people()
        rows = [
            (name.decode("utf-8", "replace"), state.decode("utf-8", "replace"), code, people)
            for (name, state, code), people in self.cities.items()
        ]
        self.cities.clear()
        self.database.executemany(
            "INSERT INTO city VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET people = people + excluded.people",
            [(city_name(name), state.strip().upper(), int(code), people) for name, state, code, people in rows if name and code.isdigit()],
        )

    def _write_people(self) -> None:
        if not self.people:
            return
        before = self.database.total_changes
        self.database.executemany(ADD, self.people)
        there = len(self.people) - (self.database.total_changes - before)
        if there:
            self.database.executemany(UPDATE, self.people)
            self.counts["listed twice" if self.fresh else "changed or listed again"] += there
            self.counts["kept"] -= there if self.fresh else 0
        if not self.fresh:
            self.database.executemany("DELETE FROM deactivated WHERE npi = ?", [(person[0],) for person in self.people])
        self.people.clear()


def tier_of(listed: list[tuple[str, bool]]) -> tuple[int, int, bool]:
    """Family and group, as numbers, and whether the code is marked as primary, of (code, is primary) in file order.

    The primary code alone decides: a physician assistant who also lists a surgeon's code stays one, and somebody whose primary code is
    none of ours is in the group 'other'. Where no code is marked as primary the first of ours counts, and the sheet says so.
    """
    primary = next((code for code, marked in listed if marked), None)
    decides = primary if primary is not None else next(code for code, _ in listed if specialty_of(code) is not None)
    specialty = specialty_of(decides)
    if specialty is None:
        return OTHER_FAMILY, GROUPS.index("other"), False
    return families().index(specialty.family), GROUPS.index(specialty.group), primary is not None


def city_name(text: str) -> str:
    """A city as it is looked up: capitals, no signs, 'SAINT', 'MOUNT' and 'FORT' shortened as the post does."""
    words = re.sub(r"[^A-Z0-9 ]", " ", text.upper().replace("'", "")).split()
    short = {"SAINT": "ST", "MOUNT": "MT", "FORT": "FT"}
    return " ".join(short.get(word, word) for word in words)
