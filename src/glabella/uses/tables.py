"""The tables of the uses: who is licensed for what as of which date, labelled dosing, injected muscles, and the site-level rows."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError, nearest
from glabella.evidence.parameters import Parameters, load_parameters, load_population, read_parameters
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text

USES = ("cervical_dystonia", "blepharospasm", "axillary_hyperhidrosis", "chronic_migraine")  # those with a course
TYPE_B = "rimabotulinumtoxinB"  # in the evidence of cervical dystonia alone
JURISDICTIONS = ("US", "EU", "UK")
STATUSES = ("licensed", "not_licensed", "unknown")
LICENSED_COLUMNS = ("product", "use", "jurisdiction", "status", "since", "as_of", "quality", "source", "note")
DOSING_COLUMNS = (
    "use", "product", "part", "sites", "units_per_site", "units", "label_maximum_units", "maximum_is", "study_maximum_units",
    "volume_ml_per_site", "spacing_mm", "depth_mm", "interval_weeks", "quality", "source", "note",
)  # fmt: skip
MAXIMUM_WORDS = {  # what the limit for a person is in the label
    "maximum": "the label's maximum in one session is {units:g} U",
    "dose": "the label's dose in one session is {units:g} U",
    "first_dose": "the label's first dose is {units:g} U and no higher one was read, so that is the limit here",
    "range": "the label names no highest dose; the limit here is {units:g} U, the upper end of the range that it reports",
}
MUSCLE_COLUMNS = ("use", "muscle", "dose_share", "volume_mm3", "low_mm3", "high_mm3", "quality", "source", "note")


@dataclass(frozen=True)
class Licence:
    """Status of a product for a use in a jurisdiction on the date ``as_of``; ``since``: when it began, or ended, as far as it was read."""

    product: str
    use: str
    jurisdiction: str
    status: str
    since: str
    as_of: datetime.date
    quality: str
    source: str
    note: str


@dataclass(frozen=True)
class Dosing:
    """One line of a labelled dosing table. None: the label, or what was read of it, does not say.

    ``part``: a muscle, or the whole. ``label_maximum_units`` and ``study_maximum_units``: the most of this part in one session;
    ``maximum_is``: what the former is in the label, a key of ``MAXIMUM_WORDS``.
    """

    use: str
    product: str
    part: str
    sites: int | None
    units_per_site: float | None
    units: float | None
    label_maximum_units: float
    maximum_is: str
    study_maximum_units: float
    volume_ml_per_site: float | None
    spacing_mm: float | None
    depth_mm: float | None
    interval_weeks: float
    quality: str
    source: str
    note: str


@dataclass(frozen=True)
class InjectedMuscle:
    """A muscle of a use: its share of the dose and its volume."""

    use: str
    muscle: str
    dose_share: float
    volume_mm3: float


def products() -> tuple[str, ...]:
    """Products of the tables: the six of the face and type B."""
    return (*load_products(), TYPE_B)


def read_licences(text: str, where: str = "uses/licensed.csv") -> tuple[Licence, ...]:
    """Parse and check; one row per product, use and jurisdiction."""
    found: dict[tuple[str, str, str], Licence] = {}
    for row in read_rows(text, LICENSED_COLUMNS, where):
        try:
            as_of = datetime.date.fromisoformat(row.text("as_of"))
        except ValueError:
            raise InputError(f"{row.where}, column as_of: '{row.text('as_of')}' must be a date such as 2026-11-23") from None
        entry = Licence(
            row.choice("product", products()), row.text("use"), row.choice("jurisdiction", JURISDICTIONS), row.choice("status", STATUSES),
            row.text("since", ""), as_of, row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        key = entry.product, entry.use, entry.jurisdiction
        if key in found:
            raise InputError(f"{row.where}: {', '.join(key)} stands twice; keep one row")
        found[key] = entry
    return tuple(found.values())


def read_dosing(text: str, where: str = "uses/dosing.csv") -> tuple[Dosing, ...]:
    """Parse and check; where sites and units per site are given, their product must be the units."""
    found = []
    for row in read_rows(text, DOSING_COLUMNS, where):
        sites, each, units = (_known(row, name) for name in ("sites", "units_per_site", "units"))
        if sites and each and units and abs(sites * each - units) > 0.01 * units:
            raise InputError(f"{row.where}: {sites:g} sites of {each:g} U are {sites * each:g} U, not {units:g}; correct one of them")
        most, study = row.number("label_maximum_units", above=0), row.number("study_maximum_units", above=0)
        if study < most or (units or 0) > most:
            raise InputError(f"{row.where}: must be units <= label_maximum_units <= study_maximum_units")
        entry = Dosing(
            row.text("use"), row.choice("product", products()), row.text("part"), int(sites) if sites else None, each, units, most,
            row.choice("maximum_is", tuple(MAXIMUM_WORDS)), study, _known(row, "volume_ml_per_site"),
            _known(row, "spacing_mm"), _known(row, "depth_mm"), row.number("interval_weeks", above=0), row.choice("quality", QUALITIES),
            row.text("source"), row.text("note", ""),
        )  # fmt: skip
        found.append(entry)
    return tuple(found)


def _known(row: Row, column: str) -> float | None:
    return row.number(column, above=0) if row.text(column, "") else None


@cache
def licences() -> tuple[Licence, ...]:
    """The shipped status table."""
    return read_licences(shipped_text("uses/licensed.csv"))


@cache
def dosing_rows() -> tuple[Dosing, ...]:
    """The shipped dosing tables."""
    return read_dosing(shipped_text("uses/dosing.csv"))


def dosing_of(use: str, product: str) -> tuple[Dosing, ...]:
    """The dosing table of a use and product; empty where none is labelled, or none was read."""
    return tuple(row for row in dosing_rows() if (row.use, row.product) == (use, product))


def maximum_words(rows: tuple[Dosing, ...]) -> str:
    """What the label says of the most of one session: 'the label's maximum in one session is 30 U'."""
    return MAXIMUM_WORDS[rows[0].maximum_is].format(units=sum(row.label_maximum_units for row in rows))


def labelled_products(use: str) -> tuple[str, ...]:
    """Products with a dosing table for this use."""
    return tuple(dict.fromkeys(row.product for row in dosing_rows() if row.use == use))


@cache
def muscles_of(use: str) -> tuple[InjectedMuscle, ...]:
    """The injected muscles of a use, their shares of the dose in sum 1."""
    found = [
        InjectedMuscle(row.text("use"), row.text("muscle"), row.number("dose_share", above=0), row.number("volume_mm3", above=0))
        for row in read_rows(shipped_text("uses/muscles.csv"), MUSCLE_COLUMNS, "uses/muscles.csv")
        if row.text("use") == use
    ]
    if abs(sum(muscle.dose_share for muscle in found) - 1) > 1e-9:
        raise InputError(f"uses/muscles.csv: the dose shares of {use} must be 1 in sum")
    return tuple(found)


@cache
def _site_rows() -> Mapping:
    return read_parameters(shipped_text("uses/parameters.csv"), "uses/parameters.csv").rows


def site_rows() -> Mapping:
    """The rows that the uses have to themselves, by name."""
    return _site_rows()


def use_parameters() -> Parameters:
    """The rows of the stages, of the population and of the uses as one table; drawing it draws the stages as ``simulate`` does."""
    return Parameters({**load_parameters().rows, **load_population().rows, **_site_rows()})


def check_use(use: str) -> str:
    """A use with a course; an unknown name is an error that names the nearest."""
    name = use.replace("-", "_")
    if name not in USES:
        raise InputError(f"use '{use}' is unknown; {nearest(name, USES)}")
    return name
