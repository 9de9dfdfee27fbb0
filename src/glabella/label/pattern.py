"""Dilution and units per site against the licensed pattern, and which parts of it are only remembered."""

from collections.abc import Iterator, Sequence

from glabella.evidence.patterns import PatternSite, area_of, load_patterns
from glabella.label.entries import Entry
from glabella.label.finding import ROUNDING, Context, Finding


def check_pattern(context: Context, entries: Sequence[Entry]) -> Iterator[Finding]:
    """How the plan differs from the licensed pattern, apart from places and totals."""
    yield from _check_dilution(context)
    rows = {row.site: row for row in load_patterns() if row.product == context.product}
    for session in context.plan.sessions:
        for site in session.sites:
            given = sum(injection.units for injection in session.injections if injection.site == site)
            if site in rows and given > rows[site].units + ROUNDING:
                what = f"{given:g} U at one site; the label has {rows[site].units:g} U there"
                yield Finding("caution", what, f"day {session.day:g}, {site}", "units_per_site", rows[site].source, rows[site].quality)
    yield from _remembered([rows[entry.injection.site] for entry in entries if entry.injection.site in rows])


def _check_dilution(context: Context) -> Iterator[Finding]:
    given, labelled = context.plan.dilution, context.plan.product_facts.dilutions
    row = next((row for row in labelled if row.dilution == given), None)
    if row is None:
        options = " or ".join(f"{row.dilution.diluent_ml:g} mL in {row.dilution.vial_units:g} U" for row in labelled)
        what = f"{given.diluent_ml:g} mL in a vial of {given.vial_units:g} U is not a labelled dilution; labelled: {options}"
        yield Finding("caution", what, "dilution", "dilution", labelled[0].source, labelled[0].quality)
    elif row.quality != "seen":
        yield Finding("info", f"the labelled dilution is from {row.quality}: {row.note}", "dilution", "dilution", row.source, row.quality)


def _remembered(rows: Sequence[PatternSite]) -> Iterator[Finding]:
    """One remark per area whose pattern was not read in its source."""
    for area, row in {area_of(row.area, row.site): row for row in rows}.items():
        if row.quality != "seen":
            yield Finding("info", f"the licensed pattern is from {row.quality}: {row.note}", area, "pattern", row.source, row.quality)
        if row.landmark_quality != "seen":
            what = f"where the licensed sites lie is from {row.landmark_quality}"
            yield Finding("info", what, area, "pattern_landmarks", "label_memory", row.landmark_quality)
