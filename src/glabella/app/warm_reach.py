"""Side effects of a changed plan as a look-up: what depends on the person only is solved once, and each needle is mapped once."""

from dataclasses import replace
from threading import Lock

import numpy as np

from glabella.app.kept import Kept
from glabella.evidence import Parameters
from glabella.plan import Injection, Plan, Session
from glabella.runs import UNWANTED_DRAWS, peak_block_of
from glabella.stages.anatomy import Anatomy
from glabella.stages.unwanted import (
    STRUCTURES,
    ComputedRisk,
    ReachFields,
    draw_placements,
    map_reach,
    rate_muscles,
    solve_reach,
    structure_doses,
)
from glabella.treatment import Person

MOST_NEEDLES = 32  # one takes 1 MB: twice as many as any licensed plan has


class WarmReach:
    """What needles do to the structures at risk of one person: the numbers of ``glabella.treatment.find_risks`` for the nominal run."""

    def __init__(self, person: Person, parameters: Parameters, seed: int = 0) -> None:
        self._anatomy: Anatomy = person.anatomy
        self._parameters = parameters
        self._seed = seed
        self._spread = replace(person.spread, layout=None)  # as a run without samples solves it: the same numbers to the last digit
        self._known = person.known_fields
        self._fields: ReachFields | None = None
        self._needles: Kept[np.ndarray] = Kept(MOST_NEEDLES)
        self._lock = Lock()

    def risks(self, plan: Plan, parameters: Parameters) -> dict[str, ComputedRisk]:
        """Chance of each side effect of a plan by a weakened muscle."""
        return rate_muscles(self.doses(plan), peak_block_of(plan.product), [parameters])

    def doses(self, plan: Plan) -> dict[str, np.ndarray]:
        """Mean dose (draws,) of each structure over placements: needles of a session add, of sessions the highest counts."""
        highest = np.zeros((len(STRUCTURES), UNWANTED_DRAWS))
        for number, session in enumerate(plan.sessions):
            highest = np.maximum(highest, sum(self._session_doses(plan, number, session), np.zeros_like(highest)))
        return dict(zip(STRUCTURES, highest, strict=True))

    def _session_doses(self, plan: Plan, number: int, session: Session) -> list[np.ndarray]:
        sites = [injection.site for injection in session.injections]
        keys = [(injection, plan.dilution, number, sites[:n].count(injection.site)) for n, injection in enumerate(session.injections)]
        found = [self._needles.find(key) for key in keys]
        missing = [n for n, doses in enumerate(found) if doses is None]
        if missing:
            made = self._map(plan, number, session, [session.injections[n] for n in missing], [keys[n][-1] for n in missing])
            for n, doses in zip(missing, made, strict=True):
                self._needles.put(keys[n], doses)
                found[n] = doses
        return [doses for doses in found if doses is not None]

    def _map(self, plan: Plan, number: int, session: Session, injections: list[Injection], named_before: list[int]) -> list[np.ndarray]:
        """Dose (structures, draws) of each of these needles."""
        only = replace(session, injections=tuple(injections))
        with self._lock:  # the first time it solves, and uses every core for that
            self._fields = self._fields or solve_reach(STRUCTURES, self._anatomy, self._spread, self._known)
        needles = map_reach(STRUCTURES, only, plan, self._anatomy, self._spread, self._parameters, self._fields)
        made = []
        for injection, needle, before in zip(injections, needles, named_before, strict=True):
            placements = draw_placements([injection.site] * (before + 1), UNWANTED_DRAWS, self._seed, number, self._parameters)
            doses = structure_doses(STRUCTURES, (needle,), placements.offsets_mm[:, -1:], self._parameters)
            made.append(np.stack([doses[name] for name in STRUCTURES]))
        return made
