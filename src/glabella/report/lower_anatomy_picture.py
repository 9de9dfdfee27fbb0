"""The atlas of the lower face as a picture: muscles from the front, the side and below, named sites, and depths."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glabella.evidence.lower_face import load_lower_parameters
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
    draw_needle,
    draw_sites_over,
    label_site,
    middle_fibre,
    open_view,
    save_picture,
)  # fmt: skip
from glabella.report.render import Camera
from glabella.report.render import Picture as Painted
from glabella.stages.anatomy.atlas import Atlas, Sheet
from glabella.stages.anatomy.lower_tissue import region_depths

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "masseter": "#C84E00", "depressor_anguli_oris": "#0072B2", "depressor_labii_inferioris": "#882255", "mentalis": "#00825F",
    "orbicularis_oris": "#CC4C8C", "risorius": "#8A8A22", "zygomaticus_major": "#8E3B8E", "platysma": "#3A93C5",
    "suprahyoid_muscles": "#5C4A3A", "infrahyoid_muscles": "#8C1A10",
}  # fmt: skip
DEEP = ("masseter", "depressor_labii_inferioris", "mentalis", "suprahyoid_muscles", "infrahyoid_muscles", "zygomaticus_major")
MASSETER_SEEN_MM, MASSETER_SEEN_FROM_FRONT_MM = 26.0, 70.0  # it lies far behind the cheek, and its back part behind all of that
FRONT = Camera(centre=(0.0, -83.0, 0.0), width_mm=152, height_mm=140, pixels_per_mm=5)
SIDE = Camera(azimuth_degrees=72, centre=(30.0, -83.0, -12.0), width_mm=110, height_mm=140, pixels_per_mm=5)
BELOW = Camera(azimuth_degrees=38, elevation_degrees=-38, centre=(14.0, -106.0, -14.0), width_mm=130, height_mm=110, pixels_per_mm=5)


def draw_lower_muscles(atlas: Atlas, path: str | Path) -> None:
    """Write the picture of an atlas: SVG or PDF where ``path`` ends so, else PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(19, 15.6), facecolor=PAPER)
    room = {"left": 0.03, "right": 0.985, "top": 0.945, "bottom": 0.05, "wspace": 1.4, "hspace": 0.13}
    grid = figure.add_gridspec(2, 12, height_ratios=[1.0, 0.62], **room)
    front, aside = figure.add_subplot(grid[0, :7]), figure.add_subplot(grid[0, 7:])
    draw_view(front, atlas, FRONT, layered=True)
    draw_view(aside, atlas, SIDE)
    _key(front)
    front.set_title("From the front: upper layer on the person's right, deep layer on the left; sites with depth of target", fontsize=11)
    aside.set_title("From the person's left, 72 degrees: all layers", fontsize=11)
    below = figure.add_subplot(grid[1, :5])
    draw_view(below, atlas, BELOW, label_sites=False)
    below.set_title("From below: platysma over the muscles of the floor of the mouth and the front of the neck", fontsize=11)
    _depth_diagram(figure.add_subplot(grid[1, 5:8]), atlas, "masseter_left")
    _depth_diagram(figure.add_subplot(grid[1, 8:10]), atlas, "mentalis_left")
    _depth_diagram(figure.add_subplot(grid[1, 10:]), atlas, "depressor_anguli_oris_left")
    figure.suptitle(
        f"Lower face of a person of {atlas.face.age_years:g} years, pupils {atlas.face.interpupillary_distance_mm:g} mm apart: muscles and "
        "the sites of published trials, all off-label or without a label's wording. Research and education, not a medical device.",
        fontsize=12, color=INK,
    )  # fmt: skip
    save_picture(figure, path)


def draw_view(
    ax: "Axes", atlas: Atlas, camera: Camera, layered: bool = False, label_sites: bool = True, sites: bool = True,
    muscles: Mapping[str, Sheet] | None = None,
) -> Painted:  # fmt: skip
    """The face seen by a camera with ``muscles`` (all, unless given) as strips and its sites; ``layered``: one layer on each side."""
    painted = open_view(ax, atlas, camera)
    seen_mm = MASSETER_SEEN_FROM_FRONT_MM if camera is FRONT else MASSETER_SEEN_MM
    right_too = camera is BELOW or (muscles is not None and camera is FRONT)
    layers = Layers(DEEP, layered, ("left", "right", None) if right_too else ("left", None))
    draw_muscle_strips(ax, painted, atlas.muscles if muscles is None else muscles, COLOURS, layers, {"masseter": seen_mm})
    for name, site in atlas.sites.items() if sites else ():
        if not painted.is_visible(site.point[None], 4.0)[0] or (camera is SIDE and side_of(name) == "right"):
            continue
        draw_mark(ax, painted, site.point, "o", INK, 6, "white")
        muscle = without_side(atlas.targets[name])
        if muscle == "masseter" and camera is FRONT and (not layered or side_of(name) == "left"):
            draw_needle(ax, painted, site.point, site.point - atlas.depth_to(atlas.targets[name], site) * site.normal)
        seen_best = "masseter" in muscle if camera is SIDE else muscle != "masseter"
        if label_sites and seen_best and (not layered or (side_of(name) == "left") == (muscle in DEEP)):
            label_site(ax, painted, atlas, site, 6.5, 0)
    close_view(ax, camera)
    return painted


def _key(ax: "Axes") -> None:
    from matplotlib.lines import Line2D

    mark = Line2D([], [], color="none", marker="o", markerfacecolor="white", markeredgecolor=INK, label="named site")
    way = Line2D([], [], color=INK, linewidth=1.0, marker=".", markevery=[1], label="from there to the masseter")
    draw_key(ax, COLOURS, [mark, way], "upper left", 8)


def _depth_diagram(ax: "Axes", atlas: Atlas, name: str) -> None:
    """Depth along a muscle: its thickness as a band, where bone begins, and the sites over it."""
    sheet, parameters = atlas.muscles[name], load_lower_parameters()
    fibre = middle_fibre(sheet)
    skin, below = atlas.surface.closest(fibre.points).points, fibre.depth + fibre.half
    bone = np.maximum(region_depths(atlas.face, parameters, skin), below + parameters["deep_fascia_above_bone_mm"])
    draw_depth(ax, fibre, bone, 30.0, float(below.max()) + 6, COLOURS[without_side(name)], "muscle")
    draw_sites_over(ax, atlas, name, fibre, skin, named=False)
    ax.set_xlabel("mm along the middle fibre", fontsize=8.5)
    thick = sheet.volume_mm3 / sheet.area_mm2.sum()
    ax.set_title(
        f"{without_side(name).replace('_', ' ')}\n{sheet.length_mm:.0f} x {sheet.width_mm:.0f} x {thick:.1f} mm, "
        f"{sheet.volume_mm3 / 1000:.2g} cm³", fontsize=9.5, color=INK,
    )  # fmt: skip
    ax.legend(fontsize=7, frameon=True, facecolor=PAPER, framealpha=0.9, edgecolor="none", loc="lower right")
