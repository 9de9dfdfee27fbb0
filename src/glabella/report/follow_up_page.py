"""The page of a follow-up, and the folder that holds it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glabella.files import check_folder
from glabella.follow_up.forecast import FACTORS
from glabella.follow_up.result import FollowUp
from glabella.follow_up.show import area_words, course_rows, day_words, milestone_sentences, seen_rows, told_factors, worth_sentence
from glabella.outcome import CONTRACTION, GRADES, outcome_text, plain
from glabella.report.follow_up import draw_follow_up
from glabella.report.page import Tile, facts
from glabella.report.style import styled
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, check_report_folder, write_folder

if TYPE_CHECKING:
    from glabella.photo_series.series import Series

SERIES_PAGE, VISITS = "pictures.html", "visits.csv"
FOLLOW_UP_FOLDER = FolderKind("report.html", "follow-up.json", "glabella follow-up", (SERIES_PAGE, VISITS))
SECTIONS = (
    ("glance", "At a glance"), ("course", "The course"), ("tables", "Tables"), ("person", "This person"),
    ("limits", "What it does not know"), ("how", "How computed"), ("sources", "Sources"),
)  # fmt: skip


def check_follow_up_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    check_folder(folder)
    return check_report_folder(folder, FOLLOW_UP_FOLDER)


def write_follow_up(found: FollowUp, folder: str | Path, series: "Series | None" = None) -> Path:
    """Write report.html, follow-up.json and the pictures into ``folder``, whole or not at all; gives the path of the page.

    With a ``series`` of photos also their own page, pictures.html, and visits.csv with the depths that were read in place of the photos.
    """
    folder = check_follow_up_folder(folder)
    with styled():
        pictures = list(draw_follow_up(found))
    more = {}
    if series is not None:
        from glabella.photo_series.document import series_document
        from glabella.report.photo_series_page import render_series, series_pictures

        more = {SERIES_PAGE: render_series(series, series_document(series), series_pictures(series)), VISITS: found.visits.to_csv()}
    page = render_follow_up(found, pictures, SERIES_PAGE if series is not None else None)
    write_folder(folder, FOLLOW_UP_FOLDER, page, outcome_text(found.to_json()), pictures, more)
    return folder / FOLLOW_UP_FOLDER.page


def render_follow_up(found: FollowUp, pictures: list[Any], photos: str | None = None) -> str:
    """The whole page as text; it refers to nothing outside itself but to the page of its ``photos`` beside it."""
    factors = [(FACTORS[name], f"{after:.2f}", f"{before:.2f}") for name, before, after in told_factors(found)]
    return filled_template(
        "follow_up.html.j2",
        found=found, generator=FOLLOW_UP_FOLDER.generator, css=page_style(),
        sections=SECTIONS, title="The rest of this course", who=_who(found), tiles=_tiles(found), pictures=pictures, seen=seen_rows(found),
        tables=[(area_words(area), course_rows(found, area), milestone_sentences(found, area)) for area in found.posterior.areas],
        factors=factors, worth=worth_sentence(found), cautions=[line for line in found.said if line.startswith("caution")],
        remarks=[line for line in found.said if not line.startswith("caution")], patient_facts=facts(plain(found.patient)),
        sources=found.sources(), photos=photos,
    )  # fmt: skip


def _who(found: FollowUp) -> str:
    sex = {"female": "woman", "male": "man"}.get(found.patient.sex, "person")
    visits = len(found.visits.days)
    return (
        f"{found.plan.units:g} U of {found.plan.product}; a {sex} of {found.patient.age_years:g} years, seen on {visits} "
        f"day{'' if visits == 1 else 's'}"
    )


def _tiles(found: FollowUp) -> list[Tile]:
    area, last = found.main_area, float(found.days[-1])
    after, before = found.posterior, found.prior
    day = min(found.last_visit + 30, last)
    now, then = after.areas[area].grade.at(day), before.areas[area].grade.at(day)
    half, back = after.half_gone[area], after.returns[area]

    def tile(name: str, one: Any, other: Any) -> Tile:
        gone = one.median is None or one.median > found.plan.sessions[-1].day
        value = f"after day {last:g}" if one.median is None else f"day {one.median:.0f}" if gone else "never gone"
        return Tile(name, value, f"{day_words(found, one)}; before the visits {day_words(found, other)}")

    grade = f"Grade at {CONTRACTION[area].replace('_', ' ')} on day {day:g}"
    drawn = f"of {found.people} drawn; before the visits {before.effective_people:.0f}"
    return [
        Tile(grade, f"{now.median:.1f}", f"{now:.1f}; before the visits {then:.1f}"),
        tile("Half of the effect gone", half, before.half_gone[area]),
        tile(f"Grade {found.returns_to} ({GRADES[found.returns_to]}) again", back, before.returns[area]),
        Tile("Effective people", f"{after.effective_people:.0f}", drawn),
    ]
