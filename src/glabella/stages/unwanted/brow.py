"""How the brows of one run stand against before: what is seen of it as heavy, peaked or uneven."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glabella.names import SIDES
from glabella.stages.skin.lift import PARTS


@dataclass(frozen=True)
class BrowChange:
    """Over the days, one entry per run (runs,), in mm: the largest ``drop_mm`` of any part of a brow at rest; while the brows are raised
    the largest ``arch_mm``, by which the peak stands higher above the head than in the untreated face; and at rest or raised the largest
    ``asymmetry_mm`` of a part against the other side.

    ``sampled``: the runs scatter their needles.
    """

    drop_mm: np.ndarray
    arch_mm: np.ndarray
    asymmetry_mm: np.ndarray
    sampled: bool


def measure_brows(runs: Sequence[Mapping[tuple[str, ...], np.ndarray]], sampled: bool) -> BrowChange:
    """The brows of several runs, each with its curves ("brow", side, part) and ("raised_brow", side, part) in mm, up positive."""
    drop, arch, asymmetry = [], [], []
    for run in runs:
        states = [{side: {part: run[state, side, part] for part in PARTS} for side in SIDES} for state in ("brow", "raised_brow")]
        drop.append(max(float((-height).max()) for parts in states[0].values() for height in parts.values()))
        arch.append(max(float((parts["peak"] - parts["head"]).max()) for parts in states[1].values()))
        asymmetry.append(max(float(np.abs(state["left"][part] - state["right"][part]).max()) for state in states for part in PARTS))
    return BrowChange(np.array(drop), np.array(arch), np.array(asymmetry), sampled)
