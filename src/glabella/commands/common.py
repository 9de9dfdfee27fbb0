"""What several commands share: options, progress on stderr, plans and parameters read from files."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glabella.errors import InputError

if TYPE_CHECKING:
    from glabella.evidence import Parameters
    from glabella.patient import Patient
    from glabella.plan import Plan


REFUSED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes


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


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """Progress while it lasts, cleared at the end."""
    progress = ProgressLine()
    try:
        yield progress
    finally:
        progress.done()


def tell_json(document: Any) -> None:
    """The document alone on stdout."""
    from glabella.outcome import outcome_text

    click.echo(outcome_text(document), nl=False)


def tell_unkept(document: Any, lines: Iterable[str], page: Path | None, as_json: bool) -> None:
    """The outcome of a command that keeps nothing unless asked: as JSON, or as text with where its report is."""
    if as_json:
        tell_json(document)
        return
    tell_lines(lines, page)
    if page is None:
        click.echo("nothing was kept; --out DIR writes a report with pictures")


def tell_lines(lines: Iterable[str], page: Path | None = None) -> None:
    """A text on stdout, and where its report is."""
    for line in lines:
        click.echo(line)
    if page is not None:
        click.echo(f"report: {page}")


PATH = click.Path(path_type=Path)
plan_argument = click.argument("plan_file", metavar="PLAN.toml", type=PATH)
patient_option = click.option("--patient", "patient_file", metavar="PATIENT.toml", type=PATH, help="The person; else a woman of 40.")
samples_option = click.option("--samples", type=click.IntRange(0, 100_000), default=100, show_default=True, help="Draws behind the bands.")
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same numbers.")
json_option = click.option("--json", "as_json", is_flag=True, help="The result alone on stdout as JSON, progress on stderr.")
settings_option = click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="Override a row of parameters.csv; may be given again."
)


def read_plan(plan_file: Path, patient_file: Path | None) -> "tuple[Plan, Patient | None]":
    """The plan and, where there is a file, the person."""
    from glabella.patient import Patient
    from glabella.plan import Plan

    return Plan.read(plan_file), Patient.read(patient_file) if patient_file else None


def parameters_with(settings: Sequence[str]) -> "Parameters":
    """The parameter table with the rows that ``--set NAME=VALUE`` overrides."""
    from glabella.evidence import load_parameters

    table = load_parameters()
    if any(setting.partition("=")[0].strip() not in table.rows for setting in settings):
        from glabella.evidence.lower_face import load_lower_parameters

        table = load_lower_parameters()
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


def check_days(plan: "Plan", days: int, where: str = "") -> None:
    """Every session comes before the last day; InputError else."""
    last = plan.sessions[-1].day
    if last >= days:
        raise InputError(f"{where}--days {days}: the session on day {last:g} comes after that; give --days more, or leave it out")


@contextmanager
def computing(parameters: "Parameters") -> Iterator[ProgressLine]:
    """Progress while it lasts; what values of ``--set`` make impossible is bad input."""
    try:
        with progress_line() as progress:
            yield progress
    except (ArithmeticError, ValueError, LookupError, MemoryError) as error:
        if not parameters.overrides:  # then it is a defect of ours, and its traceback is what we need
            raise
        rows = [parameters.rows[name] for name in parameters.overrides]
        ranges = ", ".join(f"{row.name} {row.low:g} to {row.high:g}" for row in rows)
        raise InputError(f"--set: nothing can be computed with these values ({error}); the table's ranges: {ranges}") from None
