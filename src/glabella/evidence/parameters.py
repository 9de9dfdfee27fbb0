"""The parameter table: every biological number is a row here, never a number in code."""

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import numpy as np

from glabella.errors import InputError, nearest

KINDS = ("measured", "label", "fitted", "assumed")
COLUMNS = ("name", "value", "low", "high", "unit", "kind", "drawn", "stage", "source", "note")


@dataclass(frozen=True)
class Parameter:
    """One row: ``value`` within [``low``, ``high``], in ``unit``; ``drawn`` says whether samples draw it."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    kind: str
    drawn: bool
    stage: str
    source: str
    note: str


@dataclass(frozen=True)
class Parameters(Mapping[str, float]):
    """The table as a frozen mapping from name to number; ``rows`` has the rest of each row.

    ``parameters["name"]`` gives the value and notes that it was read, so that an outcome can list what it used.
    """

    rows: Mapping[str, Parameter]
    overrides: Mapping[str, float] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set, repr=False, compare=False)

    def __getitem__(self, name: str) -> float:
        """Value of the row ``name``; an unknown name is an error that names the nearest valid one."""
        row = self.rows.get(name)
        if row is None:
            raise InputError(f"parameter '{name}' is not in the table; {nearest(name, self.rows)}")
        self._read.add(name)
        return self.overrides.get(name, row.value)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def with_values(self, values: Mapping[str, float]) -> "Parameters":
        """A copy in which ``values`` replace the table's own; a value outside [low, high] is an error.

        The range may be left where it bounds nothing physical: see ``with_overrides``.
        """
        for name, value in values.items():
            if name not in self.rows:
                raise InputError(f"parameter '{name}' is not in the table; {nearest(name, self.rows)}")
            if not math.isfinite(value):
                raise InputError(f"parameter '{name}' = {value}: must be a finite number in {self.rows[name].unit}")
        return replace(self, overrides={**self.overrides, **values}, _read=self._read)

    def recording(self) -> "Parameters":
        """The same values with an empty note of what was read."""
        return replace(self, _read=set())

    @property
    def read(self) -> tuple[str, ...]:
        """Names read since ``recording``, in the order of the table."""
        return tuple(name for name in self.rows if name in self._read)

    @property
    def sha256(self) -> str:
        """Hash over every name and value in force."""
        text = "\n".join(f"{name}={self.overrides.get(name, row.value)!r}" for name, row in sorted(self.rows.items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def draw(self, seed: int, sample: int) -> "Parameters":
        """Sample number ``sample``: each row marked ``drawn`` from the triangular distribution low-value-high.

        Every row has its own random stream, keyed by seed, name and sample: adding a row or changing the order of
        computation changes no other draw. A row that was overridden keeps its override.
        """
        values = {}
        for name, row in self.rows.items():
            if row.drawn and name not in self.overrides and row.low < row.high:
                values[name] = float(stream(seed, name, sample).triangular(row.low, row.value, row.high))
        return replace(self, overrides={**self.overrides, **values}, _read=self._read)


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """A random generator of its own for each (seed, key): the same numbers in any order, on any thread."""
    digest = hashlib.sha256(repr((seed, *key)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def read_parameters(text: str, where: str = "parameters.csv") -> Parameters:
    """Parse and check the table; errors name row and column."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{where}: header must be {','.join(COLUMNS)}")
    rows: dict[str, Parameter] = {}
    for line, cells in enumerate(reader, start=2):
        name = cells["name"]
        if name in rows:
            raise InputError(f"{where} line {line}: parameter '{name}' appears twice")
        numbers = {}
        for column in ("value", "low", "high"):
            try:
                numbers[column] = float(cells[column])
            except (TypeError, ValueError):
                raise InputError(f"{where} line {line}, column {column}: '{cells[column]}' is not a number") from None
        if not numbers["low"] <= numbers["value"] <= numbers["high"]:
            raise InputError(f"{where} line {line}: '{name}' needs low <= value <= high")
        if cells["kind"] not in KINDS:
            raise InputError(f"{where} line {line}, column kind: '{cells['kind']}'; {nearest(cells['kind'], KINDS)}")
        if cells["drawn"] not in ("yes", "no"):
            raise InputError(f"{where} line {line}, column drawn: '{cells['drawn']}' must be yes or no")
        for column in ("unit", "stage", "source"):
            if not cells[column]:
                raise InputError(f"{where} line {line}, column {column}: empty")
        rows[name] = Parameter(
            name, **numbers, unit=cells["unit"], kind=cells["kind"], drawn=cells["drawn"] == "yes",
            stage=cells["stage"], source=cells["source"], note=cells["note"] or "",
        )
    return Parameters(rows)


@cache
def _shipped() -> Parameters:
    return read_parameters(resources.files("glabella.evidence").joinpath("parameters.csv").read_text("utf-8"))


def load_parameters() -> Parameters:
    """The table shipped with the package."""
    return _shipped().recording()


@cache
def _shipped_population() -> Parameters:
    return read_parameters(resources.files("glabella.evidence").joinpath("population.csv").read_text("utf-8"), "population.csv")


def load_population() -> Parameters:
    """The table of how people and raters differ, used where many people are simulated."""
    return _shipped_population().recording()
