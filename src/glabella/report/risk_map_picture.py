"""The picture of a risk map: the face from the front, coloured by the chance of the effect, with lines of equal chance in percent."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtri

from glabella.names import SIDES, side_of
from glabella.planner.risk_map import SMALLEST, RiskMap
from glabella.planner.risk_map_distances import (
    LEVELS,
    contour_points,
    heights_above_rim,
    nearest_glabellar_sites,
    rim_at_pupil,
    site_distances,
    way_up,
)
from glabella.planner.risk_map_document import distance_text, height_text, in_percent, in_words
from glabella.report.raster import Camera
from glabella.report.render import Picture as Painted
from glabella.report.render import paint_face
from glabella.report.style import INK, MUTED, PAPER, Margins, Picture, finish, new_figure

FACE = Camera(centre=(0.0, 20.0, 0.0), width_mm=156.0, height_mm=118.0, pixels_per_mm=6.0)
EYE = Camera(centre=(27.0, 17.0, 0.0), width_mm=78.0, height_mm=60.0, pixels_per_mm=12.0)
# darker and darker steps (ColorBrewer's YlGnBu, the last one darker): told apart by any eyes, and in grey
STEPS = np.array([[225, 243, 196], [143, 212, 189], [62, 159, 196], [34, 94, 168], [16, 34, 94]]) / 255
COVER, VEIL = 0.78, 0.6
HATCH_MM, HATCH_WIDTH_MM = 2.6, 0.3
DARK, LIGHT, ARROW = "#101418", "#ffffff", "#a8320a"
BESIDE = 1.35  # inches for the legend
SKIN_MM, EYE_MM = 1.2, 0.1
ANGLES = (25.0, 34.0, 18.0, 46.0, 62.0)  # degrees above the level of the pupil, toward the nose, where lines have their numbers


def draw_risk_map(found: RiskMap) -> Iterable[Picture]:
    """The whole treated face; then, where there is a chance near it, the surroundings of the left eye with distances in mm."""
    yield _draw(found, "risk_map", "The whole face", FACE, 9.2, close=False)
    near_eye = np.linalg.norm(found.points - found.anatomy.atlas.points["pupil_left"], axis=1) < EYE.width_mm / 2
    if found.probability[near_eye].max(initial=0) < LEVELS[0]:
        return
    yield _draw(found, "risk_map_eye", "Around the left eye, with distances", EYE, 9.2, close=True)


def _draw(found: RiskMap, name: str, title: str, camera: Camera, width: float, close: bool) -> Picture:
    painted = paint_face(found.anatomy.atlas.face, camera)
    chance = _seen_chance(found, painted)
    height = width * camera.height_mm / camera.width_mm
    figure, axes = new_figure(width + BESIDE + 0.1, height + 0.1, margins=Margins(left=0.05, right=BESIDE + 0.05, top=0.05, bottom=0.05))
    ax = axes[0, 0]
    ax.imshow(_coloured(painted, chance))
    atlas = found.anatomy.atlas
    _lines(ax, chance, painted.to_pixel(np.stack([atlas.points[f"pupil_{side}"] for side in SIDES])))
    for side in SIDES:
        _curve(ax, painted, atlas.curves[f"orbital_rim_{side}"], 0.9, (0, (1, 2)))
        _curve(ax, painted, atlas.curves[f"supraorbital_rim_{side}"], 1.7, (0, (5, 2)))
        _mark(ax, painted, atlas.points[f"pupil_{side}"], "+", 9)
    _sites(ax, found, painted, close)
    if close:
        _measures(ax, found, painted)
    _ruler(ax, camera, 10 if close else 20, sides=not close)
    rows, columns = camera.shape
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.set_axis_off()
    _legend(figure, found)
    return finish(figure, name, title, describe(found), None)


def describe(found: RiskMap) -> str:
    """The map in words."""
    heights = heights_above_rim(found)
    reach = "; ".join(
        f"{100 * level:g} % " + " and ".join(f"{height_text(row[level])} ({side})" for side, row in heights.items())
        for level in next(iter(heights.values()))
    )
    sites = "; ".join(f"{in_words(site)} {in_percent(chance)}" for site, chance in found.sites.items())
    return (
        f"Chance of {in_words(found.effect)} by place of the needle, seen from the front; highest {100 * found.probability.max():.2g} %. "
        f"How far above the bony rim at mid pupil the chance stays at or above a level: {reach}. Licensed sites: {sites}."
    )


def _seen_chance(found: RiskMap, painted: Painted) -> np.ndarray:
    """Chance (rows, columns) at the skin that each pixel sees; nan where there is no number, -1 where there is no face."""
    camera, depth = painted.camera, painted.depth_mm
    rows, columns = camera.shape
    chance = np.full(depth.shape, -1.0)
    row, column = np.nonzero(np.isfinite(depth))
    across, up = (column - (columns - 1) / 2) / camera.pixels_per_mm, ((rows - 1) / 2 - row) / camera.pixels_per_mm
    points = np.stack([across, up, depth[row, column]], 1) @ camera.axes + np.array(camera.centre)
    seen = found.probability_at(points)[:, 0]
    off = np.linalg.norm(points - found.skin_at(points), axis=1) > SKIN_MM  # skin that hides the mapped one
    for eye, radius in found.anatomy.atlas.face.eyeballs:
        off |= np.linalg.norm(points - eye, axis=1) < radius + EYE_MM
    chance[row, column] = np.where(off, np.nan, seen)
    return chance


def _coloured(painted: Painted, chance: np.ndarray) -> np.ndarray:
    """The painted face with steps of colour, and grey with hatching where there is no number."""
    pixels = painted.pixels / 255.0
    step = np.digitize(np.nan_to_num(chance), LEVELS)
    form = np.clip(pixels.mean(2, keepdims=True) / 0.72, 0.55, 1.15)  # light and shade stay under the colour
    tint = np.clip(STEPS[np.maximum(step, 1) - 1] * form, 0, 1)
    found = np.where((step > 0)[..., None], pixels * (1 - COVER) + tint * COVER, pixels)
    grey = pixels.mean(2, keepdims=True) * [0.97, 1.0, 1.03]
    veil = grey * (1 - VEIL) + 0.80 * VEIL
    row, column = np.indices(chance.shape) / painted.camera.pixels_per_mm
    line = np.abs((row + column) / np.sqrt(2) % HATCH_MM - HATCH_MM / 2) < HATCH_WIDTH_MM / 2
    veil = np.where(line[..., None], veil * 0.92, veil)
    return np.clip(np.where(np.isnan(chance)[..., None], veil, found), 0, 1)


def _lines(ax: Any, chance: np.ndarray, pupils: np.ndarray) -> None:
    """Lines of equal chance with their numbers, so that colour is not needed to read the map."""
    known = np.where(chance < 0, np.nan, chance)
    scaled = np.ma.masked_invalid(ndtri(np.clip(known, SMALLEST, 1 - SMALLEST)))[::2, ::2]
    rows, columns = (np.arange(0, n, 2) for n in chance.shape)
    levels = {float(ndtri(level)): level for level in LEVELS}
    drawn = [level for level in levels if scaled.count() and scaled.min() < level < scaled.max()]
    if not drawn:
        return
    ax.contour(columns, rows, scaled, levels=drawn, colors=[LIGHT], linewidths=2.6, alpha=0.8, linestyles="solid")
    lines = ax.contour(columns, rows, scaled, levels=drawn, colors=[DARK], linewidths=0.9, linestyles="solid")
    for level, pieces in zip(drawn, lines.allsegs, strict=True):
        for place in _label_places(pieces, pupils, ANGLES[LEVELS.index(levels[level])]):
            label = f"{100 * levels[level]:g} %"
            ax.text(*place, label, fontsize=8, color=DARK, weight="bold", ha="center", va="center", path_effects=_halo(), clip_on=True)


def _label_places(pieces: list[np.ndarray], pupils: np.ndarray, degrees: float) -> list[np.ndarray]:
    """Where a line gets its number: from each pupil (2, 2) toward the nose, each line at its own height; else in its longest piece."""
    points = np.concatenate(pieces)
    middle, places = pupils[:, 0].mean(), []
    for pupil in pupils:
        own = points[(points[:, 0] < middle) == (pupil[0] < middle)]
        away = (own - pupil) * [np.sign(middle - pupil[0]), -1]
        gap = np.abs(np.degrees(np.arctan2(away[:, 1], away[:, 0])) - degrees)
        if len(own) and gap.min() < 4:
            places.append(own[gap.argmin()])
    longest = max(pieces, key=len)
    return places or [longest[len(longest) // 2]]


def _curve(ax: Any, painted: Painted, line: np.ndarray, width: float, dash: Any) -> None:
    pixels = painted.to_pixel(line).astype(float)
    pixels[~painted.is_visible(line, 4.0)] = np.nan
    ax.plot(pixels[:, 0], pixels[:, 1], color=LIGHT, linewidth=width + 1.6, alpha=0.7)
    ax.plot(pixels[:, 0], pixels[:, 1], linestyle=dash, color=DARK, linewidth=width)


def _mark(ax: Any, painted: Painted, point: np.ndarray, marker: str, size: float) -> None:
    column, row = painted.to_pixel(point[None])[0]
    ax.plot(column, row, marker, markersize=size, color=LIGHT, markeredgewidth=3.2)
    ax.plot(column, row, marker, markersize=size, color=DARK, markeredgewidth=1.4)


def _sites(ax: Any, found: RiskMap, painted: Painted, close: bool) -> None:
    """Licensed sites with their chance in percent; where the picture is close also their names."""
    rows, columns = painted.camera.shape
    for site, point in found.licensed_sites.items():
        column, row = painted.to_pixel(point[None])[0]
        if not painted.is_visible(point[None], 4.0)[0] or not (0 < column < columns and 0 < row < rows):
            continue
        ax.plot(column, row, "o", markersize=6.5, markerfacecolor=LIGHT, markeredgecolor=DARK, markeredgewidth=1.4, zorder=6)
        if site not in found.sites:
            continue
        label = _short(found.sites[site].value)
        if close:
            label = f"{in_words(site).rpartition(',')[0] or in_words(site)}\n{label}"
        style: dict[str, Any] = {"ha": "center", "fontsize": 8, "color": DARK, "path_effects": _halo(), "zorder": 7}
        ax.annotate(label, (column, row), (0, 8), textcoords="offset points", **style)


def _short(share: float) -> str:
    number = 100 * share
    return "<0.01 %" if number < 0.01 else f"{number:.0f} %" if number >= 10 else f"{number:.2g} %"


def _measures(ax: Any, found: RiskMap, painted: Painted) -> None:
    """How far it is from the nearest licensed glabellar site to the 1 and 5 % lines, and from the rim at mid pupil up to them."""
    distances, surface = site_distances(found), found.anatomy.atlas.surface
    for site in nearest_glabellar_sites(found):
        if side_of(site) != "left" or site not in distances:
            continue
        entry = found.licensed_sites[site]
        for number, (level, length) in enumerate(distances[site].items()):
            line = contour_points(found, level)
            if length is None or not len(line):
                continue
            end = line[np.linalg.norm(line - entry, axis=1).argmin()]
            share = np.linspace(0, 1, 20)[:, None]
            way = surface.closest(entry * (1 - share) + end * share).points
            label = f"{distance_text(length)}\nto {100 * level:g} %"
            _measure(ax, painted, way, label, (14 if number else -14, -2), "left" if number else "right")
    points, along = way_up(found, "left")
    for number, (level, height) in enumerate(heights_above_rim(found, (0.05, 0.001))["left"].items()):
        if height:
            way = points[along <= height] + np.array([2.2 * number, 0, 0])
            label = f"{height:.1f} mm above the rim\nto {100 * level:g} %"
            _measure(ax, painted, way, label, (9 if number else -9, 0), "left" if number else "right")
    _mark(ax, painted, rim_at_pupil(found, "left"), "_", 10)


def _measure(ax: Any, painted: Painted, way: np.ndarray, label: str, offset: tuple[float, float], align: str) -> None:
    pixels = painted.to_pixel(way)
    ax.plot(pixels[:, 0], pixels[:, 1], color=LIGHT, linewidth=3.4, alpha=0.85, zorder=4)
    ax.plot(pixels[:, 0], pixels[:, 1], color=ARROW, linewidth=1.6, zorder=5)
    ax.plot(*pixels[-1], "o", markersize=3.5, color=ARROW, zorder=5)
    ax.annotate(
        label, pixels[-1], offset, textcoords="offset points", ha=align, va="center", fontsize=8, color=ARROW, weight="bold",
        path_effects=_halo(), zorder=7,
    )  # fmt: skip


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.6, foreground=LIGHT, alpha=0.85)]


def _ruler(ax: Any, camera: Camera, length_mm: float, sides: bool) -> None:
    """A bar in the corner, and which side is which."""
    rows, columns = camera.shape
    length, left, low = length_mm * camera.pixels_per_mm, 0.03 * columns, 0.96 * rows
    ax.plot([left, left + length], [low, low], color=DARK, linewidth=2, solid_capstyle="butt")
    style: dict[str, Any] = {"fontsize": 8.5, "color": DARK, "path_effects": _halo()}
    ax.text(left + length / 2, low - 0.012 * rows, f"{length_mm:g} mm", ha="center", va="bottom", **style)
    if not sides:
        return
    for x, side, align in ((0.02, "person's right", "left"), (0.98, "person's left", "right")):
        ax.text(x * columns, 0.04 * rows, side, ha=align, va="center", **style)


def _legend(figure: Any, found: RiskMap) -> None:
    """Steps of colour with their limits, and what the marks are."""
    width, height = figure.get_size_inches()
    ax = figure.add_axes(((width - BESIDE) / width, 0, BESIDE / width, 1))
    ax.set(xlim=(0, BESIDE), ylim=(0, height))
    ax.set_axis_off()
    top, step = height - 0.18, 0.3
    ax.text(0.05, top, "chance per person", fontsize=8.5, color=INK, weight="bold", va="center")
    names = [f"{100 * low:g} to {100 * high:g} %" for low, high in pairwise(LEVELS)]
    names = [f"under {100 * LEVELS[0]:g} %", *names, f"over {100 * LEVELS[-1]:g} %"]
    for number, name in enumerate(reversed(names)):
        y = top - 0.28 - step * number
        colour = tuple(STEPS[len(names) - 2 - number]) if number < len(names) - 1 else PAPER
        ax.add_patch(_box(0.05, y, colour))
        ax.text(0.45, y, name, fontsize=8.5, color=INK, va="center")
    y = top - 0.28 - step * len(names)
    ax.add_patch(_box(0.05, y, "#c9ccd0", hatch="//////"))
    ax.text(0.45, y, "no number", fontsize=8.5, color=INK, va="center")
    rows = (
        ("o", None, "licensed site"), ("+", None, "pupil"), (None, (0, (5, 2)), "upper bony rim"), (None, (0, (1, 2)), "orbital rim"),
    )  # fmt: skip
    for number, (marker, dash, name) in enumerate(rows):
        y -= 0.42 if number == 0 else 0.27
        if marker:
            face = LIGHT if marker == "o" else INK
            ax.plot(0.2, y, marker, markersize=7, markerfacecolor=face, markeredgecolor=INK, markeredgewidth=1.4)
        else:
            ax.plot([0.05, 0.36], [y, y], color=INK, linewidth=1.6, linestyle=dash)
        ax.text(0.45, y, name, fontsize=8.2, color=MUTED, va="center")


def _box(x: float, y: float, colour: Any, hatch: str = "") -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y - 0.1), 0.32, 0.2, facecolor=colour, edgecolor="#7d858e", linewidth=0.6, hatch=hatch)
