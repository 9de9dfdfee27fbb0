"""Words and picture of the coverage: whether known parameters of made-up trials are found again."""

from typing import Any

import numpy as np
from scipy.stats import binom

from glabella.calibration.coverage import BINS, INSIDE, SURE, Coverage
from glabella.report.style import BLUE, GRID, MUTED, VERMILLION, Margins, Picture, finish, new_figure

SMALL_P = 0.01


def draw_coverage(found: Coverage) -> Picture:
    """Histogram of the ranks of all true values, and how many true values of each parameter lie inside their 90 % interval."""
    names, replicates = found.parameters, len(found.replicates)
    figure, axes = new_figure(10.8, 1.0 + 0.235 * len(names), 1, 2, Margins(left=0.7, top=0.5, right=0.3, between=3.0))
    share, (low, high) = found.histogram(), found.bounds()
    ax = axes[0, 0]
    edges = np.linspace(0, 1, BINS + 1)
    ax.axhspan(100 * low, 100 * high, color=MUTED, alpha=0.18, linewidth=0)
    ax.axhline(100 / BINS, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.bar(edges[:-1], 100 * share, width=1 / BINS, align="edge", color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.8)
    ax.set(xlim=(0, 1), ylim=(0, 130 * max(high, share.max())), xlabel="rank of the true value among posterior draws, as a share")
    ax.set_ylabel(f"% of {found.ranks.size} ranks")
    ax.set_title(f"{replicates} made-up sets of trials, {len(names)} parameters", fontsize=8.5)
    ax = axes[0, 1]
    inside = found.inside_of_parameter
    fewest, most = binom.interval(SURE, replicates, INSIDE)
    ax.axvspan(fewest, most, color=MUTED, alpha=0.18, linewidth=0)
    for place, count in enumerate(inside):
        ax.plot([0, count], [place] * 2, color=GRID, linewidth=1.2, zorder=1)
        ax.plot(count, place, "o", color=BLUE if fewest <= count <= most else VERMILLION, markersize=5, zorder=2)
    ax.set_yticks(range(len(names)), names, fontsize=7.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, replicates + 0.5)
    ax.set_xlabel(f"of {replicates}: true value inside its 90 % interval")
    ax.grid(axis="y", visible=False)
    told = "; ".join(f"{name} {count}" for name, count in zip(names, inside, strict=True))
    bars = ", ".join(f"{100 * value:.1f}" for value in share)
    alt = f"Ranks in ten equal parts, %: {bars}. True values inside their 90 % interval, of {replicates}: {told}."
    return finish(figure, "coverage", "Are known parameters found again?", alt, None)


def coverage_words(found: Coverage) -> dict[str, Any]:
    """What the page says of it."""
    facts, share = found.facts, found.histogram()
    fewest, most = binom.interval(SURE, len(found.replicates), INSIDE)
    outside = [
        f"{name} ({count} of {len(found.replicates)})"
        for name, count in zip(found.parameters, found.inside_of_parameter, strict=True)
        if not fewest <= count <= most
    ]
    error = float(np.sqrt(np.mean([one.straight_line_rms_points**2 for one in found.replicates])))
    return {
        "replicates": len(found.replicates), "parameters": len(found.parameters), "ranks": found.ranks.size, "facts": facts,
        "inside": f"{100 * found.inside:.1f}", "inside_error": f"{100 * found.inside_error:.1f}", "pooled_p": f"{found.pooled_p:.2g}",
        "least_p": f"{found.parameter_p.min():.2g}", "small": int((found.parameter_p < SMALL_P).sum()), "small_p": SMALL_P,
        "ends": f"{100 * (share[0] + share[-1]):.1f}", "expected_ends": f"{200 / len(share):.0f}", "verdict": verdict(found),
        "outside": ", ".join(outside), "error": f"{error:.2f}",
    }  # fmt: skip


def verdict(found: Coverage) -> str:
    """Uniform or not, in plain words: the pooled test, and whether the share inside is off by more than two standard errors."""
    off = found.inside - INSIDE
    far = abs(off) > 2 * found.inside_error
    if found.pooled_p >= SMALL_P and not far:
        return "The ranks are uniform as far as so few replicates tell."
    if not far:
        return "The ranks are not uniform, though as many true values lie inside their intervals as should."
    side = "too narrow: the posterior is surer than it may be" if off < 0 else "too wide: the posterior is less sure than it could be"
    return f"The ranks are not uniform, and the intervals are {side}."


__all__ = ["coverage_words", "draw_coverage", "verdict"]
