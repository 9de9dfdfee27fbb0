"""Charts of a follow-up: the forecast before and with the visits, and the visits as points with their raters' error."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from glabella.follow_up.result import FollowUp
from glabella.follow_up.show import area_words, day_words
from glabella.outcome import CONTRACTION, GRADES, Curve
from glabella.report.style import BLUE, GREEN, INK, MUTED, ORANGE, VERMILLION, Margins, Picture, finish, new_figure, words

BEFORE: tuple[str, Any, float] = (MUTED, (0, (5, 2)), 0.16)
AFTER: tuple[str, Any, float] = (BLUE, "-", 0.24)
MARKS: Mapping[str, tuple[str, str]] = {
    "investigator": ("o", VERMILLION), "subject": ("s", GREEN), "measured": ("D", ORANGE), "picture": ("^", ORANGE),
}  # fmt: skip
SAID = {
    "investigator": "seen by the investigator", "subject": "seen by the person", "measured": "measured depth",
    "picture": "read from a picture",
}  # fmt: skip
APART_DAYS = 1.6  # between points of the same day, so that both are seen
WIDTH = 10.8


def draw_follow_up(found: FollowUp) -> Iterator[Picture]:
    """Of every area the grade with the visits, and what else changes."""
    for area in found.posterior.areas:
        yield _grades(found, area)
        yield _others(found, area)


def _grades(found: FollowUp, area: str) -> Picture:
    rested = any(one.area == area and one.expression == "rest" for one in found.seen)
    panels = [("grade", CONTRACTION[area])] + ([("grade_rest", "rest")] if rested else [])
    figure, axes = new_figure(WIDTH, 4.3, 1, len(panels), Margins(left=0.95, between=0.95, top=0.72, right=0.2))
    said = []
    for ax, (name, expression) in zip(axes[0], panels, strict=True):
        before, after = (getattr(one.areas[area], name) for one in (found.prior, found.posterior))
        _bands(ax, before, after)
        said += _points(ax, found, area, expression)
        ax.set_title(f"grade {'at rest' if expression == 'rest' else f'at {words(expression)}'}, as an investigator rates on average")
        ax.set_ylim(-0.1, 3.15)
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
        _days(ax, found)
        said.append(_told(f"grade {words(expression)}", before, after, found.last_visit, 1, ".1f"))
    _key(figure, found, area)
    name = area_words(area)
    alt = f"{name.capitalize()} lines: the forecast before the visits and with them, with bands. {' '.join(said)}"
    return finish(figure, f"grade_{area}", f"{name.capitalize()} lines: what was seen and what comes", alt, found.watermark)


def _others(found: FollowUp, area: str) -> Picture:
    panels = (
        ("strain", 100.0, f"strain at {words(CONTRACTION[area])}, %"), ("movement_percent", 1.0, "movement, % of before"),
        ("grade_rest", 1.0, "grade at rest"),
    )  # fmt: skip
    figure, axes = new_figure(WIDTH, 3.5, 1, 3, Margins(left=0.5, between=0.5, top=0.72, right=0.2))
    said = []
    for ax, (name, factor, title) in zip(axes[0], panels, strict=True):
        before, after = (getattr(one.areas[area], name) for one in (found.prior, found.posterior))
        _bands(ax, before, after, factor)
        ax.set_title(title)
        ax.set_ylim(0, 3.15 if name == "grade_rest" else 1.06 * max(ax.get_ylim()[1] / 1.05, factor * float(before.high.max())))
        if name == "grade_rest":
            ax.set_yticks(range(4))
        _days(ax, found)
        said.append(_told(title, before, after, found.last_visit, factor, ".0f" if name != "grade_rest" else ".1f"))
    _key(figure, found, None)
    said.append(f"Half of the effect gone {day_words(found, found.posterior.half_gone[area])}.")
    name = area_words(area)
    return finish(figure, f"course_{area}", f"{name.capitalize()}: strain, movement and the line at rest", " ".join(said), found.watermark)


def _bands(ax: Any, before: Curve, after: Curve, factor: float = 1.0) -> None:
    for curve, (colour, dash, shade) in ((before, BEFORE), (after, AFTER)):
        ax.fill_between(curve.days, factor * curve.low, factor * curve.high, color=colour, alpha=shade, linewidth=0)
        ax.plot(curve.days, factor * curve.median, color=colour, linestyle=dash)


def _points(ax: Any, found: FollowUp, area: str, expression: str) -> list[str]:
    """The visits; what they say in words."""
    seen = [one for one in found.seen if one.area == area and one.expression == expression]
    said = []
    for one in seen:
        together = [other.rater for other in seen if other.day == one.day]
        day = one.day + APART_DAYS * (together.index(one.rater) - (len(together) - 1) / 2)
        marker, colour = MARKS[one.rater]
        error = np.array([[one.grade - one.low], [one.high - one.grade]])
        ax.errorbar(
            [day], [one.grade], yerr=error, fmt=marker, color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.9,
            elinewidth=1.3, capsize=3, zorder=5, clip_on=False,
        )  # fmt: skip
        said.append(f"Day {one.day:g}, {one.rater}: {round(one.grade, 1):g}, consistent with {one.low:.1f} to {one.high:.1f}.")
    return said


def _days(ax: Any, found: FollowUp) -> None:
    last = float(found.days[-1])
    if 0 < found.last_visit < last:
        ax.axvline(found.last_visit, color=INK, linewidth=0.8, alpha=0.6)
        ax.text(found.last_visit + last / 120, 0.02, "forecast", transform=ax.get_xaxis_transform(), fontsize=7.5, color=MUTED)
    ax.set_xlim(-0.018 * last, last)
    step = next(step for step, most in ((10, 80), (30, 240), (60, 800)) if last <= most)
    ax.set_xticks(np.arange(0, last + 1, step))
    ax.grid(axis="x", visible=False)
    ax.set_xlabel("days after the first session")


def _key(figure: Any, found: FollowUp, area: str | None) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for label, (colour, dash, shade) in (("before the visits", BEFORE), ("with them", AFTER)):
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=label))
        handles.append(Patch(color=colour, alpha=shade + 0.1, linewidth=0, label="90 % band"))
    for name in dict.fromkeys(one.rater for one in found.seen if one.area == area):
        marker, colour = MARKS[name]
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=6, linestyle="none", label=f"{SAID[name]}, with error"))
    figure.legend(handles=handles, loc="upper left", ncols=len(handles), borderaxespad=0.2, handlelength=2.2, columnspacing=1.3)


def _told(what: str, before: Curve, after: Curve, last_visit: float, factor: float, spec: str) -> str:
    day = float(min(max(last_visit + 30, 30), after.days[-1]))
    parts = []
    for curve, when in ((after, "with the visits"), (before, "before them")):
        at = curve.at(day)
        parts.append(f"{factor * at.median:{spec}} ({factor * at.low:{spec}} to {factor * at.high:{spec}}) {when}")
    return f"On day {day:g}, {what}: {', '.join(parts)}."


__all__ = ["draw_follow_up"]
