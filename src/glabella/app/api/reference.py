"""What there is to choose from: products, licensed patterns, faces, and the schemas of what the app computes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from glabella.app.api import answers, bodies
from glabella.app.api.said import errors
from glabella.app.note import patient_document
from glabella.ask import ask as find_in_answers
from glabella.ask.search import LONGEST_QUESTION
from glabella.errors import InputError
from glabella.evidence.patterns import find_pattern, labelled_units, load_patterns
from glabella.evidence.products import Product, find_product, load_products
from glabella.names import AREAS, PATTERN_AREAS
from glabella.patient import Patient

router = APIRouter(tags=["reference"])


@router.get("/products", response_model=list[answers.ProductAnswer], summary="Products with vials, dilutions and labelled totals")
def products() -> list[dict[str, Any]]:
    """Units belong to the product: they cannot be compared with, added to or converted into units of another."""
    return [_product(product) for product in load_products().values()]


@router.get(
    "/patterns", response_model=list[answers.PatternAnswer], responses=errors("input"), summary="Licensed patterns: sites and units"
)
def patterns(
    product: Annotated[bodies.Product | None, Query()] = None, area: Annotated[bodies.PatternArea | None, Query()] = None
) -> list[dict[str, Any]]:
    """Of one product or all, for one area or all."""
    names = [find_product(product).name] if product is not None else list(load_products())
    found = []
    for name in names:
        try:
            rows = find_pattern(name, area) if area is not None else [row for row in load_patterns() if row.product == name]
        except InputError:
            if product is not None or area not in (*PATTERN_AREAS, *AREAS):
                raise
            continue  # not every product is licensed for every area
        for one in dict.fromkeys(row.area for row in rows):
            sites = [row for row in rows if row.area == one]
            found.append(
                {
                    "product": name, "area": one, "together_with": sites[0].together_with, "units": sum(row.units for row in sites),
                    "sites": [{key: getattr(row, key) for key in answers.PatternSite.model_fields} for row in sites],
                }
            )  # fmt: skip
    return found


@router.get("/faces", response_model=list[answers.FaceAnswer], summary="Faces: the reference one and the training cases")
def faces() -> list[dict[str, Any]]:
    """Each is a person as ``patient`` of the other routes takes it."""
    usual = [{"name": "reference", "title": "The reference face, a woman of 40", "patient": patient_document(Patient())}]
    from glabella.app.training import load_cases

    return [*usual, *({"name": case.name, "title": case.title, "patient": patient_document(case.patient)} for case in load_cases())]


@router.get(
    "/ask", response_model=answers.FoundAnswer, responses=errors("input"), summary="A question in plain words, answered from the tables"
)
def ask(q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUESTION, examples=["how long does it last?"])]) -> dict[str, Any]:
    """``answer`` is null where the question is not covered; ``nearest`` are the next ones that are answered."""
    return find_in_answers(q).document()


@router.get("/schemas/{name}", responses=errors("not_found", "input"), summary="JSON Schema of an outcome, a planned dose or a risk map")
def schema(name: Literal["outcome", "planned", "risk_map"]) -> dict[str, Any]:
    """As shipped with the package."""
    if name == "outcome":
        from glabella.outcome import outcome_schema as read
    elif name == "planned":
        from glabella.planner.planned_document import planned_schema as read
    else:
        from glabella.planner.risk_map_document import risk_map_schema as read
    return dict(read())


def _product(product: Product) -> dict[str, Any]:
    return {
        "name": product.name,
        "brand": product.brand,
        "vials_units": list(product.vials_units),
        "dilutions": [
            {
                "vial_units": row.dilution.vial_units, "diluent_ml": row.dilution.diluent_ml, "units_per_ml": row.dilution.units_per_ml,
                "quality": row.quality, "source": row.source,
            }
            for row in product.dilutions
        ],
        "labelled_units": dict(labelled_units(product.name)),
    }  # fmt: skip
