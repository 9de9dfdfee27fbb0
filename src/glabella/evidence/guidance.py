"""What to watch for and whom to tell, as facts in our own words: when to get help, unlicensed products, genuine boxes, reporting."""

from dataclasses import dataclass
from functools import cache

from glabella.evidence.sources import find_reference
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text

EMERGENCY_COLUMNS = ("part", "text", "quality", "source")
EMERGENCY_PARTS = ("what", "when", "do", "how_often")
COLUMNS = ("topic", "subject", "text", "quality", "source")
TOPICS = ("unlicensed", "genuine", "reporting", "without_rate", "blood")
ALL = "all"


@dataclass(frozen=True)
class EmergencyText:
    """What the label says about when to get help: ``paragraphs``, and ``source`` as one line; ``keys`` of sources.bib."""

    paragraphs: tuple[str, ...]
    source: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """One statement of guidance.csv: about ``subject`` (a product, a country, a kind of trouble), how well it is known, its source."""

    topic: str
    subject: str
    text: str
    quality: str
    source: str


@cache
def label_emergency_text() -> EmergencyText:
    """The label's text for an emergency in plain words: the same for every product and plan."""
    rows = [
        (row.choice("part", EMERGENCY_PARTS), row.text("text"), row.choice("quality", QUALITIES), row.text("source"))
        for row in read_rows(shipped_text("emergency.csv"), EMERGENCY_COLUMNS, "emergency.csv")
    ]
    keys = tuple(dict.fromkeys(source for *_, source in rows))
    return EmergencyText(tuple(text for _, text, *_ in rows), " ".join(str(find_reference(key)) for key in keys), keys)


@cache
def all_facts() -> tuple[Fact, ...]:
    """Every row of guidance.csv."""
    return tuple(
        Fact(row.choice("topic", TOPICS), row.text("subject"), row.text("text"), row.choice("quality", QUALITIES), row.text("source"))
        for row in read_rows(shipped_text("guidance.csv"), COLUMNS, "guidance.csv")
    )


def facts_about(topic: str, product: str | None = None) -> tuple[Fact, ...]:
    """The statements of a topic; of genuine boxes only those about all products, a country, or this ``product``."""
    if topic not in TOPICS:
        raise ValueError(f"guidance: topic '{topic}' must be one of {', '.join(TOPICS)}")
    return tuple(fact for fact in all_facts() if fact.topic == topic and (product is None or not _of_another(fact.subject, product)))


def _of_another(subject: str, product: str) -> bool:
    return subject.endswith("botulinumtoxinA") and subject != product
