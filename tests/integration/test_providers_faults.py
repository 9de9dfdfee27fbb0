"""Practitioners: what can go wrong with files, disk and processes. One clear line each, and what was there before still answers."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glabella.errors import InputError
from glabella.providers import ingest
from glabella.providers.database import FILE, connect, open_database
from glabella.providers.fictional.national_file import MAILING_MARK, header_line, lines
from glabella.providers.fictional.other_files import BIRTH_MARK
from glabella.providers.fictional.people import invent
from glabella.providers.fictional.write import NATIONAL, write_files, write_records
from glabella.providers.npi import with_check_digit
from glabella.providers.search import search
from glabella.providers.tables import find_use
from glabella.providers.where import read_distance

ROWS = 3000


@pytest.fixture
def before(tmp_path):
    """A database that answers, and what it answers."""
    path = tmp_path / "old" / NATIONAL
    path.parent.mkdir()
    write_records(path, invent(500, 2))
    database = tmp_path / FILE
    ingest([path], database)
    return database


def people(database):
    with open_database(database) as connection:
        return connection.execute("SELECT npi, last, updated FROM person ORDER BY npi").fetchall()


def answers(database):
    with open_database(database) as connection:
        found = search(connection, "Chicago, IL", read_distance("500km"), find_use("migraine"), specialties=("all",))
    return [hit.sheet.npi for hit in found.hits]


def refused(paths, database, says):
    """The one line; the database of before is untouched."""
    kept, shown = people(database), answers(database)
    with pytest.raises(InputError, match=says) as caught:
        ingest(paths, database)
    assert "\n" not in str(caught.value)
    assert people(database) == kept
    assert answers(database) == shown
    return str(caught.value)


def new_file(tmp_path, name=NATIONAL, rows=ROWS):
    path = tmp_path / name
    write_records(path, invent(rows, 5))
    return path


def test_archive_cut_short(tmp_path, before):
    whole = write_files(tmp_path / "files", 2000, 3).files["national"]
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-30_000])
    refused([cut], before, "cut short")


def test_archive_damaged_inside(tmp_path, before):
    whole = write_files(tmp_path / "files", 2000, 3).files["national"]
    content = bytearray(whole.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 2000] = bytes(2000)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    refused([damaged], before, "damaged")


def test_text_cut_short(tmp_path, before):
    path = new_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-700])
    refused([path], before, "ends within a record")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wrong_encoding(tmp_path, before, encoding):
    path = new_file(tmp_path, rows=200)
    path.write_text(path.read_text(), encoding=encoding)
    refused([path], before, "UTF-8")


def test_bytes_that_are_no_text(tmp_path, before):
    path = new_file(tmp_path, rows=200)
    path.write_bytes(path.read_bytes().replace(b"EXAMPLE", b"EX\x81\x8dPLE"))
    refused([path], before, "not text in UTF-8 or Windows-1252")


def test_windows_text_is_read(tmp_path):
    path = new_file(tmp_path, rows=300)
    path.write_bytes(path.read_text().replace("SAMPLEWOOD", "SAMPLÉWOOD").replace("FAUXMAN", "FAÜXMAN").encode("cp1252"))
    ingest([path], tmp_path / FILE)
    names = {row[1] for row in people(tmp_path / FILE)}
    assert names & {"SAMPLÉWOOD", "FAÜXMAN"}


@pytest.mark.parametrize(
    "column",
    [
        "Provider Business Practice Location Address Postal Code", "Healthcare Provider Taxonomy Code_9", "NPI Reactivation Date",
        "Entity Type Code",
    ],
)  # fmt: skip
def test_column_missing(tmp_path, before, column):
    path = new_file(tmp_path, rows=100)
    path.write_text(path.read_text().replace(f'"{column}"', '"Another Name"', 1))
    says = refused([path], before, "column|recognised")
    assert column in says


def test_a_renamed_column_that_nobody_needs_is_no_matter(tmp_path):
    path = new_file(tmp_path, rows=300)
    path.write_text(path.read_text().replace('"Provider Sex Code"', '"Provider Gender Code"', 1))
    (taken,) = ingest([path], tmp_path / FILE)
    assert taken.counts["kept"] > 10


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("header.csv", header_line().encode(), "no record"),
        ("other.csv", b"a,b\n1,2\n", "not recognised"),
        ("page.html", b"<!doctype html><title>404</title>\n", "not recognised"),
        ("not.zip", b"PK\x03\x04 nothing", "damaged or cut short"),
        ("zeros.csv", b"NPI\0\0\0\n", "UTF-8"),
    ],
)
def test_files_that_are_none(tmp_path, before, name, content, says):
    (tmp_path / name).write_bytes(content)
    refused([tmp_path / name], before, says)


def test_no_file_a_folder_and_one_that_is_not_there(tmp_path, before):
    refused([], before, "name the files")
    refused([tmp_path], before, "is a folder")
    refused([tmp_path / "nothing.csv"], before, "no such file")


def test_a_bad_file_among_good_ones_changes_nothing(tmp_path, before):
    good, bad = new_file(tmp_path), tmp_path / "UPDATED.csv"
    bad.write_bytes(b"NPI,EXCLTYPE,EXCLDATE\n1,2,3\n")
    refused([good, bad], before, "resembles .*LASTNAME|missing")


def test_damaged_rows_in_numbers(tmp_path, before):
    path = new_file(tmp_path, rows=400)
    path.write_text(header_line() + "".join(f'"{number}","short"\n' for number in range(50)) + "".join(lines(invent(300, 1))))
    refused([path], before, "not the 330 columns")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX")
def test_full_disk(tmp_path, before):
    """The system's own refusal to write on, at a limit on the size of files."""
    path = new_file(tmp_path, rows=20_000)
    kept = people(before)
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000));"
        "from glabella.cli import main; main(sys.argv[1:])"
    )
    run = subprocess.run([sys.executable, "-c", code, "providers", "ingest", path, "--database", before], capture_output=True, text=True)
    assert run.returncode == 2, run.stderr
    assert "disk is full" in run.stderr
    assert run.stderr.count("\n") == 1
    assert people(before) == kept
    ingest([path], before)  # with room again
    assert len(people(before)) > len(kept)


def test_database_full(tmp_path, before, monkeypatch):
    path = new_file(tmp_path, rows=20_000)
    tuned = sys.modules["glabella.providers.ingest"]._tuned

    def small(building):
        tuned(building).execute("PRAGMA max_page_count = 130")
        return building

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["glabella.providers.ingest"], "_tuned", small)
        refused([path], before, "disk is full")
    ingest([path], before)


def test_killed_in_mid_ingest(tmp_path, before):
    """SIGKILL after some checkpoints: the old database answers; the same command goes on and gives what an undisturbed one gives."""
    path = new_file(tmp_path, rows=60_000)
    kept = people(before)
    code = (
        "import sys; from glabella.providers import ingest; module = sys.modules['glabella.providers.ingest'];"
        "module.CHECKPOINT_RECORDS = 300; from pathlib import Path;"
        "ingest([Path(sys.argv[1])], Path(sys.argv[2]), None, lambda step, share: print(step, share, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path), str(before)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told += line.startswith("reading")
        if told == 4:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    assert people(before) == kept
    assert answers(before)
    building = before.with_name(f".{before.name}.building")
    reached = connect(building).execute("SELECT offset FROM progress").fetchone()[0]
    assert 0 < reached < path.stat().st_size
    steps = []
    (taken,) = ingest([path], before, None, lambda step, share: steps.append(step))
    assert steps[0] == "going on where it was interrupted"
    assert not building.exists()
    undisturbed = tmp_path / "undisturbed.sqlite"
    (whole,) = ingest([path], undisturbed)
    assert taken.counts == whole.counts
    for table in ("person", "evidence", "place", "city"):
        question = f"SELECT * FROM {table} ORDER BY 1, 2, 3"
        assert sqlite3.connect(before).execute(question).fetchall() == sqlite3.connect(undisturbed).execute(question).fetchall()


def test_what_was_interrupted_with_other_files_is_not_mixed_in(tmp_path, before):
    path = new_file(tmp_path, rows=2000)
    building = before.with_name(f".{before.name}.building")
    building.write_bytes(b"half of something")
    ingest([path], before)
    assert not building.exists()
    assert len(people(before)) > 100


def test_two_ingests_at_once(tmp_path, before):
    path = new_file(tmp_path)
    started, go_on, errors = threading.Event(), threading.Event(), []

    def first():
        def wait(step, share):
            started.set()
            go_on.wait(30)

        try:
            ingest([path], before, None, wait)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(30)
    with pytest.raises(InputError, match="another ingest is running"):
        ingest([path], before)
    assert answers(before)  # searches go on meanwhile
    go_on.set()
    thread.join()
    assert errors == []
    ingest([path], before)  # the lock is free again


def test_two_processes_at_once(tmp_path, before):
    """A second command while a first one is at work in a process of its own: one clear line, and the first one ends well."""
    path = new_file(tmp_path)
    code = (
        "import sys; from pathlib import Path; from glabella.providers import ingest;"
        "ingest([Path(sys.argv[1])], Path(sys.argv[2]), None, lambda step, share: (print('at work', flush=True), sys.stdin.readline()))"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(before)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin is not None
    assert first.stdout is not None
    assert first.stdout.readline() == "at work\n"
    second = subprocess.run(
        [sys.executable, "-m", "glabella.cli", "providers", "ingest", str(path), "--database", str(before)], capture_output=True, text=True
    )
    assert second.returncode == 2
    assert "another ingest is running" in second.stderr
    assert second.stderr.count("\n") == 1
    assert answers(before)
    first.stdin.close()  # goes on without waiting
    assert first.wait(60) == 0
    first.stdout.close()
    assert len(people(before)) > 100


def test_a_supplement_does_not_replace_the_list_of_who_is_not_shown(tmp_path, before):
    path = tmp_path / "UPDATED.csv"
    header = "LASTNAME,FIRSTNAME,NPI,EXCLTYPE,EXCLDATE,REINDATE\n"
    numbers = [row[0] for row in people(before)[:20]]
    path.write_text(header + "".join(f"X,Y,{number},1128a1,20200101,00000000\n" for number in numbers))
    ingest([path], before)
    path.write_text(header + f"X,Y,{numbers[0]},1128a1,20200101,00000000\n")
    says = refused([path], before, "not a supplement")
    assert "1 records, where the list of before had 20" in says
    path.write_text(header + "".join(f"X,Y,{number},1128a1,20200101,00000000\n" for number in numbers[:15]))
    ingest([path], before)
    with open_database(before) as connection:
        assert connection.execute("SELECT count(*) FROM excluded").fetchone() == (15,)


def test_nothing_private_is_on_the_disk_while_it_is_ingested(tmp_path, monkeypatch):
    """Neither in the database that is being built, nor in its journal, nor in a temporary file that has no name any more."""
    written = write_files(tmp_path / "files", 3000, 3, often=8.0)
    monkeypatch.setattr(sys.modules["glabella.providers.ingest"], "CHECKPOINT_RECORDS", 200)
    folder, seen, secrets = tmp_path / "own", set(), (MAILING_MARK.encode(), BIRTH_MARK.encode(), b"9995550199")

    def look(step, share):
        inside = [path for path in folder.iterdir() if path.is_file()]
        if sys.platform == "linux":
            inside += [path for path in Path("/proc/self/fd").iterdir() if "(deleted)" in str(path.resolve(strict=False))]
        for path in inside:
            content = path.read_bytes()
            seen.add(path.suffix or path.name)
            for secret in secrets:
                assert secret not in content, f"{step}: {path}"

    ingest(written.paths, folder / FILE, None, look)
    look("at the end", 1.0)
    assert any("building" in name for name in seen)


def test_who_moves_leaves_no_trace_of_the_old_street(tmp_path):
    one = next(one for one in invent(4000, 3) if one.is_person and one.code == "207N00000X" and not one.alone and not one.reactivated)
    stays = [replace(one, npi=with_check_digit(f"20000{number:04d}"), street=f"STAYING{number}", second_code="") for number in range(50)]
    moves = replace(stays[0], street="LEFTBEHIND", updated_year=2019)
    goes = replace(stays[1], street="GONEFOREVER")
    write_records(tmp_path / NATIONAL, [moves, goes, *stays[2:]])
    ingest([tmp_path / NATIONAL], tmp_path / FILE)
    assert b"LEFTBEHIND" in (tmp_path / FILE).read_bytes()
    week = tmp_path / "npidata_pfile_20260914-20260920.csv"
    write_records(week, [replace(moves, street="NEWPLACE", updated_year=2026), replace(goes, deactivated=True)])
    ingest([week], tmp_path / FILE)
    content = (tmp_path / FILE).read_bytes()
    assert b"NEWPLACE" in content
    assert b"LEFTBEHIND" not in content
    assert b"GONEFOREVER" not in content


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read as Linux tells it")
def test_a_file_of_zeros_is_refused_in_little_memory(tmp_path, before):
    """As a browser leaves it behind that reserved the space and was closed: a header, then nothing but zeros."""
    path = tmp_path / NATIONAL
    with path.open("wb") as stream:
        stream.write(header_line().encode())
        stream.truncate(2_000_000_000)
    code = (
        "import sys; from glabella.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    run = subprocess.run([sys.executable, "-c", code, "providers", "ingest", path, "--database", before], capture_output=True, text=True)
    assert run.returncode == 2
    assert "a line of more than 1 MB" in run.stderr
    assert int(run.stdout) / 1024 < 200
    assert answers(before)


def test_a_killed_ingest_leaves_no_lock(tmp_path, before):
    path = new_file(tmp_path)
    code = (
        "import sys; from pathlib import Path; from glabella.providers import ingest;"
        "import os; ingest([Path(sys.argv[1])], Path(sys.argv[2]), None, lambda step, share: os.kill(os.getpid(), 9))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path), str(before)], capture_output=True)
    assert run.returncode == -9
    ingest([path], before)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written(tmp_path):
    path = new_file(tmp_path)
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(InputError, match="--database"):
        ingest([path], folder / FILE)


def test_files_that_are_no_database(tmp_path):
    path = new_file(tmp_path)
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE t (a)").connection.close()
    text = tmp_path / "text.sqlite"
    text.write_text("not a database at all, but long enough to look at " * 50)
    for wrong, says in ((other, "no database of glabella"), (text, "cannot be read")):
        content = wrong.read_bytes()
        with pytest.raises(InputError, match=says):
            ingest([path], wrong)
        with pytest.raises(InputError, match=says), open_database(wrong):
            pass
        assert wrong.read_bytes() == content
    with pytest.raises(InputError, match="not there"), open_database(tmp_path / "none.sqlite"):
        pass


def test_coordinates_of_zero_are_no_place(tmp_path):
    gazetteer = write_files(tmp_path / "files", 500, 3).files["zip_centres"]
    (taken,) = ingest([gazetteer], tmp_path / FILE)
    assert taken.counts["without coordinates"] == 1
    with open_database(tmp_path / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM centre WHERE latitude = 0").fetchone() == (0,)


def test_memory_stays_small(tmp_path):
    """Files of 24 and 47 MB, each in a process of its own: under 300 MB at the peak, and not more for twice the file.

    benchmarks/providers.py measures the same with a file of 1.8 GB.
    """
    if sys.platform != "linux":
        pytest.skip("the peak is read as Linux tells it")
    code = (  # VmHWM, not ru_maxrss: that one also remembers the parent it was forked from, here a test worker of any size
        "import sys; from pathlib import Path; from glabella.providers import ingest;"
        "ingest([Path(sys.argv[1])], Path(sys.argv[2]));"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    peaks = []
    for rows in (20_000, 40_000):
        path = new_file(tmp_path, rows=rows)
        run = subprocess.run(
            [sys.executable, "-c", code, str(path), str(tmp_path / f"{rows}.sqlite")], capture_output=True, text=True, check=True
        )
        peaks.append(int(run.stdout) / 1024)
    assert max(peaks) < 300
    assert peaks[1] < peaks[0] + 25


def test_an_old_reader_keeps_its_answers_while_the_database_is_replaced(tmp_path, before):
    with open_database(before) as connection:
        kept = connection.execute("SELECT count(*) FROM person").fetchone()
        ingest([new_file(tmp_path)], before)
        time.sleep(0.01)
        assert connection.execute("SELECT count(*) FROM person").fetchone() == kept
    assert len(people(before)) > kept[0]
