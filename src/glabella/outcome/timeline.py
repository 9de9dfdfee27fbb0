"""A short table of an outcome: rows by day, and their text."""

from collections.abc import Iterable
from dataclasses import dataclass

from glabella.outcome.curve import Estimate

TIMELINE_DAYS = (0.0, 2.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 270.0)
TIMELINE_HEADER = ("day", "strain %", "movement kept %", "grade", "grade at rest", "brow peak left mm", "brow peak right mm")


@dataclass(frozen=True)
class TimelineRow:
    """The outcome on one day, for one area under its own contraction. ``movement`` is in percent of baseline, brows in mm."""

    day: float
    strain: Estimate
    movement_percent: Estimate
    grade: Estimate
    grade_at_rest: Estimate
    brow_peak_left_mm: Estimate
    brow_peak_right_mm: Estimate


def timeline_cells(rows: Iterable[TimelineRow]) -> list[tuple[str, ...]]:
    """The rows of a timeline as text under ``TIMELINE_HEADER``, each number with its band."""
    return [
        (
            f"{row.day:g}", format(_scaled(row.strain, 100), ".1f"), format(row.movement_percent, ".0f"), format(row.grade, ".1f"),
            format(row.grade_at_rest, ".1f"), format(row.brow_peak_left_mm, "+.1f"), format(row.brow_peak_right_mm, "+.1f"),
        )
        for row in rows
    ]  # fmt: skip


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.median * factor, estimate.low * factor, estimate.high * factor)
