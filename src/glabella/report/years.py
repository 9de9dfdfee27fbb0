"""Charts of years of treatment: lines at contraction and at rest, bulk, intervals, and the rare loss of effect beside them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from glabella.outcome import CONTRACTION, GRADES, Curve
from glabella.report.style import BLUE, INK, MUTED, VERMILLION, Margins, Picture, finish, new_figure, words
from glabella.years.ageing import DAYS_A_YEAR
from glabella.years.result import Scenario, Years
from glabella.years.show import BY_YEAR, MAIN_MUSCLES, last, percent
from glabella.years.years import FINELY_YEARS

LOOKS: Mapping[str, tuple[str, Any]] = {
    "never": (MUTED, (0, (2, 1.5))), "licensed": (BLUE, "-"), "as_planned": (BLUE, "-"), "over_treated": (VERMILLION, (0, (6, 2))),
}  # fmt: skip
MARKERS: Mapping[str, str] = {"never": "D", "licensed": "o", "as_planned": "o", "over_treated": "s"}
APART, FAR_APART = 0.02, 0.3  # between the scenarios of one year, as a share of all years, and at most in years
LOST: tuple[str, Any] = (INK, (0, (1, 1.2)))
WIDTH, HEIGHT = 10.8, 3.7


def draw_years(found: Years) -> Iterable[Picture]:
    """Every picture of the page."""
    for area in next(iter(found.scenarios.values())).areas:
        yield _by_year(found, area)
        yield _lines(found, area)
        yield _depths(found, area)
    yield _bulk(found)
    if any(len(scenario.intervals) > 1 for scenario in found.scenarios.values()):
        yield _intervals(found)
    if found.without_effect:
        yield _lost(found)


def _by_year(found: Years, area: str) -> Picture:
    """Mean over each year and its worst day, with their bands: independent of the day on which one looks."""
    margins = Margins(left=0.95, between=0.95, top=0.82, bottom=0.48, under=0.62)
    figure, axes = new_figure(WIDTH, 6.4, 2, 2, margins)
    rows = (("mean", "mean over each year"), ("worst", "worst day of each year"))
    columns = (("grade_contraction", f"grade at {words(CONTRACTION[area])}"), ("grade_rest", "grade at rest"))
    for k, (kind, said) in enumerate(rows):
        for ax, (name, title) in zip(axes[k], columns, strict=True):
            for n, scenario in enumerate(found.scenarios.values()):
                shift = min(max(APART * found.years, 0.1), FAR_APART) * (n - (len(found.scenarios) - 1) / 2)
                _bars(ax, getattr(scenario.yearly["skin", area, name], kind), found.year_ends + shift, scenario)
            ax.set_title(f"{title}, {said}")
            ax.tick_params(labelbottom=k == len(rows) - 1)
            ax.set_ylim(-0.1, 3.15)
            ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
    told = []
    for scenario in found.scenarios.values():
        years = scenario.yearly["skin", area, "grade_contraction"]
        told.append(f"{scenario.title}: mean {last(years.mean):.1f}, worst day {last(years.worst):.1f}")
    alt = f"In the last year, grade at {words(CONTRACTION[area])}: {'; '.join(told)}. {BY_YEAR}"
    return _done(figure, found, axes.ravel(), f"by_year_{area}", f"{words(area).capitalize()} lines year by year", alt, yearly=True)


def _bars(ax: Any, curve: Curve, at: np.ndarray, scenario: Scenario) -> None:
    colour, marker = LOOKS[scenario.name][0], MARKERS[scenario.name]
    ax.vlines(at, curve.low, curve.high, color=colour, linewidth=2.4, alpha=0.4)
    ax.plot(at, curve.median, color=colour, marker=marker, markersize=4.2, linestyle=LOOKS[scenario.name][1], linewidth=0.8)


def _lines(found: Years, area: str) -> Picture:
    contraction = f"grade at {words(CONTRACTION[area])}"
    figure, axes = _figure(2, left=0.95)
    for ax, title, name in zip(axes, (contraction, "grade at rest"), ("grade_contraction", "grade_rest"), strict=True):
        for scenario in found.scenarios.values():
            _line(ax, getattr(scenario.areas[area], name), *LOOKS[scenario.name], 1.0)
        ax.set_title(title)
        ax.set_ylim(-0.1, 3.15)
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
    alt = f"{words(area).capitalize()} lines over {found.years:g} years with bands. " + _told(
        found, area, "grade_rest", "grade at rest", ".1f"
    )
    title = f"{words(area).capitalize()} lines, {'every two weeks' if found.years <= FINELY_YEARS else 'once a month'}"
    return _done(figure, found, axes, f"lines_{area}", title, alt)


def _depths(found: Years, area: str) -> Picture:
    figure, axes = _figure(2)
    for scenario in found.scenarios.values():
        _line(axes[0], scenario.areas[area].depth_rest_mm, *LOOKS[scenario.name], 1.0)
        _line(axes[1], scenario.areas[area].fine_lines_contraction_mm, *LOOKS[scenario.name], 1000.0)
    axes[0].set_title("depth of the line at rest, mm")
    axes[1].set_title(f"fine lines at {words(CONTRACTION[area])}, µm")
    for ax in axes:
        ax.set_ylim(0, 1.08 * ax.get_ylim()[1])
    alt = f"Depth at rest and fine lines, {words(area)}. " + _told(found, area, "depth_rest_mm", "depth at rest in mm", ".2f")
    return _done(figure, found, axes, f"depth_{area}", f"{words(area).capitalize()}: depth at rest and fine lines", alt)


def _bulk(found: Years) -> Picture:
    muscles = told_muscles(found)
    figure, axes = _figure(len(muscles))
    said = []
    for ax, muscle in zip(axes, muscles, strict=True):
        for scenario in found.scenarios.values():
            if muscle in scenario.muscles:
                _line(ax, scenario.muscles[muscle].bulk, *LOOKS[scenario.name], 100.0)
                said.append(f"{words(muscle)}, {scenario.title}: {percent(last(scenario.yearly['muscle', muscle, 'bulk'].mean))} %.")
            else:
                ax.axhline(100, color=LOOKS[scenario.name][0], linestyle=LOOKS[scenario.name][1])
        ax.set_title(f"bulk of {words(muscle)}, % of untreated")
        ax.set_ylim(0, 106)
    return _done(figure, found, axes, "bulk", "Muscle bulk", f"Bulk over the years; mean of the last year: {' '.join(said)}")


def told_muscles(found: Years) -> list[str]:
    """Up to two muscles whose bulk is drawn: the area's own first."""
    area = next(iter(next(iter(found.scenarios.values())).areas))
    wasted = {name: None for scenario in found.scenarios.values() for name in scenario.muscles}
    main = [name for name in MAIN_MUSCLES.get(area, ()) if name in wasted]
    return (main or list(wasted) or ["corrugator_supercilii_left"])[:2]


def _intervals(found: Years) -> Picture:
    figure, axes = _figure(2)
    said = []
    for scenario in found.scenarios.values():
        colour, dash = LOOKS[scenario.name]
        if scenario.intervals:
            number = np.array([entry.number for entry in scenario.intervals])
            days = np.array([[entry.days.low, entry.days.median, entry.days.high] for entry in scenario.intervals]).T
            axes[0].fill_between(number, days[0], days[2], color=colour, alpha=0.16, linewidth=0)
            axes[0].plot(number, days[1], color=colour, linestyle=dash)
            said.append(f"{scenario.title}: {scenario.intervals[0].days:.0f} days at first, {scenario.intervals[-1].days:.0f} at last.")
        _line(axes[1], scenario.units_so_far, colour, dash, 1.0)
    axes[0].set(title="days from a session to the next", ylim=(0, 1.15 * axes[0].get_ylim()[1]))
    axes[1].set(title=f"units of {found.plan.product} so far")
    picture = _done(figure, found, axes[1:], "intervals", "Intervals", f"Intervals by number of the session. {' '.join(said)}", axes[0])
    return picture


def _lost(found: Years) -> Picture:
    lost = found.without_effect
    assert lost is not None
    main, area = found.scenarios[lost.name], next(iter(lost.areas))
    figure, axes = _figure(2, left=0.95)
    for ax, name, title in zip(
        axes, ("grade_contraction", "grade_rest"), (f"grade at {words(CONTRACTION[area])}", "grade at rest"), strict=True
    ):
        _line(ax, getattr(main.areas[area], name), *LOOKS[main.name], 1.0)
        _line(ax, getattr(lost.areas[area], name), *LOST, 1.0)
        ax.axvline(float(found.days[-1]) / 2 / DAYS_A_YEAR, color=MUTED, linewidth=0.8)
        ax.set(title=title, ylim=(-0.1, 3.15))
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
    chance = main.antibodies
    percent = "" if chance is None else f"; chance of it {100 * chance.loss_of_effect[0]:.2g} % over all sessions"
    alt = f"If antibodies took the effect away halfway, beside the same treatment with its effect{percent}."
    for ax in axes:
        ax.set_xlim(0, found.years)
        ax.set_xlabel("years")
    _key(figure, [(main.title, *LOOKS[main.name]), (f"the same, effect lost halfway{percent}", *LOST)])
    return finish(figure, "without_effect", "If the effect is lost: rare, and in no other curve", alt, main.watermark)


def draw_over_treatment(found: Years, slow: Years) -> Picture:
    """The example of the docs: lines and bulk at two intervals, and the bulk once more where it grows back slowly (``slow``)."""
    area, muscle = next(iter(next(iter(found.scenarios.values())).areas)), told_muscles(found)[0]
    margins = Margins(left=0.95, between=0.95, top=0.66, bottom=0.48, under=0.75)
    figure, grid = new_figure(WIDTH, 6.6, 2, 2, margins)
    axes = grid.ravel()
    for scenario in found.scenarios.values():
        look = LOOKS[scenario.name]
        _line(axes[0], scenario.areas[area].grade_contraction, *look, 1.0)
        _line(axes[1], scenario.areas[area].grade_rest, *look, 1.0)
        for ax, years in ((axes[2], found), (axes[3], slow)):
            if muscle in years.scenarios[scenario.name].muscles:
                _line(ax, years.scenarios[scenario.name].muscles[muscle].bulk, *look, 100.0)
            else:
                ax.axhline(100, color=look[0], linestyle=look[1])
    for ax in axes[:2]:
        ax.set_ylim(-0.1, 3.15)
        ax.set_yticks(range(4), [f"{number} {word}" for number, word in enumerate(GRADES)])
    for ax in axes[2:]:
        ax.set_ylim(0, 106)
    rate, slower = (years.parameters["muscle_regrowth_per_day"] for years in (found, slow))
    titles = (
        f"grade at {words(CONTRACTION[area])}", "grade at rest", f"bulk of {words(muscle)}, % (regrowth {rate:g} a day)",
        f"the same if it grows back as slowly as in MRI ({slower:g})",
    )  # fmt: skip
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
    alt = _told(found, area, "grade_rest", "grade at rest", ".1f")
    return _done(figure, found, axes, "over_treatment", "Two intervals over the years", alt)


def _told(found: Years, area: str, name: str, what: str, spec: str) -> str:
    means = ((s.title, last(s.yearly["skin", area, name].mean)) for s in found.scenarios.values())
    return "Mean of the last year, " + "; ".join(f"{title}: {what} {mean:{spec}}" for title, mean in means) + "."


def _figure(columns: int, left: float = 0.62) -> tuple[Any, Any]:
    margins = Margins(left=left, between=left, top=0.66, bottom=0.48)
    figure, axes = new_figure(WIDTH if columns > 1 else WIDTH / 1.7, HEIGHT, 1, columns, margins)
    return figure, axes[0]


def _line(ax: Any, curve: Curve, colour: str, dash: Any, factor: float) -> None:
    years = curve.days / DAYS_A_YEAR
    if not np.array_equal(curve.low, curve.high):
        ax.fill_between(years, factor * curve.low, factor * curve.high, color=colour, alpha=0.16, linewidth=0)
    ax.plot(years, factor * curve.median, color=colour, linestyle=dash, linewidth=1.6)


def _key(figure: Any, lines: list[tuple[str, str, Any]]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Line2D([], [], color=colour, linestyle=dash, label=title) for title, colour, dash in lines]
    handles.append(Patch(color=MUTED, alpha=0.25, linewidth=0, label="5th to 95th percentile"))
    figure.legend(handles=handles, loc="upper left", ncols=len(handles), borderaxespad=0.2, handlelength=2.8, columnspacing=1.6)


def _done(
    figure: Any, found: Years, axes: Any, name: str, title: str, alt: str, numbered: Any = None, yearly: bool = False
) -> Picture:
    for ax in axes:
        ax.set_xlim(*((min(0.5, 0.5 * found.years), found.years + 0.5) if yearly else (0, found.years)))
        ax.set_xlabel("years" if not yearly else "year" if ax in axes[-2:] else "")
        if yearly:
            ax.xaxis.get_major_locator().set_params(integer=True)
    if numbered is not None:
        numbered.set_xlabel("after session number")
        numbered.set_xlim(left=0.5)
        numbered.xaxis.get_major_locator().set_params(integer=True)
    _key(figure, [(scenario.title, *LOOKS[scenario.name]) for scenario in found.scenarios.values()])
    return finish(figure, name, title, alt, found.watermark)


__all__ = ["draw_over_treatment", "draw_years", "told_muscles"]
