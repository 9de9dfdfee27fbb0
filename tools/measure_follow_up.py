"""Measure what visits are worth, on people whose course is known: python tools/measure_follow_up.py [--people 200] [--write]

Simulated people of two kinds, half each, rated by noisy raters on the visit days, forecast on later days before any visit and after each.
Prints a table for either and for all; --write puts it between the marks of docs/follow-up.md. About a minute on two cores.
"""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy: sums must not depend on the number of threads

import numpy as np  # noqa: E402

from glabella.calibration.posterior import load_posterior  # noqa: E402
from glabella.files import write_file  # noqa: E402
from glabella.follow_up.follow_up import find_alike, follow_times  # noqa: E402
from glabella.follow_up.known_people import Score, draw_known, score, together  # noqa: E402
from glabella.follow_up.visits import Visits  # noqa: E402
from glabella.patient import Patient  # noqa: E402
from glabella.plan import Plan  # noqa: E402

PAGE = Path(__file__).parent.parent / "docs" / "follow-up.md"
FIRST, LAST = "<!-- measured -->", "<!-- end -->"
KINDS = {
    "women of 45, frown pattern U": Patient(age_years=45),
    "men of 55, frown pattern V": Patient(age_years=55, sex="male", frown_pattern="V"),
}
BLOCKS, BLOCK_PEOPLE = 32, 250


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--visits", type=float, nargs="+", default=[14.0, 60.0])
    parser.add_argument("--told", type=float, nargs="+", default=[90.0, 120.0, 150.0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    start = time.monotonic()
    posterior, times = load_posterior(), follow_times(options.visits, 180.0, np.zeros(1))
    plan, half = Plan.label("onabotulinumtoxinA"), options.people // len(KINDS)

    def measure(kind: int) -> list[Score]:
        alike, _ = find_alike(plan, list(KINDS.values())[kind], Visits(), {}, lambda step, share: None)
        seed = options.seed + 1000 * (kind + 1)
        known = draw_known(alike, posterior, times, options.visits, options.told, half, seed)
        return score(alike, posterior, times, known, options.told, seed + 1, BLOCKS, BLOCK_PEOPLE)

    with ThreadPoolExecutor(2) as threads:
        parts = list(threads.map(measure, range(len(KINDS))))
    tables = {f"all {half * len(KINDS)}": [together(both) for both in zip(*parts, strict=True)], **dict(zip(KINDS, parts, strict=True))}
    lines = list(table(tables))
    print("\n".join(lines))
    print(f"{time.monotonic() - start:.0f} s")
    if options.write:
        text = PAGE.read_text("utf-8")
        before, after = text[: text.index(FIRST) + len(FIRST)], text[text.index(LAST) :]
        write_file(PAGE, "\n".join([before, *lines, after]), "page")


def table(tables: dict[str, list[Score]]):
    """Lines of a Markdown table."""
    columns = (
        "people", "what", "visits", "mean error", "against none", "root mean square", "inside the 90 % band (95 % interval)", "width of it",
        "effective people",
    )  # fmt: skip
    yield f"| {' | '.join(columns)} |"
    yield "|" + len(columns) * "---|"
    for name, scores in tables.items():
        none = {one.quantity: one.mean_error for one in scores if one.visits == 0}
        for one in sorted(scores, key=lambda one: (one.quantity, one.visits)):
            factor, spec = (100, ".2f") if one.quantity == "strain" else (1, ".3f")
            what = "strain, percentage points" if one.quantity == "strain" else "grade at maximum frown"
            yield (
                f"| {name} | {what} | {one.visits} | {factor * one.mean_error:{spec}} | {one.mean_error / none[one.quantity] - 1:+.0%} | "
                f"{factor * one.root_mean_square:{spec}} | {100 * one.inside:.1f} % ({100 * one.inside_low:.1f} to "
                f"{100 * one.inside_high:.1f}) | {factor * one.width:{spec}} | {one.effective_people:.0f} |"
            )


if __name__ == "__main__":
    main()
