"""Each needle: in a licensed area, and as far from rim, brow and canthus as the label asks at its site."""

from collections.abc import Iterator, Sequence

from glabella.evidence.label_rules import LabelRule, load_label_rules
from glabella.evidence.patterns import site_areas
from glabella.label.distances import measure, measures
from glabella.label.entries import Entry, FaceMap
from glabella.label.finding import ROUNDING, Context, Finding, caution


def check_places(context: Context, entries: Sequence[Entry], atlas: FaceMap) -> Iterator[Finding]:
    """Areas and distances of every needle."""
    rules = [rule for rule in load_label_rules() if measures(rule.rule)]
    for entry in entries:
        yield from _check_area(context, entry)
        for rule in rules:
            if rule.covers(context.product, entry.area, entry.rule_site):
                yield from _check_distance(context, rule, entry, atlas)


def _check_area(context: Context, entry: Entry) -> Iterator[Finding]:
    rule = context.rules("area_reach_mm", entry.area)[0]
    home = site_areas()[entry.injection.site]
    if entry.outside:
        what = f"outside every licensed area (off-label): {entry.distance_mm:.0f} mm from the nearest licensed site, {entry.nearest_site}"
        yield context.finding(rule, f"{what}; its units count to the {entry.area} area", entry.where)
    elif entry.area != home:
        what = f"moved out of the {home} area: its {entry.injection.units:g} U count to the {entry.area} area"
        yield caution(rule, what, entry.where)


def _check_distance(context: Context, rule: LabelRule, entry: Entry, atlas: FaceMap) -> Iterator[Finding]:
    found, least = measure(rule.rule, atlas, entry)
    if (found < rule.limit - ROUNDING) if least else (found > rule.limit + ROUNDING):
        name = rule.rule.removesuffix("_at_least_mm").removesuffix("_at_most_mm").replace("_", " ")
        allowed = f"{'at least' if least else 'at most'} {rule.limit:g} mm"
        yield context.finding(rule, f"{found:.1f} mm {name}; allowed: {allowed} ({rule.note}); move the needle", entry.where)
