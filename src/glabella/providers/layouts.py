"""Columns of the licence lists that states publish: those that are known, and those that a user describes in a small file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from glabella.errors import InputError, nearest
from glabella.providers.reading import Header
from glabella.providers.tables import boards, rows_of
from glabella.reading import read_toml

KINDS = ("licences", "actions")
NEEDED = ("state", "number")
COLUMNS = ("number", "last_name", "full_name", "type", "status", "expires", "discipline", "day")


@dataclass(frozen=True)
class StateLayout:
    """A list of a state. ``number`` to ``day`` are names of columns, '' for one that the list has not.

    ``list``: its name in the database; ``kind``: 'licences' with a status, or 'actions' of a board. One of ``last_name`` and
    ``full_name``; one of ``type`` and ``type_is``, which says of what profession everybody in the list is.
    """

    list: str
    state: str
    dataset: str
    kind: str
    number: str
    last_name: str = ""
    full_name: str = ""
    type: str = ""
    type_is: str = ""
    status: str = ""
    expires: str = ""
    discipline: str = ""
    day: str = ""
    link: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it has."""
        return tuple(name for field in COLUMNS if (name := getattr(self, field)))

    def fits(self, header: Header) -> bool:
        """Whether a file has all its columns."""
        return header.has(self.columns)


@cache
def known_layouts() -> tuple[StateLayout, ...]:
    """Lists whose columns are known, those with the most columns first: a short one may be part of a longer one."""
    names = {field.name for field in fields(StateLayout)}
    known = [StateLayout(**{key: value for key, value in row.items() if key in names}) for row in rows_of("state_layouts.csv")]
    return tuple(sorted(known, key=lambda one: -len(one.columns)))


def layout_of(header: Header, layouts: Sequence[StateLayout]) -> StateLayout | None:
    """The list whose columns these are."""
    return next((layout for layout in layouts if layout.fits(header)), None)


def read_layout(path: Path) -> StateLayout:
    """A list as a user describes it in TOML: see docs/practitioners.md. Errors: InputError that names the key."""
    table, valid = read_toml(path, "layout"), [field.name for field in fields(StateLayout)]
    for key, value in table.items():
        if key not in valid:
            raise InputError(f"layout {path}: '{key}' is unknown; {nearest(key, valid)}")
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"layout {path}: {key} = {value!r}: must be text; leave out what the list has not")
    for key in NEEDED:
        if key not in table:
            raise InputError(f"layout {path}: '{key}' is missing; {_hint(key)}")
    for one, other in (("last_name", "full_name"), ("type", "type_is")):
        if (one in table) == (other in table):
            raise InputError(f"layout {path}: give one of '{one}' and '{other}'")
    state = table["state"].upper()
    if state not in boards():
        raise InputError(f"layout {path}: state '{table['state']}' is unknown; {nearest(state, boards())}")
    kind = table.setdefault("kind", "licences")
    if kind not in KINDS:
        raise InputError(f"layout {path}: kind '{kind}' is unknown; {nearest(kind, KINDS)}")
    for key in ("status",) if kind == "licences" else ("discipline", "day"):
        if key not in table:
            raise InputError(f"layout {path}: '{key}' is missing; {_hint(key)}")
    name = table.get("list", f"{kind}_{state}")
    if not re.fullmatch(rf"{kind}_{state}(_[a-z0-9_]+)?", name):
        raise InputError(f"layout {path}: list '{name}' must be {kind}_{state}, or that with an ending such as {kind}_{state}_nurses")
    return StateLayout(**(table | {"state": state, "list": name, "dataset": table.get("dataset", path.stem)}))


def _hint(key: str) -> str:
    what = {
        "state": "the state's two letters", "number": "the column with the licence number",
        "status": "the column that says whether it is active",
        "discipline": "the column that says what the board did", "day": "the column with the day of the action",
    }  # fmt: skip
    return f"it is {what[key]}"
