"""Thickness of the masseter over time: how an ultrasound sees its bulk and its force.

At rest the thickness follows the bulk. A clench adds a bulge that needs force, so that its thickness falls as soon as the muscle is
weak, weeks before there is less of it: 'first in clench in week 1, then at rest'.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from glabella.evidence import Parameters
from glabella.names import without_side
from glabella.stages.junction import Blockade
from glabella.stages.muscle.force import MuscleForce, weaken_muscles

RATES = ("muscle_atrophy_per_day", "muscle_regrowth_per_day")


@dataclass(frozen=True)
class Thickness:
    """Thickness of one masseter in mm per day, relaxed and with the teeth clenched."""

    rest_mm: np.ndarray
    clench_mm: np.ndarray


def weaken_lower_muscles(blockade: Blockade, parameters: Parameters) -> MuscleForce:
    """Force and bulk as ``weaken_muscles``; the masseter, a limb-like muscle of its own size, wastes and regrows at rates of its own."""
    own = parameters.with_values({rate: parameters[f"masseter_{rate}"] for rate in RATES})
    force, bulk = {}, {}
    for names, rates in ((_of(blockade, False), parameters), (_of(blockade, True), own)):
        part = replace(
            blockade,
            blocked={name: blockade.blocked[name] for name in names},
            active={name: blockade.active[name] for name in names},
            course_active=blockade.course_active and {name: blockade.course_active[name] for name in names},
        )
        found = weaken_muscles(part, rates)
        force |= found.force
        bulk |= found.bulk
    return MuscleForce(blockade.days, {name: force[name] for name in blockade.active}, {name: bulk[name] for name in blockade.active})


def _of(blockade: Blockade, masseter: bool) -> list[str]:
    return [name for name in blockade.active if (without_side(name) == "masseter") == masseter]


def masseter_thickness(force: MuscleForce, sex: str, parameters: Mapping[str, float]) -> dict[str, Thickness]:
    """Thickness of both masseters per day: rest x bulk, and the bulge of a clench x force on top of it."""
    rest, clench = (parameters[f"masseter_thickness_{state}_{sex}_mm"] for state in ("rest", "clench"))
    return {
        name: Thickness(rest * force.bulk[name], rest * force.bulk[name] + (clench - rest) * force.force[name])
        for name in force.force
        if without_side(name) == "masseter"
    }
