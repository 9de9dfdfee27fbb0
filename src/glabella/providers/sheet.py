"""The evidence sheet of one person: what each file says, of which day, and what nobody knows."""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glabella.errors import InputError
from glabella.providers.board_licence import BoardLicence
from glabella.providers.gather import PERSON, Person, active_of, claims_of, facts_of, licences_of, school_of, today_of
from glabella.providers.npi import is_npi
from glabella.providers.points import CLAIM_YEARS, Part, rate, total, treatments_per_year
from glabella.providers.tables import Use, injection_codes, specialty_of
from glabella.providers.words import CLAIMS_LIMITS, board_link

REGISTRY = "https://npiregistry.cms.hhs.gov/provider-view/{npi}"
ENUMERATION_CENSORED = "2008-06"  # numbers began in May 2005 and everybody had to have one by 2008
LATIN = re.compile(r"[A-Za-zÀ-ÿ']+")


class NotShownError(InputError):
    """No record is shown under a registry number."""


@dataclass(frozen=True)
class Fact:
    """One line. ``known`` False: the files do not say, and ``says`` tells why. ``as_of``: day of the source."""

    topic: str
    says: str
    source: str
    as_of: str
    known: bool = True


@dataclass(frozen=True)
class Sheet:
    """Everything that is shown of one person. ``parts`` belong under 'how sorted' and nowhere else."""

    npi: int
    name: str
    credential: str
    specialty: str
    street: str
    city: str
    state: str
    zip: int | None
    phone: str
    facts: tuple[Fact, ...]
    parts: tuple[Part, ...]
    board: str
    registry: str

    @property
    def where(self) -> str:
        """'Rochester, MN 55902'."""
        return f"{self.city}, {self.state} {self.zip:05d}" if self.zip is not None else f"{self.city}, {self.state}"

    def to_json(self) -> dict[str, Any]:
        """As a document; points under ``how_sorted``."""
        low, high, most = total(self.parts)
        return {
            "npi": str(self.npi), "name": self.name, "credential": self.credential, "specialty": self.specialty,
            "practice": {
                "street": self.street or None, "city": self.city, "state": self.state, "zip": told_zip(self.zip),
                "phone": self.phone or None,
            },
            "facts": [
                {"topic": fact.topic, "says": fact.says, "known": fact.known, "source": fact.source, "as_of": fact.as_of or None}
                for fact in self.facts
            ],
            "check_with": {"state_board": self.board, "national_registry": self.registry},
            "how_sorted": {
                "low": low, "high": high, "most": most,
                "parts": [{"name": part.name, "low": part.low, "high": part.high, "most": part.most} for part in self.parts],
            },
        }  # fmt: skip


def read_sheet(database: sqlite3.Connection, number: str, use: Use) -> Sheet:
    """The sheet of a registry number. Errors: InputError for a number that is wrong, not there or not shown."""
    if not is_npi(number.strip()):
        raise InputError(f"registry number '{number}': must be ten digits with the right check digit; copy it from the list")
    found = database.execute("SELECT hidden FROM evidence WHERE npi = ?", (int(number),)).fetchone()
    if found is None or found[0]:
        raise NotShownError(f"registry number {number}: no record is shown in this database; look it up at {REGISTRY.format(npi=number)}")
    return sheet_of(database, int(number), use)


def sheet_of(database: sqlite3.Connection, npi: int, use: Use) -> Sheet:
    """The sheet of somebody who is in the database."""
    person = Person(*database.execute(f"SELECT {PERSON} FROM person WHERE npi = ?", (npi,)).fetchone())
    today, days = today_of(database), dict(database.execute("SELECT name, as_of FROM source"))
    claims, school, licences = claims_of(database, npi), school_of(database, npi), licences_of(database, person)
    national = max((day for name, day in days.items() if name.startswith("national")), default="")
    specialties = _names_of(database, [code for code, _ in json.loads(person.codes)])
    facts = [
        _specialty(person, specialties, national),
        _treatments(database, npi, claims, days, use),
        _years(person, school, days, national),
        *_licences(person, licences, days, national),
        Fact("record", f"last updated {person.updated or 'on an unknown day'}", "national registry", national),
    ]
    facts += _elsewhere(database, npi, days)
    return Sheet(
        npi, told_name(f"{person.first} {person.last}"), person.credential,
        specialties[0] if person.group != "other" else "another specialty",
        told_name(person.line), told_name(person.city), person.state, person.zip, told_phone(person.phone), tuple(facts),
        rate(facts_of(person, today, claims, school, active_of(licences, today)), use.goal), board_link(person.state, person.family),
        REGISTRY.format(npi=npi),
    )  # fmt: skip


def told_zip(code: int | None) -> str | None:
    """Five digits."""
    return None if code is None else f"{code:05d}"


def told_phone(text: str) -> str:
    """'555-010-2000'; as it is where it has not ten digits."""
    return f"{text[:3]}-{text[3:6]}-{text[6:]}" if len(text) == 10 and text.isdigit() else text


def told_name(text: str) -> str:
    """'O'Example-Smith' from capitals."""
    return LATIN.sub(lambda word: "'".join(piece.capitalize() for piece in word[0].split("'")), text)


def _names_of(database: sqlite3.Connection, codes: Sequence[str]) -> list[str]:
    """Names of codes of ours, those of the user's own copy of the code set where there is one."""
    own = dict(database.execute(f"SELECT code, says FROM specialty_name WHERE code IN ({','.join('?' * len(codes))})", codes))
    return list(dict.fromkeys(own.get(code, one.label) for code in codes if (one := specialty_of(code)) is not None))


def _specialty(person: Person, labels: list[str], national: str) -> Fact:
    words = ", ".join(labels)
    if person.group == "other":
        says = f"lists {words}, with another specialty as the primary one"
    else:
        says = f"lists {words}{'' if person.primary_listed else '; none is marked as the primary one'}"
    return Fact("specialty", f"{says}; chosen by the person, not verified, not a board certification", "national registry", national)


def _treatments(database: sqlite3.Connection, npi: int, claims: dict[int, dict[str, float]], days: dict[str, str], use: Use) -> Fact:
    files = sorted(day for name, day in days.items() if name.startswith("claims"))
    source = "Medicare Part B by provider and service"
    if not files:
        return Fact("treatments", "unknown: no file of Medicare counts was ingested", source, "", False)
    if not claims:
        left = database.execute("SELECT starts FROM opt_out WHERE npi = ?", (npi,)).fetchone()
        why = (
            f"has opted out of Medicare since {left[0] or 'an unknown day'}, which is legal and common"
            if left
            else "10 patients or fewer with one code, cosmetic treatments only, or not enrolled"
        )
        return Fact("treatments", f"unknown: no published count ({why}); this says nothing either way", source, files[-1], False)
    years = sorted(claims)[-CLAIM_YEARS:]
    yearly = treatments_per_year(claims)
    says = f"about {yearly:,.0f} days of treatment with botulinum toxin a year ({', '.join(map(str, years))})"
    own = sum(claims[year].get(code, 0) for year in years for code in use.codes) / len(years)
    if use.codes:
        coded = f"about {own:,.0f} of them billed as {use.words}" if own else f"none of them billed as {use.words}"
        says += f"; {coded}"
    products = sorted({known.words for year in years for code in claims[year] if (known := injection_codes()[code]).kind == "drug"})
    says += f"; products: {', '.join(products)}" if products else ""
    return Fact("treatments", f"{says}. {CLAIMS_LIMITS}", source, files[-1])


def _years(person: Person, school: int, days: dict[str, str], national: str) -> Fact:
    if school:
        return Fact("years", f"finished professional school in {school}", "Doctors and Clinicians", days.get("clinicians", ""))
    if person.enumerated:
        earlier = " or earlier; numbers began in 2005" if person.enumerated < ENUMERATION_CENSORED else ""
        return Fact("years", f"in the registry since {person.enumerated}{earlier}; year of school unknown", "national registry", national)
    return Fact("years", "unknown: no date in the files", "national registry", national, False)


def _licences(person: Person, found: list[BoardLicence], days: dict[str, str], national: str) -> list[Fact]:
    facts, actions = [], []
    lists = {name: day for name, day in days.items() if name.startswith(f"licences_{person.state}")}
    for one in found:
        if not one.status:
            source = f"board actions of {person.state}"
            actions.append(Fact("board record", f"'{one.discipline}': read it at the board", source, days.get(one.list, "")))
            continue
        until = f", until {one.expires}" if one.expires else ""
        noted = f"; the list notes '{one.discipline}': read it at the board" if one.discipline else ""
        said = f"{one.type}, {one.number}: '{one.status}'{until}{noted}"
        facts.append(Fact("licence", said, f"licence list of {person.state}", days.get(one.list, "")))
    if facts:
        return facts + actions
    claimed = [number for state, number in json.loads(person.licences) if state == person.state]
    if claimed:
        why = f"no match in the list of {person.state}" if lists else f"no list of {person.state} was ingested"
        says = f"unknown whether active ({why}); the person reports number {', '.join(claimed)}"
    else:
        says = f"unknown: no licence number for {person.state} in the registry"
    return [Fact("licence", f"{says}; check with the state board", "national registry", national, False), *actions]


def _elsewhere(database: sqlite3.Connection, npi: int, days: dict[str, str]) -> list[Fact]:
    rows = database.execute("SELECT DISTINCT city, state FROM second_place WHERE npi = ? ORDER BY state, city", (npi,)).fetchall()
    if not rows:
        return []
    towns = "; ".join(f"{told_name(city)}, {state}" for city, state in rows)
    return [Fact("also practises in", towns, "second practice places", days.get("second_places", ""))]
