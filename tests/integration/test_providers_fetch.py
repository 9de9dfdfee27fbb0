"""Practitioners: public files are fetched only when told to, go on after a break, and are what they were."""

import hashlib
import io
import json
import random
import re
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.errors import InputError
from glabella.providers import fetch as room
from glabella.providers.fetch import PUBLIC, FetchError, Public, ask_offers, check_fetched, fetch, find_public, read_list

PAGE = """<a href='./NPPES_Data_Dissemination_August_2026_V2.zip'>a</a> <a href='./NPPES_Data_Dissemination_September_2026_V2.zip'>b</a>
<a href='./NPPES_Data_Dissemination_December_2025_V2.zip'>c</a> <a href='./NPPES_Data_Dissemination_091426_092026_Weekly_V2.zip'>d</a>
<a href='./NPPES_Data_Dissemination_090726_091326_Weekly_V2.zip'>e</a>"""
NEWEST = "NPPES_Data_Dissemination_September_2026_V2.zip"


def archive():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as files:
        files.writestr(zipfile.ZipInfo("npidata.csv"), "invented\n" * 200_000)
    return held.getvalue()


def random_archive(size):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as files:
        files.writestr(zipfile.ZipInfo("npidata.csv"), random.Random(1).randbytes(size))
    return held.getvalue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(False)

    def do_GET(self):
        self._answer(True)

    def _answer(self, body):
        server = self.server
        content = server.files.get(self.path)
        server.asked.append((self.command, self.path, self.headers.get("Range")))
        if self.command == "GET" and server.statuses and not self.path.startswith("/page"):
            self.send_error(server.statuses.pop(0))
            return
        if content is None:
            self.send_error(404)
            return
        tag, start = f'"{server.version}"', 0
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if found and self.headers.get("If-Range") == tag:
            start = int(found[1])
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", "Wed, 02 Sep 2026 06:00:00 GMT")
        if body or server.says_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if body:
            end = start + server.breaks.pop(0) if server.breaks and self.path != "/page" else len(content)
            self.wfile.write(content[start:end])
            if end < len(content):
                self.close_connection = True

    def log_message(self, *message):
        pass


@contextmanager
def serving(files):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.files, server.asked, server.breaks, server.version, server.statuses, server.says_length = files, [], [], "one", [], True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(room, "PAUSE_SECONDS", 0.01)


@pytest.fixture
def site():
    with serving({"/page": PAGE.encode(), f"/{NEWEST}": archive(), "/UPDATED.csv": b"LASTNAME\n"}) as (server, address):
        national = Public("national", "National", f"{address}/page", PUBLIC[0].pattern, 1)
        yield server, (national, Public("exclusions", "Exclusions", f"{address}/UPDATED.csv", "", 1))


def test_the_newest_link_is_taken_by_its_name_and_nothing_is_fetched_to_know_it(site, tmp_path):
    server, public = site
    offers = ask_offers(find_public((), public))
    assert [offer.address.rsplit("/", 1)[1] for offer in offers] == [NEWEST, "UPDATED.csv"]
    assert offers[0].size == len(server.files[f"/{NEWEST}"])
    assert [asked[:2] for asked in server.asked] == [("GET", "/page"), ("HEAD", f"/{NEWEST}"), ("HEAD", "/UPDATED.csv")]
    week = re.findall(PUBLIC[1].pattern, PAGE)
    assert room._newest(week).endswith("091426_092026_Weekly_V2.zip")


def test_a_broken_connection_goes_on_where_it_ended(site, tmp_path):
    server, public = site
    server.breaks = [700_000, 300_000]
    content = server.files[f"/{NEWEST}"]
    (done,) = fetch(ask_offers(public[:1]), tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == content
    assert done.sha256 == hashlib.sha256(content).hexdigest()
    assert [asked[2] for asked in server.asked if asked[0] == "GET" and asked[1] != "/page"] == [None, "bytes=700000-", "bytes=1000000-"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [NEWEST, "fetched.json"]


def test_a_part_of_another_version_is_thrown_away(site, tmp_path):
    server, public = site
    server.breaks = [500_000] * 3 + [0] * room.TRIES
    server.files[f"/{NEWEST}"] = archive() * 4
    with pytest.raises(FetchError, match="the same command continues"):
        fetch(ask_offers(public[:1]), tmp_path)
    assert (tmp_path / f"{NEWEST}.part").stat().st_size == 1_500_000
    server.breaks, server.version, server.files[f"/{NEWEST}"] = [], "two", archive()
    fetch(ask_offers(public[:1]), tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == archive()


def test_what_is_there_and_unchanged_is_not_fetched_again(site, tmp_path):
    server, public = site
    fetch(ask_offers(public), tmp_path)
    before = len(server.asked)
    fetch(ask_offers(public), tmp_path)
    assert [asked for asked in server.asked[before:] if asked[0] == "GET" and asked[1] != "/page"] == []
    assert check_fetched(tmp_path) == []
    (tmp_path / "UPDATED.csv").write_bytes(b"changed!\n")
    assert check_fetched(tmp_path) == ["UPDATED.csv"]
    assert set(read_list(tmp_path)) == {NEWEST, "UPDATED.csv"}


def test_what_was_damaged_since_is_fetched_again(site, tmp_path):
    _, public = site
    (done,) = fetch(ask_offers(public[:1]), tmp_path)
    path = tmp_path / NEWEST
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # one bit, the same size
    path.write_bytes(content)
    assert check_fetched(tmp_path) == [NEWEST]
    fetch(ask_offers(public[:1]), tmp_path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == done.sha256


def test_a_bad_moment_of_the_server_is_outlived_and_a_bad_day_is_said(site, tmp_path):
    server, public = site
    offers = ask_offers(public[:1])
    server.statuses = [503, 429, 500]
    fetch(offers, tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == archive()
    server.statuses = [503] * 10
    with pytest.raises(FetchError, match="status 503"):
        fetch(offers, tmp_path / "other")
    server.statuses = [404]
    with pytest.raises(FetchError, match="refuses with status 404"):
        fetch(offers, tmp_path / "third")


def test_a_part_that_is_too_long_is_thrown_away(site, tmp_path):
    server, public = site
    offers = ask_offers(public[:1])
    server.breaks = [100] + [0] * room.TRIES
    with pytest.raises(FetchError):
        fetch(offers, tmp_path)
    with (tmp_path / f"{NEWEST}.part").open("ab") as part:
        part.write(bytes(3_000_000))
    fetch(offers, tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == archive()


def test_the_file_has_the_day_of_the_publisher(site, tmp_path):
    _, public = site
    fetch(ask_offers(public[1:]), tmp_path)
    day = datetime.fromtimestamp((tmp_path / "UPDATED.csv").stat().st_mtime, UTC).date()
    assert day.isoformat() == "2026-09-02"


def test_the_size_is_said_first_also_where_the_server_does_not(site, tmp_path, monkeypatch):
    server, public = site
    server.says_length = False
    (offer,) = ask_offers([replace(public[1], usual_mb=16)])
    assert offer.size is None
    assert offer.told_size == "about 16.0 MB (the server does not say)"
    fetch([offer], tmp_path)
    assert (tmp_path / "UPDATED.csv").read_bytes() == b"LASTNAME\n"
    asked = len(server.asked)
    with pytest.raises(FetchError, match="make room"):
        fetch([replace(offer, usual_mb=1e12)], tmp_path / "full")
    assert len(server.asked) == asked


def test_a_catalogue_tells_where_the_newest_table_is(site):
    server, public = site
    address = public[1].address.removesuffix("/UPDATED.csv")
    tables = [
        {"mediaType": "text/csv", "modified": f"2026-0{month}-01", "downloadURL": f"{address}/{name}"}
        for month, name in ((8, "old.csv"), (9, "UPDATED.csv"), (7, "older.csv"))
    ]
    found = {"dataset": [{"title": "Another", "distribution": [{"mediaType": "text/csv", "downloadURL": "x"}]},
                         {"title": "Opt Out Affidavits", "distribution": [*tables, {"format": "API"}]}]}  # fmt: skip
    server.files["/page.json"] = json.dumps(found).encode()
    listed = Public("opt_outs", "Opt-outs", f"{address}/page.json", "", 6, "Opt Out Affidavits")
    assert [offer.address for offer in ask_offers([listed])] == [f"{address}/UPDATED.csv"]
    for broken in (b"{}", b"<html>", b'{"dataset": [{"title": "Opt Out Affidavits"}]}'):
        server.files["/page.json"] = broken
        with pytest.raises(FetchError, match="no link"):
            ask_offers([listed])


def test_counts_are_found_with_and_without_the_old_beginning_of_their_name():
    page = "a/MUP_PHY_R25_P05_V20_D23_Prov_Svc.csv a/PHY_R26_P05_V10_D24_Prov_Svc.csv a/MUP_PHY_R26_P05_V20_D23_Prov_Svc.csv"
    claims = next(one for one in PUBLIC if one.name == "claims")
    assert room._newest(re.findall(r"\S*" + claims.pattern, page)) == "a/PHY_R26_P05_V10_D24_Prov_Svc.csv"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX")
def test_a_full_disk_while_fetching_is_said_and_the_part_stays(site, tmp_path):
    """The system's own refusal to write on, at a limit on the size of files; with room again it goes on from the part."""
    server, public = site
    server.files[f"/{NEWEST}"] = content = random_archive(3_000_000)
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000));"
        "from pathlib import Path; from glabella.providers import fetch as room; from glabella.providers.fetch import *;"
        "fetch(ask_offers([Public('national', 'National', sys.argv[1], PUBLIC[0].pattern, 1)]), Path(sys.argv[2]))"
    )
    run = subprocess.run([sys.executable, "-c", code, public[0].address, str(tmp_path)], capture_output=True, text=True)
    assert "FetchError" in run.stderr
    assert "make room, the same command goes on" in run.stderr.splitlines()[-1]
    assert (tmp_path / f"{NEWEST}.part").stat().st_size == 1_500_000
    fetch(ask_offers(public[:1]), tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == content
    assert server.asked[-1][2] == "bytes=1500000-"


def test_what_is_no_archive_is_not_kept(site, tmp_path):
    server, public = site
    server.files[f"/{NEWEST}"] = b"<html>sorry</html>"
    with pytest.raises(FetchError, match="no archive"):
        fetch(ask_offers(public[:1]), tmp_path)
    assert not (tmp_path / NEWEST).exists()


def test_errors_are_said(site, tmp_path):
    server, public = site
    server.files["/page"] = b"nothing here"
    with pytest.raises(FetchError, match="no link"):
        ask_offers(public)
    del server.files["/UPDATED.csv"]
    with pytest.raises(FetchError, match="status 404"):
        ask_offers(public[1:])
    with pytest.raises(InputError, match="national"):
        find_public(("nationl",))


def test_nothing_is_fetched_without_being_asked(site, tmp_path, monkeypatch):
    _, public = site
    monkeypatch.setattr(room, "find_public", lambda names: list(public))
    found = CliRunner().invoke(main, ["providers", "fetch", "--to", str(tmp_path / "to")])
    assert found.exit_code == 2
    assert "MB" in found.output
    assert "--yes" in found.output
    assert not (tmp_path / "to").exists()
    assert CliRunner().invoke(main, ["providers", "fetch", "--yes", "--to", str(tmp_path / "to")]).exit_code == 0
    assert (tmp_path / "to" / NEWEST).exists()
