"""The shortest interval between sessions of a published trial, per product: as often as sessions of purpose 'study' may come."""

from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text

COLUMNS = ("product", "least_days", "treated", "sessions", "quality", "source", "note")


@dataclass(frozen=True)
class StudyInterval:
    """The shortest interval of a product in a published trial, what was ``treated`` there and in how many ``sessions`` at most."""

    product: str
    least_days: float
    treated: str
    sessions: int
    quality: str
    source: str
    note: str


def read_study_intervals(text: str, where: str = "study_intervals.csv") -> tuple[StudyInterval, ...]:
    """Parse and check the table; one row per product."""
    found: dict[str, StudyInterval] = {}
    for row in read_rows(text, COLUMNS, where):
        entry = StudyInterval(
            row.choice("product", load_products()), row.number("least_days", above=0), row.text("treated"),
            int(row.number("sessions", above=0)), row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if entry.product in found:
            raise InputError(f"{row.where}: {entry.product} stands twice; keep the shorter interval")
        found[entry.product] = entry
    return tuple(found.values())


@cache
def load_study_intervals() -> tuple[StudyInterval, ...]:
    """The table shipped with the package."""
    return read_study_intervals(shipped_text("study_intervals.csv"))
