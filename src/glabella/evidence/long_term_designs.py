"""How the long-term studies were done, figure by figure: visits, intervals and years that their results are predicted with."""

from collections.abc import Mapping
from functools import cache

from glabella.errors import InputError
from glabella.evidence.sources import load_references
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text

COLUMNS = ("design", "figure", "value", "unit", "quality", "source", "note")
UNITS = ("count", "days", "grades", "months", "years")


def read_designs(text: str, where: str = "trials/long_term_designs.csv") -> Mapping[str, Mapping[str, float]]:
    """Parse and check the table: figures by their name, by design."""
    found: dict[str, dict[str, float]] = {}
    for row in read_rows(text, COLUMNS, where):
        design = found.setdefault(row.text("design"), {})
        figure = row.text("figure")
        row.choice("unit", UNITS)
        row.choice("quality", QUALITIES)
        row.choice("source", load_references())
        if figure in design:
            raise InputError(f"{row.where}: {row.text('design')}, {figure} stands twice; keep one")
        design[figure] = row.number("value", above=0)
    return found


@cache
def load_designs() -> Mapping[str, Mapping[str, float]]:
    """The table shipped with the package."""
    return read_designs(shipped_text("trials/long_term_designs.csv"))
