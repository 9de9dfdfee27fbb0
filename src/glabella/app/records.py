"""Which database of practitioners page and routes read: what was ingested, else invented people."""

from pathlib import Path

from glabella.providers.database import FILE

DEMO = "providers-invented.sqlite"


def records_database(data: Path) -> Path:
    """What was ingested, else the invented people; either may not be there."""
    own = data / FILE
    return own if own.is_file() else data / DEMO


def is_invented(database: Path) -> bool:
    """Whether nobody in it exists."""
    return database.name == DEMO
