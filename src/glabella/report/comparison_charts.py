"""Curves of two plans with their bands, and below each the paired difference with its band and a line at zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.comparison import Comparison, PairedCurve
from glabella.comparison_text import PEAK_DAY, lines_of, signed
from glabella.names import PATTERN_AREAS, SIDES, without_side
from glabella.outcome import CONTRACTION, GRADES
from glabella.report.charts import _days, _key, _line
from glabella.report.style import BLUE, INK, MUTED, VERMILLION, Margins, Picture, finish, new_figure, words

FIRST, SECOND, DIFFERENCE = (BLUE, "-"), (VERMILLION, (0, (5, 2))), (INK, "-")
WIDTH, HEIGHT = 10.8, 4.7


@dataclass(frozen=True)
class Panel:
    """One quantity: ``ticks`` names values of the upper axis, ``least`` is the smallest half height of the lower one, so that a
    difference nobody could see does not look large; ``top`` and ``bottom`` bound the upper axis unless None."""

    title: str
    pair: PairedCurve
    unit: str
    spec: str
    least: float
    bottom: float | None = None
    top: float | None = None
    ticks: tuple[str, ...] = ()


def draw_comparison(comparison: Comparison) -> Iterable[Picture]:
    """A picture per treated area, and one of the brows."""
    treated = comparison.areas()
    for pattern in PATTERN_AREAS:
        areas = [area for area in treated if without_side(area) == pattern]
        if areas:
            panels = [_grade(comparison, area) for area in areas]
            if len(panels) == 1:
                panels.append(_movement(comparison, CONTRACTION[areas[0]]))
            yield _draw(comparison, f"lines_{pattern}", f"{lines_of(pattern)[:1].upper()}{lines_of(pattern)[1:]}", panels)
    brows = [Panel(f"brow peak, {side}", comparison.brow(side), "mm up from before", "+.2f", 0.5) for side in SIDES]
    if "forehead" not in treated:
        brows.insert(0, _movement(comparison, "brow_raise"))
    yield _draw(comparison, "brows", "Brows", brows)


def _grade(comparison: Comparison, area: str) -> Panel:
    expression = CONTRACTION[area]
    title = f"grade, {words(area)} at {words(expression)}"
    ticks = tuple(f"{number} {word}" for number, word in enumerate(GRADES))
    return Panel(title, comparison.grade(area, expression), "", ".2f", 0.5, -0.1, 3.15, ticks)


def _movement(comparison: Comparison, expression: str) -> Panel:
    return Panel(f"{words(expression)}: movement kept", comparison.movement(expression), "% of before", ".0f", 10.0, 0.0, 105.0)


def _draw(comparison: Comparison, name: str, title: str, panels: Sequence[Panel]) -> Picture:
    margins = Margins(left=0.95, between=0.95 if len(panels) < 3 else 0.75, top=0.62, under=0.3)
    figure, axes = new_figure(WIDTH, HEIGHT, 2, len(panels), margins, sharex="col", height_ratios=(1.75, 1))
    for column, panel in enumerate(panels):
        _upper(axes[0, column], panel)
        _lower(axes[1, column], panel)
    axes[1, 0].set_ylabel("second − first")
    lines = (("first plan", *FIRST), ("second plan", *SECOND), ("second − first", *DIFFERENCE))
    _key(figure, lines)
    _days(comparison.first, axes, None)
    alt = f"{title} under both plans over the days, with bands, and the paired difference. " + " ".join(
        _sentence(panel, float(comparison.days[-1])) for panel in panels
    )
    return finish(figure, name, title, alt, comparison.watermark)


def _upper(ax: Any, panel: Panel) -> None:
    ax.set_title(panel.title)
    for curve, (colour, dash) in ((panel.pair.first, FIRST), (panel.pair.second, SECOND)):
        _line(ax, curve, colour, dash, 1.0)
    low, high = ax.get_ylim()
    if panel.bottom is None:  # heights around zero: never a magnified nothing
        low, high = min(low, -panel.least), max(high, panel.least)
        ax.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    ax.set_ylim(low if panel.bottom is None else min(panel.bottom, low), high if panel.top is None else max(panel.top, high))
    if panel.ticks:
        ax.set_ylim(panel.bottom, panel.top)
        ax.set_yticks(range(len(panel.ticks)), panel.ticks)
    elif panel.unit:
        ax.set_ylabel(panel.unit)


def _lower(ax: Any, panel: Panel) -> None:
    difference = panel.pair.difference
    _line(ax, difference, *DIFFERENCE, 1.0)
    ax.axhline(0, color=MUTED, linewidth=1.1, zorder=1)
    most = max(panel.least, 1.08 * float(np.abs([difference.low, difference.high]).max()))
    ax.set_ylim(-most, most)


def _sentence(panel: Panel, last: float) -> str:
    """'Grade, glabellar at maximum frown, on day 30: first 1.00 (...), second 0.96 (...), second minus first -0.02 (...).'"""
    day, pair = min(PEAK_DAY, last), panel.pair
    first, second = (format(curve.at(day), panel.spec) for curve in (pair.first, pair.second))
    values = f"first {first}, second {second}, second minus first {signed(pair.difference.at(day), panel.spec)}"
    return f"{panel.title[:1].upper()}{panel.title[1:]}, on day {day:g}: {values}{f', {panel.unit}' if panel.unit else ''}."


__all__ = ["draw_comparison"]
