"""Dose to a pair of structures from a needle anywhere on the skin: one adjoint solve per structure, then one product per needle."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from glabella.errors import InputError
from glabella.evidence import Parameters
from glabella.names import SIDES
from glabella.planner.risk_map_skin import Entries
from glabella.stages.anatomy import Anatomy
from glabella.stages.bolus import Needle, fill_bolus, levator_bed, rim_distances_mm
from glabella.stages.diffusion import Spread
from glabella.stages.unwanted import structure_weights

ADJOINT_TOLERANCE = 1e-10  # relative residual: the dose is then that of a forward solve to about a millionth
AT_A_TIME = 40
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Reach:
    """Adjoint ``fields`` (cells, 2) of the ``structures`` on the left and right: mean dose in units/mm3 from a unit put into each cell.

    ``beds``: of each side, the dose (2,) to both from a unit that tracked through the septum there.
    """

    anatomy: Anatomy
    parameters: Parameters
    structures: tuple[str, str]
    fields: np.ndarray
    beds: Mapping[str, np.ndarray]
    volume_ml: float

    def needle_depth_mm(self, entries: Entries, depth_mm: np.ndarray | float) -> np.ndarray:
        """Depth (n,) of the tip: a needle stops at bone, and does not stay in the epidermis."""
        return np.clip(np.broadcast_to(depth_mm, len(entries)), 0.5 * self.anatomy.epidermis_mm, entries.bone_mm)

    def per_unit(
        self, entries: Entries, depth_mm: np.ndarray | float, tracking: bool, workers: int | None = None, tell: Tell = lambda share: None
    ) -> np.ndarray:
        """Dose (n, 2) to the structures from one unit at each place, nan where its fluid finds no tissue.

        ``tracking``: with the share that goes through the septum; else all of it where the needle put it.
        """
        values = self.parameters if tracking else self.parameters.with_values({"septum_tracking_share": 0.0})
        depths = self.needle_depth_mm(entries, depth_mm)

        def one(n: int) -> np.ndarray:
            point, normal, depth = entries.points[n], entries.normals[n], float(depths[n])
            needle = Needle("risk_map", point, point - depth * normal, normal, depth, depth >= entries.bone_mm[n])
            try:
                bolus = fill_bolus(needle, 1.0, self.volume_ml, self.anatomy, values)
            except InputError:  # the tip lies outside the tissue, or wholly behind the septum
                return np.full(2, np.nan)
            return bolus.share @ self.fields[bolus.cells]

        def some(first: int) -> list[np.ndarray]:
            return [one(n) for n in range(first, min(first + AT_A_TIME, len(entries)))]

        found: list[np.ndarray] = []
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            for part in pool.map(some, range(0, len(entries), AT_A_TIME)):
                found += part
                tell(len(found) / len(entries))
        return np.array(found).reshape(-1, 2)

    def rim_distances(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(mm above the bony rim (n,), 0 left or 1 right (n,)) of entries (n, 3), as the fluid has them."""
        distance, side = rim_distances_mm(points, self.anatomy)
        return distance, np.array([SIDES.index(name) for name in side], int)


def find_reach(
    anatomy: Anatomy, spread: Spread, parameters: Parameters, structures: Iterable[str], volume_ml: float, workers: int | None = None
) -> Reach:
    """Solve the adjoint problem of each structure."""
    left, right = structures
    with ThreadPoolExecutor(min(2, workers or os.cpu_count() or 1)) as pool:
        solved = pool.map(lambda name: spread.solve(structure_weights(anatomy, spread, name), ADJOINT_TOLERANCE), (left, right))
        fields = np.maximum(np.stack(list(solved), 1), 0)
    beds = {}
    for side in SIDES:
        cells, share = levator_bed(anatomy, side, parameters)
        beds[side] = share @ fields[cells]
    _ = anatomy.fibres_near, anatomy.number_of  # made once, before the threads
    return Reach(anatomy, parameters, (left, right), fields, beds, volume_ml)
