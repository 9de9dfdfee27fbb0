"""Pictures on a person's photo: landmarks, muscles and licensed sites with a ruler, and the skin of later days. Pixels only: no EXIF."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from glabella.names import without_side
from glabella.photo.later import later_picture
from glabella.photo.places import muscle_shapes
from glabella.photo.simulated import FACES, Looked, PhotoSimulation
from glabella.report.style import BLUE, PNG_DOTS_PER_INCH, Margins, Picture, new_figure, stamp_pixels, styled, words

MOST_PIXELS = 1400  # of the longer side of a picture in the report
MUSCLE_COLOURS = {
    "procerus": "#d55e00", "corrugator_supercilii": "#0072b2", "frontalis": "#e6a2c8", "depressor_supercilii": "#f0e442",
    "orbicularis_oculi_orbital": "#009e73", "orbicularis_oculi_lateral": "#56b4e9", "nasalis": "#e69f00",
}  # fmt: skip
ROOM = 0.10
LATTICE_STEP = 4  # of the muscles' lattices every fourth line is drawn
TINT = 0.34  # how much of a muscle's colour covers the picture
STAMP = "simulation"
INK, HALO = "#101418", "#ffffff"


def upper_face_window(looked: Looked) -> tuple[slice, slice]:
    """(rows, columns) of the picture around the head down to the chin."""
    pixels = looked.face.head.pixels
    surface = looked.face.head.seen.surface(2)
    flat = pixels[(surface.vertices[:, 1] > -95) & (surface.vertices[:, 2] > -60)][:, :2]
    rows, columns = looked.face.picture.shape
    room = ROOM * np.ptp(flat[:, 0])
    low = np.clip(np.floor(flat.min(0) - room), 0, None).astype(int)
    high = np.minimum(np.ceil(flat.max(0) + room), [columns, rows]).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def draw_anatomy_on_photo(simulation: PhotoSimulation) -> Iterable[Picture]:
    """The picture with its landmarks, and with muscles and sites."""
    looked = simulation.pictures["rest"]
    rows, columns = upper_face_window(looked)
    pixels, corner = looked.face.picture.pixels[rows, columns], np.array([columns.start, rows.start])
    with styled():
        yield _landmarks(looked, pixels, corner)
        yield _muscles(simulation, looked, pixels, corner)


def draw_days(simulation: PhotoSimulation) -> Iterable[tuple[str, float, Picture]]:
    """(expression, day, picture) of each expression before (day 0) and on each later day."""
    for expression, looked in simulation.pictures.items():
        rows, columns = upper_face_window(looked)
        yield expression, 0.0, _encoded(looked.face.picture.pixels[rows, columns], f"photo_{expression}_before", "before", None)
        for number, day in enumerate(simulation.days):
            ratio = {area: estimates[number].median for area, estimates in simulation.depth_ratio[expression].items()}
            later = later_picture(
                looked.face.picture, looked.skin_map, looked.found, ratio, _in_picture(simulation, looked, expression, day)
            )
            name = f"photo_{expression}_day_{day:03.0f}"
            yield expression, day, _encoded(later[rows, columns], name, f"day {day:g}", simulation.outcome.watermark, STAMP)


def draw_band(simulation: PhotoSimulation, expression: str, number: int) -> list[Picture]:
    """One day three times: with the least, the median and the most change of the lines within the band."""
    looked, day = simulation.pictures[expression], simulation.days[number]
    rows, columns = upper_face_window(looked)
    found = []
    for name, title in (("low", "5th percentile of depth"), ("median", "median"), ("high", "95th percentile of depth")):
        ratio = {area: getattr(estimates[number], name) for area, estimates in simulation.depth_ratio[expression].items()}
        later = later_picture(looked.face.picture, looked.skin_map, looked.found, ratio, _in_picture(simulation, looked, expression, day))
        found.append(_encoded(later[rows, columns], f"band_{expression}_{name}", title, simulation.outcome.watermark, STAMP))
    return found


def _in_picture(simulation: PhotoSimulation, looked: Looked, expression: str, day: float) -> np.ndarray:
    """(n, 3) how the skin has moved by a day, in the frame of the head of the picture, which is the same."""
    return simulation.displacement_mm(expression, day)


def _encoded(pixels: np.ndarray, name: str, title: str, watermark: str | None, stamp: str | None = None) -> Picture:
    """PNG and JPEG of pixels alone, marked as simulation where it is one."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(np.ascontiguousarray(pixels))
    longest = max(image.size)
    if longest > MOST_PIXELS:
        image = image.resize(
            (round(image.width * MOST_PIXELS / longest), round(image.height * MOST_PIXELS / longest)), Image.Resampling.LANCZOS
        )
    if watermark:
        image = stamp_pixels(image, watermark)
    if stamp:
        from matplotlib import get_data_path

        size = max(image.width // 26, 10)
        font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)
        place = (image.width - size // 2, image.height - size // 2)
        text = f"{stamp}, {title}"
        ImageDraw.Draw(image).text(
            place, text, (255, 255, 255), font, anchor="rs", stroke_width=max(size // 9, 1), stroke_fill=(16, 20, 24)
        )
    png, jpeg = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", compress_level=4)
    image.save(jpeg, "JPEG", quality=90, subsampling=0)
    return Picture(name, title, title, png.getvalue(), jpeg=jpeg.getvalue())


def _canvas(pixels: np.ndarray) -> tuple[Any, Any]:
    height = 7.0
    width = height * pixels.shape[1] / pixels.shape[0]
    figure, axes = new_figure(width, height, margins=Margins(0, 0, 0, 0, 0, 0))
    axes[0, 0].imshow(pixels, interpolation="lanczos")
    axes[0, 0].set(xlim=(-0.5, pixels.shape[1] - 0.5), ylim=(pixels.shape[0] - 0.5, -0.5))
    axes[0, 0].set_axis_off()
    return figure, axes[0, 0]


def _finished(figure: Any, name: str, title: str, alt: str, watermark: str | None) -> Picture:
    """The figure as PNG and JPEG; never as SVG, which would hold the photo once more."""
    from PIL import Image

    drawn, png, jpeg = io.BytesIO(), io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=PNG_DOTS_PER_INCH)
    image = Image.open(drawn).convert("RGB")
    image = stamp_pixels(image, watermark) if watermark else image
    image.save(png, "PNG", compress_level=4)
    image.save(jpeg, "JPEG", quality=90, subsampling=0)
    return Picture(name, title, alt, png.getvalue(), jpeg=jpeg.getvalue())


def _halo(width: float = 2.4) -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=HALO, alpha=0.85)]


def _ruler(ax: Any, pixels: np.ndarray, pixels_per_mm: float) -> None:
    """20 mm at the depth of the eyes."""
    length = 20 * pixels_per_mm
    left, low = 0.04 * pixels.shape[1], 0.965 * pixels.shape[0]
    ax.plot([left, left + length], [low, low], color=INK, linewidth=2.5, path_effects=_halo(4.5), solid_capstyle="butt")
    ax.text(left, low - 0.012 * pixels.shape[0], "20 mm at the eyes", fontsize=8, color=INK, path_effects=_halo(), va="bottom")


def _landmarks(looked: Looked, pixels: np.ndarray, corner: np.ndarray) -> Picture:
    figure, ax = _canvas(pixels)
    flat = looked.face.landmarks.points[:, :2] - corner
    ax.scatter(*flat[:468].T, s=3.5, color="#ffffff", edgecolors=INK, linewidths=0.35)
    ax.scatter(*flat[468:].T, s=7, color="#e69f00", edgecolors=INK, linewidths=0.4)
    _ruler(ax, pixels, looked.face.head.camera.pixels_per_mm)
    size = looked.face.size
    alt = (
        f"478 landmarks on the picture; pupils {size.interpupillary_distance_mm:.1f} mm apart, error {size.interpupillary_error_mm:.1f} mm"
    )
    return _finished(figure, "landmarks", "Landmarks found", alt, None)


def _tint(ax: Any, corners: np.ndarray, colour: str, shape: tuple[int, ...]) -> None:
    """One even, clear colour over quads (n, 4, 2), finer than the pixels of a small picture; single polygons would show their seams."""
    from matplotlib.colors import to_rgb
    from PIL import Image, ImageDraw

    finer = max(round(MOST_PIXELS / shape[0]), 1)
    mask = Image.new("L", (shape[1] * finer, shape[0] * finer))
    draw = ImageDraw.Draw(mask)
    for quad in (corners + 0.5) * finer:
        draw.polygon([(float(x), float(y)) for x, y in quad], fill=255, outline=255)
    layer = np.zeros((mask.height, mask.width, 4), np.float32)
    layer[..., :3] = to_rgb(colour)
    layer[..., 3] = TINT * (np.asarray(mask) > 0)
    ax.imshow(layer, extent=(-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5), interpolation="antialiased")


def _muscles(simulation: PhotoSimulation, looked: Looked, pixels: np.ndarray, corner: np.ndarray) -> Picture:
    from matplotlib.patches import Ellipse, Patch

    figure, ax = _canvas(pixels)
    face, shown = looked.face, []
    for name, shape in muscle_shapes(face.head, face.atlas).items():
        colour = MUSCLE_COLOURS.get(without_side(name))
        if colour is None:
            continue
        rows, columns = (np.unique(np.r_[:length:LATTICE_STEP, length - 1]) for length in shape.seen.shape)
        flat, seen = (shape.pixels - corner)[np.ix_(rows, columns)], shape.seen[np.ix_(rows, columns)]
        corners = np.stack([flat[:-1, :-1], flat[1:, :-1], flat[1:, 1:], flat[:-1, 1:]], 2).reshape(-1, 4, 2)
        whole = (seen[:-1, :-1] & seen[1:, :-1] & seen[1:, 1:] & seen[:-1, 1:]).ravel() & np.isfinite(corners).all((1, 2))
        _tint(ax, corners[whole], colour, pixels.shape)
        shown.append(without_side(name))
    units = {i.site: i.units for session in simulation.outcome.plan.sessions for i in session.injections}
    scale, limit = face.head.camera.pixels_per_mm, face.parameters["site_error_mm"]
    for place in face.places:
        if not place.seen:
            continue
        x, y = place.pixel - corner
        planned, across = place.name in units, 2 * place.error_mm * scale
        ring = (0, (3, 2)) if place.sure else (0, (1, 1.6))
        ax.add_patch(Ellipse((x, y), across, across, fill=False, edgecolor=HALO, linewidth=1.0 if place.sure else 1.6, linestyle=ring))
        if place.sure:
            face_colour = "white" if planned else BLUE
            ax.plot(x, y, "o" if planned else ".", markersize=6 if planned else 5, markerfacecolor=face_colour, markeredgecolor=INK)
        else:  # no point: a place that is not known is a region
            ax.text(x, y, "?", fontsize=9, weight="bold", color=INK, ha="center", va="center", path_effects=_halo())
        if planned:
            ax.annotate(
                f"{units[place.name]:g} U", (x, y), (0, 7), textcoords="offset points", ha="center", fontsize=8, weight="bold", color=INK,
                path_effects=_halo(),
            )  # fmt: skip
    handles = [Patch(color=MUSCLE_COLOURS[name], alpha=0.6, label=words(name)) for name in dict.fromkeys(shown)]
    legend = ax.legend(handles=handles, loc="lower right", fontsize=7.5, frameon=True, framealpha=0.85, facecolor="white", edgecolor="none")
    for text in legend.get_texts():
        text.set_color(INK)
    _ruler(ax, pixels, scale)
    named = ", ".join(f"{words(site)} {value:g} U" for site, value in units.items())
    unsure = ", ".join(words(place.name) for place in face.places if place.seen and not place.sure) or "none"
    alt = f"Muscles and licensed sites on the picture. Sites of the plan: {named}. This picture does not fix to {limit:g} mm: {unsure}."
    return _finished(figure, "anatomy_on_photo", "Muscles and licensed sites", alt, simulation.outcome.watermark)


__all__ = ["FACES", "draw_anatomy_on_photo", "draw_band", "draw_days"]
