"""Twenty years of one person: never treated, treated as licensed and over-treated, 40 samples, on every core.

``python benchmarks/years.py`` runs it once, from an untreated face to the whole result, and prints its time, processor time and memory.
"""

import os
import resource
from time import perf_counter, process_time

import case
from measure import Claim, Subject

from glabella.years.years import follow_years

YEARS, SAMPLES, ARMS = 20, 40, ("never", "licensed", "over_treated")


def twenty_years() -> None:
    follow_years(case.plan(), years=YEARS, samples=SAMPLES, compare=ARMS, seed=1)


def subjects() -> list[Subject]:
    ours = f"{YEARS} years, {len(ARMS)} arms, {SAMPLES} samples"
    claim = Claim(f"{ours}, both cores, ms", ours, None, 60_000, 20_000, most=True)
    return [Subject("years", {ours: twenty_years}, (claim,), per_call={ours: (YEARS * SAMPLES * len(ARMS), "years of a person")})]


def main() -> None:
    load, start, used = os.getloadavg()[0], perf_counter(), process_time()
    twenty_years()
    wall, processor = perf_counter() - start, process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{wall:.1f} s, {processor:.1f} s of the processor, peak {memory:.0f} MB; load {load:.1f} at the start")


if __name__ == "__main__":
    main()
