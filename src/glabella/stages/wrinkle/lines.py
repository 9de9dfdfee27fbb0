"""Where the lines run: across the compression, evenly spaced, for pictures."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from glabella.evidence import Parameters
from glabella.patient import Patient
from glabella.stages.skin import Skin
from glabella.stages.skin.membrane import most_compressive
from glabella.stages.wrinkle.grade import CONTRACTION

OUTSIDE = 1e-3  # weight of the skin outside the area, so that the phase goes on smoothly there: numerical
MIDLINE_MM = 3.0  # width over which the zero of the phase is taken: numerical


def line_phase(skin: Skin, area: str, patient: Patient, parameters: Parameters) -> np.ndarray:
    """Phase (n,) in mm on the vertices of ``face.surface(1)``: distance along the compression of the area's own contraction.

    Its gradient fits the direction of the strongest compression of the untreated skin; lines are its level sets, furrows where
    it is half a spacing (plus whole ones). Zero at the midline for areas that straddle it, so furrows come in symmetric pairs;
    zero at the middle of the others.
    """
    direction, weight = _compression(skin, area, patient, parameters)
    gradient = _gradient(skin)
    weights = sp.diags(np.repeat(weight, 3))
    system = (gradient.T @ weights @ gradient).tocsc()
    system += sp.eye(system.shape[0], format="csc") * (1e-9 * system.diagonal().mean())
    phase = splu(system).solve(gradient.T @ (weights @ direction.ravel()))
    phase -= np.average(phase, weights=_zero_weight(skin, area))
    whole = np.zeros(skin.face_vertices)
    whole[skin.vertex_index] = phase
    return whole


def line_strength(skin: Skin, area: str, patient: Patient, parameters: Parameters) -> np.ndarray:
    """Local compression (n,) 0..1 on the vertices of ``face.surface(1)`` relative to the strongest in the area; 0 outside."""
    squeeze = _squeeze(skin, area, patient, parameters)
    inside = skin.areas[area]
    corners = skin.surface.triangles[inside]
    load = np.repeat(squeeze[inside] * skin.membrane.areas_mm2[inside] / 3, 3)
    total = np.bincount(corners.ravel(), load, len(skin.surface.vertices)) / skin.surface.vertex_areas_mm2
    whole = np.zeros(skin.face_vertices)
    whole[skin.vertex_index] = total / total.max() if total.max() > 0 else total
    return whole


def _squeeze(skin: Skin, area: str, patient: Patient, parameters: Parameters) -> np.ndarray:
    strain = skin.strain(CONTRACTION[area], {}, patient, parameters)
    return np.maximum(-most_compressive(strain[:, 0], strain[:, 1], strain[:, 2]), 0.0)


def _compression(skin: Skin, area: str, patient: Patient, parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Direction (m, 3), all signs agreeing inside the area and zero outside, and weight (m,) of each triangle."""
    axis = skin.compression_direction(CONTRACTION[area], {}, patient, parameters)
    squeeze = _squeeze(skin, area, patient, parameters)
    inside = skin.areas[area]
    load = squeeze[inside] * skin.membrane.areas_mm2[inside]
    mean = np.linalg.eigh(np.einsum("m,mi,mj->ij", load, axis[inside], axis[inside]))[1][:, -1]
    leading = 1 if abs(mean[1]) > abs(mean[0]) else 0
    mean = mean * np.sign(mean[leading])
    along = axis[inside] @ mean
    direction = np.zeros_like(axis)
    direction[inside] = axis[inside] * np.sign(along)[:, None]
    weight = OUTSIDE * load.sum() / len(load) * skin.membrane.areas_mm2 / skin.membrane.areas_mm2.mean()
    weight[inside] += load * along**2
    return direction, weight


def _gradient(skin: Skin) -> sp.csr_matrix:
    """(3 m, n): vertex values to the gradient in space of each triangle."""
    corners = skin.surface.vertices[skin.surface.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    square = np.einsum("md,md->m", normal, normal)
    opposite = np.stack([corners[:, (k + 2) % 3] - corners[:, (k + 1) % 3] for k in range(3)], axis=1)
    slope = np.cross(normal[:, None], opposite) / square[:, None, None]
    m = len(corners)
    rows = (3 * np.arange(m)[:, None, None] + np.arange(3)[None, None, :]) + np.zeros((1, 3, 1), int)
    columns = np.repeat(skin.surface.triangles[:, :, None], 3, axis=2)
    return sp.csr_matrix((slope.ravel(), (rows.ravel(), columns.ravel())), (3 * m, len(skin.surface.vertices)))


def _zero_weight(skin: Skin, area: str) -> np.ndarray:
    """Weight (n,) of the vertices at which the phase is zero on average."""
    corners = skin.surface.triangles[skin.areas[area]]
    load = np.repeat(skin.membrane.areas_mm2[skin.areas[area]], 3)
    weight = np.bincount(corners.ravel(), load, len(skin.surface.vertices))
    x = skin.surface.vertices[:, 0]
    if x[weight > 0].min() < 0 < x[weight > 0].max():
        weight = weight * np.exp(-0.5 * (x / MIDLINE_MM) ** 2)
    return weight
