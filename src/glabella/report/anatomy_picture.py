"""The atlas as a picture: muscles in two layers, bony lines, licensed sites, depths, and a section through the orbit."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glabella.evidence import load_parameters
from glabella.names import side_of, without_side
from glabella.report.anatomy_parts import (
    INK,
    PAPER,
    Layers,
    close_view,
    draw_depth,
    draw_key,
    draw_mark,
    draw_muscle_strips,
    draw_sites_over,
    label_site,
    middle_fibre,
    open_view,
    save_picture,
)  # fmt: skip
from glabella.report.render import Camera
from glabella.report.render import Picture as Painted
from glabella.stages.anatomy.atlas import Atlas, atlas_data
from glabella.stages.anatomy.regions import ANCHORS, blend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "frontalis": "#0072B2", "procerus": "#CC4C8C", "depressor_supercilii": "#E69F00", "corrugator_supercilii": "#C84E00",
    "orbicularis_oculi_orbital": "#00825F", "orbicularis_oculi_lateral": "#5AA02C", "orbicularis_oculi_palpebral": "#3A93C5",
    "nasalis": "#882255", "levator_labii_superioris_alaeque_nasi": "#443399", "zygomaticus_major": "#8E3B8E",
    "zygomaticus_minor": "#8A8A22", "levator_palpebrae_superioris": "#8C1A10", "levator_aponeurosis": "#5C7FA8",
}  # fmt: skip
DEEP = (
    "corrugator_supercilii", "levator_palpebrae_superioris", "levator_aponeurosis", "depressor_supercilii", "nasalis",
    "levator_labii_superioris_alaeque_nasi", "zygomaticus_major", "zygomaticus_minor",
)  # fmt: skip
BONY = ("orbital_rim", "temporal_fusion_line")
SOFT = ("hairline", "frontalis_upper_margin", "frontalis_convergence")


def draw_muscles(atlas: Atlas, path: str | Path) -> None:
    """Write the picture of an atlas: SVG or PDF where ``path`` ends so, else PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(19, 15), facecolor=PAPER)
    room = {"left": 0.03, "right": 0.985, "top": 0.945, "bottom": 0.05, "wspace": 1.6, "hspace": 0.1}
    grid = figure.add_gridspec(2, 12, height_ratios=[1.0, 0.5], **room)
    front, oblique = figure.add_subplot(grid[0, :7]), figure.add_subplot(grid[0, 7:])
    _face_view(front, atlas, Camera(centre=(0.0, 4.0, 0.0), width_mm=166, height_mm=152, pixels_per_mm=5), layered=True)
    aside = Camera(azimuth_degrees=48, centre=(22.0, 4.0, 5.0), width_mm=118, height_mm=152, pixels_per_mm=5)
    _face_view(oblique, atlas, aside, layered=False)
    front.set_title("Seen from the front: upper layer on the person's right, deep layer on the left", fontsize=11, color=INK)
    oblique.set_title("From the person's left, 48 degrees: all layers", fontsize=11, color=INK)
    _depth_diagram(figure.add_subplot(grid[1, :4]), atlas, "corrugator_supercilii_left")
    _depth_diagram(figure.add_subplot(grid[1, 4:8]), atlas, "procerus")
    _orbit_section(figure.add_subplot(grid[1, 8:]), atlas)
    figure.suptitle(
        f"Upper face of a person of {atlas.face.age_years:g} years, pupils {atlas.face.interpupillary_distance_mm:g} mm apart: muscles, "
        "bony lines, licensed sites. Research and education, not a medical device.",
        fontsize=12, color=INK,
    )  # fmt: skip
    save_picture(figure, path)


def _face_view(ax: "Axes", atlas: Atlas, camera: Camera, layered: bool) -> None:
    painted = open_view(ax, atlas, camera)
    draw_muscle_strips(ax, painted, atlas.muscles, COLOURS, Layers(DEEP, layered))
    for name, line in atlas.curves.items():
        kind, side = without_side(name), side_of(name)
        if kind in BONY:
            _line(ax, painted, line, "#101418", 1.5, (0, (4, 2)))
        elif name in SOFT:
            _line(ax, painted, line, "#444c55", 1.0, (0, (1, 2)))
        elif kind == "brow" and side:
            _line(ax, painted, line, "#5b3a29", 6.0, "-", 0.28)
    for side in ("left", "right"):
        draw_mark(ax, painted, atlas.points[f"supraorbital_notch_{side}"], "v", "#101418", 6)
    if layered:
        texts = (("hairline", 0.5), ("upper margin of the frontalis", 0.75), ("line of convergence", 0.75))
        for name, (text, share) in zip(SOFT, texts, strict=True):
            line = atlas.curves[name]
            at = painted.to_pixel(line[int(share * len(line)) :][:1])[0]
            ax.annotate(text, at, (0, 3), textcoords="offset points", fontsize=7.5, color="#444c55", ha="center")
    for name, site in atlas.sites.items():
        if not painted.is_visible(site.point[None], 4.0)[0]:
            continue
        draw_mark(ax, painted, site.point, "o", INK, 6, "white")
        side = side_of(name)
        if (layered and side != "left") or (not layered and side != "right"):
            label_site(ax, painted, atlas, site, 7, 1)
    close_view(ax, camera)
    if layered:
        _key(ax)


def _key(ax: "Axes") -> None:
    from matplotlib.lines import Line2D

    more = [
        Line2D([], [], color="#101418", linestyle="--", linewidth=1.5, label="bony: orbital rim, temporal fusion line"),
        Line2D([], [], color="#444c55", linestyle=":", linewidth=1.2, label="hairline, upper margin, line of convergence"),
        Line2D([], [], color="#5b3a29", linewidth=5, alpha=0.3, label="brow"),
        Line2D([], [], color="none", marker="v", markerfacecolor="#101418", markeredgecolor="#101418", label="supraorbital notch"),
        Line2D([], [], color="none", marker="o", markerfacecolor="white", markeredgecolor=INK, label="licensed site, depth of its target"),
    ]
    draw_key(ax, COLOURS, more, "lower left", 7.5)


def _line(ax: "Axes", painted: Painted, line: np.ndarray, colour: str, width: float, dash: Any, opacity: float = 0.95) -> None:
    pixels = painted.to_pixel(line).astype(float)
    pixels[~painted.is_visible(line, 5.0)] = np.nan
    ax.plot(pixels[:, 0], pixels[:, 1], linestyle=dash, color=colour, linewidth=width, alpha=opacity)


def _depth_diagram(ax: "Axes", atlas: Atlas, name: str) -> None:
    """Depth along a muscle: its thickness as a band, what is known of the depth, bone, and the sites over it."""
    sheet, muscle = atlas.muscles[name], without_side(name)
    fibre = middle_fibre(sheet)
    along = fibre.along
    skin = fibre.points + fibre.depth[:, None] * atlas.surface.normal_at(*_foot(atlas, fibre.points))
    parameters = load_parameters()
    bone = blend(atlas.face, {region: parameters[f"depth_to_bone_{region}_mm"] for region in ANCHORS}, skin)
    draw_depth(ax, fibre, bone, 12.0, 9.5, COLOURS[muscle], muscle.replace("_", " "))
    data = atlas_data("muscles")[muscle]
    stations = np.linspace(0, along[-1], len(data["depth_range_mm"])) if "depth_range_mm" in data else np.zeros(0)
    lines = np.array(data["lines"], float)
    if len(stations):
        step = np.linalg.norm(np.diff(lines[len(lines) // 2], axis=0), axis=1)
        stations = np.concatenate([[0.0], np.cumsum(step)]) / step.sum() * along[-1]
        low, high = np.array(data["depth_range_mm"]).T
        style: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linestyle": ":", "linewidth": 1.0}
        ax.fill_between(stations, low, high, label="likely range of the middle", **style)
    draw_sites_over(ax, atlas, name, fibre, skin, named=True)
    ax.set_xlabel("mm along the middle fibre, from origin to insertion", fontsize=8.5)
    size = f"{sheet.length_mm:.1f} x {sheet.width_mm:.1f} x {sheet.volume_mm3 / sheet.area_mm2.sum():.2f} mm"
    ax.set_title(f"{name.replace('_', ' ')}: {size}, {sheet.volume_mm3:.0f} mm3", fontsize=10, color=INK)
    key = ax.legend(fontsize=7, frameon=True, facecolor=PAPER, framealpha=0.9, edgecolor="none", loc="lower right")
    key.get_patches()[0].set_edgecolor(INK)


def _foot(atlas: Atlas, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    foot = atlas.surface.closest(line)
    return foot.triangle, foot.barycentric


def _orbit_section(ax: "Axes", atlas: Atlas) -> None:
    """The sagittal plane through the left pupil."""
    x = float(atlas.points["pupil_left"][0])
    from matplotlib.patches import Circle

    skin = _cut(atlas.surface.vertices[atlas.surface.triangles], x)
    for z0, y0, z1, y1 in skin:
        ax.plot([z0, z1], [y0, y1], color="#c98f6d", linewidth=1.6)
    centre = atlas.points["globe_left"]
    ax.add_patch(Circle((centre[2], centre[1]), load_parameters()["globe_radius_mm"], facecolor="#eef2f6", edgecolor="#8793a0"))
    for name, sheet in {**atlas.muscles, **atlas.septa}.items():
        if side_of(name) != "left":
            continue
        muscle = without_side(name)
        points = sheet.points
        corners = np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:]], 2).reshape(-1, 3, 3)
        colour = COLOURS.get(muscle, INK)
        width = 3 if muscle == "orbital_septum" else 4 * float(sheet.thickness_mm.mean())
        for z0, y0, z1, y1 in _cut(corners, x):
            ax.plot([z0, z1], [y0, y1], color=colour, linewidth=width, alpha=0.8, solid_capstyle="butt")
    for kind in ("orbital_rim", "supraorbital_rim"):
        line = atlas.curves[f"{kind}_left_bone"]
        crossing = np.flatnonzero(np.diff(np.sign(line[:, 0] - x)))
        ax.plot(line[crossing, 2], line[crossing, 1], "s", color="#8a8272", markersize=9)
    apex = atlas.points["orbit_apex_left"]
    ax.plot(apex[2], apex[1], "x", color="#8a8272")
    ax.annotate("apex", (apex[2], apex[1]), (4, -10), textcoords="offset points", fontsize=7.5)
    ax.set_aspect("equal")
    ax.set_xlim(apex[2] - 4, 34)
    ax.set_ylim(-30, 40)
    ax.set_xlabel("forward, mm", fontsize=8.5)
    ax.set_title("Section through the left pupil: squares the bony rim, black line the septum", fontsize=10, color=INK)
    ax.grid(alpha=0.3)


def _cut(triangles: np.ndarray, x: float) -> np.ndarray:
    """Segments (n, 4) as (z0, y0, z1, y1) where triangles (m, 3, 3) cross the plane at ``x``."""
    side = triangles[..., 0] - x
    crosses = (side.min(1) < 0) & (side.max(1) >= 0)
    triangles, side = triangles[crosses], side[crosses]
    found = []
    for corners, s in zip(triangles, side, strict=True):
        ends = [
            corners[a] + s[a] / (s[a] - s[b]) * (corners[b] - corners[a]) for a, b in ((0, 1), (1, 2), (2, 0)) if (s[a] < 0) != (s[b] < 0)
        ]
        found.append((ends[0][2], ends[0][1], ends[1][2], ends[1][1]))
    return np.array(found).reshape(-1, 4)
