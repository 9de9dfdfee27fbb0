"""What may be asked of a risk map: effects that have one, products, doses within the label, depths within a needle's reach."""

from glabella.errors import InputError, RefusedError, nearest
from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import labelled_units
from glabella.evidence.products import Dilution, find_product
from glabella.names import PATTERN_AREAS
from glabella.plan import LEAST_ML, MOST_ML
from glabella.reading import check_number
from glabella.stages.unwanted import MAPPED, label_rates

MOST_SCATTER_MM = 10.0  # wider than anybody's aim: the lattice of the map would leave the face


def mapped_structure(effect: str, product: str) -> str:
    """The structure behind an effect, without its side; an effect without a map is an error that says why."""
    find_product(product, "risk map")
    mapped = ", ".join(MAPPED)
    if effect in MAPPED:
        return MAPPED[effect]
    if effect == "brow_ptosis":
        raise InputError(
            "risk map: brow_ptosis has no map: how far the brow drops follows from the block of every element of the frontalis, not from "
            f"one mean dose, so that no adjoint solve gives it; simulate a plan instead; effects with a map: {mapped}"
        )
    if effect in label_rates(product, PATTERN_AREAS):
        raise InputError(
            f"risk map: {effect} has label rates only, no mechanism that the place of a needle could change; effects with a map: {mapped}"
        )
    raise InputError(f"risk map: effect '{effect}' is unknown; {nearest(str(effect), MAPPED)}")


def mixed(product: str, diluent_ml: float | None) -> Dilution:
    """The product's usual vial, as labelled or with another volume of saline."""
    usual = find_product(product, "risk map").dilution
    if diluent_ml is None:
        return usual
    return Dilution(usual.vial_units, check_number(diluent_ml, "risk map: dilution", "mL", above=0))


def checked_dose(product: str, units: float, depth_mm: float, dilution: Dilution) -> tuple[float, float]:
    """Units and depth of one injection: numbers, within the label's largest total of an area, within the reach of a needle."""
    units = check_number(units, "risk map: units", "U", above=0)
    depth_mm = check_number(depth_mm, "risk map: depth_mm", "mm", above=0)
    area, most = max(labelled_units(product).items(), key=lambda item: item[1])
    if units > most * (1 + 1e-9):
        raise RefusedError(
            f"refused: risk map: {units:g} U of {product} in one injection is above the largest labelled total of an area, {most:g} U "
            f"({area.replace('_', ' ')}); allowed for a person: up to {most:g} U; lower the units"
        )
    deepest = min(rule.limit for rule in find_rules("needle_reach_mm"))
    if depth_mm > deepest:
        raise InputError(f"risk map: depth_mm = {depth_mm:g}: deeper than a needle of {deepest:g} mm; allowed: above 0 to {deepest:g} mm")
    volume_ml = dilution.volume_ml(units)
    if not LEAST_ML <= volume_ml <= MOST_ML:
        raise InputError(
            f"risk map: {units:g} U at {dilution.units_per_ml:g} U/mL make {volume_ml:.3g} mL; allowed: {LEAST_ML:g} to {MOST_ML:g} mL at "
            "one place; correct the dilution or the units"
        )
    return units, depth_mm


def check_asked(
    effect: str, units: float, depth_mm: float, product: str, diluent_ml: float | None = None, scatter_mm: float | None = None
) -> tuple[str, float, float, Dilution, float | None]:
    """Everything that was asked, checked before any computing: structure, units, depth in mm, dilution, scatter in mm or None."""
    structure = mapped_structure(effect, product)
    dilution = mixed(product, diluent_ml)
    units, depth_mm = checked_dose(product, units, depth_mm, dilution)
    if scatter_mm is not None:
        scatter_mm = check_number(scatter_mm, "risk map: scatter", "mm", at_least=0, at_most=MOST_SCATTER_MM)
    return structure, units, depth_mm, dilution, scatter_mm
