"""The command line: parse, call, print. Every error is one line on stderr; 0 done, 1 refused, 2 bad input, 130 interrupted."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glabella.errors import GlabellaError, InputError, RefusedError, nearest

if TYPE_CHECKING:
    from glabella.evidence import Parameters
    from glabella.outcome import Outcome
    from glabella.patient import Patient
    from glabella.plan import Plan
    from glabella.trial.design import Trial
    from glabella.trial.run import Compute

REFUSED, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEMO_DAYS, DEMO_FOLDER = 270, "glabella-demo"
VALIDATION_FOLDER, PLANNED_FOLDER = "glabella-validation", "glabella-plan"
SHOWN = ("face", "muscles", "products")
PICTURE_ENDINGS = {"face": (".png",), "muscles": (".png", ".svg", ".pdf")}
EPILOG = "Research and education, not a medical device."


class OneLineErrors(click.Group):
    """A group of commands whose errors, click's own included, are one line on stderr."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any) -> Any:
        """Run and leave with the exit code."""
        extra.pop("standalone_mode", None)
        try:
            code = super().main(args, prog_name, *rest, standalone_mode=False, **extra)
        except RefusedError as error:
            code = _complain(str(error), REFUSED)
        except GlabellaError as error:
            code = _complain(f"error: {error}", BAD_INPUT)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help() if error.ctx else "")
            code = 0
        except click.ClickException as error:
            code = _complain(f"error: {error.format_message()}", BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            code = _complain("interrupted, nothing was written", INTERRUPTED)
        except BrokenPipeError:
            sys.stderr.close()
            code = 0
        except OSError as error:  # files have their own messages: this is the standard output, a full disk for instance
            reason = (error.strerror or str(error)).lower()
            code = _complain(f"error: the output cannot be written ({reason}); make room, or send it elsewhere", BAD_INPUT)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Keep click from printing its own line for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command names the nearest one."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise InputError(f"command '{args[0]}' is unknown; {nearest(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def _complain(message: str, code: int) -> int:
    """One line on stderr, whatever the message holds."""
    click.echo(" ".join(message.split()), err=True)
    return code


class ProgressLine:
    """Progress on stderr: on a terminal one line that is rewritten, elsewhere a line every few seconds, so that short runs are silent."""

    QUIET_SECONDS = 8.0

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.width = 0
        self.told = time.monotonic()

    def __call__(self, step: str, share: float) -> None:
        """Tell that ``share`` (0 to 1) of ``step`` is done."""
        line = f"{step} {share:4.0%}"
        if self.live:
            click.echo("\r" + line.ljust(self.width), err=True, nl=False)
            self.width = len(line)
        elif time.monotonic() - self.told > self.QUIET_SECONDS:
            click.echo(line, err=True)
            self.told = time.monotonic()

    def done(self) -> None:
        """Clear the line."""
        if self.width:
            click.echo("\r" + " " * self.width + "\r", err=True, nl=False)


@click.group(cls=OneLineErrors, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="glabella", message="%(prog)s %(version)s")
def main() -> None:
    """Simulate treatments with botulinum toxin: from the needle to the skin, over the months, with uncertainty and sources."""


PATH = click.Path(path_type=Path)
plan_argument = click.argument("plan_file", metavar="PLAN.toml", type=PATH)
patient_option = click.option("--patient", "patient_file", metavar="PATIENT.toml", type=PATH, help="The person; else a woman of 40.")
samples_option = click.option("--samples", type=click.IntRange(0, 100_000), default=100, show_default=True, help="Draws behind the bands.")
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same numbers.")


@main.command()
@click.option("--out", metavar="DIR", type=PATH, default=DEMO_FOLDER, show_default=True, help="Folder of the report.")
@samples_option
@seed_option
def demo(out: Path, samples: int, seed: int) -> None:
    """Treat the reference face with the licensed glabellar pattern and write a report."""
    from glabella.plan import Plan

    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    outcome, page = _run(plan, None, DEMO_DAYS, samples, seed, out, _parameters(()))
    _print(outcome, page)


@main.command()
@plan_argument
@patient_option
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days to simulate.")
@samples_option
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and outcome.json.")
@click.option("--json", "as_json", is_flag=True, help="The outcome alone on stdout, progress on stderr.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Override a row of parameters.csv; may be given again.")
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
    plan, patient = _read(plan_file, patient_file)
    outcome, page = _run(plan, patient, days, samples, seed, out, _parameters(settings))
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(outcome.to_json()), nl=False)
    else:
        _print(outcome, page)


@main.command()
@click.argument("first_file", metavar="PLAN_A.toml", type=PATH)
@click.argument("second_file", metavar="PLAN_B.toml", type=PATH)
@patient_option
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days to simulate.")
@samples_option
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and comparison.json.")
@click.option("--json", "as_json", is_flag=True, help="The comparison alone on stdout, progress on stderr.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Override a row of parameters.csv; may be given again.")
def compare(
    first_file: Path,
    second_file: Path,
    patient_file: Path | None,
    days: int,
    samples: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    settings: tuple[str, ...],
) -> None:
    """Show two plans side by side for the same person: outcome, risk, and their differences in pairs of samples."""
    (first, patient), (second, _) = _read(first_file, patient_file), _read(second_file, None)
    parameters = _parameters(settings)
    for plan, file in ((first, first_file), (second, second_file)):
        _check_days(plan, days, f"plan {file}: ")
    from glabella.planner.compare import check_different, compare

    check_different(first, second)
    if out is not None:
        from glabella.report.comparison import check_comparison_folder, write_comparison

        check_comparison_folder(out)
    with _computing(parameters) as progress:
        found = compare(
            first, second, None, patient, days=days, samples=samples, seed=seed, parameters=parameters, progress=progress,
            scene=out is not None,
        )  # fmt: skip
        page = write_comparison(found, out, progress) if out is not None else None
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(found.to_json()), nl=False)
        return
    from glabella.comparison_text import comparison_lines

    for line in comparison_lines(found):
        click.echo(line)
    if page is not None:
        click.echo(f"report: {page}")


@main.command()
@plan_argument
@patient_option
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
def check(plan_file: Path, patient_file: Path | None, as_json: bool) -> None:
    """Compare a plan with the label. Exit code 0: allowed, 1: refused, 2: bad input."""
    from dataclasses import asdict

    from glabella.label import check_plan

    plan, patient = _read(plan_file, patient_file)
    findings = check_plan(plan, patient)
    refused = any(finding.severity == "refuse" for finding in findings)
    if as_json:
        click.echo(json.dumps({"allowed": not refused, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.severity:<8}{finding}")
        click.echo(f"{'refused' if refused else 'allowed'} for purpose '{plan.purpose}': {plan.units:g} U of {plan.product}")
    if refused:
        raise click.exceptions.Exit(REFUSED)


@main.command()
@click.argument("trial_file", metavar="[TRIAL.toml]", type=PATH, required=False)
@click.option("--product", help="Product of the treated arm, where there is no file.")
@click.option("--indication", metavar="AREA", help="Area that is treated and rated: glabellar (default), forehead, lateral_canthal.")
@click.option("--dose", "dose_units", metavar="UNITS", type=float, help="Total dose per session; the labelled one unless given.")
@click.option("--patients", type=int, help="Virtual people per arm; 10000 unless the file says.")
@click.option("--seed", type=int, help="The same seed gives the same people and numbers.")
@click.option("--visits", metavar="DAYS", help="Days of the visits, such as 7,30,60,90,120.")
@click.option("--endpoint", metavar="NAME", help="Print this endpoint only; all are computed.")
@click.option("--severe", metavar="SHARE", type=float, help="Share rated severe at entry; the others are moderate.")
@click.option("--female", metavar="SHARE", type=float, help="Share of women.")
@click.option("--age", metavar="LOW-HIGH", help="Ages of those who enter, such as 30-65.")
@click.option("--json", "as_json", is_flag=True, help="The result alone on stdout, progress on stderr.")
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the result as JSON and Parquet, and the figure.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Threads; as many as there are cores unless given.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on the workers of the Dask scheduler at tcp://host:port.")
@click.option("--power", is_flag=True, help="Sample size or power and assurance, from the [power] table of TRIAL.toml.")
@click.option("--draws", type=int, help="Draws of the posterior behind the bands (20; 0: counting alone) or the assurance (40).")
def trial(
    trial_file: Path | None, endpoint: str | None, as_json: bool, out: Path | None, workers: int | None, scheduler: str | None, power: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Run a trial of virtual people: a design file, or one product against placebo."""
    from glabella.trial.design import check_endpoint
    from glabella.trial.options import check_together, trial_from_options
    from glabella.trial.write import check_trial_folder, write_trial

    check_together(power, trial_file, {"--scheduler": scheduler, "--workers": workers, "--endpoint": endpoint})
    if endpoint is not None:
        check_endpoint(endpoint, None, "--endpoint")
    design = trial_from_options(trial_file, **given)
    if power:
        _power(design, as_json, out, workers)
        return
    if out is not None:
        check_trial_folder(out)
    from glabella.trial.run import run_trial

    progress = ProgressLine()
    try:
        with _cluster(scheduler) as compute:
            result = run_trial(design, workers=workers, progress=progress, compute=compute)
        written = write_trial(result, out) if out is not None else []
    finally:
        progress.done()
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(result.to_json()), nl=False)
        return
    from glabella.trial.show import trial_lines

    for line in trial_lines(result, endpoint):
        click.echo(line)
    for path in written:
        click.echo(f"wrote {path}")


def _cluster(scheduler: str | None) -> "AbstractContextManager[Compute | None]":
    if scheduler is None:
        return nullcontext()
    from glabella.trial.cluster import dask_compute

    return dask_compute(scheduler)


def _power(design: "Trial", as_json: bool, out: Path | None, workers: int | None) -> None:
    from glabella.files import check_folder
    from glabella.outcome import outcome_text
    from glabella.trial.power import complete, find_power
    from glabella.trial.show import power_lines
    from glabella.trial.write import write_power

    complete(design)
    if out is not None:
        check_folder(out)
    progress = ProgressLine()
    try:
        result = find_power(design, workers=workers, progress=progress)
        written = write_power(result, out) if out is not None else []
    finally:
        progress.done()
    if as_json:
        click.echo(outcome_text(result.to_json()), nl=False)
        return
    for line in power_lines(result):
        click.echo(line)
    for path in written:
        click.echo(f"wrote {path}")


@main.command()
@click.option("--out", metavar="DIR", type=PATH, help=f"Folder of the report; {VALIDATION_FOLDER} unless given, none with --json.")
@click.option("--draws", type=click.IntRange(1), default=20, show_default=True, help="Draws of the posterior behind the intervals.")
@click.option("--trial", "trials", metavar="NAME", multiple=True, help="Only the figures of this trial; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="The result alone on stdout, progress on stderr.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes; as many as there are cores unless given.")
def validate(out: Path | None, draws: int, trials: tuple[str, ...], as_json: bool, workers: int | None) -> None:
    """Recompute every published figure and report hits and misses alike."""
    from glabella.report.validation_page import check_validation_folder, write_validation
    from glabella.validation.document import summary_lines
    from glabella.validation.validate import rows_of, validate

    rows = rows_of(trials)
    if out is None and not as_json:
        out = Path(VALIDATION_FOLDER)
    if out is not None:
        check_validation_folder(out)
    progress = ProgressLine()
    try:
        found = validate(rows=rows, draws=draws, workers=workers, progress=progress)
        page = write_validation(found, out, progress) if out is not None else None
    finally:
        progress.done()
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(found.to_json()), nl=False)
        return
    for line in summary_lines(found):
        click.echo(line)
    click.echo(f"report: {page}")


@main.command("plan")
@click.argument("goal_file", metavar="GOAL.toml", type=PATH)
@click.option("--patient", "patient_files", metavar="PATIENT.toml", type=PATH, multiple=True, help="The person; again: one plan for all.")
@click.option("--start", "start_file", metavar="PLAN.toml", type=PATH, help="Plan whose needles may be used; else the licensed sites.")
@click.option("--out", metavar="DIR", type=PATH, help=f"Folder of plan and report; {PLANNED_FOLDER} unless given, none with --json.")
@click.option("--draws", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Draws that the plan is found on.")
@click.option("--samples", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Fresh samples that it is judged on.")
@seed_option
@click.option("--json", "as_json", is_flag=True, help="The result alone on stdout, progress on stderr.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Override a row of parameters.csv; may be given again.")
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
    parameters = _parameters(settings)
    if out is None and not as_json:
        out = Path(PLANNED_FOLDER)
    if out is not None:
        from glabella.report.planned import check_planned_folder, write_planned

        check_planned_folder(out)
    from glabella.planner.lowest_dose import lowest_dose
    from glabella.planner.show import planned_lines

    with _computing(parameters) as progress:
        found = lowest_dose(
            None, patients, goal=goal, start=start, draws=draws, samples=samples, seed=seed, parameters=parameters, progress=progress,
            scene=out is not None,
        )  # fmt: skip
        page = write_planned(found, out, progress) if out is not None else None
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(found.to_json()), nl=False)
        return
    for line in planned_lines(found):
        click.echo(line)
    if page is not None:
        click.echo(f"plan: {page.parent / 'plan.toml'}")
        click.echo(f"report: {page}")


@main.command("risk-map")
@click.option("--effect", required=True, help="Unwanted effect: eyelid_ptosis, dry_eye or asymmetric_smile.")
@click.option("--units", type=float, required=True, help="Units of the one injection.")
@click.option("--depth", "depth_mm", metavar="MM", type=float, required=True, help="Depth of the needle's tip; it stops at bone.")
@click.option("--product", default="onabotulinumtoxinA", show_default=True, help="Product that the units belong to.")
@click.option("--dilution", "diluent_ml", metavar="ML", type=float, help="Saline in the product's usual vial; as labelled unless given.")
@patient_option
@click.option("--scatter", "scatter_mm", metavar="MM", type=float, help="Scatter of the needle per axis along the skin; else the table's.")
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and risk_map.json.")
@click.option("--json", "as_json", is_flag=True, help="The map alone on stdout, progress on stderr.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Override a row of parameters.csv; may be given again.")
def risk_map(patient_file: Path | None, out: Path | None, as_json: bool, settings: tuple[str, ...], **asked: Any) -> None:
    """Map the chance of an unwanted effect over the whole face: what if the dose went in there?"""
    from glabella.patient import Patient
    from glabella.planner.risk_map_asked import check_asked

    parameters = _parameters(settings)
    patient = Patient.read(patient_file) if patient_file else None
    check_asked(**asked)
    if out is not None:
        from glabella.report.risk_map_page import check_risk_map_folder, write_risk_map

        check_risk_map_folder(out)
    from glabella.planner.risk_map import risk_map
    from glabella.planner.risk_map_document import summary_lines

    with _computing(parameters) as progress:
        found = risk_map(**asked, patient=patient, parameters=parameters, progress=progress)
        page = write_risk_map(found, out, progress) if out is not None else None
    if as_json:
        from glabella.outcome import outcome_text

        click.echo(outcome_text(found.to_json()), nl=False)
        return
    for line in summary_lines(found):
        click.echo(line)
    if page is not None:
        click.echo(f"report: {page}")


@main.command()
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Port; the first free one from 8017 unless given.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--data", metavar="DIR", type=PATH, help="Folder of the notes; the user's data folder unless given.")
@click.option("--host", default="127.0.0.1", hidden=True, help="Loopback only.")
def app(port: int | None, no_browser: bool, data: Path | None, host: str) -> None:
    """Open the app: a face you can treat, and watch through the months. For this computer only."""
    from glabella.app.server import check_host, check_installed, data_folder, serve

    host = check_host(host)
    check_installed()
    serve(data or data_folder(), host, port, not no_browser, tell=click.echo)
    _leave()


def _leave() -> None:
    """End without waiting for computations whose result nobody can see any more."""
    import os
    import threading

    sys.stdout.flush()
    sys.stderr.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(0)


@main.command()
@click.argument("what", metavar="face|muscles|products")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Picture to write; else WHAT.png here.")
def show(what: str, out: Path | None) -> None:
    """Draw the reference face or its muscles, or list the products with their licensed patterns."""
    if what not in SHOWN:
        raise InputError(f"show: '{what}' is unknown; {nearest(what, SHOWN)}")
    from glabella.files import write_beside, write_file

    if what == "products":
        from glabella.show import product_lines

        text = "\n".join(product_lines())
        if out is None:
            click.echo(text)
            return
        write_file(out, text + "\n", "file")
    else:
        out = out or Path(f"{what}.png")
        if out.suffix.lower() not in PICTURE_ENDINGS[what] and not out.is_dir():
            raise InputError(f"picture {out}: the name must end in {' or '.join(PICTURE_ENDINGS[what])}")
        write_beside(out, "picture", _draw_face if what == "face" else _draw_muscles)
    click.echo(f"wrote {out}", err=True)


def _draw_face(path: Path) -> None:
    from glabella.face import load_face
    from glabella.report.face_picture import draw_face

    draw_face(load_face(), path)


def _draw_muscles(path: Path) -> None:
    from glabella.evidence import load_parameters
    from glabella.face import load_face
    from glabella.report.anatomy_picture import draw_muscles
    from glabella.stages.anatomy.atlas import build_atlas

    draw_muscles(build_atlas(load_face(), None, load_parameters()), path)


def _read(plan_file: Path, patient_file: Path | None) -> "tuple[Plan, Patient | None]":
    from glabella.patient import Patient
    from glabella.plan import Plan

    return Plan.read(plan_file), Patient.read(patient_file) if patient_file else None


def _parameters(settings: Sequence[str]) -> "Parameters":
    """The parameter table with the rows that ``--set NAME=VALUE`` overrides."""
    from glabella.evidence import load_parameters

    table = load_parameters()
    overrides: dict[str, float] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise InputError(f"--set {setting}: must be NAME=VALUE with a number, such as --set tissue_porosity=0.3") from None
        row = table.rows.get(name.strip())
        if row is not None and number < 0 <= row.low:
            raise InputError(f"--set {setting}: must not be negative; the table's range is {row.low:g} to {row.high:g}")
        overrides[name.strip()] = number
    return table.with_values(overrides)


def _run(
    plan: "Plan", patient: "Patient | None", days: int, samples: int, seed: int, out: Path | None, parameters: "Parameters"
) -> "tuple[Outcome, Path | None]":
    """Simulate, and write the report if there is a folder for it; the folder is checked before the computation."""
    _check_days(plan, days)
    if out is not None:
        from glabella.report.write import check_report_folder

        check_report_folder(out)
    from glabella.treatment import simulate

    with _computing(parameters) as progress:
        drawn = out is not None
        outcome = simulate(
            plan, None, patient, days=days, samples=samples, seed=seed, parameters=parameters, progress=progress, scene=drawn
        )
        if out is None:
            return outcome, None
        from glabella.report.write import write_report

        return outcome, write_report(outcome, out, progress)


def _check_days(plan: "Plan", days: int, where: str = "") -> None:
    last = plan.sessions[-1].day
    if last >= days:
        raise InputError(f"{where}--days {days}: the session on day {last:g} comes after that; give --days more, or leave it out")


@contextmanager
def _computing(parameters: "Parameters") -> Iterator[ProgressLine]:
    """Progress while it lasts; what values of ``--set`` make impossible is bad input."""
    progress = ProgressLine()
    try:
        yield progress
    except (ArithmeticError, ValueError, LookupError, MemoryError) as error:
        if not parameters.overrides:  # then it is a defect of ours, and its traceback is what we need
            raise
        rows = [parameters.rows[name] for name in parameters.overrides]
        ranges = ", ".join(f"{row.name} {row.low:g} to {row.high:g}" for row in rows)
        raise InputError(f"--set: nothing can be computed with these values ({error}); the table's ranges: {ranges}") from None
    finally:
        progress.done()


def _print(outcome: "Outcome", page: Path | None) -> None:
    from glabella.timeline import timeline_lines

    for line in timeline_lines(outcome):
        click.echo(line)
    if page is not None:
        click.echo(f"report: {page}")


if __name__ == "__main__":
    main()
