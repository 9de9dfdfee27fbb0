"""Pictures of people, in memory alone: each for one page, under a name that nobody can guess, until it is removed or the page is gone."""

import io
import secrets
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from glabella.app.heavy import BusyError
from glabella.errors import InputError

if TYPE_CHECKING:
    from glabella.patient import Patient
    from glabella.photo import LandmarkModel, PhotoFace
    from glabella.photo.photo import Progress

MOST_BYTES = 32_000_000  # of one file; telephones write up to 25 million
MOST_HELD, MOST_WAITING = 6, 4  # a held picture takes up to 100 MB
IDLE_SECONDS = 2 * 3600.0  # a picture that nobody worked with for so long is forgotten
SHOWN_PIXELS = 1600  # of the longer side, as a page shows it
ROOM = 0.12  # around the head, as a share of its width
CHIN_MM, BACK_MM = -110.0, -60.0  # what of the head must be in view: above the neck, and before the ears
CONFIRM = "say first that the person is 18 or over, and that the photo is yours or used with consent"


@dataclass(eq=False)
class HeldPhoto:
    """A fitted picture. ``window`` (left, top, width, height): the part in pixels that is shown."""

    key: str
    face: "PhotoFace"
    used: float = field(default_factory=time.monotonic)

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """The head with some room around it."""
        head, (rows, columns) = self.face.head, self.face.picture.shape
        vertices = head.seen.surface(2).vertices
        flat = head.pixels[(vertices[:, 1] > CHIN_MM) & (vertices[:, 2] > BACK_MM), :2]
        room = ROOM * np.ptp(flat[:, 0])
        left, top = np.clip(np.floor(flat.min(0) - room), 0, None).astype(int)
        right, bottom = np.minimum(np.ceil(flat.max(0) + room), [columns, rows]).astype(int)
        return int(left), int(top), int(right - left), int(bottom - top)

    @cached_property
    def jpeg(self) -> bytes:
        """The window as a picture file that holds pixels alone."""
        from PIL import Image

        left, top, width, height = self.window
        image = Image.fromarray(self.face.picture.pixels[top : top + height, left : left + width])
        image.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=92, subsampling=0)
        return out.getvalue()


@dataclass
class _Ticket:
    """Leave to send one file. ``confirmed``: both questions were answered with yes."""

    confirmed: bool = False
    content: bytes | None = None


class Photos:
    """Thread-safe. A page asks for a ticket, its browser sends the file to it, the page takes it and holds what it was fitted to."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock, self._model_lock = Lock(), Lock()
        self._model: LandmarkModel | None = None
        self._tickets: dict[str, _Ticket] = {}
        self._held: dict[str, HeldPhoto] = {}

    # --- files on their way -------------------------------------------------------------------------------------------------

    def new_ticket(self) -> str:
        """Leave to send one file, once ``confirm`` was said."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._tickets[name] = _Ticket()
        return name

    def confirm(self, ticket: str, confirmed: bool) -> None:
        """Both questions were answered with yes, or no longer."""
        with self._lock:
            found = self._tickets[ticket]
            found.confirmed = confirmed
            if not confirmed:
                found.content = None

    def may_send(self, ticket: str) -> bool:
        """Whether a file is taken. Errors: KeyError; BusyError where too many wait."""
        with self._lock:
            if sum(one.content is not None for one in self._tickets.values()) >= MOST_WAITING:
                raise BusyError("photo: too many wait already; try again in a while")
            return self._tickets[ticket].confirmed

    def receive(self, ticket: str, content: bytes) -> None:
        """Take a file. Errors: KeyError; InputError where the questions are open."""
        with self._lock:
            found = self._tickets[ticket]
            if not found.confirmed:
                raise InputError(f"photo: {CONFIRM}")
            found.content = content

    def take(self, ticket: str) -> bytes:
        """The file that came in, which is no longer here afterwards. Errors: InputError where there is none."""
        with self._lock:
            found = self._tickets[ticket]
            content, found.content = found.content, None
        if content is None:
            raise InputError("photo: nothing arrived; drop it again")
        return content

    def drop_ticket(self, ticket: str) -> None:
        """No file is taken for it any more."""
        with self._lock:
            self._tickets.pop(ticket, None)

    # --- fitting ------------------------------------------------------------------------------------------------------------

    def fit(self, content: bytes, patient: "Patient | None", mirrored: bool, progress: "Progress") -> "PhotoFace":
        """Read a picture and fit the head to it; one line that says why not as InputError. ``mirrored``: turn it back first."""
        from threadpoolctl import threadpool_limits

        from glabella.photo import Picture, fit_photo
        from glabella.photo.picture import picture_of
        from glabella.photo.simulated import with_brow_caution

        progress("reading the picture", 0.0)
        picture = picture_of(content)
        if mirrored:
            picture = Picture(np.ascontiguousarray(picture.pixels[:, ::-1]), (*picture.notes, "mirrored back"))
        with self._model_lock, threadpool_limits(1):  # the model's interpreters serve one picture at a time
            try:
                face = with_brow_caution(fit_photo(picture, self._landmark_model(), patient, progress=progress))
                progress("how far off each site may be", 0.95)
                assert face.places  # found here, since it takes seconds, and kept with the face
                return face
            except InputError as error:
                raise InputError(str(error).replace("give --pupil-distance MM as measured", "type it under Person as measured")) from None

    def _landmark_model(self) -> "LandmarkModel":
        from glabella.photo import LandmarkModel, find_model
        from glabella.photo.model_file import FILE_NAME

        if self._model is None:
            own = self._data / "models" / FILE_NAME
            self._model = LandmarkModel(find_model(own if own.is_file() else None))
        return self._model

    # --- held pictures ------------------------------------------------------------------------------------------------------

    def hold(self, face: "PhotoFace") -> HeldPhoto:
        """Keep a fitted picture under a name of its own. Errors: BusyError where too many are held."""
        held = HeldPhoto(secrets.token_urlsafe(24), face)
        with self._lock:
            if len(self._held) >= MOST_HELD:
                raise BusyError(f"photo: {MOST_HELD} are open in other pages already; remove one there")
            self._held[held.key] = held
        return held

    def of(self, key: str) -> HeldPhoto:
        """A held picture. Errors: KeyError."""
        with self._lock:
            return self._held[key]

    def forget(self, key: str) -> None:
        """It is no longer here."""
        with self._lock:
            self._held.pop(key, None)
