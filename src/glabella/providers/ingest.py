"""Public files into the local database. The new database is built beside the old one, which answers searches until it is replaced."""

import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from glabella.errors import InputError
from glabella.providers.database import check, connect, create, usual_database
from glabella.providers.layouts import StateLayout
from glabella.providers.reading import Header, Member, Records, open_members
from glabella.providers.settle import settle
from glabella.providers.sources import IGNORED, SOURCES, Source
from glabella.providers.sources.licences import Licences, with_layouts

Progress = Callable[[str, float], None]
CHECKPOINT_RECORDS = 20_000  # that are parsed; what an interruption costs
MOST_ODD_SHARE = 0.01
LEAST_SHARE = 0.5  # of the records of before, in a list of people who are not shown
UNKNOWN_SIZE_SHARE = 0.5
MOST_IGNORED_COLUMNS = 40  # the wide national file has their columns as well


@dataclass(frozen=True)
class Taken:
    """What became of one table: ``counts`` by name, among them 'records' and 'kept'."""

    source: str
    title: str
    file: str
    as_of: date
    as_of_from: str
    counts: dict[str, int]


@dataclass(frozen=True)
class _Table:
    member: Member
    source: Source
    records: Records
    start: int  # byte of the first record after the header


def ingest(
    paths: Sequence[str | Path], database: str | Path | None = None, as_of: date | None = None, progress: Progress | None = None,
    layouts: Sequence[StateLayout] = (),
) -> list[Taken]:  # fmt: skip
    """Read files into the database; what each gave. ``layouts``: of licence lists whose columns are not known here.

    An interrupted ingest of the same files goes on where it stopped. Errors: InputError for a file that cannot be used, for a full disk
    and while another ingest runs; the database of before stays as it is.
    """
    database = Path(database if database is not None else usual_database()).absolute()
    progress = progress or (lambda step, share: None)
    tables = _recognise([Path(path) for path in paths], as_of, [with_layouts(layouts) if kind is Licences else kind for kind in SOURCES])
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder {database.parent}: cannot be made ({error.strerror}); name another file with --database") from None
    with _lock(database), _failures_said(database):
        building, resumed = _open_building(database, tables)
        try:
            if resumed:
                progress("going on where it was interrupted", 0.0)
            taken = [_read_table(building, table, progress) for table in tables]
            settle(building, lambda share: progress("sorting", share))
            building.execute("DELETE FROM progress")
            building.execute("DELETE FROM meta WHERE name = 'plan'")
        finally:
            building.close()
        _replace(_beside(database), database)
    return taken


def _recognise(paths: Sequence[Path], as_of: date | None, kinds: Sequence[type[Source]]) -> list[_Table]:
    """Tables in the order in which they belong. Errors: InputError for one that is none of ours."""
    if not paths:
        raise InputError("no file: name the files to ingest, or get them with 'glabella providers fetch'")
    found = []
    for path in paths:
        own = [table for member in open_members(path) if (table := _table(member, as_of, kinds)) is not None]
        if not own:
            raise InputError(f"{path}: holds none of the tables that can be ingested; see 'glabella providers ingest --help'")
        found += own
    return sorted(found, key=lambda table: (table.source.order, table.source.as_of, table.member.name))


def _table(member: Member, as_of: date | None, kinds: Sequence[type[Source]]) -> _Table | None:
    """A member with the source that recognises it, None for one that is known not to be needed."""
    closest: tuple[int, str, str] = (0, "", "")
    records = Records(member)
    for names in records.headers():
        header = Header(names, member.where)
        for kind in kinds:
            if kind.recognises(header):
                return _Table(member, kind(header, member, as_of), records, records.offset)
            missing = [name for name in kind.signature if not header.has((name,))]
            shared = len(kind.signature) - len(missing)
            if missing and shared > max(1, closest[0]):
                closest = (shared, kind.title, missing[0])
        if len(names) <= MOST_IGNORED_COLUMNS and any(header.has(columns) for columns in IGNORED):
            return None
    hint = f"it resembles '{closest[1]}' without its column '{closest[2]}'; " if closest[0] else ""
    known = "; ".join(kind.title for kind in kinds)
    raise InputError(
        f"{member.where}: not recognised by its columns; {hint}take the file as published; a state's licences in columns of their own need "
        f"--layout FILE.toml; known: {known}"
    )


def _read_table(building: sqlite3.Connection, table: _Table, progress: Progress) -> Taken:
    """One table, from where it was left, with a checkpoint every so many records."""
    source, records, member = table.source, table.records, table.member
    row = building.execute("SELECT offset, done, counts FROM progress WHERE member = ?", (member.key,)).fetchone()
    offset, done, counts = row or (table.start, 0, "{}")
    source.counts = Counter(json.loads(counts))
    if not done:
        building.execute("BEGIN")
        try:
            if row is None:
                source.begin(building)
            source.resume(building)
            step = f"reading {member.name}"
            since, odd = 0, False
            for record in records.read(offset, source.sift if source.sifts else None):
                if len(record) == source.width + 1 and not record[-1]:
                    record.pop()  # a separator at the end of every line but the first
                odd = len(record) != source.width
                if not odd:
                    source.take(record)
                elif record:
                    source.counts["records"] += 1
                    source.counts["odd records"] += 1
                since += 1
                if since == CHECKPOINT_RECORDS:
                    since = 0
                    _checkpoint(building, table, 0)
                    progress(step, records.offset / member.size if member.size else UNKNOWN_SIZE_SHARE)
                    building.execute("BEGIN")
            _check_whole(table, odd)
            _check_not_a_part(building, table)
            source.end()
            _checkpoint(building, table, 1)
        except BaseException:
            if building.in_transaction:
                building.execute("ROLLBACK")
            raise
    shown = {name: number for name, number in sorted(source.counts.items()) if number and name != "fresh"}
    return Taken(source.row_name, source.title, member.name, source.as_of, source.as_of_from, shown)


def _checkpoint(building: sqlite3.Connection, table: _Table, done: int) -> None:
    """What was gathered, and how far it reaches, in one transaction."""
    source, member = table.source, table.member
    source.flush()
    building.execute(
        "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?)",
        (member.key, source.row_name, table.records.offset, done, json.dumps(source.counts)),
    )
    if done:
        left_out = {name: number for name, number in source.counts.items() if name not in ("records", "kept", "fresh") and number}
        building.execute(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                source.row_name,
                source.title,
                member.name,
                source.as_of.isoformat(),
                source.as_of_from,
                source.counts["records"],
                source.counts["kept"],
                json.dumps(left_out, sort_keys=True),
            ),
        )
    building.execute("COMMIT")


def _check_whole(table: _Table, last_odd: bool) -> None:
    """Errors: InputError for a file that ends within a record or whose records do not fit the header."""
    counts, records = table.source.counts, table.records
    if records.unreadable:
        counts["unreadable lines"] += records.unreadable
    if records.unfinished and last_odd:
        raise InputError(f"{table.member.where}: ends within a record; the file is cut short, fetch it again")
    if counts["odd records"] > max(3, MOST_ODD_SHARE * counts["records"]):
        raise InputError(
            f"{table.member.where}: {counts['odd records']:,} of {counts['records']:,} records have not the {table.source.width} columns "
            "of the header; the file is damaged, fetch it again"
        )
    if not counts["records"]:
        raise InputError(f"{table.member.where}: has a header and no record; fetch the file again")


def _check_not_a_part(building: sqlite3.Connection, table: _Table) -> None:
    """Errors: InputError where a list of people not to show is far shorter than before: after a supplement the rest would show."""
    before = building.execute("SELECT records FROM source WHERE name = ?", (table.source.row_name,)).fetchone()
    records = table.source.counts["records"]
    if table.source.holds_back and before is not None and records < LEAST_SHARE * before[0]:
        raise InputError(
            f"{table.member.where}: {records:,} records, where the list of before had {before[0]:,}; it replaces the whole list, so take "
            "the full one, not a supplement"
        )


def _beside(database: Path) -> Path:
    return database.with_name(f".{database.name}.building")


def _open_building(database: Path, tables: Sequence[_Table]) -> tuple[sqlite3.Connection, bool]:
    """The database being built, and whether it is one that was interrupted with the same files on the same database."""
    path = _beside(database)
    state = database.stat() if database.exists() else None
    plan = json.dumps([[table.member.key for table in tables], [state.st_size, state.st_mtime_ns] if state else None])
    if path.exists():
        building = connect(path)
        try:
            same = building.execute("SELECT value FROM meta WHERE name = 'plan'").fetchone() == (plan,)
            if same and building.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                return _tuned(building), True
        except sqlite3.Error:
            pass  # what is there is of no use
        building.close()
        _forget(path)
    if state is not None:
        old = connect(database, read_only=True)
        try:
            check(old, database)
        finally:
            old.close()
        shutil.copyfile(database, path)
        building = connect(path)
    else:
        building = create(path)
    building.execute("INSERT OR REPLACE INTO meta VALUES ('plan', ?)", (plan,))
    building.execute("DELETE FROM progress")
    return _tuned(building), False


def _tuned(building: sqlite3.Connection) -> sqlite3.Connection:
    """Without waiting for the disk: a power cut costs the database that is being built, never the one in use."""
    building.execute("PRAGMA synchronous = OFF")
    building.execute("PRAGMA cache_size = -65536")
    building.execute("PRAGMA temp_store = FILE")
    building.execute("PRAGMA secure_delete = ON")  # who has moved or left is overwritten, not only unlinked
    return building


def _forget(path: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _replace(built: Path, database: Path) -> None:
    with built.open("rb+") as stream:
        os.fsync(stream.fileno())
    try:
        built.replace(database)
    except PermissionError:  # Windows keeps a file that somebody reads
        raise InputError(f"provider database {database}: in use by another program; close it and run the same command again") from None


@contextmanager
def _lock(database: Path) -> Iterator[None]:
    """One ingest at a time. SQLite's own lock, because the system gives it back when a process is killed."""
    path = database.with_name(f".{database.name}.lock")
    try:
        holder = sqlite3.connect(path, isolation_level=None, timeout=0)
    except sqlite3.Error as error:
        raise InputError(f"folder {database.parent}: cannot be written ({error}); name another file with --database") from None
    try:
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise InputError(f"folder {database.parent}: cannot be written ({error}); name another file with --database") from None
            raise InputError(f"provider database {database}: another ingest is running; wait until it is done") from None
        yield
    finally:
        holder.close()


@contextmanager
def _failures_said(database: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        full = any(words in str(error).lower() for words in ("full", "disk i/o", "no space", "too large"))
        why, what = (f"the disk is full ({error})", "make room") if full else (f"cannot be written ({error})", "check its folder")
        raise InputError(
            f"provider database {database}: {why}; {what} and run the same command again, it goes on where it stopped; what was there "
            "before is unchanged"
        ) from None
