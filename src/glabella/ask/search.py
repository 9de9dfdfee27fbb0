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
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from glabella.ask.answers import Answer, load_answers
from glabella.errors import InputError

COLUMN_WEIGHTS = (3.0, 2.0, 2.5)  # of question, other ways to ask it, key words, in the order of the score
LONGEST_QUESTION = 500  # letters
UNKNOWN_WEIGHT = 2.5  # of a word that stands in no answer; the rarest known word weighs 3.4
ELSEWHERE_WEIGHT = 8.0  # of a word of a neighbouring subject that has no answer here (answers/elsewhere.toml)
COVERED_FROM = 0.55  # share of the question's weight that an answer must hold; measured on the first half of tests/data/questions.csv
NEAREST = 3
CLOSE_SPELLING = 0.84
SHORTEST_MISSPELT = 6
WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
# words that ask, point or connect, and the names of what everything here is about
SILENT = frozenset("""
a about above after again all also am an and any anyone anything are aren't as at be because been before being between both but by can can't cannot
could couldn't did didn't do does doesn't doing don't during each either else ever every few for from further get gets getting give go goes going
gonna got had has have having he her here him his how i i'm i've if in into is isn't it it's its itself just know let like lot make makes many may me
mean might more most much must my myself need needs no nor not of off on once one ones only or other our out over own people person please
possible put really s same say says shall she should shouldn't so some someone something still such sure t take tell than that that's the their them
themselves then there these they they're thing things think this those though through to too true try under until up us use used using very want
was wasn't way we well were what what's when where whether which while who whom why will with without won't would wouldn't yes yet you your
botox botulinum toxin neurotoxin injection injections inject injected injecting treatment treatments treated treat shot shots jab jabs
onabotulinumtoxina stuff actually exactly happen happens happened problem good best bad okay ok against done afterwards since known worth idea anybody somebody somewhere today directly wants want
""".split())


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

    def __init__(self, answers: Mapping[str, Answer], elsewhere: Collection[str]) -> None:
        self.elsewhere = frozenset(elsewhere)
        self.answers = list(answers.values())
        self.lock = threading.Lock()
        self.data = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            self.data.execute("create virtual table asked using fts5(question, also, words, tokenize = 'porter unicode61 remove_diacritics 2')")
        except sqlite3.OperationalError:
            raise InputError("this Python's SQLite has no full-text search (FTS5); use a Python from python.org or your system") from None
        rows = [(n, one.question, "\n".join(one.also), "\n".join(one.words)) for n, one in enumerate(self.answers)]
        self.data.executemany("insert into asked (rowid, question, also, words) values (?, ?, ?, ?)", rows)
        text = " ".join(cell for row in rows for cell in row[1:])
        self.vocabulary = sorted({word for word in _words(text) if word not in SILENT})

    def find(self, question: str) -> Found:
        """The best answer and the next ones."""
        with self.lock:
            hits = {word: {} if word in self.elsewhere else self._hits(word) for word in self._asked(question)}
        weights = {word: self._weight(word, len(found)) for word, found in hits.items()}
        total = sum(weights.values())
        scores: dict[int, float] = {}
        shares: dict[int, float] = {}
        for word, found in hits.items():
            for row, strength in found.items():
                scores[row] = scores.get(row, 0.0) + weights[word] * strength
                shares[row] = shares.get(row, 0.0) + weights[word] / total
        best = sorted(scores, key=lambda row: (-scores[row], row))
        share = shares[best[0]] if best else 0.0
        answers = tuple(self.answers[row] for row in best[: NEAREST + 1])
        if share >= COVERED_FROM:
            return Found(question, answers[0], answers[1:], share)
        return Found(question, None, answers[:NEAREST], share)

    def _weight(self, word: str, answers: int) -> float:
        """How much of a question a word is: the rarer among the answers, the more."""
        if word in self.elsewhere:
            return ELSEWHERE_WEIGHT
        return math.log(1 + len(self.answers) / (1 + answers)) if answers else UNKNOWN_WEIGHT

    def _asked(self, question: str) -> tuple[str, ...]:
        """The words that carry meaning, once each; a long unknown word as the nearest known one."""
        found = []
        for word in _words(question):
            if word in SILENT:
                continue
            if len(word) >= SHORTEST_MISSPELT and word not in self.elsewhere and not self._hits(word):
                close = difflib.get_close_matches(word, self.vocabulary, n=1, cutoff=CLOSE_SPELLING)
                word = close[0] if close else word
            found.append(word)
        return tuple(dict.fromkeys(found))

    def _hits(self, word: str) -> dict[int, float]:
        """Answers that hold a word, with a strength from 0 to 1: which columns hold it, and how short their text is (BM25)."""
        scored = self.data.execute(
            "select rowid, bm25(asked, ?, ?, ?) from asked where asked match ?", (*COLUMN_WEIGHTS, f'"{word}"')
        ).fetchall()
        most = max((-score for _, score in scored), default=0.0)
        return {row: (-score / most if most > 0 else 1.0) for row, score in scored}


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("’", "'"))


@cache
def _index() -> Index:
    text = resources.files("glabella.ask").joinpath("answers").joinpath("elsewhere.toml").read_text("utf-8")
    return Index(load_answers(), tomllib.loads(text)["words"])
