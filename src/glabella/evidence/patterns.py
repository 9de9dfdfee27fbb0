"""The injection patterns that labels give: which sites, how many units each, into which muscle."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError, nearest
from glabella.evidence.products import find_product, load_products
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.names import AREAS, LOWER_AREAS, MUSCLES, PAIRED_MUSCLES, PATTERN_AREAS, side_of, without_side

COLUMNS = (
    "product", "area", "together_with", "site", "units", "volume_ml", "target_muscle", "quality", "landmark_quality", "source", "note",
)  # fmt: skip


@dataclass(frozen=True)
class PatternSite:
    """One injection of a licensed pattern. ``area`` is as the label names it; ``together_with``: an area treated in the same session.

    ``quality``: of units and volume; ``landmark_quality``: of the wording that says where the site is.
    """

    product: str
    area: str
    together_with: str | None
    site: str
    units: float
    volume_ml: float
    target_muscle: str
    quality: str
    landmark_quality: str
    source: str
    note: str


def area_of(pattern_area: str, site: str) -> str:
    """The area a site belongs to: lateral canthal areas are counted per side."""
    return pattern_area if pattern_area in AREAS else f"{pattern_area}_{side_of(site)}"


def read_patterns(text: str, where: str = "patterns.csv") -> tuple[PatternSite, ...]:
    """Parse and check the table of patterns."""
    muscles = (*MUSCLES, *PAIRED_MUSCLES)
    rows: list[PatternSite] = []
    for row in read_rows(text, COLUMNS, where):
        entry = PatternSite(
            row.choice("product", load_products()), row.choice("area", PATTERN_AREAS), row.text("together_with", "") or None,
            row.text("site"), row.number("units", above=0), row.number("volume_ml", above=0), row.choice("target_muscle", muscles),
            row.choice("quality", QUALITIES), row.choice("landmark_quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if entry.together_with is not None:
            row.choice("together_with", PATTERN_AREAS)
        if any((entry.product, entry.area, entry.site) == (other.product, other.area, other.site) for other in rows):
            raise InputError(f"{row.where}, column site: {entry.site} stands twice in the pattern {entry.product}, {entry.area}")
        rows.append(entry)
    return tuple(rows)


@cache
def load_patterns() -> tuple[PatternSite, ...]:
    """The patterns shipped with the package."""
    return read_patterns(shipped_text("patterns.csv"))


@cache
def site_areas() -> Mapping[str, str]:
    """Every named site and the area it belongs to."""
    return {entry.site: area_of(entry.area, entry.site) for entry in load_patterns()}


def find_pattern(product: str, area: str) -> tuple[PatternSite, ...]:
    """The licensed sites of a product in an area, or in one side of it; an unlicensed area is an error that says which are licensed."""
    name = find_product(product).name
    rows = tuple(row for row in load_patterns() if row.product == name and area in (row.area, area_of(row.area, row.site)))
    if not rows:
        licensed = tuple(dict.fromkeys(row.area for row in load_patterns() if row.product == name))
        if without_side(area) in LOWER_AREAS:
            from glabella.evidence.lower_face import unlicensed_area_message

            raise InputError(unlicensed_area_message(name, area))
        if area in (*PATTERN_AREAS, *AREAS):
            raise InputError(f"{name} has no licensed pattern for the area '{area}'; licensed: {', '.join(licensed)}")
        raise InputError(f"area '{area}' is unknown; {nearest(str(area), licensed)}")
    return rows


def licensed_muscle(site: str) -> str:
    """The muscle that licensed patterns aim at from a site."""
    return next(row.target_muscle for row in load_patterns() if row.site == site)


def labelled_units(product: str) -> Mapping[str, float]:
    """Labelled total of each licensed area of a product."""
    totals: dict[str, float] = {}
    for row in load_patterns():
        if row.product == product:
            area = area_of(row.area, row.site)
            totals[area] = totals.get(area, 0.0) + row.units
    return totals
