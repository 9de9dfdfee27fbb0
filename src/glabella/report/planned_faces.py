"""Faces of a planned dose: where the needles go, and both plans at maximum frown over the months."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import replace

import numpy as np

from glabella.outcome import Outcome
from glabella.planner.result import PlannedDose
from glabella.report.faces import (
    BROW_COLOUR,
    CM2,
    DOSE_SHOWN,
    RIM_COLOUR,
    UPPER_FACE,
    _bar,
    _needles,
    draw_face,
    round_up,
)  # fmt: skip
from glabella.report.page import face_name
from glabella.report.render import Curve, Overlay, paint_face
from glabella.report.style import INK, Margins, Picture, finish, new_figure, words

EXPRESSION = "maximum_frown"
PLANS = ("planned", "licensed")
SHOWN_DAYS = (0.0, 30.0, 120.0)
NEEDLE_VIEW = replace(UPPER_FACE, pixels_per_mm=4.0)


def face_days(planned: PlannedDose) -> tuple[float, ...]:
    """Days of the face pictures: 0, 30, the goal's last day (the nearest that is painted) and 120.

    None where the licensed pattern leaves the frown alone: faces are painted at rest and frowning only.
    """
    scenes = [outcomes[0].scene for outcomes in (planned.outcomes, planned.licensed_outcomes)]
    if scenes[0] is None or scenes[1] is None or "glabellar" not in planned.licensed.areas:
        return ()
    painted = [day for day in scenes[0].picture_days if day in scenes[1].picture_days]
    wanted = (*SHOWN_DAYS, planned.goal.until_day or planned.goal.on_day)
    return tuple(sorted({min(painted, key=lambda day: (abs(day - one), day)) for one in wanted}))


def start_faces(planned: PlannedDose, painter: Executor) -> list["Future[Picture]"]:
    """Begin to paint both plans' faces at maximum frown on each day."""
    return [
        painter.submit(_face, outcomes[0], plan, day)
        for day in face_days(planned)
        for plan, outcomes in zip(PLANS, (planned.outcomes, planned.licensed_outcomes), strict=True)
    ]


def picture_name(plan: str, day: float) -> str:
    """File name of one face."""
    return f"{plan}_{face_name(EXPRESSION, day)}"


def _face(outcome: Outcome, plan: str, day: float) -> Picture:
    scene = outcome.scene
    assert scene is not None
    picture = draw_face(outcome, scene, EXPRESSION, scene.picture_days.index(day))
    return replace(picture, name=picture_name(plan, day), title=f"{plan}, {picture.title}", alt=f"{plan.capitalize()}: {picture.alt}")


def draw_needles(planned: PlannedDose) -> Iterable[Picture]:
    """Both plans' needles with their units on the face, over the dose that the tissue takes up, on one scale."""
    outcomes = (planned.outcomes[0], planned.licensed_outcomes[0])
    if any(outcome.scene is None for outcome in outcomes):
        return
    scenes = [outcome.scene for outcome in outcomes if outcome.scene is not None]
    doses = [CM2 * np.asarray(scene.dose_on_skin_units_per_mm2, float) for scene in scenes]
    top = round_up(max(float(dose.max()) for dose in doses) or 1.0)
    width = 11.0
    height = (width - 1.0 - 0.2) / 2 * NEEDLE_VIEW.height_mm / NEEDLE_VIEW.width_mm + 0.45
    figure, axes = new_figure(width, height, 1, 2, Margins(left=0.05, right=0.95, top=0.4, bottom=0.05, between=0.2))
    for ax, scene, dose, plan, name in zip(axes[0], scenes, doses, (planned.plan, planned.licensed), PLANS, strict=True):
        lines = [
            Curve(line, colour=RIM_COLOUR if "rim" in key else BROW_COLOUR, width_pixels=1.4, opacity=0.5)
            for key, line in scene.curves.items()
            if "rim" in key
        ]
        painted = paint_face(scene.face, NEEDLE_VIEW, overlay=Overlay(dose, DOSE_SHOWN * top, top), curves=lines)
        ax.imshow(painted.pixels)
        ax.set_axis_off()
        ax.set_title(f"{name if name == 'planned' else 'licensed pattern'}: {plan.units:g} U", color=INK, fontsize=11)
        _needles(ax, scene, painted)
        rows, columns = NEEDLE_VIEW.shape
        for x, side, align in ((0.02, "person's right", "left"), (0.98, "person's left", "right")):
            ax.text(x * columns, 0.96 * rows, side, ha=align, va="center", fontsize=8.5, color="#101418")
    _bar(figure, top)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{words(i.site)} {i.units:g}" for i in plan.sessions[0].injections)
        for name, plan in zip(PLANS, (planned.plan, planned.licensed), strict=True)
    )
    alt = f"Needles with their units on the face, seen from the front, over the uptake dose under the skin. {said}."
    yield finish(figure, "needles", "Where the needles go", alt, planned.watermark)


__all__ = ["EXPRESSION", "PLANS", "draw_needles", "face_days", "picture_name", "start_faces"]
