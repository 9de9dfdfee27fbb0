"""The report of a planned dose: its words and tables, and the folder that holds it with the plan file."""

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from glabella.outcome import CONTRACTION, FRAME, Probability, outcome_text
from glabella.planner.result import PlannedDose
from glabella.planner.show import (
    ConditionRow,
    baseline_rows,
    condition_rows,
    goal_words,
    main_wish,
    mean_risks,
    movement_rows,
    muscle_rows,
    needle_rows,
    percent,
    plan_with_note,
    sentence,
    shown_days,
    side_effect_rows,
    step_less_rows,
    trade_off_header,
    trade_off_rows,
    with_band,
)  # fmt: skip
from glabella.planner.simulated import Band
from glabella.report.page import Tile, _findings, _limits, _setting_facts, _with_percent, data_uri, plan_facts, subtitle
from glabella.report.planned_charts import draw_planned
from glabella.report.planned_faces import EXPRESSION, PLANS, draw_needles, face_days, picture_name, start_faces
from glabella.report.style import Picture, styled, words
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, Progress, check_report_folder, write_folder

PLAN_FILE = "plan.toml"
PLANNED_FOLDER = FolderKind("report.html", "planned.json", "glabella planned dose", (PLAN_FILE,))
SECTIONS = (
    ("glance", "At a glance"), ("goal", "Goal"), ("plan", "Plan"), ("face", "Face"), ("trade", "Trade-off"), ("course", "Course"),
    ("unwanted", "Side effects"), ("label", "Label check"), ("limits", "What it gets wrong"), ("sources", "Sources"),
    ("settings", "How computed"),
)  # fmt: skip
SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
CHARTS = 6


def check_planned_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    return check_report_folder(folder, PLANNED_FOLDER)


def write_planned(planned: PlannedDose, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write report.html, plan.toml, planned.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_planned_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures: list[Picture] = []
    count = CHARTS + 2 * len(face_days(planned))
    with closing(draw_pictures(planned)) as drawing:
        for picture in drawing:
            pictures.append(picture)
            tell("pictures", min(1.0, len(pictures) / count))
    more = {PLAN_FILE: plan_with_note(planned).to_toml()}
    write_folder(folder, PLANNED_FOLDER, render_planned(planned, pictures), outcome_text(planned.to_json()), pictures, more)
    return folder / PLANNED_FOLDER.page


def draw_pictures(planned: PlannedDose) -> Generator[Picture, None, None]:
    """Needles and charts, then the faces; a second thread paints those meanwhile."""
    painter = ThreadPoolExecutor(1)
    try:
        faces = start_faces(planned, painter)
        with styled():
            yield from draw_needles(planned)
            yield from draw_planned(planned)
        for face in faces:
            yield face.result()
    finally:
        painter.shutdown(cancel_futures=True)


def render_planned(planned: PlannedDose, pictures: Sequence[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    named = {picture.name: picture for picture in pictures}
    faces = _faces(planned, named)
    return filled_template(
        "planned.html.j2",
        planned=planned, generator=PLANNED_FOLDER.generator, data_uri=data_uri, frame=FRAME, title=title(planned),
        css=page_style(), who=_who(planned), sentence=_spaced(sentence(planned)),
        goal=goal_words(planned), tiles=tiles(planned), sections=[(a, n) for a, n in SECTIONS if a != "face" or faces],
        conditions=_conditions(planned), needles=needle_rows(planned), muscles=muscle_rows(planned), baseline=baseline_rows(planned),
        plan_facts=plan_facts(planned.outcome), plan_file=PLAN_FILE, faces=faces,
        pictures={"needles": None, "one_step_less": None, **named},
        movement=movement_rows(planned), trade_off=(trade_off_header(planned), trade_off_rows(planned)), step_less=step_less_rows(planned),
        unwanted=side_effect_rows(planned), label_rates=_label_rates(planned), findings=_findings(planned.outcome), limits=_limits(),
        sources=planned.outcome.sources(), overrides=planned.outcome.overrides, setting_facts=_facts(planned),
    )  # fmt: skip


def title(planned: PlannedDose) -> str:
    """What this is, in the heading."""
    if planned.watermark:
        return "Lowest simulated dose of a study, beyond the label: an exploration, not a directive"
    return "Lowest simulated dose within the label: an exploration, not a directive"


def tiles(planned: PlannedDose) -> list[Tile]:
    """Units, the chance of the goal, the likeliest side effect and the movement that is kept, each beside the licensed pattern."""
    wish, day = main_wish(planned), shown_days(planned)[-1]
    asked = f"asked: {percent(wish.with_probability)} %"
    ours, theirs = (mean_risks(outcomes) for outcomes in (planned.outcomes, planned.licensed_outcomes))
    effect = max(ours, key=lambda name: max(ours[name].high, theirs[name].high))
    found = [
        Tile("Units in total", f"{planned.plan.units:g} U", f"licensed pattern: {planned.licensed.units:g} U"),
        _chance_tile("Chance of the goal", wish.planned, asked, f"licensed: {with_band(wish.licensed)}"),
        _chance_tile(words(effect).capitalize(), ours[effect], f"licensed: {with_band(theirs[effect])}"),
    ]
    for name in dict.fromkeys(("brow_raise", *(CONTRACTION[area] for area in planned.goal.skin_areas))):
        kept, other = (one[0].movement[name].at(day) for one in (planned.outcomes, planned.licensed_outcomes))
        value, _, band = f"{kept:.0f}".partition(" ")
        found.append(Tile(f"{words(name).capitalize()} kept, day {day:g}", f"{value} %", _lines(band, f"licensed: {_with_percent(other)}")))
    return found


def _chance_tile(name: str, band: Band, *details: str) -> Tile:
    value, _, interval = with_band(band).partition(" % ")
    return Tile(name, f"{value.removesuffix(' %')} %", _lines(interval, *details))


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _who(planned: PlannedDose) -> str:
    if len(planned.outcomes) > 1:
        return f"One plan for {len(planned.outcomes)} people; faces and curves are those of the first"
    return subtitle(planned.outcome)


def _spaced(text: str) -> str:
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace(" U ", "\N{NO-BREAK SPACE}U ")


def _conditions(planned: PlannedDose) -> list[dict[str, Any]]:
    rows = []
    for row in condition_rows(planned):
        scale = _scale(row)
        rows.append({
            "says": row.says, "kind": row.kind, "asked": _spaced(row.asked_text), "met": row.met, "scale": f"{100 * scale:g}",
            "asked_at": round(100 * row.asked / scale, 2),
            "plans": [(plan, _bar(band, scale)) for plan, band in zip(PLANS, (row.planned, row.licensed), strict=True)],
        })  # fmt: skip
    return rows


def _scale(row: ConditionRow) -> float:
    """The end of a row's bars: 100 % for a chance that should be high, a little above the limit for one that should be low."""
    most = max(row.planned.high, row.licensed.high, 1.2 * row.asked)
    return next((step for step in SCALES if most <= step), 1.0) if row.at_most else 1.0


def _bar(band: Band, scale: float) -> dict[str, Any]:
    value, _, interval = with_band(band).partition(" % ")
    return {
        "value": f"{value.removesuffix(' %')} %", "band": interval, "left": round(100 * band.low / scale, 2),
        "width": round(100 * (band.high - band.low) / scale, 2), "at": round(100 * band.value / scale, 2),
    }  # fmt: skip


def _faces(planned: PlannedDose, pictures: Mapping[str, Picture]) -> list[dict[str, Any]]:
    """Both plans' faces by day, with the grade and how much of the frown is kept."""
    found = []
    for day in face_days(planned):
        shown = []
        for plan, outcomes in zip(PLANS, (planned.outcomes, planned.licensed_outcomes), strict=True):
            outcome = outcomes[0]
            kept = _with_percent(outcome.movement[EXPRESSION].at(day))
            lines = (f"grade {outcome.grade('glabellar', EXPRESSION).at(day):.1f}", f"{kept} of the frown kept")
            shown.append((pictures[picture_name(plan, day)], plan, lines))
        found.append({"day": f"{day:g}", "pictures": shown})
    return found


def _label_rates(planned: PlannedDose) -> list[tuple[str, str]]:
    """Effects without a mechanism: published rates of the product, the same for both plans."""
    rates: Mapping[str, Probability] = planned.outcome.unwanted
    return [(words(name).capitalize(), with_band(rate)) for name, rate in rates.items() if rate.basis == "label_rate"]


def _facts(planned: PlannedDose) -> list[tuple[str, str]]:
    settings = planned.settings
    return [
        ("Draws the plan was found on", f"{settings['draws']}, in {settings['evaluations']} evaluations of the goal"),
        ("Fresh samples it was judged on", f"{settings['samples']}, the same for both plans; plans tried on fresh samples: "
         f"{settings['rounds']}"),
        ("Scatter of needles", f"{settings['placement_sd_mm']:g} mm per axis"),
        ("Seed of the plan", str(planned.seed)), *_setting_facts(planned.outcome),
    ]  # fmt: skip


__all__ = ["PLANNED_FOLDER", "check_planned_folder", "render_planned", "tiles", "write_planned"]
