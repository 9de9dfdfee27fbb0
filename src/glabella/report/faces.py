"""Pictures of the face: at rest and frowning over the months, and the dose that the tissue under the skin takes up."""

import io
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import numpy as np

from glabella.names import without_side
from glabella.outcome import Outcome
from glabella.report.page import describe_face, face_name
from glabella.report.render import VIRIDIS, Camera, Curve, Lines, Overlay, paint_face
from glabella.report.style import INK, MUTED, Margins, Picture, finish, new_figure, stamp_pixels, words
from glabella.scene import LineField, Scene

UPPER_FACE = Camera(centre=(0.0, 22.0, 0.0), width_mm=138.0, height_mm=104.0, pixels_per_mm=3.0)
LARGE = replace(UPPER_FACE, pixels_per_mm=5.0)
CROWDED_PIXELS = 30.0
CM2 = 100.0  # mm2 in a cm2
RIM_COLOUR, BROW_COLOUR = (0.12, 0.16, 0.20), (0.30, 0.22, 0.18)
DOSE_LINES = (0.05, 0.2, 0.5)  # shares of the top of the scale with a line of equal dose
DOSE_SHOWN = 0.02  # doses below this share of the highest stay clear


def start_faces(outcome: Outcome, painter: Executor) -> list["Future[Picture]"]:
    """Begin to paint the upper face on each picture day, under each expression of the scene."""
    scene = outcome.scene
    if scene is None:
        return []
    return [
        painter.submit(draw_face, outcome, scene, expression, number)
        for expression in scene.displacement
        for number in range(len(scene.picture_days))
    ]


def draw_face(outcome: Outcome, scene: Scene, expression: str, number: int) -> Picture:
    """The upper face under one expression on one of the picture days."""
    day = scene.picture_days[number]
    lines = [as_lines(area) for area in scene.lines[expression][number]] if expression in scene.lines else None
    painted = paint_face(scene.face, UPPER_FACE, displacement=scene.displacement[expression][number], lines=lines)
    png, jpeg = encode(painted.pixels, outcome.watermark)
    return Picture(face_name(expression, day), f"{words(expression)}, day {day:g}", describe_face(outcome, expression, day), png, jpeg=jpeg)


def as_lines(field: LineField) -> Lines:
    """The renderer's lines, whose phase is a length."""
    return Lines(field.phase * field.spacing_mm / (2 * np.pi), field.depth_mm, field.spacing_mm)


def encode(pixels: np.ndarray, watermark: str | None) -> tuple[bytes, bytes]:
    """PNG and JPEG of (rows, columns, 3) uint8 pixels, stamped if there is a watermark."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if watermark:
        image = stamp_pixels(image, watermark)
    png, jpeg = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", compress_level=4)
    image.save(jpeg, "JPEG", quality=88, subsampling=0)
    return png.getvalue(), jpeg.getvalue()


def draw_dose_on_face(outcome: Outcome) -> Iterable[Picture]:
    """The column-integrated uptake dose as a colour on the face, with needles, bony rims, a scale of mm and a colour bar."""
    scene = outcome.scene
    if scene is None:
        return
    dose = CM2 * np.asarray(scene.dose_on_skin_units_per_mm2, float)
    top = round_up(float(dose.max())) if dose.max() > 0 else 1.0
    rims = [Curve(line, colour=RIM_COLOUR, width_pixels=1.6, opacity=0.55) for name, line in scene.curves.items() if "rim" in name]
    painted = paint_face(scene.face, LARGE, overlay=Overlay(dose, DOSE_SHOWN * top, top), curves=rims)
    width = 7.6
    height = width * UPPER_FACE.height_mm / UPPER_FACE.width_mm
    figure, axes = new_figure(width + 1.0, height + 0.1, margins=Margins(left=0.05, right=0.95, top=0.05, bottom=0.05))
    ax = axes[0, 0]
    ax.imshow(painted.pixels)
    ax.set_axis_off()
    _contours(ax, scene, painted, dose, [share * top for share in DOSE_LINES])
    _needles(ax, scene, painted)
    _ruler(ax)
    _bar(figure, top)
    named = ", ".join(f"{words(site)} {units:g}" for site, units in scene.site_units.items())
    alt = (
        f"Uptake dose on the upper face, seen from the front; highest {dose.max():.2g} units per square centimetre of skin. "
        f"Needles with their units: {named}."
    )
    yield finish(figure, "dose_on_face", "Dose on the face", alt, outcome.watermark)


def round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-12)))


def _contours(ax: Any, scene: Scene, painted: Any, dose: np.ndarray, levels: list[float]) -> None:
    """Lines of equal dose with their numbers, so that colour is not needed to read the picture."""
    surface = scene.face.surface(2)
    shown = surface.triangles[(surface.triangle_normals[:, 2] > 0) & (dose[surface.triangles].max(1) > 0.5 * levels[0])]
    if not len(shown):
        return
    used, corners = np.unique(shown, return_inverse=True)
    column, row = painted.to_pixel(surface.vertices[used]).T
    lines = ax.tricontour(column, row, corners.reshape(-1, 3), dose[used], levels=levels, colors=["#ffffff"], linewidths=0.9, alpha=0.95)
    ax.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=7, colors="#101418", use_clabeltext=False)
    needles = np.array([painted.to_pixel(np.asarray(point)[None])[0] for point in scene.site_points.values()]).reshape(-1, 2)
    for text in list(lines.labelTexts):
        text.set_path_effects(_halo())
        if (np.linalg.norm(needles - [0, CROWDED_PIXELS / 2] - text.get_position(), axis=1) < CROWDED_PIXELS).any():
            text.remove()  # the needle's own label stands there


def _needles(ax: Any, scene: Scene, painted: Any) -> None:
    for site, point in scene.site_points.items():
        if not painted.is_visible(np.asarray(point)[None])[0]:
            continue
        column, row = painted.to_pixel(np.asarray(point)[None])[0]
        ax.plot(column, row, marker="o", markersize=6, markerfacecolor="white", markeredgecolor="#101418", markeredgewidth=1.4)
        units = scene.site_units.get(site)
        label = f"{units:g} U" if units is not None else words(without_side(site))
        ax.annotate(
            label, (column, row), (0, 8), textcoords="offset points", ha="center", fontsize=9, weight="bold", color="#101418",
            path_effects=_halo(),
        )  # fmt: skip


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.6, foreground="#ffffff", alpha=0.8)]


def _ruler(ax: Any) -> None:
    """A bar of 20 mm in the corner, and which side is which."""
    rows, columns = LARGE.shape
    length = 20 * LARGE.pixels_per_mm
    left, low = 0.03 * columns, 0.955 * rows
    ax.plot([left, left + length], [low, low], color="#101418", linewidth=2, solid_capstyle="butt")
    ax.text(left + length / 2, low - 0.012 * rows, "20 mm", ha="center", va="bottom", fontsize=8.5, color="#101418")
    for x, side, align in ((0.02, "person's right", "left"), (0.98, "person's left", "right")):
        ax.text(x * columns, 0.045 * rows, side, ha=align, va="center", fontsize=8.5, color="#101418", path_effects=_halo())


def _bar(figure: Any, top: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    width = figure.get_size_inches()[0]
    mappable = ScalarMappable(Normalize(0, top), LinearSegmentedColormap.from_list("dose", list(map(tuple, VIRIDIS))))
    bar = figure.colorbar(mappable, cax=figure.add_axes((1 - 0.85 / width, 0.2, 0.16 / width, 0.6)))
    bar.set_label("uptake dose, units per cm² of skin", color=MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=INK)
