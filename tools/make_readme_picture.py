"""The README's pictures, from a real simulation: ``python tools/make_readme_picture.py [--samples N] [--days N] [FOLDER]``.

``demo.png``: the reference face at maximum frown before and after the licensed glabellar treatment, above the course of the strain
with its band. ``muscles.png``: the atlas of muscles, bony lines and licensed sites.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import glabella as g
from glabella.evidence import load_parameters
from glabella.report.anatomy_picture import draw_muscles
from glabella.report.faces import UPPER_FACE, as_lines
from glabella.report.render import paint_face
from glabella.report.style import BLUE, INK, MUTED, PAPER, styled
from glabella.stages.anatomy.atlas import build_atlas

DAYS = (0.0, 30.0, 90.0, 180.0)
CAMERA = replace(UPPER_FACE, centre=(0.0, 19.0, 0.0), width_mm=116.0, height_mm=86.0, pixels_per_mm=4.0)
WIDTH, HEIGHT, DOTS_PER_INCH = 12.0, 5.75, 140  # inches
MARGIN, GAP, FACES_TOP, CURVE_TOP, CURVE_BOTTOM = 0.62, 0.14, 5.03, 2.66, 0.88
AREA, EXPRESSION = "glabellar", "maximum_frown"
LABEL_DAYS = 20  # days that a number beside the curve covers
MUSCLES_PIXELS = 1600  # width of muscles.png


def draw_demo(outcome: g.Outcome, path: Path) -> None:
    """Four faces above one curve; what it is stands at the top, what it is for at the bottom."""
    from matplotlib.figure import Figure

    with styled():
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor=PAPER)
        plan = outcome.plan
        title = f"The same frown, before and after {plan.units:g} units of {plan.product} at {len(plan.sites)} sites"
        figure.text(MARGIN / WIDTH, (HEIGHT - 0.34) / HEIGHT, title, fontsize=14, weight="bold", color=INK, va="center")
        _faces(figure, outcome)
        _curve(figure, outcome)
        band = f"Bands: 5th to 95th percentile of {outcome.settings['samples']} samples."
        figure.text(MARGIN / WIDTH, 0.2 / HEIGHT, f"Simulated, {outcome.frame}. {band}", fontsize=9, color=MUTED, va="center")
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})


def _faces(figure: Any, outcome: g.Outcome) -> None:
    scene = outcome.scene
    assert scene is not None
    width = (WIDTH - MARGIN - 0.3 - (len(DAYS) - 1) * GAP) / len(DAYS)
    height = width * CAMERA.height_mm / CAMERA.width_mm
    for column, day in enumerate(DAYS):
        number = scene.picture_days.index(day)
        lines = [as_lines(area) for area in scene.lines[EXPRESSION][number]]
        painted = paint_face(scene.face, CAMERA, displacement=scene.displacement[EXPRESSION][number], lines=lines)
        left = MARGIN + column * (width + GAP)
        ax = figure.add_axes((left / WIDTH, (FACES_TOP - height) / HEIGHT, width / WIDTH, height / HEIGHT))
        ax.imshow(painted.pixels, interpolation="lanczos")
        ax.set_axis_off()
        name = "before treatment" if day == 0 else f"day {day:g}"
        grade = outcome.grade(AREA, EXPRESSION).at(day)
        ax.set_title(name, fontsize=10, loc="left", pad=4)
        ax.set_title(f"grade {grade:.1f}", fontsize=9, loc="right", pad=4, color=MUTED, weight="normal")


def _curve(figure: Any, outcome: g.Outcome) -> None:
    curve = outcome.strain(AREA, EXPRESSION)
    ax = figure.add_axes((MARGIN / WIDTH, CURVE_BOTTOM / HEIGHT, (WIDTH - MARGIN - 0.3) / WIDTH, (CURVE_TOP - CURVE_BOTTOM) / HEIGHT))
    ax.fill_between(curve.days, 100 * curve.low, 100 * curve.high, color=BLUE, alpha=0.17, linewidth=0)
    ax.plot(curve.days, 100 * curve.median, color=BLUE)
    for day in DAYS:
        value = curve.at(day)
        ax.plot(day, 100 * value.median, "o", markersize=6, markerfacecolor=PAPER, markeredgecolor=BLUE, markeredgewidth=1.6, clip_on=False)
        text = f"{100 * value.median:.0f} % ({100 * value.low:.0f} to {100 * value.high:.0f})"
        beside = (curve.days >= day) & (curve.days <= day + LABEL_DAYS)
        ax.annotate(text, (day, 100 * curve.high[beside].max()), (5, 4), textcoords="offset points", fontsize=8.5, color=INK)
    ax.set(xlim=(0, curve.days[-1]), ylim=(0, 1.22 * 100 * float(curve.high.max())))
    ax.set_xticks(np.arange(0, curve.days[-1] + 1, 30))
    ax.tick_params(axis="y", pad=8)
    ax.set_xlabel("days after the treatment")
    ax.set_title("compression of the skin between the brows at maximum frown, %", fontsize=9, weight="normal", color=MUTED, pad=2)


def draw_atlas(path: Path) -> None:
    """The picture of ``glabella show muscles``, as wide as a page needs."""
    from PIL import Image

    draw_muscles(build_atlas(g.load_face(), None, load_parameters()), path)
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((MUSCLES_PIXELS, MUSCLES_PIXELS), Image.Resampling.LANCZOS)
    picture.save(path, optimize=True)


def main() -> None:
    """Simulate and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "docs" / "pictures")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--days", type=int, default=270)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    plan = g.Plan.label("onabotulinumtoxinA", AREA)
    draw_demo(g.simulate(plan, days=given.days, samples=given.samples), given.folder / "demo.png")
    draw_atlas(given.folder / "muscles.png")


if __name__ == "__main__":
    main()
