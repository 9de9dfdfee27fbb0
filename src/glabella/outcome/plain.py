"""Anything an outcome holds as plain JSON data, and its text."""

import dataclasses
import datetime
import enum
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from glabella.errors import SolverError

SIGNIFICANT_DIGITS = 10
NESTED = {dict, list}


def plain(value: Any) -> Any:
    """Dataclasses, mappings, arrays, dates and numbers as plain JSON data; floats keep ten significant digits."""
    if value is None or isinstance(value, bool | str | int):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            raise SolverError(f"the outcome contains {number}: not a finite number, cannot be written as JSON")
        return float(f"{number:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.dtype == float and np.isfinite(value).all():
            return [float(f"{number:.{SIGNIFICANT_DIGITS}g}") for number in value.tolist()]
        return [plain(item) for item in value.tolist()]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, datetime.date | PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value) if not item.name.startswith("_")}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


def outcome_text(document: Mapping[str, Any]) -> str:
    """JSON text of an outcome: indented, but each list of numbers on one line."""
    return _text(document, "", json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode, {}) + "\n"


def _text(value: Any, indent: str, encode: Callable[[Any], str], lists: dict[int, str]) -> str:
    """``lists``: the text of the lists of numbers written so far, since without samples the ends of a band are the median itself."""
    if id(value) in lists:
        return lists[id(value)]
    if isinstance(value, list) and NESTED.isdisjoint(map(type, value)):
        lists[id(value)] = encode(value)
        return lists[id(value)]
    if not isinstance(value, dict | list):
        return encode(value)
    if isinstance(value, dict) and len(value) <= 3 and not any(type(item) in NESTED for item in value.values()):
        return encode(value)
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{encode(key)}: {_text(item, inner, encode, lists)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        parts, opening, closing = [_text(item, inner, encode, lists) for item in value], "[", "]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"
