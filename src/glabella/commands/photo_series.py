"""``glabella photo-series``: pictures of one person on several days, laid over the first, checked against it and measured."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from glabella.commands.common import PATH, json_option, progress_line, tell_unkept
from glabella.commands.photo import ADULT, CONSENT, ask
from glabella.errors import InputError

if TYPE_CHECKING:
    from glabella.photo_series.series import PictureOf

adult_option = click.option("--adult", is_flag=True, help="Say that the person is 18 or over; else you are asked.")
consent_option = click.option("--consent", is_flag=True, help="Say that the pictures are yours or used with consent; else you are asked.")
pupil_option = click.option(
    "--pupil-distance", "pupil_distance_mm", type=float, help="Distance between the pupils in mm as measured, instead of the iris."
)
model_option = click.option("--model", "model_file", metavar="FILE", type=PATH, help="Your own copy of face_landmarker.task.")


def confirm_people(adult: bool, consent: bool) -> None:
    """The same two questions as for one photo."""
    ask("--adult", adult, ADULT)
    ask("--consent", consent, CONSENT)


@click.command("photo-series")
@click.argument("given", metavar="VISITS.toml|.csv | DAY=PICTURE...", nargs=-1, required=True)
@click.option(
    "--expression", metavar="FACE", default="rest", show_default=True,
    help="With DAY=PICTURE: rest, maximum_frown, brow_raise or smile.",
)  # fmt: skip
@adult_option
@consent_option
@click.option("--patient", "patient_file", metavar="PATIENT.toml", type=PATH, help="The person; else a woman of 40.")
@pupil_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for report.html, photo-series.json and the pictures; else nothing is kept.")
@model_option
@json_option
def photo_series(
    given: tuple[str, ...], expression: str, adult: bool, consent: bool, patient_file: Path | None, pupil_distance_mm: float | None,
    out: Path | None, model_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Lay pictures of one person over the first of them, say what makes them comparable or not, and compare the lines.

    Give a file of visits whose tables name a picture, or DAY=PICTURE, as in 0=before.jpg 30=later.jpg. The pictures never leave this
    machine.
    """
    confirm_people(adult, consent)
    pictures = _pictures(given, expression)
    if out is not None:
        from glabella.report.photo_series_page import check_series_folder

        check_series_folder(out)
    from threadpoolctl import threadpool_limits

    from glabella.patient import Patient
    from glabella.photo import LandmarkModel, find_model
    from glabella.photo_series.document import series_document, series_lines
    from glabella.photo_series.series import check_pictures, look_at_series

    check_pictures(pictures)
    patient = Patient.read(patient_file) if patient_file else None
    with threadpool_limits(1), progress_line() as progress:
        series = look_at_series(pictures, LandmarkModel(find_model(model_file)), patient, pupil_distance_mm, progress)
        document = series_document(series)
        page = None
        if out is not None:
            from glabella.report.photo_series_page import write_series

            progress("page", 0.0)
            page = write_series(series, document, out)
    tell_unkept(document, series_lines(document), page, as_json)


def _pictures(given: tuple[str, ...], expression: str) -> "list[PictureOf]":
    """Pictures of a file of visits, or those named one by one."""
    from glabella.follow_up.visits import PictureVisit, Visits
    from glabella.photo_series.series import PictureOf
    from glabella.reading import check_number

    if len(given) == 1 and "=" not in given[0]:
        visits = Visits.read(given[0])
        if not visits.pictures:
            raise InputError(f'visits {given[0]}: no visit has a picture; add picture = "FILE" to two visits or more')
        return list(dict.fromkeys(PictureOf(one.day, one.expression, one.picture) for one in visits.pictures))
    found = []
    for text in given:
        day, equals, path = text.partition("=")
        if not equals or not path:
            raise InputError(f"{text}: must be DAY=PICTURE, as in 30=later.jpg, or one file of visits alone")
        try:
            number = float(day)
        except ValueError:
            raise InputError(f"{text}: '{day}' is no day; write DAY=PICTURE, as in 30=later.jpg") from None
        check_number(number, f"{text}: day", "days", at_least=0)
        one = PictureVisit(number, expression, Path(path))
        found.append(PictureOf(one.day, one.expression, one.picture))
    return found
