"""Published figures beyond one course in the upper face: years of treatment, the lower face, other uses. One number per row.

The same columns as ``trials/published.csv``, read more freely: trials, products, quantities and endpoints have no list here, since the
predictors of ``glabella.validation.others`` say which quantities they speak of. None of these rows enters the fit of the posterior.
"""

import math
from functools import cache

from glabella.errors import InputError
from glabella.evidence.published import ARMS, COLUMNS, RATERS, USES, PublishedRow
from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text

OTHER_UNITS = ("percent", "days", "mm", "points", "ratio", "units", "days_per_28", "newton")
OTHER_RELATIONS = ("=", ">=", "<=")


def read_other(text: str, where: str = "trials/other.csv") -> tuple[PublishedRow, ...]:
    """Parse and check the table. Empty ``dose_units`` and ``day`` are not known; values may be negative, as changes are."""
    found: dict[str, PublishedRow] = {}
    for row in read_rows(text, COLUMNS, where):
        units = _known(row, "dose_units")
        entry = PublishedRow(
            row.text("row"), row.text("trial"), row.text("product"), row.text("indication"), math.nan if units is None else units,
            row.choice("arm", ARMS), _people(row), row.text("quantity"), row.text("endpoint", ""),
            row.choice("rater", RATERS) if row.text("rater", "") else "", _known(row, "day"), row.number("value"),
            row.choice("unit", OTHER_UNITS), row.choice("relation", OTHER_RELATIONS), row.number("tolerance", above=0),
            row.choice("use", USES), row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if entry.row in found:
            raise InputError(f"{row.where}, column row: '{entry.row}' stands twice; give each row its own name")
        found[entry.row] = entry
    return tuple(found.values())


def _known(row: Row, column: str) -> float | None:
    return row.number(column) if row.text(column, "") else None


def _people(row: Row) -> int | None:
    return int(row.number("n", above=0)) if row.text("n", "") else None


@cache
def _other() -> tuple[PublishedRow, ...]:
    return read_other(shipped_text("trials/other.csv"))


def other_rows(use: str | None = None) -> tuple[PublishedRow, ...]:
    """The shipped figures of one ``use``; without it those to calibrate and to validate."""
    return tuple(row for row in _other() if (row.use == use if use else row.use != "hold"))
