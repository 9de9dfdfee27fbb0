"""The REST application: every route under /api/v1, its OpenAPI document, and a page that lists them without leaving this computer."""

import json
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from glabella.app.api.answers import ErrorAnswer
from glabella.app.api.compute import compute_router
from glabella.app.api.errors import CODES
from glabella.app.api.handlers import add_error_handlers
from glabella.app.api.notes import notes_router
from glabella.app.api.photo import photo_router
from glabella.app.api.practitioners import practitioners_router
from glabella.app.api.reference import router as reference_router
from glabella.app.api.said import EVERYWHERE, errors
from glabella.app.guard import DEEPEST, MOST_BYTES
from glabella.app.photos import MOST_BYTES as MOST_PHOTO_BYTES
from glabella.app.services import Services
from glabella.version import own_version

ABOUT = f"""Research and education, not a medical device. Everything stays on this computer.

Every error has the body `{{"error": {{"code", "message", "where"}}}}`; codes are stable, messages are for people. Bodies are JSON of at
most {MOST_BYTES // 1024} kB that nests at most {DEEPEST} levels; a photo is the file itself, of at most
{MOST_PHOTO_BYTES // 1_000_000} MB. Units belong to the product that is named and are never converted.
"""
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2226; background: #fdfdfb }
h2 { margin-top: 2.5rem } code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { overflow-x: auto; padding: .7rem; background: #f0f0ec }
details { margin: .4rem 0 } summary { cursor: pointer } .method { display: inline-block; min-width: 5rem; font-weight: 600 }
@media (prefers-color-scheme: dark) { body { color: #e6e6e1; background: #16191b } pre { background: #22272a } a { color: #9cc4ee } }
"""


def build_rest(services: Services) -> FastAPI:
    """The application behind /api and /openapi.json."""
    app = FastAPI(
        title="glabella", version=own_version(), summary="Treatments with botulinum toxin, simulated.", description=ABOUT,
        openapi_url="/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    add_error_handlers(app)
    everywhere = errors(*EVERYWHERE)
    routers = reference_router, compute_router(services), photo_router(services), notes_router(services), practitioners_router(services)
    for router in routers:
        app.include_router(router, prefix="/api/v1", responses=everywhere)
    app.openapi = lambda: _document(app)  # pyright: ignore[reportAttributeAccessIssue]

    @app.get("/api", include_in_schema=False)
    def overview() -> HTMLResponse:
        return HTMLResponse(_page(app.openapi()))

    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document without its own shape of 422, which no route answers with."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes,
            tags=[
                {"name": "reference", "description": "What there is to choose from."},
                {"name": "compute", "description": "Check, simulate, plan, map."},
                {"name": "photo", "description": "A person's photo: measured in memory, never kept."},
                {"name": "notes", "description": "Treatments as they are written, with all their versions."},
                {"name": "practitioners", "description": "People near a place, from public records on this computer. No verdicts."},
                {"name": "own patterns", "description": "Named sets of injections."},
            ],
        )  # fmt: skip
        for methods in made["paths"].values():
            for operation in methods.values():
                unused = operation["responses"].get("422", {})
                if "HTTPValidationError" in json.dumps(unused):
                    said = errors("input")[422]
                    schema = {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}
                    content = {"application/json": {"schema": schema, **said["content"]["application/json"]}}
                    operation["responses"]["422"] = {"description": said["description"], "content": content}
        for name in ("HTTPValidationError", "ValidationError"):
            made["components"]["schemas"].pop(name, None)
        app.openapi_schema = made
    return app.openapi_schema


def _page(document: dict[str, Any]) -> str:
    """The routes as a page that needs nothing from anywhere."""
    info, parts = document["info"], []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(path, method, operation, document["components"]["schemas"]))
    codes = "".join(f"<li><code>{code}</code> ({status}): {escape(said)}</li>" for code, (status, said) in CODES.items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>glabella: API</title>"
        f"<style>{STYLE}</style><main><h1>glabella {escape(info['version'])}: the API</h1><p>{escape(info['description'])}</p>"
        f"<p>The whole document: <a href=/openapi.json>openapi.json</a></p><h2>Routes</h2>{''.join(parts)}"
        f"<h2>Codes of errors</h2><ul>{codes}</ul></main></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    lines = [f"<p>{escape(operation.get('description', ''))}</p>"]
    parameters = operation.get("parameters", ())
    if parameters:
        said = ", ".join(f"<code>{escape(one['name'])}</code> ({one['in']})" for one in parameters)
        lines.append(f"<p>Parameters: {said}</p>")
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    body = schemas.get(content.get("$ref", "").rpartition("/")[2], {})
    if body:
        example = json.dumps(body.get("examples", [{}])[0], indent=1)
        lines.append(f"<p>{escape(body.get('description', ''))}</p><pre>{escape(example)}</pre>")
    answers = ", ".join(f"{status}: {escape(answer['description'])}" for status, answer in operation["responses"].items())
    lines.append(f"<p>Answers: {answers}</p>")
    title = f"<span class=method>{method.upper()}</span> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
    return f"<details><summary>{title}</summary>{''.join(lines)}</details>"
