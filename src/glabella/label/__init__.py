"""What the labels allow: plan, person and face against the rule rows; findings as data."""

from glabella.label.check import check_plan, ensure_allowed
from glabella.label.entries import check_needles
from glabella.label.finding import Finding

__all__ = ["Finding", "check_needles", "check_plan", "ensure_allowed"]
