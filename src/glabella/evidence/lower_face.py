"""The tables of the lower face: its parameter rows, its named sites, its study patterns. Read only when a plan or picture asks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from glabella.errors import InputError, nearest
from glabella.evidence.parameters import Parameters, load_parameters, read_parameters
from glabella.evidence.products import find_product, load_products
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.names import LOWER_AREAS, LOWER_PAIRED_MUSCLES, SIDES, without_side

SITE_COLUMNS = ("site", "area", "target_muscle", "along_share", "across_share", "quality", "source", "note")
PATTERN_COLUMNS = ("pattern", "product", "area", "site", "units", "quality", "source", "note")
NO_PLATYSMA_PATTERN = (
    "platysma bands are licensed for onabotulinumtoxinA in the US since October 2024 (26, 31 or 36 U by the number of bands), but the "
    "label's text on sites and units per site is not in the evidence, so no pattern is shipped"
)
NO_MENTALIS_PATTERN = (
    "the mentalis is off-label and no controlled trial of it is in the evidence (a series of three patients and a consensus were read), so "
    "there is neither a study pattern nor a highest dose"
)


@dataclass(frozen=True)
class LowerSite:
    """A named site of the lower face, without side: the skin over a place of its target muscle, as shares along and across it."""

    site: str
    area: str
    target_muscle: str
    along_share: float
    across_share: float
    quality: str
    source: str
    note: str


@dataclass(frozen=True)
class StudySite:
    """One site of a pattern of a published trial, the same on both sides; the area is off-label."""

    pattern: str
    product: str
    area: str
    site: str
    units: float
    quality: str
    source: str
    note: str


@cache
def _lower_rows() -> Parameters:
    return read_parameters(shipped_text("lower_face.csv"), "lower_face.csv")


@cache
def _with_lower_rows() -> Parameters:
    return Parameters({**load_parameters().rows, **_lower_rows().rows})


def load_lower_parameters() -> Parameters:
    """The shipped parameter table with the rows of the lower face after it."""
    return _with_lower_rows().recording()


def with_lower_rows(parameters: Parameters) -> Parameters:
    """The caller's table with the rows of the lower face, where it does not have them."""
    return replace(parameters, rows={**_lower_rows().rows, **parameters.rows})


@cache
def load_lower_sites() -> Mapping[str, LowerSite]:
    """The named sites by name without side."""
    found: dict[str, LowerSite] = {}
    for row in read_rows(shipped_text("lower_face_sites.csv"), SITE_COLUMNS, "lower_face_sites.csv"):
        shares = row.number("along_share"), row.number("across_share")
        if not all(0 <= share <= 1 for share in shares):
            raise InputError(f"{row.where}: along_share and across_share must be from 0 to 1")
        entry = LowerSite(
            row.text("site"), row.choice("area", LOWER_AREAS), row.choice("target_muscle", LOWER_PAIRED_MUSCLES), *shares,
            row.choice("quality", QUALITIES), row.text("source"), row.text("note"),
        )  # fmt: skip
        if entry.site in found:
            raise InputError(f"{row.where}: {entry.site} stands twice; keep one row")
        found[entry.site] = entry
    return found


@cache
def lower_site_areas() -> Mapping[str, str]:
    """Every named site of the lower face with its side, and the area of that side."""
    return {f"{site}_{side}": f"{row.area}_{side}" for site, row in load_lower_sites().items() for side in SIDES}


def lower_target(site: str) -> str:
    """The muscle below a site of the lower face, with its side."""
    row = load_lower_sites()[without_side(site)]
    return f"{row.target_muscle}{site[len(row.site) :]}"


@cache
def load_study_patterns() -> tuple[StudySite, ...]:
    """The patterns of published trials, off-label."""
    rows: list[StudySite] = []
    for row in read_rows(shipped_text("study_patterns.csv"), PATTERN_COLUMNS, "study_patterns.csv"):
        rows.append(StudySite(
            row.text("pattern"), row.choice("product", load_products()), row.choice("area", LOWER_AREAS),
            row.choice("site", load_lower_sites()), row.number("units", above=0), row.choice("quality", QUALITIES), row.text("source"),
            row.text("note"),
        ))  # fmt: skip
    return tuple(rows)


def find_study_pattern(product: str, pattern: str) -> tuple[StudySite, ...]:
    """The sites of one side of a study pattern; an unknown name is an error that names the nearest one of this product."""
    name = find_product(product).name
    known = tuple(dict.fromkeys(row.pattern for row in load_study_patterns() if row.product == name))
    if pattern == "platysma" or pattern.startswith("platysma_"):
        raise InputError(f"{NO_PLATYSMA_PATTERN}; name the sites yourself, with purpose = 'study'")
    if pattern == "mentalis" or pattern.startswith("mentalis_"):
        raise InputError(f"{NO_MENTALIS_PATTERN}; leave the area out")
    if pattern not in known:
        raise InputError(f"study pattern '{pattern}' of {name} is unknown; {nearest(pattern, known) if known else 'it has none'}")
    return tuple(row for row in load_study_patterns() if (row.product, row.pattern) == (name, pattern))


def unlicensed_area_message(product: str, area: str) -> str:
    """Why there is no licensed pattern for an area of the lower face, and what there is instead."""
    base = without_side(area)
    if base == "platysma":
        if product != "onabotulinumtoxinA":
            return f"{product} is not licensed for platysma bands (off-label)"
        return NO_PLATYSMA_PATTERN
    if base == "mentalis":
        return NO_MENTALIS_PATTERN
    patterns = tuple(dict.fromkeys(row.pattern for row in load_study_patterns() if (row.product, row.area) == (product, base)))
    more = f"; study patterns: {', '.join(patterns)} (Plan.study, or study_pattern in a plan file)" if patterns else ""
    return f"{product} is not licensed for the {base.replace('_', ' ')} (off-label): study only{more}"
