"""Papers, pictures and files of a kept note, for downloading."""

import datetime
import json
import re
from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from glabella.app.follow import BAND_SAMPLES, Hands
from glabella.app.note import Note
from glabella.app.papers.leaflet import leaflet
from glabella.app.papers.pictures import face_glb, face_png
from glabella.app.papers.sheet import professional_sheet
from glabella.app.services import Services
from glabella.app.store import NotFoundError
from glabella.app.workbench import Result
from glabella.errors import GlabellaError, InputError, RefusedError
from glabella.outcome import EXPRESSIONS
from glabella.reading import check_choice, check_number

PDF, PNG, GLB, TOML, JSON = "application/pdf", "image/png", "model/gltf-binary", "application/toml", "application/json"
LAST_DAY = 365.0


def export_router(services: Services, hands: Hands) -> APIRouter:
    """Routes under /notes/ID. What is wrong is one line of JSON with a status of its own."""
    router, bench = APIRouter(prefix="/notes", include_in_schema=False), services.workbench

    def answer(note_id: str, ending: str, kind: str, make: Callable[[Note], bytes]) -> Response:
        try:
            note = Note.from_document(services.store.load(note_id).document, f"note {note_id}")
            content = make(note)
        except NotFoundError as error:
            return _wrong(404, error)
        except RefusedError as error:
            return _wrong(403, error)
        except GlabellaError as error:
            return _wrong(422, error)
        name = re.sub(r"[^A-Za-z0-9]+", "-", note.title).strip("-").lower() or "plan"
        headers = {"content-disposition": f'attachment; filename="{name}{ending}"', "cache-control": "no-store"}
        return Response(content, media_type=kind, headers=headers)

    def result_of(note: Note) -> Result:
        plan = note.plan()
        if plan is None:
            return bench.course(note.patient, None)
        return bench.banded(note.patient, plan, samples=BAND_SAMPLES, on=note.treatment_date)

    @router.get("/{note_id}/sheet.pdf")
    def sheet(note_id: str) -> Response:
        def make(note: Note) -> bytes:
            result = result_of(note)
            plan = note.plan()
            findings = bench.findings(note.patient, plan, note.treatment_date) if plan else ()
            return professional_sheet(note, result, findings)

        return answer(note_id, "-sheet.pdf", PDF, make)

    @router.get("/{note_id}/leaflet.pdf")
    def plain_words(note_id: str) -> Response:
        def make(note: Note) -> bytes:
            result = result_of(note)
            return leaflet(note, result)

        return answer(note_id, "-leaflet.pdf", PDF, make)

    @router.get("/{note_id}/face.png")
    def picture(note_id: str, day: float = 30.0, expression: str = "maximum_frown") -> Response:
        return answer(note_id, ".png", PNG, lambda note: face_png(_nominal(bench.course, note), _day(day), _expression(expression)))

    @router.get("/{note_id}/face.glb")
    def model(note_id: str, day: float = 30.0, expression: str = "maximum_frown") -> Response:
        return answer(note_id, ".glb", GLB, lambda note: face_glb(_nominal(bench.course, note), _day(day), _expression(expression)))

    @router.get("/{note_id}/note.toml")
    def note_toml(note_id: str) -> Response:
        return answer(note_id, "-note.toml", TOML, lambda note: note.to_toml().encode())

    @router.get("/{note_id}/note.json")
    def note_json(note_id: str) -> Response:
        return answer(note_id, "-note.json", JSON, lambda note: json.dumps(note.document(), indent=1).encode())

    @router.get("/{note_id}/plan.toml")
    def plan_toml(note_id: str) -> Response:
        def make(note: Note) -> bytes:
            plan = note.plan()
            if plan is None:
                raise InputError("this plan has no injections yet; add one, then export it")
            return plan.to_toml().encode()

        return answer(note_id, "-plan.toml", TOML, make)

    return router


def _nominal(course: Callable[..., Result], note: Note) -> Result:
    on: datetime.date | None = note.treatment_date
    return course(note.patient, note.plan(), on=on)


def _day(day: float) -> float:
    return check_number(day, "day", "days", at_least=0, at_most=LAST_DAY)


def _expression(name: str) -> str:
    return check_choice(name, "expression", EXPRESSIONS)


def _wrong(status: int, error: GlabellaError) -> Response:
    return JSONResponse({"error": {"message": str(error)}}, status)
