"""Misspelt words: the nearest known word by edit distance, among those that share a trigram with it."""

from collections import Counter
from collections.abc import Iterable, Mapping

SHORTEST = 3  # letters; below, a typo cannot be told from another word
LONG = 8  # letters from which two edits are still the same word


def edit_distance(one: str, other: str, most: int) -> int:
    """Letters inserted, dropped, changed or swapped with their neighbour to make one word of the other; ``most + 1`` where it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and (not before or min(last) > most):
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


class Speller:
    """Corrects words towards a vocabulary; ``known`` words, of it or not, are left alone. ``uses``: how often each word is said."""

    def __init__(self, uses: Mapping[str, int], known: Iterable[str]) -> None:
        self.uses = uses
        self.known = frozenset(known) | frozenset(uses)
        self.holders: dict[str, list[str]] = {}
        for word in sorted(uses):
            for part in _trigrams(word):
                self.holders.setdefault(part, []).append(word)

    def correct(self, word: str) -> str:
        """The word itself where it is known, short or far from all others, else the nearest: of equals the one said most often."""
        if word in self.known or len(word) < SHORTEST or not word.isalpha():
            return word
        most = 2 if len(word) >= LONG else 1
        shared = Counter(other for part in _trigrams(word) for other in self.holders.get(part, ()))
        near = [(edit_distance(word, other, most), other[0] != word[0], -self.uses[other], other) for other in shared]
        best = min((one for one in near if one[0] <= most and (len(word) > SHORTEST + 1 or not one[1])), default=None)
        return best[-1] if best else word


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[n : n + 3] for n in range(len(padded) - 2)}
