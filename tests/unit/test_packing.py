"""Files of packed data: bit for bit what was written, or an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from glabella.packing import PackError, read_packed, write_packed


@dataclass(frozen=True)
class Leaf:
    name: str
    values: np.ndarray


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    by_name: Mapping[str, Leaf]
    matrix: sp.csr_matrix
    size: float | None = None
    made: dict[int, Leaf] = field(default_factory=dict, init=False)

    KEPT_DERIVED: ClassVar = ("total", "never_asked")

    @cached_property
    def derived(self) -> int:
        return len(self.leaves)

    @cached_property
    def total(self) -> np.ndarray:
        return sum(leaf.values.sum() for leaf in self.leaves) * np.ones(2)

    @cached_property
    def never_asked(self) -> int:
        raise AssertionError


def tree() -> Tree:
    rng = np.random.default_rng(1)
    first = Leaf("first", rng.standard_normal((4, 3)))
    second = Leaf("second", np.asfortranarray(rng.standard_normal((5, 2))))
    flags = Leaf("flags", np.array([True, False, True]))
    empty = Leaf("empty", np.zeros((0, 3), np.int32))
    found = Tree((first, second, flags, empty), {"first": first}, sp.random(6, 6, 0.5, "csr", rng=rng), 1 / 3)
    found.made[2] = second
    return found


def write(path, value):
    with path.open("wb") as file:
        write_packed(value, file)
    return path


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path):
    before = tree()
    assert before.derived == 4
    assert before.total.shape == (2,)
    after = read_packed(write(tmp_path / "a", before), (Tree, Leaf))
    assert "derived" not in vars(after)
    assert vars(after)["total"].tobytes() == before.total.tobytes()
    assert "never_asked" not in vars(after)
    assert after.size == before.size
    for one, other in zip(before.leaves, after.leaves, strict=True):
        assert one.name == other.name
        assert one.values.dtype == other.values.dtype
        assert one.values.shape == other.values.shape
        assert one.values.tobytes() == other.values.tobytes()
        assert one.values.flags.f_contiguous == other.values.flags.f_contiguous
        assert other.values.flags.writeable
    assert (before.matrix != after.matrix).nnz == 0
    assert after.by_name["first"] is after.leaves[0]
    assert after.made[2] is after.leaves[1]


def test_only_listed_classes_are_made(tmp_path):
    with pytest.raises(PackError, match="Leaf"):
        read_packed(write(tmp_path / "a", tree()), (Tree,))


def test_an_array_with_gaps_or_a_strange_thing_is_not_written(tmp_path):
    with pytest.raises(TypeError, match="gaps"):
        write(tmp_path / "a", Leaf("gaps", np.zeros((4, 4))[:, ::2]))
    with pytest.raises(TypeError, match="set"):
        write(tmp_path / "a", {"a": {1, 2}})


def test_a_damaged_file_is_an_error(tmp_path):
    path = write(tmp_path / "a", tree())
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-100] ^= 1
    for damaged in (b"", whole[:10], whole[:40], whole[:-1], bytes(flipped), b"x" * len(whole)):
        path.write_bytes(damaged)
        with pytest.raises(PackError):
            read_packed(path, (Tree, Leaf))
