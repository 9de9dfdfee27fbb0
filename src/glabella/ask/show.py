"""An answer as text for a terminal: the verdict first, then what is known, then where it comes from."""

import textwrap

from glabella.ask.answers import Answer, load_themes
from glabella.ask.rows import EvidenceRow
from glabella.ask.search import Found
from glabella.outcome import FRAME

NARROWEST, WIDEST = 40, 100
SIMULATED = "Simulated by this program (median, and from the 5th to the 95th of a hundred computed people):"
BASIS_WORDS = {"values": "not a matter of evidence", "not_studied": "no study was found", "this_program": "about this program"}


def found_text(found: Found, width: int) -> str:
    """The answer, or that the question is not covered, with the nearest ones. ``width``: columns of the terminal."""
    width = min(max(width, NARROWEST), WIDEST)
    if found.answer is None:
        lines = ["Not covered.", "", *_wrap("There is no answer to this question here, and none is made up.", width)]
        if found.nearest:
            lines += ["", "The nearest that are answered:", *(f"  {one.question}" for one in found.nearest)]
        lines += ["", *_wrap(f"Get help now: {found.get_help}", width)]
        return "\n".join([*lines, "", "All questions: glabella ask --list"])
    lines = [answer_text(found.answer, width)]
    if found.nearest:
        lines += ["", "See also:", *(f"  {one.question}" for one in found.nearest)]
    return "\n".join(lines)


def answer_text(answer: Answer, width: int) -> str:
    """One answer, wrapped to ``width``."""
    lines = [*_wrap(answer.question, width), "", answer.verdict_words.upper()]
    if answer.claim:
        lines += _wrap(f"The claim: {answer.claim}", width)
    for one in answer.says:
        lines += ["", *_wrap(one.text, width)]
    if answer.simulated:
        lines += ["", *_wrap(SIMULATED, width)]
        lines += [line for row in answer.simulated for line in _wrap(simulated_words(row), width, "  - ")]
    if answer.sources:
        lines += ["", "Sources:"]
        for n, source in enumerate(answer.sources, start=1):
            remark = f" [{source.remark}]" if source.remark else ""
            lines += _wrap(f"{source.reference}{remark}", width, f"  {n}. ")
            if source.reference.link:
                lines.append(f"     {source.reference.link}")
    return "\n".join([*lines, "", *_wrap(f"{FRAME[0].upper()}{FRAME[1:]}. It informs; it never tells a person what to do.", width)])


def list_text() -> str:
    """All questions by theme."""
    return "\n\n".join("\n".join([theme.title, *(f"  {one.question}" for one in theme.answers)]) for theme in load_themes())


def simulated_words(row: EvidenceRow) -> str:
    """What a simulated row is, with its draws and seed; what was set, not computed, with its value."""
    if not row.cells["low"]:
        return f"{row.cells['what']}: {row.cells['value']} {row.cells['unit']}"
    return f"{row.cells['what']} ({row.cells['draws']} draws, seed {row.cells['seed']})"


def _wrap(text: str, width: int, first: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False, break_on_hyphens=False
    )
