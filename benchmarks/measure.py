"""Interleaved timing: every contender once per round, so that a busy minute of the machine hits all of them alike."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import numpy as np


@dataclass(frozen=True)
class Claim:
    """``peer / ours`` (times ``scale``) must be at least ``target``; or, with ``most``, ``ours / peer`` at most. Without peer: ms."""

    what: str
    ours: str
    peer: str | None
    target: float
    stretch: float
    scale: float = 1.0
    most: bool = False


@dataclass(frozen=True)
class Subject:
    """What is timed (``contenders``), what is claimed of the times, and what was found beside them (``facts``: errors, sizes)."""

    name: str
    contenders: Mapping[str, Callable[[], object]]
    claims: tuple[Claim, ...] = ()
    facts: dict = field(default_factory=dict)
    traffic_bytes: Mapping[str, float] = field(default_factory=dict)  # least bytes a contender must move, for its share of the bandwidth
    per_call: Mapping[str, tuple[float, str]] = field(default_factory=dict)  # items in one call, and what they are


@dataclass(frozen=True)
class Times:
    seconds: list[float]

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return median(self.seconds)


def interleave(subjects: list[Subject], rounds: int, tell: Callable[[str], None]) -> dict[tuple[str, str], Times]:
    """Seconds of every contender of every subject; the first, untimed pass warms caches and compilers."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for subject in subjects:
            for name, run in subject.contenders.items():
                tell(f"round {number}/{rounds} {subject.name}: {name}")
                gc.collect()
                start = perf_counter()
                run()
                seconds = perf_counter() - start
                if number:
                    found.setdefault((subject.name, name), []).append(seconds)
    return {key: Times(seconds) for key, seconds in found.items()}


def bandwidth(megabytes: float) -> Subject:
    """Copy and triad (a = b + s c) in numpy on one thread, on arrays of ``megabytes`` together: a ceiling for one core of this machine."""
    repeats = max(1, round(400 / megabytes))
    b, c = (np.random.default_rng(0).random(int(megabytes * 1e6 / 24)) for _ in range(2))
    a, chunk = np.zeros_like(b), 16_384  # numpy has no triad: in chunks of 128 kB the product stays in the second cache

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(a, b)

    def triad() -> None:
        work = np.empty(chunk)
        for _ in range(repeats):
            for i in range(0, len(a), chunk):
                part = slice(i, i + chunk)
                t = work[: len(a[part])]
                np.multiply(c[part], 3.0, out=t)
                np.add(b[part], t, out=a[part])

    return Subject(
        f"bandwidth {megabytes:g} MB",
        {"copy": copy, "triad": triad},
        traffic_bytes={"copy": 16.0 * len(a) * repeats, "triad": 24.0 * len(a) * repeats},
    )
