"""The orbit: levator palpebrae superioris, its aponeurosis and the orbital septum, as sheets in three dimensions."""

from typing import Any

import numpy as np

from glabella.face import Face, Surface, load_face
from glabella.stages.anatomy.sheet import LATTICE_STEP_MM, Sheet, arc_length, make_sheet, smooth_line


def levator_sheets(face: Face, surface: Surface, orbit: dict[str, Any], lid_margin_y_mm: float, side: str) -> tuple[Sheet, Sheet]:
    """Belly and aponeurosis of the levator of one side."""
    size = face.interpupillary_distance_mm / load_face().interpupillary_distance_mm
    sign = 1.0 if side == "left" else -1.0
    centre = face.eyeballs[1 if side == "left" else 0][0]
    belly, tendon = orbit["levator_palpebrae_superioris"], orbit["levator_aponeurosis"]

    line = smooth_line(np.c_[np.array(belly["centre_mm"]), belly["width_mm"], belly["thickness_mm"], belly["sag_mm"]], step_mm=LATTICE_STEP_MM / 1.05)
    t = _across(float(line[:, 3].max()))
    middle, half, sag = line[:, :3], line[:, 3] / 2, line[:, 5]
    points = _fan(middle, half, sag, t)
    thickness = np.repeat(line[:, 4:5], len(t), 1)
    upper = _place(points, centre, size, sign)
    toward = upper - centre
    levator = make_sheet(
        f"levator_palpebrae_superioris_{side}", upper, toward, thickness, np.full(thickness.shape, np.nan), origin="bone", insertion_from=1.0
    )

    lid_half = tendon["lid_width_mm"] / 2
    t = _across(tendon["shoulder_width_mm"])
    start = _fan(middle[-1:], np.array([tendon["start_width_mm"] / 2]), sag[-1:], t)[0]
    shoulder = np.array([[0.0, tendon["shoulder_up_mm"], tendon["shoulder_forward_mm"]]])
    over = _fan(shoulder, np.array([tendon["shoulder_width_mm"] / 2]), np.array([tendon["shoulder_sag_mm"]]), t)[0]
    end_y = lid_margin_y_mm + size * tendon["tarsus_above_lid_margin_mm"]
    x = centre[0] + sign * size * lid_half * t
    droop = size * tendon["lid_droop_mm"] * t**2
    foot = surface.frontal(x, end_y - droop)
    normal = surface.normal_at(foot.triangle, foot.barycentric)
    lid = foot.points - tendon["depth_below_lid_skin_mm"] * normal
    first, second = _place(start, centre, size, sign), _place(over, centre, size, sign)
    u = np.linspace(0, 1, 25)[:, None, None]
    curve = (1 - u) ** 2 * first + 2 * u * (1 - u) * second + u**2 * lid
    count = int(np.ceil(np.linalg.norm(np.diff(curve, axis=0), axis=2).sum(0).max() / LATTICE_STEP_MM)) + 1
    u = np.linspace(0, 1, count)[:, None, None]
    curve = (1 - u) ** 2 * first + 2 * u * (1 - u) * second + u**2 * lid
    thickness = np.repeat(np.interp(u[:, 0], [0, 0.5, 1], tendon["thickness_mm"]), len(t), 1)
    aponeurosis = make_sheet(
        f"levator_aponeurosis_{side}", curve, curve - centre, thickness, np.full(thickness.shape, np.nan),
        origin="soft", insertion_from=1.0, innervated=False,
    )  # fmt: skip
    return levator, aponeurosis


def septum_sheet(surface: Surface, rim_bone: np.ndarray, aponeurosis: Sheet, orbit: dict[str, Any], side: str) -> Sheet:
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
    return make_sheet(
        f"orbital_septum_{side}", points, toward, thickness, depth, origin="bone", insertion_from=1.0, innervated=False
    )  # fmt: skip


def inside_orbit(points: np.ndarray, rim_bone: np.ndarray, apex: np.ndarray, rise_mm: float, behind_mm: float) -> np.ndarray:
    """Whether points (n, 3) lie in the orbit: a cone from the closed bony rim (k, 3) to the apex (3,), bulging behind the rim.

    The bulge is a parabola that is zero at rim and apex and ``rise_mm`` at ``behind_mm`` behind the rim.
    """
    middle = rim_bone.mean(0)
    axis = apex - middle
    length = float(np.linalg.norm(axis))
    axis = axis / length
    sideways = np.cross([0.0, 1.0, 0.0], axis)
    sideways /= np.linalg.norm(sideways)
    upward = np.cross(axis, sideways)

    def polar(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        d = p - middle
        a, b = d @ sideways, d @ upward
        return d @ axis, np.hypot(a, b), np.arctan2(b, a)

    rim_along, rim_reach, rim_angle = polar(rim_bone)
    order = np.argsort(rim_angle)
    along, reach, angle = polar(points)
    limit = np.interp(angle, rim_angle[order], rim_reach[order], period=2 * np.pi)
    front = np.interp(angle, rim_angle[order], rim_along[order], period=2 * np.pi)
    s = np.clip((along - front) / (length - front), 0, 1)
    top = behind_mm / length
    bulge = rise_mm * np.where(s < top, 1 - ((s - top) / top) ** 2, 1 - ((s - top) / (1 - top)) ** 2)
    return (along >= front) & (along <= length) & (reach <= limit * (1 - s) + bulge)


def _across(width_mm: float) -> np.ndarray:
    return np.linspace(-1, 1, int(np.ceil(width_mm * 1.15 / LATTICE_STEP_MM)) + 1)


def _fan(middle: np.ndarray, half: np.ndarray, sag: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Lattice (n, len(t), 3) around a middle line: ``half`` its half-width, edges lower by ``sag``."""
    points = np.repeat(middle[:, None], len(t), 1)
    points[..., 0] += half[:, None] * t
    points[..., 1] -= sag[:, None] * t**2
    return points


def _place(points: np.ndarray, centre: np.ndarray, size: float, sign: float) -> np.ndarray:
    """From (lateral, up, forward) about the globe to the frame of the face."""
    return centre + size * points * np.array([sign, 1.0, 1.0])
