"""A course as plain data (use.json)."""

from dataclasses import asdict
from typing import Any

from glabella.outcome import FRAME
from glabella.uses.course import UseCourse
from glabella.uses.published import beside
from glabella.version import own_version

FROM_ROW = ("row", "trial", "arm", "n", "quantity", "day", "value", "unit", "tolerance", "use", "quality", "source", "note")


def to_document(course: UseCourse) -> dict[str, Any]:
    """Everything that the page says, without pictures."""
    return {
        "version": own_version(), "frame": FRAME, "watermark": course.watermark, "purpose": course.purpose, "use": course.use,
        "product": course.product, "dose_units": course.dose_units, "weeks": course.weeks,
        "settings": {"samples": course.samples, "seed": course.seed},
        "band": "median and 90 % over draws of the rows" if course.samples else "none",
        "days": course.days.tolist(),
        "curves": [
            {"name": c.name, "label": c.label, "unit": c.unit, "value": c.value.tolist(), "low": c.low.tolist(), "high": c.high.tolist(),
             "at_values": c.at_values.tolist()}
            for c in course.curves
        ],
        "figures": [asdict(figure) for figure in course.figures],
        "dosing": [asdict(row) for row in course.dosing],
        "licences": [{**asdict(row), "as_of": row.as_of.isoformat()} for row in course.licences],
        "published": [
            {
                **{name: getattr(one.row, name) for name in FROM_ROW},
                "model": one.model, "missed": one.missed, "not_reached": one.not_reached,
            }
            for one in beside(course)
        ],
        "modelled": list(course.modelled), "not_modelled": list(course.not_modelled), "sources": list(course.sources),
        "references": [{"key": entry.key, "citation": str(entry), "link": entry.link} for entry in course.references],
    }  # fmt: skip
