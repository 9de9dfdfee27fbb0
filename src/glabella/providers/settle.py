"""The last step of an ingest: who is shown, points of everybody, and the index that searches read."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np

from glabella.providers.centres import Centres, shipped_centres
from glabella.providers.gather import PERSON, Person, active_of, claims_of, facts_of, licences_of, school_of, today_of
from glabella.providers.points import GOALS, rate, total

BATCH = 5000


def settle(database: sqlite3.Connection, progress: Callable[[float], None]) -> None:
    """Fill ``evidence`` and ``place`` anew; one transaction."""
    database.execute("BEGIN")
    try:
        database.execute("DELETE FROM evidence")
        database.execute("DELETE FROM place")
        rows = _evidence(database, progress)
        while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
            database.executemany("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?)", batch)
        database.execute(
            "INSERT OR IGNORE INTO place SELECT zip, family, npi, hidden, cosmetic_low, medical_low FROM ("
            " SELECT zip, family, npi FROM person WHERE zip IS NOT NULL UNION"
            " SELECT second_place.zip, family, npi FROM second_place JOIN person USING (npi)"
            ") JOIN evidence USING (npi) ORDER BY zip, family, npi"
        )
        centres = _centres(database)
        for name, array in zip(("zips", "latitude", "longitude", "exact"), centres.arrays(), strict=True):
            database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"centres_{name}", array.tobytes()))
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("ANALYZE")


def load_centres(database: sqlite3.Connection) -> Centres:
    """The centres of a settled database; the shipped ones of an empty one."""
    rows = dict(database.execute("SELECT name, value FROM meta WHERE name LIKE 'centres_%'"))
    if not rows:
        return shipped_centres()
    kinds = {"zips": np.int64, "latitude": np.float64, "longitude": np.float64, "exact": np.bool_}
    return Centres(*(np.frombuffer(rows[f"centres_{name}"], kind) for name, kind in kinds.items()))


def _evidence(database: sqlite3.Connection, progress: Callable[[float], None]) -> Iterator[tuple[int, int, float, float, float, float]]:
    """Number, hidden or not, and the points for both goals, of everybody in the order of numbers."""
    today = today_of(database)
    whole = database.execute("SELECT count(*) FROM person").fetchone()[0]
    any_licence = database.execute("SELECT EXISTS (SELECT 1 FROM licence)").fetchone()[0]
    hidden = {row[0] for row in database.execute("SELECT npi FROM excluded")}
    reported = database.execute("SELECT as_of FROM source WHERE name = 'deactivations'").fetchone()
    newer_report = reported is not None and reported[0] >= today.isoformat()  # an older one may tell of people who are back by now
    ended = dict(database.execute("SELECT npi, day FROM deactivated"))
    claimed = {npi for npi, _ in groupby(row[0] for row in database.execute("SELECT npi FROM claim"))}
    for done, row in enumerate(database.execute(f"SELECT {PERSON} FROM person ORDER BY npi")):
        person = Person(*row)
        claims = claims_of(database, person.npi) if person.npi in claimed else {}
        active = active_of(licences_of(database, person), today) if any_licence else None
        facts = facts_of(person, today, claims, school_of(database, person.npi), active)
        points = [value for goal in GOALS for value in total(rate(facts, goal))[:2]]
        gone = person.npi in ended and (newer_report or ended[person.npi] >= person.updated)
        yield person.npi, int(gone or person.npi in hidden), *points  # type: ignore[misc]
        if done % BATCH == 0:
            progress(done / max(whole, 1))


def _centres(database: sqlite3.Connection) -> Centres:
    """Shipped centres, newer ones that were ingested, and guesses for codes that have none, such as those of PO boxes."""
    centres = shipped_centres()
    newer = [(code, latitude, longitude, True) for code, latitude, longitude in database.execute("SELECT * FROM centre")]
    if newer:
        centres = centres.with_rows(newer)
    guesses = []
    for (code,) in database.execute("SELECT DISTINCT zip FROM place UNION SELECT DISTINCT zip FROM city"):
        if centres.find(code) is None:
            mean = centres.mean_near(code)
            if mean is not None:
                guesses.append((code, *mean, False))
    return centres.with_rows(guesses) if guesses else centres
