"""A trial of 10,000 virtual people per arm on every core: blocks of people alone, and the whole with its side effects.

``python benchmarks/trial.py [PATIENTS]`` runs one trial of so many people per arm and prints its time and peak memory.
"""

import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from measure import Claim, Subject
from threadpoolctl import threadpool_limits

from glabella.trial.design import Arm, Trial
from glabella.trial.run import BlockTask, arm_specs, block_tasks, prepare, run_block, run_trial

PATIENTS, VISITS = 10_000, (7.0, 30.0, 60.0, 90.0, 120.0)


def trial(patients: int = PATIENTS) -> Trial:
    """Onabotulinumtoxin A, 20 U between the brows, against placebo."""
    return Trial("benchmark", (Arm.label("onabotulinumtoxinA"),), patients, VISITS, seed=1)


def subjects() -> list[Subject]:
    whole = trial()
    treated, placebo = arm_specs(whole)
    tasks = [task for spec in (treated, placebo) for task in block_tasks(spec, whole.seed, whole.patients)]  # solves the faces: untimed
    size = prepare(treated).entering

    def people() -> None:
        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run_block, tasks))

    contenders = {
        "10,000 people, 5 visits, 2 arms": people,
        "the same with side effects": lambda: run_trial(whole),
        "one block of the treated arm": lambda: run_block(BlockTask(treated, whole.seed, 0, size)),
        "one block of placebo": lambda: run_block(BlockTask(placebo, whole.seed, 0, size)),
    }
    ours, *_ = contenders
    claim = Claim(f"{ours}, both cores, ms", ours, None, 10_000, 3_000, most=True)
    facts = {"people_per_block": size, "blocks": len(tasks)}
    per_call = {ours: (2 * PATIENTS, "people"), "one block of the treated arm": (size, "people")}
    return [Subject("trial", contenders, (claim,), facts, per_call=per_call)]


def main() -> None:
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS
    for spec in arm_specs(trial()):
        prepare(spec)
    start, said = perf_counter(), [0]

    def tell(step: str, share: float) -> None:
        if step == "people" and share * 20 >= said[0]:
            said[0] += 1
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{share:4.0%} {perf_counter() - start:7.1f} s, peak {memory:.0f} MB", flush=True)

    found = run_trial(trial(patients), progress=tell)
    rates = ", ".join(f"{arm.arm.name} {found.responders(arm.arm.name).percent[1]:.2f} %" for arm in found.arms)
    print(f"{patients} people per arm: {perf_counter() - start:.1f} s; day 30: {rates}")


if __name__ == "__main__":
    main()
