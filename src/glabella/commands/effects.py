"""``glabella effects``: side effects in plain words, when to get help, the blood, and what an unlicensed product changes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from glabella.commands.common import (
    PATH,
    computing,
    json_option,
    parameters_with,
    patient_option,
    read_plan,
    seed_option,
    settings_option,
    tell_json,
    tell_lines,
)
from glabella.errors import InputError

if TYPE_CHECKING:
    from glabella.patient import Patient
    from glabella.plan import Plan

DAYS_AFTER_LAST = 60  # every effect that is computed has shown by then
AREA = "glabellar"


@click.command()
@click.argument("plan_file", metavar="[PLAN.toml]", type=PATH, required=False)
@patient_option
@click.option("--product", help="Without a plan file: the product of the licensed pattern, onabotulinumtoxinA unless given.")
@click.option(
    "--area", "areas", multiple=True, help="Without a plan file: glabellar (default), forehead or lateral_canthal; may be repeated."
)
@click.option("--likeliest", "likeliest_first", is_flag=True, help="The likeliest effect first, instead of the gravest.")
@click.option("--samples", type=click.IntRange(0, 100_000), default=24, show_default=True, help="Draws behind the bands.")
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the page, its picture and effects.json.")
@json_option
@settings_option
def effects(
    plan_file: Path | None,
    patient_file: Path | None,
    product: str | None,
    areas: tuple[str, ...],
    likeliest_first: bool,
    samples: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    settings: tuple[str, ...],
) -> None:
    """Tell the side effects of a plan, or of a licensed pattern, in plain words."""
    plan, patient = _asked(plan_file, patient_file, product, areas)
    parameters = parameters_with(settings)
    if out is not None:
        from glabella.report.effects_page import check_effects_folder

        check_effects_folder(out)
    from glabella.effects_text import effects_document, effects_lines
    from glabella.treatment import simulate

    with computing(parameters) as progress:
        days = int(plan.sessions[-1].day) + DAYS_AFTER_LAST
        outcome = simulate(
            plan, patient=patient, days=days, samples=samples, seed=seed, parameters=parameters, progress=progress, scene=False
        )
        document = effects_document(outcome)
        page = None
        if out is not None:
            from glabella.report.effects_page import write_effects

            page = write_effects(document, out)
    if as_json:
        tell_json(document)
        return
    tell_lines(effects_lines(document, likeliest_first), page)


def _asked(plan_file: Path | None, patient_file: Path | None, product: str | None, areas: tuple[str, ...]) -> "tuple[Plan, Patient | None]":
    """The plan to tell about, and the person."""
    from glabella.patient import Patient
    from glabella.plan import Plan

    if plan_file is not None:
        for name, given in (("--product", product), ("--area", areas)):
            if given:
                raise InputError(f"{name}: the plan file says it already; leave {name} or the file out")
        return read_plan(plan_file, patient_file)
    plan = Plan.label(product or "onabotulinumtoxinA", areas or (AREA,))
    return plan, Patient.read(patient_file) if patient_file else None
