"""The orbit: levator palpebrae superioris, its aponeurosis, the orbital septum and the lateral rectus, as sheets in three dimensions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glabella.face import Surface
from glabella.stages.anatomy.drawing import Drawing
from glabella.stages.anatomy.sheet import LATTICE_STEP_MM, Sheet, arc_length, make_sheet, smooth_line


def levator_sheets(drawing: Drawing, orbit: Mapping[str, Any], lid_margin_up_mm: float, side: str) -> tuple[Sheet, Sheet]:
    """Belly and aponeurosis of the levator of one side; ``lid_margin_up_mm``: height of the lid margin in the drawing."""
    sign = 1.0 if side == "left" else -1.0
    centre = drawing.face.eyeballs[1 if side == "left" else 0][0]
    belly, tendon = orbit["levator_palpebrae_superioris"], orbit["levator_aponeurosis"]

    stations = np.c_[np.array(belly["centre_mm"]), belly["width_mm"], belly["thickness_mm"], belly["sag_mm"]]
    line = smooth_line(stations, step_mm=LATTICE_STEP_MM)
    t = _across(float(line[:, 3].max()))
    middle, half, sag = line[:, :3], line[:, 3] / 2, line[:, 5]
    upper = in_orbit_frame(_fan(middle, half, sag, t), centre, drawing.size, sign)
    thickness = np.repeat(line[:, 4:5], len(t), 1)
    nowhere = np.full(thickness.shape, np.nan)
    levator = make_sheet(f"levator_palpebrae_superioris_{side}", upper, upper - centre, thickness, nowhere, insertion_from=1.0)

    t = _across(tendon["shoulder_width_mm"])
    start = _fan(middle[-1:], np.array([tendon["start_width_mm"] / 2]), sag[-1:], t)[0]
    shoulder = np.array([[0.0, tendon["shoulder_up_mm"], tendon["shoulder_forward_mm"]]])
    over = _fan(shoulder, np.array([tendon["shoulder_width_mm"] / 2]), np.array([tendon["shoulder_sag_mm"]]), t)[0]
    end_up = lid_margin_up_mm + tendon["tarsus_above_lid_margin_mm"] - tendon["lid_droop_mm"] * t**2
    foot = drawing.on_skin(np.c_[sign * (tendon["lid_middle_lateral_mm"] + tendon["lid_width_from_front_mm"] / 2 * t), end_up])
    lid = foot.points - tendon["depth_below_lid_skin_mm"] * drawing.normals(foot)
    ends = (in_orbit_frame(start, centre, drawing.size, sign), in_orbit_frame(over, centre, drawing.size, sign), lid)
    longest = np.linalg.norm(np.diff(_arch(*ends, 25), axis=0), axis=2).sum(0).max()
    curve = _arch(*ends, int(np.ceil(longest / LATTICE_STEP_MM)) + 2)
    thickness = np.repeat(np.interp(np.linspace(0, 1, len(curve)), [0, 0.5, 1], tendon["thickness_mm"])[:, None], len(t), 1)
    nowhere = np.full(thickness.shape, np.nan)
    aponeurosis = make_sheet(
        f"levator_aponeurosis_{side}", curve, curve - centre, thickness, nowhere, origin="soft", insertion_from=1.0, innervated=False
    )
    return levator, aponeurosis


def lateral_rectus_sheet(drawing: Drawing, orbit: Mapping[str, Any], side: str) -> Sheet:
    """The belly of the lateral rectus of one side, which turns the eye outwards: upright beside the globe."""
    sign = 1.0 if side == "left" else -1.0
    centre = drawing.face.eyeballs[1 if side == "left" else 0][0]
    data = orbit["lateral_rectus"]
    line = smooth_line(np.c_[np.array(data["centre_mm"]), data["height_mm"], data["thickness_mm"]], step_mm=LATTICE_STEP_MM)
    t = _across(float(line[:, 3].max()))
    lattice = np.repeat(line[:, None, :3], len(t), 1)
    lattice[..., 1] += line[:, 3:4] / 2 * t
    points = in_orbit_frame(lattice, centre, drawing.size, sign)
    thickness = np.repeat(line[:, 4:5], len(t), 1)
    return make_sheet(f"lateral_rectus_{side}", points, points - centre, thickness, np.full(thickness.shape, np.nan), insertion_from=1.0)


def septum_sheet(surface: Surface, rim_bone: np.ndarray, aponeurosis: Sheet, orbit: Mapping[str, Any], side: str) -> Sheet:
    """The orbital septum of the upper lid: from the bony rim to the aponeurosis a little above the tarsus."""
    data = orbit["orbital_septum"]
    from_end = np.linalg.norm(np.diff(aponeurosis.points[::-1], axis=0), axis=2)
    from_end = np.concatenate([np.zeros((1, from_end.shape[1])), np.cumsum(from_end, 0)])
    meet = np.stack([
        [np.interp(data["meets_aponeurosis_above_tarsus_mm"], from_end[:, j], aponeurosis.points[::-1, j, axis]) for axis in range(3)]
        for j in range(aponeurosis.points.shape[1])
    ])  # fmt: skip
    along_rim, along_meet = arc_length(rim_bone), arc_length(meet)
    count = int(np.ceil(max(along_rim[-1], along_meet[-1]) / LATTICE_STEP_MM)) + 1
    v = np.linspace(0, 1, count)
    rim = np.stack([np.interp(v * along_rim[-1], along_rim, rim_bone[:, axis]) for axis in range(3)], 1)
    low = np.stack([np.interp(v * along_meet[-1], along_meet, meet[:, axis]) for axis in range(3)], 1)
    rows = int(np.ceil(np.linalg.norm(low - rim, axis=1).max() / LATTICE_STEP_MM)) + 1
    u = np.linspace(0, 1, max(rows, 3))[:, None, None]
    points = rim + u * (low - rim)
    foot = surface.closest(points.reshape(-1, 3))
    toward = foot.points.reshape(points.shape) - points
    depth = foot.distance_mm.reshape(points.shape[:2])
    thickness = np.full(depth.shape, data["thickness_mm"])
    return make_sheet(f"orbital_septum_{side}", points, toward, thickness, depth, insertion_from=1.0, innervated=False)


def _arch(start: np.ndarray, over: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """Parabolas (count, n, 3) from ``start`` to ``end`` (n, 3), drawn toward ``over``."""
    u = np.linspace(0, 1, count)[:, None, None]
    return (1 - u) ** 2 * start + 2 * u * (1 - u) * over + u**2 * end


def _across(width_mm: float) -> np.ndarray:
    return np.linspace(-1, 1, int(np.ceil(width_mm * 1.15 / LATTICE_STEP_MM)) + 1)


def _fan(middle: np.ndarray, half: np.ndarray, sag: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Lattice (n, len(t), 3) around a middle line: ``half`` its half-width, edges lower by ``sag``."""
    points = np.repeat(middle[:, None], len(t), 1)
    points[..., 0] += half[:, None] * t
    points[..., 1] -= sag[:, None] * t**2
    return points


def in_orbit_frame(points: np.ndarray, centre: np.ndarray, size: float, sign: float) -> np.ndarray:
    """From (lateral, up, forward) about the globe to the frame of the face."""
    return centre + points * np.array([sign * size, 1.0, size])
