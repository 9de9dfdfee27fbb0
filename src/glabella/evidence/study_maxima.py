"""The highest dose of a published trial, per product and area: as far as a plan of purpose 'study' may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.names import AREAS, LOWER_AREAS_BY_SIDE

COLUMNS = ("product", "area", "units", "quality", "source", "note")


@dataclass(frozen=True)
class StudyMaximum:
    """The highest dose given to an area in one treatment of a published trial."""

    product: str
    area: str
    units: float
    quality: str
    source: str
    note: str


def read_study_maxima(text: str, where: str = "study_maxima.csv") -> Mapping[tuple[str, str], StudyMaximum]:
    """Parse and check the table; keys are (product, area)."""
    found: dict[tuple[str, str], StudyMaximum] = {}
    for row in read_rows(text, COLUMNS, where):
        entry = StudyMaximum(
            row.choice("product", load_products()), row.choice("area", (*AREAS, *LOWER_AREAS_BY_SIDE)), row.number("units", above=0),
            row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if (entry.product, entry.area) in found:
            raise InputError(f"{row.where}: {entry.product}, {entry.area} stands twice; keep the higher dose")
        found[entry.product, entry.area] = entry
    return found


@cache
def load_study_maxima() -> Mapping[tuple[str, str], StudyMaximum]:
    """The table shipped with the package."""
    return read_study_maxima(shipped_text("study_maxima.csv"))
