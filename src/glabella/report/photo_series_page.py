"""The page of a series of pictures: each laid over the first, what makes it comparable or not, and its lines."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glabella.files import check_folder
from glabella.outcome import outcome_text
from glabella.photo_series.document import change_words, depth_words
from glabella.photo_series.series import Look, Series
from glabella.report.page import data_uri
from glabella.report.style import Picture
from glabella.report.templates import filled_template, page_script, page_style
from glabella.report.write import FolderKind, check_report_folder, write_folder

SERIES_FOLDER = FolderKind("report.html", "photo-series.json", "glabella photo-series")
FACES = {"rest": "At rest", "maximum_frown": "Maximum frown", "brow_raise": "Brows raised", "smile": "Smile"}
NAMES = {
    "turn": "Turn", "nod": "Nod", "tilt": "Tilt", "distance": "Distance", "pixels per mm": "Pixels per mm", "light": "Light, direction",
    "brightness": "Light, brightness", "sharpness": "Sharpness", "expression": "Expression", "brows": "Brows, up or down",
    "same person": "Same person",
}  # fmt: skip


def check_series_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the page can be put there."""
    check_folder(folder)
    return check_report_folder(folder, SERIES_FOLDER)


def write_series(series: Series, document: Mapping[str, Any], folder: str | Path) -> Path:
    """Write page, data and pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_series_folder(folder)
    pictures = series_pictures(series)
    write_folder(
        folder,
        SERIES_FOLDER,
        render_series(series, document, pictures),
        outcome_text(dict(document)),
        [p for ps in pictures.values() for p in ps],
    )
    return folder / SERIES_FOLDER.page


def series_pictures(series: Series) -> dict[tuple[str, float], tuple[Picture, ...]]:
    """Per expression and day: the picture laid over the first, and of later ones the ghost too. Pixels only: no EXIF."""
    found = {}
    for expression, looks in series.looks.items():
        for look in looks:
            name = f"{expression}_day_{look.day:03g}"
            made = [_encoded(look.pixels, name, f"day {look.day:g}")]
            if look is not looks[0]:
                made.append(_encoded(ghost(looks[0].pixels, look.pixels), f"ghost_{name}", f"day {looks[0].day:g} over day {look.day:g}"))
            found[expression, look.day] = tuple(made)
    return found


def ghost(first: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """The first picture at half opacity over the visit."""
    return ((first.astype(np.uint16) + visit + 1) // 2).astype(np.uint8)


def render_series(series: Series, document: Mapping[str, Any], pictures: Mapping[tuple[str, float], tuple[Picture, ...]]) -> str:
    """The whole page as text; it refers to nothing outside itself, and its only script is named by its hash."""
    script, script_hash = page_script("photo_series.js")
    return filled_template(
        "photo_series.html.j2",
        document=document,
        generator=SERIES_FOLDER.generator,
        css=page_style("photo.css", "photo_series.css"),
        script=script,
        script_hash=script_hash,
        shows=[_show(expression, looks, pictures) for expression, looks in series.looks.items()],
        data_uri=data_uri,
        limits=series.limits,
    )


def _show(expression: str, looks: tuple[Look, ...], pictures: Mapping[tuple[str, float], tuple[Picture, ...]]) -> dict[str, Any]:
    areas = dict.fromkeys(area for look in looks for area in look.depths)
    return {
        "expression": expression,
        "title": FACES[expression],
        "looks": [{"look": look, "day": f"{look.day:g}", "pictures": pictures[expression, look.day]} for look in looks],
        "depths": [(area.replace("_", " "), [_cell(look, area) for look in looks]) for area in areas],
        "checks": _check_rows(looks),
        "advice": [(look, [check for check in look.checks if not check.fine]) for look in looks[1:]],
    }


def _cell(look: Look, area: str) -> tuple[str, str]:
    """Depth, and percent of the first."""
    depth, change = look.depths.get(area), look.change.get(area)
    if depth is None:
        return "not measured", ""
    return depth_words(vars(depth)).replace("+-", "±"), change_words(vars(change)).lstrip(", ") if change else ""


def _check_rows(looks: tuple[Look, ...]) -> Iterable[tuple[str, str, list[tuple[str, bool]]]]:
    """Name, what is allowed, and number and verdict per later picture."""
    names = dict.fromkeys(check.name for look in looks for check in look.checks)
    rows = []
    for name in names:
        checks = [next((check for check in look.checks if check.name == name), None) for look in looks[1:]]
        one = next(check for check in checks if check is not None)
        rows.append((NAMES[name], _allowed(one.name, one.limit), [_number(check) for check in checks]))
    return rows


def _allowed(name: str, limit: float) -> str:
    return {
        "turn": f"± {limit:g}°", "nod": f"± {limit:g}°", "tilt": f"± {limit:g}°", "distance": f"{1 / limit:.2f} to {limit:g} times",
        "pixels per mm": f"{limit:g} times or more", "light": f"up to {limit:g}", "brightness": f"± {limit:g} stops",
        "sharpness": f"± {limit:g} mm of blur", "expression": f"± {limit:g} of 1", "same person": f"up to {limit:g} mm",
        "brows": f"± {limit:g} mm",
    }[name]  # fmt: skip


def _number(check: Any) -> tuple[str, bool]:
    if check is None:
        return "", True
    if not np.isfinite(check.number):
        return "not told", check.fine
    signed = {
        "turn": "+.0f",
        "nod": "+.0f",
        "tilt": "+.0f",
        "brightness": "+.1f",
        "brows": "+.1f",
        "sharpness": "+.2f",
        "expression": "+.2f",
    }
    spec = signed.get(check.name, ".2f")
    return format(check.number, spec), check.fine


def _encoded(pixels: np.ndarray, name: str, title: str) -> Picture:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    png, jpeg = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", compress_level=4)
    image.save(jpeg, "JPEG", quality=88)
    return Picture(name, title, title, png.getvalue(), jpeg=jpeg.getvalue())
