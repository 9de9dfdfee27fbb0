"""Public files as streams of records: plain or zipped text, and the one workbook."""

from glabella.providers.reading.columns import Header, plain
from glabella.providers.reading.members import Member, open_members
from glabella.providers.reading.records import Records

__all__ = ["Header", "Member", "Records", "open_members", "plain"]
