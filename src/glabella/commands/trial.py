"""``glabella trial``: many virtual people in arms, or how many a trial needs."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glabella.commands.common import PATH, json_option, progress_line, tell_json

if TYPE_CHECKING:
    from glabella.trial.design import Trial
    from glabella.trial.run import Compute


@click.command()
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
@json_option
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

    check_together(power, trial_file, {"--scheduler": scheduler, "--workers": workers, "--endpoint": endpoint})
    if endpoint is not None:
        check_endpoint(endpoint, None, "--endpoint")
    design = trial_from_options(trial_file, **given)
    if power:
        _power(design, as_json, out, workers)
        return
    if out is not None:
        from glabella.report.trial_files import check_trial_folder

        check_trial_folder(out)
    from glabella.trial.run import run_trial

    with progress_line() as progress:
        with _cluster(scheduler) as compute:
            result = run_trial(design, workers=workers, progress=progress, compute=compute)
        written = []
        if out is not None:
            from glabella.report.trial_files import write_trial

            written = write_trial(result, out)
    if as_json:
        tell_json(result.to_json())
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
    from glabella.trial.power import complete, find_power
    from glabella.trial.show import power_lines

    complete(design)
    if out is not None:
        check_folder(out)
    with progress_line() as progress:
        result = find_power(design, workers=workers, progress=progress)
        written = []
        if out is not None:
            from glabella.report.trial_files import write_power

            written = write_power(result, out)
    if as_json:
        tell_json(result.to_json())
        return
    for line in power_lines(result):
        click.echo(line)
    for path in written:
        click.echo(f"wrote {path}")
