"""Bony landmarks, lines and points of a person: hairline, brow, rims, canthi, and how high the frontalis reaches."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from glabella.errors import InputError
from glabella.face import Face, Foot, Surface
from glabella.stages.anatomy.drawing import Drawing, atlas_data, drawn_feet, mirror_landmarks, mirrored_points, stretched
from glabella.stages.anatomy.orbit import in_orbit_frame
from glabella.stages.anatomy.regions import ANCHORS, blend
from glabella.stages.anatomy.sheet import smooth_line

SIDES = (("left", 1.0), ("right", -1.0))
BONY_CURVES = ("supraorbital_rim", "orbital_rim", "lateral_orbital_rim")
DRAWN_AT = {"hairline": "drawn_trichion_mm", "frontalis_upper_margin": "drawn_margin_mm", "frontalis_convergence": "drawn_convergence_mm"}


def find_heights(drawing: Drawing, sex: str | None, margin_mm: float | None) -> dict[str, float]:
    """How far up in the drawing this person's hairline, upper margin of the frontalis and line of convergence lie.

    ``margin_mm``: the person's own upper margin, straight from the nasion; None: a little below the hairline.
    """
    data = atlas_data("bones")["heights"]
    share = {"female": 0.0, "male": 1.0}.get(sex or "", drawing.face.sex)
    trichion = ((1 - share) * data["trichion_above_nasion_female_mm"] + share * data["trichion_above_nasion_male_mm"]) * drawing.size
    margin = trichion - data["margin_below_trichion_mm"] if margin_mm is None else margin_mm
    least, most = data["margin_least_above_nasion_mm"] * drawing.size, data["margin_most_above_nasion_mm"]
    if not least <= margin <= most:
        raise InputError(
            f"patient: frontalis_upper_margin_mm = {margin:g} must lie between {least:.0f} and {most:.0f} mm above the nasion; "
            "measure it straight from the nasion"
        )
    return {
        "hairline": drawing.up_for_height(trichion),
        "frontalis_upper_margin": drawing.up_for_height(margin),
        "frontalis_convergence": drawing.up_for_height(data["convergence_share"] * trichion),
    }


@cache
def _drawn_curves() -> Mapping[str, np.ndarray]:
    """Curves of the drawing before they are stretched: both sides, or across."""
    drawn: dict[str, np.ndarray] = {}
    for name, curve in atlas_data("bones")["curves"].items():
        line = smooth_line(np.array(curve["line"], float), curve.get("closed", False))
        if curve.get("across"):
            drawn[name] = np.concatenate([mirrored_points(line[:0:-1]), line])
        else:
            drawn |= {f"{name}_left": line, f"{name}_right": mirrored_points(line)}
    return drawn


@cache
def _curve_foot(name: str, up_mm: float | None) -> Foot:
    line = _drawn_curves()[name]
    if up_mm is not None:
        data = atlas_data("bones")["heights"]
        line = stretched(line, data["stretch_from_up_mm"], data[DRAWN_AT[name]], up_mm)
    return drawn_feet(line)


def lay_curves(drawing: Drawing, heights: Mapping[str, float], parameters: Mapping[str, float]) -> dict[str, np.ndarray]:
    """All curves on the skin of a person, and the bony ones on the bone below it (``_bone``)."""
    bones = atlas_data("bones")
    curves = {name: drawing.transfer(_curve_foot(name, heights.get(name))).points for name in _drawn_curves()}
    marks, pair, brow = drawing.face.landmarks, mirror_landmarks(), {}
    for side, _ in SIDES:
        numbers = [np.array(bones["brow"][edge]) for edge in ("lower_edge", "upper_edge")]
        edges = [marks[k if side == "left" else pair[k]] for k in numbers]
        for name, line in zip(("brow_lower_edge", "brow_upper_edge", "brow"), (*edges, (edges[0] + edges[1]) / 2), strict=True):
            brow[f"{name}_{side}"] = smooth_line(line)
    curves |= _split(drawing.surface.closest(np.concatenate(list(brow.values()))).points, brow)
    bony = {f"{name}_{side}_bone": curves[f"{name}_{side}"] for name in BONY_CURVES for side, _ in SIDES}
    return curves | _split(on_bone(drawing.face, drawing.surface, np.concatenate(list(bony.values())), parameters), bony)


def _split(points: np.ndarray, lines: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Points of all ``lines`` one after the other, back under their names."""
    ends = np.cumsum([len(line) for line in lines.values()])[:-1]
    return dict(zip(lines, np.split(points, ends), strict=True))


def find_points(drawing: Drawing, curves: Mapping[str, np.ndarray], heights: Mapping[str, float]) -> dict[str, np.ndarray]:
    """All points of a person; pupil, globe (its centre) and apex of the orbit do not lie on the skin."""
    bones, orbit, face, pair = atlas_data("bones"), atlas_data("orbit"), drawing.face, mirror_landmarks()
    found: dict[str, np.ndarray] = {}
    for name, number in bones["landmarks"].items():
        if isinstance(number, list):
            found |= {f"{name}_left": face.landmarks[number[0]], f"{name}_right": face.landmarks[number[1]]}
        else:
            found[name] = face.landmarks[number]
    found["trichion"] = drawing.on_skin(np.array([[0.0, heights["hairline"]]])).points[0]
    notch = np.array([bones["points"]["supraorbital_notch"]["place"]])
    for (side, sign), (centre, radius_mm) in zip(SIDES, reversed(face.eyeballs), strict=True):
        found[f"supraorbital_notch_{side}"] = drawing.on_skin(notch * [sign, 1]).points[0]
        found[f"pupil_{side}"] = centre + np.array([0, 0, radius_mm])
        found[f"globe_{side}"] = centre
        found[f"orbit_apex_{side}"] = in_orbit_frame(np.array(orbit["apex"]["position_mm"]), centre, drawing.size, sign)
        brow = curves[f"brow_{side}"]
        found[f"brow_head_{side}"], found[f"brow_tail_{side}"] = brow[0], brow[-1]
        numbers = np.array([bones["brow"][edge][bones["brow"]["peak"]] for edge in ("lower_edge", "upper_edge")])
        peak = face.landmarks[numbers if side == "left" else pair[numbers]].mean(0)
        found[f"brow_peak_{side}"] = brow[np.linalg.norm(brow - peak, axis=1).argmin()]
    return found


def on_bone(face: Face, surface: Surface, line: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
    """The bone straight below a line (n, 3) on the skin."""
    foot = surface.closest(line)
    depth_mm = blend(face, {region: parameters[f"depth_to_bone_{region}_mm"] for region in ANCHORS}, line)
    return line - depth_mm[:, None] * surface.normal_at(foot.triangle, foot.barycentric)


def rim_part(bone: np.ndarray, side: str, from_lateral_mm: float, to_lateral_mm: float) -> np.ndarray:
    """The part of the supraorbital rim (n, 3) between two places of the drawing."""
    lateral = np.abs(_drawn_curves()[f"supraorbital_rim_{side}"][:, 0])
    return bone[(lateral >= from_lateral_mm) & (lateral <= to_lateral_mm)]
