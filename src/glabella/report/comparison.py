"""The report of a comparison: its words and tables, and the folder that holds it."""

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from glabella.comparison import Comparison, PairedCurve, PairedRisk
from glabella.comparison_text import curve_rows, lines_of, pairing_note, plan_line, quantities, shown_days, signed, site_rows
from glabella.outcome import CONTRACTION, Estimate, Outcome, Probability, outcome_text, plain
from glabella.report.comparison_charts import draw_comparison
from glabella.report.faces import draw_face
from glabella.report.page import (
    Tile,
    _findings,
    _limits,
    _setting_facts,
    data_uri,
    face_name,
    facts,
    percent,
    plan_facts,
    subtitle,
)  # fmt: skip
from glabella.report.style import Picture, styled, words
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, Progress, check_report_folder, write_folder

COMPARISON_FOLDER = FolderKind("report.html", "comparison.json", "glabella comparison")
SECTIONS = (
    ("glance", "What differs"), ("plans", "The plans and the person"), ("face", "Face"), ("course", "Course"),
    ("unwanted", "Unwanted effects"), ("limits", "What it gets wrong"), ("sources", "Sources"), ("settings", "How computed"),
)  # fmt: skip
FACE_DAYS = (0.0, 30.0, 90.0, 120.0)
EXPRESSION = "maximum_frown"
PLANS = ("first", "second")
BASES = {"computed": "Computed for these plans", "label_rate": "Label rates of the products"}


def check_comparison_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    return check_report_folder(folder, COMPARISON_FOLDER)


def write_comparison(comparison: Comparison, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write report.html, comparison.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_comparison_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures: list[Picture] = []
    count = 2 + len(comparison.areas()) + 2 * len(face_days(comparison))
    with closing(draw_pictures(comparison)) as drawing:
        for picture in drawing:
            pictures.append(picture)
            tell("pictures", min(1.0, len(pictures) / count))
    write_folder(folder, COMPARISON_FOLDER, render_comparison(comparison, pictures), outcome_text(comparison.to_json()), pictures)
    return folder / COMPARISON_FOLDER.page


def draw_pictures(comparison: Comparison) -> Generator[Picture, None, None]:
    """Charts, then both faces on each day; a second thread paints the faces meanwhile."""
    painter = ThreadPoolExecutor(1)
    try:
        faces = [
            painter.submit(_face, outcome, plan, day, comparison.watermark)
            for day in face_days(comparison)
            for plan, outcome in zip(PLANS, (comparison.first, comparison.second), strict=True)
        ]
        with styled():
            yield from draw_comparison(comparison)
        for face in faces:
            yield face.result()
    finally:
        painter.shutdown(cancel_futures=True)


def face_days(comparison: Comparison) -> tuple[float, ...]:
    """Days on which both faces are shown: those of ``FACE_DAYS`` that were computed; none without scenes."""
    if comparison.first.scene is None or comparison.second.scene is None:
        return ()
    return tuple(day for day in FACE_DAYS if day in comparison.first.scene.picture_days)


def _face(outcome: Outcome, plan: str, day: float, watermark: str | None) -> Picture:
    scene = outcome.scene
    assert scene is not None
    if watermark:  # it stands on both faces, whichever of the plans is a study
        outcome = replace(outcome, plan=outcome.plan.with_purpose(watermark))
    picture = draw_face(outcome, scene, EXPRESSION, scene.picture_days.index(day))
    said = f"With the {plan} plan: {picture.alt}"
    return replace(picture, name=_picture_name(plan, day), title=f"{plan} plan, {picture.title}", alt=said)


def _picture_name(plan: str, day: float) -> str:
    return f"{plan}_{face_name(EXPRESSION, day)}"


def render_comparison(comparison: Comparison, pictures: Sequence[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    named = {picture.name: picture for picture in pictures}
    outcomes = dict(zip(PLANS, (comparison.first, comparison.second), strict=True))
    faces = _faces(comparison, named)
    return filled_template(
        "comparison.html.j2",
        comparison=comparison, generator=COMPARISON_FOLDER.generator, data_uri=data_uri, outcomes=outcomes,
        css=page_style(), subtitle=subtitle(comparison.first),
        summary=comparison.summary().replace(" %", "\N{NO-BREAK SPACE}%"), overrides=comparison.first.overrides,
        sections=[(anchor, name) for anchor, name in SECTIONS if anchor != "face" or faces], pairing=pairing_note(comparison),
        units_note=comparison.units_note, tiles=tiles(comparison), plan_lines={name: plan_line(o) for name, o in outcomes.items()},
        sites=_sites(comparison), plan_facts={name: plan_facts(o) for name, o in outcomes.items()},
        patient_facts=facts(plain(comparison.first.patient)), findings={name: _findings(o) for name, o in outcomes.items()}, faces=faces,
        charts=[picture for picture in pictures if picture.svg], tables=_tables(comparison), unwanted=_unwanted(comparison),
        limits=_limits(), sources=comparison.sources(), setting_facts=_setting_facts(comparison.first),
    )  # fmt: skip


def tiles(comparison: Comparison) -> list[Tile]:
    """The largest difference of the lines, the same at the peak, what it costs the brow raise, and the side effect that differs most."""
    area, widest = comparison.widest()
    peak = min(30.0, float(comparison.days[-1]))
    grade = comparison.grade(area, CONTRACTION[area])
    name = f"grade of the {lines_of(area)}"
    found = [_tile(f"{name}, day {day:g}", grade, day, ".2f", "") for day in dict.fromkeys((peak, widest))]
    found.append(_tile(f"movement kept at brow raise, day {peak:g}", comparison.movement("brow_raise"), peak, ".1f", "\N{NO-BREAK SPACE}%"))
    paired = {effect: risk for effect, risk in comparison.unwanted.items() if risk.difference is not None}
    if paired:
        effect = max(paired, key=lambda e: abs(_percentage_points(paired[e]).median))
        risk, points = paired[effect], _percentage_points(paired[effect])
        first, second = (f"{100 * chance.value:.2f} %" for chance in (risk.first, risk.second) if chance is not None)
        found.append(_difference_tile(f"chance of {words(effect)}, percentage points", points, ".2f", f"{second} instead of {first}"))
    return found


def _tile(name: str, pair: PairedCurve, day: float, spec: str, unit: str) -> Tile:
    first, second = (format(curve.at(day).median, spec) for curve in (pair.first, pair.second))
    return _difference_tile(name, pair.difference.at(day), spec, f"medians {second}{unit} instead of {first}{unit}")


def _difference_tile(name: str, change: Estimate, spec: str, detail: str) -> Tile:
    value, _, band = _minus(signed(change, spec)).partition(" ")
    return Tile(f"{name[:1].upper()}{name[1:]}", value, f"{band}{'; ' if band else ''}{detail}")


def _minus(text: str) -> str:
    """A true minus sign before numbers."""
    return text.replace("-", "\N{MINUS SIGN}")


def _percentage_points(risk: PairedRisk) -> Estimate:
    assert risk.difference is not None
    return Estimate(*(100 * share for share in (risk.difference.value, risk.difference.low, risk.difference.high)))


def _sites(comparison: Comparison) -> list[dict[str, Any]]:
    """Rows of the table of sites. Units of different products are not compared: then only a site that one plan lacks is noted."""
    rows = site_rows(comparison.first.plan, comparison.second.plan)
    found = []
    for number, (site, first, second) in enumerate(rows):
        total = number == len(rows) - 1
        differs = not (first and second) if comparison.units_note else first != second
        note = "" if total or not differs else "differs" if first and second else f"{'second' if second else 'first'} plan only"
        found.append({"site": site, "first": _minus(first), "second": _minus(second), "note": note, "total": total})
    return found


def _faces(comparison: Comparison, pictures: Mapping[str, Picture]) -> list[dict[str, Any]]:
    """Both faces by day, with the grades and how much of the frown is kept."""
    pairs = []
    for day in face_days(comparison):
        shown = [(pictures[name], plan) for plan in PLANS if (name := _picture_name(plan, day)) in pictures]
        kept, grade = comparison.movement(EXPRESSION), comparison.grade("glabellar", EXPRESSION)
        values = [
            (f"grade {curve.at(day):.1f}", f"{_with_percent(moved.at(day))} of the frown kept")
            for curve, moved in ((grade.first, kept.first), (grade.second, kept.second))
        ]
        pairs.append({"day": f"{day:g}", "pictures": [(*entry, value) for entry, value in zip(shown, values, strict=True)]})
    return pairs


def _with_percent(value: Estimate) -> str:
    number, _, band = f"{value:.0f}".partition(" ")
    return f"{number} % {band}".strip()


def _tables(comparison: Comparison) -> list[dict[str, Any]]:
    """The short tables of the command line, each with its title."""
    header = ["Day", "First plan", "Second plan", "Second − first", "Second lower in"]
    days, kept = shown_days(float(comparison.days[-1])), 5 if comparison.samples else 4
    return [
        {
            "title": f"{title[:1].upper()}{title[1:]}", "header": header[:kept],
            "rows": [[_minus(cell) for cell in row[:kept]] for row in curve_rows(pair, days, spec)],
        }
        for title, pair, spec in quantities(comparison)
    ]  # fmt: skip


def _unwanted(comparison: Comparison) -> list[dict[str, Any]]:
    """A table of the computed effects, the most different first, and one of the label rates; bars on one scale in each."""

    def order(item: tuple[str, PairedRisk]) -> tuple[float, float]:
        risk = item[1]
        return -abs(risk.difference.value) if risk.difference else 0.0, -risk.either.value

    tables = []
    for basis, caption in BASES.items():
        risks = {name: risk for name, risk in sorted(comparison.unwanted.items(), key=order) if risk.either.basis == basis}
        most = max((chance.high for risk in risks.values() for chance in (risk.first, risk.second) if chance is not None), default=0.0)
        scale = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if most <= step)
        rows = [_risk_row(name, risk, scale) for name, risk in risks.items()]
        if rows:
            tables.append({"caption": caption, "rows": rows, "scale": f"{100 * scale:g}", "computed": basis == "computed"})
    return tables


def _risk_row(name: str, risk: PairedRisk, scale: float) -> dict[str, Any]:
    """The chance with each plan, or once for both where a label rate is the same."""
    same = risk.difference is None and risk.first == risk.second
    plans = [("both", risk.first)] if same else list(zip(PLANS, (risk.first, risk.second), strict=True))
    said = risk.either
    return {
        "name": words(name).capitalize(), "onset": said.onset, "duration": said.duration, "seriousness": said.seriousness,
        "plans": [(plan, _chance(chance, scale)) for plan, chance in plans], "difference": _risk_change(risk, same),
    }  # fmt: skip


def _chance(chance: Probability | None, scale: float) -> dict[str, Any] | None:
    if chance is None:
        return None
    low, high = percent(chance.low), percent(chance.high)
    return {
        "value": percent(chance.value), "band": "" if low == high else f"({low} to {high})", "left": round(100 * chance.low / scale, 2),
        "width": round(100 * (chance.high - chance.low) / scale, 2), "at": round(100 * chance.value / scale, 2),
    }  # fmt: skip


def _risk_change(risk: PairedRisk, same: bool) -> tuple[str, str]:
    """The difference and its band as text, or why there is none."""
    if risk.difference is None:
        return "", "the same for both" if same else "two label rates, not paired"
    value, _, band = _minus(signed(_percentage_points(risk), ".2f")).partition(" ")
    return value, band


__all__ = ["check_comparison_folder", "render_comparison", "tiles", "write_comparison"]
