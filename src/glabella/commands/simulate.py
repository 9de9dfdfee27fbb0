"""``glabella demo`` and ``glabella simulate``: one plan, one person."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glabella.commands.common import (
    PATH,
    check_days,
    computing,
    json_option,
    parameters_with,
    patient_option,
    plan_argument,
    read_plan,
    samples_option,
    seed_option,
    settings_option,
    tell_json,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glabella.evidence import Parameters
    from glabella.lower_outcome import LowerOutcome
    from glabella.outcome import Outcome
    from glabella.patient import Patient
    from glabella.plan import Plan

DEMO_DAYS, DEMO_FOLDER = 270, "glabella-demo"


@click.command()
@click.option("--out", metavar="DIR", type=PATH, default=DEMO_FOLDER, show_default=True, help="Folder of the report.")
@samples_option
@seed_option
def demo(out: Path, samples: int, seed: int) -> None:
    """Treat the reference face with the licensed glabellar pattern and write a report."""
    from glabella.plan import Plan

    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    outcome, page = _run(plan, None, DEMO_DAYS, samples, seed, out, parameters_with(()))
    _print(outcome, page)


@click.command()
@plan_argument
@patient_option
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days to simulate.")
@samples_option
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and outcome.json.")
@json_option
@settings_option
def simulate(
    plan_file: Path,
    patient_file: Path | None,
    days: int,
    samples: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    settings: tuple[str, ...],
) -> None:
    """Simulate a plan file and print the timeline."""
    plan, patient = read_plan(plan_file, patient_file)
    outcome, page = _run(plan, patient, days, samples, seed, out, parameters_with(settings))
    if as_json:
        tell_json(outcome.to_json())
    else:
        _print(outcome, page)


def _run(
    plan: "Plan", patient: "Patient | None", days: int, samples: int, seed: int, out: Path | None, parameters: "Parameters"
) -> "tuple[Outcome | LowerOutcome, Path | None]":
    """Simulate, and write the report if there is a folder for it; the folder is checked before the computation."""
    check_days(plan, days)
    if out is not None:
        from glabella.report.write import check_report_folder

        check_report_folder(out)
    from glabella.treatment import simulate

    with computing(parameters) as progress:
        drawn = out is not None
        outcome: Any = simulate(  # of the upper or of the lower face
            plan, None, patient, days=days, samples=samples, seed=seed, parameters=parameters, progress=progress, scene=drawn
        )
        if out is None:
            return outcome, None
        if plan.region == "lower_face":
            from glabella.report.lower_face import write_lower_report

            return outcome, write_lower_report(outcome, out, progress)
        from glabella.report.write import write_report

        return outcome, write_report(outcome, out, progress)


def _print(outcome: "Outcome | LowerOutcome", page: Path | None) -> None:
    for line in _lines(outcome):
        click.echo(line)
    if page is not None:
        click.echo(f"report: {page}")


def _lines(outcome: "Outcome | LowerOutcome") -> "Iterable[str]":
    from glabella.outcome import Outcome

    if isinstance(outcome, Outcome):
        from glabella.timeline import timeline_lines

        return timeline_lines(outcome)
    from glabella.lower_timeline import lower_timeline_lines

    return lower_timeline_lines(outcome)
