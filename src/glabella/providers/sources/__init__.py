"""The public files that can be ingested, each recognised by its columns."""

from glabella.providers.sources.base import Source
from glabella.providers.sources.claims import Claims
from glabella.providers.sources.licences import Licences
from glabella.providers.sources.national import National
from glabella.providers.sources.others import Clinicians, Deactivations, Exclusions, OptOuts, SecondPlaces, SpecialtyNames, ZipCentres

SOURCES: tuple[type[Source], ...] = (
    ZipCentres, SpecialtyNames, National, SecondPlaces, Deactivations, Exclusions, Claims, Clinicians, OptOuts, Licences,
)  # fmt: skip
IGNORED: tuple[tuple[str, ...], ...] = (  # other tables in the national archive
    ("NPI", "Provider Other Organization Name", "Provider Other Organization Name Type Code"),
    ("NPI", "Endpoint Type", "Endpoint"),
)

__all__ = ["IGNORED", "SOURCES", "Source"]
