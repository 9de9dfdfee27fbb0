"""How a muscle of one newton pulls the skin: each fibre is a cable whose tension goes over into the skin.

A cable with tension t and unit direction e loads what it is fixed to with d(t e)/du = t' e + t curvature. Where a muscle inserts
its tension falls from one to nothing, so it pulls the skin back along the fibre; at a soft origin it rises, so it pulls the skin
forward; where it is curved, as in the ring around the eye, it presses toward the centre of curvature. In this form the forces of
one fibre add up exactly to the pull of whatever holds its ends. Only the part along the skin is kept: bone carries the rest.
"""

from typing import Protocol

import numpy as np

from glabella.face import Surface

STEP_MM = 1.5  # at most, between stations of a fibre: numerical


class Cable(Protocol):
    """What this module needs of a muscle sheet: see ``stages.anatomy.atlas.Sheet``."""

    @property
    def points(self) -> np.ndarray:
        """Mid-surface (along the fibres, across, 3) mm."""
        ...

    @property
    def thickness_mm(self) -> np.ndarray:
        """Thickness at each point."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the fibres close to a ring."""
        ...

    @property
    def origin(self) -> str:
        """Where the fibres start: on bone or in soft tissue."""
        ...

    @property
    def insertion_from(self) -> float:
        """Share of the length from which the fibres insert into the skin."""
        ...


def tension_profile(share: np.ndarray, insertion_from: float, power: float, held: float) -> np.ndarray:
    """Tension at ``share`` (0 origin to 1 end) of a fibre's length, relative to full.

    Over the insertion zone it falls to nothing, over the zone of a soft origin it rises; in both the density of insertions grows
    with the ``power`` of the distance toward the end. ``held``: tension at the very origin, which something other than the skin
    holds: 1 for bone.
    """
    inserted = np.clip((share - insertion_from) / max(1 - insertion_from, 1e-12), 0, 1)
    before = np.clip((insertion_from - share) / max(insertion_from, 1e-12), 0, 1)
    return (1 - inserted ** (power + 1)) * (1 - (1 - held) * before ** (power + 1))


def cable_forces(sheet: Cable, power: float, held: float = 0.0, fibres: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Points (k, 3) mm and forces (k, 3) with which one newton in the whole muscle pulls at its surroundings.

    The newton is shared between the fibres by cross-section, and inserts as ``tension_profile`` says with ``power``. Of a muscle
    from bone only the insertion zone counts; of a soft origin ``held`` is the share of the pull that an aponeurosis takes. ``fibres``
    (across,): only these pull, each with its share of the whole.
    """
    points = sheet.points
    shares = _fibre_shares(points, sheet.thickness_mm)
    fibre_share = (shares if fibres is None else np.where(fibres, shares, 0.0))[None, :, None]
    if sheet.closed:
        if np.linalg.norm(points[0] - points[-1], axis=-1).max() < 1e-6:
            points = points[:-1]
        points = points[::2]
        step = np.roll(points, -1, axis=0) - points
        pull = fibre_share * step / np.linalg.norm(step, axis=-1, keepdims=True)
        force = pull - np.roll(pull, 1, axis=0)
        return points.reshape(-1, 3), force.reshape(-1, 3)
    points = points[_stations(points)]
    step = np.diff(points, axis=0)
    length = np.linalg.norm(step, axis=-1)
    along = np.concatenate([np.zeros_like(length[:1]), np.cumsum(length, axis=0)])
    middle = (along[1:] + along[:-1]) / (2 * along[-1:])
    bone = sheet.origin == "bone"
    tension = tension_profile(middle, sheet.insertion_from, power, 1.0 if bone else held)
    pull = fibre_share * (tension / length)[..., None] * step
    at_origin = (1.0 if bone else held) * fibre_share * step[:1] / length[:1, :, None]
    force = np.concatenate([pull, np.zeros_like(pull[:1])]) - np.concatenate([at_origin, pull])
    if bone:
        force[:-1][tension >= 1] = 0.0  # before the zone bone carries the fibre
    used = np.linalg.norm(force, axis=-1) > 0
    return points[used], force[used]


def _stations(points: np.ndarray) -> np.ndarray:
    """Evenly chosen stations along the fibres, finer than the skin's triangles; both ends kept."""
    longest_mm = np.linalg.norm(np.diff(points, axis=0), axis=-1).sum(axis=0).max()
    count = min(len(points), int(np.ceil(longest_mm / STEP_MM)) + 1)
    return np.unique(np.rint(np.linspace(0, len(points) - 1, count)).astype(int))


def _fibre_shares(points: np.ndarray, thickness_mm: np.ndarray) -> np.ndarray:
    """Share of each fibre in the cross-section: width times thickness, averaged along it; adds up to one."""
    gap = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    width = np.zeros(points.shape[:2])
    width[:, :-1] += gap / 2
    width[:, 1:] += gap / 2
    section = (width * thickness_mm).mean(axis=0)
    return section / section.sum()


def pull_skin(sheet: Cable, surface: Surface, power: float, held: float = 0.0, fibres: np.ndarray | None = None) -> np.ndarray:
    """Nodal forces (n, 3) on ``surface`` of one newton in the muscle; ``power``, ``held`` and ``fibres`` as in ``cable_forces``.

    Each force goes to the closest skin by the barycentric weights of its foot, which add up to one: none is lost.
    """
    points, force = cable_forces(sheet, power, held, fibres)
    foot = surface.closest(points, candidates=8)
    normal = surface.normal_at(foot.triangle, foot.barycentric)
    force = force - normal * np.einsum("kd,kd->k", force, normal)[:, None]
    nodes = surface.triangles[foot.triangle]
    weighted = foot.barycentric[:, :, None] * force[:, None, :]
    return np.stack(
        [np.bincount(nodes.ravel(), weighted[..., axis].ravel(), len(surface.vertices)) for axis in range(3)],
        axis=1,
    )
