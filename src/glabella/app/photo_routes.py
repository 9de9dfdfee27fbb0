"""Where a page's browser sends a photo, and gets it back to show. Nothing is written to disk, on either side."""

from fastapi import APIRouter, HTTPException, Request, Response

from glabella.app.heavy import BusyError
from glabella.app.photos import CONFIRM, MOST_BYTES, Photos
from glabella.errors import InputError

GONE = "this photo is not held here; drop it again"
NEVER_KEPT = {"cache-control": "no-store"}


async def read_file(request: Request) -> bytes:
    """The body of a request, in memory alone. Errors: HTTPException 413."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise HTTPException(413, f"photo: larger than {MOST_BYTES // 1_000_000} MB; save it smaller")
        parts.append(part)
    return b"".join(parts)


def photo_router(photos: Photos) -> APIRouter:
    """Routes under /view/photos."""
    router = APIRouter(prefix="/view/photos", include_in_schema=False)

    @router.post("/{ticket}", status_code=204)
    async def send(ticket: str, request: Request) -> Response:
        try:
            if not photos.may_send(ticket):
                raise HTTPException(403, f"photo: {CONFIRM}")
            photos.receive(ticket, await read_file(request))
        except KeyError:
            raise HTTPException(404, GONE) from None
        except BusyError as error:
            raise HTTPException(429, str(error)) from None
        except InputError as error:
            raise HTTPException(403, str(error)) from None
        return Response(status_code=204)

    @router.get("/{key}/picture.jpg")
    def picture(key: str) -> Response:
        try:
            return Response(photos.of(key).jpeg, media_type="image/jpeg", headers=NEVER_KEPT)
        except KeyError:
            raise HTTPException(404, GONE) from None

    return router
