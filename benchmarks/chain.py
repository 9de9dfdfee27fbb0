"""The whole chain cold, in a process of its own, against a process that only imports numpy and scipy.sparse.linalg."""

import os
import subprocess
import sys
from pathlib import Path

from measure import Claim, Subject

ROOT = Path(__file__).resolve().parents[1]
CHAIN = ["-m", "glabella.cli", "simulate", str(ROOT / "examples" / "glabella_plan.toml"), "--samples", "0", "--json"]
IMPORTS = ["-c", "import numpy, scipy.sparse.linalg"]


def process(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())


def subjects() -> list[Subject]:
    contenders = {
        "glabella simulate --samples 0 --json": lambda: process(CHAIN),
        "import numpy, scipy.sparse.linalg": lambda: process(IMPORTS),
        "import glabella": lambda: process(["-c", "import glabella"]),
        "import glabella.treatment": lambda: process(["-c", "import glabella.treatment"]),
    }
    ours, imports, *_ = contenders
    claim = Claim("whole chain cold, times the import of numpy + scipy.sparse.linalg", ours, imports, 3, 2, most=True)
    return [Subject("chain", contenders, (claim,), {"days": 180, "samples": 0, "pictures": False})]
