"""Dose to 12 structures from 200 places of injection: 12 adjoint solves against 200 forward solves."""

import case
import numpy as np
import scipy.sparse as sp
from measure import Claim, Subject

from glabella.plan import Injection
from glabella.stages.bolus import aim_needle
from glabella.stages.bolus.place import fill_bolus
from glabella.stages.unwanted.reach import structure_weights

SITES, STRUCTURES, TOLERANCE = 200, 12, 1e-8
MEASURED = 20  # forward solves per round, other ones in each round; their time is multiplied up to all sites


def sources() -> sp.csr_matrix:
    """One unit per place, (sites, cells): the licensed sites with needles displaced by up to 12 mm."""
    anatomy, parameters = case.person().anatomy, case.parameters()
    injections = case.plan().sessions[0].injections
    random = np.random.default_rng(2)
    rows = []
    for n in range(SITES):
        injection: Injection = injections[n % len(injections)]
        needle = aim_needle(injection, anatomy, np.append(random.uniform(-12, 12, 2), 0.0))
        bolus = fill_bolus(needle, 1.0, case.plan().volume_ml(injection), anatomy, parameters)
        rows.append(sp.csr_matrix((bolus.share, (np.zeros(len(bolus.cells), int), bolus.cells)), (1, len(anatomy.cells))))
    return sp.vstack(rows).tocsr()


def subjects() -> list[Subject]:
    person = case.person()
    spread = person.spread
    names = [name for name, muscle in person.anatomy.muscles.items() if muscle.innervated][:STRUCTURES]
    weights = np.stack([structure_weights(person.anatomy, spread, name) for name in names])
    units = sources()
    calls = [0]

    def adjoint() -> np.ndarray:
        return np.stack([units @ spread.solve(row, TOLERANCE) for row in weights], axis=1)

    def forward() -> np.ndarray:
        first = calls[0] * MEASURED % SITES
        calls[0] += 1
        return np.stack([weights @ spread.solve(units[n].toarray()[0], TOLERANCE) for n in range(first, first + MEASURED)])

    there = adjoint()[:MEASURED]
    back = forward()
    above = back > 1e-6 * back.max()
    facts = {
        "structures": names, "residual": TOLERANCE, "largest_relative_difference": float(np.abs(there / back - 1)[above].max()),
        "note": f"{MEASURED} of {SITES} forward solves are timed per round and multiplied by {SITES // MEASURED}",
    }  # fmt: skip
    claim = Claim("risk map by adjoint against forward solves, 200 x 12", "adjoint", "forward", 15, 25, SITES / MEASURED)
    return [Subject("risk map", {"adjoint": adjoint, "forward": forward}, (claim,), facts)]
