"""The report of a lower face: its own page, since brows, grades and faces of the upper face would mislead here."""

from importlib import resources
from pathlib import Path
from typing import Any

from glabella.lower_face.outcome import LowerOutcome
from glabella.lower_face.timeline import BANDS_LEAVE_OUT, DAYS, MOVEMENTS, area_columns, cell_text
from glabella.outcome import outcome_text, plain
from glabella.report.lower_charts import draw_lower_pictures
from glabella.report.page import (
    GENERATOR,
    Tile,
    _balance,
    _balance_note,
    _findings,
    _muscle_table,
    _sessions,
    _setting_facts,
    band_note,
    data_uri,
    facts,
    percent,
    plan_facts,
    subtitle,
)
from glabella.report.style import Picture, styled, words
from glabella.report.templates import filled_template, page_style
from glabella.report.write import OUTCOME_FOLDER, PAGE, Progress, check_report_folder, write_folder

PERSON_FACTS = ("age_years", "sex", "interpupillary_distance_mm", "conditions", "medicines", "earlier_toxin")  # what counts here


def write_lower_report(outcome: LowerOutcome, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write page, outcome.json and pictures into ``folder``, all or nothing; gives the path of the page. As ``write_report``."""
    folder = check_report_folder(folder)
    tell = progress or (lambda what, share: None)
    with styled():
        pictures = list(draw_lower_pictures(outcome))
    tell("page", 0.0)
    write_folder(folder, OUTCOME_FOLDER, render_lower_page(outcome, pictures), outcome_text(outcome.to_json()), pictures)
    tell("page", 1.0)
    return folder / PAGE


def render_lower_page(outcome: LowerOutcome, pictures: list[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    person = {name: value for name, value in plain(outcome.patient).items() if name in PERSON_FACTS}
    shown: Any = outcome  # the parts of the page read what both kinds of outcome have
    return filled_template(
        "lower_face.html.j2",
        outcome=outcome, generator=GENERATOR, css=page_style(), data_uri=data_uri,
        title=lower_title(outcome), subtitle=subtitle(shown), band_note=band_note(shown), tiles=lower_tiles(outcome),
        sessions=_sessions(shown), plan_facts=plan_facts(shown), patient_facts=facts(person), findings=_findings(shown),
        pictures={"needles": None, "thickness": None, **{picture.name: picture for picture in pictures}},
        timelines=[_timeline(outcome, area) for area in outcome.plan.areas], muscle_table=_muscle_table(shown), balance=_balance(shown),
        balance_note=_balance_note(shown), unwanted=_unwanted(outcome), limits=_limits(), sources=outcome.sources(),
        overrides=outcome.overrides, setting_facts=_setting_facts(shown),
        bands_leave_out=BANDS_LEAVE_OUT if outcome.settings.get("samples", 0) else "",
    )  # fmt: skip


def lower_title(outcome: LowerOutcome) -> str:
    """'OnabotulinumtoxinA in the masseter: 48 units at 6 sites'."""
    plan = outcome.plan
    sites = {(i.site, i.lateral_mm, i.up_mm) for session in plan.sessions for i in session.injections}
    areas = " and ".join(words(area) for area in plan.areas)
    times = f" in {len(plan.sessions)} sessions" if len(plan.sessions) > 1 else ""
    return f"{plan.product[0].upper()}{plan.product[1:]} in the {areas}: {plan.units:g} units at {len(sites)} sites{times}"


def lower_tiles(outcome: LowerOutcome) -> list[Tile]:
    """The headline numbers: strength left, thickness, the likeliest side effect."""
    found = []
    for area in outcome.plan.areas:
        movement, name = MOVEMENTS[area]
        curve = outcome.movement[movement]
        course = curve.course()
        least = curve.at(course.deepest_day)
        band = f" ({least.low:.0f} to {least.high:.0f})" if least.low < least.high else ""
        found.append(Tile(name.capitalize(), f"{least.median:.0f} %", f"of before, least on day {course.deepest_day:.0f}{band}"))
        back = f"after day {outcome.days[-1]:g}" if course.back_day is None else f"day {course.back_day:.0f}"
        found.append(Tile("Nearly over", back, f"{name} within 10 % of before"))
        if area == "masseter":
            for state, where in (("rest_mm", "relaxed"), ("clench_mm", "clenched")):
                thickness = getattr(outcome.thickness["masseter_left"], state)
                at = float(thickness.days[thickness.median.argmin()])
                lost = thickness.at(at).median - thickness.median[0]
                found.append(Tile(f"Masseter, {where}", f"{lost:+.1f} mm".replace("-", "−"), f"thinnest on day {at:g}, left"))
    name, chance = max(outcome.unwanted.items(), key=lambda item: item[1].value)
    found.append(Tile(words(name).capitalize(), f"{percent(chance.value)} %", _between(chance.low, chance.high) + " per person, computed"))
    return found


def _between(low: float, high: float) -> str:
    return "" if percent(low) == percent(high) else f"({percent(low)} to {percent(high)} %)"


def _timeline(outcome: LowerOutcome, area: str) -> dict[str, Any]:
    columns = area_columns(outcome, area)
    last = float(outcome.days[-1])
    rows = [
        (f"{day:g}", *(cell_text(curve.at(day), factor, spec) for curve, factor, spec in columns.values()))
        for day in sorted({*(day for day in DAYS if day <= last), last})
    ]
    header = ["Day", *(name[0].upper() + name[1:].replace(" %", ", %").replace(" mm", ", mm") for name in columns)]
    return {"caption": f"Timeline: {words(area)}", "header": header, "rows": rows, "numeric": tuple(range(len(header)))}


def _unwanted(outcome: LowerOutcome) -> dict[str, Any]:
    ordered = sorted(outcome.unwanted.items(), key=lambda item: (-item[1].value, -item[1].high))
    most = max(chance.high for _, chance in ordered)
    scale = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if most <= step)
    rows = [
        {
            "name": words(name).capitalize(), "value": percent(chance.value), "band": _between(chance.low, chance.high),
            "onset": chance.onset, "duration": chance.duration, "seriousness": chance.seriousness,
            "left": round(100 * chance.low / scale, 2), "width": round(100 * (chance.high - chance.low) / scale, 2),
            "at": round(100 * chance.value / scale, 2),
        }
        for name, chance in ordered
    ]  # fmt: skip
    return {"rows": rows, "scale": f"{100 * scale:g}"}


def _limits() -> list[tuple[str, str]]:
    text = resources.files("glabella.data").joinpath("lower_face/model_limits.txt").read_text("utf-8")
    return [(heading, body) for heading, _, body in (part.strip().partition("\n") for part in text.split("\n\n"))]
