"""A workbench for tests, with the usual person built once per process."""

from functools import cache

from glabella.app.workbench import Workbench
from glabella.patient import Patient
from glabella.plan import Plan

USUAL = Patient()
PLAN = Plan.label("onabotulinumtoxinA", "glabellar")


@cache
def bench() -> Workbench:
    return Workbench()


def one_sided(side: str, area: str = "glabellar") -> Plan:
    """The licensed needles of one side alone, as a study: labels treat both."""
    plan = Plan.label("onabotulinumtoxinA", area, purpose="study")
    return plan.without(*(site for site in plan.sites if not site.endswith(side)))
