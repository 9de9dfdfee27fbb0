"""Every error of the REST routes in the one shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from glabella.app.api.errors import CODES, body_of, code_of, error_body
from glabella.errors import GlabellaError

RETRY_SECONDS = "5"


def add_error_handlers(app: FastAPI) -> None:
    """Make ``app`` answer errors of its own, of FastAPI and of ours in the one shape."""
    app.add_exception_handler(GlabellaError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _ours)


def answer(code: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as a response."""
    extra = {"retry-after": RETRY_SECONDS} if code == "busy" else {}
    return JSONResponse(dict(body), CODES[code][0], {**extra, **(headers or {})})


async def _ours(request: Request, error: Exception) -> JSONResponse:
    return answer(code_of(error), body_of(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = "/".join(str(part) for part in first["loc"])
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return answer("input", error_body("input", f"{where}: {first['msg']}{more}; see /api for what belongs there", where))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = next((code for code, (status, _) in CODES.items() if status == error.status_code), "internal")
    path = request.url.path
    lines = {
        "not_found": f"{path}: there is nothing at this address; see /api",
        "method_not_allowed": f"{path}: not with {request.method}; see /api",
    }
    said = str(error.detail)
    plain = HTTPStatus(error.status_code).phrase
    message = lines[code] if code in lines and said == plain else said
    return JSONResponse(error_body(code, message), error.status_code, {**(error.headers or {}), **_allowed(request, code)})


def _allowed(request: Request, code: str) -> dict[str, str]:
    """Every method that the address has; FastAPI alone names those of the first route that fits."""
    if code != "method_not_allowed":
        return {}
    paths = request.app.openapi()["paths"]
    found = {name.upper() for path, methods in paths.items() if compile_path(path)[0].match(request.url.path) for name in methods}
    return {"Allow": ", ".join(sorted(found or {"GET"}))}
