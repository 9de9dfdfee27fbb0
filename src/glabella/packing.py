"""Frozen data made of arrays as one file, and back, bit for bit: an outline in JSON, then the arrays.

Only what is listed as ``classes`` is ever made from a file, and only from its fields: no code in it is run. Values that a class derives
from its fields are not kept, but for those that it names in ``KEPT_DERIVED`` and that were derived. Things that are one object in memory
are one object again. Arrays that are read are views of the file: what a program never looks at is never loaded.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.sparse as sp

MAGIC = b"glabella packed\n"
HEAD = struct.Struct("<QQQ")  # bytes of the outline and of the arrays, checksum of the arrays
ALIGN = 64
PLAIN = (str, int, float, bool, type(None))


class PackError(ValueError):
    """A file that is not whole, or not of this kind."""


def write_packed(value: Any, file: IO[bytes]) -> None:
    """Write a value made of dataclasses, mappings with text or whole numbers as keys, tuples, arrays, sparse matrices and plain values."""
    outline, arrays = _Packer().outline(value)
    text = json.dumps(outline).encode()
    text += b" " * (-(len(MAGIC) + HEAD.size + len(text)) % ALIGN)  # so that arrays start where processors like it
    blob = bytearray()
    for array in arrays:
        blob += array.tobytes(order="A")
        blob += bytes(-len(blob) % ALIGN)
    file.write(MAGIC + HEAD.pack(len(text), len(blob), _checksum(np.frombuffer(blob, np.uint8))) + text)
    file.write(blob)


def read_packed(path: Path, classes: Sequence[type]) -> Any:
    """The value of a file. ``classes``: all that may be in it. Errors: OSError, PackError."""
    start = len(MAGIC) + HEAD.size
    if path.stat().st_size < start:
        raise PackError(f"{path}: not a packed file")
    content = np.memmap(path, np.uint8, mode="c").view(np.ndarray)  # a change stays in memory
    if content[: len(MAGIC)].tobytes() != MAGIC:
        raise PackError(f"{path}: not a packed file")
    outline, size, checksum = HEAD.unpack(content[len(MAGIC) : start].tobytes())
    blob = content[start + outline :]
    if len(blob) != size or size % ALIGN or _checksum(blob) != checksum:
        raise PackError(f"{path}: not whole")
    try:
        described = json.loads(content[start : start + outline].tobytes())
        return _Unpacker(blob, {one.__name__: one for one in classes}).make(described)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PackError(f"{path}: {error}") from None


def _checksum(blob: np.ndarray) -> int:
    """Of the arrays of a file, so that one that was cut, or lost pages, is known: a tenth of the time of a CRC."""
    return int(blob.view(np.uint64).sum())


class _Packer:
    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.offset = 0
        self.seen: dict[int, int] = {}
        self.held: list[Any] = []  # so that no number of an object is given twice

    def outline(self, value: Any) -> tuple[Any, list[np.ndarray]]:
        return self.describe(value), self.arrays

    def describe(self, value: Any) -> Any:
        if isinstance(value, PLAIN) and not isinstance(value, np.generic):
            return value
        if id(value) in self.seen:
            return {"again": self.seen[id(value)]}
        found = self._describe_new(value)
        self.seen[id(value)] = found["number"] = len(self.held)
        self.held.append(value)
        return found

    def _describe_new(self, value: Any) -> dict[str, Any]:
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value))
        if isinstance(value, sp.csr_matrix):
            return {"csr": [self.describe(part) for part in (value.data, value.indices, value.indptr)], "shape": list(value.shape)}
        if is_dataclass(value):
            derived = [name for name in getattr(value, "KEPT_DERIVED", ()) if name in vars(value)]
            kept = [f.name for f in fields(value)] + derived
            return {"class": type(value).__name__, "fields": {name: self.describe(getattr(value, name)) for name in kept}}
        if isinstance(value, Mapping):
            return {"mapping": [[key, self.describe(item)] for key, item in value.items()]}
        if isinstance(value, tuple):
            return {"tuple": [self.describe(item) for item in value]}
        raise TypeError(f"{type(value).__name__} cannot be packed")

    def _array(self, value: np.ndarray) -> dict[str, Any]:
        if not (value.flags.c_contiguous or value.flags.f_contiguous):
            raise TypeError("an array with gaps cannot be packed as it is")  # another order in memory would change last digits
        order = "C" if value.flags.c_contiguous else "F"
        found = {"array": self.offset, "type": value.dtype.str, "shape": list(value.shape), "order": order}
        self.arrays.append(value)
        self.offset += value.nbytes + -value.nbytes % ALIGN
        return found


class _Unpacker:
    def __init__(self, blob: np.ndarray, classes: Mapping[str, type]) -> None:
        self.blob, self.classes = blob, classes
        self.made: dict[int, Any] = {}

    def make(self, outline: Any) -> Any:
        if not isinstance(outline, dict):
            return outline
        if "again" in outline:
            return self.made[outline["again"]]
        value = self.made[outline["number"]] = self._make_new(outline)
        return value

    def _make_new(self, outline: Mapping[str, Any]) -> Any:
        if "array" in outline:
            kind, shape = np.dtype(outline["type"]), tuple(outline["shape"])
            size = kind.itemsize * int(np.prod(shape, dtype=int))
            part = self.blob[outline["array"] : outline["array"] + size]
            return np.ndarray(shape, kind, part, order=outline["order"])
        if "csr" in outline:
            return sp.csr_matrix(tuple(self.make(part) for part in outline["csr"]), shape=tuple(outline["shape"]))
        if "class" in outline:
            return self._dataclass(self.classes[outline["class"]], outline["fields"])
        if "mapping" in outline:
            return {key: self.make(item) for key, item in outline["mapping"]}
        return tuple(self.make(item) for item in outline["tuple"])

    def _dataclass(self, kind: type, outlines: Mapping[str, Any]) -> Any:
        values = {name: self.make(outline) for name, outline in outlines.items()}
        made = kind(**{f.name: values[f.name] for f in fields(kind) if f.init})
        given = {f.name for f in fields(kind) if f.init}
        vars(made).update({name: value for name, value in values.items() if name not in given})
        return made
