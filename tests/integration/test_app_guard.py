"""What the app refuses: other addresses, other sites' pages, rebinding, oversized and malformed bodies; and how it starts and ends."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.app_server import app_server

from glabella.app.api.bodies import PLAN
from glabella.cli import main

WEBSOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
CHECK = "/api/v1/check"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with app_server(tmp_path_factory.mktemp("data")) as running:
        yield running


def raw(server, head, body=b""):
    """Status line and headers of a request that is written by hand."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(head.replace("PORT", str(server.port)).replace("\n", "\r\n").encode() + b"\r\n" + body)
        got = b""
        while b"\r\n\r\n" not in got and (part := line.recv(65536)):
            got += part
    return got.decode("latin-1")


def status(answer):
    return int(answer.split()[1])


# --- where it listens -------------------------------------------------------------------------------------------------------


def test_it_listens_on_the_loopback_address_alone(server):
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs /proc")
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == server.port]
    assert [address.partition(":")[0] for address in listening] == ["0100007F"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "", "127.0.0.1.example.org"])
def test_any_other_address_is_refused_in_one_line(host):
    result = CliRunner().invoke(main, ["app", "--host", host])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "serves this computer only" in line
    assert "accounts" in line


def test_a_busy_port_is_said_with_what_to_do(server, tmp_path):
    result = CliRunner().invoke(main, ["app", "--no-browser", "--data", str(tmp_path), "--port", str(server.port)])
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: --port {server.port}: in use by another program; close that, give another, or leave --port out for the next free one\n"
    )


def test_without_a_port_the_next_free_one_is_taken_and_said():
    from glabella.app.server import FIRST_PORT, open_socket

    first = open_socket("127.0.0.1", None)
    second = open_socket("127.0.0.1", None)
    assert FIRST_PORT <= first.getsockname()[1] < second.getsockname()[1]
    first.close()
    second.close()


def test_without_the_extra_one_line_says_what_to_install():
    code = "import sys; sys.modules['nicegui'] = None; from glabella.cli import main; main(['app'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: the app needs the package nicegui; install it with: pip install \"glabella[app]\"\n"


def test_a_damaged_file_of_notes_is_one_line(tmp_path):
    (tmp_path / "notes.sqlite").write_text("not a database")
    command = [sys.executable, "-m", "glabella.cli", "app", "--no-browser", "--port", "0", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "notes.sqlite") in line
    assert (tmp_path / "notes.sqlite").read_text() == "not a database"


def test_ctrl_c_ends_cleanly_and_quickly(tmp_path):
    with app_server(tmp_path / "data") as running:
        assert running.ask("POST", "/api/v1/notes", {}).status == 201
        assert running.stop(10) == 0
        assert running.lines[-1] == "stopped; everything that was saved is kept"
        assert running.errors == []
        assert {path.name for path in (tmp_path / "data").iterdir()} == {"notes.sqlite"}


def test_ctrl_c_does_not_wait_for_a_computation(tmp_path):
    with app_server(tmp_path) as running:
        asked = {"plan": PLAN, "days": 700, "samples": 200}
        line = http.client.HTTPConnection("127.0.0.1", running.port)
        line.request("POST", "/api/v1/simulate", json.dumps(asked), {"Content-Type": "application/json"})
        job = running.ask("POST", "/api/v1/plan", {"goal": {"area": "glabellar"}}).json()["id"]
        until = time.monotonic() + 30
        while running.ask("GET", f"/api/v1/jobs/{job}").json()["state"] == "waiting" and time.monotonic() < until:
            time.sleep(0.05)
        assert running.stop(15) == 0
        line.close()


# --- who may ask ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT"])
def test_our_own_hosts_are_answered(server, host):
    assert status(raw(server, f"GET /api/v1/products HTTP/1.1\nHost: {host}\nConnection: close\n")) == 200


FOREIGN_HOSTS = {
    "another name": "Host: evil.example:PORT\n",
    "a name that begins like ours": "Host: 127.0.0.1.evil.example:PORT\n",
    "a name that ends like ours": "Host: evil.localhost:PORT\n",
    "without port": "Host: 127.0.0.1\n",
    "another port": "Host: 127.0.0.1:1\n",
    "another loopback address": "Host: 127.0.0.2:PORT\n",
    "any address": "Host: 0.0.0.0:PORT\n",
    "with a user": "Host: 127.0.0.1:PORT@evil.example\n",
    "two": "Host: 127.0.0.1:PORT\nHost: evil.example\n",
    "empty": "Host: \n",
}


@pytest.mark.parametrize("line", FOREIGN_HOSTS.values(), ids=FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/", "/api/v1/notes", WEBSOCKET.replace("websocket", "polling")])
def test_a_rebound_name_is_refused(server, line, path):
    assert status(raw(server, f"GET {path} HTTP/1.1\n{line}Connection: close\n")) in (400, 421)  # 400: the HTTP parser was faster


def test_a_request_without_host_is_refused(server):
    assert status(raw(server, "GET /api/v1/notes HTTP/1.0\n")) == 421


FOREIGN_ORIGINS = ["http://evil.example", "null", "https://127.0.0.1:PORT", "http://localhost:PORT", "http://127.0.0.1:1", "http://127.0.0.1"]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_origin_is_refused(server, origin):
    origin = origin.replace("PORT", str(server.port))
    for method, path, body in (("GET", "/api/v1/notes", None), ("POST", "/api/v1/notes", {}), ("DELETE", "/api/v1/notes/x", None)):
        answer = server.ask(method, path, body, {"Origin": origin})
        assert (answer.status, answer.code) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in answer.headers
    assert server.ask("POST", WEBSOCKET.replace("websocket", "polling"), b"40", {"Origin": origin}).status == 403
    assert server.ask("OPTIONS", "/api/v1/notes", None, {"Origin": origin, "Access-Control-Request-Method": "PUT"}).status == 403


def test_our_own_origin_may_change_things(server):
    headers = {"Origin": server.address, "Sec-Fetch-Site": "same-origin"}
    assert server.ask("POST", "/api/v1/notes", {}, headers).status == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_browsers_say_about_another_site_is_heard(server, site):
    for mode, dest in (("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "image")):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        assert server.ask("GET", "/api/v1/notes", None, headers).status == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert server.ask("POST", "/api/v1/notes", {}, link).status == 403  # a form on another site
    assert server.ask("GET", "/api", None, link).status == 200  # a link that somebody follows


SOCKET = (
    f"GET {WEBSOCKET} HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
)


def test_the_websocket_has_the_same_door(server):
    ours, host = "Origin: http://127.0.0.1:PORT\n", "Host: 127.0.0.1:PORT\n"
    assert status(raw(server, SOCKET + host + ours)) == 101
    assert status(raw(server, SOCKET + host)) == 101  # a program
    assert status(raw(server, SOCKET + host + "Origin: http://evil.example\n")) == 403
    assert status(raw(server, SOCKET + host + "Origin: null\n")) == 403
    assert status(raw(server, SOCKET + host + ours + "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: websocket\n")) == 403
    assert status(raw(server, SOCKET + "Host: evil.example:PORT\nOrigin: http://evil.example:PORT\n")) == 403


def test_a_page_does_not_repeat_what_a_proxy_header_says(server):
    page = server.ask("GET", "/", None, {"X-Forwarded-Prefix": "/evil-prefix", "X-Forwarded-Host": "evil.example"}).body
    assert b"evil" not in page


# --- headers ----------------------------------------------------------------------------------------------------------------

ANSWERS = {
    "page": ("GET", "/"), "no page": ("GET", "/no/such/page"), "the list of routes": ("GET", "/api"), "json": ("GET", "/api/v1/products"),
    "api 404": ("GET", "/api/v1/nothing"), "api 405": ("PATCH", "/api/v1/notes"), "api 422": ("GET", "/api/v1/notes?limit=x"),
    "head": ("HEAD", "/api/v1/nothing"),
}  # fmt: skip


def check_headers(server, headers):
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == "'self'"
    assert policy["connect-src"] == f"'self' ws://127.0.0.1:{server.port}"
    assert policy["img-src"] == "'self' data: blob:"
    assert "unsafe-inline" not in policy["script-src"]
    assert not re.search(r"https?:|\*", headers["content-security-policy"])
    return policy


@pytest.mark.parametrize("asked", ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_the_headers(server, asked):
    answer = server.ask(*asked)
    policy = check_headers(server, answer.headers)
    if not answer.headers["content-type"].startswith("text/html"):
        assert policy["script-src"] == "'none'"
        assert answer.headers["cache-control"] == "no-store"


def test_refusals_have_the_headers_too(server):
    check_headers(server, server.ask("POST", "/api/v1/notes", "[" * 100, {}).headers)
    check_headers(server, server.ask("POST", "/api/v1/notes", b"x" * 300_000, {}).headers)


def test_files_of_a_page_have_the_headers(server):
    page = server.ask("GET", "/").body.decode()
    file = re.search(r'src="(/_nicegui/[^"]+\.js)"', page)[1]
    answer = server.ask("GET", file)
    assert answer.status == 200
    check_headers(server, answer.headers)


def test_only_the_scripts_of_the_page_itself_may_run(server):
    nonces = []
    for _ in range(2):
        answer = server.ask("GET", "/")
        (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        page = answer.body.decode()
        assert page.count("<script") == page.count(f'<script nonce="{nonce}"') > 3
        assert len(answer.body) == int(answer.headers["content-length"])
        nonces.append(nonce)
    assert nonces[0] != nonces[1]


def test_nothing_in_a_page_points_outside(server):
    for path in ("/", "/api"):
        page = server.ask("GET", path).body.decode()
        assert not re.findall(r'(?:src|href|url)\s*[=(:]\s*["\']?(?:https?:)?//', page)


# --- bodies -----------------------------------------------------------------------------------------------------------------

DEEP = 40
MALFORMED = {
    "nothing like JSON": ("{", 400, "malformed"),
    "deep lists": ('{"plan": ' + "[" * DEEP + "]" * DEEP + "}", 400, "malformed"),
    "deep tables": ('{"a":' * DEEP + "1" + "}" * DEEP, 400, "malformed"),
    "very deep": ("[" * 200_000, 400, "malformed"),
    "very deep and closed": ("[" * 100_000 + "]" * 100_000, 400, "malformed"),
    "NaN": ('{"units": NaN}', 400, "malformed"),
    "Infinity": ('{"units": -Infinity}', 400, "malformed"),
    "too large for a float": ('{"units": 1e999}', 400, "malformed"),
    "a number of 5000 digits": ('{"units": ' + "9" * 5000 + "}", 400, "malformed"),
    "half a character": ('{"title": "\\ud800"}', 400, "malformed"),
    "not UTF-8": (b'{"title": "\xff\xfe"}', 400, "malformed"),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), 400, "malformed"),
    "quotes that never end": ('"\\' * 130_000, 400, "malformed"),
    "one quote that never ends": ('"' + "\\" * 260_000, 400, "malformed"),
    "a list": ("[]", 422, "input"),
    "a number": ("3", 422, "input"),
    "null": ("null", 422, "input"),
    "an empty table": ("{}", 422, "input"),
    "an unknown key": ('{"plan": {}, "nonsense": 1}', 422, "input"),
    "too large": ('{"plan": "' + "x" * 300_000 + '"}', 413, "too_large"),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_body_is_a_clear_refusal(server, case):
    body, expected, code = case
    answer = server.ask("POST", CHECK, body, timeout=5)
    assert (answer.status, answer.code) == (expected, code)


def test_brackets_in_text_are_no_nesting(server):
    note = {"title": "[[[[{{{{" * 10, "rationale": "\\\"[[[{" * 500}
    assert server.ask("POST", "/api/v1/notes", note).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/html"])
def test_another_content_type_is_refused(server, kind):
    answer = server.ask("POST", "/api/v1/notes", "{}", {"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_body_with_a_charset_is_taken(server):
    assert server.ask("POST", "/api/v1/notes", "{}", {"Content-Type": "application/json; charset=utf-8"}).status == 201


def test_a_large_body_is_refused_before_it_is_sent(server):
    for length in ("262145", "99999999999999999999999", "-5", "1e3"):
        head = f"POST {CHECK} HTTP/1.1\nHost: 127.0.0.1:PORT\nContent-Type: application/json\nContent-Length: {length}\n"
        assert status(raw(server, head)) in (400, 413)


def test_a_large_body_in_parts_is_refused(server):
    for path in (CHECK, WEBSOCKET.replace("websocket", "polling")):
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        try:
            line.request("POST", path, (b"x" * 10_000 for _ in range(60)), {"Content-Type": "application/json"}, encode_chunked=True)
            answered = line.getresponse().status
        except (BrokenPipeError, ConnectionResetError):  # it was cut off while sending
            answered = 413
        assert answered in (413, 400)
        line.close()
    assert server.ask("GET", "/api/v1/products").status == 200


def test_no_request_of_the_tests_met_a_defect(server):
    assert not [line for line in server.errors if "Traceback" in line or "Exception" in line]
