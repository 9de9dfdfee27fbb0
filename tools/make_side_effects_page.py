"""Write docs/side-effects.md from the tables: ``python tools/make_side_effects_page.py`` (``--check`` compares)."""

import sys
from pathlib import Path

from glabella.effect_names import name_effect
from glabella.effects_text import tell_in_thousand
from glabella.evidence import load_parameters
from glabella.evidence.guidance import facts_about, label_emergency_text
from glabella.evidence.products import load_products
from glabella.stages.unwanted import BROW_MECHANISMS, MUSCLE_MECHANISMS, all_rates, detection_limits, effect_words

PAGE = Path(__file__).parents[1] / "docs" / "side-effects.md"
LAWS = {"either_side": "either side is blocked by", "sides_differ": "the sides differ by"}


def page() -> str:
    """The whole page."""
    parts = [
        "# Side effects: what is computed, what is published",
        "Written by `tools/make_side_effects_page.py` from the tables in `src/glabella/evidence`. Research and education, not a medical "
        "device: `glabella effects` tells the same for one plan.",
        "## Computed",
        "From toxin outside its target and the scatter of needles. An effect is noticed when the column in the middle says so, as the "
        "parameter table has it. Either side counts, and the sides are taken as independent: were a person's two sides equally "
        "sensitive, a chance would be up to a fiftieth of itself lower (tests/verification/test_side_effects.py).",
        _table(("effect", "noticed when", "begins", "lasts"), _mechanisms()),
        "## Published",
        "Share of people in trials or labels, whatever the cause, with the exact 90 % interval of the count (of a hundred people where the "
        "number is not given). Beside it the share with placebo in the same trials.",
        _table(("effect", "product, area", "people affected", "of", "with placebo", "known", "source"), _published()),
        "## Named by labels without a rate",
        _facts("without_rate"),
        "## Get help now",
        "\n".join(f"> {text}" for text in label_emergency_text().paragraphs),
        "## Into the blood",
        "`stages/unwanted/blood.py` tells an estimate and an upper bound. Estimate: all units that leave the tissue circulate and nothing "
        "binds there, every row of the table at its value. Upper bound: every unit injected circulates, and every row stands at the end "
        "that gives most. Each also with a whole session in the blood at once.",
        _table(("row", "estimate", "upper bound"), _blood_rows()),
        "What laboratories detect; a bound that reaches the lowest published limit of an assay is told as such:",
        _table(("assay", "from, pg/mL", "published"), _limits()),
        _facts("blood"),
        "## Unlicensed products",
        _facts("unlicensed"),
        "## A genuine box",
        _facts("genuine"),
        "## Where to report",
        _facts("reporting"),
    ]
    return "\n\n".join(parts) + "\n"


def _mechanisms() -> list[tuple[str, ...]]:
    values, rows = load_parameters(), []
    for muscle in MUSCLE_MECHANISMS:
        share = f"{LAWS[muscle.law]} {100 * muscle.noticed(values):.3g} % ({muscle.structure.replace('_', ' ')})"
        share += f"; {muscle.set_to}" if muscle.set_to else ""
        rows.append((name_effect(muscle.effect).plain, share, *_course(muscle.effect)))
    for brow in BROW_MECHANISMS:
        measure = brow.measure.removesuffix("_mm")
        rows.append((name_effect(brow.effect).plain, f"{measure} of the brow of {values[brow.visible]:g} mm", *_course(brow.effect)))
    return rows


def _course(effect: str) -> tuple[str, str]:
    words = effect_words(effect)
    return words.onset, words.duration


def _published() -> list[tuple[str, ...]]:
    return [
        (
            name_effect(row.effect).plain, f"{row.product}, {row.area.replace('_', ' ')}", tell_in_thousand(row.value, row.low, row.high),
            str(row.people or "not given"), _placebo(row.placebo), row.quality, row.source,
        )
        for row in sorted(all_rates(), key=lambda row: (name_effect(row.effect).plain, row.product, row.area))
    ]  # fmt: skip


def _placebo(share: float | None) -> str:
    return "not known" if share is None else "none reported" if share == 0 else tell_in_thousand(share)


def _limits() -> list[tuple[str, ...]]:
    return [
        (limit.plain, f"{limit.limit_pg_per_ml:g}", f"{limit.low_pg_per_ml:g} to {limit.high_pg_per_ml:g}") for limit in detection_limits()
    ]


def _blood_rows() -> list[tuple[str, ...]]:
    rows, products = load_parameters().rows, load_products()
    ends = [("toxin_circulation_half_life_days", True), ("plasma_volume_l", False), ("uptake_rate_per_day", True)]
    ends += [("clearance_rate_per_day", True), *((f"{product}_neurotoxin_ng_per_unit", True) for product in products)]
    return [
        (name, f"{rows[name].value:g} {rows[name].unit}", f"{rows[name].high if upper else rows[name].low:g} {rows[name].unit}")
        for name, upper in ends
    ]


def _facts(topic: str) -> str:
    return "\n".join(f"- {fact.text} [{fact.source}, {fact.quality}]" for fact in facts_about(topic))


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")
