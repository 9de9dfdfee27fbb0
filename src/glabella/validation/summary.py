"""Hits and misses of one set of rows in a few numbers, each beside its target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from glabella.evidence.published import UNIT_OF
from glabella.validation.judged import ONSET_TOLERANCE_POINTS, SMALL_ARM, STRAIN_TOLERANCE, Judged, people_behind

MOST_RMSE_POINTS = {"calibrate": 5.0, "validate": 10.0}
LEAST_INSIDE_PERCENT = {"validate": 70.0}
SMALL_ARM_ERRORS = 2.0


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    hits: int
    of: int

    @property
    def percent(self) -> float | None:
        """Hits in percent; None of nothing."""
        return 100 * self.hits / self.of if self.of else None


@dataclass(frozen=True)
class Check:
    """A target: what was found, what was wanted and whether it is met; None where there is nothing to check."""

    name: str
    found: str
    wanted: str
    met: bool | None


@dataclass(frozen=True)
class Summary:
    """The rows of one use. Errors in points are those of responder rates; ``by_quantity``: (inside tolerance, inside interval)."""

    use: str
    rows: int
    weighted_rmse_points: float | None
    plain_rmse_points: float | None
    all_rates_rmse_points: float | None
    inside_interval: Count
    inside_tolerance: Count
    small_arms: Count
    strain: Count
    onset: Count
    by_quantity: dict[str, tuple[Count, Count]]
    checks: tuple[Check, ...]


def summarise(use: str, judged: Sequence[Judged]) -> Summary:
    """Summary of the rows of this use."""
    mine = [one for one in judged if one.row.use == use]
    responders = [one for one in mine if one.row.quantity == "responder_percent"]
    weighted, plain = rmse(responders, weigh=True), rmse(responders)
    inside = count(mine, lambda one: one.inside_interval)
    small = count([one for one in mine if one.is_small], lambda one: one.standard_errors <= SMALL_ARM_ERRORS)
    strain = count(
        [one for one in mine if one.row.quantity.startswith("strain")], lambda one: abs(one.error) <= STRAIN_TOLERANCE * one.row.value
    )
    onset = count([one for one in mine if one.row.quantity == "onset_percent"], lambda one: abs(one.error) <= ONSET_TOLERANCE_POINTS)
    by_quantity = {}
    for quantity in UNIT_OF:
        rows = [one for one in mine if one.row.quantity == quantity]
        if rows:
            by_quantity[quantity] = (count(rows, lambda one: one.inside_tolerance), count(rows, lambda one: one.inside_interval))
    checks = [
        _most("n-weighted error of responder rates (root mean square)", weighted, MOST_RMSE_POINTS[use]),
        _least("figures inside their 90 % predictive interval", inside, LEAST_INSIDE_PERCENT.get(use)),
        _all(f"arms of fewer than {SMALL_ARM} people within two standard errors", small),
        _all("strain within 20 % of the figure", strain),
        _all("onset within 10 points", onset),
    ]
    return Summary(
        use, len(mine), weighted, plain, rmse([one for one in mine if one.is_rate]), inside, count(mine, lambda one: one.inside_tolerance),
        small, strain, onset, by_quantity, tuple(checks),
    )  # fmt: skip


def rmse(judged: Sequence[Judged], weigh: bool = False) -> float | None:
    """Root-mean-square error, each figure by its people if ``weigh``; None of no figures."""
    if not judged:
        return None
    errors = np.array([one.error for one in judged])
    return float(np.sqrt(np.average(errors**2, weights=[people_behind(one.row) for one in judged] if weigh else None)))


def count(judged: Sequence[Judged], hit: Callable[[Judged], bool]) -> Count:
    """How many are hits."""
    return Count(sum(hit(one) for one in judged), len(judged))


def _most(name: str, found: float | None, most: float) -> Check:
    return Check(
        name, "no figures" if found is None else f"{found:.1f} points", f"at most {most:g}", None if found is None else found <= most
    )


def _least(name: str, found: Count, least: float | None) -> Check:
    met = None if found.percent is None or least is None else found.percent >= least
    return Check(name, _of(found), "no target" if least is None else f"at least {least:g} %", met)


def _all(name: str, found: Count) -> Check:
    return Check(name, _of(found), "all, or listed as misses", found.hits == found.of if found.of else None)


def _of(found: Count) -> str:
    return "no figures" if found.percent is None else f"{found.hits} of {found.of} ({found.percent:.0f} %)"
