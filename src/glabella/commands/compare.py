"""``glabella compare``: two plans for the same person."""

from pathlib import Path

import click

from glabella.commands.common import (
    PATH,
    check_days,
    computing,
    json_option,
    parameters_with,
    patient_option,
    read_plan,
    samples_option,
    seed_option,
    settings_option,
    tell_json,
    tell_lines,
)  # fmt: skip


@click.command()
@click.argument("first_file", metavar="PLAN_A.toml", type=PATH)
@click.argument("second_file", metavar="PLAN_B.toml", type=PATH)
@patient_option
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days to simulate.")
@samples_option
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and comparison.json.")
@json_option
@settings_option
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
    (first, patient), (second, _) = read_plan(first_file, patient_file), read_plan(second_file, None)
    parameters = parameters_with(settings)
    for plan, file in ((first, first_file), (second, second_file)):
        check_days(plan, days, f"plan {file}: ")
    from glabella.planner.compare import check_different, compare

    check_different(first, second)
    if out is not None:
        from glabella.report.comparison import check_comparison_folder, write_comparison

        check_comparison_folder(out)
    with computing(parameters) as progress:
        found = compare(
            first, second, None, patient, days=days, samples=samples, seed=seed, parameters=parameters, progress=progress,
            scene=out is not None,
        )  # fmt: skip
        page = write_comparison(found, out, progress) if out is not None else None
    if as_json:
        tell_json(found.to_json())
        return
    from glabella.comparison_text import comparison_lines

    tell_lines(comparison_lines(found), page)
