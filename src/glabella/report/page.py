"""The page: words and tables of ``report.html``, filled into its template."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from glabella.effects_text import contradicts, effects_document
from glabella.outcome import CONTRACTION, TIMELINE_HEADER, Curve, Estimate, Outcome, Reported, plain, timeline_cells
from glabella.report.effects_parts import more_about
from glabella.report.style import Picture, words
from glabella.report.templates import filled_template, page_style

GENERATOR = "glabella report"  # the mark by which a folder of ours is known
SECTIONS = (
    ("glance", "At a glance"), ("plan", "Plan and person"), ("face", "Face"), ("course", "Course"), ("dose", "Dose"),
    ("unwanted", "Unwanted effects"), ("limits", "What it gets wrong"), ("sources", "Sources"), ("settings", "How computed"),
)  # fmt: skip
UNIT_ENDINGS = {
    "_years": "years", "_mm": "mm", "_ml": "mL", "_days": "days", "_units": "U", "_degrees": "degrees", "_units_per_ml": "U/mL",
}  # fmt: skip
PLAN_FACTS = ("product", "purpose", "vials", "lot", "note")
SMALLEST_UNITS = 0.005  # muscles below this share of a unit are put together in the table


@dataclass(frozen=True)
class Tile:
    """One headline number."""

    name: str
    value: str
    detail: str


def render_page(outcome: Outcome, pictures: Sequence[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    named = {picture.name: picture for picture in pictures}
    sources = outcome.sources()
    assumed = sum(row.kind == "assumed" for row in sources.parameters)
    return filled_template(
        "report.html.j2",
        outcome=outcome, generator=GENERATOR, css=page_style(), data_uri=data_uri,
        title=title(outcome), subtitle=subtitle(outcome), band_note=band_note(outcome), sections=_sections(outcome),
        glance_note=_glance_note(outcome), tiles=tiles(outcome), sessions=_sessions(outcome), plan_facts=plan_facts(outcome),
        patient_facts=facts(plain(outcome.patient)), findings=_findings(outcome), faces=_faces(outcome, named),
        pictures={"dose_on_face": None, "dose_muscle_histogram": None, "frequencies": None, **named},
        cuts=[picture for picture in pictures if picture.name.startswith("section_")], muscle_table=_muscle_table(outcome),
        timeline=_timeline(outcome), balance=_balance(outcome), balance_note=_balance_note(outcome), unwanted=_unwanted(outcome),
        unwanted_more=more_about(effects_document(outcome)),
        limits=_limits(), sources=sources, setting_facts=_setting_facts(outcome),
        assumed_note=f"{assumed} of the {len(sources.parameters)} parameters that this result read are assumed: no published figure was "
        "found, or it is from memory and unchecked.",
        sources_note=f"{len(sources.parameters)} rows of the parameter table and {len(sources.references)} sources were used here.",
    )  # fmt: skip


def data_uri(picture: Picture) -> str:
    """An address that holds the picture itself."""
    kind, content = ("jpeg", picture.jpeg) if picture.jpeg else ("png", picture.png)
    return f"data:image/{kind};base64," + base64.b64encode(content).decode("ascii")


def title(outcome: Outcome) -> str:
    """'OnabotulinumtoxinA in glabellar lines: 20 units at 5 sites'."""
    plan = outcome.plan
    product = plan.product[0].upper() + plan.product[1:]
    sites = {(i.site, i.lateral_mm, i.up_mm) for session in plan.sessions for i in session.injections}
    times = f" in {len(plan.sessions)} sessions" if len(plan.sessions) > 1 else ""
    *most, last = [words(area) for area in plan.areas]
    areas = f"{', '.join(most)} and {last}" if most else last
    return f"{product} in {areas} lines: {plan.units:g} units at {_count(len(sites), 'site')}{times}"


def subtitle(outcome: Outcome) -> str:
    """For whom, and how long it was followed."""
    patient = outcome.patient
    who = {"female": "Woman", "male": "Man"}.get(str(getattr(patient, "sex", "")), "Person")
    age = getattr(patient, "age_years", None)
    return f"{who}{f' of {age:g} years' if age is not None else ''}, followed for {outcome.days[-1]:g} days"


def band_note(outcome: Outcome) -> str:
    """What the bands are, or that there are none."""
    samples = int(outcome.settings.get("samples", 0))
    if not samples:
        return "One nominal run: no bands were computed, and single numbers look surer than they are."
    return f"Bands and brackets are the 5th to 95th percentile of {samples} samples of parameters and needle placement."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _sections(outcome: Outcome) -> list[tuple[str, str]]:
    return [(anchor, name) for anchor, name in SECTIONS if anchor != "face" or outcome.scene is not None]


def _glance_note(outcome: Outcome) -> str:
    area = outcome.main_area()
    return (
        f"Most changed: {words(area)} under {words(CONTRACTION[area])}. Days are read off the median curve; "
        "brackets are the 5th to 95th percentile."
    )


def tiles(outcome: Outcome) -> list[Tile]:
    """The headline numbers of the most affected area and the most likely computed side effect."""
    area = outcome.main_area()
    expression = CONTRACTION[area]
    strain, grade = outcome.strain(area, expression), outcome.grade(area, expression)
    found = [*_course_tiles(outcome, strain), _grade_tile(outcome, grade, expression)]
    computed = {name: chance for name, chance in outcome.unwanted.items() if chance.basis == "computed"}
    if computed:
        name = max(computed, key=lambda effect: (computed[effect].high, computed[effect].value))
        chance = computed[name]
        found.append(
            Tile(
                f"{words(name).capitalize()}",
                f"{percent(chance.value)} %",
                f"{_band(chance.low, chance.high)} per person, computed".strip(),
            )
        )
    return found


def _course_tiles(outcome: Outcome, strain: Curve) -> list[Tile]:
    if abs(strain.median[0]) < 1e-12:
        return []
    course = strain.course()
    lost = strain.reduction().at(course.deepest_day)
    band = f"({100 * lost.low:.0f} to {100 * lost.high:.0f} %)" if lost.low < lost.high else ""
    after = f"after day {outcome.days[-1]:g}"
    return [
        Tile("First effect", _on_day(course.onset_day, "none"), "10 % of the strain lost"),
        Tile("Deepest effect", f"−{100 * lost.median:.0f} %", f"strain, day {course.deepest_day:.0f} {band}".strip()),
        Tile("Half of it gone", _on_day(course.half_gone_day, after), "half of the deepest effect"),
        Tile("Nearly over", _on_day(course.back_day, after), "within 10 % of before"),
    ]


def _on_day(day: float | None, otherwise: str) -> str:
    return otherwise if day is None else f"day {day:.1f}" if day < 10 else f"day {day:.0f}"


def _grade_tile(outcome: Outcome, grade: Curve, expression: str) -> Tile:
    day = min(30.0, float(outcome.days[-1]))
    then = grade.at(day)
    band = f" ({then.low:.1f} to {then.high:.1f})" if then.low < then.high else ""
    return Tile("Grade of the lines", f"{grade.median[0]:.1f} → {then.median:.1f}", f"{words(expression)}, before → day {day:g}{band}")


def percent(share: float) -> str:
    """A chance in percent with two meaningful digits; 'under 0.01' where it is smaller than anyone can know."""
    number = 100 * share
    if number == 0:
        return "0"
    if number < 0.01:
        return "under 0.01"
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _band(low: float, high: float) -> str:
    return "" if percent(low) == percent(high) else f"({percent(low)} to {percent(high)})"


def _sessions(outcome: Outcome) -> list[dict[str, Any]]:
    plan = outcome.plan
    found: list[dict[str, Any]] = []
    for number, session in enumerate(plan.sessions, start=1):
        rows = []
        for injection in session.injections:
            moved = [f"{value:+g} mm {way}" for value, way in ((injection.lateral_mm, "lateral"), (injection.up_mm, "up")) if value]
            depth = f"{injection.depth_mm:g} mm" if injection.depth_mm is not None else f"middle of {words(injection.target_muscle or '')}"
            volume = f"{plan.volume_ml(injection):.3g}"
            rows.append((words(injection.site), ", ".join(moved) or "at the site", depth, f"{injection.units:g}", volume))
        volume = sum(plan.volume_ml(injection) for injection in session.injections)
        rows.append(("Together", "", "", f"{session.units:g}", f"{volume:.3g}"))
        which = (
            f"Session {number} of {len(plan.sessions)}, day {session.day:g}"
            if len(plan.sessions) > 1
            else f"Session on day {session.day:g}"
        )
        header = ("Site", "Offset", "Depth of the tip", "Units", "Volume, mL")
        found.append({"caption": which, "header": header, "rows": rows, "numeric": (3, 4)})
    return found


def plan_facts(outcome: Outcome) -> list[tuple[str, str]]:
    """Product, dilution, lot and the like."""
    plan = outcome.plan
    dilution = plan.dilution
    pairs = [(words(name).capitalize(), str(value)) for name in PLAN_FACTS if (value := getattr(plan, name, None)) not in (None, "")]
    mixed = f"{dilution.vial_units:g} U in {dilution.diluent_ml:g} mL: {dilution.units_per_ml:g} U/mL"
    return [*pairs[:1], ("Dilution", mixed), *pairs[1:]]


def facts(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested plain data as pairs of words; empty values are left out, units in names go to the value."""
    pairs: list[tuple[str, str]] = []
    for key, value in data.items():
        name, unit = _name_and_unit(key)
        label = f"{prefix}: {name}" if prefix else name[:1].upper() + name[1:]
        if value is None or value == "" or value == [] or value == {}:
            continue
        if isinstance(value, Mapping):
            inner = [f"{words(k)} {_text(v)}" for k, v in value.items() if not isinstance(v, Mapping | list) and v is not None]
            if len(inner) == len(value):
                pairs.append((label, ", ".join(inner)))
            else:
                pairs += facts(value, label)
        elif isinstance(value, list):
            pairs.append((label, "; ".join(_text(item) for item in value)))
        else:
            pairs.append((label, f"{_text(value)} {unit}".strip()))
    return pairs


def _name_and_unit(key: str) -> tuple[str, str]:
    for ending in sorted(UNIT_ENDINGS, key=len, reverse=True):
        if key.endswith(ending) and key != ending[1:]:
            return key[: -len(ending)].replace("_", " "), UNIT_ENDINGS[ending]
    return words(key), ""


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{words(str(k))} {_text(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return words(value) if isinstance(value, str) and " " not in value and value.islower() else str(value)


def _findings(outcome: Outcome) -> list[dict[str, str]]:
    """Findings of the label check, the most severe first; what is not read in its source says so."""
    cited = {entry.key: str(entry) for entry in outcome.sources().references}
    rank = {severity: number for number, severity in enumerate(("refuse", "study_only", "caution", "info"))}
    unread = {"memory": " (from memory, not checked)", "assumed": " (assumed here)"}
    return [
        {
            "severity": finding.severity, "what": finding.what, "where": words(finding.where or "plan"), "rule": _rule(finding.rule),
            "source": f"{cited.get(finding.source, finding.source)}{unread.get(finding.quality, '')}",
        }
        for finding in sorted(outcome.findings, key=lambda finding: rank.get(finding.severity, 0))
    ]  # fmt: skip


def _rule(rule: str) -> str:
    name, unit = _name_and_unit(rule)
    return f"{name}, {unit}" if unit else name


def _faces(outcome: Outcome, pictures: Mapping[str, Picture]) -> list[dict[str, Any]]:
    """Pairs of face pictures by day, with how much movement is kept."""
    if outcome.scene is None:
        return []
    pairs = []
    for day in outcome.scene.picture_days:
        shown = [(pictures[name], words(e)) for e in outcome.scene.displacement if (name := face_name(e, day)) in pictures]
        kept = outcome.movement["maximum_frown"].at(day) if outcome.days[0] <= day <= outcome.days[-1] else None
        note = "frown movement kept: " + _with_percent(kept) if kept is not None else ""
        if shown:
            pairs.append({"day": f"{day:g}", "pictures": shown, "note": note})
    return pairs


def _with_percent(value: Estimate) -> str:
    number, _, band = f"{value:.0f}".partition(" ")
    return f"{number} % {band}".strip()


def face_name(expression: str, day: float) -> str:
    """File name of a face picture; names sort by expression and day."""
    return f"face_{expression}_day_{day:03.0f}"


def _muscle_table(outcome: Outcome) -> dict[str, Any]:
    rows = []
    for name, curves in sorted(outcome.muscles.items(), key=lambda item: -float(item[1].blocked.median.max())):
        most = curves.blocked.days[int(curves.blocked.median.argmax())]
        weakest = curves.force.days[int(curves.force.median.argmin())]
        thinnest = curves.bulk.days[int(curves.bulk.median.argmin())]
        rows.append((
            words(name), _percent_at(curves.blocked, most), f"{most:g}" if curves.blocked.median.max() > 0 else "",
            _percent_at(curves.force, weakest), _percent_at(curves.bulk, thinnest),
        ))  # fmt: skip
    return {"header": ("Muscle", "Most blocked, %", "on day", "Least force, %", "Least bulk, %"), "rows": rows}


def _percent_at(curve: Curve, day: float) -> str:
    value = curve.at(day)
    numbers = [f"{100 * x:.3g}" if abs(x) >= 0.0005 else "0" for x in (value.median, value.low, value.high)]
    return numbers[0] if numbers[0] == numbers[1] == numbers[2] else f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def _timeline(outcome: Outcome) -> dict[str, Any]:
    area = outcome.main_area()
    header = [name[0].upper() + name[1:].replace(" %", ", %").replace(" mm", ", mm") for name in TIMELINE_HEADER]
    return {
        "caption": f"Timeline: {words(area)} under {words(CONTRACTION[area])}, and the peaks of the brows",
        "header": header, "rows": timeline_cells(outcome.timeline()),
    }  # fmt: skip


def _balance(outcome: Outcome) -> list[dict[str, Any]]:
    dose = outcome.dose
    placed = dose.placed_units or 1.0
    by_muscle = sorted(dose.taken_up_by_muscle_units.items(), key=lambda item: -item[1])
    small = sum(units for _, units in by_muscle if units < SMALLEST_UNITS)
    rows = [("Placed in tissue", placed, "total"), ("Taken up at nerve endings", dose.taken_up_units, "total")]
    rows += [(words(name), units, "part") for name, units in by_muscle if units >= SMALLEST_UNITS]
    rows += [("other muscles together", small, "part")] if small > 0 else []
    rows += [("Cleared by lymph and blood", dose.cleared_units, "total")]
    return [
        {
            "name": name, "units": f"{units:.3g}" if units >= 0.001 else "under 0.001", "percent": percent(units / placed),
            "width": round(100 * units / placed, 2), "kind": kind,
        }
        for name, units, kind in rows
    ]  # fmt: skip


def _balance_note(outcome: Outcome) -> str:
    note = "Placed = taken up + cleared; both are integrated from the computed field."
    if outcome.dose.displaced_share > 0:
        note += f" {percent(outcome.dose.displaced_share)} % of the units would have lain outside tissue and were put into the nearest."
    return note


def _unwanted(outcome: Outcome) -> dict[str, Any]:
    ordered = sorted(outcome.unwanted.items(), key=lambda item: (item[1].basis != "computed", -item[1].value, -item[1].high))
    most = max([chance.high for _, chance in ordered], default=0.0)
    scale = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if most <= step)
    rows = [
        {
            "name": words(name).capitalize(), "value": percent(chance.value), "band": _band(chance.low, chance.high), "basis": chance.basis,
            "onset": chance.onset, "duration": chance.duration, "seriousness": chance.seriousness, "trials": _trials(chance.reported),
            "disagree": contradicts(chance, chance.reported),
            "left": round(100 * chance.low / scale, 2), "width": round(100 * (chance.high - chance.low) / scale, 2),
            "at": round(100 * chance.value / scale, 2),
        }
        for name, chance in ordered
    ]  # fmt: skip
    return {"rows": rows, "scale": f"{100 * scale:g}"}


def _trials(reported: Reported | None) -> str:
    if reported is None:
        return "no rate found"
    placebo = "placebo not known" if reported.placebo is None else f"placebo {percent(reported.placebo)}"
    return f"{percent(reported.value)}; {placebo}"


def _limits() -> list[tuple[str, str]]:
    text = resources.files("glabella.data").joinpath("model_limits.txt").read_text("utf-8")
    return [(heading, body) for heading, _, body in (part.strip().partition("\n") for part in text.split("\n\n"))]


def _setting_facts(outcome: Outcome) -> list[tuple[str, str]]:
    pairs = [("glabella", outcome.version), ("Seed", str(outcome.seed)), *facts(plain(outcome.settings))]
    if outcome.overrides:
        pairs.append(("Parameters set by the user", "; ".join(f"{name} = {value:g}" for name, value in outcome.overrides.items())))
    return [*pairs, ("Hash of all parameters", outcome.parameters_sha256)]


def describe_face(outcome: Outcome, expression: str, day: float) -> str:
    """A face picture in words, for people who cannot see it."""
    area = "glabellar"
    seen = f"Upper face from the front, {words(expression)}, day {day:g}" + (" (before treatment)" if day == 0 else "") + "."
    if not outcome.days[0] <= day <= outcome.days[-1]:
        return seen
    graded = outcome.grade(area, expression).at(day)
    kept = (
        f", {outcome.movement[expression].at(day).median:.0f} % of the movement kept"
        if expression in outcome.movement and expression != "rest"
        else ""
    )
    return f"{seen} Glabellar lines grade {graded.median:.1f}{kept}."
