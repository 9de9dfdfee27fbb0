"""The page of years of treatment, and the folder that holds it."""

from pathlib import Path
from typing import Any

from glabella.files import check_folder
from glabella.outcome import outcome_text, plain
from glabella.report.page import Tile, facts
from glabella.report.style import styled
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, Progress, check_report_folder, write_folder
from glabella.report.years import draw_years
from glabella.wording import counted
from glabella.years.result import Response, Scenario, Years
from glabella.years.show import ASSUMED, BY_YEAR, flattest_muscle, last, of_hundred, percent, summary_lines, table

YEARS_FOLDER = FolderKind("report.html", "years.json", "glabella years")
SECTIONS = (
    ("glance", "At a glance"), ("course", "Course"), ("tables", "Tables"), ("rare", "Rare and weaker"), ("limits", "What it gets wrong"),
    ("how", "How computed"), ("sources", "Sources"),
)  # fmt: skip


def check_years_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    check_folder(folder)
    return check_report_folder(folder, YEARS_FOLDER)


def write_years(found: Years, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write report.html, years.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_years_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures = []
    with styled():
        for picture in draw_years(found):
            pictures.append(picture)
            tell("pictures", min(1.0, len(pictures) / 5))
    write_folder(folder, YEARS_FOLDER, render_years(found, pictures), outcome_text(found.to_json()), pictures)
    return folder / YEARS_FOLDER.page


def render_years(found: Years, pictures: list[Any]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    area = next(iter(next(iter(found.scenarios.values())).areas))
    return filled_template(
        "years.html.j2",
        found=found, generator=YEARS_FOLDER.generator, css=page_style(),
        sections=SECTIONS, title=_title(found), who=_who(found), tiles=_tiles(found), pictures=pictures, assumed=ASSUMED, by_year=BY_YEAR,
        sentences=list(summary_lines(found)), tables=[(scenario, table(found, scenario, area)) for scenario in found.scenarios.values()],
        responses=_responses(found), facts=_facts(found), patient_facts=facts(plain(found.patient)), sources=found.sources(),
        studies=[scenario for scenario in found.scenarios.values() if scenario.watermark],
        antibodies=next((scenario.antibodies for scenario in found.scenarios.values() if scenario.antibodies), None),
    )  # fmt: skip


def _title(found: Years) -> str:
    return f"{counted(found.years, 'year')} of treatment"


def _who(found: Years) -> str:
    sex = {"female": "woman", "male": "man"}.get(found.patient.sex, "person")
    return f"{found.settings['units_per_session']:g} U of {found.plan.product} a session; a {sex} of {found.patient.age_years:g} years"


def _tiles(found: Years) -> list[Tile]:
    tiles = []
    area = next(iter(next(iter(found.scenarios.values())).areas))
    for entry in (entry for entry in found.prevention if entry.area == area):
        scenario = found.scenarios[entry.scenario]
        value, _, band = f"{entry.less_depth_mm:.2f}".partition(" ")
        name = entry.area.replace("_", " ")
        never, treated, fewer = (of_hundred(share) for share in (entry.new_never, entry.new_treated, entry.fewer_new))
        detail = f"people without one before: {never} never treated, {treated} {scenario.title}"
        tiles.append(Tile(f"New {name} lines prevented", _of_hundred(fewer), f"{_band_of(fewer)}{detail}"))
        if entry.depth_before_mm > 0:
            detail = f"{band} mm; {scenario.title} against never treated"
            tiles.append(Tile(f"Line at rest shallower, {name}", f"{value} mm", detail))
    for scenario in found.scenarios.values():
        if scenario.muscles:
            flattest = flattest_muscle(scenario)
            value, _, band = percent(last(scenario.yearly["muscle", flattest, "bulk"].mean)).partition(" ")
            tiles.append(Tile("Bulk left in the flattest muscle", f"{value} %", f"{band} {flattest.replace('_', ' ')}; {scenario.title}"))
    return tiles


def _of_hundred(told: str) -> str:
    return f"{told.partition(' (')[0].replace('fewer than', '<')} of 100"


def _band_of(told: str) -> str:
    _, opened, band = told.partition(" (")
    return f"({band} " if opened else ""


def _responses(found: Years) -> list[tuple[str, ...]]:
    back = f"Grade {found.returns_to:g} back after, days"
    rows: list[tuple[str, ...]] = [("", "Lowest grade", "Movement kept, %", back, "Back in time, %")]
    for scenario in found.scenarios.values():
        for which, response in scenario.responses.items():
            rows.append(_response_row(f"{scenario.title}: {which} session", response))
    if found.weaker:
        rows.append(_response_row("One session, usual strength", found.weaker.usual))
        rows.append(_response_row(f"One session, muscles at {100 * found.weaker.strength:.0f} % of it", found.weaker.weaker))
    return rows


def _response_row(name: str, response: Response) -> tuple[str, ...]:
    back = f"{response.days_until_back:.0f}" if response.days_until_back else "not before the next"
    return name, f"{response.lowest_grade:.2f}", f"{response.lowest_movement_percent:.0f}", back, f"{100 * response.share_back:.0f}"


def _facts(found: Years) -> list[tuple[str, str]]:
    def sessions(scenario: Scenario) -> str:
        return f"{scenario.sessions:.0f} session{'' if scenario.sessions.high == 1 else 's'}" if scenario.session_days else "no session"

    return [
        *((scenario.title.capitalize(), sessions(scenario)) for scenario in found.scenarios.values()),
        ("Samples behind the bands", f"{found.samples}"),
        ("Seed", f"{found.seed}"),
        ("Overrides", ", ".join(f"{name} = {value:g}" for name, value in found.parameters.overrides.items()) or "none"),
        ("Hash of the parameters", found.parameters.sha256),
        ("Version", found.version),
    ]
