"""One shape for every error body: {"error": {"code", "message", "where"}}. Codes are stable; messages are for people."""

from typing import Any

from glabella.errors import GlabellaError, InputError, RefusedError

CODES = {
    "malformed": (400, "the body is no JSON, nests too deep or holds NaN, Infinity or text that is no text"),
    "refused": (403, "a label rule forbids it for this person and purpose"),
    "foreign_origin": (403, "the request comes from a page of another site"),
    "not_found": (404, "there is no such address, note, version, pattern, job or record"),
    "method_not_allowed": (405, "the address has no such method"),
    "conflict": (409, "the note was saved elsewhere in between"),
    "too_large": (413, "the body is too large"),
    "unsupported_media_type": (415, "the body is not application/json"),
    "wrong_host": (421, "the Host is not this app's own"),
    "input": (422, "a value, name or document cannot be used"),
    "infeasible": (422, "no dose within the limits reaches the goal; told as the error of a job"),
    "busy": (429, "the queue of heavy work is full"),
    "internal": (500, "a defect of the app"),
    "storage": (503, "the file of notes cannot be read or written"),
}
LONGEST = 1000


def error_body(code: str, message: str, where: str | None = None) -> dict[str, Any]:
    """The body of an error: one line of message, and where in the input it is, if that is known."""
    line = " ".join(message.split())
    return {"error": {"code": code, "message": line if len(line) <= LONGEST else line[:LONGEST] + " ...", "where": where}}


def code_of(error: BaseException) -> str:
    """The code of an error that the app raises on purpose; 'internal' for any other."""
    from glabella.app.heavy import BusyError
    from glabella.app.store import ConflictError, NotFoundError, StoreError

    known: tuple[tuple[type[GlabellaError], str], ...] = (
        (RefusedError, "refused"), (NotFoundError, "not_found"), (ConflictError, "conflict"), (BusyError, "busy"),
        (StoreError, "storage"), (InputError, "input"),
    )  # fmt: skip
    if type(error).__name__ == "InfeasibleError":  # its module is slow to import, and only planning has it
        return "infeasible"
    return next((code for kind, code in known if isinstance(error, kind)), "internal")


def body_of(error: BaseException) -> dict[str, Any]:
    """The body for an error that the app raises on purpose; of any other it says no more than that there was one."""
    code = code_of(error)
    if code == "internal":
        return error_body(code, f"{type(error).__name__}: a defect of the app; its terminal says more")
    message = str(error)
    where, colon, _ = message.partition(":")
    return error_body(code, message, where.strip() if colon and code in ("input", "infeasible") and len(where) < 200 else None)
