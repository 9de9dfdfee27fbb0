"""The answers: questions people ask, what is known, and the rows behind every sentence. Content lives in ``answers/*.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from glabella.ask.rows import QUALITY_WORDS, EvidenceRow, sources_of
from glabella.ask.sentence import Sentence, read_sentence
from glabella.errors import InputError, nearest
from glabella.evidence.sources import Reference, find_reference
from glabella.reading import Fields

THEMES = ("basics", "who", "the_day", "effect", "years", "risks", "myths")  # files, in the order in which they are listed
VERDICTS = {
    "supported": "Supported by the evidence",
    "imprecise": "Imprecise: true in part",
    "wrong": "Wrong",
    "unknown": "Not known",
}
FACT = "What is known"  # where the question holds no claim to judge


@dataclass(frozen=True)
class Source:
    """One reference behind an answer, and what is to be said of how well its figures are known ('' where they were read there)."""

    reference: Reference
    quality: str

    @property
    def remark(self) -> str:
        """In words, empty where there is nothing to add."""
        return QUALITY_WORDS[self.quality]


@dataclass(frozen=True)
class Answer:
    """One question, other ways to ask it (``also``), key words, the claim that is judged and the verdict (both '' where none is)."""

    key: str
    theme: str
    question: str
    also: tuple[str, ...]
    words: tuple[str, ...]
    claim: str
    verdict: str
    says: tuple[Sentence, ...]

    @property
    def verdict_words(self) -> str:
        """The verdict in plain words."""
        return VERDICTS[self.verdict] if self.verdict else FACT

    @property
    def rows(self) -> tuple[EvidenceRow, ...]:
        """Every row the answer rests on, once."""
        return tuple({row.address: row for sentence in self.says for row in sentence.rows}.values())

    @property
    def sources(self) -> tuple[Source, ...]:
        """The references behind it, in the order of the sentences."""
        return tuple(Source(find_reference(key), quality) for key, quality in sources_of(self.rows).items())

    @property
    def simulated(self) -> tuple[EvidenceRow, ...]:
        """Its rows that a simulation of this program gave."""
        return tuple(row for row in self.rows if row.quality == "simulated")

    def document(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "key": self.key, "theme": self.theme, "question": self.question, "verdict": self.verdict, "verdict_words": self.verdict_words,
            "claim": self.claim,
            "says": [{"text": one.text, "rows": [row.address for row in one.rows], "basis": one.basis} for one in self.says],
            "sources": [
                {"key": one.reference.key, "citation": str(one.reference), "link": one.reference.link, "remark": one.remark}
                for one in self.sources
            ],
            "simulated": [dict(row.cells) for row in self.simulated],
        }  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """A group of answers under a title."""

    name: str
    title: str
    answers: tuple[Answer, ...]


def read_theme(text: str, name: str, where: str) -> Theme:
    """Parse and check one file of answers. Errors name the answer and its sentence."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not valid TOML: {error}") from None
    fields = Fields(data, where, ("title", "answer"))
    answers = tuple(_read_answer(table, name, f"{where}, answer {n}") for n, table in enumerate(fields.tables("answer"), start=1))
    return Theme(name, fields.text("title"), answers)


def _read_answer(data: Mapping[str, Any], theme: str, where: str) -> Answer:
    fields = Fields(data, where, ("key", "question", "also", "words", "claim", "verdict", "says"))
    key = fields.text("key")
    where = f"{where} ({key})"
    verdict, claim = fields.choice("verdict", tuple(VERDICTS), ""), fields.text("claim", "")
    if bool(verdict) != bool(claim):
        raise InputError(f"{where}: 'claim' and 'verdict' belong together; give both or none")
    says = tuple(read_sentence(table, f"{where}, sentence {n}") for n, table in enumerate(fields.tables("says"), start=1))
    if not says:
        raise InputError(f"{where}: 'says' is empty; write at least one sentence")
    return Answer(key, theme, fields.text("question"), fields.names("also", ()), fields.names("words", ()), claim, verdict, says)


@cache
def load_themes() -> tuple[Theme, ...]:
    """All answers shipped with the package, by theme."""
    folder = resources.files("glabella.ask").joinpath("answers")
    themes = tuple(read_theme(folder.joinpath(f"{name}.toml").read_text("utf-8"), name, f"answers/{name}.toml") for name in THEMES)
    seen: set[str] = set()
    for theme in themes:
        for answer in theme.answers:
            if answer.key in seen:
                raise InputError(f"answers/{theme.name}.toml: the key '{answer.key}' stands twice")
            seen.add(answer.key)
    return themes


@cache
def load_answers() -> Mapping[str, Answer]:
    """All answers by key."""
    return {answer.key: answer for theme in load_themes() for answer in theme.answers}


def find_answer(key: str) -> Answer:
    """The answer with this key; an unknown key is an error that names the nearest valid one."""
    answers = load_answers()
    if key not in answers:
        raise InputError(f"answer '{key}' is unknown; {nearest(key, answers)}")
    return answers[key]
