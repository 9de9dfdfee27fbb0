"""What the muscles of the lower face do together: the strength of a bite, of the corner of the mouth, of lip, chin and neck.

Movement here is the pull that is left, a weighted sum of forces: no skin is moved. The muscles that close the jaw and lie outside the
grid, temporalis and medial pterygoid, keep their force.
"""

from collections.abc import Mapping

import numpy as np

MOVEMENTS = ("clench", "mouth_corner_depression", "lower_lip_depression", "chin_raise", "lip_closure", "smile", "neck_tension")


def lower_movement(force: Mapping[str, np.ndarray], parameters: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Percent of baseline (days,) of each of ``MOVEMENTS``, from the force of each muscle as a share of the untreated one."""

    def both(muscle: str) -> np.ndarray:
        return (force[f"{muscle}_left"] + force[f"{muscle}_right"]) / 2

    corner = parameters["mouth_corner_depressor_anguli_oris_share"]
    lip = parameters["lower_lip_depressor_labii_inferioris_share"]
    smile = parameters["smile_zygomaticus_major_share"]
    bite = parameters["clench_masseter_share"]
    platysma = both("platysma")
    found = {
        "clench": 1 - bite * (1 - both("masseter")),
        "mouth_corner_depression": corner * both("depressor_anguli_oris") + (1 - corner) * platysma,
        "lower_lip_depression": lip * both("depressor_labii_inferioris") + (1 - lip) * platysma,
        "chin_raise": both("mentalis"),
        "lip_closure": force["orbicularis_oris"],
        "smile": smile * both("zygomaticus_major") + (1 - smile) * both("risorius"),
        "neck_tension": platysma,
    }
    return {name: 100 * value for name, value in found.items()}
