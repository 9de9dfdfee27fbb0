"""The dose field: how the units of a session spread and where nerve endings take them up.

Transport is linear at therapeutic amounts, so months of spreading are one steady solve for the concentration integrated over
time, C (unit days / mm3): ``-div(D grad C) + (k_uptake + k_clear) C = s``, zero flux at skin and bone. Nerve endings take up
``k_uptake C``; uptake happens only in innervated muscle. The matrix is symmetric: a solve with a structure's weights as source
(the adjoint) gives the dose to that structure from a unit injected anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import scipy.sparse as sp

from glabella.errors import SolverError
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import Bolus
from glabella.stages.diffusion.lattice import conductances, network

if TYPE_CHECKING:
    from glabella.stages.diffusion.compiled import Factor, Layout

TOLERANCE = 1e-11  # relative residual of the nominal solve; conservation to 1e-8 needs this


@dataclass(frozen=True)
class Spread:
    """The operator on the tissue cells: ``(diffusivity * L + diag(k volume)) C = s``.

    ``network`` L per unit diffusivity (mm); ``uptake_volume`` and ``volume`` (n,) in mm3: innervated muscle and tissue per cell.
    ``layout``: the network laid out for the compiled solver, see ``compiled``.
    """

    network: sp.csr_matrix
    volume: np.ndarray
    uptake_volume: np.ndarray
    diffusivity_mm2_per_day: float
    uptake_per_day: float
    clearance_per_day: float
    layout: "Layout | None" = None

    def at(self, parameters: Mapping[str, float]) -> "Spread":
        """The same tissue with the diffusivity and rates of ``parameters``."""
        diffusivity = parameters["toxin_diffusivity_mm2_per_day"]
        uptake, clearance = parameters["uptake_rate_per_day"], parameters["clearance_rate_per_day"]
        if (diffusivity, uptake, clearance) == (self.diffusivity_mm2_per_day, self.uptake_per_day, self.clearance_per_day):
            return self  # with what it has prepared
        return replace(self, diffusivity_mm2_per_day=diffusivity, uptake_per_day=uptake, clearance_per_day=clearance)

    def compiled(self) -> "Spread":
        """The same operator with a solver five to six times as fast, where the extra ``fast`` is installed; else itself.

        Loading it takes about a second, which many solves repay and one run does not; so whoever solves often asks for it.
        """
        if self.layout is not None:
            return self
        try:
            from glabella.stages.diffusion.compiled import lay_out
        except ImportError:  # not installed, or not made for the numpy that is
            return self
        return replace(self, layout=lay_out(self.network))

    @property
    def loss(self) -> np.ndarray:
        """Units lost per day and unit of C in each cell (n,): uptake and clearance times volume."""
        return self.uptake_per_day * self.uptake_volume + self.clearance_per_day * self.volume

    @property
    def matrix(self) -> sp.csr_matrix:
        """The matrix of the steady problem."""
        return (self.diffusivity_mm2_per_day * self.network + sp.diags(self.loss)).tocsr()

    @cached_property
    def _scaled(self) -> tuple[np.ndarray, sp.csr_matrix]:
        """1 / sqrt(diagonal) (n,) and the matrix scaled with it from both sides."""
        network, loss = self.network, self.loss
        scale = 1 / np.sqrt(self.diffusivity_mm2_per_day * network.diagonal() + loss)
        data = np.repeat(self.diffusivity_mm2_per_day * scale, np.diff(network.indptr))
        data *= network.data
        data *= scale[network.indices]
        scaled = sp.csr_matrix((data, network.indices, network.indptr), network.shape)
        scaled.setdiag(1.0)
        return scale, scaled

    @cached_property
    def _factor(self) -> "Factor":
        from glabella.stages.diffusion.compiled import factor

        assert self.layout is not None
        return factor(self.layout, self.diffusivity_mm2_per_day, self.loss)

    def solve(self, source: np.ndarray, tolerance: float = TOLERANCE, most_steps: int = 20_000) -> np.ndarray:
        """C (n,) for ``source`` (n,) units per cell, to a relative residual of ``tolerance`` after scaling to a unit diagonal.

        Conjugate gradients with Jacobi scaling, or the compiled ones. Errors: SolverError when ``most_steps`` do not reach the tolerance.
        """
        if self.layout is not None:
            from glabella.stages.diffusion.compiled import solve

            exposure, residual = solve(self._factor, source, tolerance, most_steps)
            return exposure if residual <= tolerance else _give_up(residual, most_steps, tolerance)
        # symmetric scaling to a unit diagonal: plain conjugate gradients on it is Jacobi-preconditioned
        scale, scaled = self._scaled
        b = scale * source
        goal = tolerance * np.sqrt(_dot(b, b))
        x = np.zeros_like(b)
        r = b.copy()
        p = r.copy()
        rr = _dot(r, r)
        for _ in range(most_steps):
            if np.sqrt(rr) <= goal:
                return scale * x
            q = scaled @ p
            step = rr / _dot(p, q)
            x += step * p
            r -= step * q
            new = _dot(r, r)
            p *= new / rr
            p += r
            rr = new
        return _give_up(np.sqrt(rr / _dot(b, b)), most_steps, tolerance)


def _give_up(residual: float, steps: int, tolerance: float) -> NoReturn:
    raise SolverError(f"spread solve: residual {residual:.1e} after {steps} steps, wanted {tolerance:.0e}")


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Scalar product in an order that does not depend on the number of threads."""
    return float(np.einsum("i,i->", a, b))


@dataclass(frozen=True)
class DoseField:
    """Time-integrated concentration ``exposure`` (n,) in unit days per mm3 on the tissue cells, and the balance of units."""

    exposure: np.ndarray
    placed_units: float
    taken_up_units: float
    cleared_units: float
    uptake_per_day: float

    @property
    def uptake_units_per_mm3(self) -> np.ndarray:
        """Dose (n,): units taken up per mm3 of innervated muscle in each cell."""
        return self.uptake_per_day * self.exposure


@dataclass(frozen=True)
class MuscleDose:
    """Dose of one muscle: ``dose_units_per_mm3`` (sessions, n) in n tissue elements of ``volume_mm3`` (n,) muscle each."""

    dose_units_per_mm3: np.ndarray
    volume_mm3: np.ndarray


def build_spread(anatomy: Anatomy, parameters: Mapping[str, float]) -> Spread:
    """Assemble the operator: anisotropic along fibres, slower in dermis, with fascia and septum as interface resistances."""
    tensors = tissue_tensors(anatomy, parameters)
    gradients = anatomy.grid.gradients(anatomy.cells)
    whole_volume = anatomy.volume_mm3 / anatomy.whole
    index_tensors = whole_volume[:, None, None] * np.einsum("nax,nxy,nby->nab", gradients, tensors, gradients, optimize=True)
    first, second, weight = conductances(anatomy.grid.shape, anatomy.cells, index_tensors)
    weight = weight * np.minimum(anatomy.whole[first], anatomy.whole[second])
    length = np.linalg.norm(anatomy.points[first] - anatomy.points[second], axis=1)
    reach = np.sqrt(parameters["toxin_diffusivity_mm2_per_day"] / parameters["clearance_rate_per_day"])
    for side, transmission in (
        (anatomy.behind_septum, parameters["orbital_septum_transmission"]),
        (anatomy.below_fascia, parameters["fascia_transmission"]),
    ):
        crosses = side[first] != side[second]
        weight[crosses] *= interface_factor(transmission, reach, length[crosses])
    innervated = np.zeros(len(anatomy.cells))
    for muscle in anatomy.muscles.values():
        if muscle.innervated:
            np.add.at(innervated, muscle.cells, muscle.share)
    matrix = network(len(anatomy.cells), first, second, weight)
    return Spread(matrix, anatomy.volume_mm3, innervated * anatomy.volume_mm3, 0.0, 0.0, 0.0).at(parameters)


def tissue_tensors(anatomy: Anatomy, parameters: Mapping[str, float]) -> np.ndarray:
    """Diffusion tensors (n, 3, 3) relative to the diffusivity across fibres: more along fibres, less in dermis."""
    ratio, along = parameters["dermis_diffusivity_ratio"], parameters["fibre_anisotropy"] - 1
    tensors = (1 + (ratio - 1) * anatomy.dermis)[:, None, None] * np.eye(3)
    for muscle in anatomy.muscles.values():
        extra = along * muscle.share[:, None, None] * np.einsum("nx,ny->nxy", muscle.fibres, muscle.fibres)
        np.add.at(tensors, muscle.cells, extra)
    return tensors


def interface_factor(transmission: float, reach_mm: float, length_mm: np.ndarray) -> np.ndarray:
    """Factor (n,) on conductances of ``length_mm`` that cross an interface.

    An interface lets the share ``transmission`` through of what would reach the far side without it: for a source at a plane
    interface in tissue with reach sqrt(D/k) that is a resistance of 2 (1 - T)/T reach/D, in series with the edge.
    """
    if transmission <= 0:
        return np.zeros_like(length_mm)
    return 1 / (1 + 2 * (1 - transmission) / transmission * reach_mm / length_mm)


def source_of(boluses: Sequence[Bolus], cells: int) -> np.ndarray:
    """Units per tissue cell (cells,) of all boluses together."""
    source = np.zeros(cells)
    for bolus in boluses:
        np.add.at(source, bolus.cells, bolus.units * bolus.share)
    return source


def spread_toxin(spread: Spread, boluses: Sequence[Bolus], tolerance: float = TOLERANCE) -> DoseField:
    """Spread one session's boluses. Units taken up and cleared are each integrated from the solved field."""
    source = source_of(boluses, len(spread.volume))
    exposure = spread.solve(source, tolerance)
    taken = float(spread.uptake_per_day * (spread.uptake_volume @ exposure))
    cleared = float(spread.clearance_per_day * (spread.volume @ exposure))
    return DoseField(exposure, float(source.sum()), taken, cleared, spread.uptake_per_day)


def muscle_doses(anatomy: Anatomy, fields: Sequence[DoseField]) -> dict[str, MuscleDose]:
    """Dose of every innervated muscle in its tissue elements, one row per session."""
    doses = {}
    for name, muscle in anatomy.muscles.items():
        if muscle.innervated:
            dose = np.stack([np.maximum(field.uptake_per_day * field.exposure[muscle.cells], 0) for field in fields])
            doses[name] = MuscleDose(dose, muscle.share * anatomy.volume_mm3[muscle.cells])
    return doses
