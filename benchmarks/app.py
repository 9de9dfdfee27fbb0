"""The app's plan change: from a needle moved to the new months document, warm; alone, and ten at once. ``python benchmarks/app.py``.

Unlike the ratios of ``run.py`` these are absolute times of a shared machine: read them beside its load, and beside the processor time.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import argparse
import json
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np

from glabella.app.follow import Documents
from glabella.app.workbench import Workbench
from glabella.patient import Patient
from glabella.plan import Plan

PRODUCT, THREADS = "onabotulinumtoxinA", 10
TARGETS_MS = {"one needle moved": 300.0}


def changes(count: int) -> dict[str, list[Plan]]:
    """Plans in the order in which someone might try them: each differs from the one before in one thing."""
    frown = Plan.label(PRODUCT, "glabellar")
    every = Plan.label(PRODUCT, ("glabellar", "forehead", "lateral_canthal"))
    steps = range(1, count + 1)
    return {
        "one needle moved": [frown.move("corrugator_medial_left", lateral_mm=0.1 * n, up_mm=0.05 * n) for n in steps],
        "units of one needle": [frown.with_units("procerus", 4 - 0.1 * n) for n in steps],
        "units of all five": [frown.scaled(20 - 0.3 * n) for n in steps],
        "one of sixteen moved": [every.move("corrugator_medial_left", lateral_mm=0.1 * n, up_mm=0.05 * n) for n in steps],
    }


def answer(bench: Workbench, patient: Patient, plan: Plan) -> bytes:
    """What a plan change costs the server: the course, the document and its text."""
    return Documents().text_of(bench.course(patient, plan), date(2026, 1, 1))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor time in ms."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)


def _spread(wall_ms: np.ndarray) -> dict[str, float]:
    return {"median_ms": float(np.median(wall_ms)), "p95_ms": float(np.percentile(wall_ms, 95))}


def alone(bench: Workbench, count: int) -> dict[str, dict[str, float]]:
    """Changes one after the other."""
    found = {}
    for name, plans in changes(count).items():
        answer(bench, Patient(), Plan.label(PRODUCT, "glabellar") if "sixteen" not in name else plans[-1].mirrored())
        wall, used = np.array([timed(lambda plan=plan: answer(bench, Patient(), plan)) for plan in plans]).T
        found[name] = {**_spread(wall), "processor_ms": float(np.median(used))}
        if name in TARGETS_MS:
            found[name]["target_ms"] = TARGETS_MS[name]
    return found


def together(bench: Workbench, count: int) -> dict[str, float]:
    """Ten pages, each changing a plan of its own ``count`` times without a pause; no error is allowed."""

    def page(number: int) -> list[float]:
        plan = Plan.label(PRODUCT, "glabellar").move("procerus", up_mm=0.013 * (number + 1))
        moved = [plan.move("corrugator_medial_right", lateral_mm=0.11 * n, up_mm=-0.02 * n) for n in range(1, count + 1)]
        return [timed(lambda one=one: answer(bench, Patient(), one))[0] for one in moved]

    found: list[list[float]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        lasted, used = timed(lambda: found.extend(pool.map(page, range(THREADS))))
    wall = np.concatenate(found)
    return {
        **_spread(wall),
        "processor_ms": used / len(wall),
        "answers_per_s": 1000 * len(wall) / lasted,
    }


def measure(count: int) -> dict:
    """Everything, on one warm face."""
    bench = Workbench()
    built, _ = timed(lambda: bench.person(Patient()))
    first, _ = timed(lambda: answer(bench, Patient(), Plan.label(PRODUCT, "glabellar")))
    size = len(answer(bench, Patient(), Plan.label(PRODUCT, "glabellar")))
    rows = alone(bench, count)
    rows[f"{THREADS} pages at once"] = together(bench, max(3, count // 5))
    return {
        "date": date.today().isoformat(), "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "changes": count, "face_ms": built, "first_answer_ms": first, "document_kb": size / 1000, "rows": rows,
    }  # fmt: skip


def as_table(result: dict) -> str:
    """The result as text."""
    lines = [
        f"{result['date']}, {result['machine']}, {result['changes']} changes; a new face {result['face_ms']:.0f} ms, its first answer "
        f"{result['first_answer_ms']:.0f} ms, {result['document_kb']:.0f} kB",
        "",
        f"{'plan change to months document':34}{'median ms':>11}{'p95 ms':>9}{'processor ms':>14}{'target':>9}",
    ]
    for name, row in result["rows"].items():
        target = f"{row['target_ms']:.0f}" if "target_ms" in row else ""
        lines.append(f"{name:34}{row['median_ms']:11.0f}{row['p95_ms']:9.0f}{row['processor_ms']:14.0f}{target:>9}")
    many = result["rows"][f"{THREADS} pages at once"]
    return "\n".join([*lines, "", f"{THREADS} pages at once: {many['answers_per_s']:.1f} answers per second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = measure(asked.changes)
    print(json.dumps(result) if asked.json else as_table(result))


if __name__ == "__main__":
    main()
