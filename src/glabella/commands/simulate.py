"""``glabella demo`` and ``glabella simulate``: one plan, one person, for months or for years."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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
    tell_lines,
)  # fmt: skip
from glabella.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glabella.evidence import Parameters
    from glabella.lower_face.outcome import LowerOutcome
    from glabella.outcome import Outcome
    from glabella.patient import Patient
    from glabella.plan import Plan

DEMO_DAYS, DEMO_FOLDER = 270, "glabella-demo"
YEARS_SAMPLES = 40


@click.command()
@click.option("--out", metavar="DIR", type=PATH, default=DEMO_FOLDER, show_default=True, help="Folder of the report.")
@samples_option
@seed_option
def demo(out: Path, samples: int, seed: int) -> None:
    """Treat the reference face with the licensed glabellar pattern and write a report."""
    from glabella.plan import Plan

    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    outcome, page = _run(plan, None, DEMO_DAYS, samples, seed, out, parameters_with(()))
    tell_lines(_lines(outcome), page)


@click.command()
@plan_argument
@patient_option
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days to simulate.")
@samples_option
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and outcome.json.")
@json_option
@settings_option
@click.option("--years", metavar="N", type=float, help="Go on for N years, at most 20, and compare scenarios; instead of --days.")
@click.option(
    "--repeat",
    metavar="RULE",
    help="With --years: 'every 12 weeks', 'twice a year' or 'when the grade returns to 2' (the default for severe lines).",
)
@click.option(
    "--compare",
    metavar="NAMES",
    help="With --years: never, licensed (as_planned for a study), over_treated (a study), with commas; the first two unless given.",
)
@click.pass_context
def simulate(
    context: click.Context,
    plan_file: Path,
    patient_file: Path | None,
    days: int,
    samples: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    settings: tuple[str, ...],
    years: float | None,
    repeat: str | None,
    compare: str | None,
) -> None:
    """Simulate a plan file and print the timeline; with --years, repeat its session and compare years of it."""
    given = {name for name in ("days", "samples") if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    plan, patient = read_plan(plan_file, patient_file)
    if years is None:
        if repeat is not None or compare is not None:
            raise InputError(f"{'--repeat' if repeat is not None else '--compare'}: needs --years N, such as --years 5; or leave it out")
    elif "days" in given:
        raise InputError("--days and --years: give one of the two")
    else:
        asked = {"years": years, "repeat": repeat, "compare": compare, "samples": samples if "samples" in given else YEARS_SAMPLES}
        _simulate_years(plan, patient, asked, seed, out, as_json, parameters_with(settings))
        return
    outcome, page = _run(plan, patient, days, samples, seed, out, parameters_with(settings))
    if as_json:
        tell_json(outcome.to_json())
    else:
        tell_lines(_lines(outcome), page)


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


def _simulate_years(
    plan: "Plan", patient: "Patient | None", asked: dict[str, Any], seed: int, out: Path | None, as_json: bool, parameters: "Parameters"
) -> None:
    """Scenarios over years: the folder is checked before the computation."""
    from glabella.years.repeat import Repeat
    from glabella.years.years import follow_years

    names = [name.strip() for name in asked["compare"].split(",") if name.strip()] if asked["compare"] is not None else None
    repeat = Repeat.read(asked["repeat"]) if asked["repeat"] is not None else None
    if out is not None:
        from glabella.report.years_page import check_years_folder

        check_years_folder(out)
    with computing(parameters) as progress:
        found = follow_years(
            plan, None, patient, years=asked["years"], repeat=repeat, compare=names, samples=asked["samples"], seed=seed,
            parameters=parameters, progress=progress,
        )  # fmt: skip
        page = None
        if out is not None:
            from glabella.report.years_page import write_years

            page = write_years(found, out, progress)
    if as_json:
        tell_json(found.to_json())
        return
    from glabella.years.show import years_lines

    tell_lines(years_lines(found), page)


def _lines(outcome: "Outcome | LowerOutcome") -> "Iterable[str]":
    from glabella.outcome import Outcome

    if isinstance(outcome, Outcome):
        from glabella.timeline import timeline_lines

        return timeline_lines(outcome)
    from glabella.lower_face.timeline import lower_timeline_lines

    return lower_timeline_lines(outcome)
