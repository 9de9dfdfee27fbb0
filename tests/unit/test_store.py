"""The file of notes: versions, conflicts, undo of deleting, patterns, threads and processes, and files that are not ours or damaged."""

import json
import sqlite3
import stat
import threading

import pytest

from glabella.app.note import Note
from glabella.app.store import APPLICATION, MIGRATIONS, ConflictError, NotFoundError, Store, StoreError
from glabella.errors import InputError

NOTE = Note(title="First", rationale="Ünï¢ode, \"quotes\" and\nlines").document()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "notes.sqlite"


@pytest.fixture
def store(path):
    with_store = Store(path)
    yield with_store
    with_store.close()


def titled(title):
    return NOTE | {"title": title}


def test_a_note_comes_back_as_it_was_kept(store):
    note = store.create(NOTE)
    assert len(note) == 16
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in note)
    kept = store.load(note)
    assert (kept.document, kept.version, kept.newest, kept.title) == (NOTE, 1, 1, "First")
    assert Note.from_document(kept.document) == Note.from_document(NOTE)


def test_every_version_stays_and_the_newest_is_loaded(store):
    note = store.create(titled("one"))
    assert store.save(note, titled("two"), 1) == 2
    assert store.save(note, titled("three"), 2) == 3
    assert store.load(note).document["title"] == "three"
    assert store.load(note, 1).document["title"] == "one"
    assert [(version.version, version.title) for version in store.versions(note)] == [(3, "three"), (2, "two"), (1, "one")]
    with pytest.raises(NotFoundError, match="no version 4; its versions are 1 to 3"):
        store.load(note, 4)


def test_old_versions_are_thinned_out_and_the_latest_stay(store, path, monkeypatch):
    monkeypatch.setattr("glabella.app.store.EVERY_VERSION", 5)
    hours = [8, 8, 8, 9, 9, 10, 10, 10, 10, 10, 10, 10]
    times = iter([f"2027-01-01T{hour:02}:{n:02}:00.000+00:00" for n, hour in enumerate(hours)])
    monkeypatch.setattr("glabella.app.store._now", lambda: next(times))
    note = store.create({"title": "1", "product": "p"})
    for number in range(2, len(hours) + 1):
        assert store.save(note, {"title": str(number), "product": "p"}) == number
        assert store.load(note).document["title"] == str(number)  # what was just acknowledged
        kept = [version.version for version in store.versions(note)]
        assert kept[:5] == list(range(number, max(0, number - 5), -1))
    assert kept == [12, 11, 10, 9, 8, 5, 3, 1]  # the latest five, the last of 9 and of 8 o'clock, the first
    with pytest.raises(NotFoundError, match="this one was thinned out"):
        store.load(note, 7)
    assert store.save(note, {"title": "12", "product": "p"}) == 12  # the same again
    with pytest.raises(ConflictError):
        store.save(note, {"title": "late", "product": "p"}, expected_version=11)


def test_saving_the_same_again_adds_no_version(store):
    note = store.create(NOTE)
    assert store.save(note, dict(NOTE), 1) == 1
    assert len(store.versions(note)) == 1


def test_two_tabs_at_once_are_a_conflict_and_nothing_is_lost(store):
    note = store.create(titled("one"))
    store.save(note, titled("first tab"), 1)
    with pytest.raises(ConflictError, match="version 1 was changed, but version 2 has been saved since") as caught:
        store.save(note, titled("second tab"), 1)
    assert caught.value.version == 2
    assert store.load(note).document["title"] == "first tab"
    assert store.save(note, titled("second tab")) == 3  # without a version: on top


def test_the_list_is_newest_first_and_paged(store):
    notes = [store.create(titled(f"note {n}")) for n in range(5)]
    store.save(notes[1], titled("changed last"))
    assert [entry.title for entry in store.list()] == ["changed last", "note 4", "note 3", "note 2", "note 0"]
    assert [entry.title for entry in store.list(2, 1)] == ["note 4", "note 3"]
    assert store.list(2, 10**30) == ()
    assert store.count() == 5


def test_deleting_can_be_undone(store):
    note = store.create(NOTE)
    store.delete(note)
    assert store.list() == ()
    assert [entry.id for entry in store.list(deleted=True)] == [note]
    for attempt in (lambda: store.load(note), lambda: store.save(note, NOTE), lambda: store.versions(note), lambda: store.delete(note)):
        with pytest.raises(NotFoundError, match="was deleted; restore it first"):
            attempt()
    store.restore(note)
    assert store.load(note).document == NOTE
    store.restore(note)  # nothing to undo
    assert store.count() == 1


def test_what_does_not_exist_is_said(store):
    for attempt in (store.load, store.delete, store.restore, store.versions, store.duplicate):
        with pytest.raises(NotFoundError, match="there is none of this id"):
            attempt("no-such-note-000")


def test_a_duplicate_begins_anew(store):
    note = store.create(titled("one"))
    store.save(note, titled("two"))
    other = store.duplicate(note)
    assert other != note
    assert store.load(other).document == titled("two")
    assert store.load(other).version == 1


def test_own_patterns_belong_to_a_product(store):
    needles = [{"site": "procerus", "units": 2.0, "target_muscle": "procerus"}]
    store.save_pattern("onabotulinumtoxinA", " Soft frown ", needles)
    store.save_pattern("onabotulinumtoxinA", "Soft frown", [*needles, *needles])
    store.save_pattern("incobotulinumtoxinA", "Soft frown", needles)
    assert [(p.product, p.name, len(p.injections)) for p in store.patterns()] == [
        ("incobotulinumtoxinA", "Soft frown", 1),
        ("onabotulinumtoxinA", "Soft frown", 2),
    ]
    store.delete_pattern("incobotulinumtoxinA", "Soft frown")
    assert [p.product for p in store.patterns()] == ["onabotulinumtoxinA"]
    assert store.patterns("incobotulinumtoxinA") == ()
    with pytest.raises(NotFoundError, match="there is none of this name"):
        store.delete_pattern("incobotulinumtoxinA", "Soft frown")
    for name, given, words in (("", needles, "1 to 80"), ("x" * 81, needles, "1 to 80"), ("a\nb", needles, "1 to 80"), ("n", [], "no inj")):
        with pytest.raises(InputError, match=words):
            store.save_pattern("onabotulinumtoxinA", name, given)


def test_all_is_there_after_opening_again(store, path):
    note = store.create(NOTE)
    store.save(note, titled("two"))
    store.close()
    again = Store(path)
    assert again.load(note).document["title"] == "two"
    with pytest.raises(StoreError, match="closed"):
        store.load(note)
    again.close()


def test_the_file_is_for_its_owner_only(store, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_writes_are_synchronous_and_logged_ahead(store):
    with store._reading() as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


def test_many_threads_and_two_stores_lose_no_version(store, path):
    other, note, failed = Store(path), store.create(NOTE), []

    def write(which, number):
        try:
            for n in range(15):
                which.save(note, titled(f"{number}-{n}"))
                which.load(note)
                which.list()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(which, number)) for number, which in enumerate((store, store, other, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert {version.title for version in store.versions(note)} == {"First", *(f"{number}-{n}" for number in range(4) for n in range(15))}
    assert store.load(note).version == 61
    other.close()


def test_exactly_one_of_two_tabs_wins_every_time(store):
    note, won = store.create(NOTE), []

    def save(number, version, gate):
        gate.wait()
        try:
            store.save(note, titled(f"{version}-{number}"), version)
            won.append(number)
        except ConflictError:
            pass

    for version in range(1, 11):
        gate = threading.Barrier(4)
        threads = [threading.Thread(target=save, args=(number, version, gate)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == version
    assert store.load(note).version == 11


def test_a_failed_save_leaves_everything_as_it_was(store):
    note = store.create(NOTE)
    with pytest.raises(ValueError, match="Out of range float"):
        store.save(note, NOTE | {"vials": float("nan")})
    store._connection.execute("CREATE TRIGGER full BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreError, match="disk full"):
        store.save(note, titled("two"))
    store._connection.execute("DROP TRIGGER full")
    assert store.load(note).version == 1
    assert len(store.versions(note)) == 1
    assert store.save(note, titled("two")) == 2


NOT_OURS = {
    "short text": b"hello",
    "long text": b"hello " * 5000,
    "a zip file": b"PK\x03\x04" + bytes(3000),
    "header alone": b"SQLite format 3\0" + bytes(2000),
}


@pytest.mark.parametrize("content", NOT_OURS.values(), ids=NOT_OURS)
def test_a_file_that_is_none_of_ours_is_named_and_not_touched(tmp_path, content):
    path = tmp_path / "notes.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged or no file of notes|belongs to another") as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_damaged_file_is_named_and_not_touched(store, path):
    for n in range(60):
        store.create(titled(f"note {n}" + "x" * 100))
    with store._lock:
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = bytearray(path.read_bytes())
    content[5000:9000] = b"\xa5" * 4000
    path.write_bytes(content)
    with pytest.raises(StoreError, match="move it away to begin anew") as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    path.write_bytes(content[:6000])
    with pytest.raises(StoreError, match="damaged"):
        Store(path)
    assert path.read_bytes() == content[:6000]


def test_a_database_of_another_program_is_not_taken_over(tmp_path):
    path = tmp_path / "notes.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(store, path):
    store._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    store.close()
    with pytest.raises(StoreError, match="written by a newer version"):
        Store(path)


def test_an_older_file_gets_the_scripts_it_lacks(store, path, monkeypatch):
    note = store.create(NOTE)
    store.close()
    monkeypatch.setattr("glabella.app.store.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (x TEXT); INSERT INTO later VALUES ('new')"))
    newer = Store(path)
    assert newer.load(note).document == NOTE
    assert newer._connection.execute("SELECT x FROM later").fetchone() == ("new",)
    newer.close()
    monkeypatch.setattr("glabella.app.store.MIGRATIONS", (*MIGRATIONS, "", "CREATE TABLE broken (x"))
    path2 = path.with_name("copy.sqlite")
    path2.write_bytes(path.read_bytes())
    with pytest.raises(StoreError, match="incomplete input"):
        Store(path2)  # and nothing of it stays
    kept = sqlite3.connect(path2)
    assert kept.execute("PRAGMA user_version").fetchone() == (2,)
    kept.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"choose (another folder|a folder) with --data"):
        Store(tmp_path / "file" / "notes.sqlite")


def test_the_documents_are_plain_json_in_the_file(store, path):
    note = store.create(NOTE)
    other = sqlite3.connect(path)
    (text,) = other.execute("SELECT document FROM version WHERE note = ?", (note,)).fetchone()
    other.close()
    assert json.loads(text) == NOTE
