"""The demo's frown, computed by the chain: limits written down in the issue before the model existed. Run with -s for figures."""

import numpy as np
import pytest
from tests.chain import DAYS, course, frown_strain, milestones, reduction

from glabella import Plan
from glabella.treatment import day_grid

LABEL = Plan.label("onabotulinumtoxinA", "glabellar")


def test_milestones_of_the_licensed_treatment():
    lost = reduction(frown_strain(LABEL))
    found = milestones(lost)
    at_14 = float(np.interp(14, day_grid(DAYS), lost))
    print(f"\n20 U: reduction at day 14 {100 * at_14:.1f} %, " + ", ".join(f"{k} {v:.3g}" for k, v in found.items()))
    assert 0.5 <= found["onset"] <= 3
    assert 0.55 <= at_14 <= 0.85
    assert 7 <= found["deepest_day"] <= 45
    assert 80 <= found["half_gone"] <= 130
    assert 130 <= found["back"] <= 270


def test_dose_and_duration_beside_the_published_rows():
    """Duration never falls with dose and the gain from 10 to 20 U exceeds that from 20 to 40 U; the days are reported."""
    days = {}
    for units in (10, 20, 40, 80):
        lost = reduction(frown_strain(LABEL.scaled(units) if units != 20 else LABEL))
        deepest = int(lost.argmax())
        below = np.flatnonzero(lost[deepest:] < 0.3)
        days[units] = float(day_grid(DAYS)[deepest + below[0]])
        print(f"\n{units} U: {milestones(lost)}, below 30 % loss from day {days[units]:.0f}", end="")
    print("\npublished: 10 to 20 U about +50 days, 20 to 40 U +5 to +35 days; here", days[20] - days[10], days[40] - days[20])
    assert days[10] < days[20] < days[40] < days[80]
    assert days[40] - days[20] < days[20] - days[10]


@pytest.mark.parametrize(("day", "published"), [(2, 54), (7, 15), (14, 10), (42, 33), (84, 50), (168, 93)])
def test_frown_displacement_of_the_30_unit_study(day, published):
    """Proebstle 2014, incobotulinumtoxinA 30 U: percent of the displacement at baseline, within 10 points."""
    plan = Plan.label("incobotulinumtoxinA", "glabellar").scaled(30)
    movement = course(plan).strain.movement["maximum_frown"]
    found = float(np.interp(day, day_grid(DAYS), movement))
    print(f"\nday {day}: {found:.1f} % against {published} %")
    assert abs(found - published) <= 10
