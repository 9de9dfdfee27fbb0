"""How near a question is to the ways in which others are known to have asked the same."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from glabella.ask.words import Words, stems_of, words_in

PAIR_WEIGHT = 0.4  # of two neighbouring words, against one rare word
SILENT_WEIGHT = 0.35  # of a word that only asks, points or connects
LINK = "_"


class Ways:
    """Known ways to ask, each of one answer. A question and a way are compared by their stems and pairs of neighbouring stems."""

    def __init__(self, ways: Sequence[tuple[str, int]], answers: int, words: Words) -> None:
        self.words = words
        self.answers = answers
        self.rows = [row for _, row in ways]
        stems = stems_of({word for text, _ in ways for word in words_in(text)} | words.subject | words.silent)
        self.subject = frozenset(stems[word] for word in words.subject)
        self.silent = frozenset(stems[word] for word in words.silent)
        self.parts = [self._parts(words_in(text), stems) for text, _ in ways]
        holders: dict[str, set[int]] = {}
        for parts, row in zip(self.parts, self.rows, strict=True):
            for part in parts:
                holders.setdefault(part, set()).add(row)
        self.weights = {part: self._weight(part, len(rows)) for part, rows in holders.items()}
        self.totals = [sum(self.weights[part] for part in parts) for parts in self.parts]

    def near(self, words: Sequence[str]) -> dict[int, float]:
        """Per answer the nearness of its nearest way, 0 to 1: weight of what is shared against the mean weight of both."""
        asked = self._parts(words, stems_of(set(words)))
        total = sum(self.weights.get(part, self._weight(part, 0)) for part in asked)
        found: dict[int, float] = {}
        for row, parts, held in zip(self.rows, self.parts, self.totals, strict=True):
            shared = sum(self.weights[part] for part in asked & parts)
            if shared:
                found[row] = max(found.get(row, 0.0), 2 * shared / (total + held))
        return found

    def _parts(self, words: Sequence[str], stems: Mapping[str, str]) -> frozenset[str]:
        said = [stem for stem in (stems[word] for word in words) if stem not in self.subject]
        return frozenset(said) | {one + LINK + other for one, other in pairwise(said)}

    def _weight(self, part: str, holders: int) -> float:
        rare = math.log(1 + self.answers / (1 + holders))
        return rare * (PAIR_WEIGHT if LINK in part else SILENT_WEIGHT if part in self.silent else 1.0)
