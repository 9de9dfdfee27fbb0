"""SIGKILL in the middle of saves: what was acknowledged is there, what was not left nothing behind."""

import http.client
import random
import sqlite3
import subprocess
import sys
import threading
import time

from tests.app_server import app_server

from glabella.app.note import Note
from glabella.app.store import EVERY_VERSION, FILE, Store

WRITER = """
import sys
from glabella.app.store import Store

store = Store(sys.argv[1])
note, number = sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
while True:
    number += 1
    print("saving", flush=True)
    version = store.save(note, {"title": f"version {number}", "product": "p", "rationale": f"{number} " * 20000})
    print(version, number, flush=True)
"""
KILLS = 40


def check_whole(path):
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert other.execute("PRAGMA foreign_key_check").fetchall() == []
    other.close()


def test_a_writer_killed_many_times_loses_nothing_that_it_acknowledged(tmp_path):
    path, rng = tmp_path / FILE, random.Random(1)
    store = Store(path)
    note = store.create({"title": "version 0", "product": "p", "rationale": ""})
    store.close()
    number = acknowledged = in_the_middle = 0
    for _ in range(KILLS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), note, str(number)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.05))
        writer.kill()
        lines = writer.stdout.read().splitlines(keepends=True)
        writer.wait()
        in_the_middle += bool(lines) and lines[-1] == "saving\n"
        told = [line for line in lines if line.endswith("\n") and line != "saving\n"]
        if told:
            acknowledged, number = map(int, told[-1].split())
        check_whole(path)
        store = Store(path)
        kept = store.load(note)
        versions = [version.version for version in store.versions(note)]
        recent = list(range(kept.version, max(kept.version - EVERY_VERSION, 0), -1))
        assert versions[: len(recent)] == recent  # none is missing, and of older ones the first stays
        assert versions[-1] == 1
        # the very last save may have been written without having been acknowledged; then it is whole
        assert kept.version in (max(acknowledged, 1), acknowledged + 1)
        found = int(kept.title.removeprefix("version "))
        assert found in (number, number + 1)
        assert kept.document["rationale"] == f"{found} " * 20000 if found else kept.document["rationale"] == ""
        acknowledged, number = kept.version, found
        store.close()
    assert number > KILLS  # it did write
    assert in_the_middle > KILLS / 4  # and was killed inside a save, not only between two


def test_a_server_killed_while_it_saves_keeps_what_it_acknowledged(tmp_path):
    with app_server(tmp_path) as server:
        document = Note(rationale="why " * 900).document()
        note, acknowledged = server.ask("POST", "/api/v1/notes", document).json()["id"], [1]

        def save():
            while True:
                try:
                    answer = server.ask("PUT", f"/api/v1/notes/{note}", {"note": document | {"title": f"after {acknowledged[-1]}"}})
                except (OSError, http.client.HTTPException):  # killed
                    return
                acknowledged.append(answer.json()["version"])

        writer = threading.Thread(target=save)
        writer.start()
        while len(acknowledged) < 20:
            time.sleep(0.01)
        server.kill()
        writer.join()
        check_whole(tmp_path / FILE)
        server.start(server.port)  # at the same address, so that an open page finds it again
        kept = server.ask("GET", f"/api/v1/notes/{note}").json()
        assert kept["version"] in (acknowledged[-1], acknowledged[-1] + 1)
        assert kept["note"]["title"] == f"after {kept['version'] - 1}"
        assert kept["note"]["rationale"] == document["rationale"]
