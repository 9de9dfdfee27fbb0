"""Pictures of the validation: observed against predicted, trial by trial, what drives the course, and what the data tell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv

from glabella.evidence.published import PublishedRow, trial_record
from glabella.report.style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    VERMILLION,
    Margins,
    Picture,
    finish,
    new_figure,
)  # fmt: skip
from glabella.validation.document import CORRELATED
from glabella.validation.drivers import DOSE_2005, DOSE_2022, MEN, OUTCOMES, WOMEN, DosePoint
from glabella.validation.judged import Judged, people_behind
from glabella.validation.validate import Band, Validation

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = "osD^vP"
USE_COLOURS = {"calibrate": BLUE, "validate": GREEN}
OUTCOME_TITLES = {
    "half_strain_days": "days until half of the\ndeepest loss of strain is left",
    "peak_strain_reduction_percent": "deepest loss of strain,\nday 14 to 30, %",
    "none_or_mild_day_30_percent": "none or mild on day 30,\ninvestigator, %",
}
PANEL_INCHES, PANEL_HEIGHT_INCHES, PANELS_A_ROW = 3.45, 2.75, 3
SHOWN_DRIVERS = 12
SHORT = {
    "none_or_mild_at_max_contraction": "none or mild", "none_or_mild_at_rest": "none or mild at rest",
    "none_or_mild_both_raters": "none or mild, both raters", "ge1_grade_improvement": "better by 1 grade",
    "ge2_grade_improvement": "better by 2 grades", "ge2_grade_composite": "better by 2 grades, both raters",
    "none_or_mild_and_ge2_grade_composite": "none or mild, 2 grades, both raters", "subject_global_ge2": "global assessment +2 or more",
    "relapse_to_baseline": "back at baseline", "response_maintained": "response kept", "any_onset": "onset",
    "eyelid_ptosis": "drooping lid", "brow_ptosis": "drooping brow",
}  # fmt: skip


def draw_validation(found: Validation) -> Iterable[Picture]:
    """Every picture of the report, one after the other."""
    yield draw_agreement(found)
    for name, title, quantities, unit in (
        ("onset", "Median onset", ("onset_median_days",), "days"),
        ("duration", "Median duration", ("duration_median_days",), "days"),
        ("strain", "Strain of the skin and its reduction", ("strain_percent", "strain_reduction_percent"), "%"),
        ("side_effects", "Side effects", ("side_effect_percent",), "% of people"),
    ):
        rows = [one for one in found.judged if one.row.quantity in quantities]
        if rows:
            yield draw_forest(name, title, rows, quantities, unit)
    for trial in dict.fromkeys(band.trial for band in found.bands):
        yield draw_trial(trial, found)
    yield draw_drivers(found)
    yield draw_doses(found)
    yield draw_sexes(found)
    yield draw_told(found)
    if len(found.identifiability.spreads) > 1:
        yield draw_correlation(found)


def product_short(product: str) -> str:
    """'onabotulinumtoxinA' as 'onabo'."""
    return product.removesuffix("tulinumtoxinA")


def arm_name(one: Any) -> str:
    """'20 U' or 'placebo', for anything with arm and dose."""
    return "placebo" if one.arm == "placebo" else f"{one.dose_units:g} U"


def describe(one: Judged, with_trial: bool = True) -> str:
    """The row in a few words."""
    row = one.row
    what = SHORT.get(row.endpoint, "")
    if row.quantity.startswith("strain"):
        what = row.row.split("u_", 1)[1].rsplit("_d", 1)[0].replace("_", " ")
    parts = [row.trial.replace("_", " ") if with_trial else "", f"{product_short(row.product)} {arm_name(row)}", what]
    if row.rater and "both" not in what:
        parts.append(row.rater)
    if row.day is not None:
        parts.append(f"day {row.day:g}")
    return ", ".join(part for part in parts if part)


def draw_agreement(found: Validation) -> Picture:
    """Predicted against observed, all shares of people in percent, fitted and not."""
    figure, axes = new_figure(10.8, 5.3, 1, 2, Margins(top=0.62, between=0.7))
    sentences = []
    for ax, use in zip(axes[0], ("calibrate", "validate"), strict=True):
        rows = [one for one in found.judged if one.row.use == use and one.is_rate]
        ax.plot([0, 100], [0, 100], color=MUTED, linewidth=0.9, zorder=1)
        ax.fill_between([0, 100], [-10, 90], [10, 110], color=MUTED, alpha=0.13, linewidth=0, zorder=0)
        for one in rows:
            colour = USE_COLOURS[use] if one.hit else VERMILLION
            ax.plot([one.row.value] * 2, [one.low, one.high], color=colour, alpha=0.35, linewidth=1.3)
            size = 2.5 + 0.25 * np.sqrt(people_behind(one.row))
            ax.plot(one.row.value, one.predicted, "o" if one.hit else "X", color=colour, markersize=min(size, 9), markeredgewidth=0)
        hits = sum(one.hit for one in rows)
        sentences.append(f"{use}: {hits} of {len(rows)} rates agree by tolerance and interval.")
        ax.set_title(f"{use}: {len(rows)} rates, {hits} hits" + (" (never fitted)" if use == "validate" else ""))
        ax.set(xlim=(-3, 103), ylim=(-3, 103), xlabel="published, %", ylabel="predicted, %")
        ax.set_aspect("equal")
    _key(
        figure,
        [("hit", INK, "o", ""), ("missed by tolerance or interval", VERMILLION, "X", ""), ("90 % predictive interval", MUTED, "", "-")],
        shade="within 10 points",
    )
    alt = "Predicted against published rates in percent, one panel for the figures that were fitted, one for those that were not. "
    return finish(figure, "agreement", "Predicted against published", alt + " ".join(sentences), None)


def draw_forest(name: str, title: str, rows: Sequence[Judged], quantities: Sequence[str], unit: str) -> Picture:
    """Rows one under the other: published with its tolerance, predicted with its interval."""
    ordered = sorted(rows, key=lambda one: (quantities.index(one.row.quantity), one.row.use, one.row.trial, one.row.dose_units))
    figure, axes = new_figure(10.8, 1.1 + 0.27 * len(ordered), margins=Margins(left=5.1, top=0.5))
    ax = axes[0, 0]
    places = np.arange(len(ordered))[::-1]
    for place, one in zip(places, ordered, strict=True):
        colour = USE_COLOURS[one.row.use] if one.hit else VERMILLION
        ax.plot(
            [one.row.value - one.row.tolerance, one.row.value + one.row.tolerance], [place + 0.16] * 2, color=GRID, linewidth=4.5, zorder=1
        )
        ax.plot(one.row.value, place + 0.16, ">" if one.row.relation == ">=" else "|", color=INK, markersize=7, markeredgewidth=1.6)
        ax.plot([one.low, one.high], [place - 0.16] * 2, color=colour, alpha=0.5, linewidth=2.2)
        ax.plot(one.predicted, place - 0.16, "o" if one.hit else "X", color=colour, markersize=5.5, markeredgewidth=0)
    ax.set_yticks(places, [_forest_label(one) for one in ordered])
    ax.set_ylim(-0.7, len(ordered) - 0.3)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]) if name != "side_effects" else 0.0)
    if name == "side_effects":
        ax.set_xlim(0, 1.15 * max(max(one.high, one.row.value, one.predicted) for one in ordered) + 0.5)
    ax.set_xlabel(unit)
    ax.grid(axis="y", visible=False)
    _key(
        figure,
        [("published, with tolerance", INK, "|", ""), ("predicted, calibrate", BLUE, "o", ""), ("predicted, validate", GREEN, "o", ""),
         ("missed", VERMILLION, "X", "")],
    )  # fmt: skip
    alt = f"{title}: published beside predicted. " + " ".join(
        f"{describe(one)}: published {one.row.value:g}, predicted {one.predicted:.3g} ({one.low:g} to {one.high:g})." for one in ordered
    )
    return finish(figure, name, title, alt, None)


def _forest_label(one: Judged) -> str:
    return describe(one).removesuffix(", onset").replace(", onset,", ",")


def draw_trial(trial: str, found: Validation) -> Picture:
    """Visual predictive check of one trial: published rates over the band in which 90 % of such figures would fall, by endpoint."""
    bands = [band for band in found.bands if band.trial == trial]
    panels = list(dict.fromkeys(_panel(band) for band in bands))
    arms = list(dict.fromkeys((band.product, band.dose_units, band.arm) for band in sorted(bands, key=lambda b: b.dose_units)))
    products = len({product for product, _, arm in arms if arm != "placebo"}) > 1
    columns = min(len(panels), PANELS_A_ROW)
    lines = -(-len(panels) // columns)
    figure, axes = new_figure(
        0.75 + PANEL_INCHES * columns, 0.6 + PANEL_HEIGHT_INCHES * lines, lines, columns, Margins(top=0.75, between=0.5, under=0.75)
    )
    for ax in axes.ravel()[len(panels) :]:
        ax.set_visible(False)
    looks = _looks(arms)
    for ax, panel in zip(axes.ravel(), panels, strict=False):
        ax.set_title("\n".join(panel), fontsize=8.5)
        for band in bands:
            if _panel(band) == panel:
                _draw_band(ax, band, *looks[band.product, band.dose_units, band.arm])
        rows = [one for one in found.judged if one.row.trial == trial and _panel(one.row) == panel and one.row.day is not None]
        for one in rows:
            _draw_point(ax, one, *looks[one.row.product, one.row.dose_units, one.row.arm])
        ax.set_ylim(-4, 104)
        ax.set_xlim(left=0)
        ax.set_xlabel("day")
    for ax in axes[:, 0]:
        ax.set_ylabel("%")
    entries = []
    for product, units, arm in arms:
        colour, marker, dash = looks[product, units, arm]
        label = "placebo" if arm == "placebo" else f"{product_short(product)} {units:g} U" if products else f"{units:g} U"
        entries.append((label, colour, marker, dash))
    _key(figure, entries[:6])
    title = trial_record(trial).name
    judged = [one for one in found.judged if one.row.trial == trial and _panel(one.row) in panels]
    alt = f"{title}. Published figures over the predicted course with its 90 % band. " + " ".join(
        f"{describe(one, False)}: published {one.row.value:g}, predicted {one.predicted:.0f} ({one.low:.0f} to {one.high:.0f})."
        for one in judged
    )
    return finish(figure, f"trial_{trial}", title, alt, None)


def _panel(one: Band | PublishedRow) -> tuple[str, str]:
    """What a panel shows, for a band or a row, and who rated it."""
    if one.quantity == "strain_reduction_percent":
        return "strain reduction", ""
    name: str = "onset" if one.quantity == "onset_percent" else SHORT.get(one.endpoint, one.endpoint)
    return name, "" if "both" in name else one.rater or "rater not given"


def _looks(arms: Sequence[tuple[str, float, str]]) -> Mapping[tuple[str, float, str], tuple[str, str, Any]]:
    looks, treated = {}, 0
    for arm in arms:
        if arm[2] == "placebo":
            looks[arm] = (MUTED, "x", (0, (1, 1.5)))
        else:
            looks[arm] = (COLOURS[treated % len(COLOURS)], MARKERS[treated % len(MARKERS)], "-")
            treated += 1
    return looks


def _draw_band(ax: Any, band: Band, colour: str, marker: str, dash: Any) -> None:
    if len(band.days) > 1:
        ax.fill_between(band.days, band.low, band.high, color=colour, alpha=0.15, linewidth=0)
        ax.plot(band.days, band.predicted, color=colour, linestyle=dash, linewidth=1.4)
    else:
        ax.plot([band.days[0] - 2, band.days[0] + 2], [band.predicted[0]] * 2, color=colour, linewidth=1.4)
        ax.fill_between([band.days[0] - 2, band.days[0] + 2], band.low[0], band.high[0], color=colour, alpha=0.15, linewidth=0)


def _draw_point(ax: Any, one: Judged, colour: str, marker: str, dash: Any) -> None:
    """Published figure; filled if it was fitted, hollow if not; its bar is what counting n people leaves open, at 90 %."""
    fill = colour if one.row.use == "calibrate" else PAPER
    if one.is_rate:
        low, high = binomial_bar(one.row.value, people_behind(one.row))
        ax.plot([one.row.day] * 2, [low, high], color=colour, linewidth=1.1)
    edge = VERMILLION if not one.hit and marker == "x" else colour
    ax.plot(one.row.day, one.row.value, marker, color=edge, markerfacecolor=fill, markersize=5.2, markeredgewidth=1.2, zorder=5)
    if not one.hit:
        ax.plot(one.row.day, one.row.value, "o", markersize=11, markerfacecolor="none", color=VERMILLION, markeredgewidth=1.0, zorder=6)


def binomial_bar(percent: float, n: int) -> tuple[float, float]:
    """90 % interval of a share in percent from n people (Jeffreys)."""
    hits = percent / 100 * n
    low = 0.0 if hits <= 0 else float(betaincinv(hits + 0.5, n - hits + 0.5, 0.05))
    high = 1.0 if hits >= n else float(betaincinv(hits + 0.5, n - hits + 0.5, 0.95))
    return 100 * low, 100 * high


def draw_drivers(found: Validation) -> Picture:
    """Tornado: each parameter moved alone; bars from the outcome at its low end to the outcome at its high end."""
    figure, axes = new_figure(10.8, 4.3, 1, 3, Margins(left=2.05, top=0.72, between=2.05, right=0.2))
    sentences = []
    for ax, (outcome, label) in zip(axes[0], OUTCOMES.items(), strict=True):
        base = found.baseline[outcome]
        ranked = sorted(found.drivers, key=lambda driver: -driver.swing(outcome))[:SHOWN_DRIVERS]
        for place, driver in enumerate(reversed(ranked)):
            low, high = driver.at_low[outcome], driver.at_high[outcome]
            for end, colour in ((low, SKY), (high, ORANGE)):
                alpha = 0.95 if driver.known_by == "posterior" else 0.45
                ax.barh(place, end - base, left=base, color=colour, alpha=alpha, height=0.62, linewidth=0)
        ax.axvline(base, color=INK, linewidth=0.9)
        names = [_parameter_short(driver.parameter) + ("" if driver.known_by == "posterior" else " (t)") for driver in reversed(ranked)]
        ax.set_yticks(range(len(ranked)), names, fontsize=7)
        ax.set_title(OUTCOME_TITLES[outcome], fontsize=8.5)
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=5)
        sentences.append(
            f"{label}: {base:.3g} at the best fit; most moved by "
            + ", ".join(f"{d.parameter} ({d.at_low[outcome]:.3g} to {d.at_high[outcome]:.3g})" for d in ranked[:4]) + "."
        )  # fmt: skip
    _key(figure, [("parameter at its low end", SKY, "s", ""), ("at its high end", ORANGE, "s", "")])
    alt = "What moves the course after 20 U onabotulinumtoxinA in the glabella, one parameter at a time. " + " ".join(sentences)
    return finish(figure, "drivers", "What drives duration and peak", alt, None)


def _parameter_short(name: str) -> str:
    for long, short in (
        ("_per_day", ""),
        ("_spread_sd_ln", " spread"),
        ("_sd_ln", " spread"),
        ("_units_per_mm3", ""),
        ("_days", ""),
        ("_ratio", ""),
        ("_mm", ""),
        ("_share", ""),
    ):
        name = name.removesuffix(long) + short if name.endswith(long) else name
    return name.replace("_per_unit", "").replace("botulinumtoxinA", "").replace("_", " ")


def draw_doses(found: Validation) -> Picture:
    """The published figures on dose and duration beside ours, each in the people and by the endpoint of its trial."""
    figure, axes = new_figure(10.8, 3.7, 1, 3, Margins(top=0.85, between=0.62))
    panels = (
        (DOSE_2005, "back_at_baseline_day_120_percent", "back at baseline on day 120, %\n(women, 2005: 20 people an arm)", "relapse"),
        (DOSE_2022, "improved_by_one_grade_day_168_percent", "still better by a grade, day 168, %\n(women, 2022)", "ge1_d168"),
        (DOSE_2022, "improved_by_one_grade_median_days", "median days better by a grade\n(women, 2022; arrows: at least)", "ge1_duration"),
    )
    for ax, (people, outcome, title, part) in zip(axes[0], panels, strict=True):
        _dose_line(ax, [p for p in found.doses if p.people == people], outcome, BLUE, "-", "o")
        for one in found.judged:
            if one.row.trial == people and part in one.row.row and one.row.arm == "active":
                if one.is_rate:
                    low, high = binomial_bar(one.row.value, people_behind(one.row))
                    ax.plot([one.row.dose_units] * 2, [low, high], color=VERMILLION, linewidth=1.1)
                marker = "^" if one.row.relation == ">=" else "s"
                ax.plot(one.row.dose_units, one.row.value, marker, color=VERMILLION, markersize=6)
        ax.set_title(title, fontsize=8.5)
        ax.set_xlabel("units in the glabella")
        ax.set_xlim(0, 85)
        ax.set_ylim(0, 100 if "percent" in outcome else 1.15 * ax.get_ylim()[1])
    _key(figure, [("model, with 90 % of the posterior", BLUE, "o", "-"), ("published, with 90 % of counting", VERMILLION, "s", "")])
    alt = "Dose and duration: published figures beside the model's, in three panels. " + " ".join(
        f"{p.dose_units:g} U, {name.replace('_', ' ')}: {value:.0f}."
        for p in found.doses
        if p.people in (DOSE_2005, DOSE_2022)
        for name, value in p.median.items()
    )
    return finish(figure, "dose_and_duration", "Dose and duration: the sources contradict each other", alt, None)


def draw_sexes(found: Validation) -> Picture:
    """Women and men over the dose: they differ in their muscles, not by a switch."""
    figure, axes = new_figure(10.8, 3.5, 1, 3, Margins(top=0.72, between=0.62))
    for ax, outcome in zip(axes[0], OUTCOMES, strict=True):
        for people, colour, dash, marker in ((WOMEN, BLUE, "-", "o"), (MEN, VERMILLION, (0, (5, 2)), "s")):
            _dose_line(ax, [p for p in found.doses if p.people == people], outcome, colour, dash, marker)
        ax.set_title(OUTCOME_TITLES[outcome], fontsize=8.5)
        ax.set_xlabel("units in the glabella")
        ax.set_xlim(0, 85)
        ax.set_ylim(bottom=0)
    _key(figure, [("women", BLUE, "o", "-"), ("men", VERMILLION, "s", (0, (5, 2)))], shade="90 % of the posterior")
    alt = "Women and men over the dose, with bands. " + " ".join(
        f"{p.people}, {p.dose_units:g} U: " + ", ".join(f"{name.replace('_', ' ')} {value:.0f}" for name, value in p.median.items()) + "."
        for p in found.doses
        if p.people in (WOMEN, MEN)
    )
    return finish(figure, "women_and_men", "Women and men over the dose", alt, None)


def _dose_line(ax: Any, points: Sequence[DosePoint], outcome: str, colour: str, dash: Any, marker: str) -> None:
    doses = [p.dose_units for p in points]
    ax.fill_between(doses, [p.low[outcome] for p in points], [p.high[outcome] for p in points], color=colour, alpha=0.15, linewidth=0)
    ax.plot(doses, [p.median[outcome] for p in points], color=colour, linestyle=dash, marker=marker, markersize=4.5)


def draw_told(found: Validation) -> Picture:
    """Spread of each fitted parameter before and after the data, in standard deviations of its prior."""
    spreads = sorted(found.identifiability.spreads, key=lambda spread: spread.told)
    figure, axes = new_figure(10.8, 1.0 + 0.235 * len(spreads), margins=Margins(left=3.3, top=0.5, right=1.1))
    ax = axes[0, 0]
    for place, spread in enumerate(spreads):
        centre, sd = (spread.mean - spread.prior.centre) / spread.prior.spread, spread.sd / spread.prior.spread
        ax.plot([-1.645, 1.645], [place] * 2, color=GRID, linewidth=8, solid_capstyle="butt", zorder=1)
        ax.plot([centre - 1.645 * sd, centre + 1.645 * sd], [place] * 2, color=BLUE, linewidth=3.2, solid_capstyle="butt", zorder=2)
        ax.plot(centre, place, "o", color=BLUE, markersize=5)
        ax.annotate(f"{100 * spread.told:.0f} %", (1.01, place), xycoords=("axes fraction", "data"), fontsize=7.5, color=MUTED, va="center")
    ax.set_yticks(range(len(spreads)), [spread.prior.parameter for spread in spreads], fontsize=7.5)
    ax.set_ylim(-0.8, len(spreads) - 0.2)
    ax.set_xlabel("standard deviations of the prior (right: share of the prior's spread that the data took away)")
    ax.grid(axis="y", visible=False)
    _key(figure, [("prior, 90 %", GRID, "s", ""), ("posterior, 90 %", BLUE, "o", "-")])
    alt = "Spread of each fitted parameter before and after the data. " + " ".join(
        f"{s.prior.parameter}: {100 * s.told:.0f} % of the spread taken away." for s in reversed(spreads)
    )
    return finish(figure, "prior_and_posterior", "What the data tell of each parameter", alt, None)


def draw_correlation(found: Validation) -> Picture:
    """Correlations of the posterior: what the data do not separate."""
    names = [spread.prior.parameter for spread in found.identifiability.spreads]
    size = 3.6 + 0.215 * len(names)
    figure, axes = new_figure(size + 0.4, size - 0.4, margins=Margins(left=2.7, bottom=2.7, top=0.2, right=0.9))
    ax = axes[0, 0]
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("pairs", [VERMILLION, PAPER, BLUE])
    table = np.where(np.tri(len(names), k=-1, dtype=bool), found.identifiability.correlation, np.nan)
    mesh = ax.pcolormesh(np.ma.masked_invalid(table), cmap=colours, vmin=-1, vmax=1, edgecolors="none")
    for i, j in np.argwhere(np.nan_to_num(np.abs(table)) >= CORRELATED):
        ax.text(j + 0.5, i + 0.5, f"{table[i, j]:.1f}", ha="center", va="center", fontsize=6, color=INK)
    ax.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90, fontsize=7)
    ax.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=7)
    ax.invert_yaxis()
    ax.grid(visible=False)
    bar = figure.colorbar(mesh, ax=ax, fraction=0.03, pad=0.02)
    bar.set_label("correlation", fontsize=8)
    bar.outline.set_visible(False)
    pairs = found.identifiability.pairs(CORRELATED)
    said = "; ".join(f"{a} and {b} {r:.2f}" for a, b, r in pairs) or f"no pair beyond {CORRELATED}"
    return finish(figure, "correlation", "Which parameters the data do not separate", f"Correlations of the posterior. {said}.", None)


def _key(figure: Any, entries: Iterable[tuple[str, str, str, Any]], shade: str = "") -> None:
    """One key for the whole figure, above its panels."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=colour, marker=marker or None, linestyle=dash or "", label=label, markersize=6)
        for label, colour, marker, dash in entries
    ]
    if shade:
        handles.append(Patch(color=MUTED, alpha=0.25, linewidth=0, label=shade))
    figure.legend(handles=handles, loc="upper right", ncols=len(handles), handlelength=2.2, columnspacing=1.4, borderaxespad=0.2)


def unit_word(one: Judged) -> str:
    """'%', 'days', or another unit in words."""
    return "%" if one.row.unit == "percent" else one.row.unit.replace("_", " ")


__all__ = ["arm_name", "binomial_bar", "describe", "draw_validation", "unit_word"]
