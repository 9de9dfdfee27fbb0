"""The planner against the full chain, finite differences and exhaustive search."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from glabella import treatment
from glabella.evidence import load_parameters
from glabella.plan import Plan
from glabella.planner.choice import Choice
from glabella.planner.influence import even_draws, one_needle
from glabella.planner.objectives import BrowDropAtMost, GradeAtMost, ImprovedBy, MovementKept, SideEffectAtMost
from glabella.planner.positions import dose_worth, place_slopes, worth_field
from glabella.planner.problem import Problem, at_volumes_of, logit
from glabella.planner.solve import fewest_units, nearest
from glabella.planner.steps import fewest_steps
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion.spread import source_of
from glabella.stages.junction import blocked_share
from glabella.stages.unwanted import BrowChange, rate_unwanted
from tests.planned import DRAWS, GOAL, SEED, coarse_person, coarse_problem

SOME = np.array([2.0, 3.0, 3.5])  # units per needle: lateral and medial corrugator, procerus
CURVES = {
    ("skin", "glabellar", "maximum_frown", "grade"): 0.02,
    ("skin", "glabellar", "maximum_frown", "strain"): 0.0015,
    ("skin", "glabellar", "rest", "grade"): 0.005,
    ("skin", "forehead", "brow_raise", "grade"): 0.01,
    ("skin", "lateral_canthal_left", "smile", "grade"): 0.005,
    ("movement", "brow_raise"): 0.4,
    ("movement", "maximum_frown"): 0.7,
    ("brow", "left", "head"): 0.01,
    ("brow", "right", "tail"): 0.01,
    ("muscle", "corrugator_supercilii_left", "force"): 0.006,
}
OBJECTIVES = (
    GradeAtMost("glabellar", 1, 30, 60, 0.8),
    GradeAtMost("glabellar", 1, 30, 30, 0.8, "rest"),
    GradeAtMost("forehead", 1, 14, 90, 0.8),
    ImprovedBy("glabellar", 1.0, 30, 60, 0.8),
    MovementKept("brow_raise", 80, 14, 60, 0.8),
    MovementKept("maximum_frown", 30, 30, 60, 0.8),
    BrowDropAtMost(0.5, 14, 60, 0.8),
    SideEffectAtMost("eyelid_ptosis", 0.02),
    SideEffectAtMost("brow_ptosis", 0.02),
    SideEffectAtMost("dry_eye", 0.02),
)


@pytest.fixture(scope="module")
def problem() -> Problem:
    """The plan's problem, with the fluid that ``SOME`` units have."""
    found = coarse_problem()
    return at_volumes_of(found, found.choice, SOME, SEED)


def test_influence_gives_the_curves_of_the_full_chain(problem):
    """The same draws through every stage of ``simulate``, all tissue cells, daily steps."""
    plan = problem.choice.plan(SOME)
    days = treatment.day_grid(60)
    response = problem.responses[0]
    draws = zip(response.influence.draws, response.influence.offsets_mm, strict=True)
    runs = [treatment.named_curves(treatment.run_course(coarse_person(), plan, days, p, [o], 1e-8)) for p, o in draws]
    reply = response.reply(problem.choice.directions @ SOME)
    shared = np.isin(response.days, days)
    at = np.searchsorted(days, response.days[shared])
    for key, most in CURVES.items():
        full = np.stack([run[key] for run in runs])[:, at]
        difference = np.abs(reply.curve(key)[:, shared] - full).max()
        print(f"{'.'.join(key):50s} largest difference {difference:.2g} of {np.ptp(full):.2g}")
        assert difference < most
        assert np.ptp(full) > 3 * most  # the bound would notice a curve that stands still


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: f"{type(o).__name__}-{o.says()[:40]}")
def test_derivative_of_every_objective(problem, objective):
    """Exact slopes against central differences in every direction, at several doses.

    The junction's table runs in straight pieces: a difference that straddles a node of one element sees both slopes, hence 1e-3.
    """
    alone = replace(problem, objectives=(objective,), required=np.array([0.5]), _held={})
    for x in (SOME, 0.5 * SOME, np.array([3.9, 0.3, 2.2])):
        value, slope = alone.with_slopes(x)
        step = 1e-5
        near = np.array([(alone.with_slopes(x + step * e)[0] - alone.with_slopes(x - step * e)[0]) / (2 * step) for e in np.eye(3)])[:, 0]
        assert 0 <= value[0] <= 1
        assert slope[0] == pytest.approx(near, rel=1e-3, abs=1e-6)


def test_adjoint_field_gives_the_worth_of_a_unit_at_every_needle(problem):
    """<source of a unit, adjoint field> = derivative by that needle's units, for each draw's parameters and landing place."""
    response, weight = problem.responses[0], np.array([1.0, 0.4, 0.3, 0.0, 0.0])
    units = problem.choice.directions @ SOME
    worth = dose_worth(problem, response, units, weight)
    reply = response.reply(units, np.eye(len(units)))
    forward = sum(w * np.asarray(o.chance(reply).slope) for w, o in zip(weight, problem.objectives, strict=True) if w)
    influence, found = response.influence, np.zeros(len(units))
    for draw in range(DRAWS):
        field = worth_field(response, draw, worth[draw])
        for needle, injection in enumerate(influence.template.sessions[0].injections):
            session = one_needle(injection)
            at = influence.offsets_mm[draw, needle][None]
            bolus = place_boluses(session, influence.template, influence.person.anatomy, influence.draws[draw], at)
            found[needle] += source_of(bolus, len(field)) @ field / injection.units
    print("adjoint", found, "forward", forward)
    assert found == pytest.approx(forward, rel=1e-4, abs=1e-6)


def test_place_slopes_against_moved_needles(problem):
    """A needle kept at its depth and moved half a millimetre either way, the influence solved anew."""
    shallow = _at_fixed_depth(problem)
    worth = np.array([1.0, 0.4, 0.3, 0.0, 0.0])
    slopes = place_slopes(shallow, SOME, worth)

    def goal(plan: Plan) -> float:
        moved = at_volumes_of(shallow, replace(shallow.choice, template=plan), SOME, SEED)
        return float(worth @ logit(moved.with_slopes(SOME)[0]))

    sites = [i.site for i in shallow.choice.template.sessions[0].injections]
    scale = np.abs(slopes).max()
    for needle in (0, 1, 2):
        for axis, name in enumerate(("lateral_mm", "up_mm")):
            ahead, behind = (goal(shallow.choice.template.move(sites[needle], **{name: s * 0.5})) for s in (1, -1))
            assert slopes[needle, axis] == pytest.approx(ahead - behind, rel=0.1, abs=0.05 * scale)


def _at_fixed_depth(problem: Problem) -> Problem:
    atlas = coarse_person().anatomy.atlas
    plan = problem.choice.template
    for injection in plan.sessions[0].injections:
        plan = plan.with_depth(injection.site, atlas.depth_to(injection.target_muscle or "", atlas.site(injection.site)))
    return at_volumes_of(problem, replace(problem.choice, template=plan), SOME, SEED)


def test_same_optimum_as_exhaustive_search():
    """Three sites by six doses, every one of the 216 plans looked at."""
    for probability, limit in ((0.7, 0.02), (0.62, 0.004), (0.75, 0.05)):
        goal = replace(GOAL, with_probability=probability, limits=replace(GOAL.limits, eyelid_ptosis=limit))
        problem = coarse_problem(goal)
        choice = replace(problem.choice, most=np.full(3, 5.0), ceilings=())
        problem = replace(problem, choice=choice, _held={})
        every = [np.array(point, float) for point in itertools.product(range(6), repeat=3)]
        reached = [x for x in every if problem.reaches(x)]
        least = min(choice.total(x) for x in reached)
        best = max((x for x in reached if choice.total(x) == least), key=lambda x: problem.slack(x).min())
        fresh = replace(problem, _held={}, count=[0])
        found = fewest_steps(fresh, fewest_units(fresh).x)
        print(f"p {probability}: exhaustive {best} = {least} U, found {found} after {fresh.count[0]} evaluations")
        assert found is not None
        assert choice.total(found) == least
        assert found == pytest.approx(best)


def test_nearest_is_the_most_that_any_dose_reaches():
    """The best chance under the bounds, against a search over the whole range."""
    goal = replace(GOAL, with_probability=0.97)
    problem = coarse_problem(goal)
    assert not fewest_units(problem).feasible
    found = problem.with_slopes(nearest(problem, 1).x)[0]
    axis = np.linspace(0, 4, 5)
    best = 0.0
    for x in itertools.product(axis, repeat=3):
        chances = problem.with_slopes(np.array(x))[0]
        if (chances[1:] >= problem.required[1:] - 1e-9).all():
            best = max(best, chances[0])
    assert (found[1:] >= problem.required[1:] - 2e-3).all()
    assert found[0] >= best - 2e-3


def test_even_draws_have_the_distributions_of_the_samples():
    """Mean and spread of every drawn row against 4000 samples of ``Parameters.draw``, and of the scatter against its rows."""
    table = load_parameters()
    drawn, offsets = even_draws(table, 2, 400, 3)
    loose = [table.draw(1, n) for n in range(4000)]
    for name, row in table.rows.items():
        if row.drawn:
            even, free = (np.array([values[name] for values in one]) for one in (drawn, loose))
            assert even.mean() == pytest.approx(free.mean(), abs=0.05 * (row.high - row.low))
            assert even.std() == pytest.approx(free.std(), rel=0.08)
    assert offsets.std((0, 1)) == pytest.approx([table["placement_sd_mm"]] * 2 + [table["placement_depth_sd_mm"]], rel=0.02)


def test_risk_is_the_law_of_the_simulation(problem):
    """The planner's chance of each effect by dose against ``rate_unwanted`` on the same doses."""
    risk, units = problem.responses[0].risk, np.array([4.0, 8.0, 1.0, 4.0, 2.0])
    doses = {name: per_unit @ units for name, per_unit in risk.dose_per_unit.items()}
    product = problem.choice.template.product

    def peak_block(dose, values):
        return blocked_share(dose, treatment.PEAK_DAYS, values, product).max(-1)

    drop = np.array([0.4, 0.9, 1.6])
    rated = rate_unwanted(doses, BrowChange(drop, drop, drop, sampled=True), peak_block, [risk.nominal])
    for effect in ("eyelid_ptosis", "dry_eye", "asymmetric_smile"):
        assert risk.chance(effect, units).value == pytest.approx(rated[effect].value, abs=1e-12)
    assert rated["eyelid_ptosis"].value > 0.01
    assert risk.brow_ptosis(drop, None).value == pytest.approx(rated["brow_ptosis"].value, abs=1e-12)


def test_choice_type(problem):
    """Left and right together, within the label."""
    choice: Choice = problem.choice
    assert choice.names == ("corrugator_lateral", "corrugator_medial", "procerus")
    assert choice.total(choice.most) == 20
    assert not choice.fits(np.array([4.0, 4.0, 5.0]))
