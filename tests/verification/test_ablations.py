"""That the frown is computed and not drawn: take a cause away and its effect goes. Run with -s for figures."""

import numpy as np
import pytest

from glabella import Plan
from glabella.evidence import load_parameters
from glabella.treatment import day_grid
from tests.chain import DAYS, course, frown_strain, milestones, reduction

LABEL = Plan.label("onabotulinumtoxinA", "glabellar")
ROWS = load_parameters()


def test_units_are_conserved_on_the_face():
    field = course(LABEL).fields[0]
    print(f"\nplaced {field.placed_units:.9f}, taken up {field.taken_up_units:.9f}, cleared {field.cleared_units:.9f}")
    assert field.taken_up_units + field.cleared_units == pytest.approx(field.placed_units, rel=1e-8)
    assert field.placed_units == pytest.approx(20, rel=1e-12)
    assert field.exposure.min() > -1e-12 * field.exposure.max()


def test_no_uptake_no_effect():
    strain = frown_strain(LABEL, uptake_rate_per_day=0.0)
    print(f"\nlargest change of strain without uptake: {np.abs(strain - strain[0]).max():.1e}")
    assert np.abs(strain - strain[0]).max() < 1e-9


def test_half_the_light_chain_half_life_ends_earlier():
    base = milestones(reduction(frown_strain(LABEL)))["half_gone"]
    short = milestones(reduction(frown_strain(LABEL, light_chain_half_life_days=ROWS["light_chain_half_life_days"] / 2)))["half_gone"]
    print(f"\nhalf gone on day {base:.0f}; with half the half-life on day {short:.0f}: {100 * (1 - short / base):.0f} % earlier")
    assert 0.25 <= 1 - short / base <= 0.45


def test_a_corrugator_left_out_keeps_its_force():
    plan = LABEL.without("corrugator_medial_left").without("corrugator_lateral_left")
    force = course(plan).force.force
    left, right = force["corrugator_supercilii_left"].min(), force["corrugator_supercilii_right"].min()
    print(f"\nlowest force: left {left:.2f} (not treated), right {right:.2f}")
    assert left > 0.9
    assert right < 0.3


def test_foundation_stiffness_moves_the_strain_and_not_the_calendar():
    base = frown_strain(LABEL)
    stiff = frown_strain(LABEL, skin_foundation_stiffness_kpa_per_mm=4 * ROWS["skin_foundation_stiffness_kpa_per_mm"])
    days = milestones(reduction(base))["half_gone"], milestones(reduction(stiff))["half_gone"]
    print(f"\nday-0 strain {base[0]:.3f} and {stiff[0]:.3f}; half gone on day {days[0]:.0f} and {days[1]:.0f}")
    assert abs(stiff[0] / base[0] - 1) > 0.05
    assert abs(days[0] - days[1]) < 3


def test_corrugator_needles_too_high_and_lateral():
    wrong = LABEL
    for side in ("left", "right"):
        for which in ("medial", "lateral"):
            wrong = wrong.move(f"corrugator_{which}_{side}", lateral_mm=10, up_mm=10)
    right_course, wrong_course = course(LABEL), course(wrong)
    lost = [float(reduction(c.strain.strain["glabellar"]["maximum_frown"]).max()) for c in (right_course, wrong_course)]
    brow = [min(float(h.min()) for part in c.strain.brow.values() for h in part.values()) for c in (right_course, wrong_course)]
    print(f"\nfrown reduction {lost[0]:.2f} and {lost[1]:.2f}; lowest brow point {brow[0]:+.2f} and {brow[1]:+.2f} mm")
    assert lost[1] < lost[0]
    assert brow[1] < brow[0] - 0.2


def test_only_the_treated_side_softens():
    plan = LABEL.without("corrugator_medial_right").without("corrugator_lateral_right").without("procerus")
    found = course(plan)
    force = found.force.force
    side = found.strain.movement_by_side["maximum_frown"]
    print(f"\nlowest movement at frown: left {side['left'].min():.0f} %, right {side['right'].min():.0f} %")
    assert force["corrugator_supercilii_left"].min() < 0.3
    assert force["corrugator_supercilii_right"].min() > 0.95
    assert side["left"].min() < side["right"].min() - 30


def test_mirror_symmetry_of_a_symmetric_plan():
    found = course(LABEL)
    worst = 0.0
    for name, force in found.force.force.items():
        if name.endswith("_left"):
            worst = max(worst, float(np.abs(force - found.force.force[name.replace("_left", "_right")]).max()))
    for part, height in found.strain.brow["left"].items():
        worst = max(worst, float(np.abs(height - found.strain.brow["right"][part]).max()))
    strain = found.strain.strain
    for expression in strain["lateral_canthal_left"]:
        worst = max(worst, float(np.abs(strain["lateral_canthal_left"][expression] - strain["lateral_canthal_right"][expression]).max()))
    print(f"\nlargest difference between the sides {worst:.1e}")
    assert worst < 1e-6


def test_adjoint_of_a_structure_on_the_face():
    from glabella.stages.diffusion.spread import source_of
    from glabella.stages.unwanted import structure_weights
    from tests.chain import person

    someone = person()
    weights = structure_weights(someone.anatomy, someone.spread, "frontalis_left")
    source = source_of(course(LABEL).boluses[0], len(someone.anatomy.cells))
    forward = someone.spread.solve(source, 1e-12) @ weights
    backward = someone.spread.solve(weights, 1e-12) @ source
    assert forward == pytest.approx(backward, rel=1e-8)


def test_days_reach_the_end():
    assert day_grid(DAYS)[:6].tolist() == [0, 0.5, 1, 1.5, 2, 3]
    assert day_grid(DAYS)[-1] == DAYS
