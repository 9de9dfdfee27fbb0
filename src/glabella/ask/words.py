"""Words and what they tell about a question, whatever the answers are: words.toml says what each set is."""

import re
import sqlite3
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from glabella.errors import InputError

TOKENS = "tokenize = 'porter unicode61 remove_diacritics 2'"
WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")


def words_in(text: str) -> list[str]:
    """The words of a text in small letters, in their order."""
    return WORD.findall(text.lower().replace("’", "'"))


def full_text_table(*columns: str) -> sqlite3.Connection:
    """A database in memory with one full-text table ``asked``. Errors: InputError where this SQLite has no FTS5."""
    data = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        data.execute(f"create virtual table asked using fts5({', '.join(columns)}, {TOKENS})")
    except sqlite3.OperationalError:
        raise InputError("this Python's SQLite has no full-text search (FTS5); use a Python from python.org or your system") from None
    return data


def stems_of(words: Collection[str]) -> dict[str, str]:
    """Each word and its stem, as the full-text table stems it."""
    every = sorted({word.replace("'", "") for word in words})
    data = full_text_table("word")
    data.execute("create virtual table stems using fts5vocab(asked, 'instance')")
    data.executemany("insert into asked (rowid, word) values (?, ?)", enumerate(every))
    found = {every[doc]: term for doc, term in data.execute("select doc, term from stems where offset = 0")}
    return {word: found.get(word.replace("'", ""), word) for word in words}


@dataclass(frozen=True)
class Words:
    """The sets of words.toml; ``same`` are groups that mean the same."""

    silent: frozenset[str]
    subject: frozenset[str]
    about: frozenset[str]
    common: frozenset[str]
    elsewhere: frozenset[str]
    urgent: frozenset[str]
    personal: frozenset[str]
    refers: frozenset[str]
    same: tuple[tuple[str, ...], ...]

    def is_urgent(self, words: Collection[str]) -> bool:
        """Whether somebody tells of a sign that labels say to get help for at once."""
        return any(word.startswith(tuple(self.urgent)) for word in words) and any(word in self.personal for word in words)

    def names_subject(self, words: Iterable[str]) -> bool:
        """Whether a word says that the question is about this subject."""
        return any(word in self.subject or word in self.about for word in words)

    def refers_back(self, words: Iterable[str]) -> bool:
        """Whether a word stands for a subject that the question does not name."""
        return any(word in self.refers for word in words)


@cache
def load_words() -> Words:
    """The words shipped with the package."""
    sets = tomllib.loads(resources.files("glabella.ask").joinpath("words.toml").read_text("utf-8"))
    same = tuple(tuple(line.split()) for line in sets.pop("same").strip().splitlines())
    return Words(**{name: frozenset(text.split()) for name, text in sets.items()}, same=same)
