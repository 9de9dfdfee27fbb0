"""Frown patterns: how strongly a person uses each muscle when frowning, relative to the reference pattern 'U'."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from glabella.errors import InputError, nearest
from glabella.evidence.tables import QUALITIES, read_rows
from glabella.names import PAIRED_MUSCLES

FROWN_PATTERNS = ("U", "V", "omega", "inverted_omega", "converging_arrows")
MUSCLES = ("procerus", *PAIRED_MUSCLES)  # without side: a pattern is the same on both
COLUMNS = ("pattern", "muscle", "weight", "quality", "source", "note")


def read_frown_patterns(text: str, where: str = "frown_patterns.csv") -> Mapping[str, Mapping[str, float]]:
    """Parse and check the table: weights by pattern and muscle without side; muscles that a pattern does not name weigh 1."""
    found: dict[str, dict[str, float]] = {pattern: dict.fromkeys(MUSCLES, 1.0) for pattern in FROWN_PATTERNS}
    seen: set[tuple[str, str]] = set()
    for row in read_rows(text, COLUMNS, where):
        pattern, muscle = row.choice("pattern", FROWN_PATTERNS), row.choice("muscle", MUSCLES)
        row.choice("quality", QUALITIES)
        row.text("source")
        if (pattern, muscle) in seen:
            raise InputError(f"{row.where}: {pattern}, {muscle} stands twice; keep one")
        seen.add((pattern, muscle))
        found[pattern][muscle] = row.number("weight", above=0)
    return found


@cache
def _shipped() -> Mapping[str, Mapping[str, float]]:
    return read_frown_patterns(resources.files("glabella.data").joinpath("frown_patterns.csv").read_text("utf-8"))


def frown_weights(pattern: str) -> Mapping[str, float]:
    """Weight of every muscle's pull at maximum frown for a pattern, by name without side; 1 is the reference pattern's."""
    if pattern not in FROWN_PATTERNS:
        raise InputError(f"frown pattern '{pattern}' is unknown; {nearest(pattern, FROWN_PATTERNS)}")
    return _shipped()[pattern]
