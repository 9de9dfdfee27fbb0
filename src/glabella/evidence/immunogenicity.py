"""How many people formed neutralising antibodies: counts as published."""

from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text

COLUMNS = ("product", "indication", "people", "positive", "sessions_each", "most_sessions", "lost_effect", "quality", "source", "note")


@dataclass(frozen=True)
class AntibodyCount:
    """``positive`` of ``people`` had antibodies at any time; mean ``sessions_each``, ``most_sessions`` and how many ``lost_effect``,
    where it is told."""

    product: str
    indication: str
    people: int
    positive: int
    sessions_each: float | None
    most_sessions: int | None
    lost_effect: int | None
    quality: str
    source: str
    note: str


def read_antibody_counts(text: str, where: str = "immunogenicity.csv") -> tuple[AntibodyCount, ...]:
    """Parse and check the table."""
    found = []
    for row in read_rows(text, COLUMNS, where):
        entry = AntibodyCount(
            row.choice("product", load_products()), row.text("indication"), int(row.number("people", above=0)),
            int(row.number("positive", above=-1)), _optional(row, "sessions_each"), _whole(_optional(row, "most_sessions")),
            _whole(_optional(row, "lost_effect")), row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if not 0 <= (entry.lost_effect or 0) <= entry.positive <= entry.people:
            raise InputError(f"{row.where}: needs lost_effect <= positive <= people")
        found.append(entry)
    return tuple(found)


def _optional(row: Row, column: str) -> float | None:
    return row.number(column) if row.text(column, "") else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


@cache
def load_antibody_counts() -> tuple[AntibodyCount, ...]:
    """The table shipped with the package."""
    return read_antibody_counts(shipped_text("immunogenicity.csv"))
