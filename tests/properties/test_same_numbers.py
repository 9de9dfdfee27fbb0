"""The same seed gives the same numbers, however many workers and threads there are; another seed gives others."""

import json
import os
import subprocess
import sys

from glabella import Plan, simulate

COARSE = {"days": 60, "samples": 4, "scene": False, "step_mm": 2.8, "depth_step_mm": 1.4}
CODE = (
    "import json, glabella; from glabella.outcome import outcome_text; plan = glabella.Plan.label('onabotulinumtoxinA', 'glabellar');"
    "print(outcome_text(glabella.simulate(plan, days=60, samples=4, seed=5, scene=False, step_mm=2.8, depth_step_mm=1.4).to_json()))"
)


def run(**settings):
    return json.dumps(simulate(Plan.label("onabotulinumtoxinA", "glabellar"), **COARSE, **settings).to_json(), sort_keys=True)


def test_workers_change_nothing():
    assert run(seed=5, workers=1) == run(seed=5, workers=3)
    assert run(seed=5, workers=2) != run(seed=6, workers=2)


def test_threads_of_the_linear_algebra_change_nothing():
    texts = [
        subprocess.run(
            [sys.executable, "-c", CODE],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
        ).stdout
        for n in ("1", "2")
    ]
    assert json.loads(texts[0])["seed"] == 5
    assert texts[0] == texts[1]
