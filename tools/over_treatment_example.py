"""The examples of docs/years.md: 12-week against 6-week sessions over 5 years with its picture, and new lines after 5, 10 and 20 years.

    python tools/over_treatment_example.py [--lines: new lines alone]

writes docs/pictures/over_treatment.png, docs/over-treatment.csv, docs/new-lines.csv and two tables in docs/years.md. Both arms of the
first are studies: 12 weeks are 84 days, a little less than the 90 that the label says. The bulk is computed once more with a muscle that
grows back as slowly as in the one MRI study.
tests/contract/test_docs_years.py computes the nominal column again and holds the numbers of the text against the table.
"""

import csv
import sys
from pathlib import Path

from glabella import Curve, Plan, follow_years, load_parameters
from glabella.report.style import styled
from glabella.report.years import draw_over_treatment
from glabella.years.result import Prevention, Years

DOCS = Path(__file__).parents[1] / "docs"
YEARS, SAMPLES, SEED = 5.0, 100, 0
KINDS = ("mean", "worst")  # of each year
SLOW = {"muscle_regrowth_per_day": 0.003}  # the low end of its row, which the MRI figure asks for
MUSCLES = ("corrugator_supercilii_left", "procerus")
LONG_YEARS, LONG_SAMPLES = (5.0, 10.0, 20.0), 40
LINES_COLUMNS = ("years", "quantity", "median", "low", "high", "nominal")
LINES_TOLD = (
    ("new_never", "of 100 people without a line at rest, show a new one never treated", 100.0, ".0f"),
    ("new_treated", "the same treated as licensed, every 90 days", 100.0, ".0f"),
    ("fewer_new", "new lines prevented, of 100", 100.0, ".0f"),
    ("depth_never_mm", "a line of 0.32 mm never treated, mm", 1.0, ".2f"),
    ("depth_treated_mm", "the same line treated, mm", 1.0, ".2f"),
)
LINES_BEGIN = "<!-- new-lines: written by tools/over_treatment_example.py -->"
BEGIN, END = "<!-- over-treatment: written by tools/over_treatment_example.py -->", "<!-- end -->"
SCENARIOS = ("never", "as_planned", "over_treated")
TOLD = (
    ("table", "grade_contraction", "mean", "grade at maximum frown, 0-3, mean", 1.0, ".1f"),
    ("table", "grade_contraction", "worst", "grade at maximum frown, worst day", 1.0, ".1f"),
    ("table", "grade_rest", "mean", "grade at rest, 0-3, mean", 1.0, ".1f"),
    ("table", "grade_rest", "worst", "grade at rest, worst day", 1.0, ".1f"),
    ("table", "depth_rest_mm", "mean", "depth at rest, mm, mean", 1.0, ".2f"),
    ("table", "fine_lines_contraction_mm", "mean", "fine lines at maximum frown, µm, mean", 1000.0, ".0f"),
    ("table", "bulk_corrugator_supercilii_left", "mean", "bulk of the corrugator, %, mean", 100.0, ".0f"),
    ("table", "bulk_corrugator_supercilii_left", "worst", "bulk of the corrugator, %, lowest", 100.0, ".0f"),
    ("table", "bulk_procerus", "mean", "bulk of the procerus, %, mean", 100.0, ".0f"),
    ("table", "bulk_procerus", "worst", "bulk of the procerus, %, lowest", 100.0, ".0f"),
    (
        "slow_regrowth", "bulk_corrugator_supercilii_left", "mean",
        "bulk of the corrugator if it grows back as slowly as in MRI, %, mean", 100.0, ".0f",
    ),
)  # fmt: skip
COLUMNS = ("variant", "scenario", "year", "quantity", "of_the_year", "median", "low", "high", "nominal")


def example(samples: int, **overrides: float) -> Years:
    """The licensed needles every 12 and every 6 weeks, and never."""
    plan = Plan.label("onabotulinumtoxinA", "glabellar", purpose="study")
    parameters = load_parameters().with_values(overrides)
    return follow_years(
        plan, years=YEARS, repeat="every 12 weeks", compare=SCENARIOS, samples=samples, seed=SEED, parameters=parameters
    )


def curves(found: Years) -> dict[tuple[str, str, str], Curve]:
    """Every quantity of the table year by year, by scenario, quantity and kind."""
    told = {}
    for name, scenario in found.scenarios.items():
        wanted = {quantity: ("skin", "glabellar", quantity) for _, quantity, *_ in TOLD if not quantity.startswith("bulk")}
        wanted |= {f"bulk_{muscle}": ("muscle", muscle, "bulk") for muscle in MUSCLES if muscle in scenario.muscles}
        for quantity, key in wanted.items():
            for kind in KINDS:
                told[name, quantity, kind] = getattr(scenario.yearly[key], kind)
    return told


def rows(variant: str, found: Years, nominal: Years) -> list[tuple]:
    """Rows of the table."""
    alone = curves(nominal)
    told = []
    for (name, quantity, kind), curve in curves(found).items():
        once = alone[name, quantity, kind].median
        for n, year in enumerate(found.year_ends):
            values = (curve.median[n], curve.low[n], curve.high[n], once[n])
            told.append((variant, name, f"{year:g}", quantity, kind, *(f"{value:.4f}" for value in values)))
    return told


def table_lines(told: list[dict[str, str]]) -> list[str]:
    """The short table of docs/years.md from rows of the CSV: after five years, median and band."""
    lines = ["| in the fifth year | never treated | every 12 weeks | every 6 weeks |", "|---|---|---|---|"]
    for variant, quantity, kind, name, factor, spec in TOLD:
        cells = []
        for scenario in SCENARIOS:
            wanted = (variant, scenario, quantity, kind, "5")
            row = next((r for r in told if (r["variant"], r["scenario"], r["quantity"], r["of_the_year"], r["year"]) == wanted), None)
            if row is None:
                cells.append(format(factor, spec))
                continue
            value, low, high = (factor * float(row[column]) for column in ("median", "low", "high"))
            cells.append(f"{value:{spec}} ({low:{spec}} to {high:{spec}})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def prevention(years: float, samples: int) -> Prevention:
    """What the licensed needles every 90 days prevent in so many years."""
    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    return follow_years(plan, years=years, repeat="every 90 days", samples=samples, seed=SEED).prevention[0]


def line_rows(years: float, found: Prevention, nominal: Prevention) -> list[tuple[str, ...]]:
    """Rows of the table of new lines."""
    told = []
    for quantity, *_ in LINES_TOLD:
        band, once = getattr(found, quantity), getattr(nominal, quantity)
        told.append((f"{years:g}", quantity, *(f"{value:.4f}" for value in (band.median, band.low, band.high, once.median))))
    return told


def line_table(told: list[dict[str, str]]) -> list[str]:
    """The table of new lines from rows of the CSV."""
    heads = [f"after {years:g} years" for years in LONG_YEARS]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for quantity, name, factor, spec in LINES_TOLD:
        cells = []
        for years in LONG_YEARS:
            row = next(row for row in told if (row["years"], row["quantity"]) == (f"{years:g}", quantity))
            value, low, high = (f"{factor * float(row[column]):{spec}}" for column in ("median", "low", "high"))
            cells.append(f"{value} ({low} to {high})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def with_table(page: str, lines: list[str], begin: str = BEGIN) -> str:
    """The page with the lines between its two marks."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n{END}{after}"


def write_lines() -> None:
    """New lines after some and after many years."""
    path = DOCS / "new-lines.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINES_COLUMNS)
        for years in LONG_YEARS:
            writer.writerows(line_rows(years, prevention(years, LONG_SAMPLES), prevention(years, 0)))
    with path.open(encoding="utf-8", newline="") as file:
        lines = line_table(list(csv.DictReader(file)))
    (DOCS / "years.md").write_text(with_table((DOCS / "years.md").read_text("utf-8"), lines, LINES_BEGIN), "utf-8")


def main() -> None:
    """Compute, draw, write."""
    write_lines()
    if "--lines" in sys.argv:
        return
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
