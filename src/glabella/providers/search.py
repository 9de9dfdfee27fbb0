"""Who practises near a place: from the index that the ingest prepared, ZIP code by ZIP code, the nearest first."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest
from typing import Any

from glabella.errors import InputError, nearest
from glabella.providers.settle import load_centres
from glabella.providers.sheet import Sheet, sheet_of
from glabella.providers.sources.national import OTHER_FAMILY
from glabella.providers.tables import Use, families, family_groups
from glabella.providers.where import Distance, Place, read_place
from glabella.providers.words import SORTED_EVIDENCE, SORTED_NEAREST, said_with_every_list, told_not_shown

SORTS = ("nearest", "evidence")
ZIPS_AT_ONCE = 400
OLD_DAYS = {"national": 45, "exclusions": 45, "deactivations": 45, "claims": 913}


@dataclass(frozen=True)
class Hit:
    """Somebody found: distance in km between ZIP centres; ``exact`` False where the practice's ZIP code has no centre of its own."""

    sheet: Sheet
    km: float
    zip: int
    exact: bool

    @property
    def measured_from(self) -> str:
        """What the distance is to."""
        return "ZIP centre" if self.exact else "middle of the ZIP codes with the same first digits"


@dataclass(frozen=True)
class SourceLine:
    """A file behind the answer. ``old``: a remark where it is out of date, else ''."""

    name: str
    title: str
    file: str
    as_of: str
    as_of_from: str
    old: str

    def to_json(self) -> dict[str, Any]:
        """As a document."""
        return {**{name: value for name, value in vars(self).items() if name != "old"}, "remark": self.old or None}


@dataclass(frozen=True)
class Found:
    """An answer. ``people``: all within the radius, of whom ``hits`` are shown; ``not_shown``: held back by a gate."""

    place: Place
    within: Distance
    use: Use
    families: tuple[str, ...]
    sort: str
    people: int
    not_shown: int
    hits: tuple[Hit, ...]
    sources: tuple[SourceLine, ...]

    @property
    def how_sorted(self) -> str:
        """In words."""
        return SORTED_NEAREST if self.sort == "nearest" else SORTED_EVIDENCE

    def to_json(self) -> dict[str, Any]:
        """As a document."""
        return {
            "near": {"latitude": round(self.place.latitude, 4), "longitude": round(self.place.longitude, 4), "point": self.place.words},
            "within_km": round(self.within.km, 1), "for": self.use.name, "specialties": list(self.families),
            "sort": {"by": self.sort, "how": self.how_sorted},
            "people": self.people, "shown": len(self.hits), "not_shown": told_not_shown(self.not_shown),
            "practitioners": [
                {**hit.sheet.to_json(), "distance_km": round(hit.km), "distance_from": hit.measured_from}
                for hit in self.hits
            ],
            **said_with_every_list(),
            "sources": [one.to_json() for one in self.sources],
        }  # fmt: skip


def search(
    database: sqlite3.Connection, near: str | Place, within: Distance, use: Use, *, sort: str = "nearest",
    specialties: Sequence[str] = (), limit: int = 20, today: date | None = None,
) -> Found:  # fmt: skip
    """People within a radius. ``specialties``: families or groups instead of the usual ones for the use; 'all' for every one.

    The same database and question give the same answer; ``today`` only decides which sources are called old.
    Errors: InputError for a place, sort or specialty that is unknown.
    """
    if sort not in SORTS:
        raise InputError(f"--sort {sort}: unknown; {nearest(sort, SORTS)}")
    chosen = chosen_families(specialties, use)
    centres = load_centres(database)
    place = near if isinstance(near, Place) else read_place(near, centres, database)
    zips, gaps = centres.within(place.latitude, place.longitude, within.km)
    km_of = dict(zip(zips.tolist(), gaps.tolist(), strict=True))
    best: dict[int, tuple[float, int, float]] = {}  # number -> km, ZIP, points
    hidden: set[int] = set()
    codes = list(km_of)
    numbers = [families().index(name) if name != "other" else OTHER_FAMILY for name in chosen]
    for start in range(0, len(codes), ZIPS_AT_ONCE):
        some = codes[start : start + ZIPS_AT_ONCE]
        rows = database.execute(
            f"SELECT npi, zip, hidden, {use.goal}_low FROM place WHERE zip IN ({','.join('?' * len(some))})"
            f" AND family IN ({','.join('?' * len(numbers))})",
            (*some, *numbers),
        )
        for npi, code, is_hidden, low in rows:
            if is_hidden:
                hidden.add(npi)
            elif npi not in best or km_of[code] < best[npi][0]:
                best[npi] = (km_of[code], code, low)
    if sort == "nearest":
        order = nsmallest(limit, ((km, npi) for npi, (km, _, _) in best.items()))
        shown = [npi for _, npi in order]
    else:
        shown = [npi for *_, npi in nsmallest(limit, ((-low, km, npi) for npi, (km, _, low) in best.items()))]
    hits = tuple(Hit(sheet_of(database, npi, use), best[npi][0], best[npi][1], _exact(centres, best[npi][1])) for npi in shown)
    return Found(place, within, use, chosen, sort, len(best), len(hidden), hits, _sources_of(hits, list_sources(database, today)))


def _sources_of(hits: Sequence[Hit], sources: Sequence[SourceLine]) -> tuple[SourceLine, ...]:
    """The files behind these people: of the lists of states only those of their own."""
    states = {hit.sheet.state for hit in hits}
    of_states = ("licences_", "actions_")
    return tuple(one for one in sources if not one.name.startswith(of_states) or one.name.split("_")[1] in states)


def chosen_families(specialties: Sequence[str], use: Use) -> tuple[str, ...]:
    """Families by their own names, by the names of groups, or all. Errors: InputError that names the nearest."""
    if not specialties:
        return use.families
    groups = family_groups()
    found: list[str] = []
    for name in specialties:
        wanted = name.strip().lower().replace(" ", "_").replace("-", "_")
        if wanted == "all":
            found += [*families(), "other"]
        elif wanted in groups or wanted == "other":
            found.append(wanted)
        elif wanted in groups.values():
            found += [family for family, group in groups.items() if group == wanted]
        else:
            valid = [*families(), *dict.fromkeys(groups.values()), "other", "all"]
            raise InputError(f"--specialty {name}: unknown; {nearest(wanted, valid)}")
    return tuple(dict.fromkeys(found))


def list_sources(database: sqlite3.Connection, today: date | None = None) -> tuple[SourceLine, ...]:
    """The files behind a database, the old ones marked."""
    today = today or date.today()
    rows = database.execute("SELECT name, title, file, as_of, as_of_from FROM source ORDER BY name").fetchall()
    newest = max((name for name, *_ in rows if name.startswith("claims")), default="")
    found = []
    for name, title, file, as_of, basis in rows:
        limit = (
            None
            if name.startswith("claims") and name != newest
            else next((days for start, days in OLD_DAYS.items() if name.startswith(start)), None)
        )
        age = (today - date.fromisoformat(as_of)).days
        found.append(SourceLine(name, title, file, as_of, basis, f"{age} days old: there is a newer one" if limit and age > limit else ""))
    return tuple(found)


def _exact(centres: Any, code: int) -> bool:
    found = centres.find(code)
    return bool(found and found[2])
