"""What is kept on this computer: notes with their versions, and patterns of one's own. One SQLite file.

Write-ahead log with ``synchronous = FULL``: a save that was acknowledged survives a killed process and a power cut alike. A save is one
small write after a pause in typing, so the wait for the disk costs nothing that anybody notices.

Of a note all of the latest ``EVERY_VERSION`` versions stay; of older ones the first, and the last of each hour in which it was changed.
"""

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glabella.errors import GlabellaError, InputError

FILE = "notes.sqlite"
APPLICATION = 0x676C6162  # "glab": marks the file as ours
HEADER = b"SQLite format 3\0"
BUSY_MS = 5000
MOST_LISTED = 200
LONGEST_NAME = 80
MOST_PATTERNS = 200  # per product
EVERY_VERSION = 200  # versions of a note: some hours of steady work
NEXT_TURN = "(SELECT coalesce(max(turn), 0) + 1 FROM note)"  # the order of saves; clocks stand still and run back
# One script per schema version; a file of version n gets scripts n+1, n+2, ... in one transaction.
MIGRATIONS = (
    """
    CREATE TABLE note (
        id TEXT PRIMARY KEY, number INTEGER NOT NULL, title TEXT NOT NULL, product TEXT NOT NULL,
        created TEXT NOT NULL, saved TEXT NOT NULL, deleted TEXT, turn INTEGER NOT NULL
    );
    CREATE INDEX note_turn ON note (turn);
    CREATE TABLE version (
        note TEXT NOT NULL REFERENCES note (id), number INTEGER NOT NULL, title TEXT NOT NULL, saved TEXT NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (note, number)
    );
    CREATE TABLE pattern (
        product TEXT NOT NULL, name TEXT NOT NULL, saved TEXT NOT NULL, injections TEXT NOT NULL, PRIMARY KEY (product, name)
    );
    """,
)


# older than the latest ones, not the first, and not the last of its hour
THIN_OUT = """
    DELETE FROM version WHERE note = ? AND number > 1 AND number <= ? AND EXISTS (
        SELECT 1 FROM version AS later
        WHERE later.note = version.note AND later.number > version.number AND substr(later.saved, 1, 13) = substr(version.saved, 1, 13)
    )
"""


class StoreError(GlabellaError):
    """The file of notes cannot be read or written."""


class NotFoundError(GlabellaError):
    """There is no such note, version or pattern."""


class ConflictError(GlabellaError):
    """The note was saved elsewhere since it was loaded; ``version`` is the newest."""

    def __init__(self, message: str, version: int) -> None:
        super().__init__(message)
        self.version = version


@dataclass(frozen=True)
class Entry:
    """One note in a list. Times are UTC in ISO form; ``deleted`` None unless it was deleted."""

    id: str
    version: int
    title: str
    product: str
    created: str
    saved: str
    deleted: str | None


@dataclass(frozen=True)
class Version:
    """One version of a note: its number from 1, when it was saved (UTC, ISO), and its title then."""

    version: int
    saved: str
    title: str


@dataclass(frozen=True)
class Kept:
    """A note as kept: which ``version`` this is, the ``newest`` there is, and the document."""

    id: str
    version: int
    newest: int
    saved: str
    title: str
    document: dict[str, Any]


@dataclass(frozen=True)
class OwnPattern:
    """A named set of injections for one product; ``injections`` as the document of a note has them."""

    product: str
    name: str
    saved: str
    injections: tuple[dict[str, Any], ...]


class Store:
    """The file of notes. Thread-safe; several processes may have the same file open.

    Errors: StoreError with the file's name where it is damaged, foreign, newer than this version or cannot be written (a damaged file
    is never written to); NotFoundError; ConflictError.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._check_header()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))  # it is about a person: for the owner's eyes only
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"notes {self.path}: cannot be written ({reason}); choose a folder with --data") from None
        with self._complaining():
            self._connection = sqlite3.connect(self.path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; nothing can be kept afterwards."""
        with self._lock:
            self._connection.close()

    # --- notes ------------------------------------------------------------------------------------------------------------

    def create(self, document: Mapping[str, Any]) -> str:
        """Keep a new note as version 1; returns its id, 16 characters that are safe in an address."""
        text, title, product = _read(document)
        note, now = secrets.token_urlsafe(12), _now()
        with self._writing() as database:
            database.execute(f"INSERT INTO note VALUES (?, 1, ?, ?, ?, ?, NULL, {NEXT_TURN})", (note, title, product, now, now))
            database.execute("INSERT INTO version VALUES (?, 1, ?, ?, ?)", (note, title, now, text))
        return note

    def save(self, note: str, document: Mapping[str, Any], expected_version: int | None = None) -> int:
        """Keep a new version; returns its number. A document equal to the newest version adds none. Old versions are thinned out.

        ``expected_version``: the version that was changed; ConflictError if somebody saved in between. None: whatever is there.
        """
        text, title, product = _read(document)
        with self._writing() as database:
            newest = self._newest(note)
            if expected_version is not None and expected_version != newest:
                raise ConflictError(
                    f"note {note}: version {expected_version} was changed, but version {newest} has been saved since, in another tab "
                    "perhaps; load the newest, or save without a version to put yours on top",
                    newest,
                )
            kept = database.execute("SELECT document FROM version WHERE note = ? AND number = ?", (note, newest)).fetchone()
            if kept[0] == text:
                return newest
            now = _now()
            database.execute("INSERT INTO version VALUES (?, ?, ?, ?, ?)", (note, newest + 1, title, now, text))
            changed = (newest + 1, title, product, now, note)
            database.execute(f"UPDATE note SET number = ?, title = ?, product = ?, saved = ?, turn = {NEXT_TURN} WHERE id = ?", changed)
            if newest + 1 > EVERY_VERSION:
                database.execute(THIN_OUT, (note, newest + 1 - EVERY_VERSION))
        return newest + 1

    def load(self, note: str, version: int | None = None) -> Kept:
        """The newest version of a note, or the one asked for."""
        with self._reading() as database:
            newest = self._newest(note)
            number = newest if version is None else version
            row = database.execute(
                "SELECT saved, title, document FROM version WHERE note = ? AND number = ?", (note, _small(number))
            ).fetchone()
        if row is None:
            gone = " and this one was thinned out" if 1 <= number <= newest else ""
            raise NotFoundError(f"note {note}: there is no version {number}; its versions are 1 to {newest}{gone}")
        return Kept(note, number, newest, row[0], row[1], json.loads(row[2]))

    def versions(self, note: str) -> tuple[Version, ...]:
        """The versions of a note that are kept, the newest first."""
        with self._reading() as database:
            self._newest(note)
            rows = database.execute("SELECT number, saved, title FROM version WHERE note = ? ORDER BY number DESC", (note,)).fetchall()
        return tuple(Version(*row) for row in rows)

    def list(self, limit: int = 50, offset: int = 0, deleted: bool = False) -> tuple[Entry, ...]:
        """Notes, the last saved first; or the deleted ones."""
        chosen = "IS NOT NULL" if deleted else "IS NULL"
        with self._reading() as database:
            rows = database.execute(
                f"SELECT id, number, title, product, created, saved, deleted FROM note WHERE deleted {chosen} "
                "ORDER BY turn DESC LIMIT ? OFFSET ?",
                (max(0, min(limit, MOST_LISTED)), _small(max(0, offset))),
            ).fetchall()
        return tuple(Entry(*row) for row in rows)

    def count(self, deleted: bool = False) -> int:
        """How many notes there are, or how many deleted ones."""
        with self._reading() as database:
            return database.execute(f"SELECT count(*) FROM note WHERE deleted {'IS NOT NULL' if deleted else 'IS NULL'}").fetchone()[0]

    def delete(self, note: str) -> None:
        """Mark a note as deleted; ``restore`` brings it back."""
        with self._writing() as database:
            self._newest(note)
            database.execute("UPDATE note SET deleted = ? WHERE id = ?", (_now(), note))

    def restore(self, note: str) -> None:
        """Bring a deleted note back; one that is not deleted stays as it is."""
        with self._writing() as database:
            if not database.execute("UPDATE note SET deleted = NULL WHERE id = ?", (note,)).rowcount:
                raise NotFoundError(f"note {note}: there is none of this id; open one from the list of notes")

    def duplicate(self, note: str) -> str:
        """A new note with the newest version of another one."""
        document = self.load(note).document
        return self.create(document)

    # --- patterns of one's own --------------------------------------------------------------------------------------------

    def save_pattern(self, product: str, name: str, injections: Sequence[Mapping[str, Any]]) -> OwnPattern:
        """Keep a named set of injections of a product; one of the same name is replaced."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise InputError(f"pattern: name = {name[:LONGEST_NAME]!r}: must be 1 to {LONGEST_NAME} printable characters")
        if not injections:
            raise InputError(f"pattern {name}: no injections; place at least one")
        kept = OwnPattern(product, name, _now(), tuple(dict(one) for one in injections))
        with self._writing() as database:
            (others,) = database.execute("SELECT count(*) FROM pattern WHERE product = ? AND name <> ?", (product, name)).fetchone()
            if others >= MOST_PATTERNS:
                raise InputError(f"pattern {name}: {others} patterns of {product} are kept already; delete one first")
            row = (product, name, kept.saved, _text(kept.injections))
            database.execute("INSERT OR REPLACE INTO pattern VALUES (?, ?, ?, ?)", row)
        return kept

    def patterns(self, product: str | None = None) -> tuple[OwnPattern, ...]:
        """Patterns of one's own, of one product or of all, by name."""
        with self._reading() as database:
            rows = database.execute(
                "SELECT product, name, saved, injections FROM pattern WHERE ? IS NULL OR product = ? ORDER BY product, name",
                (product, product),
            ).fetchall()
        return tuple(OwnPattern(row[0], row[1], row[2], tuple(json.loads(row[3]))) for row in rows)

    def delete_pattern(self, product: str, name: str) -> None:
        """Delete a pattern of one's own."""
        with self._writing() as database:
            if not database.execute("DELETE FROM pattern WHERE product = ? AND name = ?", (product, name)).rowcount:
                raise NotFoundError(f"pattern '{name}' of {product}: there is none of this name")

    # --- the file ---------------------------------------------------------------------------------------------------------

    def _check_header(self) -> None:
        """SQLite takes a short file of anything for an empty database and would write over it."""
        try:
            with self.path.open("rb") as file:
                start = file.read(len(HEADER))
        except FileNotFoundError:
            return
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"notes {self.path}: cannot be read ({reason}); choose another folder with --data") from None
        if start and start != HEADER:
            raise self._damaged("it is no SQLite file")

    def _open(self) -> None:
        database = self._connection
        database.execute("PRAGMA foreign_keys = ON")
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != APPLICATION:
            raise StoreError(f"notes {self.path}: belongs to another program; choose another folder with --data")
        (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise self._damaged(said)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        with self._writing():
            (have,) = database.execute("PRAGMA user_version").fetchone()
            if have > len(MIGRATIONS):
                raise StoreError(f"notes {self.path}: written by a newer version of glabella (schema {have}); update glabella")
            for script in MIGRATIONS[have:]:
                for statement in script.split(";"):  # executescript would commit on its own
                    database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION}")
            database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _damaged(self, why: str) -> StoreError:
        why = " ".join(str(why).split())
        return StoreError(
            f"notes {self.path}: damaged or no file of notes ({why}); it was not touched: move it away to begin anew, or put a copy back"
        )

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """Errors of SQLite as one line that names the file."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"notes {self.path}: cannot be read or written ({error}); make room or close what holds it") from None
        except sqlite3.ProgrammingError as error:
            raise StoreError(f"notes {self.path}: closed ({error})") from None
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One view of the file for all that is read inside."""
        with self._lock, self._complaining():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with self._lock, self._complaining():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _newest(self, note: str) -> int:
        row = self._connection.execute("SELECT number, deleted FROM note WHERE id = ?", (note,)).fetchone()
        if row is None:
            raise NotFoundError(f"note {note}: there is none of this id; open one from the list of notes")
        if row[1] is not None:
            raise NotFoundError(f"note {note}: was deleted; restore it first")
        return row[0]


def _read(document: Mapping[str, Any]) -> tuple[str, str, str]:
    return _text(document), str(document.get("title", "")), str(document.get("product", ""))


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _small(number: int) -> int:
    """A number that SQLite can hold; nothing is kept under larger ones."""
    return max(-1, min(number, 2**62))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
