"""Invented files, and a database of them, made once per folder of a test session."""

from pathlib import Path

from glabella.providers.fictional import Written, write_files
from glabella.providers.ingest import ingest

RECORDS, SEED, OFTEN = 6000, 11, 8.0


def made(folder: Path, *, zipped: bool = True) -> tuple[Written, Path]:
    """The files, and the database of all of them."""
    written = write_files(folder / "files", RECORDS, SEED, zipped=zipped, often=OFTEN)
    database = folder / "providers.sqlite"
    ingest(written.paths, database)
    return written, database
