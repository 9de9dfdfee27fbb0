"""Pictures of the lower face: the needles and muscles from front and side, strength left, thickness of the masseter."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from glabella.lower_face.outcome import LowerOutcome
from glabella.names import SIDES, side_of, without_side
from glabella.outcome import Curve
from glabella.report.anatomy_parts import draw_needle
from glabella.report.charts import _days, _key, _line, _sentence, draw_muscles
from glabella.report.lower_anatomy_picture import FRONT, SIDE, draw_view
from glabella.report.style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, VERMILLION, Margins, Picture, finish, new_figure, words

MOVEMENT_COLOURS = {
    "clench": VERMILLION, "mouth_corner_depression": BLUE, "lower_lip_depression": SKY, "chin_raise": GREEN, "lip_closure": PURPLE,
    "smile": ORANGE, "neck_tension": MUTED,
}  # fmt: skip
MOVEMENT_DASHES: dict[str, Any] = {
    "clench": "-", "mouth_corner_depression": (0, (5, 2)), "lower_lip_depression": (0, (3, 1.5)), "chin_raise": (0, (7, 2, 1.5, 2)),
    "lip_closure": (0, (1, 1.5)), "smile": (0, (9, 3)), "neck_tension": (0, (2, 2)),
}  # fmt: skip
MOVEMENT_WORDS = {"clench": "bite force", "chin_raise": "chin"}
SHOWN_LOSS = 1.0  # percent: movements that never lose as much share one line in words


def draw_lower_pictures(outcome: LowerOutcome) -> Iterable[Picture]:
    """Every picture of the report of a lower face."""
    if outcome.person is not None:
        yield draw_needles(outcome)
    yield draw_lower_movement(outcome)
    if "masseter" in outcome.plan.areas:
        yield draw_thickness(outcome)
    both: Any = outcome  # its muscles are told alike
    yield draw_muscles(both)


def draw_needles(outcome: LowerOutcome) -> Picture:
    """The face from the front and from the left, with the muscles that the treatment reaches and every needle with its units."""
    person, course = outcome.person
    atlas = person.anatomy.atlas
    reached = {without_side(name) for name in outcome.treated_muscles} | {without_side(t) for t in _targets(outcome)}
    figure, axes = new_figure(10.8, 5.9, 1, 2, Margins(left=0.05, right=0.05, top=0.35, bottom=0.05, between=0.1))
    shown = {name: sheet for name, sheet in atlas.muscles.items() if without_side(name) in reached}
    for ax, camera, heading in ((axes[0, 0], FRONT, "From the front"), (axes[0, 1], SIDE, "From the person's left")):
        painted = draw_view(ax, atlas, camera, sites=False, muscles=shown)
        for session in course.boluses:
            for bolus in session:
                entry = bolus.needle.entry
                if not painted.is_visible(entry[None], 4.0)[0] or (camera is SIDE and side_of(bolus.needle.site) == "right"):
                    continue
                if camera is FRONT:
                    draw_needle(ax, painted, entry, bolus.needle.tip)
                column, row = painted.to_pixel(entry[None])[0]
                ax.plot(column, row, "o", markersize=5, markerfacecolor=INK, markeredgecolor="white", markeredgewidth=1.0, zorder=10)
                outward = -1 if camera is FRONT and 2 * column < camera.shape[1] else 1  # away from the needle's way inwards
                ax.annotate(f"{bolus.units:g} U", (column, row), (5 * outward, -3), textcoords="offset points", fontsize=7.5, color=INK,
                            ha="left" if outward > 0 else "right", va="top",
                            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75})  # fmt: skip
        ax.set_title(heading)
    named = ", ".join(f"{words(b.needle.site)} {b.units:g} U" for session in course.boluses for b in session)
    alt = f"Lower face from the front and from the left with the treated muscles. Needles: {named}."
    return _without_svg(finish(figure, "needles", "Needles and muscles", alt, outcome.watermark))


def _targets(outcome: LowerOutcome) -> list[str]:
    return [outcome.person[0].anatomy.atlas.targets[site] for site in outcome.plan.sites]


def _without_svg(picture: Picture) -> Picture:
    """A painted face as pixels: as SVG it would be the same pixels in a larger file."""
    from PIL import Image

    jpeg = io.BytesIO()
    Image.open(io.BytesIO(picture.png)).convert("RGB").save(jpeg, "JPEG", quality=88, subsampling=0)
    return Picture(picture.name, picture.title, picture.alt, picture.png, jpeg=jpeg.getvalue())


def draw_lower_movement(outcome: LowerOutcome) -> Picture:
    """Strength left of each movement that loses any, in percent."""
    lost = {name: curve for name, curve in outcome.movement.items() if curve.median.min() < 100 - SHOWN_LOSS}
    shown = lost or {"clench": outcome.movement["clench"]}
    figure, axes = new_figure(10.8, 3.4, margins=Margins(top=0.42))
    ax = axes[0, 0]
    for name, curve in shown.items():
        _line(ax, curve, MOVEMENT_COLOURS[name], MOVEMENT_DASHES[name], 1.0)
    ax.set_ylim(0, 105)
    _key(figure, [(_movement(name), MOVEMENT_COLOURS[name], MOVEMENT_DASHES[name]) for name in shown])
    _days(outcome, axes, "% of baseline")  # pyright: ignore[reportArgumentType]
    alt = "Strength left of each movement in percent, with bands. " + " ".join(
        _sentence(_movement(name), curve, 1, "%") for name, curve in shown.items()
    )
    return finish(figure, "movement", "Strength left", alt, outcome.watermark)


def _movement(name: str) -> str:
    return MOVEMENT_WORDS.get(name, words(name))


def draw_thickness(outcome: LowerOutcome) -> Picture:
    """Thickness of the masseters, clenched and relaxed."""
    figure, axes = new_figure(10.8, 3.6, 1, 2, Margins(top=0.55, between=0.35), sharex=True, sharey=True)
    states = (("clench_mm", "teeth clenched", VERMILLION, "-"), ("rest_mm", "relaxed", BLUE, (0, (5, 2))))
    for ax, side in zip(axes[0], reversed(SIDES), strict=True):
        thickness = outcome.thickness[f"masseter_{side}"]
        for state, _, colour, dash in states:
            _line(ax, getattr(thickness, state), colour, dash, 1.0)
        ax.set_title(f"masseter, {side}")
        for state, *_ in states:
            curve: Curve = getattr(thickness, state)
            at = int(np.argmin(curve.median))
            text = f"{curve.median[at] - curve.median[0]:+.1f} mm, day {curve.days[at]:g}".replace("-", "−")
            ax.annotate(
                text, (curve.days[at], curve.median[at]), (0, -11), textcoords="offset points", fontsize=7.5, ha="center", color=INK
            )
    axes[0, 0].set_ylim(0, axes[0, 0].get_ylim()[1])
    _key(figure, [(label, colour, dash) for _, label, colour, dash in states])
    _days(outcome, axes, "thickness, mm")  # pyright: ignore[reportArgumentType]
    alt = "Thickness of both masseters in mm over the days, with teeth clenched and relaxed, with bands. " + " ".join(
        _sentence(f"{words(name)}, {label}", getattr(curves, state), 1, "mm")
        for name, curves in outcome.thickness.items()
        for state, label, *_ in states
    )
    return finish(figure, "thickness", "Thickness of the masseter", alt, outcome.watermark)


__all__ = ["draw_lower_movement", "draw_lower_pictures", "draw_needles", "draw_thickness"]
