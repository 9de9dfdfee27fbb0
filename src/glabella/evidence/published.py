"""Published trial results: one number per row, and the trials they come from. Where they come from: trials/PROVENANCE.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError, nearest
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, Row, read_rows, shipped_text
from glabella.names import PATTERN_AREAS

UNIT_OF = {
    "responder_percent": "percent",
    "onset_percent": "percent",
    "onset_median_days": "days",
    "duration_median_days": "days",
    "strain_percent": "percent",
    "strain_reduction_percent": "percent",
    "side_effect_percent": "percent",
}
RESPONSES = (
    "none_or_mild_at_max_contraction", "none_or_mild_at_rest", "none_or_mild_both_raters", "ge1_grade_improvement", "ge2_grade_improvement",
    "ge2_grade_composite", "none_or_mild_and_ge2_grade_composite", "subject_global_ge2", "relapse_to_baseline", "response_maintained",
    "day30_responder_by_Glogau_definition",
)  # fmt: skip
OWN_RESPONSES = ("none_or_mild_at_max_contraction", "ge1_grade_improvement", "ge2_grade_improvement")  # of one rater
WITHOUT_DAY = ("onset_median_days", "duration_median_days", "side_effect_percent")
SIDE_EFFECTS = ("eyelid_ptosis", "brow_ptosis")
ARMS = ("active", "placebo")
RATERS = ("investigator", "subject", "both")
SCREENINGS = ("investigator", "both")
MISSING = ("non_response", "excluded")
RELATIONS = ("=", ">=")
USES = ("calibrate", "validate", "hold")
CONTRACTIONS = {"glabellar": "maximum_frown", "forehead": "brow_raise", "lateral_canthal": "smile"}
DEFAULT = "default"
COLUMNS = (
    "row", "trial", "product", "indication", "dose_units", "arm", "n", "quantity", "endpoint", "rater", "day", "value", "unit", "relation",
    "tolerance", "use", "quality", "source", "note",
)  # fmt: skip
TRIAL_COLUMNS = (
    "trial", "name", "indication", "contraction", "severe_share", "mean_age_years", "sd_age_years", "least_age_years", "most_age_years",
    "female_share", "visit_days", "screening", "missing", "response", "source", "note",
)  # fmt: skip


@dataclass(frozen=True)
class PublishedRow:
    """One published number.

    ``dose_units``: total of all areas treated. ``day``: None for medians and where the source gives none. ``rater``: empty where the
    source gives none. ``value`` is ``unit``, known as ``relation``; ``tolerance``, in the same unit, was written before any run.
    ``use``: calibrate, validate (never fitted) or hold (not to be used yet).
    """

    row: str
    trial: str
    product: str
    indication: str
    dose_units: float
    arm: str
    n: int | None
    quantity: str
    endpoint: str
    rater: str
    day: float | None
    value: float
    unit: str
    relation: str
    tolerance: float
    use: str
    quality: str
    source: str
    note: str


@dataclass(frozen=True)
class TrialRecord:
    """Who was in a trial, on which days they were seen and how it counted. What a trial does not tell is the default population's.

    ``severe_share``: share rated severe at entry, the rest moderate. ``screening``: who must rate moderate or severe at entry
    (investigator or both). ``missing``: a visit not made counts as non_response or is excluded. ``response``: the endpoint that the
    trial itself counts as a response, which the endpoint response_maintained asks for at every visit.
    """

    trial: str
    name: str
    indication: str
    contraction: str
    severe_share: float
    mean_age_years: float
    sd_age_years: float
    least_age_years: float
    most_age_years: float
    female_share: float
    visit_days: tuple[int, ...]
    screening: str
    missing: str
    response: str
    source: str
    note: str


def read_published(text: str, where: str = "trials/published.csv") -> tuple[PublishedRow, ...]:
    """Parse and check the table of results; every trial must be in the shipped table of trials."""
    trials = [record.trial for record in trial_records() if record.trial != DEFAULT]
    found: dict[str, PublishedRow] = {}
    for row in read_rows(text, COLUMNS, where):
        quantity = row.choice("quantity", UNIT_OF)
        most = 100.0 if UNIT_OF[quantity] == "percent" else math.inf
        entry = PublishedRow(
            row.text("row"), row.choice("trial", trials), row.choice("product", load_products()), row.choice("indication", PATTERN_AREAS),
            _number(row, "dose_units"), row.choice("arm", ARMS), _whole_or_none(row, "n"), quantity, _endpoint(row, quantity),
            row.choice("rater", RATERS) if row.text("rater", "") else "", _number(row, "day") if row.text("day", "") else None,
            _number(row, "value", most), row.choice("unit", (UNIT_OF[quantity],)), row.choice("relation", RELATIONS),
            row.number("tolerance", above=0), row.choice("use", USES), row.choice("quality", QUALITIES), row.text("source"),
            row.text("note", ""),
        )  # fmt: skip
        if entry.row in found:
            raise InputError(f"{row.where}, column row: '{entry.row}' stands twice; give each row its own name")
        if (entry.arm == "placebo") != (entry.dose_units == 0):
            raise InputError(f"{row.where}, column dose_units: {entry.dose_units:g} in the arm '{entry.arm}'; only placebo has 0 units")
        if entry.day is None and entry.use != "hold" and quantity not in WITHOUT_DAY:
            raise InputError(f"{row.where}, column day: empty; a {quantity} needs its day, or use 'hold'")
        found[entry.row] = entry
    return tuple(found.values())


def read_trials(text: str, where: str = "trials/trials.csv") -> Mapping[str, TrialRecord]:
    """Parse and check the table of trials; an empty cell takes the value of the first row, ``default``, which must be complete."""
    found: dict[str, TrialRecord] = {}
    default: dict[str, str] = {}
    for row in read_rows(text, TRIAL_COLUMNS, where):
        name = row.text("trial")
        if not found and name != DEFAULT:
            raise InputError(f"{row.where}, column trial: '{name}'; the first row must be '{DEFAULT}'")
        if name in found:
            raise InputError(f"{row.where}, column trial: '{name}' stands twice; keep one row")
        default = default or {column: row.text(column) for column in TRIAL_COLUMNS if column != "note"}
        told = Row(row.where, {column: cell or default.get(column, "") for column, cell in row.cells.items()})
        indication = row.choice("indication", PATTERN_AREAS)
        record = TrialRecord(
            name, row.text("name"), indication, row.choice("contraction", (CONTRACTIONS[indication],)), _number(told, "severe_share", 1),
            _number(told, "mean_age_years"), told.number("sd_age_years", above=0), _number(told, "least_age_years"),
            _number(told, "most_age_years"), _number(told, "female_share", 1), _days(told), row.choice("screening", SCREENINGS),
            row.choice("missing", MISSING), told.choice("response", OWN_RESPONSES), row.text("source"), row.text("note", ""),
        )  # fmt: skip
        if not record.least_age_years < record.mean_age_years < record.most_age_years:
            ages = f"{record.least_age_years:g} to {record.most_age_years:g}"
            raise InputError(f"{row.where}, column mean_age_years: {record.mean_age_years:g} must lie within the ages {ages}")
        found[name] = record
    return found


def _number(row: Row, column: str, most: float = math.inf) -> float:
    """A finite number from 0 to ``most``."""
    number = row.number(column)
    if not 0 <= number <= most:
        raise InputError(f"{row.where}, column {column}: {number:g} must be {'at least 0' if most == math.inf else f'from 0 to {most:g}'}")
    return number


def _whole_or_none(row: Row, column: str) -> int | None:
    """A whole number above 0; None where the cell is empty."""
    if not row.text(column, ""):
        return None
    number = row.number(column, above=0)
    if number != int(number):
        raise InputError(f"{row.where}, column {column}: {number:g} must be a whole number")
    return int(number)


def _endpoint(row: Row, quantity: str) -> str:
    """The endpoint, of those that belong to the quantity; strain has none."""
    if quantity.startswith("strain"):
        if row.text("endpoint", ""):
            raise InputError(f"{row.where}, column endpoint: '{row.text('endpoint')}'; leave it empty for a {quantity}")
        return ""
    if quantity == "side_effect_percent":
        return row.choice("endpoint", SIDE_EFFECTS)
    return row.choice("endpoint", ("any_onset", *RESPONSES) if quantity.startswith("onset") else RESPONSES)


def _days(row: Row) -> tuple[int, ...]:
    """Rising whole days after treatment, separated by semicolons."""
    text = row.text("visit_days")
    cells = text.split(";")
    days = tuple(int(cell) for cell in cells if cell.strip().isdecimal())
    if len(days) != len(cells) or days[0] < 1 or list(days) != sorted(set(days)):
        raise InputError(f"{row.where}, column visit_days: '{text}' must be rising whole days such as 7;30;60")
    return days


@cache
def _published() -> tuple[PublishedRow, ...]:
    return read_published(shipped_text("trials/published.csv"))


@cache
def _trials() -> Mapping[str, TrialRecord]:
    return read_trials(shipped_text("trials/trials.csv"))


def published_rows(use: str | None = None) -> tuple[PublishedRow, ...]:
    """The shipped results of one ``use``; without it those to calibrate and to validate. Rows on hold come only when asked for."""
    if use is not None and use not in USES:
        raise InputError(f"use '{use}' is unknown; {nearest(str(use), USES)}")
    return tuple(row for row in _published() if (row.use == use if use else row.use != "hold"))


def trial_records() -> tuple[TrialRecord, ...]:
    """The shipped trials; the first is the default population."""
    return tuple(_trials().values())


def trial_record(name: str) -> TrialRecord:
    """The trial of this name; an unknown name is an error that names the nearest valid one."""
    trials = _trials()
    if name not in trials:
        raise InputError(f"trial '{name}' is not in trials/trials.csv; {nearest(str(name), trials)}")
    return trials[name]
