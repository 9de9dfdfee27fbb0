"""Remake the posterior that ships with the package: python tools/calibrate.py [--steps N]

Writes src/glabella/evidence/posterior.csv and posterior.json. Takes about ten minutes on two cores, plus the solves of the typical
faces when they are not in the cache. Deterministic: the same rows, table and seed give the same file.
"""

import argparse
import multiprocessing
import os
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy: sums must not depend on the number of threads

from glabella.calibration.calibrate import calibrate  # noqa: E402
from glabella.calibration.posterior import load_posterior, write_posterior  # noqa: E402

EVIDENCE = Path(__file__).parent.parent / "src" / "glabella" / "evidence"
held = None


def predict_one(values):
    return held.predict(values)


def evaluate(predictor):
    global held
    held = predictor  # inherited by the forked workers
    pool = multiprocessing.get_context("fork").Pool()
    return lambda sets: pool.map(predict_one, sets, chunksize=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=15, help="most steps of the optimiser")
    parser.add_argument("--warm", action="store_true", help="begin from the posterior that ships, instead of the middle of the priors")
    options = parser.parse_args()
    start = load_posterior().best() if options.warm else None
    command = f"python tools/calibrate.py --steps {options.steps}" + (" --warm" if options.warm else "")
    posterior, found = calibrate(
        most_steps=options.steps, evaluate=evaluate, start=start, report=lambda line: print(line, flush=True), command=command
    )
    for prior, x in zip(found.priors, found.x, strict=True):
        print(f"{prior.parameter:45s} {prior.to_value(prior.centre):9.4g} -> {prior.to_value(x):9.4g}")
    for name, text in zip(("posterior.csv", "posterior.json"), write_posterior(posterior), strict=True):
        (EVIDENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
