"""``glabella uses``: the therapeutic uses, who is licensed for what, and one use over the weeks."""

import shutil
from pathlib import Path

import click

from glabella.commands.common import PATH, json_option, progress_line, seed_option, tell_json, tell_lines
from glabella.errors import InputError


@click.command()
@click.argument("use", metavar="[USE]", required=False)
@click.option("--product", help="Product; onabotulinumtoxinA unless given.")
@click.option(
    "--dose", "dose_units", metavar="UNITS", type=float, help="Dose of the whole session; the labelled one unless given; 0: placebo."
)
@click.option("--weeks", type=int, default=24, show_default=True, help="Weeks to follow.")
@click.option("--samples", type=click.IntRange(0, 10_000), default=40, show_default=True, help="Draws behind the bands.")
@click.option("--purpose", default="person", show_default=True, help="person (within the label) or study (within published trials).")
@seed_option
@json_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the page, the pictures and the numbers.")
def uses(
    use: str | None, product: str | None, dose_units: float | None, weeks: int, samples: int, purpose: str, seed: int, as_json: bool,
    out: Path | None,
) -> None:  # fmt: skip
    """List the therapeutic uses and who is licensed for them, or follow one: cervical_dystonia, blepharospasm, axillary_hyperhidrosis,
    chronic_migraine."""
    if use is None:
        if product is not None or dose_units is not None or out is not None:
            raise InputError("uses: --product, --dose and --out belong to one use; name it, such as glabella uses cervical_dystonia")
        from glabella.uses.show import status_document, status_lines

        if as_json:
            tell_json(status_document())
        else:
            click.echo("\n".join(status_lines(_columns())))
        return
    from glabella.uses.course import follow_use
    from glabella.uses.show import course_lines

    if out is not None:
        from glabella.report.uses_page import check_use_folder

        check_use_folder(out)
    with progress_line() as progress:
        found = follow_use(use, product, dose_units, weeks=weeks, samples=samples, seed=seed, purpose=purpose, progress=progress)
        page = None
        if out is not None:
            from glabella.report.uses_page import write_use

            page = write_use(found, out)
    if as_json:
        tell_json(found.to_json())
        return
    tell_lines(course_lines(found, _columns()), page)


def _columns() -> int:
    """Columns of the terminal, or of a usual one where there is none."""
    from glabella.uses.layout import NARROWEST, USUAL

    return max(NARROWEST, shutil.get_terminal_size((USUAL, 24)).columns)
