"""The small tables that ship with this room: specialties, billing codes, uses, boards, layouts of state files."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from glabella.errors import InputError, nearest
from glabella.evidence.tables import plain_rows

GROUPS = ("core", "therapeutic", "delegated", "general", "other")  # 'other': the primary code is none of ours


@dataclass(frozen=True)
class Specialty:
    """What a code of the registry means here. ``family`` is what a search asks for, ``group`` what points look at."""

    code: str
    group: str
    family: str
    label: str


@dataclass(frozen=True)
class InjectionCode:
    """A number under which treatments are billed. ``kind``: 'drug' or 'procedure'; ``units_per_service`` of a drug's billing unit."""

    code: str
    kind: str
    units_per_service: float | None
    words: str


@dataclass(frozen=True)
class Use:
    """What somebody looks for. ``goal``: 'cosmetic' or 'medical'; ``families`` that are shown unless others are asked for."""

    name: str
    goal: str
    words: str
    families: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """Where a state answers whether a licence is active; ``link`` '' where none is known."""

    state: str
    name: str
    link: str


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of a shipped table."""
    text = files("glabella.providers").joinpath("data", name).read_text("utf-8")
    return plain_rows(text)


@cache
def _specialties() -> tuple[dict[str, Specialty], list[Specialty]]:
    every = [Specialty(row["code"], row["group"], row["family"], row["label"]) for row in rows_of("taxonomy.csv")]
    return {one.code: one for one in every if "*" not in one.code}, [one for one in every if one.code.endswith("*")]


def specialty_of(code: str) -> Specialty | None:
    """What a code means; None for one that has nothing to do with these treatments."""
    exact, starts = _specialties()
    return exact.get(code) or next((one for one in starts if code.startswith(one.code[:-1])), None)


@cache
def families() -> tuple[str, ...]:
    """All families in the order of the table; their place is their number in the database."""
    exact, starts = _specialties()
    return tuple(dict.fromkeys(one.family for one in [*exact.values(), *starts]))


@cache
def family_groups() -> dict[str, str]:
    """Group of each family."""
    exact, starts = _specialties()
    return {one.family: one.group for one in [*exact.values(), *starts]}


@cache
def injection_codes() -> dict[str, InjectionCode]:
    """Billing codes by number."""
    return {
        row["code"]: InjectionCode(
            row["code"], row["kind"], float(row["units_per_service"]) if row["units_per_service"] else None, row["words"]
        )
        for row in rows_of("injection_codes.csv")
    }


@cache
def uses() -> dict[str, Use]:
    """Uses by name."""
    return {
        row["use"]: Use(row["use"], row["goal"], row["words"], tuple(row["families"].split()), tuple(row["codes"].split()))
        for row in rows_of("uses.csv")
    }


def find_use(name: str) -> Use:
    """A use by name. Errors: InputError that names the nearest."""
    if name not in uses():
        raise InputError(f"use '{name}': unknown; {nearest(name, uses())}")
    return uses()[name]


@cache
def boards() -> dict[str, Board]:
    """Boards by the state's postal code."""
    return {row["state"]: Board(row["state"], row["name"], row["link"]) for row in rows_of("boards.csv")}

