"""The layered tissue of the lower face: the same grid of columns, about a centre of its own behind the mouth.

Bone (the mandible, the maxilla, the zygoma) and the cavities of mouth and throat end the columns at a depth that is a row per region,
blended over the skin, but never before a muscle's deep face.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glabella.face import Face
from glabella.names import SIDES, without_side
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import Atlas, Sheet
from glabella.stages.anatomy.drawing import Drawing, atlas_data
from glabella.stages.anatomy.grid import DEPTH_STEP_MM, STEP_MM, Grid, Window, build_grid
from glabella.stages.anatomy.lower_face import build_lower_atlas, lower_muscles, reference_feet
from glabella.stages.anatomy.regions import REACH_MM
from glabella.stages.anatomy.tissue import LEAST_SHARE, Anatomy, rasterise, tree_of

LOWER_WINDOW = Window(
    azimuth_degrees=(-62.0, 62.0),
    elevation_degrees=(-64.0, 34.0),
    deepest_mm=36.0,
    behind_nasion_mm=120.0,
    above_nasion_mm=-80.0,
    nominal_radius_mm=105.0,
)
LEAST_COSINE = 0.2  # columns that graze the skin, at the shoulders, are left out: numerical
WITHIN_STEPS = 2.0  # columns this near to a muscle's lattice are covered by it: numerical


def build_lower_anatomy(
    face: Face,
    patient: Patient,
    parameters: Mapping[str, float],
    *,
    step_mm: float = STEP_MM,
    depth_step_mm: float = DEPTH_STEP_MM,
    atlas: Atlas | None = None,
) -> Anatomy:
    """Face, patient and parameters (with the rows of the lower face) to layered tissue with muscles.

    ``below_fascia`` marks the tissue deep to the fascia over masseter and neck muscles; nothing is behind a septum here.
    """
    atlas = atlas or build_lower_atlas(face, patient, parameters)
    grid = build_grid(atlas.face, atlas.surface, step_mm, depth_step_mm, LOWER_WINDOW)
    columns = grid.shape[:2]
    skin = (grid.centre + grid.radius_mm[..., None] * grid.frames[0]).reshape(-1, 3)
    skin_mm = np.full(columns, parameters[f"dermis_thickness_lower_face_{patient.sex}_mm"] + parameters["epidermis_thickness_mm"])
    end_mm = region_depths(atlas.face, parameters, skin).reshape(columns)
    fascia_mm = np.full(columns, np.inf)
    for name, sheet in atlas.muscles.items():
        covered, outer_mm, deep_mm = _faces(sheet, grid)
        end_mm[covered] = np.maximum(end_mm[covered], deep_mm[covered] + parameters["deep_fascia_above_bone_mm"])
        if lower_muscles()[without_side(name)].get("under_fascia"):
            fascia_mm[covered] = np.minimum(fascia_mm[covered], outer_mm[covered])

    low, high = grid.edges_mm[:-1], grid.edges_mm[1:]
    share = np.clip((end_mm[..., None] / grid.cosine[..., None] - low) / (high - low), 0, 1)
    share[grid.open | (grid.cosine < LEAST_COSINE)] = 0
    cells = np.flatnonzero(share.ravel() >= LEAST_SHARE)
    i, j, k = np.unravel_index(cells, grid.shape)
    depth_mm = grid.depth_mm[k] * grid.cosine[i, j]
    points = grid.points.reshape(-1, 3)[cells]
    return Anatomy(
        atlas=atlas,
        grid=grid,
        cells=cells,
        points=points,
        volume_mm3=grid.volume_mm3.ravel()[cells] * share.ravel()[cells],
        whole=share.ravel()[cells],
        depth_mm=depth_mm,
        dermis=np.clip((skin_mm[i, j] / grid.cosine[i, j] - low[k]) / (high - low)[k], 0, 1),
        behind_septum=np.zeros(len(cells), bool),
        below_fascia=depth_mm > fascia_mm[i, j],
        muscles=rasterise(atlas.muscles, grid, cells, points),
        bone_depth_mm=end_mm,
        skin_mm=skin_mm,
        septum_mm=end_mm,
        epidermis_mm=parameters["epidermis_thickness_mm"],
    )


def region_depths(face: Face, parameters: Mapping[str, float], points: np.ndarray) -> np.ndarray:
    """Depth (n,) in mm at which bone or a cavity ends the soft tissue below skin points (n, 3): rows per region, blended by nearness."""
    drawing = Drawing(face)
    total, weights = np.zeros(len(points)), np.zeros(len(points))
    for region, data in atlas_data("lower_face/regions").items():
        marks = np.concatenate([drawing.transfer(reference_feet(np.array(data["anchors"]), side)).points for side in SIDES])
        gap = np.min(np.linalg.norm(points[:, None] - marks, axis=2), axis=1)
        weight = 1 / (1 + (gap / REACH_MM) ** 4)
        total += weight * parameters[depth_row(region, data)]
        weights += weight
    return total / weights


def depth_row(region: str, data: Mapping[str, Any]) -> str:
    """Name of the row that holds a region's depth."""
    if data["bone"]:
        return f"depth_to_bone_{region}_mm"
    return f"depth_to_mouth_{region}_mm" if region in ("lips", "cheek") else f"depth_of_tissue_{region}_mm"


def _faces(sheet: Sheet, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which columns (nt, np) a muscle covers, and the true depth of its outer and deep face there."""
    half = sheet.thickness_mm[..., None] / 2 * sheet.normals
    found = []
    theta, phi = np.meshgrid(grid.theta, grid.phi, indexing="ij")
    for points in (sheet.points + half, sheet.points - half):
        where = grid.coordinates(points.reshape(-1, 3))
        # near the lower edge columns crowd together in azimuth: their distance is taken on the sphere
        flat = np.stack([where[:, 0] * np.cos(where[:, 1]), where[:, 1]], 1)
        gap, near = tree_of(flat).query(np.stack([(theta * np.cos(phi)).ravel(), phi.ravel()], 1))
        covered = (np.asarray(gap) < WITHIN_STEPS * grid.steps[0]).reshape(grid.shape[:2])
        found.append((covered, where[near, 2].reshape(grid.shape[:2]) * grid.cosine))
    (first, outer), (second, deep) = found
    return first | second, outer, deep
