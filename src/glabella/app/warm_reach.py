"""Side effects of a changed plan as a look-up: what depends on the person only is solved once, and each needle is mapped once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from glabella.app.kept import Kept
from glabella.evidence import Parameters
from glabella.plan import Injection, Plan, Session
from glabella.runs import PEAK_DAYS, UNWANTED_DRAWS
from glabella.stages.anatomy import Anatomy
from glabella.stages.diffusion import Spread
from glabella.stages.junction import blocked_share
from glabella.stages.unwanted import STRUCTURES, BrowChange, ComputedRisk, draw_placements, map_reach, rate_unwanted, structure_doses
from glabella.treatment import Person

MOST_NEEDLES = 32  # one takes 1 MB: twice as many as any licensed plan has


@dataclass(frozen=True)
class _KnownSpread(Spread):
    """A spread that solves for each structure only once. With no end to its diffusivity every structure counts as within reach."""

    solver: Spread | None = None
    known: dict[tuple[int, int, float], np.ndarray] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def solve(self, source: np.ndarray, tolerance: float = 0.0, most_steps: int = 20_000) -> np.ndarray:
        some = np.flatnonzero(source)  # no two structures fill the same cells
        key = int(some[0]), int(some[-1]), float(source[some].sum())
        with self.lock:
            found = self.known.get(key)
        if found is None:
            assert self.solver is not None
            found = self.solver.solve(source, tolerance, most_steps)
            with self.lock:
                self.known[key] = found
        return found


class WarmReach:
    """What needles do to the structures at risk of one person: the numbers of ``glabella.treatment.find_risks`` for the nominal run."""

    def __init__(self, person: Person, parameters: Parameters, seed: int = 0) -> None:
        self._anatomy: Anatomy = person.anatomy
        self._parameters = parameters
        self._seed = seed
        # solved as a run without samples solves it: uncompiled, so the numbers are the same to the last digit
        plain = replace(person.spread, layout=None)
        self._spread = _KnownSpread(
            plain.network, plain.volume, plain.uptake_volume, np.inf, plain.uptake_per_day, plain.clearance_per_day, solver=plain
        )
        self._needles: Kept[np.ndarray] = Kept(MOST_NEEDLES)
        self._lock = Lock()

    def risks(self, plan: Plan, doses: Mapping[str, np.ndarray], brows: BrowChange, parameters: Parameters) -> dict[str, ComputedRisk]:
        """Chance of each computed side effect of a plan with these ``doses`` whose nominal course moves the ``brows`` so."""

        def peak_block(dose: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
            return blocked_share(dose, PEAK_DAYS, values, plan.product).max(-1)

        return rate_unwanted(doses, brows, peak_block, [parameters])

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
            needles = map_reach(STRUCTURES, only, plan, self._anatomy, self._spread, self._parameters)
        made = []
        for injection, needle, before in zip(injections, needles, named_before, strict=True):
            placements = draw_placements([injection.site] * (before + 1), UNWANTED_DRAWS, self._seed, number, self._parameters)
            doses = structure_doses(STRUCTURES, (needle,), placements.offsets_mm[:, -1:], self._parameters)
            made.append(np.stack([doses[name] for name in STRUCTURES]))
        return made
