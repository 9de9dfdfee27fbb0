"""The table of mechanisms: what is weakened, raised or lowered by how much is noticed as which effect. One row each.

A muscle of the upper face is one row of ``MUSCLE_MECHANISMS`` and one row of parameters.csv. The lower face and neck have tissue of
their own and rate weak bite and difficulty swallowing there (``lower_face.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal

from glabella.names import SIDES

Values = Mapping[str, float]
LATERAL_RECTUS = "lateral_rectus"  # reached by fluid that tracks beside the eye, not above it
Law = Literal["either_side", "sides_differ"]


@dataclass(frozen=True)
class MuscleMechanism:
    """An effect of the dose to one pair of muscles.

    ``law``: noticed when either side is blocked by the share that ``noticed`` gives, or when the sides differ by it. ``one_of_many``: the
    structure is one of several that could cause the effect, so that a dose of nothing does not rule it out. ``set_to``: what a row of the
    table was chosen to meet, where the chance is for that reason no prediction.
    """

    effect: str
    structure: str
    law: Law
    noticed: Callable[[Values], float]
    one_of_many: bool = False
    set_to: str = ""


@dataclass(frozen=True)
class BrowMechanism:
    """An effect of how the brows stand: ``measure`` of ``BrowChange`` against the row ``visible`` in mm. ``needs_samples``: it comes
    from the scatter of the needles alone, so that one run says nothing about it."""

    effect: str
    measure: str
    visible: str
    needs_samples: bool = False


def _lid_drop(values: Values) -> float:
    return values["lid_drop_visible_mm"] / values["lid_drop_when_blocked_mm"]


MUSCLE_MECHANISMS = (
    MuscleMechanism(
        "eyelid_ptosis", "levator_palpebrae_superioris", "either_side", _lid_drop,
        set_to="the reach of its route was chosen so that the licensed plan meets the published rate",
    ),
    MuscleMechanism("dry_eye", "orbicularis_oculi_palpebral", "either_side", itemgetter("blink_weakness_noticed")),
    MuscleMechanism("asymmetric_smile", "zygomaticus_major", "sides_differ", itemgetter("smile_weakness_noticed")),
    MuscleMechanism(
        "double_vision", LATERAL_RECTUS, "either_side", itemgetter("lateral_rectus_weakness_noticed"), one_of_many=True,
        set_to="the reach of its route was chosen so that it stays uncommon after the licensed plan, as labels name it without a rate",
    ),
)  # fmt: skip
BROW_MECHANISMS = (
    BrowMechanism("brow_ptosis", "drop_mm", "brow_drop_visible_mm"),
    BrowMechanism("peaked_brow", "arch_mm", "brow_arch_visible_mm"),
    BrowMechanism("asymmetric_brow", "asymmetry_mm", "brow_asymmetry_visible_mm", needs_samples=True),
)
ONE_OF_MANY = tuple(row.effect for row in MUSCLE_MECHANISMS if row.one_of_many)
STRUCTURES = tuple(f"{row.structure}_{side}" for row in MUSCLE_MECHANISMS for side in SIDES)
