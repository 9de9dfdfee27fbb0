"""Reading a picture: one frame, upright, 8-bit RGB, with bounded memory and without anything else that the file holds."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glabella.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
LARGEST_FILE_BYTES = 60_000_000
LARGEST_PIXELS = 60_000_000  # about 180 MB while it is read; telephones take up to 50 million as their usual most
LARGEST_SIDE, SMALLEST_SIDE = 20_000, 64
KEPT_PIXELS = 16_000_000  # larger pictures are halved while they are read: a face that fills one still has 10 pixels per mm
ORIENTATION = 0x0112
TURNS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "mirrored",
    5: "mirrored",
    6: "turned by 90 degrees",
    7: "mirrored",
    8: "turned by 90 degrees",
}
UPRIGHT = {  # EXIF's eight ways to lie in a file, undone
    2: (np.fliplr,),
    3: (np.rot90, np.rot90),
    4: (np.flipud,),
    5: (np.rot90, np.flipud),
    6: (np.rot90, np.rot90, np.rot90),
    7: (np.rot90, np.fliplr),
    8: (np.rot90,),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """``pixels`` (rows, columns, 3) uint8 sRGB, upright. ``notes``: what was changed on the way in, in words."""

    pixels: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def luminance(self) -> np.ndarray:
        """(rows, columns) float32: 0 to 255, weighted as the eye does."""
        return self.pixels @ np.array([0.299, 0.587, 0.114], np.float32)


def read_picture(path: str | Path) -> Picture:
    """The picture of a file; every trouble is an InputError of one line. Only pixels are kept: no EXIF, no place, no time, no name."""
    path = Path(path)
    where = f"photo {path}"
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError(f"{where}: is not a file; give the path of one picture")
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({(error.strerror or str(error)).lower()}); give the path of a picture") from None
    if size > LARGEST_FILE_BYTES:
        raise InputError(f"{where}: the file has {size / 1e6:.0f} MB; allowed: up to {LARGEST_FILE_BYTES / 1e6:.0f} MB; save it smaller")
    return _opened(path, where)


def picture_of(content: bytes, where: str = "photo") -> Picture:
    """The picture of a file that is in memory already, by the same rules."""
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError(f"{where}: the file has {len(content) / 1e6:.0f} MB; allowed: up to {LARGEST_FILE_BYTES / 1e6:.0f} MB")
    return _opened(io.BytesIO(content), where)


def _opened(file: Path | io.BytesIO, where: str) -> Picture:
    Image = pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that we judge ourselves, and of damaged EXIF that we do not need
            with Image.open(file, formats=FORMATS) as image:
                return _read(image, where)
    except InputError:
        raise
    except Image.UnidentifiedImageError:
        raise InputError(f"{where}: not a picture that can be read; allowed: {_named()}; save it as JPEG or PNG") from None
    except Image.DecompressionBombError:
        raise InputError(f"{where}: unpacks to more than {LARGEST_PIXELS / 1e6:.0f} million pixels; save it smaller") from None
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, MemoryError, OverflowError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        raise InputError(f"{where}: damaged or cut short ({reason}); copy it again, or save it anew as JPEG or PNG") from None


def pillow() -> Any:
    """Pillow's Image module, or how to install it."""
    try:
        from PIL import Image
    except ImportError:
        raise InputError('photos need the extra packages: pip install "glabella[photo]"') from None
    return Image


def _read(image: "Image.Image", where: str) -> Picture:
    columns, rows = image.size
    _check_size(columns, rows, where)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # telephones put a second view into a JPEG: the first is the picture
        raise InputError(f"{where}: an animated picture or one of {frames} pages; give a single still")
    notes = []
    orientation = image.getexif().get(ORIENTATION, 1)
    if TURNS.get(orientation):
        notes.append(f"{TURNS[orientation]} as its EXIF says")
    if columns * rows > KEPT_PIXELS:
        image.draft("RGB", (columns // 2, rows // 2))  # JPEG alone: halved before it is unpacked
    image, changed = _to_rgb(image)
    while image.width * image.height > KEPT_PIXELS:
        image = image.reduce(2)
    if image.size != (columns, rows):
        notes.append(f"{columns} x {rows} pixels reduced to {image.width} x {image.height}")
    pixels = np.asarray(image)
    for step in UPRIGHT.get(orientation, ()):
        pixels = step(pixels)
    return Picture(np.ascontiguousarray(pixels), (*changed, *notes))


def _to_rgb(image: "Image.Image") -> tuple["Image.Image", list[str]]:
    """The picture in 8-bit RGB, and what had to be changed for it."""
    Image, notes = pillow(), []
    if image.mode.startswith("I") or image.mode == "F":
        notes.append("16 or more bits per pixel reduced to 8")
        values = np.asarray(image, np.float32)
        top = 65535.0 if image.mode.startswith("I") and values.max(initial=0) > 255 else max(float(values.max(initial=0)), 1.0)
        image = Image.fromarray(np.clip(np.nan_to_num(values) * (255 / top), 0, 255).astype(np.uint8))
    if image.mode == "CMYK":
        notes.append("printing colours (CMYK) turned into RGB without their profile: colours are not exact")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        notes.append("transparent parts made grey")
        cut = image.convert("RGBA")
        image = Image.new("RGB", cut.size, (128, 128, 128))
        image.paste(cut, mask=cut.getchannel("A"))
    return image.convert("RGB"), notes


def _check_size(columns: int, rows: int, where: str) -> None:
    if min(columns, rows) < SMALLEST_SIDE:
        raise InputError(f"{where}: {columns} x {rows} pixels is too small; allowed: at least {SMALLEST_SIDE} on each side")
    if columns * rows > LARGEST_PIXELS or max(columns, rows) > LARGEST_SIDE:
        limit = f"up to {LARGEST_PIXELS / 1e6:.0f} million pixels and {LARGEST_SIDE} on a side"
        raise InputError(f"{where}: {columns} x {rows} pixels would unpack to {columns * rows * 3 / 1e6:.0f} MB; allowed: {limit}")


def _named() -> str:
    return ", ".join(FORMATS)
