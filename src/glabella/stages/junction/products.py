"""What the junction knows of a product: the strength of its unit and the persistence of its light chain."""

from collections.abc import Mapping

from glabella.errors import InputError, nearest

REFERENCE = "onabotulinumtoxinA"  # its own unit is the unit of potency, its own half-life the row of the table
OTHERS = ("abobotulinumtoxinA", "daxibotulinumtoxinA", "incobotulinumtoxinA", "letibotulinumtoxinA", "prabotulinumtoxinA")


def potency_and_persistence(product: str, parameters: Mapping[str, float]) -> tuple[float, float]:
    """Potency of one labelled unit and factor on the half-lives; both 1 by definition for the reference product.

    They describe how the model answers to a product's own units. They are no conversion between products.
    """
    if product == REFERENCE:
        return 1.0, 1.0
    if product not in OTHERS:
        raise InputError(f"product '{product}' is not known to the junction; {nearest(product, (REFERENCE, *OTHERS))}")
    return parameters[f"{product}_potency_per_unit"], parameters[f"{product}_half_life_factor"]
