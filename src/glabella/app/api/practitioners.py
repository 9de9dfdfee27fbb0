"""Practitioners near a place from the database on this computer: list, sheet, sources. What is asked for is kept nowhere."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from glabella.app.api.said import errors
from glabella.app.records import is_invented, records_database
from glabella.app.services import Services
from glabella.app.store import NotFoundError
from glabella.providers import open_database, read_sheet
from glabella.providers.search import list_sources, search
from glabella.providers.sheet import NotShownError
from glabella.providers.tables import GROUPS, families, find_use, uses
from glabella.providers.where import read_distance
from glabella.providers.words import said_with_every_list

MOST_SHOWN, LONGEST_PLACE, MOST_SPECIALTIES = 200, 120, 30
Use = Annotated[str, Field(max_length=100, json_schema_extra={"enum": list(uses())})]  # the library says which is meant by a misspelling
Specialty = Annotated[str, Field(max_length=100, json_schema_extra={"enum": list(dict.fromkeys((*families(), *GROUPS, "all")))})]
Near = Annotated[
    str,
    Query(
        min_length=1, max_length=LONGEST_PLACE, description="ZIP code, city with its state, or latitude,longitude.",
        examples=["55902", "Rochester, MN", "44.02,-92.47"],
    ),
]  # fmt: skip


class Practice(BaseModel):
    """Where the person practises as the registry has it; null where it is not shown."""

    street: str | None
    city: str
    state: str
    zip: str | None
    phone: str | None


class RecordFact(BaseModel):
    """One line of the sheet. ``known`` false: the files do not say, and ``says`` tells why. ``as_of``: day of the source."""

    topic: str
    says: str
    known: bool
    source: str
    as_of: str | None


class CheckWith(BaseModel):
    """Where to check."""

    state_board: str
    national_registry: str


class SortPart(BaseModel):
    """Points of one part: low and high differ by what is unknown."""

    name: str
    low: float
    high: float
    most: float


class HowSorted(BaseModel):
    """How a list by evidence is sorted; never how good somebody is."""

    low: float
    high: float
    most: float
    parts: list[SortPart]


class SheetAnswer(BaseModel):
    """The evidence sheet of one person: facts with source and day, unknowns named."""

    npi: str
    name: str
    credential: str
    specialty: str
    practice: Practice
    facts: list[RecordFact]
    check_with: CheckWith
    how_sorted: HowSorted


class ListedAnswer(SheetAnswer):
    """Somebody in a list; distances are between centres of ZIP codes."""

    distance_km: int
    distance_from: str


class SheetShown(SheetAnswer):
    """A sheet with what is said beside every sheet. ``invented``: nobody in this database exists."""

    invented: bool
    notices: list[str]
    questions_to_ask: list[str]
    correction: str


class PlaceAnswer(BaseModel):
    """The point that was searched from."""

    latitude: float
    longitude: float
    point: str


class SortAnswer(BaseModel):
    """The order of the list, in words."""

    by: str
    how: str


class RecordsSource(BaseModel):
    """A file behind the answer; ``remark`` where it is out of date."""

    name: str
    title: str
    file: str
    as_of: str
    as_of_from: str
    remark: str | None


class PractitionersAnswer(BaseModel):
    """People within the radius. ``not_shown``: how many records are held back, without names and reasons."""

    invented: bool
    near: PlaceAnswer
    within_km: float
    for_: str
    specialties: list[str]
    sort: SortAnswer
    people: int
    shown: int
    not_shown: str
    practitioners: list[ListedAnswer]
    notices: list[str]
    questions_to_ask: list[str]
    correction: str
    sources: list[RecordsSource]

    model_config = {"alias_generator": lambda name: name.removesuffix("_")}


class SourcesAnswer(BaseModel):
    """What the database is made of."""

    invented: bool
    people: int
    sources: list[RecordsSource]


def practitioners_router(services: Services) -> APIRouter:
    """Routes that read the local database of practitioners. Nothing is fetched and nothing is ingested here."""
    router, data = APIRouter(tags=["practitioners"]), services.settings.data

    @router.get(
        "/practitioners", response_model=PractitionersAnswer, responses=errors("input", "not_found"),
        summary="People near a place, with what public records say of them",
    )  # fmt: skip
    def near_place(
        near: Near,
        within: Annotated[str, Query(max_length=40, description="Radius.", examples=["50km", "30mi"])] = "50km",
        use: Annotated[Use, Query(alias="for", description="An area or a condition.")] = "glabellar",
        specialty: Annotated[list[Specialty], Query(max_length=MOST_SPECIALTIES, description="In place of the usual ones.")] = [],  # noqa: B006
        sort: Annotated[Literal["nearest", "evidence"], Query()] = "nearest",
        limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 20,
    ) -> dict[str, Any]:
        """Nearest first unless asked otherwise. Points stand under ``how_sorted`` alone, with what is unknown as an interval."""
        with _records(data) as (connection, invented):
            found = search(connection, near, read_distance(within), find_use(use), sort=sort, specialties=specialty, limit=limit)
        return {"invented": invented, **found.to_json()}

    @router.get("/practitioners/sources", response_model=SourcesAnswer, responses=errors("not_found"), summary="Files behind the database")
    def sources() -> dict[str, Any]:
        """Each with its day, and a remark where it is old."""
        with _records(data) as (connection, invented):
            people = connection.execute("SELECT count(*) FROM person").fetchone()[0]
            return {"invented": invented, "people": people, "sources": [one.to_json() for one in list_sources(connection)]}

    @router.get(
        "/practitioners/{number}", response_model=SheetShown, responses=errors("input", "not_found"),
        summary="The evidence sheet of one person",
    )  # fmt: skip
    def sheet(
        number: Annotated[str, InPath(pattern="^[12][0-9]{9}$", description="National provider identifier.", examples=["2000000010"])],
        use: Annotated[Use, Query(alias="for", description="An area or a condition.")] = "glabellar",
    ) -> dict[str, Any]:
        """By registry number, as it stands in a list."""
        with _records(data) as (connection, invented):
            try:
                found = read_sheet(connection, number, find_use(use))
            except NotShownError as error:
                raise NotFoundError(str(error)) from None
        return {"invented": invented, **found.to_json(), **said_with_every_list()}

    return router


@contextmanager
def _records(data: Path) -> Iterator[tuple[sqlite3.Connection, bool]]:
    """The database and whether its people are invented. Errors: NotFoundError where there is none."""
    path = records_database(data)
    if not path.is_file():
        raise NotFoundError("practitioners: no records on this computer yet; ingest public files with 'glabella providers ingest FILE...'")
    with open_database(path) as connection:
        yield connection, is_invented(path)
