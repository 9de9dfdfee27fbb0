"""The local database: one SQLite file, read by searches while an ingest builds the next one beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glabella.errors import InputError
from glabella.files import data_folder

FILE = "providers.sqlite"
APPLICATION = 0x676C6170  # "glap": marks the file as ours
VERSION = 2
# No column for a mailing address, a sex, a birth year or an official's name: what is not stored cannot leak. tests/ asserts it.
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, file TEXT NOT NULL, as_of TEXT, as_of_from TEXT NOT NULL,
    records INTEGER NOT NULL, kept INTEGER NOT NULL, remarks TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE progress (
    member TEXT PRIMARY KEY, source TEXT NOT NULL, offset INTEGER NOT NULL, done INTEGER NOT NULL, counts TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE person (
    npi INTEGER PRIMARY KEY, last TEXT NOT NULL, first TEXT NOT NULL, credential TEXT NOT NULL, line TEXT NOT NULL, city TEXT NOT NULL,
    state TEXT NOT NULL, zip INTEGER, phone TEXT NOT NULL, enumerated TEXT NOT NULL, updated TEXT NOT NULL, family INTEGER NOT NULL,
    group_number INTEGER NOT NULL, primary_listed INTEGER NOT NULL, codes TEXT NOT NULL, licences TEXT NOT NULL
);
CREATE TABLE second_place (
    npi INTEGER NOT NULL, line TEXT NOT NULL, city TEXT NOT NULL, state TEXT NOT NULL, zip INTEGER NOT NULL,
    PRIMARY KEY (npi, zip, line)
) WITHOUT ROWID;
CREATE TABLE city (name TEXT NOT NULL, state TEXT NOT NULL, zip INTEGER NOT NULL, people INTEGER NOT NULL, PRIMARY KEY (state, name, zip))
    WITHOUT ROWID;
CREATE TABLE centre (zip INTEGER PRIMARY KEY, latitude REAL NOT NULL, longitude REAL NOT NULL);
CREATE TABLE specialty_name (code TEXT PRIMARY KEY, says TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE deactivated (npi INTEGER PRIMARY KEY, day TEXT NOT NULL);
CREATE TABLE excluded (npi INTEGER PRIMARY KEY);
CREATE TABLE claim (
    npi INTEGER NOT NULL, year INTEGER NOT NULL, code TEXT NOT NULL, days REAL NOT NULL, services REAL NOT NULL,
    PRIMARY KEY (npi, year, code)
) WITHOUT ROWID;
CREATE TABLE school (npi INTEGER PRIMARY KEY, year INTEGER NOT NULL);
CREATE TABLE opt_out (npi INTEGER PRIMARY KEY, starts TEXT NOT NULL, ends TEXT NOT NULL);
CREATE TABLE licence (
    state TEXT NOT NULL, key TEXT NOT NULL, list TEXT NOT NULL, last TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
    expires TEXT NOT NULL, discipline TEXT NOT NULL, PRIMARY KEY (state, key, list, last, type, status, expires, discipline)
) WITHOUT ROWID;
-- worked out when all sources are in, so that a search reads it and computes nothing
CREATE TABLE evidence (
    npi INTEGER PRIMARY KEY, hidden INTEGER NOT NULL, cosmetic_low REAL NOT NULL, cosmetic_high REAL NOT NULL, medical_low REAL NOT NULL,
    medical_high REAL NOT NULL
);
CREATE TABLE place (
    zip INTEGER NOT NULL, family INTEGER NOT NULL, npi INTEGER NOT NULL, hidden INTEGER NOT NULL, cosmetic_low REAL NOT NULL,
    medical_low REAL NOT NULL, PRIMARY KEY (zip, family, npi)
) WITHOUT ROWID;
"""


def usual_database() -> Path:
    """Where the database lies unless another is named."""
    return data_folder() / FILE


def create(path: Path) -> sqlite3.Connection:
    """An empty database at ``path``."""
    connection = connect(path)
    connection.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; BEGIN; {SCHEMA} COMMIT;")
    return connection


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection; nothing is checked."""
    address = f"{path.absolute().as_uri()}{'?mode=ro' if read_only else ''}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=5.0)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Errors: InputError where the file is not ours or of another version."""
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise InputError(
            f"provider database {path}: cannot be read ({error}); ingest the files again into another with --database"
        ) from None
    if application != APPLICATION:
        raise InputError(f"provider database {path}: is no database of glabella; name another file with --database")
    if version != VERSION:
        raise InputError(
            f"provider database {path}: has version {version}, this program reads {VERSION}; remove it and ingest the files again"
        )


@contextmanager
def open_database(path: str | Path | None = None) -> Iterator[sqlite3.Connection]:
    """A checked database to read. Errors: InputError where there is none, with what to do."""
    path = Path(path) if path is not None else usual_database()
    if not path.is_file():
        raise InputError(
            f"provider database {path}: not there; make it with 'glabella providers ingest FILE...', or try 'glabella providers demo' "
            "with people who do not exist"
        )
    try:
        connection = connect(path, read_only=True)
    except sqlite3.Error as error:
        raise InputError(f"provider database {path}: cannot be opened ({error}); check the file and its folder") from None
    try:
        check(connection, path)
        yield connection
    except sqlite3.DatabaseError as error:
        raise InputError(f"provider database {path}: is damaged ({error}); remove it and ingest the files again") from None
    finally:
        connection.close()
