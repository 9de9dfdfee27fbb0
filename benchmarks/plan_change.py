"""One site moved on a person already built: dose, months and skin anew."""

import case
import numpy as np
from measure import Claim, Subject

from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import muscle_doses, spread_toxin
from glabella.stages.diffusion.spread import source_of
from glabella.stages.junction import block_junctions
from glabella.stages.muscle import weaken_muscles
from glabella.stages.skin import strain_skin
from glabella.stages.wrinkle import grade_wrinkles
from glabella.treatment import Course, day_grid, run_course

SITE, TOLERANCE, LOOSE = "corrugator_medial_left", 1e-11, 1e-6


def subjects() -> list[Subject]:
    person, parameters, plan, days = case.person(), case.parameters(), case.plan(), day_grid(180)
    kept = run_course(person, plan, days, parameters, [None], TOLERANCE)
    moves = [0]

    def moved_plan():
        moves[0] += 1
        return plan.move(SITE, lateral_mm=0.5 + 0.01 * (moves[0] % 100), up_mm=1.0)

    def whole(tolerance: float) -> Course:
        return run_course(person, moved_plan(), days, parameters, [None], tolerance)

    def by_linearity(tolerance: float = TOLERANCE) -> np.ndarray:
        """Only the moved bolus is placed and solved for; the others keep their field."""
        new = moved_plan()
        at = new.sites.index(SITE)
        only = new.without(*(site for site in new.sites if site != SITE))
        bolus = place_boluses(only.sessions[0], only, person.anatomy, parameters, None)
        cells = len(person.spread.volume)
        change = source_of(bolus, cells) - source_of([kept.boluses[0][at]], cells)
        field = kept.fields[0]
        exposure = field.exposure + person.spread.solve(change, tolerance)
        dose = muscle_doses(person.anatomy, [type(field)(exposure, field.placed_units, 0.0, 0.0, field.uptake_per_day)])
        force = weaken_muscles(block_junctions(dose, np.array([0.0]), days, parameters, plan.product), parameters)
        strain = strain_skin(person.skin, force, person.patient, parameters)
        grade_wrinkles(strain, person.patient, parameters)
        return strain.strain["glabellar"]["maximum_frown"]

    def stages() -> dict:
        from time import perf_counter

        new, found, start = moved_plan(), {}, perf_counter()

        def lap(name: str) -> None:
            nonlocal start
            found[name], start = round(1000 * (perf_counter() - start), 1), perf_counter()

        boluses = place_boluses(new.sessions[0], new, person.anatomy, parameters, None)
        lap("bolus")
        field = spread_toxin(person.spread, boluses, TOLERANCE)
        lap("spread")
        blockade = block_junctions(muscle_doses(person.anatomy, [field]), np.array([0.0]), days, parameters, plan.product)
        lap("junction")
        force = weaken_muscles(blockade, parameters)
        lap("muscle")
        strain = strain_skin(person.skin, force, person.patient, parameters)
        lap("skin")
        grade_wrinkles(strain, person.patient, parameters)
        lap("wrinkle")
        return found

    stages()
    moves[0] = 0
    all_of_it = whole(TOLERANCE).strain.strain["glabellar"]["maximum_frown"]
    moves[0] = 0
    part = by_linearity()
    facts = {"milliseconds_per_stage": stages(), "largest_difference_of_strain": float(np.abs(all_of_it - part).max())}
    contenders = {
        "whole course, residual 1e-11": lambda: whole(TOLERANCE),
        "whole course, residual 1e-6": lambda: whole(LOOSE),
        "moved bolus alone, residual 1e-11": by_linearity,
        "moved bolus alone, residual 1e-6": lambda: by_linearity(LOOSE),
    }
    claims = tuple(Claim(f"plan change warm: {name}, ms", name, None, 100, 30, most=True) for name in contenders)
    return [Subject("plan change", contenders, claims, facts)]
