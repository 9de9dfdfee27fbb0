"""Charts of a planned dose: trade-off of units against chance and risk, what one step less costs, and the curves of both plans."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from glabella.outcome import CONTRACTION, GRADES, Curve
from glabella.planner.objectives import COMPUTED
from glabella.planner.result import PlannedDose
from glabella.planner.show import (
    SMALL_SHARE,
    chance_band,
    condition_rows,
    main_wish,
    mean_risks,
    shown_days,
    shown_effects,
    signed,
    site_words,
    there_words,
)  # fmt: skip
from glabella.planner.simulated import Band
from glabella.report.charts import _days, _key, _line
from glabella.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILLION,
    Margins,
    Picture,
    finish,
    new_figure,
    words,
)  # fmt: skip

PLANNED, LICENSED = (BLUE, "-"), (VERMILLION, (0, (5, 2)))
EFFECT_STYLES: Mapping[str, tuple[str, Any]] = {
    "eyelid_ptosis": (PURPLE, "-"), "brow_ptosis": (ORANGE, (0, (7, 2, 1.5, 2))), "dry_eye": (GREEN, (0, (3, 1.5))),
    "asymmetric_smile": (INK, (0, (1, 1.5))),
}  # fmt: skip
LEAST_RISK_PERCENT = 2.0  # the axis of the risk reaches at least so far, so that a tiny risk does not look large
WIDTH = 10.8
MOST_PANELS = 3
SHORT = 42  # letters of a title over one of several panels


def draw_planned(planned: PlannedDose) -> Iterable[Picture]:
    """All charts, one after the other."""
    yield draw_trade_off(planned)
    if planned.one_step_less:
        yield draw_step_less(planned)
    yield draw_movement(planned)
    yield draw_grades(planned)
    yield draw_brows(planned)


def draw_trade_off(planned: PlannedDose) -> Picture:
    """Total units against the best chance of the goal and, below, against the side effects, with both plans and what was asked."""
    units = np.array([point.units for point in planned.trade_off])
    figure, axes = new_figure(WIDTH, 6.6, 2, 1, Margins(top=0.42, right=1.75, under=0.42), sharex=True, height_ratios=(1.35, 1))
    upper, lower = axes[:, 0]
    bands = [chance_band(planned, point) for point in planned.trade_off]
    low, value, high = (100 * np.array([getattr(band, part) for band in bands]) for part in ("low", "value", "high"))
    upper.fill_between(units, low, high, color=MUTED, alpha=0.17, linewidth=0)
    upper.plot(units, value, color=INK, marker="o", markersize=3.5)
    _beside(upper, value[-1], "best with so\nmany units", INK)
    wish = main_wish(planned)
    upper.axhline(100 * wish.with_probability, color=GREEN, linewidth=1.2, linestyle=(0, (3, 1.5)))
    upper.annotate(
        f"asked: {100 * wish.with_probability:g} %", (0.0, 100 * wish.with_probability), (5, 4), textcoords="offset points",
        fontsize=8.5, color=GREEN, xycoords=("axes fraction", "data"),
    )  # fmt: skip
    totals = (planned.plan.units, planned.licensed.units)
    for band, total, style, name in zip((wish.planned, wish.licensed), totals, (PLANNED, LICENSED), ("planned", "licensed"), strict=True):
        _mark(upper, total, band, style[0], name)
    for total, style, name in zip(totals, (PLANNED, LICENSED), ("planned", "licensed"), strict=True):
        for ax in (upper, lower):
            ax.axvline(total, color=style[0], linewidth=0.9, linestyle=style[1], alpha=0.7, zorder=1)
        upper.annotate(
            f"{name} {total:g} U", (total, 0), (-5, 6), textcoords="offset points", ha="right", fontsize=8.5, weight="bold", color=style[0]
        )
    upper.set_ylim(0, 103)
    upper.set_ylabel("chance of the goal, %")
    upper.set_title("Chance of reaching the goal")
    _risks(lower, planned, units, totals)
    lower.set_xlim(0, 1.02 * max(units[-1], *totals))
    lower.set_xlabel(f"units of {planned.plan.product} in total")
    for ax in (upper, lower):
        ax.grid(axis="x", visible=False)
    return finish(figure, "trade_off", "Units against chance and risk", _trade_off_alt(planned, bands), planned.watermark)


def _risks(ax: Any, planned: PlannedDose, units: np.ndarray, totals: Sequence[float]) -> None:
    marks = [mean_risks(outcomes) for outcomes in (planned.outcomes, planned.licensed_outcomes)]
    shown = shown_effects(planned)
    ends = []
    shift = 0.006 * max(totals)
    for place, effect in enumerate(shown):
        colour, dash = EFFECT_STYLES[effect]
        curve = 100 * np.array([point.side_effects[effect] for point in planned.trade_off])
        ax.plot(units, curve, color=colour, linestyle=dash)
        ends.append((curve[-1], words(effect), colour))
        for found, total, name in zip(marks, totals, ("planned", "licensed"), strict=True):
            _mark(ax, total + shift * (place - (len(shown) - 1) / 2), found[effect], colour, name)
        limit = planned.goal.limits.given.get(effect)
        if limit is not None:
            ax.axhline(100 * limit, color=colour, linewidth=1.1, linestyle=(0, (3, 1.5)))
            ax.annotate(
                f"limit for {words(effect)}: {100 * limit:g} %", (0.0, 100 * limit), (5, 4), textcoords="offset points", fontsize=8.5,
                color=colour, xycoords=("axes fraction", "data"),
            )  # fmt: skip
    top = max(LEAST_RISK_PERCENT, 1.12 * ax.get_ylim()[1])
    ax.set_ylim(0, top)
    placed = -np.inf
    for value, name, colour in sorted(ends):
        placed = max(value, placed + 0.09 * top)
        _beside(ax, placed, name, colour)
    ax.set_ylabel("chance per person, %")
    rest = [words(effect) for effect in COMPUTED if effect not in shown]
    ax.set_title("Side effects that come with it" + (f" (under {100 * SMALL_SHARE:g} %: {', '.join(rest)})" if rest else ""))


def _mark(ax: Any, at: float, band: Band, colour: str, plan: str) -> None:
    """A chance with its interval: a filled circle for the planned dose, an open diamond for the licensed pattern."""
    marker, face = ("o", colour) if plan == "planned" else ("D", "white")
    error = [[100 * (band.value - band.low)], [100 * (band.high - band.value)]]
    ax.errorbar(
        [at], [100 * band.value], yerr=error, color=colour, marker=marker, markersize=7, markerfacecolor=face, markeredgewidth=1.6,
        elinewidth=1.6, capsize=4, linestyle="none", zorder=5, clip_on=False,
    )  # fmt: skip


def _beside(ax: Any, value: float, text: str, colour: str) -> None:
    """The name of a line, right of its end."""
    ax.annotate(text, (1.012, value), xycoords=("axes fraction", "data"), va="center", fontsize=8.5, color=colour, annotation_clip=False)


def _trade_off_alt(planned: PlannedDose, bands: Sequence[Band]) -> str:
    points = " ".join(
        f"{point.units:.3g} units: chance {100 * band.value:.0f} % ({100 * band.low:.0f} to {100 * band.high:.0f}), "
        f"eyelid ptosis {100 * point.side_effects['eyelid_ptosis']:.1f} %."
        for point, band in zip(planned.trade_off, bands, strict=True)
    )
    wish = main_wish(planned)
    return (
        f"Best chance of the goal and chance of side effects against the units in total. {points} Planned: {planned.plan.units:g} units, "
        f"{100 * wish.planned.value:.0f} %; licensed: {planned.licensed.units:g} units, {100 * wish.licensed.value:.0f} %; "
        f"asked: {100 * wish.with_probability:g} %."
    )


def draw_step_less(planned: PlannedDose) -> Picture:
    """What one step less at each site takes from the chance of each wish, in points, with the interval over the draws."""
    rows = planned.one_step_less
    wishes = [n for n, row in enumerate(condition_rows(planned)) if row.kind == "wish"]
    wishes.sort(key=lambda n: planned.conditions[n].planned.value)
    wishes = sorted(wishes[:MOST_PANELS])
    margins = Margins(left=2.6, top=0.4, bottom=0.55, between=0.35)
    figure, axes = new_figure(WIDTH, 1.05 + 0.42 * len(rows), 1, len(wishes), margins, sharex=True, sharey=True)
    for ax, n in zip(axes[0], wishes, strict=True):
        changes = [signed(1, row.change_points[n], row.low_points[n], row.high_points[n]) for row in rows]
        place = np.arange(len(rows))[::-1]
        value = np.array([change.median for change in changes])
        error = np.array([[change.median - change.low, change.high - change.median] for change in changes]).T
        ax.barh(place, value, height=0.55, color=BLUE, alpha=0.45)
        ax.errorbar(value, place, xerr=error, color=BLUE, linestyle="none", marker="|", markersize=10, capsize=3.5, elinewidth=1.6)
        ax.axvline(0, color=MUTED, linewidth=1.0)
        ax.set_yticks(place, [f"{site_words(row.site)} ({there_words(planned, row)}): {row.less_units:g} U less" for row in rows])
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("change of the chance, points")
        ax.set_title(_short(planned, n))
    least = min(-5.0, axes[0, 0].get_xlim()[0])
    axes[0, 0].set_xlim(least, max(1.0, axes[0, 0].get_xlim()[1]))
    alt = "What one step less at each site changes in the chance of the goal. " + " ".join(
        f"{site_words(row.site)}: {row.change_points[wishes[0]]:+.1f} points ({row.low_points[wishes[0]]:+.1f} to "
        f"{row.high_points[wishes[0]]:+.1f})."
        for row in rows
    )
    return finish(figure, "one_step_less", "What one step less would cost", alt, planned.watermark)


def _short(planned: PlannedDose, number: int) -> str:
    return textwrap.shorten(planned.conditions[number].says.split(" rated ")[0], SHORT, placeholder=" …")


def draw_movement(planned: PlannedDose) -> Picture:
    """Movement kept of the frown, the brow raise and whatever the goal keeps, under both plans."""
    treated = (CONTRACTION[area] for area in planned.goal.skin_areas)
    names = list(dict.fromkeys(("maximum_frown", "brow_raise", *treated, *planned.goal.keep)))[:MOST_PANELS]
    figure, axes = new_figure(WIDTH, 3.4, 1, len(names), Margins(top=0.62, between=0.35), sharex=True, sharey=True)
    for ax, name in zip(axes[0], names, strict=True):
        _both(ax, planned.outcome.movement[name], planned.licensed_outcomes[0].movement[name])
        ax.set_title(words(name))
        kept = planned.goal.keep.get(name)
        if kept is not None:
            _asked(ax, planned, kept)
    axes[0, 0].set_ylim(0, 108)
    _finish_curves(figure, axes, planned, "% of before")
    said = {words(name): (planned.outcome.movement[name], planned.licensed_outcomes[0].movement[name]) for name in names}
    alt = f"Movement kept under both plans over the days, with bands. {_said(planned, said, '.0f', '%')}"
    return finish(figure, "movement", "Movement kept", alt, planned.watermark)


def draw_grades(planned: PlannedDose) -> Picture:
    """Grade of each area of the goal at its contraction and at rest, under both plans."""
    wanted = [(area, e) for area in planned.goal.skin_areas for e in (planned.goal.expression or CONTRACTION[area], "rest")]
    wanted = list(dict.fromkeys(wanted))
    columns = min(2, len(wanted))
    rows = -(-len(wanted) // columns)
    margins = Margins(left=0.95, between=0.4, top=0.62, under=0.5)
    figure, axes = new_figure(WIDTH, 0.9 + 2.5 * rows, rows, columns, margins, sharex=True, sharey=True)
    for ax, (area, expression) in zip(axes.ravel(), wanted, strict=False):
        _both(ax, *(one[0].grade(area, expression) for one in (planned.outcomes, planned.licensed_outcomes)))
        ax.set_title(f"{words(area)}, {words(expression)}")
        ax.set_ylim(-0.1, 3.15)
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
        if planned.goal.grade_at_most is not None and expression == (planned.goal.expression or CONTRACTION[area]):
            _asked(ax, planned, planned.goal.grade_at_most)
    _finish_curves(figure, axes, planned, "")
    said = {
        f"{words(area)}, {words(e)}": tuple(one[0].grade(area, e) for one in (planned.outcomes, planned.licensed_outcomes))
        for area, e in wanted
    }
    alt = f"Clinical grade from 0 none to 3 severe under both plans, with bands. {_said(planned, said, '.1f', '')}"
    return finish(figure, "grade", "Grade of the lines", alt, planned.watermark)


def draw_brows(planned: PlannedDose) -> Picture:
    """Height of the brows' head, peak and tail under both plans, the mean of left and right shown for the person's left."""
    figure, axes = new_figure(WIDTH, 3.1, 1, 3, Margins(top=0.55, between=0.3), sharex=True, sharey=True)
    said = {}
    for ax, part in zip(axes[0], ("head", "peak", "tail"), strict=True):
        curves = tuple(getattr(one[0].brow["left"], f"{part}_mm") for one in (planned.outcomes, planned.licensed_outcomes))
        said[f"left brow {part}"] = curves
        _both(ax, *curves)
        ax.set_title(f"brow {part}, left")
        ax.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
        if planned.goal.brow_drop_at_most_mm is not None:
            _asked(ax, planned, -planned.goal.brow_drop_at_most_mm)
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(min(low, -1), max(high, 1))
    _finish_curves(figure, axes, planned, "mm up from before")
    alt = f"Height of the left brow at rest under both plans, with bands. {_said(planned, said, '+.1f', 'mm')}"
    return finish(figure, "brow", "Height of the brow", alt, planned.watermark)


def _both(ax: Any, planned: Curve, licensed: Curve) -> None:
    _line(ax, licensed, *LICENSED, 1.0)
    _line(ax, planned, *PLANNED, 1.0)


def _asked(ax: Any, planned: PlannedDose, value: float) -> None:
    """What was asked for, as a level over the goal's days."""
    first, last = shown_days(planned)[0], shown_days(planned)[-1]
    if first == last:
        ax.plot([first], [value], marker="_", markersize=16, markeredgewidth=2.4, color=GREEN, zorder=6)
    else:
        ax.plot([first, last], [value, value], color=GREEN, linewidth=2.4, zorder=6)


def _finish_curves(figure: Any, axes: Any, planned: PlannedDose, label: str) -> None:
    _key(figure, [("planned", *PLANNED), ("licensed pattern", *LICENSED), ("asked for", GREEN, "-")])
    _days(planned.outcome, axes, label)


def _said(planned: PlannedDose, curves: Mapping[str, Sequence[Curve]], spec: str, unit: str) -> str:
    """The medians and bands on the goal's last day, for people who cannot see the chart."""
    day = shown_days(planned)[-1]
    end = f" {unit}" if unit else ""
    return " ".join(
        f"{name} on day {day:g}: planned {ours.at(day):{spec}}{end}, licensed {theirs.at(day):{spec}}{end}."
        for name, (ours, theirs) in curves.items()
    )


__all__ = ["draw_planned"]
