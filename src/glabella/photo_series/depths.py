"""How deep lines are in each picture of a person, and what of the error the pictures have in common.

A depth is told from darkness, so it is off by a factor that depends on the skin, the lamp and the make of the lines. The factor is the
same in every picture of one person in the same light, and cancels in the ratio to the first. What does not cancel is how well one
picture repeats another, and how far the light has changed since the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.names import without_side
from glabella.photo.lines import AreaLines


@dataclass(frozen=True)
class LineDepth:
    """Lines of one area in one picture. ``depth_mm`` as read, with ``repeat_error_mm`` (this picture against others of the person) and
    ``error_mm`` (with the factor that all pictures of the person share)."""

    area: str
    depth_mm: float
    repeat_error_mm: float
    error_mm: float


@dataclass(frozen=True)
class DepthChange:
    """Against the first picture, one standard deviation each: ``change_mm`` as read, ``ratio`` (None where the first shows no line)
    between ``low`` and ``high``, the 5th and 95th percentile."""

    area: str
    change_mm: float
    error_mm: float
    ratio: float | None
    low: float | None
    high: float | None


HALF_BAND_SD = 1.6448536269514722  # from the middle to the 95th percentile


def depth_of(lines: AreaLines, light_off: float, limits: Mapping[str, float]) -> LineDepth:
    """The depth of an area's lines with its errors; ``light_off``: how far the light is from that of the first picture."""
    repeats, lamp = (limits[f"line_{kind}_error_{without_side(lines.area)}_share"] for kind in ("repeat", "light"))
    share = float(np.hypot(repeats, lamp * light_off))
    repeat = float(np.hypot(share * lines.depth_mm, limits["line_repeat_error_mm"]))
    return LineDepth(lines.area, lines.depth_mm, repeat, float(np.hypot(repeat, limits["line_common_error_share"] * lines.depth_mm)))


def change_of(first: LineDepth, later: LineDepth, limits: Mapping[str, float]) -> DepthChange:
    """Change since the first picture. The common factor stays in the millimetres and is gone from the ratio."""
    change = later.depth_mm - first.depth_mm
    own = np.hypot(first.repeat_error_mm, later.repeat_error_mm)
    error = float(np.hypot(own, limits["line_common_error_share"] * change))
    if not is_seen(first.depth_mm, limits):
        return DepthChange(first.area, change, error, None, None, None)
    ratio = later.depth_mm / first.depth_mm
    off = HALF_BAND_SD * float(np.hypot(later.repeat_error_mm, ratio * first.repeat_error_mm)) / first.depth_mm
    return DepthChange(first.area, change, error, ratio, max(ratio - off, 0.0), ratio + off)


def is_seen(depth_mm: float, limits: Mapping[str, float]) -> bool:
    """Whether a line is deep enough to be told from none."""
    return depth_mm >= seen_from_mm(limits)


def seen_from_mm(limits: Mapping[str, float]) -> float:
    """Depth from which a line is told from none: two standard deviations of what is read where there is none."""
    return 2 * limits["line_repeat_error_mm"]
