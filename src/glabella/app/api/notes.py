"""Notes and patterns of one's own: kept, versioned, imported, exported."""

import re
import tomllib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from glabella.app.api import answers, bodies
from glabella.app.api.said import BODY, errors
from glabella.app.guard import DEEPEST, Refused, read_json
from glabella.app.note import Note, injection_document, read_injection
from glabella.app.services import Services
from glabella.app.store import MOST_LISTED, Kept
from glabella.errors import InputError
from glabella.evidence.products import find_product

FORMATS = {"note-toml": ("toml", "application/toml"), "note-json": ("json", "application/json"), "plan-toml": ("toml", "application/toml")}
# in texts, comments and names in quotes dots mean nothing
_QUOTED = re.compile(r"'''[\s\S]*?(?:'''|\Z)|\"{3}[\s\S]*?(?:\"{3}|\Z)|\"(?:[^\"\\\n]++|\\.)*+\"?|'[^'\n]*+'?|#[^\n]*+")
_DOTTED = re.compile(rf'(?<![\w"-])(?:[\w"-]++[ \t]*+\.[ \t]*+){{{DEEPEST},}}')  # a key of many parts
VersionNumber = Annotated[int | None, Query(ge=1, le=bodies.MOST_SEED, description="An older version; the newest unless given.")]


def notes_router(services: Services) -> APIRouter:
    """Routes of notes and own patterns."""
    router, store = APIRouter(), services.store

    @router.get("/notes", response_model=answers.NoteList, responses=errors("input"), tags=["notes"], summary="Notes, the last saved first")
    def notes(
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50, offset: Annotated[int, Query(ge=0, le=10**9)] = 0, deleted: bool = False
    ) -> dict[str, Any]:
        """One page of the list; ``deleted``: those that were deleted and can be restored."""
        entries = store.list(limit, offset, deleted)
        return {"total": store.count(deleted), "notes": [vars(entry) for entry in entries]}

    @router.post(
        "/notes", status_code=201, response_model=answers.NoteKept, responses=errors(*BODY), tags=["notes"], summary="Keep a new note"
    )
    def create(note: bodies.Note, response: Response) -> dict[str, Any]:
        """Answers with its id."""
        return _created(store.create(read_note(note.tables()).document()), response)

    @router.post(
        "/notes/import", status_code=201, response_model=answers.NoteKept, responses=errors(*BODY), tags=["notes"],
        summary="Keep a note or a plan file given as text",
    )  # fmt: skip
    def bring_in(asked: bodies.NoteText, response: Response) -> dict[str, Any]:
        """TOML or JSON, as ``export`` writes them, or a plan file of the command line with one session."""
        return _created(store.create(read_text(asked.text, asked.format).document()), response)

    @router.get(
        "/notes/{note}", response_model=answers.NoteAnswer, responses=errors("not_found", "input"), tags=["notes"], summary="A note"
    )
    def load(note: str, version: VersionNumber = None) -> dict[str, Any]:
        """The newest version, or the one asked for."""
        return _answer(store.load(note, version))

    @router.put(
        "/notes/{note}", response_model=answers.NoteKept, responses=errors(*BODY, "not_found", "conflict"), tags=["notes"],
        summary="Save a new version of a note",
    )  # fmt: skip
    def save(note: str, asked: bodies.NoteSaved) -> dict[str, Any]:
        """With ``expected_version``, 409 where another tab saved in between. Saving what is there already adds no version."""
        return {"id": note, "version": store.save(note, read_note(asked.note.tables()).document(), asked.expected_version)}

    @router.delete("/notes/{note}", status_code=204, responses=errors("not_found"), tags=["notes"], summary="Delete a note")
    def delete(note: str) -> None:
        """``restore`` brings it back."""
        store.delete(note)

    @router.post(
        "/notes/{note}/restore", response_model=answers.NoteKept, responses=errors("not_found"), tags=["notes"], summary="Undelete"
    )
    def restore(note: str) -> dict[str, Any]:
        """A note that is not deleted stays as it is."""
        store.restore(note)
        return {"id": note, "version": store.load(note).version}

    @router.post(
        "/notes/{note}/duplicate", status_code=201, response_model=answers.NoteKept, responses=errors("not_found"), tags=["notes"],
        summary="A new note with the same content",
    )  # fmt: skip
    def duplicate(note: str, response: Response) -> dict[str, Any]:
        """The newest version is copied, without its history."""
        return _created(store.duplicate(note), response)

    @router.get(
        "/notes/{note}/versions", response_model=answers.VersionList, responses=errors("not_found"), tags=["notes"], summary="All versions"
    )
    def versions(note: str) -> dict[str, Any]:
        """The newest first."""
        return {"versions": [vars(version) for version in store.versions(note)]}

    @router.get(
        "/notes/{note}/export", responses=errors("not_found", "input") | _FILES, response_class=Response, tags=["notes"],
        summary="A note as a file, or its plan as the command line reads it",
    )  # fmt: skip
    def export(note: str, format: Literal["note-toml", "note-json", "plan-toml"] = "note-toml", version: VersionNumber = None) -> Response:
        """``plan-toml`` needs a note that makes a plan: with injections that its vials hold."""
        kept = store.load(note, version)
        ending, media = FORMATS[format]
        name = f"{_file_name(kept.title)}{'-plan' if format == 'plan-toml' else ''}.{ending}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(write_text(Note.from_document(kept.document), format), media_type=media, headers=headers)

    @router.get(
        "/own-patterns", response_model=list[answers.OwnPatternAnswer], responses=errors("input"), tags=["own patterns"],
        summary="Patterns of one's own",
    )  # fmt: skip
    def own_patterns(product: Annotated[bodies.Product | None, Query()] = None) -> list[dict[str, Any]]:
        """Of one product or all: units belong to the product."""
        return [_pattern(pattern) for pattern in store.patterns(None if product is None else find_product(product).name)]

    @router.put(
        "/own-patterns", response_model=answers.OwnPatternAnswer, responses=errors(*BODY), tags=["own patterns"],
        summary="Keep a named set of injections",
    )  # fmt: skip
    def keep_pattern(asked: bodies.OwnPattern) -> dict[str, Any]:
        """One of the same product and name is replaced."""
        where = f"pattern {asked.name}"
        tables = asked.tables()["injection"]
        note = Note(product=asked.product, injections=tuple(read_injection(one, f"{where}, {n}") for n, one in enumerate(tables, start=1)))
        return _pattern(store.save_pattern(note.product, asked.name, [injection_document(one) for one in note.injections]))

    @router.delete(
        "/own-patterns", status_code=204, responses=errors("not_found", "input"), tags=["own patterns"], summary="Delete an own pattern"
    )
    def delete_pattern(product: Annotated[bodies.Product, Query()], name: Annotated[str, Query(max_length=bodies.LONGEST_NAME)]) -> None:
        """There is no undo."""
        store.delete_pattern(product, name)

    return router


_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/toml": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
    }
}


def read_note(tables: dict[str, Any]) -> Note:
    """The note of checked tables."""
    return Note.from_document(tables)


def read_text(text: str, format: str, onto: Note | None = None) -> Note:
    """The note of TOML or JSON text from anywhere. Errors: InputError."""
    if format == "json":
        try:
            return Note.from_document(read_json(text), "import", onto)
        except Refused as error:
            raise InputError(f"import: {error}") from None
    if _DOTTED.search(_QUOTED.sub('""', text)):  # tomllib takes minutes for some kilobytes of a.a.a.a
        raise InputError(f"import: TOML: nested deeper than {DEEPEST} levels")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"import: TOML: nested deeper than {DEEPEST} levels") from None
    except ValueError as error:  # a TOMLDecodeError, or a number with thousands of digits
        raise InputError(f"import: not valid TOML: {str(error).splitlines()[0]}; correct that line") from None
    if _depth(data) > DEEPEST:
        raise InputError(f"import: TOML: nested deeper than {DEEPEST} levels")
    return Note.from_document(data, "import", onto)


def write_text(note: Note, format: str) -> str:
    """A note as one of ``FORMATS``. Errors: InputError where a plan is asked of a note that makes none."""
    if format == "note-toml":
        return note.to_toml()
    if format == "note-json":
        import json

        return json.dumps(note.document(), indent=1, ensure_ascii=False) + "\n"
    plan = note.plan()
    if plan is None:
        raise InputError("note: it has no injection yet, so there is no plan to export; place one, or export the note")
    return plan.to_toml()


def _depth(value: Any) -> int:
    """How deep tables and lists nest, level by level: a recursion is what this protects from."""
    depth, level = 0, [value]
    while level := [
        inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)
    ]:  # fmt: skip
        depth += 1
        if depth > DEEPEST:
            break
    return depth


def _created(note: str, response: Response) -> dict[str, Any]:
    response.headers["location"] = f"/api/v1/notes/{note}"
    return {"id": note, "version": 1}


def _answer(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, "version": kept.version, "newest": kept.newest, "saved": kept.saved, "note": kept.document}


def _pattern(pattern: Any) -> dict[str, Any]:
    return {"product": pattern.product, "name": pattern.name, "saved": pattern.saved, "injection": list(pattern.injections)}


def _file_name(title: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-")[:60] or "note"
