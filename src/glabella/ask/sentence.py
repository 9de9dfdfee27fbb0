"""A sentence of an answer: its numbers are placeholders, filled in from evidence rows; none is ever typed."""

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glabella.ask.rows import EvidenceRow, find_row, one_cell, with_band
from glabella.errors import InputError
from glabella.reading import Fields

BASES = ("values", "not_studied", "this_program")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
DIGIT = re.compile(r"\d")
NUMBER_WORDS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty|fifty|hundreds?|thousands?|millions?)\b",
    re.I,
)
HELD = re.compile(r"\s*(\S+)\s*(<=|>=|<|>|==)\s*(\S+)\s*$")
COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True)
class Sentence:
    """``text`` as it is read, ``rows`` it rests on, ``basis`` where it rests on none, comparisons that hold between rows."""

    text: str
    template: str
    rows: tuple[EvidenceRow, ...]
    basis: str
    holds: tuple[str, ...]


def read_sentence(data: Mapping[str, Any], where: str) -> Sentence:
    """A sentence from its table. Errors name the place: a typed number, an unknown row, a claim without rows, a comparison that fails."""
    fields = Fields(data, where, ("text", "rows", "basis", "holds"))
    template = fields.text("text")
    typed = PLACEHOLDER.sub("", template)
    for found in (DIGIT.search(typed), NUMBER_WORDS.search(typed)):
        if found:
            raise InputError(f"{where}: the number '{found.group()}' is typed; take it from an evidence row, as in {{facts.KEY}}")
    text, rows = fill_in(template, where)
    rows += [find_row(address) for address in fields.names("rows", ())]
    basis = fields.choice("basis", BASES, "")
    if bool(rows) == bool(basis):
        raise InputError(f"{where}: '{template}' must rest on rows, or else say with 'basis' why it rests on none")
    holds = fields.names("holds", ())
    for statement in holds:
        rows += check_holds(statement, where)
    return Sentence(text, template, _distinct(rows), basis, tuple(holds))


def fill_in(template: str, where: str) -> tuple[str, list[EvidenceRow]]:
    """The text with its placeholders filled in, and their rows."""
    rows: list[EvidenceRow] = []

    def fill(match: re.Match[str]) -> str:
        row, column, spec = parse_address(match.group(1), where)
        rows.append(row)
        return one_cell(row, column, spec) if column else with_band(row, spec)

    return PLACEHOLDER.sub(fill, template), rows


def parse_address(text: str, where: str) -> tuple[EvidenceRow, str, str]:
    """``table.key``, ``table.key.column`` or either with ``:format`` as row, column ('' for value with band) and format."""
    address, _, spec = text.partition(":")
    table, _, rest = address.strip().partition(".")
    if not rest:
        raise InputError(f"{where}: '{{{text}}}' must be {{table.key}} or {{table.key.column}}")
    key, dot, column = rest.rpartition(".")
    if not dot:
        key, column = rest, ""
    return find_row(f"{table}.{key}"), column, spec


def check_holds(statement: str, where: str) -> list[EvidenceRow]:
    """The rows of a comparison such as 'facts.a.value < facts.b.value'; InputError where it does not hold."""
    match = HELD.match(statement)
    if not match:
        raise InputError(f"{where}: holds = '{statement}' must compare two addresses with <, <=, ==, >= or >")
    (one, column), (other, other_column) = (_side(side, where) for side in (match.group(1), match.group(3)))
    if not COMPARE[match.group(2)](one.number(column), other.number(other_column)):
        raise InputError(f"{where}: '{statement}' does not hold: {one.cells[column]} against {other.cells[other_column]}")
    return [one, other]


def _side(text: str, where: str) -> tuple[EvidenceRow, str]:
    row, column, _ = parse_address(text, where)
    return row, column or "value"


def _distinct(rows: list[EvidenceRow]) -> tuple[EvidenceRow, ...]:
    return tuple({row.address: row for row in rows}.values())
