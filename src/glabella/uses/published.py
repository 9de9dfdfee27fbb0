"""The published figures beside a course: rows of ``trials/other.csv`` of the same use, product and dose, with their placebo arms."""

from glabella.evidence.other_published import other_rows
from glabella.evidence.published import PublishedRow

CURVE_OF = {  # quantity -> curve of an active arm, curve of a placebo arm
    "twstrs_change_points": ("twstrs_change", "twstrs_change_placebo"),
    "sweat_responder_percent": ("responders", "responders_placebo"),
    "hdss_responder_percent": ("hdss_responders", ""),
    "headache_days_change": ("headache_days_change", "headache_days_change_placebo"),
}


def published_beside(use: str, product: str, dose_units: float) -> tuple[PublishedRow, ...]:
    """Rows of the same use, product and dose, and the placebo rows of their trials; without units the placebo rows alone."""
    rows = [row for row in other_rows() if (row.indication, row.product) == (use, product)]
    active = [row for row in rows if row.arm == "active" and row.dose_units == dose_units]
    trials = {row.trial for row in (active or rows)} if active or not dose_units else set()
    return tuple(row for row in rows if row in active or (row.arm == "placebo" and row.trial in trials))


def curve_name(row: PublishedRow) -> str:
    """The curve on which the figure lies; empty where none does."""
    active, placebo = CURVE_OF.get(row.quantity, ("", ""))
    if row.endpoint == "placebo_first":
        return ""
    return placebo if row.arm == "placebo" else active
