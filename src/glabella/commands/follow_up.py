"""``glabella follow-up``: what was seen on visit days, and the rest of this course."""

from pathlib import Path

import click

from glabella.commands.common import (
    PATH,
    check_days,
    json_option,
    patient_option,
    plan_argument,
    progress_line,
    read_plan,
    seed_option,
    tell_json,
    tell_lines,
)


@click.command("follow-up")
@plan_argument
@click.argument("visits_file", metavar="VISITS.toml|.csv", type=PATH)
@patient_option
@click.option("--days", type=click.IntRange(1, 730), default=180, show_default=True, help="Last day of the course.")
@click.option("--returns-to", metavar="GRADE", type=click.IntRange(1, 3), help="Tell when this grade is back; 2 unless it was less before.")
@click.option("--people", type=click.IntRange(8000, 10_000_000), default=64_000, show_default=True, help="Virtual people drawn, at most.")
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the picture and follow-up.json.")
@json_option
def follow_up(
    plan_file: Path, visits_file: Path, patient_file: Path | None, days: int, returns_to: int | None, people: int, seed: int,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Update the forecast of a course by grades (or depths) seen on visits."""
    from glabella.follow_up.visits import Visits

    plan, patient = read_plan(plan_file, patient_file)
    check_days(plan, days)
    visits = Visits.read(visits_file)
    visits.check(days)
    if out is not None:
        from glabella.report.follow_up_page import check_follow_up_folder

        check_follow_up_folder(out)
    from glabella.follow_up.follow_up import update_forecast
    from glabella.follow_up.show import follow_up_lines

    with progress_line() as progress:
        found = update_forecast(plan, patient, visits, days=days, returns_to=returns_to, people=people, seed=seed, progress=progress)
        page = None
        if out is not None:
            from glabella.report.follow_up_page import write_follow_up

            page = write_follow_up(found, out)
    if as_json:
        tell_json(found.to_json())
        return
    tell_lines(follow_up_lines(found), page)
