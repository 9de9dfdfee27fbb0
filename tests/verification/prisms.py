"""A second implementation of the spread stage, for tests only: linear finite elements on prisms.

It shares the parameter rows, the skin surface, the muscle sheets and the ellipsoid of the bolus with the package, and nothing
else: no conductances, no shares of cells. Tissue is looked up at quadrature points, inside or outside a muscle.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import cg
from scipy.spatial import cKDTree

from glabella.stages.bolus import bolus_frame
from glabella.stages.bolus.place import EDGE_MM

_TRIANGLE = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5]])
_GAUSS = np.array([0.5 - np.sqrt(3) / 6, 0.5 + np.sqrt(3) / 6])


def _quadrature():
    """Shape functions (6, 6) and their reference gradients (6, 6, 3) at the six points of a prism; each weighs 1/12."""
    values, slopes = [], []
    for r, s in _TRIANGLE:
        for z in _GAUSS:
            t = 1 - r - s
            values.append([t * (1 - z), r * (1 - z), s * (1 - z), t * z, r * z, s * z])
            slopes.append([[z - 1, z - 1, -t], [1 - z, 0, -r], [0, 1 - z, -s], [-z, -z, t], [z, 0, r], [0, z, s]])
    return np.array(values), np.array(slopes)


@dataclass(frozen=True)
class Prisms:
    points: np.ndarray  # (n, 3) mm
    elements: np.ndarray  # (m, 6)

    def mapped(self):
        """Shape values, physical gradients (m, 6 points, 6, 3), weights (m, 6 points) mm3 and places (m, 6 points, 3)."""
        values, slopes = _quadrature()
        corners = self.points[self.elements]
        jacobian = np.einsum("mai,qaj->mqij", corners, slopes, optimize=True)
        determinant = np.linalg.det(jacobian)
        gradients = np.einsum("qaj,mqji->mqai", slopes, np.linalg.inv(jacobian), optimize=True)
        return values, gradients, np.abs(determinant) / 12, np.einsum("qa,mai->mqi", values, corners)


def columns_to_prisms(grid, refine):
    """Prisms on the same columns as ``grid`` with every step divided by ``refine``; quads are split alternately."""
    step_theta, step_phi = grid.steps
    theta = np.linspace(grid.theta[0] - step_theta / 2, grid.theta[-1] + step_theta / 2, refine * len(grid.theta) + 1)
    phi = np.linspace(grid.phi[0] - step_phi / 2, grid.phi[-1] + step_phi / 2, refine * len(grid.phi) + 1)
    coarse = grid.edges_mm
    depth = np.interp(np.linspace(0, len(coarse) - 1, refine * (len(coarse) - 1) + 1), np.arange(len(coarse)), coarse)
    t, p, w = np.meshgrid(theta, phi, depth, indexing="ij")
    direction = np.stack([np.sin(t) * np.cos(p), np.sin(p), np.cos(t) * np.cos(p)], -1)
    radius = grid._at(grid.radius_mm, t.ravel(), p.ravel()).reshape(t.shape)
    points = grid.centre + (radius - w)[..., None] * direction
    number = np.arange(t.size).reshape(t.shape)
    a, b, c, d = (number[i : i - 1 or None, j : j - 1 or None] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)))
    even = (np.add.outer(np.arange(len(theta) - 1), np.arange(len(phi) - 1)) % 2 == 0)[..., None]
    first = [np.where(even, x, y) for x, y in ((a, a), (b, b), (c, d))]
    second = [np.where(even, x, y) for x, y in ((a, b), (c, c), (d, d))]
    elements = []
    for corner in (first, second):
        top = np.stack([x[..., :-1].ravel() for x in corner], 1)
        bottom = np.stack([x[..., 1:].ravel() for x in corner], 1)
        elements.append(np.concatenate([top, bottom], 1))
    return Prisms(points.reshape(-1, 3), np.concatenate(elements))


def outward_at_border(sheet):
    """Vectors (nu, nv, 3) that point out of the sheet at its border along u and along v, zero inside."""
    along_u, along_v = np.zeros_like(sheet.points), np.zeros_like(sheet.points)
    if not sheet.closed:
        along_u[0], along_u[-1] = sheet.points[0] - sheet.points[1], sheet.points[-1] - sheet.points[-2]
    along_v[:, 0], along_v[:, -1] = sheet.points[:, 0] - sheet.points[:, 1], sheet.points[:, -1] - sheet.points[:, -2]
    normal = sheet.normals
    return [v - np.einsum("uvd,uvd->uv", v, normal)[..., None] * normal for v in (along_u, along_v)]


def inside_sheets(places, sheets):
    """Boolean (n,) and fibre (n, 3): is a place inside any of the muscles, and which way do its fibres run."""
    inside = np.zeros(len(places), bool)
    fibre = np.zeros_like(places)
    owner = np.full(len(places), -1)
    for number, sheet in enumerate(sheets):
        lattice = sheet.points.reshape(-1, 3)
        gap, near = cKDTree(lattice).query(places, distance_upper_bound=2.5)
        hit = np.flatnonzero(np.isfinite(gap))
        offset = places[hit] - lattice[near[hit]]
        through = np.abs(np.einsum("nd,nd->n", offset, sheet.normals.reshape(-1, 3)[near[hit]]))
        within = (through < sheet.thickness_mm.ravel()[near[hit]] / 2) & (owner[hit] < 0)
        for outward in outward_at_border(sheet):
            within &= np.einsum("nd,nd->n", offset, outward.reshape(-1, 3)[near[hit]]) <= 1e-9
        hit = hit[within]
        inside[hit], owner[hit] = True, number
        fibre[hit] = sheet.fibres.reshape(-1, 3)[near[hit]]
    return inside, fibre, owner


def solve(prisms, sheets, skin_mm_at, depth_at, source_at, parameters, tolerance=1e-10):
    """Exposure at the nodes and, per sheet, the mean dose in units/mm3; plus the balance of units."""
    values, gradients, weights, places = prisms.mapped()
    flat = places.reshape(-1, 3)
    inside, fibre, owner = inside_sheets(flat, sheets)
    dermis = depth_at(flat) < skin_mm_at(flat)
    d, ratio, along = (
        parameters["toxin_diffusivity_mm2_per_day"],
        parameters["dermis_diffusivity_ratio"],
        parameters["fibre_anisotropy"] - 1,
    )
    tensor = d * (
        (1 + (ratio - 1) * dermis)[:, None, None] * np.eye(3) + along * inside[:, None, None] * np.einsum("ni,nj->nij", fibre, fibre)
    )
    tensor = tensor.reshape(*weights.shape, 3, 3)
    innervated = np.array([sheet.innervated for sheet in sheets] + [False])[owner].reshape(weights.shape)
    loss = parameters["clearance_rate_per_day"] + parameters["uptake_rate_per_day"] * innervated
    stiffness = np.einsum("mq,mqai,mqij,mqbj->mab", weights, gradients, tensor, gradients, optimize=True)
    mass = np.einsum("mq,qa,qb->mab", weights * loss, values, values, optimize=True)
    rows = np.repeat(prisms.elements, 6, 1).ravel()
    columns = np.tile(prisms.elements, (1, 6)).ravel()
    matrix = sp.csr_matrix(((stiffness + mass).ravel(), (rows, columns)), (len(prisms.points),) * 2)
    density = source_at(flat).reshape(weights.shape) * weights
    load = np.bincount(prisms.elements.ravel(), np.einsum("mq,qa->ma", density, values).ravel(), len(prisms.points))
    scale = sp.diags(1 / matrix.diagonal())
    exposure, failed = cg(matrix, load, rtol=tolerance, M=scale, maxiter=5000)
    assert failed == 0
    at_points = np.einsum("qa,ma->mq", values, exposure[prisms.elements])
    taken = parameters["uptake_rate_per_day"] * at_points
    dose = {}
    for number, sheet in enumerate(sheets):
        mine = (owner == number).reshape(weights.shape)
        if mine.any():
            dose[sheet.name] = float((taken * weights)[mine].sum() / weights[mine].sum())
    return exposure, dose, float(load.sum()), float((loss * at_points * weights).sum())


def smeared_boluses(boluses, anatomy):
    """Units per mm3 (up to a common factor) of the ellipsoids of fluid at places (n, 3)."""

    def density(places):
        total = np.zeros(len(places))
        for bolus in boluses:
            axes = np.array(bolus.semi_axes_mm)
            q = np.linalg.norm((places - bolus.needle.tip) @ bolus_frame(bolus.needle, anatomy).T / axes, axis=1)
            total += bolus.units * np.clip(0.5 + (1 - q) * axes.prod() ** (1 / 3) / EDGE_MM, 0, 1)
        return total

    return density
