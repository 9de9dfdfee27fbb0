"""A picture fitted to the head on request: measured, answered and forgotten."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from glabella.app.api import answers
from glabella.app.api.compute import heavy_result
from glabella.app.api.said import errors
from glabella.app.guard import PICTURES
from glabella.app.heavy import BusyError, Job
from glabella.app.photo_routes import read_file
from glabella.app.photos import CONFIRM
from glabella.app.services import Services
from glabella.errors import InputError
from glabella.patient import Patient

MOST_AT_ONCE = 2  # files in memory
BINARY = {"schema": {"type": "string", "format": "binary"}}


def photo_router(services: Services) -> APIRouter:
    """The route that fits a picture."""
    router, room = APIRouter(tags=["photo"]), asyncio.Semaphore(MOST_AT_ONCE)

    @router.post(
        "/photo/fit", response_model=answers.PhotoAnswer, responses=errors("too_large", "unsupported_media_type", "input", "busy"),
        summary="Fit the head to a photo", openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(PICTURES, BINARY)}},
    )  # fmt: skip
    async def fit(
        request: Request,
        adult: Annotated[bool, Query(description="The person in the photo is 18 or over.")] = False,
        consent: Annotated[bool, Query(description="The photo is yours, or used with the person's consent.")] = False,
        mirrored: Annotated[bool, Query(description="The photo is a mirror image, as some phones show selfies.")] = False,
        pupil_distance_mm: Annotated[float | None, Query(gt=0, le=100, description="As measured, instead of from the irises.")] = None,
    ) -> dict[str, Any]:
        """Size, pose, quality and where the licensed sites are, in pixels of the upright picture. The body is the file itself. It is read
        in memory, and nothing of it is kept. Both questions must be answered with true."""
        from glabella.photo.document import fit_document

        if not (adult and consent):
            raise InputError(f"photo: {CONFIRM} (adult=true, consent=true)")
        patient = Patient(interpupillary_distance_mm=pupil_distance_mm)
        if room.locked():
            raise BusyError(f"photo: {MOST_AT_ONCE} are being read already; try again in a while")
        async with room:
            content = await read_file(request)

            def work(job: Job) -> dict[str, Any]:
                return fit_document(services.photos.fit(content, patient, mirrored, job.progress))

            return await heavy_result(services.heavy, request, "photo", work)

    return router

