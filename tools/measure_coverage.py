"""Remake the ranks that ship with the package: python tools/measure_coverage.py [--replicates N]

Writes src/glabella/evidence/coverage.csv and coverage.json after every replicate, each beside and then renamed, and goes on where the file
ends when it is called again; --fresh begins anew. One process; about a minute a replicate, plus the solves of the typical faces when they
are not in the cache. Deterministic: the same rows, tables and seed give the same files.
"""

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy: sums must not depend on the number of threads

from glabella.calibration.coverage import RANKED, Coverage, CoverageFacts, MadeUpTrials, read_coverage, write_coverage  # noqa: E402
from glabella.files import write_file  # noqa: E402

EVIDENCE = Path(__file__).parent.parent / "src" / "glabella" / "evidence"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=24, help="made-up sets of trials")
    parser.add_argument("--people", type=int, default=50, help="virtual people per arm")
    parser.add_argument("--steps", type=int, default=3, help="most steps of the optimiser")
    parser.add_argument("--sampler-steps", type=int, default=1500, help="steps of the sampler")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no replicate after so many")
    parser.add_argument("--out", type=Path, default=EVIDENCE, help="folder of coverage.csv and coverage.json")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    options = parser.parse_args()
    start = time.monotonic()
    table, note = options.out / "coverage.csv", options.out / "coverage.json"
    trials = MadeUpTrials(people=options.people, seed=options.seed)
    command = f"python tools/measure_coverage.py --people {options.people} --steps {options.steps} --seed {options.seed}"
    facts = CoverageFacts(
        command, version("glabella"), options.seed, options.people, RANKED, options.steps, options.sampler_steps,
        tuple(map(float, trials.predicted(0))),
    )  # fmt: skip
    found = Coverage(tuple(prior.parameter for prior in trials.priors), (), facts)
    if table.exists() and note.exists() and not options.fresh:
        found = read_coverage(table.read_text("utf-8"), json.loads(note.read_text("utf-8")))
        if found.facts != facts or found.parameters != tuple(prior.parameter for prior in trials.priors):
            raise SystemExit(f"{table} was made with another command, version or model; give --fresh to begin anew")
    for number in range(len(found.replicates), options.replicates):
        if time.monotonic() - start > 60 * options.minutes:
            break
        one = trials.replicate(number, most_steps=options.steps, draws=RANKED, sampler_steps=options.sampler_steps)
        found = Coverage(found.parameters, (*found.replicates, one), facts)
        for path, text in zip((table, note), write_coverage(found), strict=True):
            write_file(path, text, "file")
        took = time.monotonic() - start
        print(f"{number + 1} replicates, {took:.0f} s; deviance {one.deviance:.1f}, straight lines wrong by "
              f"{one.straight_line_rms_points:.2f} points", flush=True)  # fmt: skip
    if len(found.replicates) > 1:
        print(f"inside 90 %: {100 * found.inside:.1f} +- {100 * found.inside_error:.1f} %; KS p {found.pooled_p:.3g}")


if __name__ == "__main__":
    main()
