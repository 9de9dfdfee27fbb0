"""The server: pages and REST on one port of the loopback address, and only there."""

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glabella.errors import InputError
from glabella.files import data_folder

__all__ = ["build_app", "check_host", "check_installed", "data_folder", "open_socket", "serve"]
TITLE = "glabella"
FIRST_PORT, PORTS = 8017, 20  # without --port the first free one of these
RECONNECT_SECONDS = 60.0  # a page whose browser was busy for long must not reload and lose what it shows
GOODBYE_SECONDS = 2
LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1", "[::1]": "::1"}
INSTALL = "pip install \"glabella[app]\""
ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><circle cx='16' cy='16' r='15' fill='#1b5e9b'/>"
    "<path d='M13 8v11M19 8v11' stroke='#fff' stroke-width='2.5' stroke-linecap='round'/></svg>"
)


def check_host(host: str) -> str:
    """The loopback address to serve on. Errors: InputError for any other address."""
    if host not in LOOPBACK:
        raise InputError(
            f"--host {host}: the app serves this computer only, on 127.0.0.1; other addresses need accounts, which it does not have yet; "
            "leave --host out"
        )
    return LOOPBACK[host]


def check_installed() -> None:
    """Errors: InputError where the extra is not installed."""
    try:
        import fastapi  # noqa: F401
        import nicegui  # noqa: F401
    except ImportError as error:
        raise InputError(f"the app needs the package {error.name or 'nicegui'}; install it with: {INSTALL}") from None


def open_socket(host: str, port: int | None) -> socket.socket:
    """A listening socket; ``port`` None: the first free one of ours, 0: any. Errors: InputError where the port is taken."""
    tried = range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else (port,)
    for one in tried:
        found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # else another program could share the port
            else:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, one))
            found.listen(128)
            return found
        except OSError as error:
            found.close()
            if error.errno == errno.EADDRINUSE:
                continue
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"--port {one}: cannot be opened ({reason}); give another with --port") from None
    if port is None:
        raise InputError(f"ports {FIRST_PORT} to {FIRST_PORT + PORTS - 1} are all in use; give a free one with --port")
    raise InputError(f"--port {port}: in use by another program; close that, give another, or leave --port out for the next free one")


def build_app(data: Path, host: str = "127.0.0.1", port: int = FIRST_PORT) -> tuple[Any, Any]:
    """The whole application behind its guard, and the services in it. Once per process: NiceGUI has one application.

    Errors: StoreError where the file of notes in ``data`` cannot be used.
    """
    from glabella.app.heavy import Heavy
    from glabella.app.photos import Photos
    from glabella.app.services import Services, Settings
    from glabella.app.store import FILE, Store

    settings = Settings(data, host, port)
    store = Store(data / FILE)  # before all that is slow: what is wrong with it is said at once
    os.environ["NICEGUI_STORAGE_PATH"] = str(data / "nicegui")  # never in the folder that the app was started from
    os.environ.pop("NICEGUI_REDIS_URL", None)

    from fastapi import FastAPI
    from nicegui import ui

    from glabella.app.api.rest import build_rest
    from glabella.app.guard import Guard
    from glabella.app.pages import register
    from glabella.app.workbench import Workbench

    services = Services(Workbench(), store, settings, Heavy(), Photos(data))
    rest = build_rest(services)
    register(services)
    shell = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        shell, title=TITLE, favicon=ICON, dark=None, language="en-US", reconnect_timeout=RECONNECT_SECONDS, show_welcome_message=False,
        storage_secret=None, tailwind=False, gzip_middleware_factory=None,
    )  # fmt: skip
    return Guard(_Split(shell, rest), port), services


class _Split:
    """REST has an application of its own, so that its errors, 404 and 405 among them, are never a page."""

    def __init__(self, shell: Any, rest: Any) -> None:
        self.app, self.rest = shell, rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        to_rest = scope["type"] == "http" and (path in ("/api", "/openapi.json") or path.startswith("/api/"))
        await (self.rest if to_rest else self.app)(scope, receive, send)


def serve(
    data: Path, host: str = "127.0.0.1", port: int | None = None, browser: bool = True, tell: Callable[[str], None] = print
) -> None:
    """Serve until interrupted. ``tell`` gets the lines for the terminal; the address is told once the server answers."""
    import uvicorn

    listening = open_socket(host, port)
    try:
        number = listening.getsockname()[1]
        if port is None and number != FIRST_PORT:
            tell(f"port {FIRST_PORT} is in use; taking {number}")
        app, services = build_app(data, host, number)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, ws="wsproto", lifespan="on",
            timeout_graceful_shutdown=GOODBYE_SECONDS, ws_max_size=2**20,
        )  # fmt: skip
        server = uvicorn.Server(config)
        threading.Thread(target=_tell_when_ready, args=(server, services, browser, tell), daemon=True).start()
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            pass
        finally:
            services.heavy.stop()
            services.store.close()
    finally:
        listening.close()
    tell("stopped; everything that was saved is kept")


def _tell_when_ready(server: Any, services: Any, browser: bool, tell: Callable[[str], None]) -> None:
    import time

    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    address = services.settings.address
    tell(f"glabella is at {address}  (notes in {services.store.path}; Ctrl-C ends)")
    if browser:
        webbrowser.open(address)
