"""An elastic membrane on an elastic foundation: flat constant-strain triangles in three dimensions, factored once.

Equilibrium of a skin of stiffness ``E h`` that is held to the deep tissue by springs ``k`` per area and pulled by forces ``f``:
``-div(h sigma(u)) + k u = f`` with plane stress and free edges. Along a strip it is ``E h u'' = k u``, a decay over
``sqrt(E h / k)``. The foundation holds the normal direction more firmly than the tangential one. Forces in N, lengths in mm.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import SuperLU, splu

UP = np.array([0.0, 1.0, 0.0])
FORWARD = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Membrane:
    """Skin as triangles ``triangles`` (m, 3) of ``vertices`` (n, 3) mm, with properties per triangle (m,).

    ``stiffness_n_per_mm`` is E h / (1 - nu^2); ``tangential_n_per_mm3`` and ``normal_n_per_mm3`` are the springs that hold it.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    stiffness_n_per_mm: np.ndarray
    poisson_ratio: float
    tangential_n_per_mm3: np.ndarray
    normal_n_per_mm3: np.ndarray

    @cached_property
    def frames(self) -> np.ndarray:
        """Per triangle the unit vectors along the skin (m, 2, 3): to the person's left (horizontal), and up."""
        normal = self._cross / np.linalg.norm(self._cross, axis=1, keepdims=True)
        up = UP - normal * (normal @ UP)[:, None]
        flat = np.linalg.norm(up, axis=1) < 1e-6  # skin that faces straight up or down: any direction will do
        up[flat] = (FORWARD - normal * (normal @ FORWARD)[:, None])[flat]
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        return np.stack([np.cross(up, normal), up], axis=1)

    @cached_property
    def areas_mm2(self) -> np.ndarray:
        """Area of each triangle (m,)."""
        return np.linalg.norm(self._cross, axis=1) / 2

    @cached_property
    def _cross(self) -> np.ndarray:
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def _gradients(self) -> np.ndarray:
        """Gradients of the three shape functions in the frame of the triangle, (m, 3, 2) per mm."""
        corners = self.vertices[self.triangles]
        flat = np.einsum("mkd,mad->mka", corners - corners[:, :1], self.frames)
        x, y = flat[..., 0], flat[..., 1]
        twice = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])
        after, before = [1, 2, 0], [2, 0, 1]
        return np.stack([y[:, after] - y[:, before], x[:, before] - x[:, after]], axis=2) / twice[:, None, None]

    def _strain_rows(self) -> np.ndarray:
        """Per triangle the 3 x 9 matrix from corner displacements to (horizontal, vertical, engineering shear) strain."""
        left, up = self.frames[:, 0], self.frames[:, 1]
        slope_left, slope_up = self._gradients[..., 0], self._gradients[..., 1]
        along = np.einsum("mk,md->mkd", slope_left, left)
        across = np.einsum("mk,md->mkd", slope_up, up)
        shear = np.einsum("mk,md->mkd", slope_up, left) + np.einsum("mk,md->mkd", slope_left, up)
        return np.stack([along, across, shear], axis=1).reshape(len(self.triangles), 3, 9)

    @cached_property
    def _unknowns(self) -> np.ndarray:
        return (3 * self.triangles[:, :, None] + np.arange(3)).reshape(len(self.triangles), 9)

    @cached_property
    def strain_operator(self) -> sp.csr_matrix:
        """(3 m, 3 n): displacement, flattened, to strain in the frame of each triangle; shear as half the engineering one."""
        rows = self._strain_rows() * np.array([1.0, 1.0, 0.5])[:, None]
        columns = np.repeat(self._unknowns[:, None], 3, axis=1).ravel()
        start = np.arange(0, rows.size + 1, 9)
        operator = sp.csr_matrix((rows.ravel(), columns, start), (3 * len(self.triangles), 3 * len(self.vertices)))
        operator.sort_indices()
        return operator

    @cached_property
    def elastic(self) -> sp.csc_matrix:
        """Stiffness of the membrane alone (3 n, 3 n), N/mm: no force for a rigid shift."""
        nu = self.poisson_ratio
        plane_stress = np.array([[1, nu, 0], [nu, 1, 0], [0, 0, (1 - nu) / 2]])
        rows = self._strain_rows()
        blocks = np.swapaxes(rows, 1, 2) @ (plane_stress @ rows) * (self.areas_mm2 * self.stiffness_n_per_mm)[:, None, None]
        return self._assemble(blocks)

    @cached_property
    def foundation(self) -> sp.csc_matrix:
        """Stiffness of the foundation alone (3 n, 3 n), N/mm: springs spread over the triangles, firmer along the normal."""
        normal = self._cross / np.linalg.norm(self._cross, axis=1, keepdims=True)
        extra = (self.normal_n_per_mm3 - self.tangential_n_per_mm3)[:, None, None]
        spring = self.tangential_n_per_mm3[:, None, None] * np.eye(3) + extra * np.einsum("mi,mj->mij", normal, normal)
        shared = (np.ones((3, 3)) + np.eye(3)) / 12  # integral of two shape functions over a triangle of area one
        blocks = np.einsum("kl,mij->mkilj", shared, spring * self.areas_mm2[:, None, None])
        return self._assemble(blocks.reshape(-1, 9, 9))

    def _assemble(self, blocks: np.ndarray) -> sp.csc_matrix:
        index, columns = np.repeat(self._unknowns, 9, axis=1).ravel(), np.tile(self._unknowns, (1, 9)).ravel()
        unknowns = 3 * len(self.vertices)
        return sp.csc_matrix((blocks.ravel(), (index, columns)), (unknowns, unknowns))

    @cached_property
    def factor(self) -> SuperLU:
        """The symmetric factorisation, made at first use and kept."""
        matrix = (self.elastic + self.foundation).tocsc()
        matrix.sort_indices()
        return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})

    def solve(self, forces_n: np.ndarray) -> np.ndarray:
        """Displacement (cases, n, 3) mm under nodal ``forces_n`` (cases, n, 3)."""
        cases = forces_n.reshape(len(forces_n), -1)
        return self.factor.solve(np.ascontiguousarray(cases.T)).T.reshape(forces_n.shape)

    def forget_factor(self) -> None:
        """Let go of the factorisation, in the thread that made it: SuperLU's memory is never freed from another one."""
        self.__dict__.pop("factor", None)

    def strain(self, displacement_mm: np.ndarray) -> np.ndarray:
        """Strain (cases, m, 3) of displacements (cases, n, 3): horizontal, vertical, shear, in the frame of each triangle."""
        cases = displacement_mm.reshape(len(displacement_mm), -1)
        return (self.strain_operator @ cases.T).T.reshape(len(cases), -1, 3)


def most_compressive(horizontal: np.ndarray, vertical: np.ndarray, shear: np.ndarray) -> np.ndarray:
    """The smaller principal strain of a plane strain tensor, in closed form; negative where the skin is squeezed."""
    half = 0.5 * (horizontal - vertical)
    return 0.5 * (horizontal + vertical) - np.sqrt(half * half + shear * shear)


def compression_axis(horizontal: np.ndarray, vertical: np.ndarray, shear: np.ndarray) -> np.ndarray:
    """Unit vector (..., 2) in the frame of the triangle along which the skin is squeezed most; its sign has no meaning."""
    angle = 0.5 * np.arctan2(2 * shear, horizontal - vertical) + np.pi / 2
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
