"""What a register of practitioners is: the local database, the public registry itself, or another country's table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from glabella.providers.tables import Use
from glabella.providers.where import Distance


@dataclass(frozen=True)
class Listing:
    """Somebody in a register. ``facts``: topic and what the register says; ``as_of`` an ISO day or ''."""

    identifier: str
    name: str
    credential: str
    specialty: str
    city: str
    region: str
    postcode: str
    km: float
    facts: tuple[tuple[str, str], ...]
    source: str
    as_of: str
    check: str

    def to_json(self) -> dict[str, Any]:
        """As a document."""
        document: dict[str, Any] = dict(vars(self))
        document["facts"] = [{"topic": topic, "says": says} for topic, says in self.facts]
        document["distance_km"] = round(document.pop("km"))
        return document


@dataclass(frozen=True)
class Listed:
    """An answer, the nearest first. ``remarks``: what the reader has to know of this answer, such as that it was cut off."""

    point: str
    listings: tuple[Listing, ...]
    remarks: tuple[str, ...]


class Registry(Protocol):
    """Where people near a place can be asked for."""

    def listed(self, near: str, within: Distance, use: Use, specialties: Sequence[str] = (), limit: int = 20) -> Listed:
        """People within the radius. Errors: InputError for a place that is unknown."""
        ...
