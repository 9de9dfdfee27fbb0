"""What the OpenAPI document says of errors."""

from typing import Any

from glabella.app.api.answers import ErrorAnswer
from glabella.app.api.errors import CODES, error_body


def errors(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The error responses of a route, with an example of each code; those of the guard come with every route."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, said = CODES[code]
        entry = found.setdefault(status, {"model": ErrorAnswer, "description": said, "content": {"application/json": {"examples": {}}}})
        if said not in entry["description"]:
            entry["description"] += f"; or {said}"
        entry["content"]["application/json"]["examples"][code] = {"value": error_body(code, said)}
    return found


BODY = ("malformed", "too_large", "unsupported_media_type", "input")  # what any body may meet
EVERYWHERE = ("foreign_origin", "wrong_host", "storage")
