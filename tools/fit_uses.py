"""Fit the site-level rows of the therapeutic uses to the rows marked ``calibrate`` in trials/other.csv, and to nothing else.

    python tools/fit_uses.py            fit, print what was used and the rows as they should stand in evidence/uses/parameters.csv
    python tools/fit_uses.py --write    put them there

Each number is told by one row, or by one row and the placebo row beside it; low and high are where 90 % of such rows would put it.
What no calibrate row tells is not fitted: the persistence of the block at sweat glands above all.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from glabella.evidence.other_published import other_rows
from glabella.evidence.published import PublishedRow
from glabella.uses.axillary_hyperhidrosis import HALF_THE_SWEAT, responders_percent
from glabella.uses.cervical_dystonia import neck_force_loss
from glabella.uses.chronic_migraine import headache_days_change
from glabella.uses.kinetics import people_of
from glabella.uses.placebo import placebo_course
from glabella.uses.tables import use_parameters

TABLE = Path(__file__).parents[1] / "src/glabella/evidence/uses/parameters.csv"
NINETY = 1.645  # standard errors to either side
DIGITS = 4


@dataclass(frozen=True)
class Fitted:
    name: str
    value: float
    low: float
    high: float
    used: tuple[str, ...]


def calibrate_rows() -> tuple[PublishedRow, ...]:
    """The rows that this tool may read."""
    return tuple(
        row for row in other_rows("calibrate") if row.indication in ("cervical_dystonia", "axillary_hyperhidrosis", "chronic_migraine")
    )


def pair(rows: Sequence[PublishedRow], indication: str) -> tuple[PublishedRow, PublishedRow]:
    """The active and the placebo row of an indication."""
    mine = [row for row in rows if row.indication == indication]
    (active,) = (row for row in mine if row.arm == "active")
    (placebo,) = (row for row in mine if row.arm == "placebo")
    return active, placebo


def band(row: PublishedRow, sd: float) -> tuple[float, float, float]:
    """The row's value and where 90 % of such values would fall."""
    error = NINETY * sd / np.sqrt(row.n or 1)
    return row.value, row.value - error, row.value + error


def percent_band(row: PublishedRow) -> tuple[float, float, float]:
    share = row.value / 100
    return band(row, 100 * np.sqrt(share * (1 - share)))


def three(name: str, rows: Sequence[PublishedRow], values: tuple[float, float, float], invert: Callable[[float], float]) -> Fitted:
    found = [invert(value) for value in values]
    return Fitted(name, found[0], min(found), max(found), tuple(row.row for row in rows))


def fit_dystonia(rows: Sequence[PublishedRow], values: Mapping[str, float]) -> list[Fitted]:
    active, placebo = pair(rows, "cervical_dystonia")
    sd = values["twstrs_change_sd_points"]
    at = np.array([active.day or 0.0])
    share = float(placebo_course(np.array([placebo.day or 0.0]), values)[0])
    lost = float((people_of(values).weight @ neck_force_loss(active.product, active.dose_units, at, values))[0])
    error = NINETY * sd * np.sqrt(1 / (active.n or 1) + 1 / (placebo.n or 1))
    gain = placebo.value - active.value
    return [
        three("twstrs_placebo_points", [placebo], band(placebo, sd), lambda value: -value / share),
        three("twstrs_points_per_force", [active, placebo], (gain, gain - error, gain + error), lambda value: value / lost),
    ]


def fit_sweat(rows: Sequence[PublishedRow], values: Mapping[str, float]) -> list[Fitted]:
    active, placebo = pair(rows, "axillary_hyperhidrosis")
    sd = values["sweat_change_sd_ln"]
    share = float(placebo_course(np.array([placebo.day or 0.0]), values)[0])
    ln = three(
        "sweat_placebo_ln", [placebo], percent_band(placebo), lambda value: (np.log(HALF_THE_SWEAT) - sd * ndtri(value / 100)) / share
    )
    known = {**values, ln.name: ln.value}

    def sensitivity(percent: float) -> float:
        def miss(ln_sensitivity: float) -> float:
            there = {**known, "sweat_gland_sensitivity": float(np.exp(ln_sensitivity))}
            return float(responders_percent(active.product, active.dose_units, np.array([active.day or 0.0]), there)[0]) - percent

        found: Any = brentq(miss, np.log(0.02), np.log(50), xtol=1e-6)
        return float(np.exp(found))

    return [ln, three("sweat_gland_sensitivity", [active, placebo], percent_band(active), sensitivity)]


def fit_headache(rows: Sequence[PublishedRow], values: Mapping[str, float]) -> list[Fitted]:
    active, placebo = pair(rows, "chronic_migraine")
    sd, at = values["headache_change_sd_days"], np.array([active.day or 0.0])
    one = {**values, "headache_placebo_days": 1.0, "headache_gain_days": 0.0}
    per_placebo = float(headache_days_change(at, one)[0])
    per_gain = float(headache_days_change(at, {**one, "headache_placebo_days": 0.0, "headache_gain_days": 1.0})[0])
    error = NINETY * sd * np.sqrt(1 / (active.n or 1) + 1 / (placebo.n or 1))
    gain = active.value - placebo.value
    return [
        three("headache_placebo_days", [placebo], band(placebo, sd), lambda value: value / per_placebo),
        three("headache_gain_days", [active, placebo], (gain, gain - error, gain + error), lambda value: value / per_gain),
    ]


def fit_uses(rows: Sequence[PublishedRow] | None = None) -> list[Fitted]:
    """Every fitted row, in four digits."""
    rows = calibrate_rows() if rows is None else rows
    if any(row.use != "calibrate" for row in rows):
        raise ValueError("only rows marked calibrate may be fitted")
    values = dict(use_parameters())
    found = [*fit_dystonia(rows, values), *fit_sweat(rows, values), *fit_headache(rows, values)]
    return [Fitted(f.name, shorten(f.value), shorten(f.low), shorten(f.high), f.used) for f in found]


def shorten(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def write(found: Sequence[Fitted]) -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    for f in found:
        at = next(k for k, line in enumerate(lines) if line.startswith(f"{f.name},"))
        lines[at] = ",".join([f.name, f"{f.value:g}", f"{f.low:g}", f"{f.high:g}", *lines[at].split(",")[4:]])
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the rows into the table")
    options = parser.parse_args()
    found = fit_uses()
    for f in found:
        print(f"{f.name:28s} {f.value:8.4g}  ({f.low:.4g} to {f.high:.4g})  from {', '.join(f.used)}")
    if options.write:
        write(found)
        print(f"written to {TABLE.name}")


if __name__ == "__main__":
    main()
