"""``glabella follow-up``: what was seen on visit days, and the rest of this course; ``glabella follow-up add``: one more visit."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from glabella.commands.photo_series import adult_option, confirm_people, consent_option, model_option, pupil_option
from glabella.errors import InputError

if TYPE_CHECKING:
    from glabella.follow_up.visits import Visits
    from glabella.patient import Patient
    from glabella.photo_series.measure import OfferedBaseline
    from glabella.photo_series.series import Series
    from glabella.plan import Plan

ADD = "add"


class WithAdd(click.Command):
    """A command whose first word may be ``add``."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:  # fmt: skip
        """The context of the command, or of ``add``."""
        if args and args[0] == ADD:
            return add.make_context(f"{info_name} {ADD}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("follow-up", cls=WithAdd, epilog="One more visit in the file: glabella follow-up add VISITS.toml --help")
@plan_argument
@click.argument("visits_file", metavar="VISITS.toml|.csv", type=PATH)
@patient_option
@click.option("--days", type=click.IntRange(1, 730), default=180, show_default=True, help="Last day of the course.")
@click.option("--returns-to", metavar="GRADE", type=click.IntRange(1, 3), help="Tell when this grade is back; 2 unless it was less before.")
@click.option("--people", type=click.IntRange(8000, 10_000_000), default=64_000, show_default=True, help="Virtual people drawn, at most.")
@seed_option
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the picture and follow-up.json.")
@adult_option
@consent_option
@click.option("--confirm", is_flag=True, help="With pictures: take the grades that those of day 0 suggest as the grades before treatment.")
@pupil_option
@model_option
@json_option
def follow_up(
    plan_file: Path, visits_file: Path, patient_file: Path | None, days: int, returns_to: int | None, people: int, seed: int,
    out: Path | None, adult: bool, consent: bool, confirm: bool, pupil_distance_mm: float | None, model_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Update the forecast of a course by grades, depths or pictures of visits.

    A visit may name a picture; its lines are measured on this machine and held against the picture of day 0.
    """
    from glabella.follow_up.visits import Visits

    plan, patient = read_plan(plan_file, patient_file)
    check_days(plan, days)
    visits = Visits.read(visits_file)
    visits.check(days)
    if visits.pictures:
        confirm_people(adult, consent)
    elif confirm:
        raise InputError("--confirm: no visit has a picture; leave --confirm out, or add pictures")
    if out is not None:
        from glabella.report.follow_up_page import check_follow_up_folder

        check_follow_up_folder(out)
    from glabella.follow_up.follow_up import update_forecast
    from glabella.follow_up.show import follow_up_lines

    with progress_line() as progress:
        series, offered = None, ()
        if visits.pictures:
            visits, patient, series, offered = _measured(plan, visits, patient, confirm, pupil_distance_mm, model_file, progress)
        found = update_forecast(plan, patient, visits, days=days, returns_to=returns_to, people=people, seed=seed, progress=progress)
        page = None
        if out is not None:
            from glabella.report.follow_up_page import write_follow_up

            page = write_follow_up(found, out, series)
    if as_json:
        tell_json(found.to_json())
        return
    if series is not None:
        from glabella.photo_series.document import offered_lines, series_document, series_lines

        tell_lines(series_lines(series_document(series)))
        tell_lines((*offered_lines(offered), ""))
    tell_lines(follow_up_lines(found), page)


def _measured(
    plan: "Plan", visits: "Visits", patient: "Patient | None", confirm: bool, pupil_distance_mm: float | None, model_file: Path | None,
    progress: Any,
) -> "tuple[Visits, Patient, Series, tuple[OfferedBaseline, ...]]":  # fmt: skip
    """The visits with depths in place of pictures, the person, the series, and what day 0 suggests."""
    from threadpoolctl import threadpool_limits

    from glabella.evidence.patterns import site_areas
    from glabella.patient import Patient
    from glabella.photo import LandmarkModel, find_model
    from glabella.photo_series.measure import measure_pictures, offer_baseline, with_offered

    patient = patient or Patient()
    treated = {site_areas()[site] for site in plan.sites if site in site_areas()}
    areas = tuple(sorted({*treated, *visits.areas}))
    with threadpool_limits(1):
        model = LandmarkModel(find_model(model_file))
        measured, series = measure_pictures(visits, model, patient, areas, pupil_distance_mm, progress)
    offered = tuple(one for one in offer_baseline(series, measured, patient) if one.area in areas)
    return measured, with_offered(patient, offered) if confirm else patient, series, offered


@click.command(ADD)
@click.argument("visits_file", metavar="VISITS.toml|.csv", type=PATH)
@click.option("--day", type=float, help="Days since the first session; 0 is before the needles.")
@click.option("--date", metavar="YYYY-MM-DD", help="The date instead, where the file has day_zero.")
@click.option("--area", metavar="AREA", help="glabellar, forehead, lateral_canthal_left or lateral_canthal_right.")
@click.option("--expression", metavar="FACE", required=True, help="rest, maximum_frown, brow_raise or smile.")
@click.option("--rater", metavar="WHO", help="investigator or subject.")
@click.option("--grade", type=int, help="0 none to 3 severe.")
@click.option("--depth-mm", type=float, help="A measured depth of the line.")
@click.option("--depth-error-mm", type=float, help="One standard deviation of its error.")
@click.option("--picture", metavar="FILE", type=PATH, help="A picture of this day; it stays where it is.")
@click.option("--note", help="Free text.")
def add(visits_file: Path, **given: Any) -> None:
    """Append one visit to VISITS; the file is made where there is none."""
    from glabella.follow_up.add import add_visit

    if given["picture"] is not None:
        given["picture"] = str(given["picture"])
    visits = add_visit(visits_file, given)
    count = len(visits.seen) + len(visits.pictures)
    click.echo(f"{visits_file}: {count} entr{'y' if count == 1 else 'ies'} on day {', '.join(f'{day:g}' for day in all_days(visits))}")


def all_days(visits: "Visits") -> list[float]:
    """Days of grades, depths and pictures."""
    return sorted({*visits.days, *(one.day for one in visits.pictures)})
