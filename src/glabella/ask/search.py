"""Find the answer to a question: a small full-text search in memory (SQLite), no language model.

A question is cut into words, misspelt ones are corrected, and each word that carries meaning finds the answers it stands in; answers that
were asked for in nearly the same way before come first. An answer is given only where the words that it shares with the question carry
enough of the question's weight (rare words weigh more); else the question is not covered.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from glabella.ask.answers import Answer, load_answers
from glabella.ask.rows import find_row
from glabella.ask.spelling import Speller
from glabella.ask.ways import Ways
from glabella.ask.words import Words, full_text_table, load_words, stems_of, words_in
from glabella.errors import InputError

COLUMN_WEIGHTS = (3.0, 0.7, 2.5, 0.7)  # of question, other ways to ask it, key words and the sentences, in the order of the score
SENTENCE_SHARE = 0.6  # of its weight that a word counts for where only the sentences of an answer hold it
COLUMNS = ("question", "also", "words", "says")
LONGEST_QUESTION = 500  # letters
WAYS_WEIGHT = 0.7  # of the nearness to a known way of asking, against the share of words
SAME_STRENGTH = 0.6  # of a word of the same meaning, against the word itself
CORRECTED_STRENGTH = 0.8  # of a corrected word, which may have meant another
UNKNOWN_WEIGHT = 2.5  # of a word that stands in no answer; the rarest known word weighs 3.4
COMMON_WEIGHT = 1.0  # of such a word that is an everyday one (``common`` in words.toml)
ELSEWHERE_WEIGHT = 8.0  # of a word of another subject that has no answer here (``elsewhere``)
COVERED_FROM = 0.6  # share of the question's weight that an answer must hold: measured on tests/data/questions.csv
REFERS_COVERED_FROM = 0.45  # the same for a question with 'it', 'my' and the like, which stand for a subject that is not named
NAMED_COVERED_FROM = 0.3  # the same for a question that names the subject, so that it is hardly about something else
NEAR_SHARE = 0.8  # of the share that nearness to a known way of asking is worth, where it is more
NEAREST = 3
NEAREST_FROM = 0.2  # share of the question's weight below which an answer is not near
EMERGENCY = "emergency"  # the answer that comes first when a question tells of one
HELP_ROWS = ("emergency.what_1", "emergency.do_1")
FIRST_QUESTIONS = ("how_it_works", "who_may", "side_effects")  # the nearest where a question only names the subject


@dataclass(frozen=True)
class Found:
    """What a question found: the answer where one covers it (else None), and the nearest ones, best first.

    ``share``: how much of the question's weight the best answer holds, 0 to 1.
    """

    question: str
    answer: Answer | None
    nearest: tuple[Answer, ...]
    share: float

    @property
    def covered(self) -> bool:
        """Whether there is an answer."""
        return self.answer is not None

    @property
    def get_help(self) -> str:
        """When to get help at once, in the label's words: always the same, whatever was asked."""
        return " ".join(find_row(address).cells["text"] for address in HELP_ROWS)

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "question": self.question,
            "covered": self.covered,
            "answer": self.answer.document() if self.answer else None,
            "nearest": [{"key": one.key, "question": one.question} for one in self.nearest],
            "get_help": self.get_help,
        }


def ask(question: str) -> Found:
    """The answer to a question in plain words, or the nearest ones where none covers it.

    Errors: InputError for an empty question or one of more than 500 letters.
    """
    if not isinstance(question, str) or not question.strip():
        raise InputError("the question is empty; ask something such as: how long does it last?")
    if len(question) > LONGEST_QUESTION:
        raise InputError(f"the question has {len(question)} letters; ask it in at most {LONGEST_QUESTION}")
    return _index().find(question.strip())


@dataclass(frozen=True)
class Asked:
    """A word of a question that carries meaning, as it is looked up, and how far it can be relied on (1 where it was not corrected)."""

    word: str
    strength: float


class Index:
    """All answers in a full-text table; one lookup at a time."""

    def __init__(self, answers: Mapping[str, Answer], words: Words) -> None:
        self.words = words
        self.answers = list(answers.values())
        self.lock = threading.Lock()
        self.data = full_text_table(*COLUMNS)
        rows = [
            (n, one.question, "\n".join((*one.also, one.claim)), "\n".join(one.words), " ".join(said.text for said in one.says))
            for n, one in enumerate(self.answers)
        ]
        self.data.executemany("insert into asked (rowid, question, also, words, says) values (?, ?, ?, ?, ?)", rows)
        ways = [(way, n) for n, one in enumerate(self.answers) for way in (one.question, *one.also, one.claim) if way]
        ways.sort(key=lambda pair: pair[0] != self.answers[pair[1]].question)  # questions before other ways to ask
        self.ways = Ways(ways, len(self.answers), words)
        self.asked_before: dict[tuple[str, ...], int] = {}
        for way, n in ways:
            for said in (tuple(words_in(way)), self._telling(words_in(way))):
                self.asked_before.setdefault(said, n)
        self.asked_before.pop((), None)
        said = Counter(word for row in rows for cell in row[1:] for word in words_in(str(cell)))
        stems = stems_of(words.elsewhere | words.common | set(said))
        self.elsewhere = frozenset(stems[word] for word in words.elsewhere) | words.elsewhere
        self.common = frozenset(stems[word] for word in words.common)
        self.same = {word: tuple(other for other in group if other != word) for group in words.same for word in group}
        spoken = said + Counter(dict.fromkeys(words.silent | words.subject | words.about | self.same.keys(), 1))
        self.speller = Speller(spoken, words.common | words.elsewhere)

    def find(self, question: str) -> Found:
        """The best answer and the next ones."""
        spelt = {word: self.speller.correct(word) for word in words_in(question)}
        said = [spelt[word] for word in words_in(question)]
        stems = stems_of(said)
        asked = self._asked(spelt)
        with self.lock:
            hits = {one: {} if self._tells_nothing(one.word, stems) else self._hits(one.word) for one in asked}
            holders = {one: self._holders(one.word) for one in asked}
        weights = {one: self._weight(one, stems[one.word], len(found)) for one, found in hits.items()}
        total = sum(weights.values())
        scores: dict[int, float] = {}
        shares: dict[int, float] = {}
        for one, found in hits.items():
            for row, strength in found.items():
                part = weights[one] / total * one.strength
                scores[row] = scores.get(row, 0.0) + part * strength
                shares[row] = shares.get(row, 0.0) + part * (1.0 if row in holders[one] else SENTENCE_SHARE)
        for row, nearness in self.ways.near(said).items():
            scores[row] = scores.get(row, 0.0) + WAYS_WEIGHT * nearness
            shares[row] = max(shares.get(row, 0.0), NEAR_SHARE * nearness)
        near = [row for row in scores if shares.get(row, 0.0) >= NEAREST_FROM]
        best = sorted(near, key=lambda row: (-scores[row], row))
        share = shares.get(best[0], 0.0) if best else 0.0
        row = self.asked_before.get(tuple(said), self.asked_before.get(self._telling(said)))
        if row is None and self.words.is_urgent(said):
            row = next(n for n, answer in enumerate(self.answers) if answer.key == EMERGENCY)
        if row is not None:  # asked just so: nothing to weigh
            best, share = [row, *(other for other in best if other != row)], 1.0
        answers = tuple(self.answers[row] for row in best[: NEAREST + 1])
        named = self.words.names_subject(said)
        if not best and named:
            answers = tuple(answer for answer in self.answers if answer.key in FIRST_QUESTIONS)
        enough = NAMED_COVERED_FROM if named else REFERS_COVERED_FROM if self.words.refers_back(said) else COVERED_FROM
        if share >= enough:
            return Found(question, answers[0], answers[1:], share)
        return Found(question, None, answers[:NEAREST], share)

    def _tells_nothing(self, word: str, stems: Mapping[str, str]) -> bool:
        return stems[word] in self.elsewhere or word in self.words.silent

    def _weight(self, asked: Asked, stem: str, answers: int) -> float:
        """How much of a question a word is: the rarer among the answers, the more."""
        if stem in self.elsewhere:
            return ELSEWHERE_WEIGHT
        if not answers:
            return COMMON_WEIGHT if stem in self.common or asked.strength < 1 else UNKNOWN_WEIGHT
        return math.log(1 + len(self.answers) / (1 + answers))

    def _telling(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words that are not silent, in their order; none where they only name the subject."""
        telling = tuple(word for word in words if word not in self.words.silent)
        return telling if any(word not in self.words.subject for word in telling) else ()

    def _asked(self, spelt: Mapping[str, str]) -> list[Asked]:
        """Words that carry meaning, once each, and those that only a correction made silent. ``spelt``: of each word the right one."""
        found: dict[str, Asked] = {}
        for word, right in spelt.items():
            if word not in self.words.silent and right not in self.words.subject and not (right.isdigit() and len(right) == 1):
                found.setdefault(right, Asked(right, 1.0 if right == word else CORRECTED_STRENGTH))
        return list(found.values())

    def _hits(self, word: str) -> dict[int, float]:
        """Answers that hold a word or one of the same meaning, with a strength from 0 to 1."""
        found = self._held(word)
        for other in self.same.get(word, ()):
            for row, strength in self._held(other).items():
                found[row] = max(found.get(row, 0.0), SAME_STRENGTH * strength)
        return found

    def _held(self, word: str) -> dict[int, float]:
        """Answers that hold a word, with a strength from 0 to 1: which columns hold it, and how short their text is (BM25)."""
        scored = self.data.execute(
            "select rowid, bm25(asked, ?, ?, ?, ?) from asked where asked match ?", (*COLUMN_WEIGHTS, f'"{word}"')
        ).fetchall()
        most = max((-score for _, score in scored), default=0.0)
        return {row: (-score / most if most > 0 else 1.0) for row, score in scored}

    def _holders(self, word: str) -> set[int]:
        """Answers whose question, other ways to ask or key words hold a word or one of the same meaning."""
        phrase = " OR ".join(f'"{one}"' for one in (word, *self.same.get(word, ())))
        found = self.data.execute("select rowid from asked where asked match ?", (f"{{question also words}} : ({phrase})",))
        return {row for (row,) in found}


@cache
def _index() -> Index:
    return Index(load_answers(), load_words())
