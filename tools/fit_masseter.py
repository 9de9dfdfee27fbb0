"""Print the fit behind ``masseter_muscle_regrowth_per_day``: the week in which the masseter is thinnest.

Used: the one row marked ``calibrate``, 'thickness lowest in week 11' (weekly ultrasound of eight people; the paper's dose was not
read, so the 48 U pattern of a trial stands in). The rate of wasting stays where a blocked muscle's was put before, 0.033 per day; the
rate of regrowth is fitted so that the thickness at rest is lowest on day 77. Rows marked ``validate`` (mm by dose, grades) are not read.

    PYTHONPATH=src python tools/fit_masseter.py
"""

import numpy as np

from glabella import Patient, Plan
from glabella.evidence.lower_face import load_lower_parameters
from glabella.evidence.other_published import other_rows
from glabella.lower_treatment import build_lower_person, run_lower_course
from glabella.stages.muscle.masseter import masseter_thickness, weaken_lower_muscles

PATTERNS = ("masseter_48", "masseter_72")
ATROPHY = (0.015, 0.033, 0.05)
REGROWTH = (0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013, 0.016, 0.02)


def main() -> None:
    """Lowest day at rest and clenched, and what is left of the loss in week 25, over both rates."""
    rows = [row for row in other_rows() if row.quantity == "masseter_thinnest_days" and row.use == "calibrate"]
    print("used:", ", ".join(f"{row.row} = {row.value:g} {row.unit}" for row in rows))
    parameters = load_lower_parameters()
    person = build_lower_person(None, Patient(), parameters)
    days = np.arange(0.0, 181.0)
    for pattern in PATTERNS:
        course = run_lower_course(person, Plan.study("onabotulinumtoxinA", pattern), days, parameters, [None], 1e-9)
        for atrophy in ATROPHY:
            for regrowth in REGROWTH:
                rates = {"masseter_muscle_atrophy_per_day": atrophy, "masseter_muscle_regrowth_per_day": regrowth}
                values = parameters.with_values(rates)
                thickness = masseter_thickness(weaken_lower_muscles(course.blockade, values), "female", values)["masseter_left"]
                rest, clench = thickness.rest_mm, thickness.clench_mm
                left = (rest[0] - rest[175]) / (rest[0] - rest.min())
                print(
                    f"{pattern} atrophy {atrophy:g} regrowth {regrowth:g}: thinnest at rest on day {rest.argmin()}, "
                    f"clenched on day {clench.argmin()}; of the loss at rest {left:.0%} is left in week 25"
                )


if __name__ == "__main__":
    main()
