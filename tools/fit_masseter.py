"""Fit ``masseter_muscle_regrowth_per_day`` to the one row marked ``calibrate``, 'thickness lowest in week 11', and to nothing else.

The figure is from weekly ultrasound of eight people; the paper's dose was not read, so the 48 U pattern of a trial stands in. The rate of
wasting stays where it is. Rows marked ``validate`` (mm by dose, grades) are not read. The range of the row is assumed, not fitted.

    python tools/fit_masseter.py            fit, print what was used and the row's value
    python tools/fit_masseter.py --write    put it into evidence/lower_face.csv
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from glabella import Patient, Plan
from glabella.evidence.lower_face import load_lower_parameters
from glabella.evidence.other_published import other_rows
from glabella.evidence.published import PublishedRow
from glabella.lower_face.treatment import LowerPerson, build_lower_person, run_lower_course
from glabella.stages.muscle.masseter import masseter_thickness, weaken_lower_muscles

TABLE = Path(__file__).parents[1] / "src/glabella/evidence/lower_face.csv"
NAME, QUANTITY = "masseter_muscle_regrowth_per_day", "masseter_thinnest_days"
PATTERN = "masseter_48"  # stands in for the dose that was not read
DAYS = np.arange(0.0, 181.0)
DIGITS = 3


def calibrate_rows() -> tuple[PublishedRow, ...]:
    """The rows that this tool may read."""
    return tuple(row for row in other_rows("calibrate") if row.quantity == QUANTITY)


def fit_regrowth(rows: Sequence[PublishedRow] | None = None, person: LowerPerson | None = None) -> float:
    """The regrowth with which the relaxed masseter is thinnest on the row's day, in three digits; ``person``: the reference one."""
    rows = calibrate_rows() if rows is None else rows
    if any(row.use != "calibrate" for row in rows):
        raise ValueError("only rows marked calibrate may be fitted")
    (row,) = rows
    parameters = load_lower_parameters()
    person = person or build_lower_person(None, Patient(), parameters)
    blockade = run_lower_course(person, Plan.study(row.product, PATTERN), DAYS, parameters, [None], 1e-9).blockade

    def late(regrowth: float) -> float:
        values = parameters.with_values({NAME: regrowth})
        rest = masseter_thickness(weaken_lower_muscles(blockade, values), person.patient.sex, values)["masseter_left"].rest_mm
        return lowest_day(DAYS, rest) - row.value

    limits = parameters.rows[NAME]
    found: Any = brentq(late, limits.low, limits.high, xtol=1e-7)
    return float(f"{found:.{DIGITS}g}")


def lowest_day(days: np.ndarray, curve: np.ndarray) -> float:
    """When a curve is lowest, by the parabola through its lowest value and the two beside it."""
    at = min(max(int(curve.argmin()), 1), len(days) - 2)
    before, least, after = curve[at - 1 : at + 2]
    return float(days[at] + (days[at + 1] - days[at]) * (before - after) / (2 * (before - 2 * least + after)))


def write(value: float) -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith(f"{NAME},"))
    lines[at] = ",".join([NAME, f"{value:g}", *lines[at].split(",")[2:]])
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the row into the table")
    options = parser.parse_args()
    value = fit_regrowth()
    print(f"{NAME} {value:g} from {', '.join(f'{row.row} = {row.value:g} {row.unit}' for row in calibrate_rows())}")
    if options.write:
        write(value)
        print(f"written to {TABLE.name}")


if __name__ == "__main__":
    main()
