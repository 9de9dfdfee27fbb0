"""The products: vials and dilutions as labelled. Units belong to the product whose name they carry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.errors import InputError, nearest
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.reading import check_number

COLUMNS = ("product", "brand", "vial_units", "diluent_ml", "default", "quality", "source", "note")
NOT_INTERCHANGEABLE = "units of different products are not interchangeable and cannot be added, mixed or converted"


@dataclass(frozen=True)
class Dilution:
    """One vial of ``vial_units`` mixed with ``diluent_ml`` of saline."""

    vial_units: float
    diluent_ml: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "vial_units", check_number(self.vial_units, "dilution: vial_units", "U", above=0))
        object.__setattr__(self, "diluent_ml", check_number(self.diluent_ml, "dilution: diluent_ml", "mL", above=0))

    @property
    def units_per_ml(self) -> float:
        """Concentration."""
        return self.vial_units / self.diluent_ml

    def volume_ml(self, units: float) -> float:
        """Volume that holds ``units``."""
        return units / self.units_per_ml


@dataclass(frozen=True)
class LabelledDilution:
    """A dilution as a label gives it, with how well it is known and where it stands."""

    dilution: Dilution
    quality: str
    source: str
    note: str


@dataclass(frozen=True)
class Product:
    """A botulinum toxin type A product: generic name, US cosmetic brand, labelled dilutions (the first is the default)."""

    name: str
    brand: str
    dilutions: tuple[LabelledDilution, ...]

    @property
    def vials_units(self) -> tuple[float, ...]:
        """Vial sizes in units, rising."""
        return tuple(sorted({entry.dilution.vial_units for entry in self.dilutions}))

    @property
    def dilution(self) -> Dilution:
        """The default labelled dilution."""
        return self.dilutions[0].dilution


def read_products(text: str, where: str = "products.csv") -> Mapping[str, Product]:
    """Parse and check the table of products."""
    found: dict[str, Product] = {}
    defaults: set[str] = set()
    for row in read_rows(text, COLUMNS, where):
        name = row.text("product")
        dilution = Dilution(row.number("vial_units", above=0), row.number("diluent_ml", above=0))
        entry = LabelledDilution(dilution, row.choice("quality", QUALITIES), row.text("source"), row.text("note", ""))
        known = found.get(name, Product(name, row.text("brand"), ()))
        if row.flag("default"):
            if name in defaults:
                raise InputError(f"{row.where}, column default: {name} has two default dilutions; keep one")
            defaults.add(name)
            found[name] = Product(name, known.brand, (entry, *known.dilutions))
        else:
            found[name] = Product(name, known.brand, (*known.dilutions, entry))
    for name in found:
        if name not in defaults:
            raise InputError(f"{where}, column default: {name} has no default dilution; mark one with yes")
    return found


@cache
def load_products() -> Mapping[str, Product]:
    """The products shipped with the package, by generic name."""
    return read_products(shipped_text("products.csv"))


def find_product(name: object, where: str = "product") -> Product:
    """The product of a generic name; a brand name or a misspelling is an error that names the right one."""
    products = load_products()
    if isinstance(name, str) and name in products:
        return products[name]
    asked = str(name)
    for product in products.values():
        if asked.lower() in (product.name.lower(), product.brand.lower(), *product.brand.lower().split()):
            raise InputError(f"{where}: product '{asked}' is unknown; did you mean '{product.name}'? write the generic name in full")
    raise InputError(f"{where}: product '{asked}' is unknown; {nearest(asked, products)}")
