"""Strict reading of the evidence tables: a wrong, missing or extra cell is an error that names file, line and column."""

import csv
import io
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import resources

from glabella.errors import InputError, nearest

QUALITIES = ("seen", "memory", "assumed")  # read in the source; remembered, not checked; assumed here


@dataclass(frozen=True)
class Row:
    """One line of a table; its readers check the cell and name it in errors."""

    where: str
    cells: dict[str, str]

    def text(self, column: str, default: str | None = None) -> str:
        """Text of a cell; empty only where a ``default`` is given."""
        value = self.cells[column]
        if not value and default is None:
            raise InputError(f"{self.where}, column {column}: empty; fill it in")
        return value or (default or "")

    def number(self, column: str, *, above: float = -math.inf) -> float:
        """A finite number above a limit."""
        value = self.text(column)
        try:
            number = float(value)
        except ValueError:
            raise InputError(f"{self.where}, column {column}: '{value}' is not a number") from None
        if not math.isfinite(number) or number <= above:
            raise InputError(f"{self.where}, column {column}: {value} must be a finite number above {above:g}")
        return number

    def choice(self, column: str, valid: Collection[str]) -> str:
        """One of the ``valid`` names."""
        value = self.text(column)
        if value not in valid:
            raise InputError(f"{self.where}, column {column}: '{value}'; {nearest(value, valid)}")
        return value

    def flag(self, column: str) -> bool:
        """'yes' or 'no' as a truth value."""
        return self.choice(column, ("yes", "no")) == "yes"


def read_rows(text: str, columns: tuple[str, ...], where: str) -> Iterator[Row]:
    """The rows of a CSV table with exactly these columns."""
    reader = csv.reader(io.StringIO(text))
    header = tuple(next(reader, ()))
    if header != columns:
        raise InputError(f"{where} line 1: header must be {','.join(columns)}")
    for cells in reader:
        place = f"{where} line {reader.line_num}"
        if len(cells) != len(columns):
            missing = f", first missing column {columns[len(cells)]}" if len(cells) < len(columns) else ""
            raise InputError(f"{place}: {len(cells)} cells, must be {len(columns)}{missing}; quote text that contains commas")
        yield Row(place, {column: cell.strip() for column, cell in zip(columns, cells, strict=True)})


def plain_rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV table by the names in its header, cells without spaces around them; nothing is checked."""
    return [{name: (cell or "").strip() for name, cell in cells.items()} for cells in csv.DictReader(io.StringIO(text))]


def shipped_text(name: str) -> str:
    """Text of a table shipped in this package."""
    return resources.files("glabella.evidence").joinpath(name).read_text("utf-8")
