"""``glabella plan``: the lowest dose that reaches a goal."""

from pathlib import Path

import click

from glabella.commands.common import PATH, computing, json_option, parameters_with, seed_option, settings_option, tell_json

PLANNED_FOLDER = "glabella-plan"


@click.command("plan")
@click.argument("goal_file", metavar="GOAL.toml", type=PATH)
@click.option("--patient", "patient_files", metavar="PATIENT.toml", type=PATH, multiple=True, help="The person; again: one plan for all.")
@click.option("--start", "start_file", metavar="PLAN.toml", type=PATH, help="Plan whose needles may be used; else the licensed sites.")
@click.option("--out", metavar="DIR", type=PATH, help=f"Folder of plan and report; {PLANNED_FOLDER} unless given, none with --json.")
@click.option("--draws", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Draws that the plan is found on.")
@click.option("--samples", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Fresh samples that it is judged on.")
@seed_option
@json_option
@settings_option
def plan_dose(
    goal_file: Path, patient_files: tuple[Path, ...], start_file: Path | None, out: Path | None, draws: int, samples: int, seed: int,
    as_json: bool, settings: tuple[str, ...],
) -> None:  # fmt: skip
    """Explore the lowest simulated dose within the label that reaches a goal, beside the licensed pattern."""
    from glabella.patient import Patient
    from glabella.plan import Plan
    from glabella.planner.goal import Goal

    goal = Goal.read(goal_file)
    patients = [Patient.read(file) for file in patient_files] or None
    start = Plan.read(start_file) if start_file else None
    parameters = parameters_with(settings)
    if out is None and not as_json:
        out = Path(PLANNED_FOLDER)
    if out is not None:
        from glabella.report.planned import check_planned_folder, write_planned

        check_planned_folder(out)
    from glabella.planner.lowest_dose import lowest_dose
    from glabella.planner.show import planned_lines

    with computing(parameters) as progress:
        found = lowest_dose(
            None, patients, goal=goal, start=start, draws=draws, samples=samples, seed=seed, parameters=parameters, progress=progress,
            scene=out is not None,
        )  # fmt: skip
        page = write_planned(found, out, progress) if out is not None else None
    if as_json:
        tell_json(found.to_json())
        return
    for line in planned_lines(found):
        click.echo(line)
    if page is not None:
        click.echo(f"plan: {page.parent / 'plan.toml'}")
        click.echo(f"report: {page}")
