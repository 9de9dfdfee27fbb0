"""Strict reading of TOML: every key known, every number in range and in its unit, every message one line that says what to do."""

import datetime
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glabella.errors import InputError, nearest
from glabella.files import read_text

REQUIRED: Any = object()
UNITS = {"U": "units", "mm": "millimetres", "mL": "millilitres", "hours": "hours", "days": "days", "years": "years"}
_QUANTITY = re.compile(r"\s*([-+]?[0-9.,_]+(?:[eE][-+]?[0-9]+)?|[-+]?nan|[-+]?inf)\s*(.*?)\s*")


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file; malformed TOML is an error that names the line."""
    text = read_text(path, what)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = len(text.splitlines())
        message = str(error).replace("\n", " ").replace("(at end of document)", f"(at line {line}, the end of the file)")
        raise InputError(f"{what} {path}: not valid TOML: {message}; correct that line") from None


def check_number(
    value: Any,
    where: str,
    unit: str | None = None,
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> float:
    """A finite number within its range. Text such as '4 U' is taken if its unit is the one that belongs here."""
    allowed = _range(unit, above, at_least, at_most)
    if isinstance(value, str):
        value = _quantity(value, where, unit, allowed)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where} = {value!r}: must be a number; allowed: {allowed}")
    try:
        number = float(value)
    except OverflowError:  # a whole number with hundreds of digits
        raise InputError(f"{where}: a number of {len(str(value))} digits is outside the allowed range; allowed: {allowed}") from None
    outside = (
        not math.isfinite(number)
        or (above is not None and number <= above)
        or (at_least is not None and number < at_least)
        or (at_most is not None and number > at_most)
    )
    if outside:
        raise InputError(f"{where} = {value}: outside the allowed range; allowed: {allowed}")
    return number


def check_choice(value: Any, where: str, valid: Collection[str]) -> str:
    """One of the ``valid`` names; else an error that names the nearest."""
    if not isinstance(value, str) or value not in valid:
        raise InputError(f"{where} = {value!r}: unknown; {nearest(str(value), valid)}")
    return value


def check_date(value: Any, where: str) -> datetime.date | None:
    """A date, also one written as text such as '2026-11-22'; None stays None."""
    if value is None or (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)):
        return value
    try:
        return datetime.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise InputError(f"{where} = {value!r}: must be a date such as 2026-11-22") from None


def _range(unit: str | None, above: float | None, at_least: float | None, at_most: float | None) -> str:
    limits = []
    if above is not None:
        limits.append(f"above {above:g}")
    if at_least is not None:
        limits.append(f"at least {at_least:g}")
    if at_most is not None:
        limits.append(f"at most {at_most:g}")
    return f"a finite number{f' of {UNITS[unit]} ({unit})' if unit else ''}{', ' if limits else ''}{' and '.join(limits)}"


def _quantity(text: str, where: str, unit: str | None, allowed: str) -> float:
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise InputError(f"{where} = {text!r}: not a number; allowed: {allowed}")
    number, given = match.groups()
    if given and given != unit:
        hint = f"; did you mean '{unit}'?" if unit and given.lower() == unit.lower() else ""
        if unit == "U":
            hint = hint or "; units belong to one product and are never converted, neither from a volume nor from another product's units"
        raise InputError(f"{where} = {text!r}: unit '{given}' is not valid here{hint}; valid: {unit or 'none'}")
    try:
        return float(number)
    except ValueError:
        raise InputError(f"{where} = {text!r}: not a number; allowed: {allowed}") from None


@dataclass(frozen=True)
class Fields:
    """A mapping read key by key. ``keys`` are the valid ones: any other is an error that names the nearest."""

    data: Mapping[str, Any]
    where: str
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.data, Mapping):
            raise InputError(f"{self.where}: must be a table of keys, got {self.data!r}; valid keys: {', '.join(self.keys)}")
        for key in self.data:
            if key not in self.keys:
                raise InputError(f"{self.where}: unknown key '{key}'; {nearest(str(key), self.keys)}")

    def get(self, key: str, default: Any = REQUIRED) -> Any:
        """The raw value of a key; a missing one without default is an error."""
        if key in self.data:
            return self.data[key]
        if default is REQUIRED:
            raise InputError(f"{self.where}: '{key}' is missing; add it")
        return default

    def number(self, key: str, unit: str | None = None, default: Any = REQUIRED, **limits: float) -> Any:
        """A finite number within ``limits`` (above, at_least, at_most), or the default as it is."""
        value = self.get(key, default)
        return check_number(value, f"{self.where}: {key}", unit, **limits) if key in self.data else value

    def integer(self, key: str, default: Any = REQUIRED, **limits: float) -> Any:
        """A whole number within ``limits``."""
        value = self.number(key, None, default, **limits)
        if key in self.data and value != int(value):
            raise InputError(f"{self.where}: {key} = {self.data[key]}: must be a whole number")
        return int(value) if key in self.data else value

    def choice(self, key: str, valid: Collection[str], default: Any = REQUIRED) -> Any:
        """One of the ``valid`` names, or the default as it is."""
        value = self.get(key, default)
        return check_choice(value, f"{self.where}: {key}", valid) if key in self.data else value

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """A text, or the default as it is."""
        value = self.get(key, default)
        if key in self.data and not isinstance(value, str):
            raise InputError(f"{self.where}: {key} = {value!r}: must be text in quotes")
        return value

    def names(self, key: str, default: Any = REQUIRED) -> tuple[Any, ...]:
        """A list of names, or one name alone."""
        value = self.get(key, default)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or (key in self.data and not all(isinstance(name, str) for name in value)):
            raise InputError(f"{self.where}: {key} = {value!r}: must be a list of names in quotes")
        return tuple(value)

    def tables(self, key: str, default: Any = REQUIRED) -> tuple[Mapping[str, Any], ...]:
        """A list of tables ([[key]] in TOML)."""
        value = self.get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(entry, Mapping) for entry in value):
            raise InputError(f"{self.where}: '{key}' must be a list of tables; write each as [[{key}]]")
        return tuple(value)
