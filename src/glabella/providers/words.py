"""What is said with every list: what it is not, what to ask, where to check."""

from typing import Any

from glabella.providers.tables import boards

PHYSICIANS = "https://www.docinfo.org"
NURSES = "https://www.nursys.com"
NOTICES = (
    "For adults of 18 and over. These are prescription medicines: never at home, never at a party, never from somebody without a licence.",
    "A list of public records, not advice and not a recommendation. The registry's specialties are chosen by the people themselves; they "
    "are neither verified nor a board certification.",
    "Check with the state board, before a treatment, that the licence is active and without restrictions. Who may inject, and under "
    "whose supervision, is a matter of state law.",
    "Not being listed means nothing: many injectors are nurses who are not in these files, or work under another code.",
)
QUESTIONS = (
    "What is your licence, and what is its number? Who supervises you, and is that person on the premises?",
    "How often do you do this treatment, and since when?",
    "Which product is it? May I see the box, the lot number and the expiry date?",
    "How many units, at which places, in which dilution? May I have that in writing?",
    "What could go wrong, how often does it, and what would you do? Whom do I call at night?",
    "Who examines my face and takes my history before the first needle?",
)
CLAIMS_LIMITS = (
    "Medicare only: mostly people of 65 and over, medical uses, rows of more than 10 patients; CMS says that counts may not represent a "
    "whole practice and are not meant to indicate quality"
)
CORRECTION = (
    "To correct a record: the person updates it in the national registry (NPPES), and the next file that is ingested carries it. What "
    "another file says is corrected by its publisher; until then, make the database anew without that file. Where two files were matched "
    "wrongly, tell this project."
)
SORTED_NEAREST = "nearest first; distances are between centres of ZIP codes; at the same distance by registry number"
SORTED_EVIDENCE = (
    "by the low end of the points below, then the nearest, then by registry number. Points count what the files say: unknown is an "
    "interval, not a zero, and no points say how good somebody is"
)
NOTHING_FOUND = "Nobody in the files within that distance. That says nothing about who practises there."


def said_with_every_list() -> dict[str, Any]:
    """Notices, questions and how to correct a record, as a document."""
    return {"notices": list(NOTICES), "questions_to_ask": list(QUESTIONS), "correction": CORRECTION}


def board_link(state: str, family: str) -> str:
    """Where to check a licence: the state's own page, else the national look-up of the profession."""
    board = boards().get(state)
    if board is not None and board.link and family not in ("nurse_practitioner", "nurse"):
        return board.link
    return NURSES if family in ("nurse_practitioner", "nurse") else PHYSICIANS


def told_not_shown(count: int) -> str:
    """'3 records not shown', without names and reasons."""
    return "" if not count else f"{count} record{'s' if count > 1 else ''} not shown"
