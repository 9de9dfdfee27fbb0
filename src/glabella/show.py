"""What ``glabella show products`` prints: products with vials, dilutions and licensed patterns."""

from collections.abc import Iterator

from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import area_of, load_patterns
from glabella.evidence.products import load_products


def product_lines() -> Iterator[str]:
    """Every product: brand, vials and dilutions, licensed patterns; what is only remembered is marked so."""
    yield "Units belong to the product: they cannot be compared with, added to or converted into units of another."
    for product in load_products().values():
        yield ""
        yield f"{product.name} ({product.brand})"
        for row in product.dilutions:
            mixed = row.dilution
            strength = f"{mixed.units_per_ml / 10:.3g} U in 0.1 mL"
            yield f"  vial {mixed.vial_units:g} U + {mixed.diluent_ml:g} mL saline: {strength}{_mark(row.quality)} [{row.source}]"
        rows = [row for row in load_patterns() if row.product == product.name]
        for area in dict.fromkeys(row.area for row in rows):
            sites = [row for row in rows if row.area == area]
            total = sum(row.units for row in sites)
            together = f", only with {sites[0].together_with}" if sites[0].together_with else ""
            yield (
                f"  {area.replace('_', ' ')}: {len(sites)} sites x {sites[0].units:g} U ({sites[0].volume_ml:g} mL) = {total:g} U{together}"
                f"{_mark(sites[0].quality)} [{sites[0].source}]"
            )
            for area_name in sorted({area_of(row.area, row.site) for row in sites}):
                for rule in find_rules("maximum_units"):
                    if rule.product == product.name and rule.area == area_name:
                        yield f"    label maximum, {area_name.replace('_', ' ')}: {rule.limit:g} U{_mark(rule.quality)} [{rule.source}]"


def _mark(quality: str) -> str:
    return "" if quality == "seen" else f" (from {quality}, not checked against the label)"
