"""One use followed over the weeks: curves and figures with bands over draws of the rows, within what the label says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.errors import InputError, RefusedError, nearest
from glabella.evidence.sources import Reference, find_reference
from glabella.names import PURPOSES
from glabella.reading import check_choice, check_number
from glabella.uses import axillary_hyperhidrosis, blepharospasm, cervical_dystonia, chronic_migraine
from glabella.uses.published import published_beside
from glabella.uses.tables import (
    TYPE_B,
    Dosing,
    Licence,
    check_use,
    dosing_of,
    labelled_products,
    licences,
    maximum_words,
    products,
    use_parameters,
)  # fmt: skip

Progress = Callable[[str, float], None]
MODELS: Mapping[str, ModuleType] = {
    model.USE: model for model in (cervical_dystonia, blepharospasm, axillary_hyperhidrosis, chronic_migraine)
}
REFERENCE = "onabotulinumtoxinA"
QUANTILES = (0.05, 0.5, 0.95)
MOST_WEEKS = 104
DAYS_PER_WEEK = 7
STUDY_MARK = "study"
ONE_COURSE = (chronic_migraine.USE,)  # uses without a course by dose: the labelled dose or none


@dataclass(frozen=True)
class UseCurve:
    """A quantity over the days: median (``value``) and 90 % band over draws of the rows, and what it is with every row at its value.

    Without draws all four are the latter. Published figures are compared with ``at_values``, as ``glabella validate`` does.
    """

    name: str
    label: str
    unit: str
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_values: np.ndarray


@dataclass(frozen=True)
class Figure:
    """One number: median and 90 % band over draws, and with every row at its value, as of a ``UseCurve``.

    None: not reached within the days that are followed.
    """

    name: str
    label: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    at_values: float | None


@dataclass(frozen=True)
class UseCourse:
    """What ``follow_use`` found. ``watermark``: empty for a person."""

    use: str
    product: str
    dose_units: float
    purpose: str
    weeks: int
    samples: int
    seed: int
    days: np.ndarray
    curves: tuple[UseCurve, ...]
    figures: tuple[Figure, ...]
    dosing: tuple[Dosing, ...]
    licences: tuple[Licence, ...]
    modelled: tuple[str, ...]
    not_modelled: tuple[str, ...]
    references: tuple[Reference, ...]
    watermark: str

    def source_number(self, key: str) -> int:
        """Place of a source in the list of references, from 1."""
        return 1 + [entry.key for entry in self.references].index(key)

    @property
    def sources(self) -> tuple[str, ...]:
        """The references, one line each."""
        return tuple(str(entry) for entry in self.references)

    def curve(self, name: str) -> UseCurve:
        """The curve of this name; an unknown one is an error that names the nearest."""
        found = {curve.name: curve for curve in self.curves}
        if name not in found:
            raise InputError(f"curve '{name}' is not of {self.use}; {nearest(name, found)}")
        return found[name]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        from glabella.uses.document import to_document

        return to_document(self)


def follow_use(
    use: str,
    product: str | None = None,
    dose_units: float | None = None,
    *,
    weeks: int = 24,
    samples: int = 40,
    seed: int = 0,
    purpose: str = "person",
    progress: Progress | None = None,
) -> UseCourse:
    """Follow one session of a therapeutic use; ``dose_units``: of the whole session in the product's own units, 0 for placebo.

    For a person the product must be licensed for the use somewhere in the table and the dose within the label; ``study`` goes as far as
    the highest dose of a published trial. Errors: InputError for a name or number, RefusedError beyond those limits.
    """
    use = check_use(use)
    purpose = check_choice(purpose, "purpose", PURPOSES)
    weeks = int(check_number(weeks, "weeks", at_least=1, at_most=MOST_WEEKS))
    samples = int(check_number(samples, "samples", at_least=0))
    product = _product(use, product)
    dosing = dosing_of(use, product)
    units = _units(use, product, dosing, dose_units, purpose)
    model: Any = MODELS[use]
    days = np.arange(0.0, weeks * DAYS_PER_WEEK + 1)
    table = use_parameters()
    sets = [table, *(table.draw(seed, k) for k in range(samples))]
    curves, figures = [], []
    with threadpool_limits(1):
        for k, values in enumerate(sets):
            curves.append(model.curves(product, units, days, values))
            figures.append(model.figures(product, units, values))
            if progress:
                progress(use.replace("_", " "), (k + 1) / len(sets))
    drawn = slice(1, None) if samples else slice(None)
    known = tuple(row for row in licences() if row.use == use and (row.product == product or row.status != "unknown"))
    beside = published_beside(use, product, units)
    keys = [row.source for row in (*dosing, *known, *beside, *_rows_read(table))]
    return UseCourse(
        use, product, units, purpose, weeks, samples, seed, days,
        tuple(_curve(name, model.CURVES[name], curves[0][name], [one[name] for one in curves[drawn]]) for name in curves[0]),
        tuple(_figure(name, model.FIGURES[name], figures[0][name], [one[name] for one in figures[drawn]]) for name in figures[0]),
        dosing, known, model.MODELLED, model.NOT_MODELLED, tuple(find_reference(key) for key in dict.fromkeys(keys)),
        STUDY_MARK if purpose == "study" else "",
    )  # fmt: skip


def _rows_read(table: Any) -> list[Any]:
    return [table.rows[name] for name in table.read if table.rows[name].source != "assumed_here"]


def _curve(name: str, told: tuple[str, str], value: np.ndarray, drawn: list[np.ndarray]) -> UseCurve:
    low, median, high = np.quantile(np.array(drawn), QUANTILES, axis=0)
    return UseCurve(name, told[0], told[1], median, low, high, value)


def _figure(name: str, told: tuple[str, str], value: float | None, drawn: list[float | None]) -> Figure:
    """What is not reached counts as later than every day that is."""
    later = np.array([np.inf if one is None else one for one in drawn])
    found = np.quantile(later, QUANTILES, method="linear" if np.isfinite(later).all() else "inverted_cdf")
    low, median, high = (float(one) if np.isfinite(one) else None for one in found)
    return Figure(name, told[0], told[1], median, low, high, value)


@cache
def licensed_products(use: str) -> tuple[str, ...]:
    """Products that are licensed for the use in at least one jurisdiction of the table."""
    return tuple(dict.fromkeys(row.product for row in licences() if row.use == use and row.status == "licensed"))


def _product(use: str, product: str | None) -> str:
    """The product, known to the table; the reference product unless one is named."""
    if product is None:
        return REFERENCE
    if product not in products():
        raise InputError(f"product '{product}' is unknown; {nearest(product, products())}")
    if product not in licensed_products(use):
        known = ", ".join(licensed_products(use))
        raise RefusedError(
            f"{product} for {use}: no licence is in the table (as of {licences()[0].as_of}); licensed there, in some jurisdiction: {known}"
        )
    if product not in labelled_products(use):
        raise InputError(f"{product} for {use}: its dosing table has not been read; with one: {', '.join(labelled_products(use))}")
    if product == TYPE_B and use != "cervical_dystonia":
        raise InputError(f"{TYPE_B} is in the evidence of cervical_dystonia alone; choose another product")
    return product


def _units(use: str, product: str, dosing: tuple[Dosing, ...], dose_units: float | None, purpose: str) -> float:
    """The dose of the session, within the label for a person and within published trials for a study."""
    labelled = sum(row.units or 0.0 for row in dosing)
    units = labelled if dose_units is None else check_number(dose_units, "dose", "U", at_least=0)
    label, study = label_maximum(use, product), sum(row.study_maximum_units for row in dosing)
    if purpose == "person" and units > label:
        raise RefusedError(
            f"dose {units:g} U of {product} for {use}: {maximum_words(dosing)}; "
            f"a published trial gave up to {study:g} U (purpose study)"
        )
    if units > study:
        raise RefusedError(f"dose {units:g} U of {product} for {use}: the highest dose of a published trial in the table is {study:g} U")
    if use in ONE_COURSE and 0 < units < labelled:
        raise InputError(
            f"dose {units:g} U of {product} for {use}: how the effect depends on the dose is not known; allowed: the labelled "
            f"{labelled:g} U, 0 for placebo, or up to {study:g} U with purpose study"
        )
    return float(units)


def label_maximum(use: str, product: str) -> float:
    """Most units of one session that the label gives for the use."""
    return sum(row.label_maximum_units for row in dosing_of(use, product))
