"""One remark on a plan, and how the rule rows become remarks."""

from dataclasses import dataclass
from typing import Literal, cast

from glabella.evidence.label_rules import LabelRule, find_rules
from glabella.plan import Plan

Severity = Literal["info", "caution", "refuse"]
ORDER = ("refuse", "caution", "info")
ROUNDING = 1e-6  # units or mm: what adding up may lose


@dataclass(frozen=True)
class Finding:
    """One remark on a plan: how severe, ``what`` and ``where``, by which ``rule``, written in which ``source`` (key of sources.bib).

    ``quality``: 'seen' in the source, from 'memory', or 'assumed' here.
    """

    severity: Severity
    what: str
    where: str
    rule: str
    source: str
    quality: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.rule}; {self.source}, {self.quality}]"


@dataclass(frozen=True)
class Context:
    """The plan under check and the jurisdiction whose rules hold; rules of others are told as cautions at most."""

    plan: Plan
    jurisdiction: str

    @property
    def product(self) -> str:
        """Product of the plan."""
        return self.plan.product

    @property
    def study(self) -> bool:
        """Whether the purpose is a study."""
        return self.plan.purpose == "study"

    def rules(self, rule: str, area: str | None = None, site: str | None = None) -> tuple[LabelRule, ...]:
        """The rows of a rule that speak about this plan's product."""
        return tuple(entry for entry in find_rules(rule) if entry.covers(self.product, area, site))

    def finding(self, rule: LabelRule, what: str, where: str) -> Finding:
        """A finding by a rule, milder in a study where the rule is one for persons only."""
        severity = rule.severity
        if severity == "study_only":
            severity = "caution" if self.study else "refuse"
            what = what if self.study else f"{what}; change the plan, or set purpose = 'study'"
        if severity == "refuse" and rule.jurisdiction not in ("all", self.jurisdiction):
            severity, what = "caution", f"{what} ({rule.jurisdiction} label)"
        return Finding(cast(Severity, severity), what, where, rule.rule, rule.source, rule.quality)


def caution(rule: LabelRule, what: str, where: str) -> Finding:
    """A caution by a rule, whatever severity the rule has."""
    return Finding("caution", what, where, rule.rule, rule.source, rule.quality)
