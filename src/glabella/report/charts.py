"""Curves over the days, each with its band: strain, movement, grade, muscles, brows; and the dose-muscle histogram."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from glabella.names import AREAS, side_of, without_side
from glabella.outcome import CONTRACTION, GRADES, Curve, Outcome
from glabella.report.style import (
    EXPRESSION_COLOURS,
    EXPRESSION_DASHES,
    MUTED,
    ORANGE,
    SIDE_COLOURS,
    SIDE_DASHES,
    Margins,
    Picture,
    finish,
    new_figure,
    words,
)  # fmt: skip

SHOWN_STRAIN = 0.25  # an expression is drawn where it strains an area at least this share of the most straining one
SHOWN_BLOCK = 0.01  # a muscle gets a panel where at least this share of its endings is ever blocked
MOST_PANELS = 5
EARLY_DAYS = 30
CM3 = 1000.0  # mm3 in a cm3


def draw_charts(outcome: Outcome) -> Iterable[Picture]:
    """All charts of an outcome, one after the other."""
    yield draw_strain(outcome)
    yield draw_movement(outcome)
    yield draw_grades(outcome)
    yield draw_muscles(outcome)
    yield draw_brows(outcome)
    if outcome.scene is not None and outcome.scene.histograms:
        yield draw_histogram(outcome)


def draw_strain(outcome: Outcome) -> Picture:
    """Strain of each area under the expressions that strain it."""
    figure, axes = new_figure(10.8, 5.6, 2, 2, Margins(top=0.62), sharex=True)
    used: dict[str, None] = {}
    for ax, area in zip(axes.ravel(), AREAS, strict=True):
        by_expression = {name: curves.strain for name, curves in outcome.skin[area].items() if name != "rest"}
        most = max(float(curve.median.max()) for curve in by_expression.values())
        shown = {name: curve for name, curve in by_expression.items() if curve.median.max() >= SHOWN_STRAIN * most} or by_expression
        ax.set_title(words(area))
        _by_expression(ax, shown, 100)
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
        used |= dict.fromkeys(shown)
    _expression_key(figure, [name for name in EXPRESSION_COLOURS if name in used])
    _days(outcome, axes, "strain, %")
    main = outcome.main_area()
    alt = (
        "Mean compression of the skin over the days in four areas, with bands. "
        f"{_sentence(f'{words(main)}, {words(CONTRACTION[main])}', outcome.strain(main, CONTRACTION[main]), 100, '%')}"
    )
    return finish(figure, "strain", "Strain of the skin", alt, outcome.watermark)


def draw_movement(outcome: Outcome) -> Picture:
    """Movement kept of each expression, in percent."""
    shown = {name: curve for name, curve in outcome.movement.items() if name != "rest"}
    figure, axes = new_figure(10.8, 3.3, margins=Margins(top=0.42))
    ax = axes[0, 0]
    _by_expression(ax, shown)
    ax.set_ylim(min(0, ax.get_ylim()[0]), max(105, ax.get_ylim()[1]))
    _expression_key(figure, list(shown))
    _days(outcome, axes, "% of baseline")
    alt = "Movement kept of each expression in percent of the movement before treatment, with bands. " + " ".join(
        _sentence(words(name), curve, 1, "%") for name, curve in shown.items()
    )
    return finish(figure, "movement", "Movement kept", alt, outcome.watermark)


def draw_grades(outcome: Outcome) -> Picture:
    """Clinical grade at rest and at the contraction of each area."""
    figure, axes = new_figure(10.8, 5.6, 2, 2, Margins(left=0.95, between=0.95, top=0.62), sharex=True)
    for ax, area in zip(axes.ravel(), AREAS, strict=True):
        names = list(dict.fromkeys((CONTRACTION[area], "maximum_frown", "rest") if area == "glabellar" else (CONTRACTION[area], "rest")))
        ax.set_title(words(area))
        _by_expression(ax, {name: outcome.grade(area, name) for name in names})
        ax.set_ylim(-0.1, 3.15)
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
    _expression_key(figure, ["maximum_frown", "brow_raise", "smile", "rest"])
    _days(outcome, axes, "")
    main = outcome.main_area()
    alt = (
        "Clinical grade from 0 none to 3 severe at contraction and at rest in four areas, with bands. "
        f"{_sentence(f'{words(main)}, {words(CONTRACTION[main])}', outcome.grade(main, CONTRACTION[main]), 1, '')}"
        f" {_sentence(f'{words(main)}, rest', outcome.grade(main, 'rest'), 1, '')}"
    )
    return finish(figure, "grade", "Grade of the lines", alt, outcome.watermark)


def affected_muscles(outcome: Outcome) -> list[str]:
    """Muscles (without side) of which any endings are noticeably blocked, the most blocked first."""
    peak: dict[str, float] = {}
    for name, curves in outcome.muscles.items():
        base = without_side(name)
        peak[base] = max(peak.get(base, 0.0), float(curves.blocked.median.max()))
    ranked = sorted(peak, key=lambda base: (-peak[base], base))
    return [base for base in ranked if peak[base] >= SHOWN_BLOCK] or ranked[:1]


def draw_muscles(outcome: Outcome) -> Picture:
    """Blocked share, force and bulk of the muscles that the treatment reaches most, left and right."""
    shown = affected_muscles(outcome)[:MOST_PANELS]
    figure, axes = new_figure(10.8, 6.6, 3, len(shown), Margins(top=0.72, between=0.22, under=0.28), sharex=True, sharey="row")
    for column, base in enumerate(shown):
        sides = {side_of(name) or "": curves for name, curves in outcome.muscles.items() if without_side(name) == base}
        for row, quantity in enumerate(("blocked", "force", "bulk")):
            _by_side(axes[row, column], {side: getattr(curves, quantity) for side, curves in sides.items()}, 100)
            axes[row, column].set_ylim(0, 104)
        axes[0, column].set_title(_two_lines(words(base)))
    _side_key(figure, ("left", "right", "") if any(side_of(name) is None for name in outcome.muscles) else ("left", "right"))
    for row, label in enumerate(("endings blocked, %", "force, % of untreated", "bulk, % of untreated")):
        axes[row, 0].set_ylabel(label)
    _days(outcome, axes, None)
    alt = "Share of nerve endings blocked, force and bulk of the muscles reached most, left and right, with bands. " + " ".join(
        _sentence(f"{words(name)}, force", curves.force, 100, "%")
        for name, curves in outcome.muscles.items()
        if without_side(name) in shown[:2]
    )
    return finish(figure, "muscles", "Nerve endings, force and bulk of the muscles", alt, outcome.watermark)


def draw_brows(outcome: Outcome) -> Picture:
    """Height of both brows at head, peak and tail."""
    figure, axes = new_figure(10.8, 3.1, 1, 3, Margins(top=0.55, between=0.3), sharex=True, sharey=True)
    for ax, place in zip(axes[0], ("head", "peak", "tail"), strict=True):
        ax.set_title(f"brow {place}")
        _by_side(ax, {side: getattr(outcome.brow[side], f"{place}_mm") for side in ("left", "right")})
        ax.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    _side_key(figure)
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(min(low, -1), max(high, 1))
    _days(outcome, axes, "mm up from before")
    alt = "Height of the brows at rest at head, peak and tail in mm relative to before treatment, left and right, with bands. " + " ".join(
        _sentence(f"{side} brow peak", outcome.brow[side].peak_mm, 1, "mm") for side in ("left", "right")
    )
    return finish(figure, "brow", "Height of the brows", alt, outcome.watermark)


def draw_histogram(outcome: Outcome) -> Picture:
    """Cumulative dose-muscle histogram: share of each muscle that takes up at least a dose."""
    assert outcome.scene is not None
    ranked = sorted(outcome.scene.histograms, key=lambda histogram: -histogram.dose_at_share(0.5))
    bases = list(dict.fromkeys(without_side(histogram.muscle) for histogram in ranked))[:6]
    colours = dict(zip(bases, [*list(EXPRESSION_COLOURS.values())[1:], MUTED, ORANGE], strict=False))
    top = max(float(np.max(histogram.dose_units_per_mm3)) for histogram in ranked) * CM3
    figure, axes = new_figure(10.8, 3.8, margins=Margins(right=3.2))
    ax = axes[0, 0]
    for histogram in ranked:
        base, side = without_side(histogram.muscle), side_of(histogram.muscle) or ""
        if base not in bases or CM3 * histogram.dose_at_share(0.02) < 1e-3 * top:
            continue
        dose = np.maximum(np.asarray(histogram.dose_units_per_mm3) * CM3, top * 1e-5)
        label = "_" if side == "right" else f"{words(base)}{', right dashed' if side else ''}: {CM3 * histogram.dose_at_share(0.5):.2g}"
        ax.plot(dose, 100 * np.asarray(histogram.volume_share_at_least), color=colours[base], linestyle=SIDE_DASHES[side], label=label)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_xlim(top * 1e-3, top * 1.2)
    ax.set_ylim(0, 103)
    ax.set_xlabel("uptake dose, units per cm³ of tissue")
    ax.set_ylabel("% of the muscle's volume")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="median dose, units per cm³", title_fontsize=8, alignment="left")
    alt = "Dose-muscle histogram: share of each muscle's volume that takes up at least a dose, in units per cubic centimetre. " + " ".join(
        f"{words(h.muscle)}: half of the volume takes up at least {CM3 * h.dose_at_share(0.5):.2g}." for h in ranked[:6]
    )
    return finish(figure, "dose_muscle_histogram", "Dose-muscle histogram", alt, outcome.watermark)


def _by_expression(ax: Any, curves: Mapping[str, Curve], scale: float = 1.0) -> None:
    for name, curve in curves.items():
        _line(ax, curve, EXPRESSION_COLOURS[name], EXPRESSION_DASHES[name], scale)


def _by_side(ax: Any, curves: Mapping[str, Curve], scale: float = 1.0) -> None:
    for side, curve in curves.items():
        _line(ax, curve, SIDE_COLOURS[side], SIDE_DASHES[side], scale)


def _line(ax: Any, curve: Curve, colour: str, dash: Any, scale: float) -> None:
    """The median as a line over its band."""
    kept = _drawn(curve.days)
    days, median, low, high = (values[kept] for values in (curve.days, scale * curve.median, scale * curve.low, scale * curve.high))
    if (high > low).any():
        ax.fill_between(days, low, high, color=colour, alpha=0.17, linewidth=0)
    ax.plot(days, median, color=colour, linestyle=dash)


def _two_lines(name: str) -> str:
    """A muscle's name broken near its middle, if it is long."""
    parts = name.split(" ")
    if len(name) < 14 or len(parts) < 2:
        return name
    cut = min(range(1, len(parts)), key=lambda k: abs(len(" ".join(parts[:k])) - len(name) / 2))
    return " ".join(parts[:cut]) + "\n" + " ".join(parts[cut:])


def _drawn(days: np.ndarray) -> np.ndarray:
    """Indices of the days that are drawn: all of the first month, then every third, and the last."""
    late = np.flatnonzero(days > EARLY_DAYS)
    return np.unique(np.concatenate([np.flatnonzero(days <= EARLY_DAYS), late[::3], [len(days) - 1]]))


def _expression_key(figure: Any, names: Sequence[str]) -> None:
    _key(figure, [(words(name), EXPRESSION_COLOURS[name], EXPRESSION_DASHES[name]) for name in names])


def _side_key(figure: Any, sides: Iterable[str] = ("left", "right")) -> None:
    _key(figure, [(side or "midline", SIDE_COLOURS[side], SIDE_DASHES[side]) for side in sides])


def _key(figure: Any, entries: Iterable[tuple[str, str, Any]]) -> None:
    """One key for the whole figure, above its panels; bands are explained in it too."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Line2D([], [], color=colour, linestyle=dash, label=label) for label, colour, dash in entries]
    handles.append(Patch(color=MUTED, alpha=0.25, linewidth=0, label="5th to 95th percentile"))
    figure.legend(handles=handles, loc="upper right", ncols=len(handles), handlelength=2.8, columnspacing=1.6, borderaxespad=0.2)


def _days(outcome: Outcome, axes: Any, label: str | None) -> None:
    """The shared day axis, labelled below the last row: a tick a month or two, closer in short runs; ``label`` names the first y axis."""
    last = float(outcome.days[-1])
    step = next(step for step, most in ((1, 7), (5, 40), (10, 80), (30, 200), (60, 800), (365, np.inf)) if last <= most)
    for ax in axes.ravel():
        ax.set_xlim(0, last)
        ax.set_xticks(np.arange(0, last + 1, step if axes.shape[1] < 4 else 2 * step))
        ax.grid(axis="x", visible=False)
        if ax.get_yaxis().get_major_locator().__class__.__name__ == "AutoLocator":
            ax.locator_params(axis="y", nbins=5)
    for ax in axes[-1]:
        ax.set_xlabel("day" if axes.shape[1] > 2 else "days after the first session")
    if label is not None:
        for ax in axes[:, 0]:
            ax.set_ylabel(label)


def _sentence(name: str, curve: Curve, scale: float, unit: str) -> str:
    """'glabellar: 16 % before, lowest 5 % on day 30.' with bands, for people who cannot see the chart."""
    start = float(curve.median[0])
    i = int(np.argmax(np.abs(curve.median - start)))
    before, then = curve.at(float(curve.days[0])), curve.at(float(curve.days[i]))
    unit = f" {unit}" if unit else ""
    first, median, low, high = (f"{scale * value:.3g}" for value in (before.median, then.median, then.low, then.high))
    return f"{name}: {first}{unit} before, {median}{unit} ({low} to {high}) on day {curve.days[i]:g}."


__all__ = ["affected_muscles", "draw_brows", "draw_charts", "draw_grades", "draw_histogram", "draw_movement", "draw_muscles", "draw_strain"]
