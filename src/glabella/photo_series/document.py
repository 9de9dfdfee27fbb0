"""A series as plain data and as lines of text. It holds no pixels, no landmarks and no name of a file."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from glabella.outcome import FRAME, plain
from glabella.photo_series.series import Look, Series
from glabella.version import own_version

SCHEMA = "glabella-photo-series-1"
PRIVACY = "the pictures were read on this machine alone; nothing of them was sent anywhere, and nothing is kept but what --out names"


def series_document(series: Series) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        "schema": SCHEMA,
        "frame": FRAME,
        "version": own_version(),
        "privacy": PRIVACY,
        "interpupillary_distance_mm": series.patient.interpupillary_distance_mm,
        "looks": {expression: [_look(look) for look in looks] for expression, looks in series.looks.items()},
    }


def _look(look: Look) -> dict[str, Any]:
    light = look.light
    return {
        "day": look.day,
        "quality": plain(look.face.quality),
        "notes": list(look.face.picture.notes),
        "light": None
        if light is None
        else {
            "from_left_degrees": light.from_left_degrees,
            "from_above_degrees": light.from_above_degrees,
            "strength": light.strength,
            "level": light.level,
        },
        "residual_mm": look.residual_mm,
        "checks": [plain(check) for check in look.checks],
        "comparable": look.fine,
        "depths": {area: plain(depth) for area, depth in look.depths.items()},
        "change": {area: plain(change) for area, change in look.change.items()},
    }


def series_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The document for a terminal."""
    for expression, looks in document["looks"].items():
        face = "at rest" if expression == "rest" else expression.replace("_", " ")
        yield f"{face}: compared with day {looks[0]['day']:g}"
        for look in looks:
            yield f"  day {look['day']:g}: {_state(look)}"
            yield from (f"    caution: {said}" for said in look["quality"]["cautions"])
            yield from (f"    {check['name']}: {check['says']}" for check in look["checks"] if not check["fine"])
            for area, depth in look["depths"].items():
                yield f"    {area.replace('_', ' ')} lines: {depth_words(depth)}{change_words(look['change'].get(area))}"
    yield f"An error of a depth that all pictures share cancels in the percentages. {document['frame']}."


def _state(look: Mapping[str, Any]) -> str:
    if not look["checks"]:
        return "the first"
    return "comparable" if look["comparable"] else "comparable with caution; what would help:"


def depth_words(depth: Mapping[str, Any]) -> str:
    """'0.62 +- 0.22 mm'."""
    return f"{depth['depth_mm']:.2f} +- {depth['error_mm']:.2f} mm"


def change_words(change: Mapping[str, Any] | None) -> str:
    """', 45 % (31 to 59) of the first'; nothing where there is no change to tell."""
    if change is None:
        return ""
    if change["ratio"] is None:
        return f", change {change['change_mm']:+.2f} +- {change['error_mm']:.2f} mm (no line in the first)"
    return f", {100 * change['ratio']:.0f} % ({100 * change['low']:.0f} to {100 * change['high']:.0f}) of the first"


def offered_lines(offered: Iterable[Any]) -> Iterator[str]:
    """What the pictures of day 0 suggest as grade before treatment, beside what is used."""
    for one in offered:
        face = "at rest" if one.expression == "rest" else one.expression.replace("_", " ")
        yield (
            f"picture of day 0, {one.area.replace('_', ' ')} lines {face}: {one.depth_mm:.2f} +- {one.error_mm:.2f} mm, "
            f"grade {one.grade:.1f} ({one.low:.1f} to {one.high:.1f}) offered; used: {one.used:g} by {one.by}"
        )
        if one.by == "the usual one":
            yield "  nobody graded this line before treatment: add a visit of day 0 by the investigator, or take the offer with --confirm"
        elif not one.low - 0.5 <= one.used <= one.high + 0.5:
            yield "  the two disagree: look at picture and grade again"
