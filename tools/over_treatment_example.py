"""The over-treatment example of docs/years.md: 12-week against 6-week sessions over 5 years, its picture and its numbers.

    python tools/over_treatment_example.py

writes docs/pictures/over_treatment.png, docs/over-treatment.csv and the table in docs/years.md. Both arms are studies: 12 weeks are 84
days, a little less than the 90 that the label says. The bulk is computed once more with a muscle that grows back as slowly as in the one
MRI study.
tests/contract/test_docs_years.py computes the nominal column again and holds the numbers of the text against the table.
"""

import csv
from pathlib import Path

from glabella import Curve, Plan, follow_years, load_parameters
from glabella.report.style import styled
from glabella.report.years import draw_over_treatment
from glabella.years.result import Years

DOCS = Path(__file__).parents[1] / "docs"
YEARS, SAMPLES, SEED = 5.0, 100, 0
MARKS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
SLOW = {"muscle_regrowth_per_day": 0.003}  # the low end of its row, which the MRI figure asks for
MUSCLES = ("corrugator_supercilii_left", "procerus")
BEGIN, END = "<!-- over-treatment: written by tools/over_treatment_example.py -->", "<!-- end -->"
TOLD = (
    ("table", "grade_contraction", "grade at maximum frown, 0-3", 1.0, ".1f"),
    ("table", "grade_rest", "grade at rest, 0-3", 1.0, ".1f"),
    ("table", "depth_rest_mm", "depth at rest, mm", 1.0, ".2f"),
    ("table", "fine_lines_contraction_mm", "fine lines at maximum frown, µm", 1000.0, ".0f"),
    ("table", "bulk_corrugator_supercilii_left", "bulk of the corrugator, %", 100.0, ".0f"),
    ("table", "bulk_procerus", "bulk of the procerus, %", 100.0, ".0f"),
    ("slow_regrowth", "bulk_corrugator_supercilii_left", "bulk of the corrugator if it grows back as slowly as in MRI, %", 100.0, ".0f"),
)
COLUMNS = ("variant", "scenario", "year", "quantity", "median", "low", "high", "nominal")


def example(samples: int, **overrides: float) -> Years:
    """The licensed needles every 12 and every 6 weeks, and never."""
    plan = Plan.label("onabotulinumtoxinA", "glabellar", purpose="study")
    parameters = load_parameters().with_values(overrides)
    return follow_years(plan, years=YEARS, repeat="every 12 weeks", samples=samples, seed=SEED, parameters=parameters)


def curves(found: Years) -> dict[tuple[str, str], Curve]:
    """Every curve of the table by scenario and quantity."""
    told = {}
    for name, scenario in found.scenarios.items():
        area = scenario.areas["glabellar"]
        for quantity in ("grade_contraction", "grade_rest", "depth_rest_mm", "fine_lines_contraction_mm"):
            told[name, quantity] = getattr(area, quantity)
        for muscle in MUSCLES:
            if muscle in scenario.muscles:
                told[name, f"bulk_{muscle}"] = scenario.muscles[muscle].bulk
    return told


def rows(variant: str, found: Years, nominal: Years) -> list[tuple]:
    """Rows of the table."""
    alone = curves(nominal)
    told = []
    for (name, quantity), curve in curves(found).items():
        for year in MARKS:
            at = curve.at(year / YEARS * found.days[-1])
            once = alone[name, quantity].at(year / YEARS * found.days[-1]).median
            told.append((variant, name, f"{year:g}", quantity, *(f"{value:.4f}" for value in (at.median, at.low, at.high, once))))
    return told


def table_lines(told: list[dict[str, str]]) -> list[str]:
    """The short table of docs/years.md from rows of the CSV: after five years, median and band."""
    lines = ["| after 5 years | never treated | every 12 weeks | every 6 weeks |", "|---|---|---|---|"]
    for variant, quantity, name, factor, spec in TOLD:
        cells = []
        for scenario in ("never", "licensed", "over_treated"):
            row = next(
                (r for r in told if (r["variant"], r["scenario"], r["quantity"], r["year"]) == (variant, scenario, quantity, "5")), None
            )
            if row is None:
                cells.append(format(factor, spec))
                continue
            value, low, high = (factor * float(row[column]) for column in ("median", "low", "high"))
            cells.append(f"{value:{spec}} ({low:{spec}} to {high:{spec}})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def with_table(page: str, lines: list[str]) -> str:
    """The page with the lines between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}"


def main() -> None:
    """Compute, draw, write."""
    usual, slow = example(SAMPLES), example(SAMPLES, **SLOW)
    with (DOCS / "over-treatment.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([*rows("table", usual, example(0)), *rows("slow_regrowth", slow, example(0, **SLOW))])
    with (DOCS / "over-treatment.csv").open(encoding="utf-8", newline="") as file:
        lines = table_lines(list(csv.DictReader(file)))
    (DOCS / "years.md").write_text(with_table((DOCS / "years.md").read_text("utf-8"), lines), "utf-8")
    with styled():
        (DOCS / "pictures" / "over_treatment.png").write_bytes(draw_over_treatment(usual, slow).png)


if __name__ == "__main__":
    main()
