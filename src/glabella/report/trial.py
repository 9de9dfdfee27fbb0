"""The figures of a trial: responders of every arm over the visits; power over the number of patients."""

import io
from typing import Any

import numpy as np

from glabella.report.style import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    PNG_DOTS_PER_INCH,
    PURPLE,
    SKY,
    VERMILLION,
    Margins,
    new_figure,
    stamp,
    styled,
)  # fmt: skip
from glabella.trial.power import BAND, PowerResult
from glabella.trial.result import WATERMARK, TrialResult

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (7, 2, 1.5, 2)), (0, (3, 1.5)))
MARKERS = "osD^vP"
PLACEBO_DASH: Any = (0, (1, 1.5))


def draw_responders(result: TrialResult) -> tuple[bytes, str]:
    """Responders by the trial's endpoint over the visits, each arm with its 95 % band, as PNG and as SVG; the title says what it holds."""
    trial = result.trial
    title = f"{trial.endpoint.replace('_', ' ')}, {trial.rater}"
    with styled():
        figure, axes = new_figure(7.2, 4.0, margins=Margins(top=0.42, right=0.25))
        ax = axes[0, 0]
        treated = 0
        for found in result.arms:
            rate = result.responders(found.arm.name)
            colour, dash, marker = MUTED, PLACEBO_DASH, "x"
            if found.arm.treated:
                colour, dash, marker = COLOURS[treated % len(COLOURS)], DASHES[treated % len(DASHES)], MARKERS[treated % len(MARKERS)]
                treated += 1
            ax.fill_between(result.days, rate.low, rate.high, color=colour, alpha=0.18, linewidth=0)
            label = f"{found.arm.name} ({found.summary.people} people)"
            ax.plot(result.days, rate.percent, color=colour, linestyle=dash, marker=marker, markersize=5, label=label)
            for day in found.arm.session_days[1:]:
                ax.axvline(day, color=MUTED, linewidth=0.7, linestyle=(0, (1, 3)))
        ax.set(ylim=(0, 100), xlim=(0, float(result.days[-1]) * 1.02), xlabel="day", ylabel="responders, % of people")
        ax.set_title(f"{title}; bands: {result.band}, 95 %")
        ax.legend(loc="best")
        return _drawn(figure, title, result.watermark)


def draw_power(result: PowerResult) -> tuple[bytes, str]:
    """Power and assurance over the number of patients per arm, with the band of the draws and the chosen number, as PNG and as SVG."""
    asked = result.question
    most = 2.2 * (result.patients or result.sizes[-1] / 2)
    sizes = np.unique(np.linspace(2, most, 120).round())
    low, high = np.percentile([result.drawn_power(n) for n in sizes], BAND, axis=1)
    title = f"{asked.arm} and {asked.against}: {asked.kind}".replace("_", "-")
    with styled():
        figure, axes = new_figure(7.2, 4.0, margins=Margins(top=0.42, right=0.25))
        ax = axes[0, 0]
        ax.fill_between(sizes, 100 * low, 100 * high, color=VERMILLION, alpha=0.15, linewidth=0, label="90 % of the draws")
        ax.plot(sizes, [100 * result.power(n) for n in sizes], color=BLUE, label="power at the shipped parameters")
        assured = [100 * result.assurance(n) for n in sizes]
        ax.plot(sizes, assured, color=VERMILLION, linestyle=DASHES[1], label="assurance: mean over the posterior")
        if result.patients is not None:
            ax.axvline(result.patients, color=MUTED, linewidth=0.9, linestyle=PLACEBO_DASH)
            ax.plot([result.patients], [100 * result.power(result.patients)], color=BLUE, marker="o", markersize=6)
        ax.set(ylim=(0, 102), xlim=(0, most), xlabel="patients per arm", ylabel="chance of success, %")
        ax.set_title(title)
        ax.legend(loc="lower right")
        return _drawn(figure, title, WATERMARK)


def _drawn(figure: Any, title: str, watermark: str) -> tuple[bytes, str]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stamp(figure, watermark)
    png, svg = io.BytesIO(), io.StringIO()
    figure.set(facecolor="white", dpi=PNG_DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(png, metadata={"Software": None, "Title": title})
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})
    return png.getvalue(), svg.getvalue()
