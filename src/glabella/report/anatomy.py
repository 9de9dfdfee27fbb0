"""Pictures of the reference face and of the atlas laid on it: muscles by their fibres, bony lines, licensed sites."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glabella.evidence import load_parameters
from glabella.evidence.patterns import site_areas
from glabella.face import load_face
from glabella.names import side_of, without_side
from glabella.patient import Patient
from glabella.report.render import Camera, Picture, paint_face
from glabella.report.style import Margins, finish, new_figure, styled, words
from glabella.stages.anatomy.atlas import Atlas, build_atlas

FRONT = Camera(centre=(0.0, 20.0, 0.0), width_mm=150.0, height_mm=150.0, pixels_per_mm=4.0)
OBLIQUE = Camera(azimuth_degrees=50.0, centre=(25.0, 20.0, 40.0), width_mm=115.0, height_mm=150.0, pixels_per_mm=4.0)
WHOLE = Camera(pixels_per_mm=3.0)
COLOURS = {
    "frontalis": "#0072B2", "corrugator_supercilii": "#D55E00", "procerus": "#CC79A7", "depressor_supercilii": "#E69F00",
    "orbicularis_oculi_orbital": "#009E73", "orbicularis_oculi_palpebral": "#56B4E9", "orbicularis_oculi_lateral": "#117733",
    "nasalis": "#882255", "levator_labii_superioris_alaeque_nasi": "#332288", "zygomaticus_major": "#AA4499",
    "zygomaticus_minor": "#999933", "levator_palpebrae_superioris": "#661100", "levator_aponeurosis": "#6699CC",
}  # fmt: skip
LINES = ("orbital_rim", "temporal_fusion_line", "frontalis_upper_margin", "hairline", "brow")
BONY = {"color": "#101418", "linewidth": 1.3, "linestyle": "--", "alpha": 0.9}
BROW = {"color": "#5b3a29", "linewidth": 2.6, "alpha": 0.5}
DEEP = ("levator_palpebrae_superioris", "levator_aponeurosis")  # in the orbit, behind the septum
DEEP_MM, SHALLOW_MM = 60.0, 14.0  # how far behind the skin a line is still drawn
FIBRE_STEP_MM = 1.8


def draw_face() -> bytes:
    """The reference face from three sides, as a PNG file."""
    face = load_face()
    cameras = (replace(WHOLE, azimuth_degrees=-45.0), WHOLE, replace(WHOLE, azimuth_degrees=90.0, centre=(0.0, -8.0, 20.0)))
    with styled():
        figure, axes = new_figure(13.5, 6.0, 1, 3, Margins(left=0.1, right=0.1, top=0.4, bottom=0.3, between=0.1))
        for ax, camera in zip(axes[0], cameras, strict=True):
            ax.imshow(paint_face(face, camera).pixels)
            ax.set_axis_off()
        figure.suptitle(
            f"Reference face: a woman of {face.age_years:g} years, pupils {face.interpupillary_distance_mm:g} mm apart. "
            "MakeHuman hm08, CC0. Research and education, not a medical device."
        )
        return finish(figure, "face", "reference face", "the reference face from three sides", None).png


def draw_muscles() -> bytes:
    """The atlas on the reference face: muscles, bony lines and licensed sites, from the front and from the person's left, as a PNG file."""
    parameters = load_parameters()
    face = load_face()
    person = Patient(age_years=face.age_years, interpupillary_distance_mm=face.interpupillary_distance_mm)
    atlas = build_atlas(person.shape(face, parameters), person, parameters)
    with styled():
        figure, axes = new_figure(15.5, 8.6, 1, 2, Margins(left=0.1, right=3.2, top=0.45, bottom=0.1, between=0.1))
        for ax, camera in zip(axes[0], (FRONT, OBLIQUE), strict=True):
            painted = paint_face(atlas.face, camera)
            ax.imshow(painted.pixels, alpha=0.55)
            ax.set_axis_off()
            _draw_muscles(ax, painted, atlas)
            _draw_lines(ax, painted, atlas)
            _draw_sites(ax, painted, atlas, camera is FRONT)
            rows, columns = camera.shape
            ax.set_xlim(0, columns)
            ax.set_ylim(rows, 0)
        _key(figure)
        figure.suptitle("Muscles of the upper face, bony lines and licensed sites on the reference face (sides are the person's own)")
        return finish(figure, "muscles", "muscles", "muscles, bony lines and licensed sites on the reference face", None).png


def _draw_muscles(ax: Any, painted: Picture, atlas: Atlas) -> None:
    """Fibres and outlines of every muscle, the deep ones first."""
    order = sorted(atlas.muscles, key=lambda name: -float(np.nan_to_num(atlas.muscles[name].depth_mm, nan=20.0).mean()))
    for name in order:
        points, closed = atlas.muscles[name].points, atlas.muscles[name].closed
        deep = without_side(name) in DEEP
        below_mm = DEEP_MM if deep else SHALLOW_MM
        style = {"color": COLOURS[without_side(name)], "linestyle": ":" if deep else "-", "solid_capstyle": "round"}
        every = max(1, round(FIBRE_STEP_MM / float(np.linalg.norm(np.diff(points, axis=1), axis=2).mean())))
        for v in range(0, points.shape[1], every):
            fibre = np.concatenate([points[:, v], points[:1, v]]) if closed else points[:, v]
            _plot(ax, painted, fibre, {**style, "linewidth": 1.2, "alpha": 0.85}, below_mm)
        if not closed:
            for edge in (points[0], points[-1], points[:, 0], points[:, -1]):
                _plot(ax, painted, edge, {**style, "linewidth": 0.9, "alpha": 0.6}, below_mm)


def _draw_lines(ax: Any, painted: Picture, atlas: Atlas) -> None:
    for name, line in atlas.curves.items():
        kind = without_side(name)
        if kind in LINES:
            style = BROW if kind == "brow" else BONY
            _plot(ax, painted, np.asarray(line), style, below_mm=6.0)


def _draw_sites(ax: Any, painted: Picture, atlas: Atlas, labelled: bool) -> None:
    for name in site_areas():
        point = atlas.site(name).point[None]
        if not painted.is_visible(point)[0]:
            continue
        column, row = painted.to_pixel(point)[0]
        ax.plot(column, row, "o", markersize=6.5, markerfacecolor="white", markeredgecolor="#101418", markeredgewidth=1.4, zorder=5)
        if labelled and side_of(name) != "left":
            side = side_of(name) == "right"
            ax.annotate(
                words(without_side(name)), (column, row), (-7 if side else 0, 0 if side else 8), textcoords="offset points",
                ha="right" if side else "center", va="center" if side else "bottom", fontsize=7.5, zorder=6,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
            )  # fmt: skip


def _plot(ax: Any, painted: Picture, line: np.ndarray, style: Mapping[str, Any], below_mm: float) -> None:
    """A polyline where no more than ``below_mm`` of face lies before it."""
    pixels = painted.to_pixel(line).astype(float)
    pixels[~painted.is_visible(line, below_mm)] = np.nan
    ax.plot(pixels[:, 0], pixels[:, 1], **style)


def _key(figure: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=3, linestyle=":" if name in DEEP else "-", label=words(name))
        for name, colour in COLOURS.items()
    ]
    handles.append(Line2D([], [], **BONY, label="bony orbit, temporal fusion line,\nfrontalis margin, hairline"))
    handles.append(Line2D([], [], **BROW, label="brow"))
    handles.append(Line2D([], [], marker="o", color="none", markerfacecolor="white", markeredgecolor="#101418", label="licensed site"))
    figure.legend(handles=handles, loc="center right", frameon=False, fontsize=9, borderaxespad=0.6)
