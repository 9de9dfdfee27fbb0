"""The short text of an outcome: what the command line prints after a simulation."""

from collections.abc import Iterator
from textwrap import wrap

from glabella.evidence.patterns import site_areas
from glabella.names import SIDES, side_of
from glabella.outcome import CONTRACTION, FRAME, Curve, Estimate, Outcome, Probability
from glabella.wording import RAREST, counted, units_words

WIDTH = 140
DAYS = (0.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 180.0)
MUSCLE = {"glabellar": "corrugator_supercilii", "forehead": "frontalis", "lateral_canthal": "orbicularis_oculi_lateral"}


def timeline_lines(outcome: Outcome) -> Iterator[str]:
    """A table per treated area, its milestones, the computed side effects, and what this is for."""
    plan = outcome.plan
    samples = outcome.settings.get("samples", 0)
    bands = f"median (5th to 95th percentile) of {samples} samples" if samples else "no samples, so no bands"
    if outcome.watermark:
        yield f"*** {outcome.watermark.upper()}: not for treating a person ***"
    yield f"{plan.product}, {units_words([s.units for s in plan.sessions])}, purpose '{outcome.purpose}'; {bands}; seed {outcome.seed}"
    for area in dict.fromkeys(site_areas()[site] for site in plan.sites):
        yield ""
        yield from _area_lines(outcome, area)
    computed = {name: chance for name, chance in outcome.unwanted.items() if chance.basis == "computed"}
    if computed:
        yield ""
        chances = ", ".join(
            f"{name.replace('_', ' ')} {_chance(chance)}" for name, chance in computed.items()
        )
        yield from wrap(f"side effects, computed chance per person: {chances}", WIDTH, subsequent_indent="  ")
    cautions = sum(finding.severity == "caution" for finding in outcome.findings)
    yield f"label: {counted(cautions, 'caution')}" + ("; see glabella check" if cautions else "")
    yield f"{FRAME}"


def _area_lines(outcome: Outcome, area: str) -> Iterator[str]:
    expression = CONTRACTION[area]
    side = side_of(area)
    muscle = MUSCLE[area.removesuffix(f"_{side}")]
    curves = outcome.skin[area][expression]
    forces = {f"force {s} %": outcome.muscles[f"{muscle}_{s}"].force for s in ((side,) if side else SIDES)}
    columns: dict[str, tuple[Curve, float, str]] = {
        "strain %": (curves.strain, 100, ".1f"),
        "movement % of baseline": (outcome.movement[expression], 1, ".0f"),
        "grade 0-3": (curves.grade, 1, ".1f"),
        **{name: (force, 100, ".0f") for name, force in forces.items()},
    }
    yield f"{area.replace('_', ' ')} lines at {expression.replace('_', ' ')}; force of {muscle.replace('_', ' ')}"
    rows = [("day", *columns)]
    last = float(outcome.days[-1])
    for day in sorted({*(day for day in DAYS if day <= last), last}):
        if day >= outcome.days[0]:
            rows.append((f"{day:g}", *(_cell(curve.at(day), factor, spec) for curve, factor, spec in columns.values())))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    course = curves.strain.course()
    yield (
        f"  strain: first 10 % lost {_day(course.onset_day)}, deepest on day {course.deepest_day:g} ({course.deepest_reduction:.0%} less), "
        f"half gone {_day(course.half_gone_day)}, within 10 % of before {_day(course.back_day)}"
    )


def _chance(chance: Probability) -> str:
    if chance.high < RAREST:
        return f"under {RAREST:.2%}"
    return f"{chance.value:.1%} ({chance.low:.1%} to {chance.high:.1%})"


def _cell(value: Estimate, factor: float, spec: str) -> str:
    return format(Estimate(value.median * factor, value.low * factor, value.high * factor), spec)


def _day(day: float | None) -> str:
    return "not within these days" if day is None else f"on day {day:.1f}" if day < 10 else f"on day {day:.0f}"
