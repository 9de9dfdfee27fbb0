"""Side effects of a trial's arms: those with a mechanism computed once per arm on a typical woman, the others at published rates."""

from collections.abc import Iterator, Sequence

import numpy as np

from glabella.evidence import Parameters
from glabella.evidence.tables import read_rows, shipped_text
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.unwanted import BROW_MECHANISMS, MUSCLE_MECHANISMS, all_rates
from glabella.stages.unwanted.label_rates import SUMMARY
from glabella.treatment import PEAK_DAYS, Person, build_person, find_risks, run_course, with_label_rates
from glabella.trial.design import Trial
from glabella.trial.result import Effect

PARAMETER_DRAWS = 16
TOLERANCE = 1e-6
COMPUTED_COLUMNS = ("effect", "onset", "duration", "seriousness", "quality", "source")


def find_effects(trial: Trial, plans: Sequence[Plan], parameters: Parameters) -> list[tuple[Effect, ...]]:
    """The effects of each arm; ``plans``: what it injects, of a placebo arm what it stands for."""
    person = build_person(None, Patient(), parameters) if any(arm.treated for arm in trial.arms) else None
    found = []
    for arm, plan in zip(trial.arms, plans, strict=True):
        if arm.treated and person is not None:
            found.append(_treated_effects(person, plan, parameters, trial.seed))
        else:
            found.append(tuple(_placebo_effects(plan)))
    return found


def _treated_effects(person: Person, plan: Plan, parameters: Parameters, seed: int) -> tuple[Effect, ...]:
    last = plan.sessions[-1].day
    days = np.unique(np.concatenate([session.day + PEAK_DAYS for session in plan.sessions]))
    course = run_course(person, plan, days[days <= last + PEAK_DAYS[-1]], parameters, [None] * len(plan.sessions), TOLERANCE)
    chances = with_label_rates(plan, find_risks(person, plan, parameters, course, [], PARAMETER_DRAWS, seed))
    return tuple(Effect(name, 100 * c.value, 100 * c.low, 100 * c.high, c.basis, c.source) for name, c in chances.items())


def _placebo_effects(plan: Plan) -> Iterator[Effect]:
    """No toxin reaches a structure at risk; effects of the injection itself at the rates of placebo arms, where they were published."""
    for row in read_rows(shipped_text("computed_effects.csv"), COMPUTED_COLUMNS, "computed_effects.csv"):
        yield Effect(row.text("effect"), 0.0, 0.0, 0.0, "computed", row.text("source"))
    computed = {row.effect for row in (*MUSCLE_MECHANISMS, *BROW_MECHANISMS)}
    found: dict[str, Effect] = {}
    for rate in all_rates():
        placebo = (rate.placebo, rate.placebo_low, rate.placebo_high)
        if rate.product == plan.product and rate.area in plan.areas and rate.effect not in (*computed, SUMMARY) and None not in placebo:
            value, low, high = (100 * float(share or 0.0) for share in placebo)
            if rate.effect not in found or value > found[rate.effect].percent:
                found[rate.effect] = Effect(rate.effect, value, low, high, "label_rate", rate.source)
    yield from (found[name] for name in sorted(found))


__all__ = ["find_effects"]
