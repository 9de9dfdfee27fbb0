"""Matches a licence that somebody claims with the state's own list: state, number, last name and kind must all agree."""

import json
import re
import sqlite3
from dataclasses import dataclass

from glabella.providers.sources.base import licence_keys

# what a state calls the licences of a family of ours; a number alone repeats across boards
PHYSICIAN = re.compile(r"\b(PHYSICIAN|MEDICAL|OSTEOPATH\w*|SURGEON|DR|MD|DO)\b")
ASSISTANT = re.compile(r"\b(ASSISTANT|PA)\b")
NURSE = re.compile(r"\b(NURSE\w*|NURSING|APN|APRN|ARNP|NP|RN|RXN)\b")
DENTIST = re.compile(r"\b(DENT\w*|DEN)\b")
ACTIVE = re.compile(r"\bACTIVE\b|\bCURRENT\b|\bCLEAR\b|\bIN GOOD STANDING\b")
NOT_ACTIVE = re.compile(
    r"\b(INACTIVE|NOT|NON|EXPIRED|LAPSED|RETIRED|REVOKED|SUSPENDED|SURRENDERED|RELINQUISHED|DELINQUENT|VOID|DENIED|DECEASED|CANCEL\w*)\b"
)


@dataclass(frozen=True)
class BoardLicence:
    """What a state's list says. ``discipline`` in the state's words, '' where it says there is none; a list of actions has no status."""

    state: str
    number: str
    list: str
    type: str
    status: str
    expires: str
    discipline: str

    def active_on(self, day: str) -> bool:
        """Whether it is active by its status and not past its end on an ISO day."""
        return is_active(self.status) and (not self.expires or self.expires >= day)


def is_active(status: str) -> bool:
    """Whether a state's word means that the licence is in force."""
    words = status.upper()
    return bool(ACTIVE.search(words)) and not NOT_ACTIVE.search(words)


def find_licences(database: sqlite3.Connection, last: str, state: str, licences: str, family: str) -> list[BoardLicence]:
    """Rows of the state's list for one person's licences of the practice state (``licences`` as stored: JSON of state and number)."""
    found = []
    for claimed_state, number in json.loads(licences):
        keys = licence_keys(number) if claimed_state == state else []
        rows = database.execute(
            "SELECT DISTINCT list, last, type, status, expires, discipline FROM licence WHERE state = ?"
            f" AND key IN ({','.join('?' * len(keys))}) ORDER BY list, type, status, expires, discipline",
            (state, *keys),
        )
        for name, row_last, kind, *rest in rows:
            if _same_name(row_last, last) and _kind_of(family).search(kind.upper().replace("_", " ")) and _is_own(family, kind):
                found.append(BoardLicence(state, number, name, kind, *rest))
    return list(dict.fromkeys(found))


def _same_name(one: str, other: str) -> bool:
    return re.sub(r"[^A-Z]", "", one.upper()) == re.sub(r"[^A-Z]", "", other.upper()) != ""


def _kind_of(family: str) -> re.Pattern[str]:
    return {"physician_assistant": ASSISTANT, "nurse_practitioner": NURSE, "nurse": NURSE, "dentistry": DENTIST}.get(family, PHYSICIAN)


def _is_own(family: str, kind: str) -> bool:
    return family in ("physician_assistant",) or not ASSISTANT.search(kind.upper())
