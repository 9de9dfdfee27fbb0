"""The face that a label check measures on: by default the reference face with the person's sex, age and size."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.names import SIDES
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import Atlas, build_atlas
from glabella.stages.anatomy.regions import ANCHORS, blend

AT_EDGE_MM = 0.2  # a needle this close to the edge of the skin was stopped by it: numerical


@lru_cache(maxsize=4)
def face_map(patient: Patient) -> Atlas:
    """The person's atlas."""
    parameters = load_parameters()
    return build_atlas(patient.shape(load_face(), parameters), patient, parameters)


@lru_cache(maxsize=4)
def on_treated_face(atlas: Atlas) -> Callable[[np.ndarray], bool]:
    """Whether a point (3,) lies on the skin of the upper face, away from the edges of the lids."""
    coarse, inside = atlas.face.surface(1), atlas.areas["face"]
    start, end = _open_edges(atlas.surface.vertices, atlas.surface.triangles)

    def on_face(point: np.ndarray) -> bool:
        step = end - start
        share = np.clip(((point - start) * step).sum(1) / (step * step).sum(1), 0, 1)
        gap = np.linalg.norm(start + share[:, None] * step - point, axis=1).min()
        return bool(inside[coarse.closest(point[None]).triangle[0]]) and gap > AT_EDGE_MM

    return on_face


def bone_depth(atlas: Atlas, parameters: Mapping[str, float]) -> Callable[[np.ndarray], float]:
    """Depth to bone in mm below a point (3,) of the skin; infinite over the openings of the orbits."""
    depths = {region: parameters[f"depth_to_bone_{region}_mm"] for region in ANCHORS}
    openings = [atlas.curves[f"orbital_rim_{side}"][:, :2] for side in SIDES]

    def depth_mm(point: np.ndarray) -> float:
        if any(_inside(opening, point[:2]) for opening in openings):
            return np.inf
        return float(blend(atlas.face, depths, point[None])[0])

    return depth_mm


def _inside(outline: np.ndarray, point: np.ndarray) -> bool:
    """Whether a point (2,) lies within a closed outline (n, 2)."""
    start, end = outline, np.roll(outline, -1, axis=0)
    crossing = (start[:, 1] > point[1]) != (end[:, 1] > point[1])
    rise = np.where(crossing, end[:, 1] - start[:, 1], 1.0)
    at = start[:, 0] + (end[:, 0] - start[:, 0]) * (point[1] - start[:, 1]) / rise
    return bool((crossing & (point[0] < at)).sum() % 2)


def _open_edges(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends (n, 3) of the edges that belong to one triangle only."""
    edges = np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]).astype(np.int64)
    edges, uses = np.unique(edges.min(axis=1) * len(vertices) + edges.max(axis=1), return_counts=True)
    first, second = np.divmod(edges[uses == 1], len(vertices))
    return vertices[first], vertices[second]
