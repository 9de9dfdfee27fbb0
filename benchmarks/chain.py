"""The whole chain cold, in a process of its own, against a process that only imports numpy and scipy.sparse.linalg.

Once with an empty cache folder, as the first time on a machine, and once on a face that an earlier run has built. All processes find their
modules compiled (``.pyc``), as they are on a user's machine after the first start, whatever ``PYTHONDONTWRITEBYTECODE`` says here.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Claim, Subject

ROOT = Path(__file__).resolve().parents[1]
CHAIN = ["-m", "glabella.cli", "simulate", str(ROOT / "examples" / "glabella_plan.toml"), "--samples", "0", "--json"]
IMPORTS = ["-c", "import numpy, scipy.sparse.linalg"]


def process(arguments: list[str], cache: str = "") -> None:
    settings = {"OMP_NUM_THREADS": "1", "GLABELLA_CACHE": cache, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run([sys.executable, *arguments], env=os.environ | settings, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())


def subjects() -> list[Subject]:
    kept = tempfile.mkdtemp(prefix="glabella-chain-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    process(CHAIN, kept)
    contenders = {
        "glabella simulate --samples 0 --json, a face built before": lambda: process(CHAIN, kept),
        "import numpy, scipy.sparse.linalg": lambda: process(IMPORTS),
        "glabella simulate --samples 0 --json, nothing kept": lambda: process(CHAIN),
        "import glabella": lambda: process(["-c", "import glabella"]),
        "import glabella.treatment": lambda: process(["-c", "import glabella.treatment"]),
    }
    again, imports, first, *_ = contenders
    what = "whole chain cold, times the import of numpy + scipy.sparse.linalg"
    claims = (
        Claim(f"{what}: a face built before", again, imports, 3, 2, most=True),
        Claim(f"{what}: nothing kept", first, imports, 3, 2, most=True),
    )
    return [Subject("chain", contenders, claims, {"days": 180, "samples": 0, "pictures": False})]
