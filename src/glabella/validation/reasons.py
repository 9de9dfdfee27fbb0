"""Why figures are missed: what the evidence itself says, in plain words, from reasons.toml."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from glabella.errors import InputError
from glabella.evidence.other_published import other_rows
from glabella.evidence.published import published_rows
from glabella.validation.judged import Judged

UNARGUED = "Not explained"
KEYS = {"title", "rows", "says"}


@dataclass(frozen=True)
class Reason:
    """What may explain misses of the rows whose names match one of the patterns."""

    title: str
    rows: tuple[str, ...]
    says: str

    def names(self, row: str) -> bool:
        """Whether this reason speaks of the row."""
        return any(fnmatchcase(row, pattern) for pattern in self.rows)


@dataclass(frozen=True)
class MissGroup:
    """Missed rows with one reason; ``concerns``: how many judged rows the reason speaks of, hits included."""

    title: str
    says: str
    missed: tuple[Judged, ...]
    concerns: int


def read_reasons(text: str, where: str = "validation/reasons.toml") -> tuple[Reason, ...]:
    """Parse and check; every pattern must name a row of the tables of trials."""
    try:
        entries = tomllib.loads(text).get("reason", [])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not valid TOML ({error})") from None
    known = [row.row for row in (*published_rows(), *other_rows())]
    found = []
    for number, entry in enumerate(entries, start=1):
        if set(entry) != KEYS or not entry["rows"]:
            raise InputError(f"{where}, reason {number}: must have title, rows and says, and nothing else")
        for pattern in entry["rows"]:
            if not any(fnmatchcase(row, pattern) for row in known):
                raise InputError(f"{where}, reason {number}: '{pattern}' names no row of published.csv or other.csv; correct or remove it")
        found.append(Reason(entry["title"], tuple(entry["rows"]), " ".join(entry["says"].split())))
    return tuple(found)


@cache
def load_reasons() -> tuple[Reason, ...]:
    """The reasons shipped with the package."""
    return read_reasons(resources.files("glabella.validation").joinpath("reasons.toml").read_text("utf-8"))


def group_misses(judged: Sequence[Judged], reasons: Sequence[Reason] | None = None) -> tuple[MissGroup, ...]:
    """Every missed row under the first reason that names it, in the order of the reasons; those without one come last."""
    reasons = load_reasons() if reasons is None else reasons
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        title = next((reason.title for reason in reasons if reason.names(one.row.row)), UNARGUED)
        groups.setdefault(title, []).append(one)
    found = []
    for title, says in [*((reason.title, reason.says) for reason in reasons), (UNARGUED, "Nothing in the evidence explains these.")]:
        missed = tuple(one for one in groups.get(title, ()) if not one.hit)
        if missed:
            found.append(MissGroup(title, says, missed, len(groups[title])))
    return tuple(found)
