"""The local database as a register."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from glabella.providers.registry import Listed, Listing
from glabella.providers.search import Hit, search
from glabella.providers.tables import Use
from glabella.providers.where import Distance
from glabella.providers.words import told_not_shown


@dataclass(frozen=True)
class LocalRegistry:
    """What was ingested."""

    database: sqlite3.Connection

    def listed(self, near: str, within: Distance, use: Use, specialties: Sequence[str] = (), limit: int = 20) -> Listed:
        """As the protocol says."""
        found = search(self.database, near, within, use, specialties=specialties, limit=limit)
        hidden = told_not_shown(found.not_shown)
        return Listed(found.place.words, tuple(_listing(hit) for hit in found.hits), (hidden,) if hidden else ())


def _listing(hit: Hit) -> Listing:
    sheet = hit.sheet
    facts = tuple((fact.topic, fact.says) for fact in sheet.facts)
    day = next((fact.as_of for fact in sheet.facts if fact.topic == "record"), "")
    postcode = "" if sheet.zip is None else f"{sheet.zip:05d}"
    return Listing(
        str(sheet.npi), sheet.name, sheet.credential, sheet.specialty, sheet.city, sheet.state, postcode, hit.km, facts,
        "local database", day, sheet.board,
    )  # fmt: skip
