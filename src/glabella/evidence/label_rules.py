"""The rules of the labels as rows: who, where, what, which limit, how severe, and where it is written."""

from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError
from glabella.evidence.patterns import site_areas
from glabella.evidence.products import load_products
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.names import AREAS, PATTERN_AREAS, without_side

COLUMNS = ("jurisdiction", "product", "label_revision", "area", "site", "rule", "value", "severity", "source", "quality", "note")
ALL = "all"
JURISDICTIONS = (ALL, "US", "EU")
SEVERITIES = ("info", "caution", "refuse", "study_only")  # study_only: refused for a person, a caution in a study
NAMED_RULES = ("condition", "medicine", "requires_area")
NUMBER_RULES = (
    "maximum_units",
    "maximum_units_in_3_months",
    "maximum_units_in_session",
    "interval_at_least_days",
    "counts_as_three_months_days",
    "one_treatment_days",
    "age_at_least_years",
    "age_below_years",
    "needle_reach_mm",
    "area_reach_mm",
    "above_supraorbital_rim_at_least_mm",
    "above_brow_at_least_mm",
    "from_brow_centre_at_least_mm",
    "temporal_of_orbital_rim_at_least_mm",
    "from_lateral_canthus_at_least_mm",
    "from_lateral_canthus_at_most_mm",
    "from_middle_canthal_site_at_least_mm",
    "from_middle_canthal_site_at_most_mm",
    "medial_of_temporal_fusion_line_at_least_mm",
    "medial_of_temporal_fusion_line_at_most_mm",
    "below_frontalis_margin_at_least_mm",
    "from_licensed_site_at_most_mm",
    "use_within_hours_of_mixing",
    "days_after_expiry_at_most",
    "muscle_strength_at_least",
    "muscle_strength_at_most",
)


@dataclass(frozen=True)
class LabelRule:
    """One rule. ``product``, ``area`` and ``site`` are names or 'all'; ``site`` is without side; ``value`` a number or a name."""

    jurisdiction: str
    product: str
    label_revision: str
    area: str
    site: str
    rule: str
    value: float | str
    severity: str
    source: str
    quality: str
    note: str

    @property
    def limit(self) -> float:
        """The value of a rule that has a number."""
        if isinstance(self.value, str):
            raise TypeError(f"rule {self.rule} has the name '{self.value}', not a number")
        return self.value

    @property
    def key(self) -> tuple[str, ...]:
        """What may stand only once in the table."""
        name = str(self.value) if self.rule in NAMED_RULES else ""
        return self.jurisdiction, self.product, self.area, self.site, self.rule, name

    def covers(self, product: str, area: str | None = None, site: str | None = None) -> bool:
        """Whether the rule speaks about this product and, where given, this area and site."""
        return (
            self.product in (ALL, product)
            and (area is None or self.area in (ALL, area) or area.startswith(f"{self.area}_"))
            and (site is None or self.site in (ALL, without_side(site)))
        )


def read_label_rules(text: str, where: str = "label_rules.csv") -> tuple[LabelRule, ...]:
    """Parse and check the table of rules."""
    products = (ALL, *load_products())
    areas = (ALL, *dict.fromkeys((*PATTERN_AREAS, *AREAS)))
    sites = (ALL, *dict.fromkeys(without_side(site) for site in site_areas()))
    rules: list[LabelRule] = []
    for row in read_rows(text, COLUMNS, where):
        rule = row.choice("rule", (*NAMED_RULES, *NUMBER_RULES))
        if rule == "requires_area":
            value: float | str = row.choice("value", PATTERN_AREAS)
        else:
            value = row.text("value") if rule in NAMED_RULES else row.number("value")
        entry = LabelRule(
            row.choice("jurisdiction", JURISDICTIONS), row.choice("product", products), row.text("label_revision", ""),
            row.choice("area", areas), row.choice("site", sites), rule, value, row.choice("severity", SEVERITIES),
            row.text("source"), row.choice("quality", QUALITIES), row.text("note"),
        )  # fmt: skip
        if any(entry.key == other.key for other in rules):
            raise InputError(f"{row.where}: the rule {rule} for {entry.product}, {entry.area}, {entry.site} stands twice; keep one")
        rules.append(entry)
    return tuple(rules)


@cache
def load_label_rules() -> tuple[LabelRule, ...]:
    """The rules shipped with the package."""
    return read_label_rules(shipped_text("label_rules.csv"))


def find_rules(rule: str) -> tuple[LabelRule, ...]:
    """All rows of one rule."""
    return tuple(entry for entry in load_label_rules() if entry.rule == rule)


def named_values(rule: str) -> tuple[str, ...]:
    """The names that a named rule knows: the conditions, the medicines."""
    return tuple(dict.fromkeys(str(entry.value) for entry in find_rules(rule)))
