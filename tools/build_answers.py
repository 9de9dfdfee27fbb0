"""Run the simulations behind the answers and keep what they gave; write docs/answers.md from the answers.

python tools/build_answers.py            both, about two minutes
python tools/build_answers.py --page     the page alone
"""

import csv
import io
import sys
import time
from pathlib import Path

import numpy as np

from glabella.ask.simulations import DRAWS, DRAWS_FILE, QUANTITIES, SEED, run_simulations
from glabella.files import write_file

ROOT = Path(__file__).parents[1]
ROOM = ROOT / "src" / "glabella" / "ask"
PAGE = ROOT / "docs" / "answers.md"
COLUMNS = ("key", "what", "value", "low", "high", "unit", "draws", "seed")


def table(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def build_numbers() -> None:
    started = time.perf_counter()
    found = run_simulations(DRAWS)
    rows: list[tuple[str, ...]] = [COLUMNS]
    for key, values in found.items():
        low, middle, high = np.percentile(values, (5, 50, 95))
        band = ("", "") if low == high else (f"{low:.10g}", f"{high:.10g}")
        rows.append((key, QUANTITIES[key].what, f"{middle:.10g}", *band, QUANTITIES[key].unit, str(len(values)), str(SEED)))
    write_file(ROOM / "simulated.csv", table(rows), "table")
    draws = [
        ("draw", *found),
        *((str(n), *(f"{values[n]:.10g}" if n < len(values) else "" for values in found.values())) for n in range(DRAWS)),
    ]
    write_file(ROOM / DRAWS_FILE, table(draws), "table")
    print(f"{len(found)} numbers from {DRAWS} draws in {time.perf_counter() - started:.0f} s")


def build_page() -> None:
    from glabella.ask.page import answers_page

    write_file(PAGE, answers_page(), "page")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    if "--page" not in sys.argv[1:]:
        build_numbers()
    build_page()
