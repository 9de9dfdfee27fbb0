"""What the pictures of both atlases are made of: muscles as strips, marks and labels of sites, depth along a muscle, the finished file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glabella.names import side_of, without_side
from glabella.report.render import Picture as Painted
from glabella.report.render import paint_face
from glabella.stages.anatomy.atlas import Atlas, Sheet
from glabella.stages.anatomy.places import Site

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from glabella.report.render import Camera

INK, PAPER = "#1c2733", "#fdfdfc"
BONE, SKIN = "#b9b2a3", "#c98f6d"
FIBRE_GAP_MM = 2.2
SEEN_MM = 14.0  # a muscle is drawn where it lies at most so far behind the skin that is seen


def save_picture(figure: "Figure", path: str | Path) -> None:
    """Write the figure: SVG or PDF where ``path`` ends so, else PNG."""
    ending = Path(path).suffix.lower().removeprefix(".")
    figure.savefig(path, dpi=110, format=ending if ending in ("svg", "pdf") else "png")


def open_view(ax: "Axes", atlas: Atlas, camera: "Camera") -> Painted:
    """The painted face of an atlas, pale, to draw on."""
    painted = paint_face(atlas.face, camera)
    ax.imshow(painted.pixels, alpha=0.6)
    return painted


def close_view(ax: "Axes", camera: "Camera") -> None:
    """Exactly what the camera sees, without axes."""
    rows, columns = camera.shape
    ax.set_xlim(0, columns)
    ax.set_ylim(rows, 0)
    ax.set_axis_off()


@dataclass(frozen=True)
class Layers:
    """Which muscles a view shows: of the paired ones the ``deep`` on the left and the others on the right, or all of ``sides``."""

    deep: tuple[str, ...]
    layered: bool
    sides: tuple[str | None, ...] = ("left", None)

    def shows(self, name: str) -> bool:
        """Whether the muscle is drawn."""
        side = side_of(name)
        if self.layered and side is not None:
            return (without_side(name) in self.deep) == (side == "left")
        return self.layered or side in self.sides


def draw_muscle_strips(
    ax: "Axes", painted: Painted, muscles: Mapping[str, Sheet], colours: Mapping[str, str], layers: Layers,
    seen_mm: Mapping[str, float] | None = None,
) -> None:  # fmt: skip
    """The muscles as strips, the deepest first; ``seen_mm``: how far behind the skin that is seen, where it is not ``SEEN_MM``."""
    depth = {name: float(np.nan_to_num(sheet.depth_mm, nan=30.0).mean()) for name, sheet in muscles.items()}
    for name in sorted(muscles, key=lambda name: -depth[name]):
        if layers.shows(name):
            muscle = without_side(name)
            draw_strip(ax, painted, muscles[name], colours[muscle], (seen_mm or {}).get(muscle, SEEN_MM))


def draw_strip(ax: "Axes", painted: Painted, sheet: Sheet, colour: str, below_skin_mm: float = 14.0) -> None:
    """A muscle as a transparent strip with its fibres, where it lies at most ``below_skin_mm`` behind the skin that is seen."""
    from matplotlib.collections import PolyCollection

    pixels = painted.to_pixel(sheet.points.reshape(-1, 3)).reshape(*sheet.points.shape[:2], 2)
    hidden = np.isnan(sheet.depth_mm).all()
    seen = (
        np.ones(pixels.shape[:2], bool)
        if hidden
        else painted.is_visible(sheet.points.reshape(-1, 3), below_skin_mm).reshape(pixels.shape[:2])
    )
    rows = np.concatenate([pixels, pixels[:1]]) if sheet.closed else pixels
    shown = np.concatenate([seen, seen[:1]]) if sheet.closed else seen
    quads = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], 2)
    keep = shown[:-1, :-1] & shown[1:, :-1] & shown[1:, 1:] & shown[:-1, 1:]
    ax.add_collection(PolyCollection(list(quads[keep]), facecolors=colour, edgecolors="none", alpha=0.30, antialiaseds=False))
    across = np.linalg.norm(np.diff(sheet.points, axis=1), axis=2).sum(1).max()
    count = max(round(float(across) / FIBRE_GAP_MM), 2)
    for v in np.unique(np.round(np.linspace(0, sheet.points.shape[1] - 1, count + 1)).astype(int)):
        line = np.where(shown[:, v, None], rows[:, v], np.nan)
        edge = v in (0, sheet.points.shape[1] - 1)
        ax.plot(line[:, 0], line[:, 1], color=colour, linewidth=1.3 if edge else 0.8, alpha=0.95 if edge else 0.75)
    middle = sheet.points.shape[1] // 2
    if not sheet.closed and shown[-1, middle]:
        tip, before = rows[-1, middle], rows[-3, middle]
        ax.annotate("", tip, before, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.0})


def draw_mark(ax: "Axes", painted: Painted, point: np.ndarray, marker: str, colour: str, size: float, face: str | None = None) -> None:
    """A marker at a point (3,) of the skin, where it is seen."""
    if painted.is_visible(point[None], 4.0)[0]:
        column, row = painted.to_pixel(point[None])[0]
        ax.plot(column, row, marker, markersize=size, markerfacecolor=face or colour, markeredgecolor=colour, markeredgewidth=1.3, zorder=8)


def draw_needle(ax: "Axes", painted: Painted, entry: np.ndarray, tip: np.ndarray) -> None:
    """The way from the skin (3,) to a place below it (3,) and that place; seen from the front a deep one lies far beside its entry."""
    pixels = painted.to_pixel(np.array([entry, tip]))
    ax.plot(pixels[:, 0], pixels[:, 1], color=INK, linewidth=1.0, zorder=8)
    ax.plot(*pixels[1], ".", color=INK, markersize=5, zorder=8)


def label_site(ax: "Axes", painted: Painted, atlas: Atlas, site: Site, text_size: float, decimals: int) -> None:
    """Name of a site and depth of its target, above its mark."""
    depth = atlas.depth_to(atlas.targets[site.name], site)
    text = f"{without_side(site.name).replace('_', ' ')} {depth:.{decimals}f} mm"
    ax.annotate(text, painted.to_pixel(site.point[None])[0], (0, 6), textcoords="offset points", fontsize=text_size, color=INK,
                ha="center", va="bottom", zorder=9,
                bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.72})  # fmt: skip


def draw_key(ax: "Axes", colours: Mapping[str, str], more: Iterable[Any], place: Any, text_size: float) -> None:
    """The colours of the muscles, and further marks."""
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, alpha=0.6, label=name.replace("_", " ")) for name, colour in colours.items()]
    ax.legend(
        handles=[*handles, *more], loc=place, fontsize=text_size, frameon=True, facecolor=PAPER, framealpha=0.85, edgecolor="none"
    )


@dataclass(frozen=True)
class MiddleFibre:
    """The middle fibre of a muscle: ``points`` (n, 3), way ``along`` it (n,), depth and half thickness (n,), all mm."""

    points: np.ndarray
    along: np.ndarray
    depth: np.ndarray
    half: np.ndarray


def middle_fibre(sheet: Sheet) -> MiddleFibre:
    """Its depth and thickness from origin to insertion."""
    middle = sheet.points.shape[1] // 2
    points = sheet.points[:, middle]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return MiddleFibre(points, along, sheet.depth_mm[:, middle], sheet.thickness_mm[:, middle] / 2)


def draw_depth(
    ax: "Axes", fibre: MiddleFibre, bone_mm: np.ndarray, deepest_mm: float, lowest_mm: float, colour: str, label: str
) -> None:  # fmt: skip
    """The muscle as a band of depth over the bone; ``deepest_mm``: how far down the bone is painted, ``lowest_mm`` the picture goes."""
    ax.fill_between(fibre.along, bone_mm, deepest_mm, color=BONE, linewidth=0, label="bone (assumed)")
    ax.fill_between(fibre.along, fibre.depth - fibre.half, fibre.depth + fibre.half, color=colour, alpha=0.65, linewidth=0, label=label)
    ax.axhline(0, color=SKIN, linewidth=3)
    ax.set_xlim(0, fibre.along[-1])
    ax.set_ylim(lowest_mm, -0.3)
    ax.set_ylabel("depth below the skin, mm", fontsize=8.5)
    ax.grid(alpha=0.3)


def draw_sites_over(ax: "Axes", atlas: Atlas, name: str, fibre: MiddleFibre, skin: np.ndarray, named: bool) -> None:
    """An arrow from the skin down to the muscle at every site that is meant for it, with its name if ``named``."""
    for site_name, site in atlas.sites.items():
        if atlas.targets[site_name] == name:
            at = float(fibre.along[np.linalg.norm(skin - site.point, axis=1).argmin()])
            arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.0}
            text = without_side(site_name).replace("_", " ") if named else ""
            ax.annotate(text, (at, atlas.depth_to(name, site)), (at, 0.5), fontsize=7.5, ha="center", color=INK, arrowprops=arrow)
