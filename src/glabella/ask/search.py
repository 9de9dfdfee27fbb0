"""Find the answer to a question: a small full-text search in memory (SQLite), no language model.

A question is cut into words; each word that carries meaning finds the answers it stands in. An answer is given only where the words it
shares with the question carry enough of the question's weight (rare words weigh more); else the question is not covered.
"""

import difflib
import math
import re
import sqlite3
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from glabella.ask.answers import Answer, load_answers
from glabella.errors import InputError

COLUMN_WEIGHTS = (3.0, 2.0, 2.5, 0.7)  # of question, other ways to ask it, key words and the sentences, in the order of the score
SENTENCE_SHARE = 0.6  # of its weight that a word counts for where only the sentences of an answer hold it
COLUMNS = ("question", "also", "words", "says")
TOKENS = "tokenize = 'porter unicode61 remove_diacritics 2'"
LONGEST_QUESTION = 500  # letters
UNKNOWN_WEIGHT = 2.5  # of a word that stands in no answer; the rarest known word weighs 3.4
COMMON_WEIGHT = 1.0  # of such a word that is an everyday one (``common`` in words.toml)
ELSEWHERE_WEIGHT = 8.0  # of a word of a neighbouring subject that has no answer here (``elsewhere``)
COVERED_FROM = 0.6  # share of the question's weight that an answer must hold: measured on the tuning half of tests/data/questions.csv
NAMED_COVERED_FROM = 0.35  # the same for a question that names the subject, so that it is hardly about something else
NEAREST = 3
EMERGENCY = "emergency"  # the answer that comes first when a question tells of one
FIRST_QUESTIONS = ("how_it_works", "who_may", "side_effects")  # the nearest where a question only names the subject
CLOSE_SPELLING = 0.84
SHORTEST_MISSPELT = 6
WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")


@dataclass(frozen=True)
class Words:
    """What words tell about a question, whatever the answers are; words.toml says what each set is."""

    silent: frozenset[str]
    subject: frozenset[str]
    about: frozenset[str]
    common: frozenset[str]
    elsewhere: frozenset[str]
    urgent: frozenset[str]
    personal: frozenset[str]

    def is_urgent(self, question: str) -> bool:
        """Whether somebody tells of a sign that labels say to get help for at once."""
        words = _words(question)
        return any(word.startswith(tuple(self.urgent)) for word in words) and any(word in self.personal for word in words)


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

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "question": self.question,
            "covered": self.covered,
            "answer": self.answer.document() if self.answer else None,
            "nearest": [{"key": one.key, "question": one.question} for one in self.nearest],
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


class Index:
    """All answers in a full-text table; one lookup at a time."""

    def __init__(self, answers: Mapping[str, Answer], words: Words) -> None:
        self.words = words
        self.answers = list(answers.values())
        self.lock = threading.Lock()
        self.data = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            self.data.execute(f"create virtual table asked using fts5({', '.join(COLUMNS)}, {TOKENS})")
        except sqlite3.OperationalError:
            raise InputError("this Python's SQLite has no full-text search (FTS5); use a Python from python.org or your system") from None
        rows = [
            (n, one.question, "\n".join((*one.also, one.claim)), "\n".join(one.words), " ".join(said.text for said in one.says))
            for n, one in enumerate(self.answers)
        ]
        self.data.executemany("insert into asked (rowid, question, also, words, says) values (?, ?, ?, ?, ?)", rows)
        ways = [(way, n) for n, one in enumerate(self.answers) for way in (one.question, *one.also, one.claim) if way]
        self.asked_before: dict[tuple[str, ...], int] = {}
        for way, n in sorted(ways, key=lambda pair: pair[0] != self.answers[pair[1]].question):  # questions before other ways to ask
            for said in (tuple(_words(way)), self._telling(way)):
                self.asked_before.setdefault(said, n)
        self.asked_before.pop((), None)
        text = " ".join(cell for row in rows for cell in row[1:])
        self.vocabulary = sorted({word for word in _words(text) if word not in self.words.silent and word not in self.words.subject})

    def find(self, question: str) -> Found:
        """The best answer and the next ones."""
        with self.lock:
            hits = {word: {} if word in self.words.elsewhere else self._hits(word) for word in self._asked(question)}
            asked = {word: self._holders(word) for word in hits}
        weights = {word: self._weight(word, len(found)) for word, found in hits.items()}
        total = sum(weights.values())
        scores: dict[int, float] = {}
        shares: dict[int, float] = {}
        for word, found in hits.items():
            for row, strength in found.items():
                scores[row] = scores.get(row, 0.0) + weights[word] * strength
                shares[row] = shares.get(row, 0.0) + weights[word] / total * (1.0 if row in asked[word] else SENTENCE_SHARE)
        best = sorted(scores, key=lambda row: (-scores[row], row))
        share = shares[best[0]] if best else 0.0
        row = self.asked_before.get(tuple(_words(question)), self.asked_before.get(self._telling(question)))
        if row is None and self.words.is_urgent(question):
            row = next(n for n, answer in enumerate(self.answers) if answer.key == EMERGENCY)
        if row is not None:  # asked just so: nothing to weigh
            best, share = [row, *(other for other in best if other != row)], 1.0
        answers = tuple(self.answers[row] for row in best[: NEAREST + 1])
        named = any(word in self.words.subject or word in self.words.about for word in _words(question))
        if not best and named:
            answers = tuple(answer for answer in self.answers if answer.key in FIRST_QUESTIONS)
        if share >= (NAMED_COVERED_FROM if named else COVERED_FROM):
            return Found(question, answers[0], answers[1:], share)
        return Found(question, None, answers[:NEAREST], share)

    def _weight(self, word: str, answers: int) -> float:
        """How much of a question a word is: the rarer among the answers, the more."""
        if word in self.words.elsewhere:
            return ELSEWHERE_WEIGHT
        if not answers:
            return COMMON_WEIGHT if word in self.words.common else UNKNOWN_WEIGHT
        return math.log(1 + len(self.answers) / (1 + answers))

    def _telling(self, question: str) -> tuple[str, ...]:
        """The words that are not silent, in their order; none where they only name the subject."""
        words = tuple(word for word in _words(question) if word not in self.words.silent)
        return words if any(word not in self.words.subject for word in words) else ()

    def _asked(self, question: str) -> tuple[str, ...]:
        """The words that carry meaning, once each; a long unknown word as the nearest known one."""
        found = []
        for word in _words(question):
            if word in self.words.silent or word in self.words.subject or (word.isdigit() and len(word) == 1):
                continue
            if len(word) >= SHORTEST_MISSPELT and word not in self.words.elsewhere and not self._hits(word):
                close = difflib.get_close_matches(word, self.vocabulary, n=1, cutoff=CLOSE_SPELLING)
                word = close[0] if close else word
            found.append(word)
        return tuple(dict.fromkeys(found))

    def _hits(self, word: str) -> dict[int, float]:
        """Answers that hold a word, with a strength from 0 to 1: which columns hold it, and how short their text is (BM25)."""
        scored = self.data.execute(
            "select rowid, bm25(asked, ?, ?, ?, ?) from asked where asked match ?", (*COLUMN_WEIGHTS, f'"{word}"')
        ).fetchall()
        most = max((-score for _, score in scored), default=0.0)
        return {row: (-score / most if most > 0 else 1.0) for row, score in scored}

    def _holders(self, word: str) -> set[int]:
        """Answers whose question, other ways to ask or key words hold a word."""
        found = self.data.execute("select rowid from asked where asked match ?", (f'{{question also words}} : "{word}"',))
        return {row for (row,) in found}


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("’", "'"))


@cache
def _index() -> Index:
    sets = tomllib.loads(resources.files("glabella.ask").joinpath("words.toml").read_text("utf-8"))
    return Index(load_answers(), Words(**{name: frozenset(text.split()) for name, text in sets.items()}))
