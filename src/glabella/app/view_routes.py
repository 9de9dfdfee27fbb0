"""What the pages' pictures are made of, as binary and JSON on the same server; kept compressed, addressed by content."""

import gzip
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request, Response

from glabella.app.face import dose_overlay, face_bundle, risk_overlay
from glabella.app.follow import Hands
from glabella.app.kept import Kept
from glabella.app.note import Note, read_date
from glabella.app.places import section_at
from glabella.app.section_bundle import section_bundle
from glabella.app.services import Services
from glabella.errors import GlabellaError, InputError
from glabella.evidence import load_parameters
from glabella.evidence.patterns import licensed_muscle
from glabella.patient import Patient
from glabella.photo.fitted_patient import FittedPatient
from glabella.plan import Injection

KEPT = 48  # answers in memory, at most about half a megabyte each
GONE = "no longer known; reload the page"
T = TypeVar("T")
BINARY, JSON = "application/octet-stream", "application/json"


class Answers:
    """Compressed answers by address, the latest ones; what ten pages ask for at once is made once."""

    def __init__(self) -> None:
        self._kept: Kept[bytes] = Kept(KEPT)

    def of(self, request: Request, kind: str, patient: Patient, make: Callable[[], bytes]) -> Response:
        """The answer for the request's address; of a head from a photo nothing is kept, here or in the browser."""
        own = isinstance(patient, FittedPatient)
        try:
            content = gzip.compress(make(), 1) if own else self.keep(request.url.path, request.url.query, make)
        except GlabellaError as error:
            raise HTTPException(422, str(error)) from None
        return _compressed(content, kind, own)

    def keep(self, path: str, query: str, make: Callable[[], bytes]) -> bytes:
        """The compressed answer for an address."""
        return self._kept.get((path, query), lambda: gzip.compress(make(), 5))


def _compressed(content: bytes, kind: str, own: bool = False) -> Response:
    caching = "no-store" if own else "private, max-age=3600"
    return Response(content, media_type=kind, headers={"content-encoding": "gzip", "cache-control": caching})


def warm_up(services: Services, answers: Answers) -> None:
    """Build the face that is likely to be asked for first, with all that its first treatment needs: the newest plan's, or the usual one."""
    bench = services.workbench
    try:
        newest = services.store.list(limit=1)
        note = Note.from_document(services.store.load(newest[0].id).document) if newest else Note().with_pattern(("glabellar",))
        bench.course(note.patient, note.plan(), on=note.treatment_date)
        answers.keep(f"/view/people/{bench.person_key(note.patient)}/face.bin", "", lambda: _face(services, note.patient))
    except GlabellaError:
        logging.getLogger("glabella.app").debug("nothing to warm up for", exc_info=True)  # whoever opens that plan is told why


def _face(services: Services, patient: Patient) -> bytes:
    return face_bundle(services.workbench.person(patient), load_parameters())


def view_router(services: Services, hands: Hands, answers: Answers) -> APIRouter:
    """Routes under /view. An address that the server no longer knows is 404: the page asks for a new one."""
    router, bench = APIRouter(prefix="/view", include_in_schema=False), services.workbench

    def known(find: Callable[[str], T], key: str) -> T:
        try:
            return find(key)
        except KeyError:
            raise HTTPException(404, GONE) from None

    @router.get("/people/{key}/face.bin")
    def face(key: str, request: Request) -> Response:
        patient = known(bench.person_of, key)
        return answers.of(request, BINARY, patient, lambda: _face(services, patient))

    @router.get("/people/{key}/section.bin")
    def untreated_section(
        key: str, request: Request, site: str, lateral_mm: float = 0.0, up_mm: float = 0.0, depth_mm: float | None = None, aim: str = ""
    ) -> Response:
        patient = known(bench.person_of, key)

        def make() -> bytes:
            one = Injection(site, 1.0, depth_mm, None if depth_mm is not None else aim or licensed_muscle(site), lateral_mm, up_mm)
            return section_bundle(section_at(bench.person(patient), None, one))

        return answers.of(request, BINARY, patient, make)

    @router.get("/results/{key}/months.json")
    def months(key: str, request: Request, date: str = "") -> Response:
        result = known(bench.result, key)
        try:
            treatment_date = read_date(date, "date")
        except InputError as error:
            raise HTTPException(422, str(error)) from None
        return _compressed(hands.documents.text_of(result, treatment_date), JSON, isinstance(result.person.patient, FittedPatient))

    @router.get("/results/{key}/dose.bin")
    def dose(key: str, request: Request) -> Response:
        result = known(bench.result, key)
        return answers.of(request, BINARY, result.person.patient, lambda: dose_overlay(result))

    @router.get("/results/{key}/section.bin")
    def section(key: str, request: Request, injection: int = 0) -> Response:
        result = known(bench.result, key)
        needles = result.plan.sessions[0].injections if result.plan else ()
        if not 0 <= injection < len(needles):
            raise HTTPException(404, "no such injection")
        cut = partial(section_at, result.person, result, needles[injection])
        return answers.of(request, BINARY, result.person.patient, lambda: section_bundle(cut()))

    @router.get("/risk/{key}.bin")
    def risk(key: str, request: Request) -> Response:
        found = known(bench.risk_map_of, key)
        return answers.of(request, BINARY, found.patient, lambda: risk_overlay(found))

    return router
