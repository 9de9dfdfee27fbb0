"""What an outcome of either region says of how it was made."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glabella.evidence.parameters import Parameters
from glabella.evidence.sources import find_reference, load_references
from glabella.outcome.conventions import FRAME
from glabella.outcome.parts import Probability, Sources


class Record:
    """A plan for a patient, computed with a table of parameters: purpose, watermark and sources follow from these."""

    days: np.ndarray
    unwanted: Mapping[str, Probability]
    findings: tuple[Any, ...]
    plan: Any
    patient: Any
    parameters: Parameters
    settings: Mapping[str, Any]
    seed: int
    version: str

    @property
    def purpose(self) -> str:
        """'person' or 'study', from the plan."""
        return self.plan.purpose

    @property
    def watermark(self) -> str | None:
        """'study' where the plan's purpose is a study; it must stand on everything shown."""
        return "study" if self.purpose == "study" else None

    @property
    def frame(self) -> str:
        """What this is for."""
        return FRAME

    @property
    def overrides(self) -> Mapping[str, float]:
        """Parameter rows that the user replaced, by name."""
        return self.parameters.overrides

    @property
    def parameters_sha256(self) -> str:
        """Hash over every parameter in force."""
        return self.parameters.sha256

    def _sources(self, further: Iterable[str] = ()) -> Sources:
        """The parameter rows that were read and the references behind them, the side effects, the findings and ``further`` keys."""
        table = self.parameters
        rows = tuple(replace(table.rows[name], value=table.overrides.get(name, table.rows[name].value)) for name in table.read)
        known = load_references()
        keys = [row.source for row in rows] + [effect.source for effect in self.unwanted.values()] + list(further)
        keys += [finding.source for finding in self.findings if finding.source in known]
        return Sources(rows, tuple(sorted((find_reference(key) for key in dict.fromkeys(keys)), key=lambda entry: str(entry).lower())))
