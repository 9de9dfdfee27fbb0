"""``glabella validate``: every published figure beside what the model says."""

from pathlib import Path

import click

from glabella.commands.common import PATH, json_option, progress_line, tell_json, tell_lines

VALIDATION_FOLDER = "glabella-validation"


@click.command()
@click.option("--out", metavar="DIR", type=PATH, help=f"Folder of the report; {VALIDATION_FOLDER} unless given, none with --json.")
@click.option("--draws", type=click.IntRange(1), default=20, show_default=True, help="Draws of the posterior behind the intervals.")
@click.option("--trial", "trials", metavar="NAME", multiple=True, help="Only the figures of this trial; may be given again.")
@json_option
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
    with progress_line() as progress:
        found = validate(rows=rows, draws=draws, workers=workers, progress=progress)
        page = write_validation(found, out, progress) if out is not None else None
    if as_json:
        tell_json(found.to_json())
        return
    tell_lines(summary_lines(found), page)
