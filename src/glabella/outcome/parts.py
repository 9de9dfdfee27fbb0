"""The parts of an outcome: curves of skin, muscles and brows, chances of side effects, where the units went, what it all rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from glabella.evidence.parameters import Parameter
from glabella.evidence.sources import Reference
from glabella.outcome.curve import Curve


@dataclass(frozen=True, eq=False)
class SkinCurves:
    """One area under one expression.

    ``strain``: area mean compression as a share; ``grade`` 0 to 3; ``fine_lines``: fold of the stratum corneum, micrometres.
    """

    strain: Curve
    grade: Curve
    fine_lines: Curve


@dataclass(frozen=True, eq=False)
class MuscleCurves:
    """One muscle: ``force`` and ``bulk`` as shares of the untreated muscle, ``blocked`` share of its nerve endings."""

    force: Curve
    bulk: Curve
    blocked: Curve


@dataclass(frozen=True, eq=False)
class BrowCurves:
    """Height of one brow relative to its place at rest before treatment, mm up positive, at its head, peak and tail."""

    head_mm: Curve
    peak_mm: Curve
    tail_mm: Curve


@dataclass(frozen=True)
class Reported:
    """What was published about an unwanted effect: share of people treated with its band, ``people`` behind it (None: not said), the
    share under ``placebo`` (None: unknown), how well the figure is known, its source and a remark."""

    value: float
    low: float
    high: float
    people: int | None
    placebo: float | None
    quality: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Probability:
    """Chance per person of an unwanted effect, with its band and where it comes from.

    ``basis``: 'computed' by the model's mechanism or the 'label_rate' of a published table. ``onset``, ``duration`` and
    ``seriousness`` are plain words; ``source`` is a key of sources.bib. ``reported``: the published rate, also beside a computed one.
    """

    value: float
    low: float
    high: float
    basis: Literal["computed", "label_rate"]
    onset: str
    duration: str
    seriousness: str
    source: str
    reported: Reported | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high <= 1:
            raise ValueError(f"probability: needs 0 <= low <= value <= high <= 1, got {self.low}, {self.value}, {self.high}")
        if self.basis not in ("computed", "label_rate"):
            raise ValueError(f"probability: basis '{self.basis}' must be computed or label_rate")
        for name in ("onset", "duration", "seriousness", "source"):
            if not getattr(self, name):
                raise ValueError(f"probability: {name} is empty")

    @property
    def probability(self) -> float:
        """The value itself, so that ``outcome.unwanted[effect].probability`` reads as it should."""
        return self.value


@dataclass(frozen=True)
class DoseBalance:
    """Where the units went, over all sessions: ``placed_units`` = ``taken_up_units`` + ``cleared_units``.

    ``displaced_share``: share of the placed units whose bolus reached outside tissue and was moved to the nearest tissue.
    ``taken_up_by_muscle_units``: the uptake of each muscle.
    """

    placed_units: float
    taken_up_units: float
    cleared_units: float
    displaced_share: float = 0.0
    taken_up_by_muscle_units: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """What one outcome rests on: the parameter rows it read, with the values in force, and the references behind everything."""

    parameters: tuple[Parameter, ...]
    references: tuple[Reference, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.parameters)} parameters, {len(self.references)} references"]
        lines += [f"  [{entry.key}] {entry}" + (f" {entry.link}" if entry.link else "") for entry in self.references]
        return "\n".join(lines)
