"""Where the fluid of each injection goes.

The needle enters at a site, perpendicular to the true skin, to a depth. The fluid fills an ellipsoid of volume
V / porosity, long along the muscle fibres and flat (biceps MRI: 53 mm along, 5 mm across for 1 mL), centred on the tip.
Fluid does not enter bone: the part of the ellipsoid outside tissue is displaced into the rest, and that share is reported.
Behind the orbital septum only the share that tracks through it arrives: see ``tracking``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.errors import InputError
from glabella.plan import Injection, Plan, Session
from glabella.stages.anatomy import Anatomy, Site
from glabella.stages.bolus.tracking import levator_bed, rim_distance_mm, tracked_share

EDGE_MM = 0.8  # the rim of the ellipsoid is smeared over this length so that placement moves the dose smoothly: numerical
FIBRES_WITHIN_MM = 4.0  # fibres this near to the tip guide the fluid
_SUB = np.array([-0.25, 0.25])
_CORNERS = np.stack(np.meshgrid(_SUB, _SUB, _SUB, indexing="ij"), -1).reshape(-1, 3)  # eight points of each cell


@dataclass(frozen=True)
class Needle:
    """A needle in the skin: entry and tip (3,) mm, outward normal (3,), depth to the tip in mm along the normal."""

    site: str
    entry: np.ndarray
    tip: np.ndarray
    normal: np.ndarray
    depth_mm: float
    stopped_by_bone: bool


@dataclass(frozen=True)
class Bolus:
    """Fluid of one injection: ``units`` spread over tissue ``cells`` (n,) in shares (n,) that add up to one.

    ``displaced_share``: part of the ellipsoid that lies outside tissue and was displaced; ``behind_septum_share``: part of the
    units that went through the orbital septum with the fluid.
    """

    needle: Needle
    units: float
    cells: np.ndarray
    share: np.ndarray
    semi_axes_mm: tuple[float, float, float]
    displaced_share: float
    behind_septum_share: float


def place_boluses(
    session: Session, plan: Plan, anatomy: Anatomy, parameters: Mapping[str, float], offsets_mm: np.ndarray | None = None
) -> tuple[Bolus, ...]:
    """The boluses of one session; ``offsets_mm`` (injections, 3) moves each needle lateral-to-the-left, up and deeper.

    Errors: a needle outside the face or nominally through bone (InputError). A needle that scatter takes to bone stops there.
    """
    boluses = []
    for number, injection in enumerate(session.injections):
        offset = None if offsets_mm is None else offsets_mm[number]
        needle = aim_needle(injection, anatomy, offset)
        boluses.append(fill_bolus(needle, injection.units, injection_volume_ml(injection, plan), anatomy, parameters))
    return tuple(boluses)


def injection_volume_ml(injection: Injection, plan: Plan) -> float:
    """Volume of one injection in mL: its units at the plan's dilution."""
    return injection.units / plan.dilution.units_per_ml


def needle_depth_mm(injection: Injection, site: Site, anatomy: Anatomy) -> float:
    """Depth of the tip: the plan's own, or the middle of the target muscle below the site."""
    if injection.depth_mm is not None:
        return injection.depth_mm
    if injection.target_muscle is None:
        raise InputError(f"injection at {injection.site}: give depth_mm or target_muscle")
    return anatomy.atlas.depth_to(injection.target_muscle, site)


def aim_needle(injection: Injection, anatomy: Anatomy, offset_mm: np.ndarray | None = None) -> Needle:
    """Entry, direction and tip of one injection, moved along the skin by ``offset_mm`` (left, up, deeper)."""
    return aim_needles(injection, anatomy, None if offset_mm is None else offset_mm[None])[0]


def aim_needles(injection: Injection, anatomy: Anatomy, offsets_mm: np.ndarray | None = None) -> list[Needle]:
    """The needle of one injection at its place, or moved along the skin by each of ``offsets_mm`` (n, 3): left, up, deeper.

    Errors: InputError where the place itself, without offset, is outside the face or its depth goes through bone.
    """
    atlas = anatomy.atlas
    site = atlas.site(injection.site)
    if injection.lateral_mm or injection.up_mm:
        site = atlas.moved(site, injection.lateral_mm, injection.up_mm)
    depth_mm = needle_depth_mm(injection, site, anatomy)
    bone_mm = float(anatomy.bone_depth_at(site.point[None])[0])
    if depth_mm <= 0 or depth_mm > bone_mm:
        raise InputError(
            f"injection at {injection.site}: depth {depth_mm:.1f} mm must be above 0 and at most {bone_mm:.1f} mm, "
            "where the bone is; choose another depth_mm"
        )
    if offsets_mm is None:
        return [Needle(injection.site, site.point, site.point - depth_mm * site.normal, site.normal, depth_mm, False)]
    left = np.cross([0.0, 1.0, 0.0], site.normal)
    left /= np.linalg.norm(left)
    up = np.cross(site.normal, left)
    foot = atlas.surface.closest(site.point + offsets_mm[:, :1] * left + offsets_mm[:, 1:2] * up)
    normals = atlas.surface.normal_at(foot.triangle, foot.barycentric)
    bone = anatomy.bone_depth_at(foot.points)
    wanted = depth_mm + offsets_mm[:, 2]
    depths = np.clip(wanted, 0.5 * anatomy.epidermis_mm, bone)
    tips = foot.points - depths[:, None] * normals
    return [
        Needle(injection.site, point, tip, normal, float(depth), bool(stopped))
        for point, tip, normal, depth, stopped in zip(foot.points, tips, normals, depths, wanted > bone, strict=True)
    ]


def bolus_axes_mm(volume_ml: float, parameters: Mapping[str, float]) -> np.ndarray:
    """Semi-axes (3,) of the ellipsoid: along the fibres, across them, along the needle."""
    lengths = np.array(
        [parameters["bolus_length_along_fibres"], parameters["bolus_length_across_fibres"], parameters["bolus_length_in_depth"]]
    )
    return lengths * (3 * volume_ml * 1000 / parameters["tissue_porosity"] / (4 * np.pi * lengths.prod())) ** (1 / 3)


def fill_bolus(needle: Needle, units: float, volume_ml: float, anatomy: Anatomy, parameters: Mapping[str, float]) -> Bolus:
    """The ellipsoid of fluid around the tip, as shares of the tissue cells it fills."""
    axes = bolus_axes_mm(volume_ml, parameters)
    frame = bolus_frame(needle, anatomy)
    number = _tissue_around(needle.tip, float(axes.max()) + 2.0, anatomy)
    away = (anatomy.points[number] - needle.tip) @ frame.T
    near = np.linalg.norm(away / (axes + 2.0), axis=1) < 1
    number, away = number[near], away[near]
    edges = frame @ anatomy.grid.edge_vectors(anatomy.cells[number])
    q = np.linalg.norm((away[:, None] + np.einsum("ndk,sk->nsd", edges, _CORNERS)) / axes, axis=2)
    fill = np.clip(0.5 + (1 - q) * float(axes.prod() ** (1 / 3)) / EDGE_MM, 0, 1).mean(1) * anatomy.volume_mm3[number]
    fill = np.where(anatomy.behind_septum[number], 0.0, fill)  # what passes the septum is said by ``tracking``
    if fill.sum() <= 0:
        raise InputError(f"injection at {needle.site}: the needle's tip lies outside the tissue; choose another depth_mm or site")
    behind, side = 0.0, ""
    if anatomy.atlas.septa:  # the lower face has no orbit to track into
        distance, side = rim_distance_mm(needle.entry, anatomy)
        behind = float(tracked_share(distance, parameters))
    share = (1 - behind) * fill / fill.sum()
    if behind > 0:
        bed, bed_share = levator_bed(anatomy, side, parameters)
        number, share = np.concatenate([number, bed]), np.concatenate([share, behind * bed_share])
    keep = share > 0
    a, b, c = (float(x) for x in axes)
    return Bolus(
        needle, units, number[keep], share[keep], (a, b, c), max(0.0, 1 - float(fill.sum()) / float(4 / 3 * np.pi * axes.prod())), behind
    )


def _tissue_around(point: np.ndarray, reach_mm: float, anatomy: Anatomy) -> np.ndarray:
    """Tissue cells (n,) in the columns within ``reach_mm`` of a point."""
    grid = anatomy.grid
    theta, phi, _ = grid.coordinates(point[None])[0]
    half = int(np.ceil(1.3 * reach_mm / (grid.steps[0] * np.linalg.norm(point - grid.centre)))) + 1
    i0, j0 = (int(np.clip(np.searchsorted(axis, at), 0, len(axis) - 1)) for axis, at in ((grid.theta, theta), (grid.phi, phi)))
    box = anatomy.number_of.reshape(grid.shape)[max(i0 - half, 0) : i0 + half + 1, max(j0 - half, 0) : j0 + half + 1]
    return box[box >= 0]


def bolus_frame(needle: Needle, anatomy: Anatomy) -> np.ndarray:
    """Axes of the ellipsoid as rows: along the prevailing fibres around the tip, across them, along the needle."""
    looked_for, points, fibres = anatomy.fibres_near
    nearest = looked_for.nearest(needle.tip[None])
    assert nearest is not None  # one place
    reach = max(FIBRES_WITHIN_MM, 1.5 * float(np.linalg.norm(points[nearest[0, 0]] - needle.tip)))
    near = looked_for.within(needle.tip, reach)
    weight = (1 - (np.linalg.norm(points[near] - needle.tip, axis=1) / reach) ** 2) ** 2
    flat = fibres[near] - (fibres[near] @ needle.normal)[:, None] * needle.normal
    along = np.linalg.eigh(np.einsum("n,ni,nj->ij", weight, flat, flat))[1][:, -1]
    return np.stack([along, np.cross(needle.normal, along), needle.normal])
