"""The vial: still in date, and not mixed too long ago."""

import datetime
from collections.abc import Iterator

from glabella.label.finding import Context, Finding


def check_vial(context: Context, on: datetime.date | None) -> Iterator[Finding]:
    """Expiry of the vial in hand on the day of the first session, where ``on``, the date of day 0, is known; hours since mixing."""
    plan = context.plan
    if plan.expiry is not None and on is not None:
        days_after = (on - plan.expiry).days + plan.sessions[0].day
        for rule in context.rules("days_after_expiry_at_most"):
            if days_after > rule.limit:
                what = f"the vial expired on {plan.expiry}, {days_after:g} day(s) before the treatment; take a vial that is in date"
                yield context.finding(rule, what, "plan, expiry")
    hours = plan.hours_since_mixing
    for rule in context.rules("use_within_hours_of_mixing"):
        if hours is not None and hours > rule.limit:
            what = f"mixed {hours:g} hours before it is injected; the label asks for use within {rule.limit:g} hours; mix a new vial"
            yield context.finding(rule, what, "plan, hours_since_mixing")
