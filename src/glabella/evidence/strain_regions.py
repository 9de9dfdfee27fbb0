"""Where on the skin a trial measured strain: its own regions, as far as the source describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError
from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text
from glabella.names import AREAS

COLUMNS = ("trial", "region", "area", "between", "from_mm", "to_mm", "quality", "source", "note")
BETWEEN = ("mid_pupillary_lines", "brow_peaks")


@dataclass(frozen=True)
class StrainRegion:
    """A region of the skin: of an atlas ``area``, or of all skin that faces the cameras where that is empty, what lies ``between`` two
    lines (empty: no limit) and from ``from_mm`` to ``to_mm`` above the nasion (None: no limit), in mm of the atlas' drawing."""

    trial: str
    region: str
    area: str
    between: str
    from_mm: float | None
    to_mm: float | None
    quality: str
    source: str
    note: str


def read_strain_regions(text: str, where: str = "trials/strain_regions.csv") -> Mapping[tuple[str, str], StrainRegion]:
    """Parse and check the table; by trial and region."""
    found: dict[tuple[str, str], StrainRegion] = {}
    for row in read_rows(text, COLUMNS, where):
        entry = StrainRegion(
            row.text("trial"), row.text("region"), row.choice("area", AREAS) if row.text("area", "") else "",
            row.choice("between", BETWEEN) if row.text("between", "") else "", _height(row, "from_mm"), _height(row, "to_mm"),
            row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if entry.from_mm is not None and entry.to_mm is not None and entry.from_mm >= entry.to_mm:
            raise InputError(f"{row.where}, column to_mm: {entry.to_mm:g} must be above from_mm, {entry.from_mm:g}")
        if (entry.trial, entry.region) in found:
            raise InputError(f"{row.where}: region {entry.region} of {entry.trial} stands twice; keep one row")
        found[entry.trial, entry.region] = entry
    return found


def _height(row: Row, column: str) -> float | None:
    return row.number(column) if row.text(column, "") else None


@cache
def load_strain_regions() -> Mapping[tuple[str, str], StrainRegion]:
    """The table shipped with the package."""
    return read_strain_regions(shipped_text("trials/strain_regions.csv"))
