"""Pictures that cannot be used, and those that can after a change: each says what, in one line; memory stays bounded."""

import io
import struct
import zlib
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from glabella.errors import InputError
from glabella.photo import picture as module
from glabella.photo.picture import read_picture


@pytest.fixture(scope="module")
def astronaut():
    with resources.as_file(resources.files("skimage.data") / "astronaut.png") as path:
        return Image.open(path).convert("RGB")


def saved(folder, image, name, **more):
    image.save(folder / name, **more)
    return folder / name


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side):
    """A PNG of some kB that would unpack to side x side pixels."""
    packer, rows = zlib.compressobj(9), io.BytesIO()
    for _ in range(64):
        rows.write(packer.compress(bytes(side * 3 + 1)))
    rows.write(packer.flush())
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows.getvalue())
        + chunk(b"IEND", b"")
    )


def frames(astronaut, folder):
    return saved(folder, astronaut, "a.gif", save_all=True, append_images=[astronaut.rotate(9)])


BAD = {
    "empty": (lambda f, a: f / "empty.jpg", "damaged or cut short|not a picture"),
    "text": (lambda f, a: f / "text.png", "not a picture"),
    "cut": (lambda f, a: f / "cut.png", "damaged or cut short"),
    "folder": (lambda f, a: f, "is not a file"),
    "missing": (lambda f, a: f / "none.png", "cannot be read"),
    "tiny": (lambda f, a: saved(f, a.resize((40, 40)), "tiny.png"), "too small"),
    "gif": (lambda f, a: frames(a, f), "not a picture that can be read; allowed: JPEG"),
    "animated": (lambda f, a: saved(f, a, "a.webp", save_all=True, append_images=[a.rotate(9)]), "animated"),
    "pages": (lambda f, a: saved(f, a, "a.tif", save_all=True, append_images=[a]), "animated picture or one of 2 pages"),
    "bomb": (lambda f, a: f / "bomb.png", "unpacks to more than 60 million pixels"),
    "large": (lambda f, a: f / "large.png", "would unpack to 192 MB"),
    "strip": (lambda f, a: saved(f, Image.new("L", (30_000, 70)), "strip.png"), "and 20000 on a side"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, astronaut):
    place = tmp_path_factory.mktemp("pictures")
    (place / "empty.jpg").write_bytes(b"")
    (place / "text.png").write_text("a face")
    whole = io.BytesIO()
    astronaut.save(whole, "PNG")
    (place / "cut.png").write_bytes(whole.getvalue()[:4000])
    (place / "large.png").write_bytes(png_bomb(8_000))
    (place / "bomb.png").write_bytes(png_bomb(20_000))
    return place


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_one_clear_line(name, folder, astronaut):
    make, message = BAD[name]
    with pytest.raises(InputError, match=message) as error:
        read_picture(make(folder, astronaut))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("photo ")


def test_a_bomb_takes_no_memory(folder):
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(InputError):
        read_picture(folder / "bomb.png")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_turns_are_undone_and_said(orientation, tmp_path, astronaut):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = saved(tmp_path, astronaut.crop((0, 0, 300, 200)), "lying.png", exif=exif)
    found = read_picture(lying)
    with Image.open(lying) as image:
        np.testing.assert_array_equal(found.pixels, np.asarray(ImageOps.exif_transpose(image)))
    assert any("EXIF" in note for note in found.notes)


def test_sixteen_bits_printing_colours_and_glass_are_turned_into_rgb(tmp_path, astronaut):
    plain = np.asarray(astronaut)
    grey = np.asarray(astronaut.convert("L"))
    deep = saved(tmp_path, Image.fromarray(grey.astype(np.uint16) * 257), "deep.png")
    found = read_picture(deep)
    assert np.abs(found.pixels.astype(int) - grey[..., None]).max() <= 1
    assert "16 or more bits" in found.notes[0]
    printed = read_picture(saved(tmp_path, astronaut.convert("CMYK"), "printed.tif"))
    assert np.abs(printed.pixels.astype(int) - plain).mean() < 3
    assert "CMYK" in printed.notes[0]
    glass = astronaut.copy()
    glass.putalpha(Image.new("L", astronaut.size, 0))
    assert (read_picture(saved(tmp_path, glass, "glass.png")).pixels == 128).all()
    assert read_picture(saved(tmp_path, astronaut.convert("P"), "few.png")).pixels.shape == (512, 512, 3)


def test_a_huge_picture_is_reduced(tmp_path, astronaut, monkeypatch):
    monkeypatch.setattr(module, "KEPT_PIXELS", 100_000)
    for name in ("huge.jpg", "huge.png"):
        found = read_picture(saved(tmp_path, astronaut, name))
        assert found.shape == (256, 256)
        assert "reduced to 256 x 256" in found.notes[-1]
