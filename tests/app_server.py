"""A real app server in a process of its own, on a free loopback port, with a data folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = re.compile(r"glabella is at (http://(\S+):(\d+)/)")
START_SECONDS = 60


@dataclass
class Answer:
    """Status, headers (lower case) and body of an HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of an error body."""
        error = self.json()["error"]
        assert set(error) == {"code", "message", "where"}
        assert "\n" not in error["message"]
        return error["code"]


class AppServer:
    """``start`` waits for the ready line; ``stop`` is Ctrl-C, ``kill`` is SIGKILL. ``restart`` takes the same port and folder."""

    def __init__(self, data: Path, *arguments: str, program: tuple[str, ...] = ("-m", "glabella.cli")) -> None:
        self.data, self.arguments, self.program = Path(data), arguments, program
        self.process: subprocess.Popen | None = None
        self.address, self.port, self.lines, self.errors = "", 0, [], []

    def start(self, port: int = 0) -> "AppServer":
        command = [sys.executable, *self.program, "app", "--no-browser", "--data", str(self.data), "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "NICEGUI_"))}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [*command, *self.arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        ready = threading.Event()
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=self._read, args=(stream, lines, ready), daemon=True).start()
        while not ready.wait(0.02):
            if self.process.poll() is not None or time.monotonic() - started > START_SECONDS:
                self.kill()
                raise RuntimeError(f"the app did not start: {self.lines} {self.errors}")
        self.start_seconds = time.monotonic() - started
        return self

    def _read(self, stream, lines, ready):
        for line in stream:
            lines.append(line.rstrip())
            found = READY.search(line)
            if found:
                self.address, self.port = found[1].rstrip("/"), int(found[3])
                ready.set()

    def stop(self, seconds: float = 15) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> "AppServer":
        """Kill, and start again at the same address."""
        self.kill()
        return self.start(self.port)

    @property
    def resident_mb(self) -> float:
        """Memory of the server (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    def ask(self, method: str, path: str, body=None, headers=None, timeout: float = 60) -> Answer:
        """One request. A body that is neither bytes nor text is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


@contextmanager
def app_server(data, *arguments):
    """A server for the length of a block."""
    server = AppServer(data, *arguments)
    try:
        yield server.start()
    finally:
        server.kill()
