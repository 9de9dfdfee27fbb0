"""The short text of an outcome of the lower face: what the command line prints after a simulation."""

from collections.abc import Iterator

from glabella.lower_face.outcome import LowerOutcome
from glabella.names import side_of, without_side
from glabella.outcome import FRAME, Curve, Estimate
from glabella.wording import counted, units_words

DAYS = (0.0, 7.0, 14.0, 30.0, 60.0, 77.0, 90.0, 120.0, 180.0, 270.0, 365.0)
MOVEMENTS = {
    "masseter": ("clench", "bite force"),
    "depressor_anguli_oris": ("mouth_corner_depression", "pull on the mouth corner"),
    "depressor_labii_inferioris": ("lower_lip_depression", "pull on the lower lip"),
    "mentalis": ("chin_raise", "chin"),
    "platysma": ("neck_tension", "neck"),
}
BANDS_LEAVE_OUT = (
    "Bands of bite force, thickness and difficulty swallowing leave out the rows of the lower face, which are not drawn (shares of "
    "muscles, thickness, rates of the masseter, thresholds): they are too narrow."
)


def lower_timeline_lines(outcome: LowerOutcome) -> Iterator[str]:
    """A table per treated area, the masseter's thickness, what else is reached, the computed side effects, and what this is for."""
    plan, samples = outcome.plan, outcome.settings.get("samples", 0)
    bands = f"median (5th to 95th percentile) of {samples} samples" if samples else "no samples, so no bands"
    if outcome.watermark:
        yield f"*** {outcome.watermark.upper()}: off-label, or licensed without a pattern checked here; not for treating a person ***"
    units = units_words([session.units for session in plan.sessions])
    yield f"{plan.product}, {units}, lower face, purpose '{outcome.purpose}'; {bands}; seed {outcome.seed}"
    for area in plan.areas:
        yield ""
        yield from _area_lines(outcome, area)
    others = [name for name in outcome.treated_muscles if without_side(name) not in plan.areas]
    if others:
        yield ""
        yield "also reached, force left at its least: " + ", ".join(
            f"{_words(name)} {outcome.muscles[name].force.median.min():.0%}" for name in others
        )
    yield ""
    yield "side effects, computed chance per person: " + ", ".join(
        f"{name.replace('_', ' ')} {chance.value:.1%} ({chance.low:.1%} to {chance.high:.1%})" for name, chance in outcome.unwanted.items()
    )
    if samples:
        yield BANDS_LEAVE_OUT
    cautions = sum(finding.severity == "caution" for finding in outcome.findings)
    yield f"label: {counted(cautions, 'caution')}" + ("; see glabella check" if cautions else "")
    yield FRAME


def area_columns(outcome: LowerOutcome, area: str) -> dict[str, tuple[Curve, float, str]]:
    """What is told of an area day by day: heading -> (curve, factor, format)."""
    movement, words = MOVEMENTS[area]
    columns: dict[str, tuple[Curve, float, str]] = {f"{words} % of baseline": (outcome.movement[movement], 1, ".0f")}
    for name, curves in outcome.muscles.items():
        if without_side(name) == area:
            columns[f"force {side_of(name)} %"] = (curves.force, 100, ".0f")
    if area == "masseter":
        for name, thickness in outcome.thickness.items():
            columns[f"clenched {side_of(name)} mm"] = (thickness.clench_mm, 1, ".1f")
        left = outcome.thickness["masseter_left"]
        columns["relaxed left mm"] = (left.rest_mm, 1, ".1f")
    return columns


def _area_lines(outcome: LowerOutcome, area: str) -> Iterator[str]:
    columns = area_columns(outcome, area)
    yield area.replace("_", " ")
    last = float(outcome.days[-1])
    rows = [("day", *columns)]
    for day in sorted({*(day for day in DAYS if day <= last), last}):
        rows.append((f"{day:g}", *(cell_text(curve.at(day), factor, spec) for curve, factor, spec in columns.values())))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    course = outcome.movement[MOVEMENTS[area][0]].course()
    back = "not within these days" if course.back_day is None else f"on day {course.back_day:.0f}"
    yield f"  weakest on day {course.deepest_day:g} ({course.deepest_reduction:.0%} less), within 10 % of before {back}"
    if area == "masseter":
        for side in ("left", "right"):
            thickness = outcome.thickness[f"masseter_{side}"]
            yield f"  {side}: thinnest relaxed on {_least(thickness.rest_mm)}, clenched on {_least(thickness.clench_mm)}"


def _least(curve: Curve) -> str:
    at = int(curve.median.argmin())
    return f"day {curve.days[at]:g} ({curve.median[at] - curve.median[0]:+.1f} mm)"


def _words(name: str) -> str:
    side = side_of(name)
    return without_side(name).replace("_", " ") + (f" {side}" if side else "")


def cell_text(value: Estimate, factor: float, spec: str) -> str:
    """A number with its band, scaled."""
    return format(Estimate(value.median * factor, value.low * factor, value.high * factor), spec)
