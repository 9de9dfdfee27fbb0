"""The cut through the layers along a needle: epidermis, dermis, fat, muscle, bone, the tip and the dose."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from glabella.names import without_side
from glabella.report.style import INK, MUTED, Margins, Picture, finish, new_figure, words
from glabella.scene import LAYERS, Scene, Section

LAYER_COLOURS: Mapping[str, str] = {
    "outside": "#ffffff", "epidermis": "#a9744f", "dermis": "#e9c3ac", "fat": "#f6e7b4", "muscle": "#c98578", "bone": "#dcdad2",
    "orbit": "#cfe0e6",
}  # fmt: skip
DOSE_COLOURS = ("#c6bfe6", "#9c8fd4", "#7360bd", "#4c389c", "#2b1a66")
PANEL_INCHES, NAME_POINTS = 3.9, 7.2  # width of the drawn section, size of its names
DOSE_STEPS = len(DOSE_COLOURS)
MUSCLE_BORDER = "#7d3a30"
DARK, HALO = "#1c2734", "#fffffe"  # on tissue, the same on a light and on a dark page
CM3 = 1000.0  # mm3 in a cm3


def dose_levels(highest: float, steps: int = DOSE_STEPS) -> list[float]:
    """Round levels 1-2-5-10 that end below ``highest``: ``steps`` of them, rising."""
    if highest <= 0:
        return []
    exponent, levels = math.floor(math.log10(highest)), []
    while len(levels) < steps:
        levels += [mantissa * 10.0**exponent for mantissa in (5, 2, 1) if mantissa * 10.0**exponent < highest]
        exponent -= 1
    return sorted(levels[:steps])


def draw_sections(scene: Scene, watermark: str | None) -> Iterable[Picture]:
    """One picture for each section, all with the same dose levels and the same scale."""
    if not scene.sections:
        return
    levels = dose_levels(CM3 * max(float(np.max(section.dose_units_per_mm3)) for section in scene.sections))
    drawn: dict[str, int] = {}
    for section in scene.sections:
        drawn[section.site] = drawn.get(section.site, 0) + 1  # two needles may start from one site
        name = f"section_{section.site}" + (f"_{drawn[section.site]}" if drawn[section.site] > 1 else "")
        yield draw_section(section, name, levels, watermark)


def draw_section(section: Section, name: str, levels: list[float], watermark: str | None) -> Picture:
    """The layers as areas with their names, the dose as filled steps with contour lines in units per cm3, the needle to its tip."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgba_array

    across, depth = np.asarray(section.across_mm, float), np.asarray(section.depth_mm, float)
    width, height = np.ptp(across), np.ptp(depth)
    figure, axes = new_figure(5.3, 0.75 + PANEL_INCHES * height / width, margins=Margins(left=0.5, right=0.9, top=0.3, bottom=0.45))
    ax = axes[0, 0]
    layers = to_rgba_array([LAYER_COLOURS[name] for name in LAYERS])
    layers[0, 3] = 0
    _paint(ax, across, depth, layers[section.layer])
    dose = CM3 * np.asarray(section.dose_units_per_mm3, float)
    tissue = np.isin(section.layer, [LAYERS.index(name) for name in ("outside", "bone")], invert=True)
    if levels and (dose[tissue] >= levels[0]).any():
        shades = to_rgba_array(DOSE_COLOURS[: len(levels)])
        step = np.digitize(dose, levels)
        cover = shades[np.maximum(step, 1) - 1]
        cover[..., 3] = np.where((step > 0) & tissue, 0.10 + 0.09 * step, 0)
        _paint(ax, across, depth, cover)
        masked = np.ma.masked_where(~tissue, dose)
        drawn = [level for level in levels if np.ma.min(masked) < level < np.ma.max(masked)]
        if drawn:
            lines = ax.contour(across, depth, masked, levels=drawn, colors=[DOSE_COLOURS[-1]], linewidths=0.7, alpha=0.85)
            for number in ax.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=6.4, colors=DOSE_COLOURS[-1], inline_spacing=2):
                number.set_rotation(0)  # along a steep line 0.1 would stand on its head and read 1.0
        bar = figure.colorbar(
            ScalarMappable(BoundaryNorm([*levels, levels[-1] * 2.5], len(levels)), ListedColormap(list(DOSE_COLOURS[: len(levels)]))),
            cax=figure.add_axes((4.5 / 5.3, 0.3, 0.11 / 5.3, 0.5)), spacing="uniform", ticks=levels,
        )  # fmt: skip
        bar.ax.set_yticklabels([f"{level:g}" for level in levels])
        bar.set_label("uptake dose, units per cm³", size=8)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
    for code in range(1, len(LAYERS) - 1):  # the borders between the layers, and of each muscle
        _outline(ax, across, depth, np.isin(section.layer, range(code + 1)), MUTED, 0.5)
    for index in range(len(section.muscle_names)):
        _outline(ax, across, depth, section.muscle == index, MUSCLE_BORDER, 0.8)
    _names(ax, section, across, depth)
    _needle(ax, section, depth)
    ax.set(
        xlim=(across[0], across[-1]),
        ylim=(depth[-1], depth[0]),
        aspect="equal",
        xlabel=section.across_label,
        ylabel="depth along the needle, mm",
    )
    ax.grid(visible=False)
    ax.set_title(section.title, fontsize=9.5)
    return finish(figure, name, section.title, describe_section(section), watermark)


def _paint(ax, across: np.ndarray, depth: np.ndarray, colours: np.ndarray) -> None:
    half_x, half_z = np.diff(across[:2])[0] / 2, np.diff(depth[:2])[0] / 2
    extent = (across[0] - half_x, across[-1] + half_x, depth[-1] + half_z, depth[0] - half_z)
    ax.imshow(colours, extent=extent, interpolation="nearest", aspect="equal")


def _outline(ax, across: np.ndarray, depth: np.ndarray, inside: np.ndarray, colour: str, width: float) -> None:
    if inside.any() and not inside.all():
        ax.contour(across, depth, inside.astype(float), levels=[0.5], colors=[colour], linewidths=width, alpha=0.8)


def _names(ax, section: Section, across: np.ndarray, depth: np.ndarray) -> None:
    """Names of layers and muscles where there is most room around them, beside the needle."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    halo = [withStroke(linewidth=2.2, foreground=HALO, alpha=0.85)]
    dx, dz = float(across[1] - across[0]), float(depth[1] - depth[0])
    taken = np.zeros(section.layer.shape)
    taken[:, np.abs(across - section.tip[0]) < 0.012 * np.ptp(across)] = 1  # the needle
    per_point = np.ptp(across) / (PANEL_INCHES * 72)  # mm in the section of one point in the picture

    def write(mask: np.ndarray, text: str, **style) -> None:
        if mask.sum() * dx * dz < 2.0:
            return
        half_x, half_z = 0.5 * 0.56 * NAME_POINTS * len(text) * per_point, 0.6 * NAME_POINTS * per_point
        columns, rows = round(half_x / dx), max(round(half_z / dz), 1)
        crowd = _box_sums(taken, rows, columns)
        padded = np.pad(mask, 1)  # a word is wide and low: room across counts a quarter
        room = distance_transform_edt(padded, sampling=(dz, dx / 4))[1:-1, 1:-1]
        room = np.where(mask & np.isfinite(crowd), room - crowd, -np.inf)
        row, column = np.unravel_index(int(np.argmax(room)), room.shape)
        if not np.isfinite(room[row, column]):
            return
        taken[max(row - rows, 0) : row + rows + 1, max(column - columns, 0) : column + columns + 1] = 1
        ax.text(across[column], depth[row], text, ha="center", va="center", fontsize=NAME_POINTS, color=DARK, path_effects=halo, **style)

    for layer in ("dermis", "fat", "bone", "orbit"):
        write(section.layer == LAYERS.index(layer), layer)
    for index, name in enumerate(section.muscle_names):
        write(section.muscle == index, words(without_side(name)), style="italic")
    outer = section.layer == LAYERS.index("epidermis")
    columns = np.flatnonzero(outer.any(0) & (across > np.quantile(across, 0.84)) & (across < np.quantile(across, 0.96)))
    if len(columns):  # a line in the picture: its name stands above the skin
        column = columns[len(columns) // 2]
        rows = np.flatnonzero(outer[:, column])
        ax.annotate(
            "epidermis", (across[column], depth[rows[0]]), (0, 8), textcoords="offset points", ha="center", fontsize=NAME_POINTS,
            color=INK, arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _box_sums(taken: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """How much of ``taken`` lies in the box of +-rows, +-columns around each cell; infinite where the box leaves the picture."""
    height, width = taken.shape
    sums = np.full(taken.shape, np.inf)
    if height > 2 * rows and width > 2 * columns:
        total = np.pad(taken.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        high, wide = 2 * rows + 1, 2 * columns + 1
        sums[rows : height - rows, columns : width - columns] = (
            total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
        )
    return sums


def _needle(ax, section: Section, depth: np.ndarray) -> None:
    """Shaft from above the skin to the tip, and beside the shaft how deep the tip lies."""
    (x0, z0), (x1, z1) = section.entry, section.tip
    length = math.hypot(x1 - x0, z1 - z0) or 1.0
    reach = z0 - depth[0]
    start = (x0 - (x1 - x0) / length * reach, z0 - (z1 - z0) / length * reach)
    for colour, width, order in ((HALO, 3.6, 5), (DARK, 1.6, 6)):
        ax.plot([start[0], x1], [start[1], z1], color=colour, linewidth=width, solid_capstyle="butt", zorder=order)
    ax.plot(x1, z1, marker="o", markersize=5, markerfacecolor=HALO, markeredgecolor=DARK, markeredgewidth=1.4, zorder=7)
    ax.annotate(f"tip {z1 - z0:.1f} mm deep", start, (5, -1), textcoords="offset points", fontsize=7.6, color=INK, va="top", weight="bold")


def describe_section(section: Section) -> str:
    """The cut in words: the layers under the entry with their depths, where the tip lies, the highest dose and where it is."""
    depth = np.asarray(section.depth_mm, float)
    column = section.layer[:, int(np.argmin(np.abs(section.across_mm - section.entry[0])))]
    spans = []
    for code, name in enumerate(LAYERS):
        rows = np.flatnonzero(column == code)
        if name != "outside" and len(rows):
            spans.append(f"{name} {max(depth[rows[0]], 0):.1f} to {depth[rows[-1]]:.1f} mm")
    row = int(np.argmin(np.abs(depth - section.tip[1])))
    tip_column = int(np.argmin(np.abs(section.across_mm - section.tip[0])))
    layer = LAYERS[section.layer[row, tip_column]]
    muscle = section.muscle[row, tip_column]
    inside = words(section.muscle_names[muscle]) if muscle >= 0 else layer
    top = np.unravel_index(int(np.argmax(section.dose_units_per_mm3)), section.dose_units_per_mm3.shape)
    return (
        f"Section through the skin along the needle at {section.title}. Under the entry: {'; '.join(spans)}. The tip lies "
        f"{section.tip[1] - section.entry[1]:.1f} mm deep, in {inside}. The highest uptake dose is "
        f"{CM3 * section.dose_units_per_mm3[top]:.2g} units per cubic centimetre, {depth[top[0]]:.1f} mm deep."
    )
