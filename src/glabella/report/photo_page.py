"""The page of a person's photo: what was measured, the sites on it, its skin before and after with a slider, and the folder that holds
it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glabella.evidence.sources import find_reference
from glabella.files import check_folder
from glabella.outcome import outcome_text
from glabella.photo.document import patient_toml
from glabella.photo.simulated import FACES, PhotoSimulation, with_offered
from glabella.report.page import data_uri, title
from glabella.report.photo_pictures import draw_anatomy_on_photo, draw_band, draw_days
from glabella.report.templates import filled_template, page_script, page_style
from glabella.report.write import FolderKind, check_report_folder, write_folder

PATIENT = "patient.toml"
PHOTO_FOLDER = FolderKind("report.html", "photo.json", "glabella photo", (PATIENT,))


def check_photo_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the page can be put there."""
    check_folder(folder)
    return check_report_folder(folder, PHOTO_FOLDER)


def write_photo(simulation: PhotoSimulation, document: Mapping[str, Any], folder: str | Path) -> Path:
    """Write page, data, patient file and pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_photo_folder(folder)
    anatomy = list(draw_anatomy_on_photo(simulation))
    days = list(draw_days(simulation))
    middle = min(range(len(simulation.days)), key=lambda n: abs(simulation.days[n] - 30))
    band = {expression: draw_band(simulation, expression, middle) for expression in simulation.pictures}
    page = render_photo(simulation, document, anatomy, days, band, simulation.days[middle])
    more = {PATIENT: patient_toml(with_offered(simulation.person.patient, simulation.offered))}
    pictures = [*anatomy, *(picture for _, _, picture in days), *(picture for three in band.values() for picture in three)]
    write_folder(folder, PHOTO_FOLDER, page, outcome_text(dict(document)), pictures, more)
    return folder / PHOTO_FOLDER.page


def render_photo(
    simulation: PhotoSimulation,
    document: Mapping[str, Any],
    anatomy: list[Any],
    days: list[Any],
    band: Mapping[str, list[Any]],
    band_day: float,
) -> str:
    """The whole page as text; it refers to nothing outside itself, and its only script is named by its hash."""
    script, script_hash = page_script("photo.js")
    shows = []
    for expression in simulation.pictures:
        mine = [(day, picture) for name, day, picture in days if name == expression]
        ratios = document["depth_ratio"][expression]
        rows = [
            (area.replace("_", " "), [f"{100 * e['median']:.0f} % ({100 * e['low']:.0f} to {100 * e['high']:.0f})" for e in values])
            for area, values in ratios.items()
        ]
        shows.append(
            {
                "expression": expression,
                "words": FACES[expression],
                "before": mine[0][1],
                "later": mine[1:],
                "rows": rows,
                "band": band[expression],
                "found": [name.replace("_", " ") for name, v in simulation.pictures[expression].found.valley.items() if v.any()],
            }
        )
    source = simulation.pictures["rest"].face.parameters.rows["iris_diameter_mm"].source
    return filled_template(
        "photo.html.j2",
        document=document,
        generator=PHOTO_FOLDER.generator,
        css=page_style("photo.css"),
        script=script,
        script_hash=script_hash,
        title=title(simulation.outcome),
        anatomy=anatomy,
        shows=shows,
        days=simulation.days,
        band_day=f"{band_day:g}",
        data_uri=data_uri,
        faces=FACES,
        iris=simulation.pictures["rest"].face.parameters.rows["iris_diameter_mm"],
        iris_source=str(find_reference(source)),
        settings=simulation.outcome.settings,
    )
