"""Find a practitioner near you: public records, evidence, no verdicts. Nothing here is imported by the simulator."""

from glabella.providers.database import open_database, usual_database
from glabella.providers.ingest import Taken, ingest
from glabella.providers.search import Found, Hit, search
from glabella.providers.sheet import Sheet, read_sheet

__all__ = ["Found", "Hit", "Sheet", "Taken", "ingest", "open_database", "read_sheet", "search", "usual_database"]
