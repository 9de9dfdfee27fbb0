"""What every request passes: only this computer's own pages may speak to the app, and nothing oversized or malformed gets further.

A loopback address alone protects little: any web page can send requests to it, and a name that resolves to it (rebinding) makes such a
page same-origin. So the Host must be one of ours, the Origin the same, and what browsers say about where a request comes from must fit.
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from glabella.app.api.errors import error_body
from glabella.app.photos import MOST_BYTES as MOST_PHOTO_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 256 * 1024
PHOTO_PATHS = ("/view/photos/", "/api/v1/photo/fit")  # what is sent there is one picture, larger than any form
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/tiff", "image/bmp", "application/octet-stream")
DEEPEST = 32
SAFE = ("GET", "HEAD", "OPTIONS")
NEIGHBOURS = ("same-origin", "none")  # what Sec-Fetch-Site says of our own pages and of an address typed in
API = ("/api", "/openapi.json")
_SCRIPT = re.compile(rb"<script(?=[\s>])")
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)  # possessive, or quotes that never end would take minutes
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), display-capture=()",
}


class Refused(Exception):
    """A request that goes no further: status, code and one line."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def belongs_to_api(path: str) -> bool:
    """Whether a path is answered with JSON (or data) and not with a page."""
    return any(path == start or path.startswith(f"{start}/") for start in API)


def check_nesting(text: str) -> None:
    """Refuse JSON that nests deeper than ``DEEPEST``, before any parser recurses into it."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise Refused(400, "malformed", f"JSON: nested deeper than {DEEPEST} levels; send a flatter document")
        elif found[0] in "]}":
            depth -= 1


def read_json(body: bytes | str) -> Any:
    """The value of JSON that is neither deep nor holds NaN, Infinity or text that is no text. Errors: Refused."""
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        check_nesting(text)
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")  # 1e999 is infinite, "\ud800" cannot be written
    except UnicodeError:
        raise Refused(400, "malformed", "JSON: not UTF-8 text; send UTF-8 without lone surrogates") from None
    except ValueError as error:  # a JSONDecodeError among them
        raise Refused(400, "malformed", f"JSON: {error}; send a JSON document with finite numbers") from None
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def content_policy(host: str, nonce: str | None) -> str:
    """The content security policy of one response; ``nonce`` lets the scripts run that the server itself wrote into a page.

    'unsafe-eval': NiceGUI compiles its templates and event handlers in the browser, and shows nothing without. 'unsafe-inline' for
    styles alone: Quasar and NiceGUI add them as they run. A script or handler that gets into a page in any other way does not run.
    """
    script = f"'self' 'nonce-{nonce}' 'unsafe-eval'" if nonce else "'none'"
    return (
        f"default-src 'self'; script-src {script}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
        f"connect-src 'self' ws://{host}; worker-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


class Guard:
    """ASGI middleware around everything. ``port``: the one that is served."""

    def __init__(self, app: App, port: int) -> None:
        self.app = app  # NiceGUI looks for the server that runs its app through this name
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = frozenset((*(f"{name}:{port}" for name in names), *(names if port == 80 else ())))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on, with the answer's headers set."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            host = self._check_source(scope)
        except Refused as error:
            await _refuse(scope, receive, send, error, "localhost")
            return
        # what a proxy would say about itself is nothing that a page on this computer may say: NiceGUI writes it into its pages
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not name.startswith(b"x-forwarded")]
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, host, belongs_to_api(scope["path"]))
        try:
            inner = await self._checked_body(scope, receive)
            await self.app(scope, inner, answer)
        except Refused as error:
            if not answer.started:
                await _refuse(scope, receive, send, error, host)

    def _check_source(self, scope: Scope) -> str:
        """The Host, if it is ours and the request comes from our own pages, from an address typed in or from a program."""
        hosts = _values(scope, b"host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if host not in self.hosts:
            raise Refused(421, "wrong_host", "host: this app answers on its loopback address only; open it at 127.0.0.1")
        origins = _values(scope, b"origin")
        if any(origin.lower() != f"http://{host}" for origin in origins):
            raise Refused(403, "foreign_origin", "origin: a page of another site must not use this app; use the app's own pages")
        site = "".join(_values(scope, b"sec-fetch-site"))
        if site and site not in NEIGHBOURS and not _is_link(scope):
            raise Refused(403, "foreign_origin", "sec-fetch-site: another site must not use this app; use the app's own pages")
        return host

    async def _checked_body(self, scope: Scope, receive: Receive) -> Receive:
        """The body, if it is small enough; that of the API also if it is JSON."""
        length = "".join(_values(scope, b"content-length"))
        photo = scope["method"] == "POST" and scope["path"].startswith(PHOTO_PATHS)
        most = MOST_PHOTO_BYTES if photo else MOST_BYTES
        if length and (not length.isascii() or not length.isdigit() or int(length[:20]) > most):
            raise _too_large(most)
        if scope["method"] in SAFE:
            return receive
        kind = "".join(_values(scope, b"content-type")).partition(";")[0].strip().lower()
        if photo:  # its route counts what comes in
            if kind not in PICTURES:
                raise Refused(415, "unsupported_media_type", f"content-type: must be one of {', '.join(PICTURES)}")
            return receive
        if not belongs_to_api(scope["path"]):
            return _counted(receive)
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _replayed([message], receive)
            body += message.get("body", b"")
            if len(body) > MOST_BYTES:
                raise _too_large()
            if not message.get("more_body"):
                break
        if body:
            if kind != "application/json":
                raise Refused(415, "unsupported_media_type", "content-type: must be application/json")
            read_json(body)
        return _replayed([{"type": "http.request", "body": body, "more_body": False}], receive)


class _Answer:
    """Sets the headers of an answer; gives the scripts of a page the nonce of its policy, for which the page is held back whole."""

    def __init__(self, send: Send, host: str, api: bool) -> None:
        self.send, self.host, self.api = send, host, api
        self.started = False
        self.held: Message | None = None
        self.page = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            kind = next((value for name, value in message["headers"] if name.lower() == b"content-type"), b"")
            if kind.startswith(b"text/html"):
                self.held = message
                return
            await self.send({**message, "headers": _with_policy(message["headers"], self.host, None, self.api)})
        elif message["type"] == "http.response.body" and self.held is not None:
            self.page += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self.held)
        else:
            await self.send(message)

    async def _send_page(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(16)
        page = _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), self.page)
        headers = _with_policy(start["headers"], self.host, nonce, self.api)
        held = any(name.lower() == b"content-length" for name, _ in headers)
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        if held and (self.page or start["status"] not in (204, 304)):
            headers.append((b"content-length", str(len(page)).encode()))
        await self.send({**start, "headers": headers})
        await self.send({"type": "http.response.body", "body": page})


def _with_policy(headers: Any, host: str, nonce: str | None, api: bool) -> list[tuple[bytes, bytes]]:
    ours = HEADERS | {"content-security-policy": content_policy(host, nonce)}
    found = [(bytes(name), bytes(value)) for name, value in headers if name.lower().decode("latin-1") not in ours]
    if api and not any(name.lower() == b"cache-control" for name, _ in found):
        ours |= {"cache-control": "no-store"}  # it is about a person
    return [*found, *((name.encode(), value.encode()) for name, value in ours.items())]


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def _is_link(scope: Scope) -> bool:
    """A link on another site that was followed: it may open a page, and cannot read it."""
    said = {name: "".join(_values(scope, f"sec-fetch-{name}".encode())) for name in ("mode", "dest")}
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and said == {"mode": "navigate", "dest": "document"}


def _too_large(most: int = MOST_BYTES) -> Refused:
    return Refused(413, "too_large", f"body: larger than {most // 1024} kB; send less")


def _counted(receive: Receive) -> Receive:
    taken = 0

    async def inner() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise _too_large()
        return message

    return inner


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    async def inner() -> Message:
        return messages.pop(0) if messages else await receive()

    return inner


async def _refuse(scope: Scope, receive: Receive, send: Send, error: Refused, host: str) -> None:
    if scope["type"] == "websocket":
        await receive()  # the connection that is asked for
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps(error_body(error.code, str(error))).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if error.status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send({"type": "http.response.start", "status": error.status, "headers": _with_policy(headers, host, None, True)})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})
